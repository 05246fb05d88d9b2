//! What was made is looked at again, with the public certificate only.

use openpgp::packet::Signature;
use openpgp::serialize::MarshalInto;
use openpgp::{Cert, Packet};
use sequoia_openpgp as openpgp;

use super::refused;
use crate::error::crypto;
use crate::{Certificate, Result};

/// The certificate with the new packets, read back from its bytes: same fingerprint,
/// nothing lost, every new signature verified.
pub(super) fn joined(before: &Cert, added: &[Packet]) -> Result<Certificate> {
    let fingerprint = before.fingerprint();
    let (after, _) = before
        .clone()
        .strip_secret_key_material()
        .insert_packets(added.to_vec())
        .map_err(crypto("joining the new signatures"))?;
    let bytes = MarshalInto::to_vec(&after).map_err(crypto("writing the certificate"))?;
    let (certificates, errors) = Certificate::parse_all(&bytes);
    let certificate = match (certificates.into_iter().next(), errors.first()) {
        (Some(certificate), None) => certificate,
        (_, Some(error)) => {
            let reason = format!("what was made cannot be read back: {}", error.reason);
            return Err(refused(&fingerprint, reason));
        }
        (None, None) => return Err(refused(&fingerprint, "what was made is empty")),
    };
    let after = certificate.cert();
    if after.fingerprint() != fingerprint {
        return Err(refused(&fingerprint, "the fingerprint would change"));
    }
    if let Some(lost) = lost(before, after) {
        return Err(refused(&fingerprint, format!("{lost} would be lost")));
    }
    let verified: Vec<_> = verified(after).collect();
    let counts = |made: &Signature| verified.iter().any(|found| found.normalized_eq(made));
    let all = added.iter().all(|packet| match packet {
        Packet::Signature(made) => counts(made),
        _ => true,
    });
    if !all {
        return Err(refused(
            &fingerprint,
            "a new signature does not verify: the secret part does not belong to the public one",
        ));
    }
    Ok(certificate)
}

/// The first packet of `before` that `after` lacks.
pub(super) fn lost(before: &Cert, after: &Cert) -> Option<String> {
    let after: Vec<_> = after.clone().into_packets().collect();
    let there = |packet: &Packet| {
        after.iter().any(|other| match (packet, other) {
            (Packet::Signature(one), Packet::Signature(other)) => one.normalized_eq(other),
            (one, other) => one == other,
        })
    };
    before
        .clone()
        .strip_secret_key_material()
        .into_packets()
        .find(|packet| !there(packet))
        .map(|packet| format!("a {}", packet.tag()))
}

/// Every self-signature and self-revocation that is mathematically right; bindings of
/// signing subkeys with their back-signatures.
fn verified(cert: &Cert) -> impl Iterator<Item = &Signature> {
    let primary = cert.primary_key();
    let on_key = primary.self_signatures().chain(primary.self_revocations());
    let on_user_ids = cert
        .userids()
        .flat_map(|user_id| user_id.self_signatures().chain(user_id.self_revocations()));
    let on_subkeys = cert
        .keys()
        .subkeys()
        .flat_map(|subkey| subkey.self_signatures().chain(subkey.self_revocations()));
    on_key.chain(on_user_ids).chain(on_subkeys)
}
