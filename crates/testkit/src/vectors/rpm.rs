//! `.rpm` packages of both formats.

mod signatures;
mod structure;

use super::shared::{self, By, Format, Kind, by};
use super::{Case, Files};
use crate::build::rpm::{Format as PackageFormat, Parts, Rpm, Tag, tag};
use crate::build::{Compression, Digest};
use crate::keys::{RawOptions, SIGNED, load, raw_sign};

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
    cases.extend(signatures::cases());
    cases.extend(digests());
    cases.extend(structure::cases());
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

/// What rpm accepts and what puts nothing signed in doubt rejects with `--strict` only.
const STRICT: &[&str] = &[
    "rpm.lead.not-canonical",
    "rpm.signature-header.duplicate-tag",
    "rpm.signature-header.padding",
    "rpm.signature-header.reserve",
    "rpm.signature-header.tag-type",
    "rpm.signature-header.unknown-tag",
    "rpm.signature-header.unsorted",
    "rpm.size-mismatch",
];

fn judged(list: Vec<(&str, &str, &str, Vec<u8>)>) -> Vec<Case> {
    list.into_iter()
        .map(|(name, code, why, bytes)| {
            let case = match code {
                // With a warning: others write such files, and nothing rests on it.
                "accepted" => Case::accepted(FORMAT, name, why),
                code if STRICT.contains(&code) || name == "md5-wrong" => {
                    Case::rejected(FORMAT, name, code, why).strict()
                }
                code => Case::rejected(FORMAT, name, code, why),
            };
            case.files(SUBJECT, one(bytes))
        })
        .collect()
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
            "the MD5 of header and payload is wrong, which nobody looks at where better digests hold",
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
