//! State of ours on the disk: fields with their lengths, and a digest over all of them.

use crate::{DigestAlgorithm, Digests};

/// Bytes of the digest at the end.
const DIGEST: usize = 32;

/// Writes fields of state that a later run reads.
#[derive(Debug)]
pub struct Encoder(Vec<u8>);

impl Encoder {
    /// `title` names the kind of state and its version.
    pub fn new(title: &str) -> Self {
        let mut encoder = Self(Vec::new());
        encoder.text(title);
        encoder
    }

    /// A number.
    pub fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    /// A number that may be negative.
    pub fn signed(&mut self, number: i64) {
        self.0.extend(number.to_le_bytes());
    }

    /// Bytes, with their number.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// Text, with its length.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Digests, by the names of their algorithms.
    pub fn digests(&mut self, digests: &Digests) {
        self.number(digests.algorithms().count() as u64);
        for algorithm in digests.algorithms() {
            self.text(algorithm.name());
            self.bytes(digests.get(algorithm).unwrap_or_default());
        }
    }

    /// What goes to the disk.
    pub fn close(mut self) -> Vec<u8> {
        let digest = DigestAlgorithm::Sha256.digest(&self.0);
        self.0.extend(digest);
        self.0
    }

    /// The digest of the fields, for comparing.
    pub fn fingerprint(&self) -> Vec<u8> {
        DigestAlgorithm::Sha256.digest(&self.0)
    }
}

/// Reads fields; `None` from any of them means that the state is not what was written.
#[derive(Debug)]
pub struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    /// Checks the digest and the title.
    pub fn open(state: &'a [u8], title: &str) -> Option<Self> {
        let (fields, digest) = state.split_at_checked(state.len().checked_sub(DIGEST)?)?;
        if DigestAlgorithm::Sha256.digest(fields) != digest {
            return None;
        }
        let mut decoder = Self(fields);
        (decoder.text()? == title).then_some(decoder)
    }

    /// Whether all fields were read.
    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn eight(&mut self) -> Option<[u8; 8]> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*number)
    }

    /// See [`Encoder::number`].
    pub fn number(&mut self) -> Option<u64> {
        self.eight().map(u64::from_le_bytes)
    }

    /// See [`Encoder::signed`].
    pub fn signed(&mut self) -> Option<i64> {
        self.eight().map(i64::from_le_bytes)
    }

    /// See [`Encoder::bytes`].
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// See [`Encoder::text`].
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// See [`Encoder::digests`].
    pub fn digests(&mut self) -> Option<Digests> {
        let mut digests = Digests::new();
        for _ in 0..self.number()? {
            let name = self.text()?;
            let algorithm = DigestAlgorithm::ALL
                .into_iter()
                .find(|algorithm| algorithm.name() == name)?;
            digests.insert(algorithm, self.bytes()?).ok()?;
        }
        Some(digests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MultiHasher;

    fn state() -> Vec<u8> {
        let mut hasher = MultiHasher::new([DigestAlgorithm::Md5, DigestAlgorithm::Sha256]);
        hasher.update(b"abc");
        let mut encoder = Encoder::new("test 1");
        encoder.number(7);
        encoder.signed(-7);
        encoder.text("ä");
        encoder.digests(&hasher.finish());
        encoder.close()
    }

    #[test]
    fn what_was_written_is_read() {
        let state = state();
        let mut decoder = Decoder::open(&state, "test 1").unwrap();
        assert_eq!(decoder.number(), Some(7));
        assert_eq!(decoder.signed(), Some(-7));
        assert_eq!(decoder.text(), Some("ä"));
        let digests = decoder.digests().unwrap();
        assert_eq!(
            digests.hex(DigestAlgorithm::Md5).unwrap(),
            "900150983cd24fb0d6963f7d28e17f72"
        );
        assert!(decoder.is_at_end());
        assert_eq!(decoder.number(), None);
    }

    #[test]
    fn damage_and_other_versions_are_seen() {
        let state = state();
        assert!(Decoder::open(&state, "test 2").is_none());
        assert!(Decoder::open(b"", "test 1").is_none());
        for at in 0..state.len() {
            let mut damaged = state.clone();
            damaged[at] ^= 1;
            assert!(Decoder::open(&damaged, "test 1").is_none(), "{at}");
            assert!(Decoder::open(&state[..at], "test 1").is_none(), "{at}");
        }
    }

    #[test]
    fn lengths_that_lie_are_no_allocation() {
        let mut encoder = Encoder::new("test 1");
        encoder.number(u64::MAX);
        let state = encoder.close();
        let mut decoder = Decoder::open(&state, "test 1").unwrap();
        assert_eq!(decoder.bytes(), None);
    }
}
