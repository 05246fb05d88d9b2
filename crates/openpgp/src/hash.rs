//! Hash contexts: one read of a file serves its checksum and its signature.

use std::io::{self, Write};

use openpgp::crypto::hash::Context;
use openpgp::types::HashAlgorithm;
use pkgseal_repo::DigestAlgorithm;
use sequoia_openpgp as openpgp;

use crate::Result;
use crate::error::crypto;

/// One running hash, of the right kind for one signature (the salt of a v6 signature is
/// already in it). Cheap to clone; see [`HashContext::plain`].
#[derive(Clone)]
pub struct HashContext {
    context: Context,
    /// Set for v6 signatures only, and hashed already.
    salt: Option<Vec<u8>>,
}

impl std::fmt::Debug for HashContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HashContext")
            .field("algorithm", &self.context.algo())
            .field("salted", &self.salt.is_some())
            .finish_non_exhaustive()
    }
}

impl HashContext {
    /// Starts a hash for a v4 signature.
    pub(crate) fn unsalted(algorithm: HashAlgorithm) -> Result<Self> {
        let context = algorithm.context().map_err(crypto("starting a hash"))?;
        Ok(Self {
            context: context.for_signature(4),
            salt: None,
        })
    }

    /// Starts a hash for a v6 signature with a fresh random salt (RFC 9580, 5.2.4).
    pub(crate) fn salted(algorithm: HashAlgorithm) -> Result<Self> {
        let mut salt = vec![0; algorithm.salt_size().map_err(crypto("choosing a salt"))?];
        openpgp::crypto::random(&mut salt).map_err(crypto("choosing a salt"))?;
        let context = algorithm.context().map_err(crypto("starting a hash"))?;
        let mut context = context.for_signature(6);
        context.update(&salt);
        Ok(Self {
            context,
            salt: Some(salt),
        })
    }

    /// The digest of the bytes fed so far, and its algorithm, where this hash serves as a
    /// plain checksum too. `None` for a salted (v6) one.
    pub fn plain(&self) -> Option<(DigestAlgorithm, Vec<u8>)> {
        if self.salt.is_some() {
            return None;
        }
        let algorithm = match self.context.algo() {
            HashAlgorithm::SHA256 => DigestAlgorithm::Sha256,
            HashAlgorithm::SHA384 => DigestAlgorithm::Sha384,
            HashAlgorithm::SHA512 => DigestAlgorithm::Sha512,
            _ => return None,
        };
        let digest = self.context.clone().into_digest().ok()?;
        Some((algorithm, digest))
    }

    /// Feeds bytes; as [`Write`], but cannot fail.
    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    pub(crate) fn algorithm(&self) -> HashAlgorithm {
        self.context.algo()
    }

    /// Version of the signatures it is for.
    pub(crate) fn version(&self) -> u8 {
        if self.salt.is_some() { 6 } else { 4 }
    }

    /// The context itself, for what is not bytes.
    pub(crate) fn inner_mut(&mut self) -> &mut Context {
        &mut self.context
    }

    pub(crate) fn into_parts(self) -> (Context, Option<Vec<u8>>) {
        (self.context, self.salt)
    }
}

impl Write for HashContext {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.context.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_v4_hash_is_a_plain_checksum_too() {
        let mut context = HashContext::unsalted(HashAlgorithm::SHA256).unwrap();
        context.write_all(b"abc").unwrap();
        let (algorithm, digest) = context.plain().unwrap();
        assert_eq!(algorithm, DigestAlgorithm::Sha256);
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
        context.write_all(b"def").unwrap();
        assert_ne!(
            context.plain().unwrap().1,
            digest,
            "it goes on after a look"
        );
    }

    #[test]
    fn a_salted_hash_is_no_checksum() {
        let context = HashContext::salted(HashAlgorithm::SHA512).unwrap();
        assert_eq!(context.plain(), None);
        assert_eq!(context.salt.as_ref().map(Vec::len), Some(32));
        let other = HashContext::salted(HashAlgorithm::SHA512).unwrap();
        assert_ne!(context.salt, other.salt);
    }

    #[test]
    fn an_algorithm_without_salt_size_is_refused() {
        assert!(HashContext::salted(HashAlgorithm::SHA1).is_err());
    }
}
