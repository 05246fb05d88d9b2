//! Bytes changed in every place, digests of every kind.

use pkgseal_rpm::package::Level;
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag, signature_header, tag};

use super::super::case::{Case, Slot, mended, parts, signed, wholly_signed};

const KEY: &str = "good-ed25519";
const GROUP: &str = "damage";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (word, parts) in [
        ("version 4", signed(parts(Format::V4), KEY, Slot::Old)),
        (
            "version 4 in 278",
            signed(parts(Format::V4), KEY, Slot::New),
        ),
        (
            "version 4, all signatures",
            wholly_signed(signed(parts(Format::V4), KEY, Slot::Old), KEY),
        ),
        ("version 6", signed(parts(Format::V6), KEY, Slot::New)),
    ] {
        for (name, package) in changed(&parts) {
            let of = |more: &str| format!("{word}: {name}{more}");
            cases.push(Case::new(GROUP, of(""), package.clone()));
            cases.push(Case::new(GROUP, of(", key unknown"), package.clone()).trusting(&[]));
            cases.push(Case::new(GROUP, of(", level digest"), package).level(Level::Digest));
        }
    }
    cases.extend(uncompressed());
    cases
}

fn changed(parts: &Parts) -> Vec<(&'static str, Vec<u8>)> {
    let with = |change: &dyn Fn(&mut Parts)| {
        let mut parts = parts.clone();
        change(&mut parts);
        parts.build()
    };
    let bytes = parts.build();
    let poke = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        bytes
    };
    let blob = signature_header(&parts.signature).len();
    let header_at = (96 + blob).next_multiple_of(8);
    let digest = |tag: u32, text: &str| parts.clone().with(Tag::string(tag, text)).build();
    let of_type = |number: u32, kind: u32| {
        with(&|parts| {
            for entry in &mut parts.signature {
                if entry.tag == number {
                    entry.kind = kind;
                }
            }
        })
    };
    let reserve = if parts.get(tag::RESERVED).is_some() {
        tag::RESERVED
    } else {
        tag::RESERVEDSPACE
    };
    let mut changed = vec![
        ("nothing", bytes.clone()),
        (
            "a letter of the summary",
            with(&|parts| {
                let at = parts.header.windows(12).position(|w| w == b"test package");
                parts.header[at.unwrap()] = b'b';
            }),
        ),
        ("a letter of the summary, digests mended", {
            let mut parts = parts.clone();
            let at = parts.header.windows(12).position(|w| w == b"test package");
            parts.header[at.unwrap()] = b'b';
            mended(parts).build()
        }),
        ("a payload byte", with(&|parts| parts.payload[30] ^= 1)),
        ("a payload byte, MD5 mended", {
            let mut parts = parts.clone();
            parts.payload[30] ^= 1;
            mended(parts).build()
        }),
        (
            "payload cut short",
            with(&|parts| parts.payload.truncate(40)),
        ),
        ("no payload", with(&|parts| parts.payload.clear())),
        (
            "bytes behind the payload",
            with(&|parts| parts.payload.extend(b"xx")),
        ),
        (
            "MD5 wrong",
            parts.clone().with(Tag::binary(tag::MD5, &[0; 16])).build(),
        ),
        (
            "MD5 too short",
            parts.clone().with(Tag::binary(tag::MD5, &[0; 9])).build(),
        ),
        (
            "MD5 too long",
            parts.clone().with(Tag::binary(tag::MD5, &[0; 20])).build(),
        ),
        ("MD5 missing", parts.clone().without(tag::MD5).build()),
        ("SHA-1 wrong", digest(tag::SHA1, &"0".repeat(40))),
        ("SHA-1 too short", digest(tag::SHA1, &"0".repeat(38))),
        ("SHA-256 wrong", digest(tag::SHA256, &"0".repeat(64))),
        ("SHA-256 no digits", digest(tag::SHA256, &"x".repeat(64))),
        ("SHA-256 very short", digest(tag::SHA256, "00")),
        ("SHA-256 in capitals", {
            let text = pkgseal_testkit::build::Digest::Sha256.hex(&parts.header);
            digest(tag::SHA256, &text.to_uppercase())
        }),
        (
            "SHA-256 missing",
            parts.clone().without(tag::SHA256).build(),
        ),
        ("SHA3-256 wrong", digest(tag::SHA3_256, &"0".repeat(64))),
        ("SHA-256 of another type", of_type(tag::SHA256, 7)),
        ("SHA-256 as an array", of_type(tag::SHA256, 8)),
        (
            "SIZE wrong",
            parts
                .clone()
                .with(Tag {
                    tag: tag::SIZE,
                    kind: 4,
                    count: 1,
                    data: vec![0, 0, 0, 9],
                })
                .build(),
        ),
        (
            "the reserve not zero",
            with(&|parts| {
                for entry in &mut parts.signature {
                    if entry.tag == reserve {
                        entry.data[5] = 7;
                    }
                }
            }),
        ),
        (
            "an unknown tag in the signature header",
            with(&|parts| parts.signature.push(Tag::string(1100, "hello"))),
        ),
        (
            "tags of the signature header out of order",
            with(&|parts| parts.signature.reverse()),
        ),
        (
            "SHA-256 there twice, the first wrong",
            with(&|parts| {
                parts
                    .signature
                    .insert(0, Tag::string(tag::SHA256, &"0".repeat(64)))
            }),
        ),
        (
            "SHA-256 there twice, the second wrong",
            with(&|parts| {
                parts
                    .signature
                    .push(Tag::string(tag::SHA256, &"0".repeat(64)))
            }),
        ),
        (
            "a file signature in the signature header",
            with(&|parts| {
                let signatures = Tag::strings(274, &["0302".to_owned()]);
                parts.signature.insert(0, signatures);
            }),
        ),
        ("entries outside the region", outside(&bytes)),
        ("the lead's name", poke(12, b'x')),
        ("the lead's version", poke(4, 9)),
        ("the lead's signature type", poke(79, 4)),
        ("the lead's magic", poke(0, 0)),
        ("the signature header's magic", poke(96, 0)),
        ("the main header's magic", poke(header_at, 0)),
        ("the main header's count", poke(header_at + 8, 0xff)),
        ("cut in the signature header", bytes[..120].to_vec()),
        ("cut in the main header", bytes[..header_at + 40].to_vec()),
        ("the lead alone", bytes[..96].to_vec()),
    ];
    if header_at != 96 + blob {
        changed.push(("the padding", poke(96 + blob, 1)));
    }
    changed
}

/// With a file signature outside the region of the signature header, where a signing
/// server once put it (rsm/rpm#3469).
fn outside(bytes: &[u8]) -> Vec<u8> {
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (entries, data) = (word(104), word(108));
    let end = 112 + 16 * entries + data;
    let mut made = bytes[..104].to_vec();
    let mut put = |number: usize| made.extend(u32::try_from(number).unwrap().to_be_bytes());
    put(entries + 1);
    put(data + 5);
    made.extend(&bytes[112..112 + 16 * entries]);
    for number in [274, 8, data, 1] {
        made.extend(u32::try_from(number).unwrap().to_be_bytes());
    }
    made.extend(&bytes[112 + 16 * entries..end]);
    made.extend(b"0302\0");
    made.resize(made.len().next_multiple_of(8), 0);
    made.extend(&bytes[end.next_multiple_of(8)..]);
    made
}

/// The payload stored as it is inside its compression.
fn uncompressed() -> Vec<Case> {
    let mut cases = Vec::new();
    for (word, format, slot) in [
        ("version 4", Format::V4, Slot::Old),
        ("version 6", Format::V6, Slot::New),
    ] {
        let plain = Rpm::new("hello", "1.0", "noarch", format).compressed(Compression::None);
        let payload = Parts::read(&plain.build()).payload;
        let mut parts = signed(parts(format), KEY, slot);
        parts.payload = payload;
        for (name, package) in [
            ("payload stored uncompressed", parts.clone()),
            (
                "payload stored uncompressed, MD5 mended",
                mended(parts.clone()),
            ),
            (
                "payload stored uncompressed, no MD5",
                parts.clone().without(tag::MD5),
            ),
        ] {
            let name = format!("{word}: {name}");
            cases.push(Case::new(GROUP, name, package.build()));
        }
    }
    cases
}
