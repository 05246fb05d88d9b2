//! Revocations.

use jiff::Timestamp;
use pkgseal_openpgp::Fingerprint;
use pkgseal_openpgp::edit::{Edit, Part, Revoking};

use super::{Changed, KeyFile, Step, warn};
use crate::{Passphrase, Result};

/// What can be revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocable {
    /// The whole certificate.
    Key,
    /// One subkey.
    Subkey(Fingerprint),
    /// One user ID.
    UserId(String),
}

/// Revokes a certificate, a subkey or a user ID, as of `now`.
///
/// # Errors
/// [`Error::OpenPgp`](crate::Error::OpenPgp): no such part, revoked already, a reason that
/// does not fit, a wrong passphrase, a missing secret part of the primary key; as
/// [`Passphrase::read`].
pub fn revoke(
    file: &KeyFile,
    passphrase: Option<&Passphrase>,
    what: &Revocable,
    why: &Revoking,
    now: Timestamp,
) -> Result<Changed> {
    let before = file.certificate();
    let (holder, _) = file.unlock(passphrase)?;
    let mut edit = Edit::new(&before, &holder, now)?;
    let part = match what {
        Revocable::Key => Part::Key,
        Revocable::Subkey(fingerprint) => Part::Subkey(fingerprint.clone()),
        Revocable::UserId(text) => Part::UserId(text.clone().into_bytes()),
    };
    edit.revoke(&part, why)?;
    let edited = edit.finish()?;
    let after = edited.certificate().clone();
    let mut findings = warn::about_revocation(&before, what, why.reason);
    findings.extend(warn::about(&before, &after, now));
    Ok(Changed {
        findings,
        key: file.key().clone().with(&edited)?,
        before,
        after,
        steps: vec![Step::Revoked {
            what: what.clone(),
            hard: why.reason.is_hard(),
        }],
    })
}
