//! What we sign, read by ourselves and by rpm; what rpmsign signs, read by us.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_openpgp::Signed;
use pkgseal_repo::Destination;
use pkgseal_rpm::Error;
use pkgseal_rpm::package::{self, Existing, SignOptions, Tags};
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, tag};
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::rpm as peer;

use crate::common::{assert_accepted, limits, rejections, signed, trusting};

pub(crate) struct Fixture {
    folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) unsigned: Vec<u8>,
}

impl Fixture {
    pub(crate) fn new(rpm: &Rpm) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(rpm.file_name());
        let unsigned = rpm.build();
        fs::write(&path, &unsigned).unwrap();
        Self {
            folder,
            path,
            unsigned,
        }
    }

    pub(crate) fn v4() -> Self {
        Self::new(&Rpm::new("hello", "1.0", "noarch", Format::V4))
    }

    pub(crate) fn v6() -> Self {
        Self::new(&Rpm::new("hello", "1.0", "noarch", Format::V6))
    }

    pub(crate) fn sign(&self, names: &[&str]) -> pkgseal_rpm::Result<Signed> {
        self.sign_with(names, &SignOptions::default())
    }

    pub(crate) fn sign_with(
        &self,
        names: &[&str],
        options: &SignOptions,
    ) -> pkgseal_rpm::Result<Signed> {
        let signers: Vec<_> = names.iter().map(|n| keys::signer(n, signed())).collect();
        package::sign_with(
            &self.path,
            &signers,
            signed(),
            &Destination::Beside,
            &limits(),
            options,
        )
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    pub(crate) fn parts(&self) -> Parts {
        Parts::read(&self.bytes())
    }

    /// Names in the folder: whatever is there beside the package is litter.
    pub(crate) fn files(&self) -> Vec<String> {
        names_in(self.folder.path())
    }
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Tags of the signature header.
fn tags(parts: &Parts) -> Vec<u32> {
    parts.signature.iter().map(|t| t.tag).collect()
}

const ROOMY: u32 = 4096;

#[test]
fn every_algorithm_goes_into_its_tag_and_verifies() {
    for (key, format, expected) in [
        ("good-rsa2048", Format::V4, tag::RSA),
        ("good-rsa4096", Format::V4, tag::RSA),
        ("good-ed25519", Format::V4, tag::DSA),
        ("good-p256", Format::V4, tag::DSA),
        ("good-p384", Format::V4, tag::DSA),
        ("good-p521", Format::V4, tag::DSA),
        ("good-rsa2048", Format::V6, tag::OPENPGP),
        ("good-ed25519", Format::V6, tag::OPENPGP),
        ("good-v6-ed25519", Format::V6, tag::OPENPGP),
        ("good-v6-ed448", Format::V6, tag::OPENPGP),
        ("good-mldsa65", Format::V6, tag::OPENPGP),
    ] {
        let rpm = Rpm::new("hello", "1.0", "noarch", format).reserve(Some(ROOMY));
        let fixture = Fixture::new(&rpm);
        let done = fixture
            .sign(&[key])
            .unwrap_or_else(|e| panic!("{key}: {e}"));
        assert_accepted(&done.examination);
        assert_eq!(done.outputs, std::slice::from_ref(&fixture.path));
        let parts = fixture.parts();
        let found: Vec<_> = tags(&parts)
            .into_iter()
            .filter(|t| [tag::RSA, tag::DSA, tag::OPENPGP, tag::PGP, tag::GPG].contains(t))
            .collect();
        assert_eq!(found, [expected], "{key} on {format:?}");
        let before = Parts::read(&fixture.unsigned);
        assert_eq!(parts.header, before.header);
        assert_eq!(parts.payload, before.payload);
        assert_eq!(parts.lead, before.lead);

        let found = package::verify(&fixture.path, &trusting(&[key]), &limits()).unwrap();
        assert_accepted(&found);
        assert_eq!(found.signatures.len(), 1);
        assert_eq!(fixture.files(), [rpm.file_name()]);
    }
}

#[test]
fn rpm_accepts_what_we_sign_with_every_algorithm_it_knows() {
    for key in ["good-rsa2048", "good-rsa4096", "good-ed25519"] {
        let test_key = keys::load(key);
        for format in [Format::V4, Format::V6] {
            let rpm = Rpm::new("hello", "1.0", "noarch", format).reserve(Some(ROOMY));
            let fixture = Fixture::new(&rpm);
            // For version 6 the copy that old readers see is asked for.
            let options = SignOptions {
                tags: if format == Format::V6 {
                    Tags::Both
                } else {
                    Tags::Native
                },
                ..SignOptions::default()
            };
            fixture.sign_with(&[key], &options).unwrap();
            let Some(run) = peer::check(&fixture.path, &[&test_key]) else {
                return;
            };
            assert!(run.accepted(), "{key} {format:?}: {run:?}");
            assert!(run.says("Signature, key ID"), "{run:?}");

            // The same judge, given damage.
            let mut damaged = fixture.bytes();
            let last = damaged.len() - 1;
            damaged[last] ^= 1;
            fs::write(&fixture.path, damaged).unwrap();
            assert!(!peer::check(&fixture.path, &[&test_key]).unwrap().accepted());
        }
    }
}

#[test]
fn layout_is_byte_for_byte_that_of_rpmsign() {
    for key in ["good-rsa2048", "good-ed25519"] {
        let rpm = Rpm::new("hello", "1.0", "noarch", Format::V4).reserve(Some(ROOMY));
        let theirs = Fixture::new(&rpm);
        let Some(run) = peer::rpmsign(&theirs.path, &["--addsign"], &keys::load(key)) else {
            return;
        };
        run.expect_ok();
        let by_rpmsign = theirs.bytes();
        // Their signature, put in by our editor.
        let parts = Parts::read(&by_rpmsign);
        let entry = parts
            .get(tag::RSA)
            .or_else(|| parts.get(tag::DSA))
            .expect("rpmsign put a header signature in");
        let header_end = by_rpmsign.len() - parts.payload.len() - parts.header.len();
        let unsigned = &theirs.unsigned;
        let blob = {
            let entries = u32::from_be_bytes(unsigned[104..108].try_into().unwrap()) as usize;
            let data = u32::from_be_bytes(unsigned[108..112].try_into().unwrap()) as usize;
            &unsigned[96..96 + 16 + 16 * entries + data]
        };
        let edited = pkgseal_rpm::editor::insert_signatures(
            blob,
            pkgseal_rpm::tag::SignatureTag::RESERVEDSPACE,
            &[(
                pkgseal_rpm::tag::SignatureTag(entry.tag),
                entry.data.clone(),
            )],
            &[],
        )
        .unwrap();
        assert_eq!(edited.grown, 0);
        let mut ours = unsigned[..96].to_vec();
        ours.extend(&edited.header);
        ours.resize(header_end, 0);
        ours.extend(&unsigned[header_end..]);
        assert!(ours == by_rpmsign, "{key}: our bytes differ from rpmsign's");
    }
}

#[test]
fn what_rpmsign_signs_verifies() {
    for key in ["good-rsa2048", "good-rsa4096", "good-ed25519"] {
        for options in [&["--addsign"][..], &["--addsign", "--rpmv3"]] {
            let rpm = Rpm::new("hello", "1.0", "noarch", Format::V4).reserve(Some(ROOMY));
            let fixture = Fixture::new(&rpm);
            let Some(run) = peer::rpmsign(&fixture.path, options, &keys::load(key)) else {
                return;
            };
            run.expect_ok();
            // gpg signs at the wall clock: judge long after it, while test keys live on.
            let verifier = trusting_now(&[key]);
            let found = package::verify(&fixture.path, &verifier, &limits()).unwrap();
            assert_accepted(&found);
            let expected = options.len();
            assert_eq!(found.signatures.len(), expected, "{key} {options:?}");
        }
    }
}

/// Trusts test keys at the wall clock, for what a peer signed just now.
fn trusting_now(names: &[&str]) -> pkgseal_openpgp::Verifier {
    pkgseal_openpgp::Verifier::new(
        keys::certificates(names),
        pkgseal_openpgp::Profile::strict(),
        jiff::Timestamp::now(),
    )
}

#[test]
fn the_same_key_input_and_time_give_the_same_bytes() {
    for key in ["good-ed25519", "good-rsa2048"] {
        let (one, two) = (Fixture::v4(), Fixture::v4());
        one.sign(&[key]).unwrap();
        two.sign(&[key]).unwrap();
        assert!(one.bytes() == two.bytes());
        // And signing again with the same key and time changes nothing.
        one.sign(&[key]).unwrap();
        assert!(one.bytes() == two.bytes());
    }
}

#[test]
fn a_taken_slot_is_an_error_and_replacing_is_not() {
    let fixture = Fixture::v4();
    fixture.sign(&["good-ed25519"]).unwrap();
    let before = fixture.bytes();
    let error = fixture.sign(&["good-rsa2048"]).unwrap_err();
    assert!(
        matches!(error, Error::SlotTaken { tag: "DSA", .. }),
        "{error}"
    );
    assert!(error.hint().is_some());
    assert!(fixture.bytes() == before);

    let replace = SignOptions {
        existing: Existing::Replace,
        ..SignOptions::default()
    };
    fixture.sign_with(&["good-rsa2048"], &replace).unwrap();
    let parts = fixture.parts();
    assert!(parts.get(tag::DSA).is_none() && parts.get(tag::RSA).is_some());
    let found = package::verify(&fixture.path, &trusting(&["good-rsa2048"]), &limits()).unwrap();
    assert_accepted(&found);
}

#[test]
fn keys_only_the_new_tag_takes_are_refused_on_version_4_unless_asked() {
    let rpm = Rpm::new("hello", "1.0", "noarch", Format::V4).reserve(Some(ROOMY));
    let fixture = Fixture::new(&rpm);
    let error = fixture.sign(&["good-v6-ed25519"]).unwrap_err();
    assert!(matches!(error, Error::NoSlot { .. }), "{error}");
    assert!(fixture.bytes() == fixture.unsigned);

    let both = SignOptions {
        tags: Tags::Both,
        ..SignOptions::default()
    };
    fixture.sign_with(&["good-v6-ed25519"], &both).unwrap();
    let parts = fixture.parts();
    assert!(parts.get(tag::OPENPGP).is_some());
    assert!(parts.get(tag::RSA).is_none() && parts.get(tag::DSA).is_none());
}

#[test]
fn several_signers_share_the_new_tag_and_old_readers_see_the_first_that_fits() {
    let rpm = Rpm::new("hello", "1.0", "noarch", Format::V4).reserve(Some(ROOMY));
    let fixture = Fixture::new(&rpm);
    fixture.sign(&["good-v6-ed25519", "good-rsa2048"]).unwrap();
    let parts = fixture.parts();
    assert_eq!(parts.get(tag::OPENPGP).unwrap().count, 2);
    assert!(parts.get(tag::RSA).is_some() && parts.get(tag::DSA).is_none());
    for names in [
        &["good-v6-ed25519", "good-rsa2048"][..],
        &["good-v6-ed25519"],
        &["good-rsa2048"],
    ] {
        let found = package::verify(&fixture.path, &trusting(names), &limits()).unwrap();
        assert_accepted(&found);
    }
    let both = keys::certificates(&["good-v6-ed25519", "good-rsa2048"]);
    let two = pkgseal_openpgp::Profile::strict().threshold(2);
    let verifier = pkgseal_openpgp::Verifier::new(both, two, crate::common::now());
    assert_accepted(&package::verify(&fixture.path, &verifier, &limits()).unwrap());

    if let Some(run) = peer::check(&fixture.path, &[&keys::load("good-rsa2048")]) {
        assert!(run.accepted(), "{run:?}");
    }
}

#[test]
fn post_quantum_signatures_grow_the_header_by_blocks() {
    let fixture = Fixture::v6();
    fixture.sign(&["good-mldsa65"]).unwrap();
    let grown = fixture.bytes().len() - fixture.unsigned.len();
    assert!(grown > 0 && grown.is_multiple_of(4096), "{grown}");
    let found = package::verify(&fixture.path, &trusting(&["good-mldsa65"]), &limits()).unwrap();
    assert_accepted(&found);
}

#[test]
fn into_a_directory_the_input_stays() {
    let fixture = Fixture::v4();
    let output = tempfile::tempdir().unwrap();
    let below = output.path().join("new/folder");
    let done = package::sign(
        &fixture.path,
        &[keys::signer("good", signed())],
        signed(),
        &Destination::Directory(below.clone()),
        &limits(),
    )
    .unwrap();
    assert_eq!(done.outputs, [below.join("hello-1.0-1.noarch.rpm")]);
    assert!(fixture.bytes() == fixture.unsigned);
    let found = package::verify(&done.outputs[0], &trusting(&["good"]), &limits()).unwrap();
    assert_accepted(&found);
}

#[test]
fn a_damaged_package_is_not_signed() {
    let fixture = Fixture::v4();
    let mut damaged = fixture.unsigned.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    let cut = &fixture.unsigned[..fixture.unsigned.len() - 3];
    for bytes in [
        &damaged[..],
        cut,
        &fixture.unsigned[..300],
        b"not a package",
    ] {
        fs::write(&fixture.path, bytes).unwrap();
        let error = fixture.sign(&["good"]).unwrap_err();
        assert!(matches!(error, Error::Broken { .. }), "{error}");
        assert!(fixture.bytes() == bytes);
        assert_eq!(fixture.files(), ["hello-1.0-1.noarch.rpm"]);
    }
    assert!(fixture.sign(&[]).is_err());
}

#[test]
fn without_payload_digest_the_payload_itself_is_signed() {
    let Some(folder) = crate::common::vectors("yum/signed-repo") else {
        return;
    };
    let fixture = Fixture::v4();
    fs::copy(
        folder.join("filesystem-2.4.44-1.fc16.i686.rpm"),
        &fixture.path,
    )
    .unwrap();
    let before = fixture.parts();
    let replace = SignOptions {
        existing: Existing::Replace,
        ..SignOptions::default()
    };
    for (key, header, whole) in [
        ("good-rsa2048", tag::RSA, tag::PGP),
        ("good-ed25519", tag::DSA, tag::GPG),
    ] {
        fixture.sign_with(&[key], &replace).unwrap();
        let parts = fixture.parts();
        assert!(parts.get(header).is_some() && parts.get(whole).is_some());
        assert!(parts.header == before.header && parts.payload == before.payload);
        let found = package::verify(&fixture.path, &trusting(&[key]), &limits()).unwrap();
        assert_accepted(&found);
        if let Some(run) = peer::check(&fixture.path, &[&keys::load(key)]) {
            assert!(run.accepted(), "{run:?}");
        }
    }
    // No tag on main header and payload takes this key.
    let error = fixture.sign_with(
        &["good-v6-ed25519"],
        &SignOptions {
            tags: Tags::Both,
            ..replace
        },
    );
    assert!(matches!(error, Err(Error::Broken { .. })));
}

#[test]
fn an_unsigned_package_is_rejected() {
    for fixture in [Fixture::v4(), Fixture::v6()] {
        let found = package::verify(&fixture.path, &trusting(&["good"]), &limits()).unwrap();
        assert_eq!(rejections(&found), ["rpm.unsigned"]);
    }
}

/// The public `rpm` crate finds our signatures where it looks for them, on the bytes it
/// takes for signed: the oracle for version 6, which rpm 4.18 does not read.
#[test]
fn the_rpm_crate_finds_the_same_signatures_on_the_same_bytes() {
    for (format, names) in [
        (Format::V4, &["good-rsa2048"][..]),
        (Format::V4, &["good-p384"]),
        (Format::V6, &["good-v6-ed25519"]),
        (Format::V6, &["good-mldsa65", "good-ed25519"]),
        (Format::V6, &["good-v6-ed448", "good-rsa4096"]),
    ] {
        let fixture = Fixture::new(&Rpm::new("hello", "1.0", "noarch", format));
        fixture.sign(names).unwrap();
        let package = rpm::Package::open(&fixture.path).unwrap();
        package.verify_digests().unwrap();
        let signatures = package.raw_signatures().unwrap();
        assert_eq!(signatures.len(), names.len(), "{names:?}");
        let header = package.metadata.header_bytes().unwrap();
        for signature in signatures {
            let report = trusting(names)
                .detached(
                    pkgseal_openpgp::Object::Package,
                    header.as_slice(),
                    &signature,
                )
                .unwrap();
            assert!(report.is_accepted(), "{report:?}");
        }
    }
}

/// Version 4 before version 6 in the new tag, whatever the order of the keys.
#[test]
fn older_signatures_come_first() {
    let fixture = Fixture::new(&Rpm::new("hello", "1.0", "noarch", Format::V6));
    fixture.sign(&["good-v6-ed25519", "good-ed25519"]).unwrap();
    let package = rpm::Package::open(&fixture.path).unwrap();
    let versions: Vec<_> = package
        .raw_signatures()
        .unwrap()
        .iter()
        .flat_map(|s| pkgseal_openpgp::SignatureBlock::parse(s).unwrap().summary())
        .map(|(version, _, _)| version)
        .collect();
    assert_eq!(versions, [4, 6]);
}

#[test]
fn other_names_of_the_file_keep_the_unsigned_package() {
    let fixture = Fixture::v4();
    let other = fixture.path.with_extension("other");
    fs::hard_link(&fixture.path, &other).unwrap();
    let done = fixture.sign(&["good"]).unwrap();
    assert!(fs::read(&other).unwrap() == fixture.unsigned);
    let warnings = crate::common::codes(&done.examination, pkgseal_repo::Severity::Warning);
    assert!(warnings.contains(&"rpm.hard-links"), "{warnings:?}");
}
