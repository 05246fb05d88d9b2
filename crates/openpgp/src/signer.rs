//! Making signatures.

use jiff::Timestamp;

use crate::{Certificate, Fingerprint, HashContext, Result};

/// Armored or binary output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Armor {
    /// `-----BEGIN PGP SIGNATURE-----`, lines of 64, with CRC for v4, no comments.
    Armored,
    /// Packets.
    Binary,
}

/// OpenPGP signature types for data (RFC 9580, 5.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureForm {
    /// 0x00, the bytes as they are.
    Binary,
    /// 0x01, line endings as CRLF.
    Text,
}

/// A certificate and a secret signing key of it, unlocked. Cheap to clone: one for each
/// thread. Signatures are reproducible where the algorithm allows (Ed25519, RSA): same
/// key, input and time give the same bytes.
#[derive(Clone)]
pub struct Signer {}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Signer {
    /// Opens a transferable secret key (armored or binary, one certificate) and picks the
    /// newest signing key that is alive at `now`: a subkey where there is one, else the
    /// primary. `passphrase` is asked only when that key is protected, and is zeroised.
    ///
    /// # Errors
    /// [`Error::Key`](crate::Error::Key): not a secret key, no signing key alive at `now`
    /// (says which and since when), passphrase wrong or missing.
    pub fn open(
        _key: &[u8],
        _passphrase: impl FnOnce() -> Result<Vec<u8>>,
        _now: Timestamp,
    ) -> Result<Self> {
        unimplemented!()
    }

    /// The public certificate, for self-verification and publishing.
    pub fn certificate(&self) -> &Certificate {
        unimplemented!()
    }

    /// Fingerprint of the (sub)key that signs.
    pub fn key(&self) -> Fingerprint {
        unimplemented!()
    }

    /// OpenPGP version of the signatures it makes (4, 6).
    pub fn version(&self) -> u8 {
        unimplemented!()
    }

    /// `RSA4096`, `Ed25519`…
    pub fn algorithm(&self) -> String {
        unimplemented!()
    }

    /// Whether signatures are RSA (an .rpm keeps those in another tag).
    pub fn is_rsa(&self) -> bool {
        unimplemented!()
    }

    /// Starts the hash for one signature (SHA-512 for ML-DSA and Ed448, SHA-384/512 for
    /// the larger NIST curves, else SHA-256); for v6 the salt is already in it.
    ///
    /// # Errors
    /// [`Error::Crypto`](crate::Error::Crypto).
    pub fn hash(&self) -> Result<HashContext> {
        unimplemented!()
    }

    /// Signs a finished hash that [`Signer::hash`] started: one binary packet.
    ///
    /// # Errors
    /// [`Error::Crypto`](crate::Error::Crypto).
    pub fn sign_hash(
        &self,
        _context: HashContext,
        _form: SignatureForm,
        _time: Timestamp,
    ) -> Result<Vec<u8>> {
        unimplemented!()
    }

    /// A detached binary-document signature over bytes by each signer, v4 before v6, in
    /// one block.
    ///
    /// # Errors
    /// [`Error::Crypto`](crate::Error::Crypto).
    pub fn detached(
        _signers: &[Self],
        _data: &[u8],
        _armor: Armor,
        _time: Timestamp,
    ) -> Result<Vec<u8>> {
        unimplemented!()
    }

    /// Puts packets made by [`Signer::sign_hash`] into one block, v4 before v6.
    ///
    /// # Errors
    /// [`Error::Crypto`](crate::Error::Crypto) when a packet is not a signature.
    pub fn block(_packets: Vec<Vec<u8>>, _armor: Armor) -> Result<Vec<u8>> {
        unimplemented!()
    }
}
