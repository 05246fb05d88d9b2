//! What changed between two keyrings, and whether it is safe to take the new one.
//!
//! Safe is what nobody notices who does everything right: an expiry that is later, a new
//! self-signature beside the old ones. Whatever takes away what verified before breaks
//! somebody. The rest, such as a new certificate, only a person can judge.

mod certificate;
mod signatures;

use std::collections::BTreeSet;

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, Certificates, Fingerprint, KeyState, Profile};
use pkgseal_repo::{Code, Outcome};

use crate::Result;
use crate::codes::tools as codes;

/// What a change means for those who take the new keyring. In order of weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// Everything that verified still does, and nobody new is trusted.
    Safe,
    /// It may be meant so; a person has to know.
    NeedsEyes,
    /// Something that verified does not any more, or a withdrawn key is trusted again.
    Breaks,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind of change it is.
    pub code: Code,
    /// What it means.
    pub safety: Safety,
    /// Which certificate.
    pub certificate: Fingerprint,
    /// Which key of it, where it is about one.
    pub key: Option<Fingerprint>,
    /// In words, raw: lower case, no full stop.
    pub detail: String,
}

/// Compares two keyrings, at a moment and under a profile. Changes come certificate by
/// certificate; certifications by others are not compared.
///
/// # Errors
/// [`Error::OpenPgp`](crate::Error::OpenPgp) when a certificate cannot be read again.
pub fn diff(
    old: &Certificates,
    new: &Certificates,
    profile: &Profile,
    now: Timestamp,
) -> Result<Vec<Change>> {
    let all: BTreeSet<Fingerprint> = old
        .iter()
        .chain(new.iter())
        .map(Certificate::fingerprint)
        .collect();
    let mut changes = Vec::new();
    for fingerprint in all {
        match (old.get(&fingerprint), new.get(&fingerprint)) {
            (Some(before), Some(after)) if before == after => {}
            (Some(before), Some(after)) => {
                changes.extend(certificate::compare(before, after, profile, now)?);
            }
            (None, Some(added)) => changes.push(self::added(added, profile, now)),
            (Some(gone), None) => changes.push(self::gone(gone, profile, now)),
            (None, None) => {}
        }
    }
    Ok(changes)
}

/// What all changes add up to: rejected where one breaks something, undecided where one
/// needs eyes.
pub fn outcome(changes: &[Change]) -> Outcome {
    match changes.iter().map(|change| change.safety).max() {
        None | Some(Safety::Safe) => Outcome::Accepted,
        Some(Safety::NeedsEyes) => Outcome::Undecided,
        Some(Safety::Breaks) => Outcome::Rejected,
    }
}

fn added(certificate: &Certificate, profile: &Profile, now: Timestamp) -> Change {
    let can = if can_sign(certificate, profile, now) {
        "which can sign now"
    } else {
        "which cannot sign now"
    };
    let detail = format!("new certificate {}, {can}", called(certificate));
    whole(
        codes::CERTIFICATE_ADDED,
        Safety::NeedsEyes,
        certificate,
        detail,
    )
}

fn gone(certificate: &Certificate, profile: &Profile, now: Timestamp) -> Change {
    let called = called(certificate);
    let (safety, detail) = if can_sign(certificate, profile, now) {
        let detail = format!("the certificate {called} is gone, and it can sign now");
        (Safety::Breaks, detail)
    } else {
        let detail = format!(
            "the certificate {called} is gone; it cannot sign now, but what it signed before cannot be verified any more"
        );
        (Safety::NeedsEyes, detail)
    };
    whole(codes::CERTIFICATE_GONE, safety, certificate, detail)
}

fn whole(code: Code, safety: Safety, certificate: &Certificate, detail: String) -> Change {
    Change {
        code,
        safety,
        certificate: certificate.fingerprint(),
        key: None,
        detail,
    }
}

fn called(certificate: &Certificate) -> String {
    match certificate.user_id() {
        Some(user_id) => format!("of {user_id}"),
        None => "without a user ID".to_owned(),
    }
}

fn can_sign(certificate: &Certificate, profile: &Profile, now: Timestamp) -> bool {
    certificate
        .keys(profile, now)
        .iter()
        .any(|key| key.state == KeyState::Live)
}

#[cfg(test)]
mod tests;
