//! Revocations.

use jiff::Timestamp;
use pkgseal_openpgp::Fingerprint;
use pkgseal_openpgp::edit::{Edit, Part, Revoking, StoredRevocation};

use super::{Changed, Custody, Step, warn};
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
/// [`Custody::open`].
pub fn revoke(
    custody: &dyn Custody,
    passphrase: Option<&Passphrase>,
    what: &Revocable,
    why: &Revoking,
    now: Timestamp,
) -> Result<Changed> {
    let before = custody.certificate();
    let opened = custody.open(passphrase)?;
    let mut edit = Edit::new(&before, &opened.holder, now)?;
    let part = match what {
        Revocable::Key => Part::Key,
        Revocable::Subkey(fingerprint) => Part::Subkey(fingerprint.clone()),
        Revocable::UserId(text) => Part::UserId(text.clone().into_bytes()),
    };
    edit.revoke(&part, why)?;
    let edited = edit.finish()?;
    let after = edited.certificate().clone();
    let mut findings = warn::about_reach(&before, what, why.reason.is_hard());
    findings.extend(warn::about(&before, &after, now));
    Ok(Changed {
        findings,
        key: custody.secret(&after, None)?,
        before,
        after,
        steps: vec![Step::Revoked {
            what: what.clone(),
            hard: why.reason.is_hard(),
        }],
    }
    .advised(custody))
}

/// Puts a revocation that was made beforehand into its certificate; no secret part is
/// needed.
///
/// # Errors
/// [`Error::OpenPgp`](crate::Error::OpenPgp) when it is of another certificate, does not
/// verify, or is there already.
pub fn apply_revocation(
    custody: &dyn Custody,
    stored: &StoredRevocation,
    now: Timestamp,
) -> Result<Changed> {
    let before = custody.certificate();
    let (edited, applied) = stored.apply(&before)?;
    let after = edited.certificate().clone();
    let mut findings = Vec::new();
    let mut steps = Vec::new();
    for one in applied {
        let what = match one.part {
            Part::Key => Revocable::Key,
            Part::Subkey(fingerprint) => Revocable::Subkey(fingerprint),
            Part::UserId(value) => Revocable::UserId(String::from_utf8_lossy(&value).into_owned()),
        };
        findings.extend(warn::about_reach(&before, &what, one.hard));
        findings.extend(warn::about_stored(&before, one.made, one.weak_digest, now));
        steps.push(Step::Revoked {
            what,
            hard: one.hard,
        });
    }
    findings.extend(warn::about(&before, &after, now));
    Ok(Changed {
        findings,
        key: custody.secret(&after, None)?,
        before,
        after,
        steps,
    }
    .advised(custody))
}
