//! Algorithms as profiles know them.

use openpgp::crypto::mpi::PublicKey;
use openpgp::packet::Key;
use openpgp::packet::key::{KeyParts, KeyRole};
use openpgp::types::{Curve, HashAlgorithm, PublicKeyAlgorithm};
use sequoia_openpgp as openpgp;

use crate::names;

/// A public-key algorithm: its name for people, its table in a profile, and its size
/// where size matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Algorithm {
    /// `RSA4096`.
    pub(crate) name: String,
    /// `rsa`, as in `[public-key.rsa]`.
    pub(crate) rule: &'static str,
    /// Bits of the modulus (RSA, DSA, ElGamal).
    pub(crate) bits: Option<usize>,
    /// Whether the backend knows it.
    pub(crate) supported: bool,
}

impl Algorithm {
    pub(crate) fn of<P: KeyParts, R: KeyRole>(key: &Key<P, R>) -> Self {
        let known = key.pk_algo().is_supported();
        let (rule, bits, supported) = match key.mpis() {
            PublicKey::RSA { n, .. } => ("rsa", Some(n.bits()), known),
            PublicKey::DSA { p, .. } => ("dsa", Some(p.bits()), known),
            PublicKey::ElGamal { p, .. } => ("elgamal", Some(p.bits()), known),
            PublicKey::EdDSA { curve, .. } | PublicKey::ECDSA { curve, .. } => {
                (curve_rule(curve), None, known && curve.is_supported())
            }
            _ => (rule(key.pk_algo()), None, known),
        };
        Self {
            name: names::public_key(key.pk_algo(), key.mpis()),
            rule,
            bits,
            supported,
        }
    }
}

fn curve_rule(curve: &Curve) -> &'static str {
    match curve {
        Curve::NistP256 => "nist-p256",
        Curve::NistP384 => "nist-p384",
        Curve::NistP521 => "nist-p521",
        Curve::BrainpoolP256 => "brainpool-p256",
        Curve::BrainpoolP384 => "brainpool-p384",
        Curve::BrainpoolP512 => "brainpool-p512",
        Curve::Ed25519 => "ed25519",
        _ => "unknown-curve",
    }
}

fn rule(algorithm: PublicKeyAlgorithm) -> &'static str {
    match algorithm {
        PublicKeyAlgorithm::Ed25519 => "ed25519",
        PublicKeyAlgorithm::Ed448 => "ed448",
        PublicKeyAlgorithm::MLDSA65_Ed25519 => "ml-dsa-65-ed25519",
        PublicKeyAlgorithm::MLDSA87_Ed448 => "ml-dsa-87-ed448",
        PublicKeyAlgorithm::SLHDSA128s => "slh-dsa-128s",
        PublicKeyAlgorithm::SLHDSA128f => "slh-dsa-128f",
        PublicKeyAlgorithm::SLHDSA256s => "slh-dsa-256s",
        _ => "unknown",
    }
}

/// The table of a digest in a profile, as in `[digest.sha1]`.
pub(crate) fn digest_rule(algorithm: HashAlgorithm) -> &'static str {
    match algorithm {
        HashAlgorithm::MD5 => "md5",
        HashAlgorithm::SHA1 => "sha1",
        HashAlgorithm::RipeMD => "ripemd160",
        HashAlgorithm::SHA224 => "sha224",
        HashAlgorithm::SHA256 => "sha256",
        HashAlgorithm::SHA384 => "sha384",
        HashAlgorithm::SHA512 => "sha512",
        HashAlgorithm::SHA3_256 => "sha3-256",
        HashAlgorithm::SHA3_512 => "sha3-512",
        _ => "unknown",
    }
}
