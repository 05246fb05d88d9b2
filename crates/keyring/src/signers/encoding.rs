//! Signatures as tokens and key services give them, turned into OpenPGP's numbers.

use openpgp::crypto::mpi::{MPI, PublicKey, Signature};
use openpgp::packet::Key;
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use openpgp::types::{Curve, HashAlgorithm};
use sequoia_openpgp as openpgp;

pub(crate) type Public = Key<PublicParts, UnspecifiedRole>;

/// How a signature of two numbers is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// `r` and `s`, each as long as the group's order; the block of RSA (PKCS #1); the 64
    /// bytes of Ed25519.
    #[default]
    Raw,
    /// ECDSA's `SEQUENCE { r, s }` (RFC 3279, 2.2.3).
    Der,
}

/// The kinds of keys that digests can be signed with elsewhere.
pub(crate) enum Kind<'k> {
    /// Modulus and exponent, without leading zeros.
    Rsa { n: &'k [u8], e: &'k [u8] },
    /// A NIST curve, and the uncompressed point on it.
    Ecdsa {
        name: &'static str,
        /// Bytes of a coordinate and of the order.
        length: usize,
        point: &'k [u8],
    },
    /// The 32 bytes.
    Ed25519 { point: &'k [u8] },
}

/// What kind of key it is; an error names the algorithm.
pub(crate) fn kind(key: &Public) -> Result<Kind<'_>, String> {
    let unsupported = |what: &str| {
        Err(format!(
            "{what}: such a key signs from a key file or gpg-agent only"
        ))
    };
    match key.mpis() {
        PublicKey::RSA { n, e } => Ok(Kind::Rsa {
            n: n.value(),
            e: e.value(),
        }),
        PublicKey::ECDSA { curve, q } => {
            let (name, length) = match curve {
                Curve::NistP256 => ("P-256", 32),
                Curve::NistP384 => ("P-384", 48),
                Curve::NistP521 => ("P-521", 66),
                other => return unsupported(&other.to_string()),
            };
            Ok(Kind::Ecdsa {
                name,
                length,
                point: q.value(),
            })
        }
        PublicKey::EdDSA {
            curve: Curve::Ed25519,
            q,
        } => match q.value().split_first() {
            // The prefix of a native point (RFC 9580, 13.2.3).
            Some((0x40, point)) if point.len() == 32 => Ok(Kind::Ed25519 { point }),
            _ => Err("its point is damaged".to_owned()),
        },
        PublicKey::Ed25519 { a } => Ok(Kind::Ed25519 { point: a }),
        _ => unsupported(&key.pk_algo().to_string()),
    }
}

/// What RSA signs: the digest wrapped in its `DigestInfo` (RFC 8017, 9.2).
pub(crate) fn digest_info(hash: HashAlgorithm, digest: &[u8]) -> Result<Vec<u8>, String> {
    let mut info = hash
        .oid()
        .map_err(|_| format!("{hash} has no DigestInfo"))?
        .to_vec();
    info.extend_from_slice(digest);
    Ok(info)
}

/// The leftmost bits of a digest that ECDSA signs (FIPS 186-5, 6.4.1), for tokens that cut
/// nothing themselves.
pub(crate) fn cut(digest: &[u8], length: usize) -> &[u8] {
    digest.get(..length).unwrap_or(digest)
}

/// Reads a signature by `key`; an error says what is wrong with it.
pub(crate) fn signature(key: &Public, form: Form, bytes: &[u8]) -> Result<Signature, String> {
    let long = |expected: usize| {
        Err(format!(
            "the signature is {} bytes long; {expected} are right",
            bytes.len()
        ))
    };
    match (kind(key)?, form) {
        (Kind::Rsa { n, .. }, Form::Raw) => {
            if bytes.len() != n.len() {
                return long(n.len());
            }
            Ok(Signature::RSA { s: MPI::new(bytes) })
        }
        (Kind::Ecdsa { length, .. }, Form::Raw) => match bytes.split_at_checked(length) {
            Some((r, s)) if s.len() == length => numbers(r, s, length),
            _ => long(length * 2),
        },
        (Kind::Ecdsa { length, .. }, Form::Der) => {
            let (r, s) = sequence_of_two(bytes)?;
            numbers(r, s, length)
        }
        (Kind::Ed25519 { .. }, Form::Raw) => {
            let Ok(whole) = <[u8; 64]>::try_from(bytes) else {
                return long(64);
            };
            let (r, s) = whole.split_at(32);
            Ok(match key.mpis() {
                PublicKey::Ed25519 { .. } => Signature::Ed25519 { s: Box::new(whole) },
                _ => Signature::EdDSA {
                    r: MPI::new(r),
                    s: MPI::new(s),
                },
            })
        }
        (Kind::Rsa { .. } | Kind::Ed25519 { .. }, Form::Der) => {
            Err("only signatures of ECDSA have a form in DER".to_owned())
        }
    }
}

fn numbers(r: &[u8], s: &[u8], length: usize) -> Result<Signature, String> {
    for number in [r, s] {
        if number.len() > length {
            return Err("a number of the signature is larger than its curve".to_owned());
        }
        if number.iter().all(|byte| *byte == 0) {
            return Err("a number of the signature is zero".to_owned());
        }
    }
    Ok(Signature::ECDSA {
        r: MPI::new(r),
        s: MPI::new(s),
    })
}

/// Two positive numbers of a DER sequence, without leading zeros, and nothing else.
fn sequence_of_two(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let read = || {
        let (body, rest) = element(0x30, bytes)?;
        let (r, more) = element(2, body)?;
        let (s, end) = element(2, more)?;
        (rest.is_empty() && end.is_empty()).then_some((positive(r)?, positive(s)?))
    };
    read().ok_or_else(|| "the signature is no DER sequence of two numbers".to_owned())
}

/// The content of the first element, whose tag is `tag`, and what follows it (X.690, 8.1,
/// definite lengths in their shortest form).
pub(crate) fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = bytes.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    match first {
        0..=0x7f => rest.split_at_checked(first.into()),
        0x81 => {
            let (&length, rest) = rest.split_first()?;
            (length >= 0x80).then(|| rest.split_at_checked(length.into()))?
        }
        0x82 => {
            let (&length, rest) = rest.split_first_chunk::<2>()?;
            let length = u16::from_be_bytes(length);
            (length > 0xff).then(|| rest.split_at_checked(length.into()))?
        }
        _ => None,
    }
}

/// A positive number in its shortest form (X.690, 8.3), its sign taken off.
fn positive(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [] => None,
        [0, rest @ ..] => rest
            .first()
            .is_some_and(|byte| *byte >= 0x80)
            .then_some(rest),
        [first, ..] if *first >= 0x80 => None,
        _ => Some(bytes),
    }
}

/// A number without leading zeros.
pub(crate) fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests;
