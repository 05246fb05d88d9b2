//! Revocations that were made beforehand, for the day the key is lost.

use std::borrow::Cow;

use jiff::Timestamp;
use openpgp::packet::Signature;
use openpgp::parse::Parse as _;
use openpgp::types::{HashAlgorithm, RevocationType, SignatureType};
use openpgp::{Cert, KeyHandle, Packet, PacketPile};
use sequoia_openpgp as openpgp;

use super::{Edited, Part, check, refused};
use crate::{Certificate, Error, Fingerprint, Result, names, time};

/// Packets of one file, at most.
const MOST: usize = 4096;
const ARMOR: &str = "-----BEGIN PGP ";

/// Revocations in a file of their own, as `gpg` and `pkgseal key generate` write one beside
/// each new key, or in a copy of the certificate that was revoked.
#[derive(Clone, Debug)]
pub struct StoredRevocation {
    signatures: Vec<Signature>,
    /// The certificate they came with.
    came_with: Option<Fingerprint>,
}

/// One revocation that a certificate takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What it revokes.
    pub part: Part,
    /// Whether what was signed before it counts no more either.
    pub hard: bool,
    /// When it was made.
    pub made: Option<Timestamp>,
    /// Its digest algorithm, where clients stop counting that one.
    pub weak_digest: Option<String>,
}

impl StoredRevocation {
    /// Reads one, armored or binary. The colon that keeps a file of gpg's from being imported
    /// by mistake is no hindrance: who names the file here means it.
    ///
    /// # Errors
    /// [`Error::Key`]: no OpenPGP data, a secret key, a certificate that is not revoked, a
    /// signature of another kind.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let refuse = |reason: String| {
            Err(Error::Key {
                key: "revocation".to_owned(),
                reason,
            })
        };
        let packets = match PacketPile::from_bytes(&plain(bytes)) {
            Ok(packets) => packets,
            Err(error) => return refuse(format!("not a revocation: {error}")),
        };
        let mut came_with = None;
        let mut signatures = Vec::new();
        let mut other = None;
        for (number, packet) in packets.into_children().enumerate() {
            match packet {
                _ if number >= MOST => return refuse("there is too much in it".to_owned()),
                Packet::SecretKey(_) | Packet::SecretSubkey(_) => {
                    return refuse("this is a secret key, not a revocation".to_owned());
                }
                Packet::PublicKey(_) if came_with.is_some() => {
                    return refuse("it holds several certificates".to_owned());
                }
                Packet::PublicKey(key) => came_with = Some(Fingerprint::of(&key.fingerprint())),
                Packet::Signature(signature) if is_revocation(&signature) => {
                    signatures.push(signature);
                }
                Packet::Signature(signature) => {
                    other.get_or_insert(format!("a signature of type {}", signature.typ()));
                }
                // What a certificate is made of.
                Packet::UserID(_)
                | Packet::UserAttribute(_)
                | Packet::PublicSubkey(_)
                | Packet::Marker(_)
                | Packet::Padding(_)
                | Packet::Trust(_)
                    if came_with.is_some() => {}
                packet => {
                    other.get_or_insert(format!("a {}", packet.tag()));
                }
            }
        }
        match (came_with.is_some(), signatures.is_empty(), other) {
            (true, true, _) => refuse("this is a certificate, and it is not revoked".to_owned()),
            (false, _, Some(what)) => refuse(format!("not a revocation: it has {what}")),
            (false, true, None) => refuse("not a revocation: it is empty".to_owned()),
            _ => Ok(Self {
                signatures,
                came_with,
            }),
        }
    }

    /// Puts them into the certificate they are of; no secret key is needed. Each is verified
    /// with the certificate's own primary key.
    ///
    /// # Errors
    /// [`Error::Key`] when one is of another certificate, was made by another key or does not
    /// verify, and when the certificate has them all already.
    pub fn apply(&self, certificate: &Certificate) -> Result<(Edited, Vec<Applied>)> {
        let cert = certificate.cert();
        let fingerprint = cert.fingerprint();
        if let Some(other) = self
            .came_with
            .as_ref()
            .filter(|other| **other != certificate.fingerprint())
        {
            return Err(refused(
                &fingerprint,
                format!("the revocation is of another certificate, {other}"),
            ));
        }
        let known = self_revocations(cert);
        let mut applied = Vec::new();
        let mut added = Vec::new();
        for signature in &self.signatures {
            let part = revokes(cert, signature)?;
            if known.iter().any(|known| known.normalized_eq(signature)) {
                continue;
            }
            applied.push(Applied {
                part,
                hard: signature
                    .reason_for_revocation()
                    .is_none_or(|(code, _)| code.revocation_type() == RevocationType::Hard),
                made: signature.signature_creation_time().map(time::timestamp),
                weak_digest: weak(signature.hash_algo()),
            });
            added.push(Packet::from(signature.clone()));
        }
        if added.is_empty() {
            return Err(refused(
                &fingerprint,
                "the certificate has this revocation already",
            ));
        }
        let certificate = check::joined(cert, &added)?;
        Ok((Edited { certificate, added }, applied))
    }
}

/// What a signature by the primary key of the certificate revokes.
fn revokes(cert: &Cert, signature: &Signature) -> Result<Part> {
    let fingerprint = cert.fingerprint();
    let own = KeyHandle::from(fingerprint.clone());
    let issuers = signature.get_issuers();
    if !issuers.is_empty() && !issuers.iter().any(|issuer| issuer.aliases(&own)) {
        // Fingerprints come first.
        let issuer = issuers
            .first()
            .map_or_else(String::new, |issuer| format!("{issuer:X}"));
        return Err(refused(
            &fingerprint,
            format!("the revocation is of another certificate, or by another key: {issuer}"),
        ));
    }
    let primary = cert.primary_key().key();
    let part = match signature.typ() {
        SignatureType::KeyRevocation => signature
            .verify_primary_key_revocation(primary, primary)
            .is_ok()
            .then_some(Part::Key),
        SignatureType::SubkeyRevocation => cert
            .keys()
            .subkeys()
            .find(|subkey| {
                signature
                    .verify_subkey_revocation(primary, primary, subkey.key())
                    .is_ok()
            })
            .map(|subkey| Part::Subkey(Fingerprint::of(&subkey.key().fingerprint()))),
        _ => cert
            .userids()
            .find(|user_id| {
                signature
                    .verify_userid_revocation(primary, primary, user_id.userid())
                    .is_ok()
            })
            .map(|user_id| Part::UserId(user_id.userid().value().to_vec())),
    };
    part.ok_or_else(|| {
        refused(
            &fingerprint,
            "the revocation does not verify with its primary key: it is of another certificate, or damaged",
        )
    })
}

fn weak(digest: HashAlgorithm) -> Option<String> {
    let weak = matches!(
        digest,
        HashAlgorithm::MD5 | HashAlgorithm::SHA1 | HashAlgorithm::RipeMD | HashAlgorithm::SHA224
    );
    weak.then(|| names::digest(digest))
}

fn self_revocations(cert: &Cert) -> Vec<&Signature> {
    let key = cert.primary_key();
    let user_ids = cert.userids().flat_map(|part| part.self_revocations());
    let subkeys = cert.keys().subkeys();
    key.self_revocations()
        .chain(user_ids)
        .chain(subkeys.flat_map(|part| part.self_revocations()))
        .collect()
}

/// Whether a signature revokes something (RFC 9580, section 5.2.1), whoever made it.
pub fn is_revocation(signature: &Signature) -> bool {
    matches!(
        signature.typ(),
        SignatureType::KeyRevocation
            | SignatureType::SubkeyRevocation
            | SignatureType::CertificationRevocation
    )
}

/// The armored block from its first line on; without the colon before that.
fn plain(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Cow::Borrowed(bytes);
    };
    let begins = |line: &str| {
        let bare = line.strip_prefix(':').unwrap_or(line);
        bare.starts_with(ARMOR)
    };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if begins(line) {
            let from = start + usize::from(line.starts_with(':'));
            return Cow::Borrowed(bytes.get(from..).unwrap_or_default());
        }
        start += line.len();
    }
    Cow::Borrowed(bytes)
}
