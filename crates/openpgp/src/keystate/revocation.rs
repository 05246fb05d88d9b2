//! Who revoked a key, and since when that counts.

use std::time::SystemTime;

use openpgp::packet::Signature;
use openpgp::types::RevocationType;
use sequoia_openpgp as openpgp;

use super::{EVERYTHING, Key};
use crate::{Certificate, Certificates, Fingerprint, Revocation, time};

/// Revocations by others, and designated revokers, looked at.
const REVOKERS: usize = 32;

/// The revocation in force at a moment: of the primary key or of the key itself. A hard
/// one counts whenever it was made; a soft one from then on, whatever self-signature
/// follows. Weak digests count too: a revocation only ever forbids.
pub(super) fn revocation(
    key: &Key<'_>,
    certificates: &Certificates,
    at: SystemTime,
) -> Option<Revocation> {
    let primary = key.cert().primary_key();
    let found: Vec<_> = primary
        .self_revocations()
        .chain(key.self_revocations())
        .chain(by_revoker(key, certificates))
        .map(describe)
        .collect();
    let hard = found.iter().find(|revocation| revocation.hard);
    let soft = found
        .iter()
        .filter(|revocation| revocation.at.is_none_or(|made| time::system(made) <= at));
    hard.or_else(|| soft.min_by_key(|revocation| revocation.at))
        .cloned()
}

/// Revocations of the certificate by a revoker it designates (RFC 9580, 5.2.3.23), where
/// the revoker's certificate is at hand.
fn by_revoker<'a>(key: &Key<'a>, certificates: &Certificates) -> Vec<&'a Signature> {
    let primary = key.cert().primary_key();
    let mut others = primary.other_revocations().peekable();
    if others.peek().is_none() {
        return Vec::new();
    }
    let revokers: Vec<_> = key
        .cert()
        .revocation_keys(&EVERYTHING)
        .take(REVOKERS)
        .filter_map(|revoker| certificates.get(&Fingerprint::of(revoker.revoker().1)))
        .collect();
    let revoked_by = |revocation: &Signature, revoker: &Certificate| {
        let revoker = revoker.cert().primary_key();
        let named = revocation
            .get_issuers()
            .iter()
            .any(|issuer| issuer.aliases(revoker.key().key_handle()));
        named
            && revocation
                .verify_primary_key_revocation(revoker.key(), primary.key())
                .is_ok()
    };
    others
        .filter(|revocation| {
            revokers
                .iter()
                .any(|revoker| revoked_by(revocation, revoker))
        })
        .take(REVOKERS)
        .collect()
}

fn describe(signature: &Signature) -> Revocation {
    let (hard, reason) = match signature.reason_for_revocation() {
        Some((reason, text)) => (
            reason.revocation_type() == RevocationType::Hard,
            String::from_utf8_lossy(text).into_owned(),
        ),
        None => (true, String::new()),
    };
    Revocation {
        at: signature.signature_creation_time().map(time::timestamp),
        hard,
        reason,
    }
}
