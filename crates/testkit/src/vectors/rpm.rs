//! `.rpm` packages of both formats.

use super::shared::{self, By, Format, Kind, by};
use super::{Case, Files};
use crate::build::rpm::{Format as PackageFormat, Parts, Rpm, Tag, tag};
use crate::build::{Compression, Digest};
use crate::keys::{Form, RawOptions, SIGNED, armor, load, raw_sign};

const FORMAT: &str = "rpm";
const SUBJECT: &str = "alpha-1.0-1.noarch.rpm";

fn package(format: PackageFormat) -> Rpm {
    Rpm::new("alpha", "1.0", "noarch", format).reserve(Some(256))
}

fn parts() -> Parts {
    Parts::read(&package(PackageFormat::V4).build())
}

fn parts_v6() -> Parts {
    Parts::read(&package(PackageFormat::V6).build())
}

fn signature(by: &By, parts: &Parts) -> Vec<u8> {
    let data = if by.elsewhere {
        b"something else".to_vec()
    } else {
        parts.header.clone()
    };
    raw_sign(&load(by.key), &data, &by.options.clone().binary())
}

/// One v4 signature goes where rpm 4 reads it; several go into OPENPGP.
fn signed(parts: Parts, signers: &[By]) -> Vec<u8> {
    let packets: Vec<Vec<u8>> = signers.iter().map(|by| signature(by, &parts)).collect();
    match (signers, &packets[..]) {
        ([], _) => parts,
        ([by], [packet]) if !by.key.contains("v6") && !by.key.contains("mldsa") => {
            let legacy = if by.key.contains("rsa") {
                tag::RSA
            } else {
                tag::DSA
            };
            parts.with(Tag::binary(legacy, packet))
        }
        _ => parts.openpgp(&packets),
    }
    .build()
}

fn one(bytes: Vec<u8>) -> Files {
    vec![(SUBJECT.into(), bytes)]
}

fn good() -> By {
    by("good-ed25519", SIGNED)
}

/// A package with a good header signature in DSA.
fn good_parts() -> Parts {
    let parts = parts();
    let packet = signature(&good(), &parts);
    parts.with(Tag::binary(tag::DSA, &packet))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = shared::cases(&Format {
        name: FORMAT,
        unsigned: "rpm.unsigned",
        kind: Kind::Lasting,
        subject: SUBJECT,
        signed: &|signers| one(signed(parts(), signers)),
        tampered: &|signers| {
            let mut parts = parts();
            let packet = signature(&signers[0], &parts);
            change_header(&mut parts);
            // The unsigned digests of the changed header are mended.
            let sha256 = Digest::Sha256.hex(&parts.header);
            let sha1 = Digest::Sha1.hex(&parts.header);
            let parts = parts
                .with(Tag::string(tag::SHA256, &sha256))
                .with(Tag::string(tag::SHA1, &sha1))
                .without(tag::MD5)
                .with(Tag::binary(tag::DSA, &packet));
            one(parts.build())
        },
    });
    for compression in [Compression::None, Compression::Xz, Compression::Zstd] {
        let suffix = match compression {
            Compression::None => "none",
            other => &other.suffix()[1..],
        };
        let package = package(PackageFormat::V4).compressed(compression);
        cases.push(
            Case::accepted(
                FORMAT,
                &format!("good-{suffix}"),
                "another compression of the payload",
            )
            .files(
                SUBJECT,
                one(signed(Parts::read(&package.build()), &[good()])),
            ),
        );
    }
    cases.push(
        Case::accepted(
            FORMAT,
            "good-v6-package",
            "a v6 package, signature in OPENPGP and in DSA",
        )
        .files(SUBJECT, {
            let parts = parts_v6();
            let packet = signature(&good(), &parts);
            one(parts
                .with(Tag::binary(tag::DSA, &packet))
                .openpgp(&[packet])
                .build())
        }),
    );
    for key in ["good-v6-ed25519", "good-mldsa65"] {
        let name = format!("{key}-in-openpgp");
        // ML-DSA signatures differ from run to run: not for committed vectors.
        if key.contains("mldsa") {
            continue;
        }
        cases.push(
            Case::accepted(FORMAT, &name, "a v6 signature where it belongs: in OPENPGP")
                .files(SUBJECT, one(signed(parts_v6(), &[by(key, SIGNED)])))
                .trusting(&[key]),
        );
    }
    cases.push(
        Case::accepted(
            FORMAT,
            "good-header-and-payload-signature",
            "a header signature and the older signature over header and payload",
        )
        .files(SUBJECT, {
            let parts = good_parts();
            let whole = parts.header_and_payload();
            let packet = raw_sign(
                &load("good-ed25519"),
                &whole,
                &RawOptions::at(SIGNED).binary(),
            );
            one(parts.with(Tag::binary(tag::GPG, &packet)).build())
        }),
    );
    cases.extend(signatures());
    cases.extend(digests());
    cases.extend(structure());
    cases
}

/// Changes a letter of the summary, which is signed.
fn change_header(parts: &mut Parts) {
    let at = parts
        .header
        .windows(12)
        .position(|window| window == b"test package")
        .unwrap();
    parts.header[at] = b'b';
}

fn judged(list: Vec<(&str, &str, &str, Vec<u8>)>) -> Vec<Case> {
    list.into_iter()
        .map(|(name, code, why, bytes)| {
            let case = match code {
                // With a warning: others write such files, and nothing rests on it.
                "accepted" => Case::accepted(FORMAT, name, why),
                code => Case::rejected(FORMAT, name, code, why),
            };
            case.files(SUBJECT, one(bytes))
        })
        .collect()
}

/// Signatures in the wrong place or over the wrong bytes.
fn signatures() -> Vec<Case> {
    let key = load("good-ed25519");
    let options = RawOptions::at(SIGNED).binary();
    let over = |data: &[u8]| raw_sign(&key, data, &options);
    let packet = over(&parts().header);
    let dsa = |packet: &[u8]| parts().with(Tag::binary(tag::DSA, packet)).build();
    let other = Parts::read(&Rpm::new("other", "1.0", "noarch", PackageFormat::V4).build());
    let rsa = raw_sign(&load("good-rsa4096"), &parts().header, &options);
    let v6 = raw_sign(&load("good-v6-ed25519"), &parts().header, &options);
    let mut cases = judged(vec![
        (
            "signature-of-another-header",
            "signature.bad",
            "the signature of another package",
            dsa(&over(&other.header)),
        ),
        (
            "signature-over-the-lead-too",
            "signature.bad",
            "the signature covers the lead as well",
            dsa(&over(&[&parts().lead[..], &parts().header].concat())),
        ),
        (
            "text-signature",
            "signature.wrong-form",
            "a text signature (0x01); packages take 0x00 only",
            dsa(&raw_sign(
                &key,
                &parts().header,
                &options.clone().form(Form::Text),
            )),
        ),
        (
            "two-packets-in-one-tag",
            "signature.malformed",
            "two packets where rpm reads one",
            dsa(&[&packet[..], &packet].concat()),
        ),
        (
            "bytes-after-packet",
            "signature.malformed",
            "bytes after the signature packet",
            dsa(&[&packet[..], b"xx"].concat()),
        ),
        (
            "packet-cut-short",
            "signature.malformed",
            "the signature packet is shorter than it says",
            dsa(&packet[..packet.len() - 3]),
        ),
        (
            "armored-in-binary-tag",
            "signature.malformed",
            "an armored signature where packets belong",
            dsa(&armor(&packet)),
        ),
        (
            "garbage-in-tag",
            "signature.malformed",
            "no OpenPGP data",
            dsa(b"garbage"),
        ),
        (
            "eddsa-in-rsa-tag",
            "accepted",
            "an Ed25519 signature in the tag for RSA, which rpm accepts too",
            parts().with(Tag::binary(tag::RSA, &packet)).build(),
        ),
        (
            "openpgp-not-base64",
            "rpm.signature.encoding",
            "the tag OPENPGP holds no base64",
            parts()
                .with(Tag::strings(tag::OPENPGP, &["!!!".into()]))
                .build(),
        ),
        (
            "openpgp-empty",
            "signature.none",
            "the tag OPENPGP holds an empty string",
            parts()
                .with(Tag::strings(tag::OPENPGP, &[String::new()]))
                .build(),
        ),
        (
            "good-openpgp-bad-legacy",
            "signature.bad",
            "a good signature in OPENPGP, a bad one in DSA",
            parts()
                .openpgp(std::slice::from_ref(&packet))
                .with(Tag::binary(tag::DSA, &over(b"other")))
                .build(),
        ),
        (
            "bad-header-and-payload-signature",
            "signature.bad",
            "a good header signature, a bad one over header and payload",
            good_parts()
                .with(Tag::binary(tag::GPG, &over(b"other")))
                .build(),
        ),
    ]);
    cases.push(
        Case::rejected(
            FORMAT,
            "v6-signature-in-legacy-tag",
            "rpm.signature.misplaced",
            "a v6 signature in the tag for v4 ones, which rpm 4 cannot read",
        )
        .files(
            SUBJECT,
            one(parts().with(Tag::binary(tag::DSA, &v6)).build()),
        )
        .trusting(&["good-v6-ed25519"]),
    );
    cases.push(
        Case::rejected(
            FORMAT,
            "one-of-two-cut-short",
            "signature.malformed",
            "two signatures in OPENPGP, one of them damaged",
        )
        .files(
            SUBJECT,
            one(parts()
                .openpgp(&[packet, rsa[..rsa.len() - 9].to_vec()])
                .build()),
        )
        .trusting(&["good-ed25519", "good-rsa4096"]),
    );
    cases
}

/// The payload is bound by a digest in the signed header, the header by its signature.
fn digests() -> Vec<Case> {
    let changed = |change: &dyn Fn(&mut Parts)| {
        let mut parts = good_parts();
        change(&mut parts);
        parts.build()
    };
    judged(vec![
        (
            "header-signature-good-payload-changed",
            "rpm.payload.digest-mismatch",
            "the header and its signature are whole, the payload is not",
            changed(&|parts| {
                let at = parts.payload.len() / 2;
                parts.payload[at] ^= 1;
            }),
        ),
        (
            "payload-of-another-package",
            "rpm.payload.digest-mismatch",
            "the payload of another package under a signed header",
            changed(&|parts| {
                parts.payload =
                    Parts::read(&Rpm::new("other", "1.0", "noarch", PackageFormat::V4).build())
                        .payload;
            }),
        ),
        (
            "payload-cut-short",
            "rpm.payload.digest-mismatch",
            "the payload is cut short",
            changed(&|parts| parts.payload.truncate(40)),
        ),
        (
            "bytes-after-payload",
            "rpm.payload.digest-mismatch",
            "bytes after the payload",
            changed(&|parts| parts.payload.extend(b"trailing")),
        ),
        (
            "no-payload",
            "rpm.payload.digest-mismatch",
            "no payload at all",
            changed(&|parts| parts.payload.clear()),
        ),
        (
            "sha256-of-header-wrong",
            "rpm.header.digest-mismatch",
            "the header's SHA-256 is wrong, its signature good",
            good_parts()
                .with(Tag::string(tag::SHA256, &"0".repeat(64)))
                .build(),
        ),
        (
            "sha1-of-header-wrong",
            "rpm.header.digest-mismatch",
            "the header's SHA-1 is wrong, its signature good",
            good_parts()
                .with(Tag::string(tag::SHA1, &"0".repeat(40)))
                .build(),
        ),
        (
            "md5-wrong",
            "rpm.payload.digest-mismatch",
            "the MD5 of header and payload is wrong",
            good_parts().with(Tag::binary(tag::MD5, &[0; 16])).build(),
        ),
        (
            "unsigned-header-changed",
            "rpm.header.digest-mismatch",
            "unsigned, and the header was changed",
            {
                let mut parts = parts();
                change_header(&mut parts);
                parts.build()
            },
        ),
    ])
}

/// What the strict form forbids, and what is no package at all.
fn structure() -> Vec<Case> {
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
                let packet = signature(&self::good(), &parts);
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
    crate::build::rpm::signature_header(&parts.signature).len()
}
