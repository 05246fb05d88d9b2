//! The moments at which an answer may change, and why.

use jiff::Timestamp;
use pkgseal_keyring::forecast::{Cause, Dated, Telling, causes};
use pkgseal_openpgp::{Certificate, Certificates, Fingerprint, KeyFacts, Profile, SignatureFacts};
use pkgseal_repo::Code;

use super::mend;

/// A moment with its cause.
pub(super) fn dated(at: Timestamp, code: Code, detail: impl Into<String>) -> Dated {
    Dated {
        at,
        cause: Cause {
            code,
            key: None,
            detail: detail.into(),
            mend: None,
        },
        shows: Vec::new(),
        telling: Telling::WhenItMatters,
    }
}

/// Moments of a signature: when it was made, when it expires, and those of its key.
pub(super) fn of_signature(
    facts: &SignatureFacts,
    certificates: &Certificates,
    now: Timestamp,
    again: &str,
) -> Vec<Dated> {
    let mut dates = Vec::new();
    if let Some(made) = facts.created {
        dates.push(dated(made, causes::BEGINS, format!("signed at {made}")));
    }
    if let Some(expires) = facts.expires {
        let mut date = dated(
            expires,
            causes::SIGNATURE_EXPIRES,
            format!("the signature itself expires at {expires}"),
        );
        date.cause.key = facts.key.clone();
        date.cause.mend = Some(again.to_owned());
        date.telling = Telling::Always;
        dates.push(date);
    }
    let certificate = facts
        .certificate
        .as_ref()
        .and_then(|name| certificates.get(name));
    if let Some(certificate) = certificate {
        dates.extend(of_certificate(certificate, facts.key.as_ref(), now));
    }
    dates
}

/// Moments of a certificate: when the key that signs expires, or every key that may sign
/// where none is named, and whatever its self-signatures name.
pub(super) fn of_certificate(
    certificate: &Certificate,
    signing: Option<&Fingerprint>,
    now: Timestamp,
) -> Vec<Dated> {
    let keys = certificate.keys(&Profile::strict(), now);
    let owner = certificate.fingerprint();
    let name = certificate
        .user_id()
        .map_or_else(String::new, |user_id| format!(" of {user_id}"));
    let primary = keys.iter().find(|key| key.primary);
    let primary_expires = primary.and_then(|key| key.expires);
    let mut dates: Vec<Dated> = keys
        .iter()
        .filter(|key| key.primary || counts(key, signing))
        .filter_map(|key| {
            let expires = key.expires?;
            // A subkey ends with its primary key at the latest: that one is named then.
            if !key.primary && primary_expires == Some(expires) {
                return None;
            }
            let what = if key.primary { "primary key" } else { "subkey" };
            let detail = format!("the {what} {}{name} expires at {expires}", key.fingerprint);
            let mut date = dated(expires, causes::KEY_EXPIRES, detail);
            date.cause.key = Some(key.fingerprint.clone());
            date.cause.mend = Some(mend::extend(&owner));
            date.telling = Telling::Always;
            Some(date)
        })
        .collect();
    let known: Vec<Timestamp> = dates.iter().map(|date| date.at).collect();
    for at in certificate.moments() {
        if known.contains(&at) {
            continue;
        }
        let detail = format!("a self-signature or revocation of {owner}{name} says so");
        dates.push(dated(at, causes::CERTIFICATE, detail));
    }
    dates
}

fn counts(key: &KeyFacts, signing: Option<&Fingerprint>) -> bool {
    match signing {
        Some(signing) => key.fingerprint == *signing,
        None => key.capabilities.contains(&"sign"),
    }
}
