//! The header of a zchunk file, as far as `repomd.xml` says something about it.
//!
//! The lead is the five bytes of the ID, the type of the checksums, the size of what
//! follows the lead, and the checksum of the header without these bytes of itself. Numbers
//! are written seven bits a byte, the lowest first, and the last one has its top bit set.

use pkgseal_repo::{DigestAlgorithm, Finding, MultiHasher};

use super::repomd::Data;
use crate::codes;

const ID: &[u8; 5] = b"\0ZCK1";

/// Bytes of a header that are looked at; an index of some 100,000 chunks is shorter.
pub(super) const MAX_HEADER: u64 = 32 << 20;

/// Compares the first `header-size` bytes of a file with what the list says of them.
pub(super) fn compare(head: &[u8], data: &Data) -> Option<Finding> {
    let subject = data.location.as_str();
    let reject = |detail: String| Some(Finding::reject(codes::ZCHUNK_HEADER, subject, detail));
    let header = match Header::parse(head) {
        Ok(header) => header,
        Err(reason) => return reject(reason),
    };
    if let Some(size) = data.header_size
        && size != header.length
    {
        return reject(format!(
            "its header is {} bytes long, the list says {size}",
            header.length
        ));
    }
    let Some(bytes) = usize::try_from(header.length)
        .ok()
        .and_then(|length| head.get(..length))
    else {
        return reject("the file ends inside its header".to_owned());
    };
    let (before, rest) = bytes.split_at_checked(header.checksum_at)?;
    let (stored, after) = rest.split_at_checked(header.checksum_length)?;
    let mut hasher = MultiHasher::new([header.algorithm]);
    hasher.update(before);
    hasher.update(after);
    let digests = hasher.finish();
    let actual = digests.get(header.algorithm)?;
    if actual.get(..header.checksum_length) != Some(stored) {
        return reject("its header is not what the checksum in it says".to_owned());
    }
    let expected = data.header_checksum.as_ref()?;
    match expected.get(header.algorithm) {
        Some(listed) if listed.get(..header.checksum_length) == Some(stored) => None,
        _ => reject(format!(
            "the {} of its header is not the listed one",
            header.algorithm
        )),
    }
}

struct Header {
    algorithm: DigestAlgorithm,
    checksum_at: usize,
    checksum_length: usize,
    /// Lead and header.
    length: u64,
}

impl Header {
    fn parse(head: &[u8]) -> Result<Self, String> {
        let short = || "the file ends inside its lead".to_owned();
        let rest = head
            .strip_prefix(ID)
            .ok_or("the file does not begin like a zchunk file")?;
        let (kind, rest) = number(rest).ok_or_else(short)?;
        let (size, rest) = number(rest).ok_or_else(short)?;
        // The last one is the first half of its long sister.
        let (algorithm, checksum_length) = match kind {
            0 => (DigestAlgorithm::Sha1, 20),
            1 => (DigestAlgorithm::Sha256, 32),
            2 => (DigestAlgorithm::Sha512, 64),
            3 => (DigestAlgorithm::Sha512, 16),
            other => return Err(format!("its checksums are of the unknown type {other}")),
        };
        let checksum_at = head.len() - rest.len();
        let length = (checksum_at as u64)
            .checked_add(checksum_length as u64)
            .and_then(|lead| lead.checked_add(size))
            .ok_or("its header has an impossible size")?;
        Ok(Self {
            algorithm,
            checksum_at,
            checksum_length,
            length,
        })
    }
}

/// A number of at most 64 bits, and what follows it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 != 0 {
            return Some((value, bytes.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use pkgseal_repo::{Digests, SafePath};

    use super::*;

    /// A header as zck writes it, with nothing in it but two bytes.
    fn header(kind: u8, size: u8) -> Vec<u8> {
        let algorithm = [DigestAlgorithm::Sha1, DigestAlgorithm::Sha256][usize::from(kind)];
        let lead = [ID.as_slice(), &[0x80 | kind, 0x80 | size]].concat();
        let mut hasher = MultiHasher::new([algorithm]);
        hasher.update(&lead);
        hasher.update(b"xy");
        let digests = hasher.finish();
        [
            lead,
            digests.get(algorithm).unwrap().to_vec(),
            b"xy".to_vec(),
        ]
        .concat()
    }

    fn data(header: &[u8], kind: u8) -> Data {
        let algorithm = [DigestAlgorithm::Sha1, DigestAlgorithm::Sha256][usize::from(kind)];
        let mut checksum = Digests::new();
        checksum
            .insert(algorithm, &header[7..7 + algorithm.len()])
            .unwrap();
        Data {
            kind: "primary_zck".into(),
            location: SafePath::new("repodata/primary.xml.zck").unwrap(),
            checksum: Digests::new(),
            size: None,
            open_checksum: None,
            open_size: None,
            header_checksum: Some(checksum),
            header_size: Some(header.len() as u64),
            timestamp: None,
        }
    }

    #[test]
    fn good_headers_are_accepted() {
        for kind in [0, 1] {
            let header = header(kind, 2);
            let listed = data(&header, kind);
            assert_eq!(compare(&header, &listed), None);
            let unsaid = Data {
                header_checksum: None,
                header_size: None,
                ..listed
            };
            assert_eq!(compare(&header, &unsaid), None);
        }
    }

    #[test]
    fn every_changed_byte_is_found() {
        let good = header(1, 2);
        let listed = data(&good, 1);
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(compare(&bad, &listed).is_some(), "byte {at}");
        }
        for length in 0..good.len() {
            assert!(
                compare(&good[..length], &listed).is_some(),
                "cut at {length}"
            );
        }
    }

    #[test]
    fn other_headers_than_the_listed_are_refused() {
        let good = header(1, 2);
        let mut listed = data(&good, 1);
        listed.header_size = Some(40);
        assert!(compare(&good, &listed).is_some());
        // Whole in itself, but not the one that is meant.
        let other = data(&header(0, 2), 0);
        let other = Data {
            header_size: Some(good.len() as u64),
            ..other
        };
        assert!(compare(&good, &other).is_some());
        for head in [
            &b"\0ZCK1"[..],
            b"\0ZCK1\x84\x82",
            b"\0ZHR1\x81\x82",
            b"\0ZCK1\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01",
        ] {
            assert!(compare(head, &listed).is_some(), "{head:?}");
        }
        let huge = b"\0ZCK1\x81\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\xff";
        assert!(compare(huge, &listed).is_some());
    }
}
