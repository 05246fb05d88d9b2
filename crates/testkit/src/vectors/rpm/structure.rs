//! What the strict form forbids, and what is no package at all.

use super::{Case, good_parts, judged, parts, signature};
use crate::build::Digest;
use crate::build::rpm::{Parts, Tag, signature_header, tag};

pub(super) fn cases() -> Vec<Case> {
    let good = good_parts();
    let bytes = good.build();
    let packet = good.get(tag::DSA).unwrap().clone();
    let header_at = bytes.len() - good.payload.len() - good.header.len();
    let entries = |change: &dyn Fn(&mut Vec<Tag>)| {
        let mut parts = good.clone();
        change(&mut parts.signature);
        parts.build()
    };
    let poke = |at: usize, with: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    };
    let lead = |at: usize, with: &[u8]| poke(at, with);
    let mut padded = good.clone();
    // Make the signature header end off a multiple of 8, so that there is padding.
    while bytes_of_signature(&padded).is_multiple_of(8) {
        let reserve = padded.get(tag::RESERVEDSPACE).unwrap().data.len() - 1;
        padded = padded.with(Tag::binary(tag::RESERVEDSPACE, &vec![0; reserve]));
    }
    let mut padding = padded.build();
    let at = 96 + bytes_of_signature(&padded);
    padding[at] = 1;
    judged(vec![
        (
            "duplicate-tag",
            "rpm.signature-header.duplicate-tag",
            "the tag DSA stands twice; rpm takes the first",
            entries(&|tags| {
                let at = tags.iter().position(|entry| entry.tag == tag::DSA).unwrap();
                tags.insert(at, Tag::binary(tag::DSA, b"other"));
            }),
        ),
        (
            "unknown-tag",
            "rpm.signature-header.unknown-tag",
            "a tag the signature header does not know",
            entries(&|tags| tags.push(Tag::string(1100, "hello"))),
        ),
        (
            "unsorted-tags",
            "rpm.signature-header.unsorted",
            "tags out of order",
            entries(&|tags| tags.reverse()),
        ),
        (
            "reserve-not-zero",
            "rpm.signature-header.reserve",
            "data hidden in the reserve, which nothing covers",
            entries(&|tags| {
                let reserve = tags
                    .iter_mut()
                    .find(|entry| entry.tag == tag::RESERVEDSPACE)
                    .unwrap();
                reserve.data[3] = 7;
            }),
        ),
        (
            "padding-not-zero",
            "rpm.signature-header.padding",
            "data hidden in the padding after the signature header",
            padding,
        ),
        (
            "wrong-type",
            "rpm.signature-header.tag-type",
            "the tag SHA256 is no string",
            entries(&|tags| {
                tags.iter_mut()
                    .find(|entry| entry.tag == tag::SHA256)
                    .unwrap()
                    .kind = 7;
            }),
        ),
        (
            "size-wrong",
            "rpm.size-mismatch",
            "the tag SIZE lies",
            good.clone()
                .with(Tag {
                    tag: tag::SIZE,
                    kind: 4,
                    count: 1,
                    data: vec![0, 0, 0, 9],
                })
                .build(),
        ),
        (
            "lead-name-changed",
            "rpm.lead.not-canonical",
            "the lead names another package; nothing covers it",
            lead(10, b"evil"),
        ),
        (
            "lead-type-changed",
            "rpm.lead.not-canonical",
            "the lead says it is a source package",
            lead(7, &[1]),
        ),
        (
            "lead-magic-wrong",
            "rpm.not-a-package",
            "not the magic number of a package",
            lead(0, b"\0"),
        ),
        (
            "lead-only",
            "rpm.truncated",
            "the file ends after its lead",
            bytes[..96].to_vec(),
        ),
        (
            "signature-header-magic-wrong",
            "rpm.header.malformed",
            "no header after the lead",
            poke(96, b"\0"),
        ),
        (
            "index-count-huge",
            "rpm.header.malformed",
            "the signature header claims 2^32 - 1 entries",
            poke(104, &[255; 4]),
        ),
        (
            "index-count-wraps",
            "rpm.header.malformed",
            "sixteen times the entries wraps around",
            poke(104, &[0x10, 0, 0, 1]),
        ),
        (
            "data-size-huge",
            "rpm.header.malformed",
            "the signature header claims 4 GiB of data",
            poke(108, &[0xff, 0xff, 0xff, 0xf0]),
        ),
        (
            "region-missing",
            "rpm.header.region",
            "the first entry is not the region",
            poke(112, &[0, 0, 0, 9]),
        ),
        (
            "region-trailer-wrong",
            "rpm.header.region",
            "the region's trailer says another size",
            {
                let at = 96 + bytes_of_signature(&good) - 8;
                poke(at, &[0xff, 0xff, 0xff, 0x00])
            },
        ),
        (
            "entry-offset-outside",
            "rpm.header.malformed",
            "an entry points outside the data",
            poke(112 + 16 + 8, &[0x7f, 0xff, 0xff, 0xff]),
        ),
        (
            "entry-offset-negative",
            "rpm.header.malformed",
            "an entry points before the data",
            poke(112 + 16 + 8, &[0xff, 0xff, 0xff, 0xff]),
        ),
        (
            "entry-count-huge",
            "rpm.header.malformed",
            "an entry claims 2^32 - 1 values",
            poke(112 + 16 + 12, &[255; 4]),
        ),
        (
            "main-header-magic-wrong",
            "rpm.header.malformed",
            "no main header after the signature header",
            poke(header_at, b"\0"),
        ),
        (
            "main-header-count-huge",
            "rpm.header.malformed",
            "the main header claims 2^32 - 1 entries",
            poke(header_at + 8, &[255; 4]),
        ),
        (
            "cut-in-signature-header",
            "rpm.truncated",
            "the file ends inside the signature header",
            bytes[..120].to_vec(),
        ),
        (
            "cut-in-main-header",
            "rpm.truncated",
            "the file ends inside the main header",
            bytes[..header_at + 50].to_vec(),
        ),
        (
            "signature-tag-in-main-header",
            "rpm.header.signature-tag",
            "the main header holds a signature's tag",
            {
                let mut parts = parts();
                // The first entry after the region: its tag becomes 269.
                parts.header[32..36].copy_from_slice(&269u32.to_be_bytes());
                let packet = signature(&super::good(), &parts);
                let (sha256, sha1) = (
                    Digest::Sha256.hex(&parts.header),
                    Digest::Sha1.hex(&parts.header),
                );
                parts
                    .with(Tag::binary(tag::DSA, &packet))
                    .with(Tag::string(tag::SHA256, &sha256))
                    .with(Tag::string(tag::SHA1, &sha1))
                    .without(tag::MD5)
                    .build()
            },
        ),
        (
            "dsa-tag-empty",
            "rpm.header.malformed",
            "an empty binary value",
            {
                let mut parts = good.clone();
                parts.signature.retain(|entry| entry.tag != packet.tag);
                parts.with(Tag::binary(tag::DSA, b"")).build()
            },
        ),
    ])
    .into_iter()
    .map(|case| case.pinned("rpm"))
    .collect()
}

fn bytes_of_signature(parts: &Parts) -> usize {
    signature_header(&parts.signature).len()
}
