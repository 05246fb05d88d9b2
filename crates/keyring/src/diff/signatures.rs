//! Self-signatures that came and went.

use std::collections::BTreeMap;
use std::time::SystemTime;

use jiff::Timestamp;
use openpgp::packet::Signature;
use openpgp::serialize::MarshalInto;
use openpgp::types::{HashAlgorithm, SignatureType};
use pkgseal_openpgp::{Certificate, Fingerprint};
use pkgseal_repo::Code;
use sequoia_openpgp as openpgp;

use super::Safety;
use crate::Result;
use crate::canonical::{cert, fingerprint};
use crate::codes::tools as codes;

/// A difference in one part.
pub(super) struct Found {
    pub(super) code: Code,
    pub(super) safety: Safety,
    pub(super) key: Option<Fingerprint>,
    pub(super) detail: String,
}

/// A part of a certificate, and which key it is where it is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    name: String,
    key: Option<Fingerprint>,
}

/// A self-signature, by what its maker signed and nothing else.
struct Made {
    at: Option<SystemTime>,
    digest: HashAlgorithm,
    /// Of a back-signature inside, the weaker counts.
    weakest: HashAlgorithm,
}

type Signatures = BTreeMap<Vec<u8>, Made>;

pub(super) fn compare(before: &Certificate, after: &Certificate) -> Result<Vec<Found>> {
    let before = parts(before)?;
    let after = parts(after)?;
    let mut found = Vec::new();
    for (part, old) in &before {
        // A part that is gone as a whole is told elsewhere.
        let Some(new) = after.get(part) else {
            continue;
        };
        found.extend(gone(part, old, new));
        found.extend(added(part, old, new));
    }
    Ok(found)
}

fn gone(part: &Part, old: &Signatures, new: &Signatures) -> Vec<Found> {
    let lost = old.iter().filter(|(bytes, _)| !new.contains_key(*bytes));
    lost.map(|(_, signature)| {
        let older_stays = new.values().any(|kept| kept.at <= signature.at);
        let (safety, then) = if older_stays {
            (Safety::NeedsEyes, "an older one is still there")
        } else {
            (
                Safety::Breaks,
                "clients that judge by the day of a signature reject what was signed before the next one",
            )
        };
        Found {
            code: codes::SELF_SIGNATURE_GONE,
            safety,
            key: part.key.clone(),
            detail: format!("the {} on {} is gone: {then}", words(signature), part.name),
        }
    })
    .collect()
}

/// New self-signatures, by the newest of them: is it stronger or weaker than before?
fn added(part: &Part, old: &Signatures, new: &Signatures) -> Option<Found> {
    let newest = |signatures: &Signatures| {
        signatures
            .values()
            .max_by_key(|signature| signature.at)
            .map(|signature| signature.weakest)
    };
    let count = new.keys().filter(|bytes| !old.contains_key(*bytes)).count();
    let signature = new
        .iter()
        .filter(|(bytes, _)| !old.contains_key(*bytes))
        .map(|(_, signature)| signature)
        .max_by_key(|signature| signature.at)?;
    let (was, is) = (newest(old), newest(new));
    let (safety, then) = match (was.map(strength), is.map(strength)) {
        (Some(was), Some(is)) if is < was => (Safety::Breaks, ", which is weaker than before"),
        (Some(was), Some(is)) if is > was => (Safety::Safe, ", which is stronger than before"),
        _ => (Safety::Safe, ""),
    };
    let more = match count {
        1 => String::new(),
        _ => format!(" (and {} more)", count.saturating_sub(1)),
    };
    let beside = if old.keys().all(|bytes| new.contains_key(bytes)) {
        " beside the old ones"
    } else {
        ""
    };
    Some(Found {
        code: codes::SELF_SIGNATURE_ADDED,
        safety,
        key: part.key.clone(),
        detail: format!(
            "{} has a new {}{more}{beside}{then}",
            part.name,
            words(signature)
        ),
    })
}

/// 0: broken; 1: not broken yet; 2: good.
fn strength(digest: HashAlgorithm) -> u8 {
    match digest {
        HashAlgorithm::MD5 | HashAlgorithm::SHA1 | HashAlgorithm::RipeMD => 0,
        HashAlgorithm::SHA224 => 1,
        _ => 2,
    }
}

fn words(signature: &Made) -> String {
    let at = signature
        .at
        .and_then(|at| Timestamp::try_from(at).ok())
        .map_or_else(|| "an unknown day".to_owned(), |at| at.to_string());
    let inside = if signature.weakest == signature.digest {
        String::new()
    } else {
        format!(" with a back-signature by {}", signature.weakest)
    };
    format!("self-signature by {} of {at}{inside}", signature.digest)
}

/// The good self-signatures of each part.
fn parts(certificate: &Certificate) -> Result<BTreeMap<Part, Signatures>> {
    let cert = cert(certificate)?;
    let mut parts = BTreeMap::new();
    let primary = Part {
        name: "the certificate".to_owned(),
        key: None,
    };
    parts.insert(primary, collect(cert.primary_key().self_signatures()));
    for user_id in cert.userids() {
        let text = String::from_utf8_lossy(user_id.userid().value());
        let part = Part {
            name: format!("the user ID {text}"),
            key: None,
        };
        parts.insert(part, collect(user_id.self_signatures()));
    }
    for subkey in cert.keys().subkeys() {
        let part = Part {
            name: format!("the subkey {}", subkey.key().fingerprint().to_hex()),
            key: fingerprint(&subkey.key().fingerprint()),
        };
        parts.insert(part, collect(subkey.self_signatures()));
    }
    Ok(parts)
}

fn collect<'a>(signatures: impl Iterator<Item = &'a Signature>) -> Signatures {
    signatures
        .filter_map(|signature| {
            let mut signed = signature.clone();
            signed.unhashed_area_mut().clear();
            let bytes = MarshalInto::to_vec(&signed).ok()?;
            let digest = signature.hash_algo();
            let weakest = signature
                .embedded_signatures()
                .filter(|inside| inside.typ() == SignatureType::PrimaryKeyBinding)
                .map(|inside| inside.hash_algo())
                .chain([digest])
                .min_by_key(|digest| strength(*digest))
                .unwrap_or(digest);
            let made = Made {
                at: signature.signature_creation_time(),
                digest,
                weakest,
            };
            Some((bytes, made))
        })
        .collect()
}
