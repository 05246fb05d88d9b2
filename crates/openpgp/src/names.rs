//! Algorithm names as reports show them.

use openpgp::crypto::mpi::PublicKey;
use openpgp::types::{Curve, HashAlgorithm, PublicKeyAlgorithm};
use sequoia_openpgp as openpgp;

/// `RSA4096`, `Ed25519`, `P-256`, `ML-DSA-65+Ed25519`; v4 and v6 forms of the same
/// algorithm share a name.
pub(crate) fn public_key(algorithm: PublicKeyAlgorithm, parameters: &PublicKey) -> String {
    match parameters {
        PublicKey::RSA { n, .. } => format!("RSA{}", n.bits()),
        PublicKey::DSA { p, .. } => format!("DSA{}", p.bits()),
        PublicKey::ElGamal { p, .. } => format!("ElGamal{}", p.bits()),
        PublicKey::EdDSA { curve, .. } | PublicKey::ECDSA { curve, .. } => curve_name(curve),
        PublicKey::ECDH { curve, .. } => match curve {
            Curve::Cv25519 => "X25519".to_owned(),
            other => format!("ECDH {}", curve_name(other)),
        },
        _ => algorithm_name(algorithm),
    }
}

/// The algorithm alone, where the key is not at hand: `RSA`, `EdDSA`, `ECDSA`.
pub(crate) fn algorithm_name(algorithm: PublicKeyAlgorithm) -> String {
    #[expect(deprecated, reason = "old keys have to be named too")]
    let name = match algorithm {
        PublicKeyAlgorithm::RSAEncryptSign
        | PublicKeyAlgorithm::RSAEncrypt
        | PublicKeyAlgorithm::RSASign => "RSA",
        PublicKeyAlgorithm::DSA => "DSA",
        PublicKeyAlgorithm::ElGamalEncrypt | PublicKeyAlgorithm::ElGamalEncryptSign => "ElGamal",
        PublicKeyAlgorithm::ECDSA => "ECDSA",
        PublicKeyAlgorithm::ECDH => "ECDH",
        PublicKeyAlgorithm::EdDSA => "EdDSA",
        PublicKeyAlgorithm::Ed25519 => "Ed25519",
        PublicKeyAlgorithm::Ed448 => "Ed448",
        PublicKeyAlgorithm::X25519 => "X25519",
        PublicKeyAlgorithm::X448 => "X448",
        PublicKeyAlgorithm::MLDSA65_Ed25519 => "ML-DSA-65+Ed25519",
        PublicKeyAlgorithm::MLDSA87_Ed448 => "ML-DSA-87+Ed448",
        PublicKeyAlgorithm::SLHDSA128s => "SLH-DSA-SHAKE-128s",
        PublicKeyAlgorithm::SLHDSA128f => "SLH-DSA-SHAKE-128f",
        PublicKeyAlgorithm::SLHDSA256s => "SLH-DSA-SHAKE-256s",
        PublicKeyAlgorithm::MLKEM768_X25519 => "ML-KEM-768+X25519",
        PublicKeyAlgorithm::MLKEM1024_X448 => "ML-KEM-1024+X448",
        other => return format!("algorithm {}", u8::from(other)),
    };
    name.to_owned()
}

fn curve_name(curve: &Curve) -> String {
    match curve {
        Curve::NistP256 => "P-256".to_owned(),
        Curve::NistP384 => "P-384".to_owned(),
        Curve::NistP521 => "P-521".to_owned(),
        Curve::BrainpoolP256 => "brainpoolP256r1".to_owned(),
        Curve::BrainpoolP384 => "brainpoolP384r1".to_owned(),
        Curve::BrainpoolP512 => "brainpoolP512r1".to_owned(),
        Curve::Ed25519 => "Ed25519".to_owned(),
        Curve::Cv25519 => "Curve25519".to_owned(),
        other => format!("curve {other}"),
    }
}

/// `SHA-256`; as reports show it.
pub(crate) fn digest(algorithm: HashAlgorithm) -> String {
    match algorithm {
        HashAlgorithm::MD5 => "MD5".to_owned(),
        HashAlgorithm::SHA1 => "SHA-1".to_owned(),
        HashAlgorithm::RipeMD => "RIPEMD-160".to_owned(),
        HashAlgorithm::SHA224 => "SHA-224".to_owned(),
        HashAlgorithm::SHA256 => "SHA-256".to_owned(),
        HashAlgorithm::SHA384 => "SHA-384".to_owned(),
        HashAlgorithm::SHA512 => "SHA-512".to_owned(),
        HashAlgorithm::SHA3_256 => "SHA3-256".to_owned(),
        HashAlgorithm::SHA3_512 => "SHA3-512".to_owned(),
        other => format!("digest {}", u8::from(other)),
    }
}

/// `SHA256`; as a `Hash` header of a clearsigned message spells it (RFC 9580, 9.5).
pub(crate) fn digest_header(algorithm: HashAlgorithm) -> Option<&'static str> {
    match algorithm {
        HashAlgorithm::SHA256 => Some("SHA256"),
        HashAlgorithm::SHA384 => Some("SHA384"),
        HashAlgorithm::SHA512 => Some("SHA512"),
        _ => None,
    }
}
