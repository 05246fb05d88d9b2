//! The parts of a certificate with the self-signatures on them.

use std::time::SystemTime;

use jiff::Timestamp;
use openpgp::Cert;
use openpgp::packet::Signature;
use openpgp::packet::key::{PublicParts, SubordinateRole};
use openpgp::packet::signature::subpacket::{SubpacketTag, SubpacketValue};
use openpgp::parse::Parse as _;
use openpgp::types::{HashAlgorithm, SignatureType};
use pkgseal_openpgp::{Certificate, Fingerprint};
use sequoia_openpgp as openpgp;

use super::Part;
use crate::{Error, Result};

/// Self-signatures of one part, the newest first.
pub(super) struct Bound {
    pub(super) part: Part,
    pub(super) signatures: Vec<SelfSignature>,
}

impl Bound {
    /// The newest self-signature made by now that has not expired itself.
    pub(super) fn newest(&self, now: SystemTime) -> Option<&SelfSignature> {
        self.signatures
            .iter()
            .find(|signature| signature.made <= now && !signature.expired(now))
    }
}

/// A self-signature whose mathematics holds.
#[derive(Clone)]
pub(super) struct SelfSignature {
    pub(super) signature: Signature,
    pub(super) made: SystemTime,
    pub(super) back: Back,
}

/// Whether a subkey signed back.
#[derive(Clone)]
pub(super) enum Back {
    /// No signing subkey: nothing to sign back.
    NotNeeded,
    /// There is none.
    Missing,
    /// There is one, and it does not verify.
    Bad,
    /// It did.
    Good(Box<Signature>),
}

impl SelfSignature {
    /// By what a client may refuse it: its own digest, or that of the back-signature.
    pub(super) fn is_weak(&self) -> bool {
        is_weak(&self.signature)
    }

    /// Whether a client of today counts it, and lets the subkey sign where it is one.
    pub(super) fn holds(&self) -> bool {
        let back = match &self.back {
            Back::NotNeeded => true,
            Back::Missing | Back::Bad => false,
            Back::Good(back) => !is_weak(back),
        };
        back && !self.is_weak() && self.signature.version() > 3
    }

    pub(super) fn expired(&self, at: SystemTime) -> bool {
        self.signature
            .signature_expiration_time()
            .is_some_and(|expires| expires <= at)
    }
}

/// Whether the digest of a self-signature is one that clients stop counting.
pub(super) fn is_weak(signature: &Signature) -> bool {
    is_weak_digest(signature.hash_algo())
}

/// Whether clients stop counting self-signatures with this digest.
pub(super) fn is_weak_digest(digest: HashAlgorithm) -> bool {
    matches!(
        digest,
        HashAlgorithm::MD5 | HashAlgorithm::SHA1 | HashAlgorithm::RipeMD | HashAlgorithm::SHA224
    )
}

/// Sequoia's view of a certificate.
pub(crate) fn cert(certificate: &Certificate) -> Result<Cert> {
    Cert::from_bytes(&certificate.to_binary()).map_err(|error| {
        Error::OpenPgp(pkgseal_openpgp::Error::Crypto {
            operation: "taking the certificate apart",
            reason: error.to_string(),
        })
    })
}

/// Every part of a certificate, the primary key first.
pub(super) fn parts(cert: &Cert) -> Vec<Bound> {
    let mut parts = vec![bound(
        Part::Primary,
        cert.primary_key()
            .self_signatures()
            .filter(|signature| signature.typ() == SignatureType::DirectKey)
            .map(plain),
    )];
    for user_id in cert.userids() {
        let text = String::from_utf8_lossy(user_id.userid().value()).into_owned();
        parts.push(bound(
            Part::UserId(text),
            user_id.self_signatures().map(plain),
        ));
    }
    for subkey in cert.keys().subkeys() {
        let part = Part::Subkey(fingerprint(&subkey.key().fingerprint()));
        parts.push(bound(
            part,
            bindings(cert, subkey.key(), subkey.self_signatures()),
        ));
    }
    parts
}

fn bound(part: Part, signatures: impl IntoIterator<Item = SelfSignature>) -> Bound {
    let mut signatures: Vec<_> = signatures.into_iter().collect();
    signatures.sort_by_key(|signature| std::cmp::Reverse(signature.made));
    Bound { part, signatures }
}

fn plain(signature: &Signature) -> SelfSignature {
    SelfSignature {
        made: made(signature),
        signature: signature.clone(),
        back: Back::NotNeeded,
    }
}

fn made(signature: &Signature) -> SystemTime {
    signature
        .signature_creation_time()
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

type Subkey = openpgp::packet::Key<PublicParts, SubordinateRole>;

/// Bindings the primary key made, those the library refuses for their back-signature
/// included.
fn bindings<'a>(
    cert: &'a Cert,
    subkey: &Subkey,
    accepted: impl Iterator<Item = &'a Signature>,
) -> Vec<SelfSignature> {
    let refused = cert
        .bad_signatures()
        .filter(|signature| by_primary(cert, subkey, signature));
    accepted
        .chain(refused)
        .filter(|signature| signature.typ() == SignatureType::SubkeyBinding)
        .map(|signature| SelfSignature {
            made: made(signature),
            back: back(cert, subkey, signature),
            signature: signature.clone(),
        })
        .collect()
}

/// Whether the primary key bound this subkey by it, back-signature aside.
fn by_primary(cert: &Cert, subkey: &Subkey, signature: &Signature) -> bool {
    let primary = cert.primary_key();
    let primary = primary.key();
    let verified = || -> openpgp::Result<()> {
        if signature.typ() != SignatureType::SubkeyBinding {
            return Err(openpgp::Error::UnsupportedSignatureType(signature.typ()).into());
        }
        let mut hash = signature
            .hash_algo()
            .context()?
            .for_signature(signature.version());
        signature.hash_subkey_binding(&mut hash, primary, subkey)?;
        let digest = hash.into_digest()?;
        primary.verify(signature.mpis(), signature.hash_algo(), &digest)
    };
    verified().is_ok()
}

fn back(cert: &Cert, subkey: &Subkey, signature: &Signature) -> Back {
    let signs = signature
        .key_flags()
        .is_some_and(|flags| flags.for_signing());
    if !signs {
        return Back::NotNeeded;
    }
    let embedded = signature
        .subpackets(SubpacketTag::EmbeddedSignature)
        .filter_map(|subpacket| match subpacket.value() {
            SubpacketValue::EmbeddedSignature(signature) => Some(signature),
            _ => None,
        });
    let primary = cert.primary_key();
    let mut missing = true;
    for embedded in embedded {
        missing = false;
        if embedded
            .verify_primary_key_binding(primary.key(), subkey)
            .is_ok()
        {
            return Back::Good(Box::new(embedded.clone()));
        }
    }
    if missing { Back::Missing } else { Back::Bad }
}

pub(crate) fn fingerprint(of: &openpgp::Fingerprint) -> Fingerprint {
    #[expect(
        clippy::expect_used,
        reason = "a fingerprint of the library's is one of ours"
    )]
    Fingerprint::parse(&of.to_hex()).expect("a full fingerprint")
}

/// A moment as reports show it.
pub(super) fn timestamp(moment: SystemTime) -> Timestamp {
    Timestamp::try_from(moment).unwrap_or(Timestamp::MAX)
}

/// Whether the owner took a part back.
pub(super) fn is_revoked(cert: &Cert, part: &Part) -> bool {
    match part {
        Part::Primary => cert.primary_key().self_revocations().next().is_some(),
        Part::UserId(text) => cert.userids().any(|user_id| {
            String::from_utf8_lossy(user_id.userid().value()) == *text
                && user_id.self_revocations().next().is_some()
        }),
        Part::Subkey(of) => cert.keys().subkeys().any(|subkey| {
            fingerprint(&subkey.key().fingerprint()) == *of
                && subkey.self_revocations().next().is_some()
        }),
    }
}
