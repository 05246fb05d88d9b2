//! Test keys as other programs keep them: PKCS#8.

use sequoia_openpgp as openpgp;

use openpgp::crypto::mpi::{PublicKey, SecretKeyMaterial};
use openpgp::packet::Key;
use openpgp::packet::key::{self, SecretParts, UnspecifiedRole};
use openpgp::parse::Parse as _;
use openpgp::types::Curve;
use openpgp::{Packet, PacketPile};

use super::TestKey;

impl TestKey {
    /// The signing key in PKCS#8, PEM, as OpenSSL and tokens take it: RSA, the NIST curves,
    /// Ed25519.
    ///
    /// # Panics
    /// When it is of another kind.
    pub fn pkcs8(&self) -> String {
        pkcs8_of(&match self.signing_subkey() {
            Some(key) => key.clone().role_into_unspecified(),
            None => self.primary.clone().role_into_unspecified(),
        })
    }
}

/// The primary key of a transferable secret key that is not protected, as
/// [`TestKey::pkcs8`].
///
/// # Panics
/// When it is none, or of another kind.
pub fn pkcs8(secret: &[u8]) -> String {
    let packets = PacketPile::from_bytes(secret).expect("packets");
    match packets.into_children().next() {
        Some(Packet::SecretKey(key)) => pkcs8_of(&key.role_into_unspecified()),
        other => panic!("no secret key: {other:?}"),
    }
}

fn pkcs8_of(key: &Key<SecretParts, UnspecifiedRole>) -> String {
    let key::SecretKeyMaterial::Unencrypted(secret) = key.secret() else {
        panic!("test keys are unlocked");
    };
    let (algorithm, private) =
        secret.map(|secret| encoded(key.mpis(), secret).expect("a kind that PKCS#8 has"));
    let der = sequence(&[number(&[0]), algorithm, element(4, &private)]);
    pem(&der)
}

/// The algorithm, and the private key in its own encoding.
fn encoded(public: &PublicKey, secret: &SecretKeyMaterial) -> Option<(Vec<u8>, Vec<u8>)> {
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
    Some(match (public, secret) {
        (PublicKey::RSA { e, n }, SecretKeyMaterial::RSA { d, p, q, u }) => {
            let (d, p, q) = (d.value(), p.value(), q.value());
            let exponent = |prime: &[u8]| number(&remainder(d, &less_one(prime)));
            let private = sequence(&[
                number(&[0]),
                number(n.value()),
                number(e.value()),
                number(d),
                // OpenPGP's coefficient is the inverse of p modulo q, PKCS#1's the other.
                number(q),
                number(p),
                exponent(q),
                exponent(p),
                number(u.value()),
            ]);
            (sequence(&[element(6, RSA), element(5, &[])]), private)
        }
        (PublicKey::ECDSA { curve, q }, SecretKeyMaterial::ECDSA { scalar }) => {
            let (oid, length): (&[u8], _) = match curve {
                Curve::NistP256 => (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], 32),
                Curve::NistP384 => (&[0x2b, 0x81, 4, 0, 0x22], 48),
                Curve::NistP521 => (&[0x2b, 0x81, 4, 0, 0x23], 66),
                _ => return None,
            };
            let scalar = scalar.value_padded(length);
            let point = [&[0], q.value()].concat();
            let private = sequence(&[
                number(&[1]),
                element(4, &scalar),
                element(0xa1, &element(3, &point)),
            ]);
            (sequence(&[element(6, EC), element(6, oid)]), private)
        }
        (_, SecretKeyMaterial::EdDSA { scalar }) => (
            sequence(&[element(6, ED25519)]),
            element(4, &scalar.value_padded(32)),
        ),
        (_, SecretKeyMaterial::Ed25519 { x }) => (sequence(&[element(6, ED25519)]), element(4, x)),
        _ => return None,
    })
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// A positive number.
fn number(bytes: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if bytes[0] >= 0x80 { &[0] } else { &[] };
    element(2, &[sign, bytes].concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut der = vec![tag];
    match length {
        0..=0x7f => der.push(length as u8),
        0x80..=0xff => der.extend([0x81, length as u8]),
        _ => der.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    der.extend_from_slice(content);
    der
}

/// An odd number less one.
fn less_one(number: &[u8]) -> Vec<u8> {
    let mut number = number.to_vec();
    *number.last_mut().unwrap() -= 1;
    number
}

/// `number` modulo `modulus`, by long division.
fn remainder(number: &[u8], modulus: &[u8]) -> Vec<u8> {
    // One byte more than the modulus: it is doubled before it is reduced.
    let width = modulus.len() + 1;
    let modulus = [&[0], modulus].concat();
    let mut rest = vec![0_u8; width];
    for bit in number
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1))
    {
        let mut carry = bit;
        for byte in rest.iter_mut().rev() {
            let next = *byte >> 7;
            *byte = *byte << 1 | carry;
            carry = next;
        }
        if rest >= modulus {
            let mut borrow = false;
            for (byte, less) in rest.iter_mut().zip(&modulus).rev() {
                let (once, first) = byte.overflowing_sub(*less);
                let (twice, second) = once.overflowing_sub(u8::from(borrow));
                *byte = twice;
                borrow = first || second;
            }
        }
    }
    let zeros = rest.iter().take_while(|byte| **byte == 0).count();
    rest.split_off(zeros.min(width - 1))
}

fn pem(der: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in der.chunks(3) {
        let bits = group
            .iter()
            .chain(&[0, 0])
            .take(3)
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for at in 0..4 {
            text.push(if at <= group.len() {
                char::from(LETTERS[bits >> (18 - 6 * at) & 63])
            } else {
                '='
            });
        }
    }
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use crate::keys::load;
    use crate::peers::{have, put, run, scratch};

    #[test]
    fn openssl_reads_every_kind_and_finds_it_sound() {
        let Some(openssl) = have("openssl") else {
            return;
        };
        let folder = scratch();
        for name in [
            "good-rsa2048",
            "good-rsa4096",
            "primary-signs-rsa3072",
            "good-p256",
            "good-p384",
            "good-p521",
            "good-ed25519",
            "good-v6-ed25519",
        ] {
            let file = put(folder.path(), name, load(name).pkcs8());
            let mut check = openssl.command();
            check.args(["pkey", "-check", "-noout", "-in"]).arg(file);
            run(&mut check).expect_ok();
        }
    }
}
