//! `pkgseal key revoke`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_keyring::lifecycle::{Revocable, revoke};
use pkgseal_openpgp::edit::{Reason, Revoking};

use super::change;
use crate::args::{KeyRevoke, ReasonName};

pub(super) fn run(arguments: &KeyRevoke, clock: SystemTime) -> Result<ExitCode> {
    let what = match (&arguments.subkey, &arguments.user_id) {
        (Some(text), _) => Revocable::Subkey(change::fingerprint("--subkey", text)?),
        (None, Some(text)) => Revocable::UserId(text.clone()),
        (None, None) => Revocable::Key,
    };
    let why = Revoking {
        reason: match arguments.reason {
            ReasonName::Superseded => Reason::Superseded,
            ReasonName::Retired => Reason::Retired,
            ReasonName::Invalid => Reason::UserIdInvalid,
            ReasonName::Compromised => Reason::Compromised,
            ReasonName::Unspecified => Reason::Unspecified,
        },
        message: arguments.message.clone(),
    };
    let opened = change::open(&arguments.change, clock)?;
    let passphrase = opened.passphrase.as_ref();
    let changed = revoke(&opened.file, passphrase, &what, &why, opened.now)?;
    change::finish(&arguments.change, &opened, "revoked in", &changed)
}
