//! Several digests in one pass.

use std::io::{self, Write};

use sha2::digest::{Digest, DynDigest};

use crate::hex;

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
    /// All of them, weakest first.
    pub const ALL: [Self; 7] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha3_256,
        Self::Sha384,
        Self::Sha512,
    ];

    /// Length of the digest in bytes.
    #[expect(
        clippy::len_without_is_empty,
        reason = "the length of a digest, not of a collection"
    )]
    pub fn len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 | Self::Sha3_256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Whether it binds a file today: SHA-256 or better.
    pub fn is_strong(self) -> bool {
        self >= Self::Sha256
    }

    /// The field's usual name: `MD5`, `SHA-1`, `SHA-256`…
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha3_256 => "SHA3-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// Computes the digest of some bytes.
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finalize().into_vec()
    }

    /// Its bit in a set of algorithms.
    fn bit(self) -> u8 {
        1 << self as u8
    }

    fn hasher(self) -> Box<dyn DynDigest + Send> {
        match self {
            Self::Md5 => Box::new(md5::Md5::new()),
            Self::Sha1 => Box::new(sha1::Sha1::new()),
            Self::Sha224 => Box::new(sha2::Sha224::new()),
            Self::Sha256 => Box::new(sha2::Sha256::new()),
            Self::Sha3_256 => Box::new(sha3::Sha3_256::new()),
            Self::Sha384 => Box::new(sha2::Sha384::new()),
            Self::Sha512 => Box::new(sha2::Sha512::new()),
        }
    }
}

impl std::fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of digests of one file, at most one for each algorithm.
///
/// One allocation: a repository has millions of these.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Digests {
    /// Which algorithms, one bit each.
    present: u8,
    /// Their digests one after the other, weakest first.
    bytes: Box<[u8]>,
}

impl Digests {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.present == 0
    }

    /// Adds one from its hexadecimal form (either case).
    ///
    /// # Errors
    /// A sentence when it is no hexadecimal of the right length, or when another
    /// value stands for this algorithm already.
    pub fn insert_hex(&mut self, algorithm: DigestAlgorithm, text: &str) -> Result<(), String> {
        let digest = hex::decode(text)
            .filter(|digest| digest.len() == algorithm.len())
            .ok_or_else(|| {
                format!(
                    "the {algorithm} digest is not {} hexadecimal digits",
                    algorithm.len() * 2
                )
            })?;
        self.insert(algorithm, &digest)
    }

    /// Adds one from its bytes; as [`Digests::insert_hex`].
    ///
    /// # Errors
    /// As [`Digests::insert_hex`].
    pub fn insert(&mut self, algorithm: DigestAlgorithm, digest: &[u8]) -> Result<(), String> {
        if digest.len() != algorithm.len() {
            return Err(format!(
                "the {algorithm} digest is {} bytes long, not {}",
                digest.len(),
                algorithm.len()
            ));
        }
        match self.get(algorithm) {
            Some(present) if present == digest => Ok(()),
            Some(present) => Err(format!(
                "two {algorithm} digests are given: {} and {}",
                hex::encode(present),
                hex::encode(digest)
            )),
            None => {
                let (before, after) = self.bytes.split_at(self.offset(algorithm));
                self.bytes = [before, digest, after].concat().into();
                self.present |= algorithm.bit();
                Ok(())
            }
        }
    }

    /// The digest by this algorithm.
    pub fn get(&self, algorithm: DigestAlgorithm) -> Option<&[u8]> {
        if self.present & algorithm.bit() == 0 {
            return None;
        }
        let start = self.offset(algorithm);
        self.bytes.get(start..start + algorithm.len())
    }

    /// The digest in lower-case hexadecimal.
    pub fn hex(&self, algorithm: DigestAlgorithm) -> Option<String> {
        self.get(algorithm).map(hex::encode)
    }

    /// Algorithms present, weakest first.
    pub fn algorithms(&self) -> impl Iterator<Item = DigestAlgorithm> + '_ {
        DigestAlgorithm::ALL
            .into_iter()
            .filter(|algorithm| self.present & algorithm.bit() != 0)
    }

    /// The strongest algorithm present.
    pub fn strongest(&self) -> Option<DigestAlgorithm> {
        self.algorithms().last()
    }

    /// Compares every algorithm of `self` (expected) with `actual`: the first that
    /// differs, or `None` when all agree. An algorithm missing from `actual` differs.
    pub fn mismatch(&self, actual: &Self) -> Option<DigestAlgorithm> {
        self.algorithms()
            .find(|&algorithm| self.get(algorithm) != actual.get(algorithm))
    }

    /// Those of them that are by one of these algorithms.
    #[must_use]
    pub fn only(&self, algorithms: &[DigestAlgorithm]) -> Self {
        let mut some = Self::new();
        let wanted = self.algorithms().filter(|known| algorithms.contains(known));
        for algorithm in wanted {
            if let Some(digest) = self.get(algorithm) {
                // Of its algorithm's length, and the first of it.
                let _ = some.insert(algorithm, digest);
            }
        }
        some
    }

    /// Takes over what `other` has.
    ///
    /// # Errors
    /// As [`Digests::insert_hex`], when the two contradict each other.
    pub fn merge(&mut self, other: &Self) -> Result<(), String> {
        for algorithm in other.algorithms() {
            if let Some(digest) = other.get(algorithm) {
                self.insert(algorithm, digest)?;
            }
        }
        Ok(())
    }

    /// Where an algorithm's digest starts, or would start.
    fn offset(&self, algorithm: DigestAlgorithm) -> usize {
        self.algorithms()
            .take_while(|&weaker| weaker < algorithm)
            .map(DigestAlgorithm::len)
            .sum()
    }
}

impl std::fmt::Debug for Digests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map()
            .entries(self.algorithms().map(|a| (a.name(), self.hex(a))))
            .finish()
    }
}

/// Computes several digests in one pass; also counts the bytes.
pub struct MultiHasher {
    hashers: Vec<(DigestAlgorithm, Box<dyn DynDigest + Send>)>,
    count: u64,
}

impl MultiHasher {
    /// A hasher for these algorithms; none is fine (it only counts).
    pub fn new(algorithms: impl IntoIterator<Item = DigestAlgorithm>) -> Self {
        let mut algorithms: Vec<_> = algorithms.into_iter().collect();
        algorithms.sort_unstable();
        algorithms.dedup();
        Self {
            hashers: algorithms.into_iter().map(|a| (a, a.hasher())).collect(),
            count: 0,
        }
    }

    /// Feeds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        // Each piece goes through every hash while it is in the nearest cache.
        for piece in bytes.chunks(32 << 10) {
            for (_, hasher) in &mut self.hashers {
                hasher.update(piece);
            }
        }
        self.count += bytes.len() as u64;
    }

    /// Bytes fed so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The digests.
    pub fn finish(self) -> Digests {
        let mut digests = Digests::new();
        let mut bytes = Vec::new();
        for (algorithm, hasher) in self.hashers {
            digests.present |= algorithm.bit();
            bytes.extend_from_slice(&hasher.finalize());
        }
        digests.bytes = bytes.into();
        digests
    }
}

impl std::fmt::Debug for MultiHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MultiHasher")
            .field("count", &self.count)
            .finish_non_exhaustive()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// FIPS 180-4, FIPS 202 and RFC 1321 examples for "abc".
    const ABC: [(DigestAlgorithm, &str); 7] = [
        (DigestAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
        (
            DigestAlgorithm::Sha1,
            "a9993e364706816aba3e25717850c26c9cd0d89d",
        ),
        (
            DigestAlgorithm::Sha224,
            "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
        ),
        (
            DigestAlgorithm::Sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            DigestAlgorithm::Sha3_256,
            "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
        ),
        (
            DigestAlgorithm::Sha384,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            DigestAlgorithm::Sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ];

    #[test]
    fn every_algorithm_gives_its_published_value() {
        let mut hasher = MultiHasher::new(DigestAlgorithm::ALL);
        hasher.update(b"a");
        hasher.update(b"bc");
        assert_eq!(hasher.count(), 3);
        let digests = hasher.finish();
        for (algorithm, hex) in ABC {
            assert_eq!(digests.hex(algorithm).as_deref(), Some(hex), "{algorithm}");
        }
        for (algorithm, text) in ABC {
            assert_eq!(hex::encode(&algorithm.digest(b"abc")), text, "{algorithm}");
        }
        assert_eq!(digests.strongest(), Some(DigestAlgorithm::Sha512));
    }

    #[test]
    fn digests_are_kept_apart_in_any_order() {
        let mut forward = Digests::new();
        let mut backward = Digests::new();
        for (algorithm, hex) in ABC {
            forward.insert_hex(algorithm, hex).unwrap();
        }
        for (algorithm, hex) in ABC.iter().rev() {
            backward
                .insert_hex(*algorithm, &hex.to_uppercase())
                .unwrap();
        }
        assert_eq!(forward, backward);
        for (algorithm, hex) in ABC {
            assert_eq!(backward.hex(algorithm).as_deref(), Some(hex));
        }
    }

    #[test]
    fn malformed_digests_are_refused() {
        for (algorithm, hex) in ABC {
            let mut digests = Digests::new();
            for wrong in [
                "",
                &hex[1..],
                &hex[2..],
                &format!("{hex}00"),
                &format!(" {}", &hex[1..]),
                &format!("+{}", &hex[1..]),
                &format!("g{}", &hex[1..]),
                &format!("é{}", &hex[2..]),
            ] {
                assert!(digests.insert_hex(algorithm, wrong).is_err(), "{wrong:?}");
            }
            assert!(digests.insert(algorithm, b"abc").is_err());
            assert!(digests.is_empty());
        }
    }

    #[test]
    fn a_second_value_is_refused_and_the_same_one_is_not() {
        let mut digests = Digests::new();
        let (algorithm, hex) = ABC[3];
        digests.insert_hex(algorithm, hex).unwrap();
        digests.insert_hex(algorithm, hex).unwrap();
        let error = digests.insert_hex(algorithm, &"0".repeat(64)).unwrap_err();
        assert!(error.contains("two SHA-256 digests"), "{error}");
        let mut other = Digests::new();
        other.insert_hex(algorithm, &"1".repeat(64)).unwrap();
        assert!(digests.merge(&other).is_err());
    }

    #[test]
    fn a_missing_or_different_digest_is_a_mismatch() {
        let mut expected = Digests::new();
        expected.insert_hex(ABC[0].0, ABC[0].1).unwrap();
        expected.insert_hex(ABC[3].0, ABC[3].1).unwrap();
        let mut hasher = MultiHasher::new(expected.algorithms());
        hasher.update(b"abc");
        assert_eq!(expected.mismatch(&hasher.finish()), None);
        let mut hasher = MultiHasher::new([DigestAlgorithm::Md5]);
        hasher.update(b"abc");
        assert_eq!(
            expected.mismatch(&hasher.finish()),
            Some(DigestAlgorithm::Sha256)
        );
        assert_eq!(
            expected.mismatch(&MultiHasher::new([]).finish()),
            Some(DigestAlgorithm::Md5)
        );
    }

    #[test]
    fn only_sha256_and_better_is_strong() {
        let strong: Vec<_> = DigestAlgorithm::ALL
            .into_iter()
            .filter(|a| a.is_strong())
            .map(DigestAlgorithm::name)
            .collect();
        assert_eq!(strong, ["SHA-256", "SHA3-256", "SHA-384", "SHA-512"]);
    }

    proptest! {
        #[test]
        fn hexadecimal_survives_the_round_trip(bytes in any::<[u8; 32]>()) {
            let mut digests = Digests::new();
            digests.insert(DigestAlgorithm::Sha256, &bytes).unwrap();
            let hex = digests.hex(DigestAlgorithm::Sha256).unwrap();
            let mut again = Digests::new();
            again.insert_hex(DigestAlgorithm::Sha256, &hex).unwrap();
            prop_assert_eq!(digests, again);
        }

        #[test]
        fn any_split_gives_the_same_digests(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..300) {
            let cut = cut.min(bytes.len());
            let mut whole = MultiHasher::new(DigestAlgorithm::ALL);
            whole.update(&bytes);
            let mut parts = MultiHasher::new(DigestAlgorithm::ALL);
            parts.update(&bytes[..cut]);
            parts.update(&bytes[cut..]);
            prop_assert_eq!(whole.finish(), parts.finish());
        }
    }
}
