//! Several digests in one pass.

use std::io::{self, Write};

/// Digest algorithms that repositories list. Ordered weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestAlgorithm {
    /// RFC 1321.
    Md5,
    /// FIPS 180-4.
    Sha1,
    /// FIPS 180-4.
    Sha224,
    /// FIPS 180-4.
    Sha256,
    /// FIPS 202.
    Sha3_256,
    /// FIPS 180-4.
    Sha384,
    /// FIPS 180-4.
    Sha512,
}

impl DigestAlgorithm {
    /// Length of the digest in bytes.
    pub fn len(self) -> usize {
        unimplemented!()
    }

    /// Whether it binds a file today: SHA-256 or better.
    pub fn is_strong(self) -> bool {
        self >= Self::Sha256
    }

    /// The field's usual name: `MD5`, `SHA-1`, `SHA-256`…
    pub fn name(self) -> &'static str {
        unimplemented!()
    }
}

/// A set of digests of one file, at most one for each algorithm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests {}

impl Digests {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one from its hexadecimal form (either case).
    ///
    /// # Errors
    /// A sentence when it is no hexadecimal of the right length, or when another
    /// value stands for this algorithm already.
    pub fn insert_hex(&mut self, _algorithm: DigestAlgorithm, _hex: &str) -> Result<(), String> {
        unimplemented!()
    }

    /// Adds one from its bytes; as [`Digests::insert_hex`].
    ///
    /// # Errors
    /// As [`Digests::insert_hex`].
    pub fn insert(&mut self, _algorithm: DigestAlgorithm, _digest: &[u8]) -> Result<(), String> {
        unimplemented!()
    }

    /// The digest by this algorithm.
    pub fn get(&self, _algorithm: DigestAlgorithm) -> Option<&[u8]> {
        unimplemented!()
    }

    /// The digest in lower-case hexadecimal.
    pub fn hex(&self, _algorithm: DigestAlgorithm) -> Option<String> {
        unimplemented!()
    }

    /// Algorithms present, weakest first.
    pub fn algorithms(&self) -> impl Iterator<Item = DigestAlgorithm> + '_ {
        std::iter::empty()
    }

    /// The strongest algorithm present.
    pub fn strongest(&self) -> Option<DigestAlgorithm> {
        self.algorithms().last()
    }

    /// Compares every algorithm of `self` (expected) with `actual`: the first that
    /// differs, or `None` when all agree. An algorithm missing from `actual` differs.
    pub fn mismatch(&self, _actual: &Self) -> Option<DigestAlgorithm> {
        unimplemented!()
    }
}

/// Computes several digests in one pass; also counts the bytes.
pub struct MultiHasher {}

impl MultiHasher {
    /// A hasher for these algorithms; none is fine (it only counts).
    pub fn new(_algorithms: impl IntoIterator<Item = DigestAlgorithm>) -> Self {
        unimplemented!()
    }

    /// Feeds bytes.
    pub fn update(&mut self, _bytes: &[u8]) {
        unimplemented!()
    }

    /// Bytes fed so far.
    pub fn count(&self) -> u64 {
        unimplemented!()
    }

    /// The digests.
    pub fn finish(self) -> Digests {
        unimplemented!()
    }
}

impl Write for MultiHasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
