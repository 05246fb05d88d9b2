//! The secret numbers of keys, for tests that look for them where they must not be.

use openpgp::Packet;
use openpgp::PacketPile;
use openpgp::crypto::mpi::SecretKeyMaterial as Numbers;
use openpgp::packet::Key;
use openpgp::packet::key::{KeyRole, SecretKeyMaterial, SecretParts};
use openpgp::parse::Parse as _;
use sequoia_openpgp as openpgp;

/// Every secret number of a transferable secret key, opened with a passphrase where it is
/// protected.
///
/// # Panics
/// When it is no key, or the passphrase is wrong.
pub fn secret_numbers(key: &[u8], passphrase: &str) -> Vec<Vec<u8>> {
    let mut numbers = Vec::new();
    for packet in PacketPile::from_bytes(key)
        .expect("packets")
        .into_children()
    {
        match packet {
            Packet::SecretKey(key) => numbers.extend(of(key, passphrase)),
            Packet::SecretSubkey(key) => numbers.extend(of(key, passphrase)),
            _ => {}
        }
    }
    assert!(!numbers.is_empty(), "a key has secret numbers");
    numbers
}

fn of<R: KeyRole>(key: Key<SecretParts, R>, passphrase: &str) -> Vec<Vec<u8>> {
    let key = if key.has_unencrypted_secret() {
        key
    } else {
        key.decrypt_secret(&passphrase.into())
            .expect("the passphrase")
    };
    let SecretKeyMaterial::Unencrypted(secret) = key.secret() else {
        panic!("it is open");
    };
    secret.map(|numbers| match numbers {
        Numbers::RSA { d, p, q, u } => [d, p, q, u].map(|number| number.value().to_vec()).to_vec(),
        Numbers::EdDSA { scalar } | Numbers::ECDSA { scalar } => vec![scalar.value().to_vec()],
        Numbers::Ed25519 { x } => vec![x.to_vec()],
        other => panic!("{other:?}"),
    })
}
