//! Certificates: public, identified by full fingerprint.

use jiff::Timestamp;
use pkgseal_repo::Finding;

use crate::{KeyState, Profile};

/// A full fingerprint: 40 (v4) or 64 (v6) upper-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(Box<str>);

impl Fingerprint {
    /// Accepts 40 or 64 hexadecimal digits, spaces and a leading `0x` ignored. A key ID
    /// is refused: it identifies nobody.
    pub fn parse(_text: &str) -> Option<Self> {
        unimplemented!()
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A certificate (public parts only), or what is left of one after its secret key was
/// taken out. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Certificate {}

/// One part of an input that holds no usable certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateError {
    /// Which one of the input, from 0.
    pub index: usize,
    /// Its fingerprint where that much could be read.
    pub fingerprint: Option<Fingerprint>,
    /// Why it is refused.
    pub reason: String,
}

/// Facts of one (sub)key at a moment, under a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Whether it is the primary key.
    pub primary: bool,
    /// `RSA4096`, `Ed25519`…
    pub algorithm: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it expires, the certificate's own expiry included.
    pub expires: Option<Timestamp>,
    /// `certify`, `sign`, `encrypt`, `authenticate`.
    pub capabilities: Vec<&'static str>,
    /// Its state then, for signing.
    pub state: KeyState,
}

/// Facts of one user ID at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserIdFacts {
    /// Raw text, lossily decoded.
    pub text: String,
    /// Whether it is the primary one.
    pub primary: bool,
    /// Whether it is revoked.
    pub revoked: bool,
    /// Digest algorithm of its newest self-signature.
    pub self_signature_digest: Option<String>,
}

impl Certificate {
    /// Reads every certificate of a file: binary or armored, several armored blocks, text
    /// between blocks. Secret key material is dropped. What cannot be used comes back as
    /// errors; an input without any OpenPGP data gives one error.
    pub fn parse_all(_bytes: &[u8]) -> (Vec<Self>, Vec<CertificateError>) {
        unimplemented!()
    }

    /// Its fingerprint (the primary key's).
    pub fn fingerprint(&self) -> Fingerprint {
        unimplemented!()
    }

    /// OpenPGP version of its primary key (4, 6).
    pub fn version(&self) -> u8 {
        unimplemented!()
    }

    /// Its primary user ID, lossily decoded; raw.
    pub fn user_id(&self) -> Option<String> {
        unimplemented!()
    }

    /// Its user IDs.
    pub fn user_ids(&self, _now: Timestamp) -> Vec<UserIdFacts> {
        unimplemented!()
    }

    /// Its keys, the primary first.
    pub fn keys(&self, _profile: &Profile, _now: Timestamp) -> Vec<KeyFacts> {
        unimplemented!()
    }

    /// What is wrong with it: weak self-signatures, no signing key, no expiry, no user ID.
    pub fn lint(&self, _profile: &Profile, _now: Timestamp) -> Vec<Finding> {
        unimplemented!()
    }

    /// Transferable public key, binary (RFC 9580, 10.1).
    pub fn to_binary(&self) -> Vec<u8> {
        unimplemented!()
    }

    /// Transferable public key, armored; no comments.
    pub fn to_armored(&self) -> Vec<u8> {
        unimplemented!()
    }

    /// Takes over packets of another copy of the same certificate.
    ///
    /// # Errors
    /// When the fingerprints differ.
    pub fn merge(self, _other: Self) -> crate::Result<Self> {
        unimplemented!()
    }
}

/// Certificates by fingerprint and by the keys in them. Cheap to clone and to share.
#[derive(Clone, Debug, Default)]
pub struct Certificates {}

impl Certificates {
    /// Collects; copies of the same certificate are merged.
    pub fn new(_certificates: impl IntoIterator<Item = Certificate>) -> Self {
        unimplemented!()
    }

    /// How many.
    pub fn len(&self) -> usize {
        unimplemented!()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All, in order of fingerprint.
    pub fn iter(&self) -> impl Iterator<Item = &Certificate> + '_ {
        std::iter::empty()
    }

    /// The certificate with this primary fingerprint.
    pub fn get(&self, _fingerprint: &Fingerprint) -> Option<&Certificate> {
        unimplemented!()
    }

    /// Only the named ones.
    #[must_use]
    pub fn only(&self, _fingerprints: &[Fingerprint]) -> Self {
        unimplemented!()
    }
}
