//! What was done to other tools, done to us.

use std::fs;

use pkgseal_openpgp::{Examination, Mathematics, Profile, Verifier};
use pkgseal_repo::Severity;
use pkgseal_rpm::editor::Editor;
use pkgseal_rpm::package::{self, Level, Reading, SignOptions, Tags, VerifyOptions};
use pkgseal_rpm::tag::SignatureTag;
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag, tag};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};
use pkgseal_testkit::peers::rpm as peer;

use crate::common::{assert_accepted, codes, limits, now, rejections, trusting, vectors};
use crate::signing::Fixture;

fn by(key: &str, data: &[u8]) -> Vec<u8> {
    raw_sign(
        &keys::load(key),
        data,
        &RawOptions::at(keys::SIGNED).binary(),
    )
}

fn judge(bytes: &[u8], names: &[&str]) -> Examination {
    judge_with(bytes, names, VerifyOptions::default())
}

fn judge_with(bytes: &[u8], names: &[&str], options: VerifyOptions) -> Examination {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("package.rpm");
    fs::write(&path, bytes).unwrap();
    package::verify_with(&path, &trusting(names), &limits(), options).unwrap()
}

fn signatures_only() -> VerifyOptions {
    VerifyOptions {
        level: Level::Signature,
        ..VerifyOptions::default()
    }
}

fn hello(format: Format) -> Rpm {
    Rpm::new("hello", "1.0", "noarch", format).reserve(Some(4096))
}

/// rsm/rpm#1672: a header signature alone signs no files. The public `rpm` crate and rpm
/// before 2021 accept this.
#[test]
fn a_header_signature_without_payload_digest_signs_no_package() {
    let Some(folder) = vectors("yum/signed-repo") else {
        return;
    };
    let package = fs::read(folder.join("filesystem-2.4.44-1.fc16.i686.rpm")).unwrap();
    let mut parts = Parts::read(&package)
        .without(tag::PGP)
        .without(tag::MD5)
        .without(tag::SIZE);
    let signature = by("good-rsa2048", &parts.header);
    parts = parts.with(Tag::binary(tag::RSA, &signature));
    assert_eq!(
        rejections(&judge(&parts.build(), &["good-rsa2048"])),
        ["rpm.digest-missing", "rpm.payload-unsigned"]
    );
    let found = judge_with(&parts.build(), &["good-rsa2048"], signatures_only());
    assert_eq!(rejections(&found), ["rpm.payload-unsigned"]);
    // MD5 is no signature either.
    let md5 = Parts::read(&package).get(tag::MD5).unwrap().clone();
    assert_eq!(
        rejections(&judge(&parts.clone().with(md5).build(), &["good-rsa2048"])),
        ["rpm.payload-unsigned"]
    );
    // A signature over both is enough, alone or beside the other.
    let both = by("good-rsa2048", &parts.header_and_payload());
    let whole = parts.with(Tag::binary(tag::PGP, &both));
    for package in [whole.build(), whole.clone().without(tag::RSA).build()] {
        assert_accepted(&judge_with(&package, &["good-rsa2048"], signatures_only()));
        // It is no digest, though.
        let found = judge(&package, &["good-rsa2048"]);
        assert_eq!(rejections(&found), ["rpm.digest-missing"]);
    }
    // And it notices another payload.
    let mut swapped = whole;
    swapped.payload[100] ^= 1;
    let found = rejections(&judge(&swapped.build(), &["good-rsa2048"]));
    assert!(found.contains(&"signature.bad"), "{found:?}");
}

/// Without the certificate, the digest's first bytes still tell another content.
#[test]
fn bad_and_unknown_are_told_apart_without_the_certificate() {
    let parts = Parts::read(&hello(Format::V4).build());
    let good = by("good-ed25519", &parts.header);
    let found = judge(
        &parts.clone().with(Tag::binary(tag::DSA, &good)).build(),
        &["good-rsa2048"],
    );
    assert_eq!(rejections(&found), ["signature.missing-certificate"]);
    let other = by("good-ed25519", b"something else");
    let found = judge(
        &parts.with(Tag::binary(tag::DSA, &other)).build(),
        &["good-rsa2048"],
    );
    assert!(rejections(&found).contains(&"signature.bad"));
    let mathematics = found.signatures[0].report.signatures[0].mathematics;
    assert_eq!(mathematics, Mathematics::PrefixDiffers);
}

#[test]
fn a_wrong_signature_by_a_stranger_rejects_beside_a_good_one() {
    let parts = Parts::read(&hello(Format::V6).build());
    let good = by("good-ed25519", &parts.header);
    let stranger = by("stranger", &parts.header);
    let wrong = by("stranger", b"something else");
    let found = judge(
        &parts.clone().openpgp(&[good.clone(), stranger]).build(),
        &["good-ed25519"],
    );
    assert_accepted(&found);
    let found = judge(&parts.openpgp(&[good, wrong]).build(), &["good-ed25519"]);
    assert_eq!(rejections(&found), ["signature.bad"]);
}

/// Stripping the post-quantum signature leaves a package that old readers accept.
#[test]
fn a_stripped_signature_fails_a_threshold() {
    let fixture = Fixture::new(&Rpm::new("hello", "1.0", "noarch", Format::V4).reserve(Some(9000)));
    fixture.sign(&["good-mldsa65", "good-rsa4096"]).unwrap();
    let names = ["good-mldsa65", "good-rsa4096"];
    let two = Verifier::new(
        keys::certificates(&names),
        Profile::strict().threshold(2),
        now(),
    );
    assert_accepted(&package::verify(&fixture.path, &two, &limits()).unwrap());
    let stripped = fixture.parts().without(tag::OPENPGP).build();
    fs::write(&fixture.path, stripped).unwrap();
    let found = package::verify(&fixture.path, &two, &limits()).unwrap();
    assert_eq!(rejections(&found), ["signature.threshold"]);
    assert_accepted(&package::verify(&fixture.path, &trusting(&names), &limits()).unwrap());
}

#[test]
fn a_signature_that_cannot_be_counted_beside_one_that_does_is_a_note() {
    // Old readers see an RSA key this verifier does not know.
    let parts = Parts::read(&hello(Format::V4).build());
    let ours = by("good-ed25519", &parts.header);
    let theirs = by("good-rsa2048", &parts.header);
    let package = parts
        .with(Tag::binary(tag::RSA, &theirs))
        .openpgp(&[ours])
        .build();
    let found = judge(&package, &["good-ed25519"]);
    assert_accepted(&found);
    assert_eq!(codes(&found, Severity::Note), ["rpm.signature.not-counted"]);
    assert_eq!(found.signatures.len(), 2);
}

#[test]
fn a_copy_of_the_new_tag_in_the_old_one_is_judged_once() {
    let fixture = Fixture::new(&hello(Format::V6));
    let both = SignOptions {
        tags: Tags::Both,
        ..SignOptions::default()
    };
    fixture.sign_with(&["good-rsa2048"], &both).unwrap();
    let found = package::verify(&fixture.path, &trusting(&["good-rsa2048"]), &limits()).unwrap();
    assert_accepted(&found);
    assert_eq!(found.signatures.len(), 1);
}

/// A payload stored uncompressed is vouched for by the digest of that form.
#[test]
fn an_uncompressed_payload_is_accepted_with_a_warning() {
    for format in [Format::V4, Format::V6] {
        let fixture = Fixture::new(&hello(format));
        fixture.sign(&["good-rsa2048"]).unwrap();
        let plain = hello(format).compressed(Compression::None);
        let mut parts = fixture.parts();
        parts.payload = Parts::read(&plain.build()).payload;
        fs::write(&fixture.path, parts.build()).unwrap();
        let found =
            package::verify(&fixture.path, &trusting(&["good-rsa2048"]), &limits()).unwrap();
        assert_accepted(&found);
        assert!(codes(&found, Severity::Warning).contains(&"rpm.payload-uncompressed"));
        parts.payload[7] ^= 1;
        fs::write(&fixture.path, parts.build()).unwrap();
        let found =
            package::verify(&fixture.path, &trusting(&["good-rsa2048"]), &limits()).unwrap();
        assert!(rejections(&found).contains(&"rpm.payload.digest-mismatch"));
    }
}

/// Where a signature header ends, and the parts of it.
fn blob(bytes: &[u8]) -> (usize, usize, usize) {
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (entries, data) = (word(104), word(108));
    (entries, data, 96 + 16 + 16 * entries + data)
}

#[test]
fn entries_outside_the_region_warn_and_signing_moves_them_inside() {
    let fixture = Fixture::v4();
    fixture.sign(&["good-ed25519"]).unwrap();
    let bytes = fixture.bytes();
    let (entries, data, end) = blob(&bytes);
    let rest = end + (8 - (end % 8)) % 8;
    let mut outside = bytes[..104].to_vec();
    let word = |value: usize| u32::try_from(value).unwrap().to_be_bytes();
    outside.extend(word(entries + 1));
    outside.extend(word(data + 4));
    outside.extend(&bytes[112..112 + 16 * entries]);
    for value in [276, 8, data, 1] {
        outside.extend(word(value));
    }
    outside.extend(&bytes[112 + 16 * entries..end]);
    outside.extend(b"abc\0");
    outside.resize(outside.len().next_multiple_of(8), 0);
    outside.extend(&bytes[rest..]);
    fs::write(&fixture.path, outside).unwrap();
    let verifier = trusting(&["good-ed25519"]);
    let found = package::verify(&fixture.path, &verifier, &limits()).unwrap();
    assert_accepted(&found);
    assert_eq!(
        codes(&found, Severity::Warning),
        ["rpm.signature-header.outside-region"]
    );

    fixture.sign(&["good-ed25519"]).unwrap();
    let found = package::verify(&fixture.path, &verifier, &limits()).unwrap();
    assert_accepted(&found);
    assert!(codes(&found, Severity::Warning).is_empty());
    assert_eq!(fixture.parts().get(276).unwrap().data, b"abc\0");
}

#[test]
fn the_obsolete_region_tag_warns_and_signing_mends_it() {
    let fixture = Fixture::v4();
    fixture.sign(&["good-ed25519"]).unwrap();
    let mut bytes = fixture.bytes();
    let (_, _, end) = blob(&bytes);
    bytes[end - 13] = 61;
    fs::write(&fixture.path, &bytes).unwrap();
    let verifier = trusting(&["good-ed25519"]);
    let found = package::verify(&fixture.path, &verifier, &limits()).unwrap();
    assert_accepted(&found);
    assert_eq!(
        codes(&found, Severity::Warning),
        ["rpm.signature-header.region-tag"]
    );
    fixture.sign(&["good-ed25519"]).unwrap();
    assert!(fixture.bytes()[end - 13] == 62);
}

#[test]
fn hidden_bytes_are_cleaned_out_by_signing() {
    let fixture = Fixture::v4();
    let mut bytes = fixture.bytes();
    let (_, _, end) = blob(&bytes);
    // The last byte of the reserve, before the trailer.
    bytes[end - 17] = b'x';
    fs::write(&fixture.path, &bytes).unwrap();
    let strict = VerifyOptions {
        reading: Reading::Strict,
        ..VerifyOptions::default()
    };
    let found = judge_with(&bytes, &["good-ed25519"], strict);
    assert!(rejections(&found).contains(&"rpm.signature-header.reserve"));
    fixture.sign(&["good-ed25519"]).unwrap();
    let found = package::verify(&fixture.path, &trusting(&["good-ed25519"]), &limits()).unwrap();
    assert_accepted(&found);
}

/// Taken out again, a signature leaves the very file that was signed. (rpmsign 4.18 keeps
/// the reserve small instead, and the file shrinks: rsm/rpm#2382.)
#[test]
fn a_signature_taken_out_leaves_the_unsigned_file() {
    for format in [Format::V4, Format::V6] {
        for key in ["good-rsa2048", "good-ed25519"] {
            let fixture = Fixture::new(&hello(format));
            fixture.sign(&[key]).unwrap();
            let signed = fixture.bytes();
            let (_, _, end) = blob(&signed);
            let reserve = match format {
                Format::V4 => SignatureTag::RESERVEDSPACE,
                Format::V6 => SignatureTag::RESERVED,
            };
            let mut editor = Editor::parse(&signed[96..end], reserve).unwrap();
            for tag in [SignatureTag::RSA, SignatureTag::DSA, SignatureTag::OPENPGP] {
                editor.remove(tag);
            }
            let mut unsigned = signed.clone();
            let header = editor.finish().unwrap().header;
            unsigned[96..96 + header.len()].copy_from_slice(&header);
            assert!(unsigned == fixture.unsigned, "{format:?} {key}");

            // rpmsign finds it, and takes out what it knows.
            if format == Format::V6 {
                continue;
            }
            let Some(run) = peer::rpmsign(&fixture.path, &["--delsign"], &keys::load(key)) else {
                continue;
            };
            run.expect_ok();
            let parts = fixture.parts();
            assert!(parts.get(tag::RSA).is_none() && parts.get(tag::DSA).is_none());
            assert!(parts.header == Parts::read(&signed).header);
        }
    }
}

#[test]
fn what_is_no_file_is_an_error_not_a_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let verifier = trusting(&["good"]);
    assert!(package::verify(folder.path(), &verifier, &limits()).is_err());
    assert!(package::verify(&folder.path().join("absent"), &verifier, &limits()).is_err());
    let empty = folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    let found = package::verify(&empty, &verifier, &limits()).unwrap();
    assert_eq!(rejections(&found), ["rpm.not-a-package"]);
}

#[test]
fn more_signatures_than_the_limit_reject() {
    let parts = Parts::read(&hello(Format::V6).build());
    let good = by("good-ed25519", &parts.header);
    let found = judge(&parts.openpgp(&vec![good; 70]).build(), &["good-ed25519"]);
    assert!(
        rejections(&found).contains(&"limit.exceeded"),
        "{:?}",
        rejections(&found)
    );
}

#[test]
fn levels_ask_for_what_they_name() {
    let level = |level| VerifyOptions {
        level,
        ..VerifyOptions::default()
    };
    let of = |bytes: &[u8], names: &[&str]| {
        [Level::None, Level::Digest, Level::Signature, Level::All]
            .map(|asked| rejections(&judge_with(bytes, names, level(asked))))
    };
    const NONE: Vec<&str> = Vec::new();
    for format in [Format::V4, Format::V6] {
        let parts = Parts::read(&hello(format).build());
        let unsigned = parts.build();
        assert_eq!(
            of(&unsigned, &["good-ed25519"]),
            [NONE, NONE, vec!["rpm.unsigned"], vec!["rpm.unsigned"]]
        );
        let signed = parts
            .clone()
            .openpgp(&[by("good-ed25519", &parts.header)])
            .build();
        assert_eq!(of(&signed, &["good-ed25519"]), [NONE, NONE, NONE, NONE]);
        // Who cannot check the signature takes the digests' word where that is enough.
        let missing = vec!["signature.missing-certificate"];
        assert_eq!(
            of(&signed, &["good-rsa2048"]),
            [NONE, NONE, missing.clone(), missing]
        );
        // What is wrong rejects at every level, with and without the certificate.
        let wrong = parts
            .clone()
            .openpgp(&[by("good-ed25519", b"something else")])
            .build();
        for names in [["good-ed25519"], ["good-rsa2048"]] {
            for found in of(&wrong, &names) {
                assert!(found.contains(&"signature.bad"), "{found:?}");
            }
        }
        let mut damaged = parts.clone();
        damaged.payload[7] ^= 1;
        for found in of(&damaged.build(), &["good-ed25519"]) {
            assert!(found.contains(&"rpm.payload.digest-mismatch"), "{found:?}");
        }
        let bare = parts
            .without(tag::SHA1)
            .without(tag::SHA256)
            .without(tag::SHA3_256)
            .without(tag::MD5)
            .build();
        assert_eq!(
            of(&bare, &["good-ed25519"]),
            [
                NONE,
                vec!["rpm.digest-missing"],
                vec!["rpm.unsigned"],
                vec!["rpm.digest-missing", "rpm.unsigned"]
            ]
        );
    }
}
