//! `pkgseal key revoke`.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use pkgseal_keyring::lifecycle::{Revocable, apply_revocation, revoke};
use pkgseal_openpgp::edit::{Reason, Revoking, StoredRevocation};
use pkgseal_repo::Limits;

use super::change;
use crate::args::{KeyRevoke, ReasonName};

pub(super) fn run(arguments: &KeyRevoke, clock: SystemTime) -> Result<ExitCode> {
    if let Some(file) = &arguments.with {
        return apply(arguments, file, clock);
    }
    let what = match (&arguments.subkey, &arguments.user_id) {
        (Some(text), _) => Revocable::Subkey(change::fingerprint("--subkey", text)?),
        (None, Some(text)) => Revocable::UserId(text.clone()),
        (None, None) => Revocable::Key,
    };
    let reason = arguments.reason.context("--reason is missing")?;
    let why = Revoking {
        reason: match reason {
            ReasonName::Superseded => Reason::Superseded,
            ReasonName::Retired => Reason::Retired,
            ReasonName::Invalid => Reason::UserIdInvalid,
            ReasonName::Compromised => Reason::Compromised,
            ReasonName::Unspecified => Reason::Unspecified,
        },
        message: arguments.message.clone().unwrap_or_default(),
    };
    let opened = change::open(&arguments.change, clock)?;
    let passphrase = opened.passphrase.as_ref();
    let changed = revoke(&*opened.custody, passphrase, &what, &why, opened.now)?;
    change::finish(&arguments.change, &opened, "revoked in", &changed)
}

/// A revocation that was made beforehand.
fn apply(arguments: &KeyRevoke, file: &Path, clock: SystemTime) -> Result<ExitCode> {
    // Before it is asked whose it is: nobody wants to hear first that the key is missing.
    let bytes = pkgseal_repo::read_file(file, Limits::default().certificates)?;
    let stored = StoredRevocation::parse(&bytes)
        .with_context(|| format!("cannot use {}", file.display()))?;
    let opened = change::open_public(&arguments.change, clock)?;
    let changed = apply_revocation(&*opened.custody, &stored, opened.now)
        .with_context(|| format!("cannot use {}", file.display()))?;
    change::finish(&arguments.change, &opened, "revoked in", &changed)
}
