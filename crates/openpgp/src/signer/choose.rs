//! Which key of a certificate signs, and why another does not.

use std::fmt::Write as _;
use std::time::SystemTime;

use jiff::Timestamp;
use openpgp::cert::amalgamation::key::ErasedKeyAmalgamation;
use openpgp::cert::prelude::*;
use openpgp::packet::Key;
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use openpgp::policy::StandardPolicy;
use openpgp::types::RevocationStatus;
use sequoia_openpgp as openpgp;

use super::packet;
use crate::{Error, Fingerprint, Result, time};

/// Takes from a key what its user wants of it.
pub(super) type Part<'a, T> =
    &'a dyn Fn(&Key<PublicParts, UnspecifiedRole>) -> std::result::Result<T, String>;

/// The newest signing key alive at `now`, subkeys first. Where a subkey is selected, that
/// one. `part` takes the part of it that is wanted, or says why it cannot.
pub(super) fn choose<T>(
    cert: &Cert,
    selected: Option<&Fingerprint>,
    now: Timestamp,
    part: Part<'_, T>,
) -> Result<T> {
    let best = candidates(cert, selected, now, part)?.into_iter().next();
    best.ok_or_else(|| refused(&cert.fingerprint(), "no key of it can sign"))
}

/// Every key that [`choose`] could choose, the best first; one at least.
pub(super) fn candidates<T>(
    cert: &Cert,
    selected: Option<&Fingerprint>,
    now: Timestamp,
    part: Part<'_, T>,
) -> Result<Vec<T>> {
    let primary = Fingerprint::of(&cert.fingerprint());
    let subkey = selected.filter(|selected| **selected != primary);
    let time = SystemTime::from(packet::creation_time(now)?);
    let policy = StandardPolicy::at(time);
    let mut candidates = Vec::new();
    let mut reasons = String::new();
    for key in cert.keys() {
        if subkey.is_some_and(|subkey| *subkey != Fingerprint::of(&key.key().fingerprint())) {
            continue;
        }
        match usable(cert, &key, &policy, time).and_then(|()| part(key.key())) {
            Ok(part) => candidates.push((!key.primary(), key.key().creation_time(), part)),
            // A subkey that was never meant to sign is no news unless nothing else is there.
            Err(reason) => {
                let role = if key.primary() {
                    "primary key"
                } else {
                    "subkey"
                };
                let separator = if reasons.is_empty() { "" } else { "; " };
                // Writing to a string cannot fail.
                let _ = write!(
                    reasons,
                    "{separator}{role} {:X} {reason}",
                    key.key().fingerprint()
                );
            }
        }
    }
    if let (Some(subkey), true, true) = (subkey, candidates.is_empty(), reasons.is_empty()) {
        return Err(Error::Key {
            key: subkey.to_string(),
            reason: "no key of the certificate has this fingerprint".to_owned(),
        });
    }
    if candidates.is_empty() {
        return Err(refused(
            &cert.fingerprint(),
            format!("no key of it can sign at {now}: {reasons}"),
        ));
    }
    candidates.sort_by_key(|(subkey, made, _)| std::cmp::Reverse((*subkey, *made)));
    Ok(candidates.into_iter().map(|(_, _, part)| part).collect())
}

/// Whether it can sign at `time`, else why not.
fn usable(
    cert: &Cert,
    key: &ErasedKeyAmalgamation<'_, PublicParts>,
    policy: &StandardPolicy<'_>,
    time: SystemTime,
) -> std::result::Result<(), String> {
    let made = key.key().creation_time();
    if made > time {
        return Err(format!("was made later, at {}", time::words(made)));
    }
    let valid_cert = cert
        .with_policy(policy, time)
        .map_err(|error| format!("has no self-signature that counts: {}", causes(&error)))?;
    if let RevocationStatus::Revoked(signatures) = valid_cert.revocation_status() {
        return Err(format!(
            "is revoked with its certificate{}",
            why(&signatures)
        ));
    }
    if let Err(error) = valid_cert.alive() {
        return Err(match valid_cert.primary_key().key_expiration_time() {
            Some(at) if at <= time => {
                format!("expired with its certificate at {}", time::words(at))
            }
            _ => format!("is not alive: {error}"),
        });
    }
    let valid = key
        .clone()
        .with_policy(policy, time)
        .map_err(|error| format!("is not bound to its certificate: {}", causes(&error)))?;
    if let RevocationStatus::Revoked(signatures) = valid.revocation_status() {
        return Err(format!("is revoked{}", why(&signatures)));
    }
    if let Err(error) = valid.alive() {
        return Err(match valid.key_expiration_time() {
            Some(at) if at <= time => format!("expired at {}", time::words(at)),
            _ => format!("is not alive: {error}"),
        });
    }
    if !valid.for_signing() {
        return Err("may not sign".to_owned());
    }
    Ok(())
}

pub(super) fn refused(key: &openpgp::Fingerprint, reason: impl Into<String>) -> Error {
    Error::Key {
        key: format!("{key:X}"),
        reason: reason.into(),
    }
}

/// When and why, as the first of the revocations says.
fn why(signatures: &[&openpgp::packet::Signature]) -> String {
    let Some(signature) = signatures.first() else {
        return String::new();
    };
    let mut text = String::new();
    if let Some(at) = signature.signature_creation_time() {
        text.push_str(" since ");
        text.push_str(&time::words(at));
    }
    if let Some((code, words)) = signature.reason_for_revocation() {
        let words = String::from_utf8_lossy(words);
        let words = words.trim();
        let separator = if words.is_empty() { "" } else { ": " };
        // Writing to a string cannot fail.
        let _ = write!(text, " ({code}{separator}{words})");
    }
    text
}

fn causes(error: &openpgp::anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(cause.to_string().trim_end_matches('.'));
    }
    text
}
