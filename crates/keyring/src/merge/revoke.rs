//! Revocations that stand in files of their own, as `gpg --gen-revoke` and `pkgseal key
//! generate` write them.

use openpgp::packet::Signature;
use openpgp::parse::Parse;
use openpgp::serialize::MarshalInto;
use openpgp::{Cert, KeyHandle, Packet, PacketPile};
use pkgseal_openpgp::edit::is_revocation;
use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::Finding;
use sequoia_openpgp as openpgp;

use super::Made;
use crate::Result;
use crate::canonical::cert;
use crate::codes::tools as codes;

/// Revocations in one file, at most.
const MOST: usize = 64;

/// Revocations without the certificate they are for.
#[derive(Clone, Debug)]
pub struct Revocations {
    signatures: Vec<Signature>,
}

impl Revocations {
    /// Reads a file that holds revocations and nothing else, armored or not; `None` for
    /// any other.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let packets = PacketPile::from_bytes(bytes).ok()?;
        let signatures: Vec<Signature> = packets
            .into_children()
            .map(|packet| match packet {
                Packet::Signature(signature) if is_revocation(&signature) => Some(signature),
                _ => None,
            })
            .collect::<Option<_>>()?;
        (1..=MOST)
            .contains(&signatures.len())
            .then_some(Self { signatures })
    }

    /// Copies of those certificates that they are for, revoked: merge them with the others.
    /// Revocations that verify with none are left out and said; `name` is what the file is
    /// called.
    ///
    /// # Errors
    /// [`Error::OpenPgp`](crate::Error::OpenPgp) when a certificate cannot be read again.
    pub fn apply(&self, name: &str, certificates: &Certificates) -> Result<Made> {
        let mut findings = Vec::new();
        let mut copies = Vec::new();
        for signature in &self.signatures {
            let mut applied = false;
            let mut named = None;
            for certificate in certificates.iter() {
                let before = cert(certificate)?;
                let own = KeyHandle::from(before.fingerprint());
                if !signature.get_issuers().iter().any(|one| one.aliases(&own)) {
                    continue;
                }
                named = Some(certificate.fingerprint());
                if let Some(copy) = revoked(&before, signature) {
                    copies.push(copy);
                    applied = true;
                }
            }
            let finding = match named {
                _ if applied => continue,
                Some(fingerprint) => Finding::warning(
                    codes::BAD_SELF_SIGNATURE,
                    fingerprint.to_string(),
                    format!("the revocation in {name} does not verify, and is left out"),
                ),
                None => Finding::warning(
                    codes::REVOKED,
                    name,
                    "it revokes a certificate that is not among these, and is left out",
                ),
            };
            findings.push(finding);
        }
        Ok(Made {
            certificates: Certificates::new(copies),
            findings,
        })
    }
}

/// The certificate with the revocation, if its own key made it.
fn revoked(before: &Cert, signature: &Signature) -> Option<Certificate> {
    let packet = Packet::from(signature.clone());
    let (after, _) = before.clone().insert_packets([packet]).ok()?;
    let own = |cert: &Cert| {
        let parts = cert.primary_key().self_revocations().count();
        let subkeys = cert.keys().subkeys();
        let subkeys: usize = subkeys.map(|key| key.self_revocations().count()).sum();
        let user_ids = cert.userids();
        let user_ids: usize = user_ids.map(|one| one.self_revocations().count()).sum();
        parts + subkeys + user_ids
    };
    let known = before
        .primary_key()
        .self_revocations()
        .any(|known| known.normalized_eq(signature));
    if !known && own(&after) <= own(before) {
        return None;
    }
    Certificate::parse_all(&MarshalInto::to_vec(&after).ok()?)
        .0
        .pop()
}
