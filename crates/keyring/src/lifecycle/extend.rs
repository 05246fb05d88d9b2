//! Another expiry.

use jiff::Timestamp;
use pkgseal_openpgp::edit::{Change, Edit, Expiry, Part};
use pkgseal_openpgp::{Fingerprint, KeyFacts};
use pkgseal_repo::Lifetime;

use super::expiry::expiry;
use super::{Changed, Custody, Step, can_sign, has_expired, is_revoked, keys, warn};
use crate::{Error, Passphrase, Result};

/// Which keys of a certificate get another expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The primary key, and every subkey that is in use: not revoked, and not expired
    /// either, unless nothing could sign without it. Those that live longer already stay
    /// as they are, unless not one of them has an end.
    All,
    /// The primary key.
    Primary,
    /// These subkeys.
    Subkeys(Vec<Fingerprint>),
}

/// Gives keys another expiry, as of `now`: a later one, an earlier one, or none.
///
/// # Errors
/// [`Error::Request`]: an expiry that is not after `now` or beyond 2106, no such subkey, a
/// revoked key; [`Error::OpenPgp`]: a wrong passphrase, a missing secret part; as
/// [`Custody::open`].
pub fn extend(
    custody: &dyn Custody,
    passphrase: Option<&Passphrase>,
    which: &Which,
    expires: Lifetime,
    now: Timestamp,
) -> Result<Changed> {
    let expiry = expiry("expires", expires, now)?;
    let before = custody.certificate();
    let known = keys(&before, now);
    let chosen = chosen(&known, which, expiry, now)?;
    let opened = custody.open(passphrase)?;
    let mut edit = Edit::new(&before, &opened.holder, now)?;
    let mut steps = Vec::new();
    for key in &chosen {
        change(&mut edit, key, expiry)?;
        steps.push(step(key, expiry));
    }
    let edited = edit.finish()?;
    let after = edited.certificate().clone();
    Ok(Changed {
        findings: warn::about(&before, &after, now),
        key: custody.secret(&after, None)?,
        before,
        after,
        steps,
    }
    .advised(custody))
}

/// Renews what binds a key, with another expiry.
pub(super) fn change(edit: &mut Edit<'_>, key: &KeyFacts, expiry: Expiry) -> Result<()> {
    let change = Change::expiry(expiry);
    match key.primary {
        true => edit.renew_certificate(&change)?,
        false => edit.renew(&Part::Subkey(key.fingerprint.clone()), &change)?,
    }
    Ok(())
}

pub(super) fn step(key: &KeyFacts, expiry: Expiry) -> Step {
    Step::Expiry {
        key: key.fingerprint.clone(),
        primary: key.primary,
        from: key.own_expires,
        to: match expiry {
            Expiry::Keep => key.own_expires,
            Expiry::Never => None,
            Expiry::At(at) => Some(at),
        },
    }
}

fn chosen<'a>(
    keys: &'a [KeyFacts],
    which: &Which,
    expiry: Expiry,
    now: Timestamp,
) -> Result<Vec<&'a KeyFacts>> {
    let primary = || keys.iter().filter(|key| key.primary);
    let subkeys = || keys.iter().filter(|key| !key.primary);
    if let Some(revoked) = primary().find(|key| is_revoked(key)) {
        return Err(unfit(format!(
            "the key {} is revoked: another expiry changes nothing",
            revoked.fingerprint
        )));
    }
    match which {
        Which::Primary => Ok(primary().collect()),
        Which::All => {
            let in_use = |key: &KeyFacts| !is_revoked(key) && !has_expired(key, now);
            let live = keys.iter().any(|key| can_sign(key) && in_use(key));
            let newest = subkeys()
                .filter(|key| !live && can_sign(key) && !is_revoked(key))
                .max_by_key(|key| key.created);
            let subkeys =
                subkeys().filter(|key| in_use(key) || newest.is_some_and(|newest| newest == *key));
            let used: Vec<_> = primary().chain(subkeys).collect();
            // Where nothing has an end yet, one is what is asked for.
            if used.iter().all(|key| key.own_expires.is_none()) && expiry != Expiry::Never {
                return Ok(used);
            }
            let ends_before = |key: &&KeyFacts| match (key.own_expires, expiry) {
                (None, _) | (_, Expiry::Keep) => false,
                (Some(_), Expiry::Never) => true,
                (Some(own), Expiry::At(at)) => own < at,
            };
            let chosen: Vec<_> = used.into_iter().filter(ends_before).collect();
            if chosen.is_empty() {
                return Err(unfit(
                    "every key that is in use lives that long already; to give one an earlier expiry, name it"
                        .to_owned(),
                ));
            }
            Ok(chosen)
        }
        Which::Subkeys(fingerprints) => fingerprints
            .iter()
            .map(|wanted| subkey(keys, wanted))
            .collect(),
    }
}

/// A subkey that is not revoked.
pub(super) fn subkey<'a>(keys: &'a [KeyFacts], wanted: &Fingerprint) -> Result<&'a KeyFacts> {
    let found = keys
        .iter()
        .find(|key| !key.primary && key.fingerprint == *wanted)
        .ok_or_else(|| unfit(format!("the certificate has no subkey {wanted}")))?;
    if is_revoked(found) {
        return Err(unfit(format!("the subkey {wanted} is revoked")));
    }
    Ok(found)
}

pub(super) fn unfit(reason: String) -> Error {
    Error::Request {
        field: "key",
        reason,
    }
}
