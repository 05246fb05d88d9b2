//! Named test keys, and signatures made without any policy.
//!
//! Every key stands in `testdata/keys/` as `NAME.key.asc` (secret, unprotected unless it
//! is `protected`) and `NAME.cert.asc` (public). Key generation is not deterministic, so
//! they were made once and are committed; what is derived from them is reproducible.

mod make;
mod numbers;
mod packet;
mod parts;
mod pem;
mod recast;
mod sign;

use std::path::PathBuf;

use jiff::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::Packet;
use openpgp::PacketPile;
use openpgp::packet::Key;
use openpgp::packet::key::{PrimaryRole, SecretParts, SubordinateRole};
use openpgp::parse::Parse as _;

pub use make::{generate_missing, names, what};
pub use numbers::secret_numbers;
pub use parts::{assembled, called, read};
pub use pem::pkcs8;
pub use recast::{Back, Flags, Recast, Says};
pub use sign::{
    Armor, Form, Hash, Issuer, RawOptions, With, armor, clearsigned, hash_header, raw_clearsign,
    raw_sign, raw_sign_v3, sign_text, sign_text_v3,
};

/// The passphrase of the key `protected`.
pub const PASSPHRASE: &str = "test passphrase";

/// When test keys were made.
pub const CREATED: &str = "2025-01-01";
/// When good signatures are made: every key is alive and unrevoked then.
pub const SIGNED: &str = "2025-03-01";
/// When keys that expire do so.
pub const EXPIRES: &str = "2025-06-01";
/// When keys that are revoked were.
pub const REVOKED: &str = "2025-07-01";
/// The moment tests call now: after every expiry and revocation.
pub const NOW: &str = "2025-09-01";

/// Midnight UTC of a day, or an exact RFC 3339 time.
///
/// # Panics
/// When it is neither.
pub fn time(text: &str) -> Timestamp {
    if text.contains('T') {
        text.parse().expect("an RFC 3339 time")
    } else {
        format!("{text}T00:00:00Z").parse().expect("a day")
    }
}

/// The folder of the committed keys.
pub fn folder() -> PathBuf {
    crate::testdata().join("keys")
}

/// A test key: its transferable secret key, its certificate, and the packets in them.
#[derive(Clone)]
pub struct TestKey {
    name: String,
    secret: Vec<u8>,
    certificate: Vec<u8>,
    primary: Key<SecretParts, PrimaryRole>,
    subkeys: Vec<Key<SecretParts, SubordinateRole>>,
    user_id: String,
}

impl std::fmt::Debug for TestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TestKey").field(&self.name).finish()
    }
}

/// Loads a committed key; `good` is short for `good-ed25519`.
///
/// # Panics
/// When there is no such key.
pub fn load(name: &str) -> TestKey {
    let name = if name == "good" { "good-ed25519" } else { name };
    TestKey::read(name)
}

impl TestKey {
    fn read(name: &str) -> Self {
        let read = |path: PathBuf| {
            std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        };
        let secret = read(folder().join(format!("{name}.key.asc")));
        let certificate = read(folder().join(format!("{name}.cert.asc")));
        let mut primary = None;
        let mut subkeys = Vec::new();
        let mut user_id = String::new();
        for packet in PacketPile::from_bytes(&secret)
            .expect("packets")
            .into_children()
        {
            match packet {
                Packet::SecretKey(key) => primary = Some(unlocked(key)),
                Packet::SecretSubkey(key) => subkeys.push(unlocked(key)),
                Packet::UserID(id) => {
                    user_id = String::from_utf8(id.value().to_vec()).expect("UTF-8");
                }
                _ => {}
            }
        }
        Self {
            name: name.to_owned(),
            secret,
            certificate,
            primary: primary.expect("a primary key"),
            subkeys,
            user_id,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The transferable secret key, armored.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// The certificate, armored.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The certificate as packets, what apt calls a `.gpg` file.
    pub fn certificate_binary(&self) -> Vec<u8> {
        packet::dearmor(&self.certificate)
    }

    /// Path of the committed secret key.
    pub fn secret_path(&self) -> PathBuf {
        folder().join(format!("{}.key.asc", self.name))
    }

    /// Path of the committed certificate.
    pub fn certificate_path(&self) -> PathBuf {
        folder().join(format!("{}.cert.asc", self.name))
    }

    /// Fingerprint of the certificate, upper-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        self.primary.fingerprint().to_hex()
    }

    /// Fingerprint of the key that [`raw_sign`] uses by default.
    pub fn signing_fingerprint(&self) -> String {
        match self.signing_subkey() {
            Some(key) => key.fingerprint().to_hex(),
            None => self.fingerprint(),
        }
    }

    /// Its user ID.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    fn signing_subkey(&self) -> Option<&Key<SecretParts, SubordinateRole>> {
        self.subkeys.iter().find(|key| key.pk_algo().for_signing())
    }
}

fn unlocked<R: openpgp::packet::key::KeyRole>(key: Key<SecretParts, R>) -> Key<SecretParts, R> {
    if key.has_unencrypted_secret() {
        key
    } else {
        key.decrypt_secret(&PASSPHRASE.into())
            .expect("the passphrase of the protected test key")
    }
}

/// The certificates of these keys as one binary keyring (`signed-by=….gpg`).
pub fn keyring(names: &[&str]) -> Vec<u8> {
    names
        .iter()
        .flat_map(|name| load(name).certificate_binary())
        .collect()
}

/// The certificates of these keys, ready for a verifier.
pub fn certificates(names: &[&str]) -> pkgseal_openpgp::Certificates {
    pkgseal_openpgp::Certificates::new(names.iter().flat_map(|name| {
        let (certificates, errors) =
            pkgseal_openpgp::Certificate::parse_all(load(name).certificate());
        assert!(errors.is_empty(), "{name}: {errors:?}");
        certificates
    }))
}

/// pkgseal's own signer for this key at that time.
pub fn signer(name: &str, now: Timestamp) -> pkgseal_openpgp::Signer {
    pkgseal_openpgp::Signer::open(
        load(name).secret(),
        || Ok(PASSPHRASE.as_bytes().to_vec()),
        now,
    )
    .unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[cfg(test)]
mod tests;
