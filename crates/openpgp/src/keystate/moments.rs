//! When anything about a certificate may change.

use std::time::SystemTime;

use openpgp::packet::Signature;
use sequoia_openpgp as openpgp;

/// Every moment its keys, self-signatures and revocations name; sorted, each once.
pub(crate) fn moments(cert: &openpgp::Cert) -> Vec<SystemTime> {
    let mut moments = Vec::new();
    let primary = cert.primary_key();
    let on_certificate = cert
        .userids()
        .flat_map(|user_id| user_id.self_signatures())
        .chain(primary.self_signatures());
    let made = primary.key().creation_time();
    for signature in on_certificate {
        of(signature, made, &mut moments);
    }
    let mut revocations: Vec<&Signature> = primary.self_revocations().collect();
    for key in cert.keys() {
        let made = key.key().creation_time();
        moments.push(made);
        for signature in key.self_signatures() {
            of(signature, made, &mut moments);
        }
        revocations.extend(key.self_revocations());
    }
    moments.extend(
        revocations
            .into_iter()
            .filter_map(|revocation| revocation.signature_creation_time()),
    );
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// When a self-signature begins and ends to count, and the key's life it grants ends.
fn of(signature: &Signature, key_made: SystemTime, moments: &mut Vec<SystemTime>) {
    moments.extend(signature.signature_creation_time());
    moments.extend(signature.signature_expiration_time());
    moments.extend(
        signature
            .key_validity_period()
            .and_then(|period| key_made.checked_add(period)),
    );
}
