//! Any sequence of edits: nothing but the signature header ever changes, and what is taken
//! out leaves no trace.

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use pkgseal_openpgp::{Fingerprint, Profile, Verifier};
use pkgseal_repo::Destination;
use pkgseal_rpm::Error;
use pkgseal_rpm::package::{
    self, Chosen, Existing, How, SignOptions, Signing, Tags, Whole, Writing,
};
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag};
use pkgseal_testkit::keys;

use crate::common::{assert_accepted, limits, rejections, signed, trusting};
use crate::signing::Fixture;

const KEYS: [&str; 5] = [
    "good-ed25519",
    "good-rsa2048",
    "good-rsa4096",
    "good-p256",
    "good-v6-ed25519",
];

#[derive(Clone, Debug)]
enum Step {
    Sign {
        key: usize,
        replace: bool,
        both: bool,
        whole: bool,
    },
    Remove {
        key: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<(Step, How)>> {
    let sign = (0..KEYS.len(), any::<bool>(), any::<bool>(), any::<bool>());
    let step = prop_oneof![
        2 => sign.prop_map(|(key, replace, both, whole)| Step::Sign { key, replace, both, whole }),
        1 => (0..KEYS.len()).prop_map(|key| Step::Remove { key }),
    ];
    let how = prop_oneof![Just(How::Auto), Just(How::Copy)];
    prop::collection::vec((step, how), 1..6)
}

/// Does a step; whether anything was written.
fn take(fixture: &Fixture, step: &Step, how: How) -> bool {
    let writing = Writing {
        how,
        ..Writing::default()
    };
    let (beside, limits) = (Destination::Beside, limits());
    let prepared = match step {
        Step::Sign {
            key,
            replace,
            both,
            whole,
        } => {
            let signers = [keys::signer(KEYS[*key], signed())];
            let mut signing = Signing::new(&signers, signed(), &beside, &limits);
            signing.writing = writing;
            signing.options = SignOptions {
                existing: if *replace {
                    Existing::Replace
                } else {
                    Existing::Keep
                },
                tags: if *both { Tags::Both } else { Tags::Native },
                whole: if *whole {
                    Whole::Always
                } else {
                    Whole::WhereNeeded
                },
            };
            signing.prepare(&fixture.path)
        }
        Step::Remove { key } => {
            let verifier = Verifier::new(keys::certificates(&KEYS), Profile::strict(), signed());
            let certificate = keys::signer(KEYS[*key], signed());
            let signers =
                [Fingerprint::parse(certificate.certificate().fingerprint().as_str()).unwrap()];
            let chosen = Chosen::By {
                signers: &signers,
                verifier: &verifier,
            };
            package::prepare_unsigned(&fixture.path, chosen, &beside, writing)
        }
    };
    match prepared.and_then(|prepared| prepared.put_in_place(fixture.path.clone())) {
        Ok(_) => true,
        Err(
            Error::SlotTaken { .. }
            | Error::NoSlot { .. }
            | Error::NotSigned { .. }
            | Error::Broken { .. },
        ) => false,
        Err(error) => panic!("{step:?}: {error}"),
    }
}

#[test]
fn nothing_but_the_signature_header_changes() {
    let mut runner = TestRunner::new(Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    });
    let files = prop::collection::vec(any::<u8>(), 0..3000);
    let reserve = prop_oneof![
        Just(None),
        Just(Some(16)),
        Just(Some(700)),
        Just(Some(4096))
    ];
    let cases = (files, reserve, any::<bool>(), steps());
    runner
        .run(&cases, |(file, reserve, v6, steps)| {
            let format = if v6 { Format::V6 } else { Format::V4 };
            let rpm = Rpm::new("hello", "1.0", "noarch", format)
                .reserve(reserve)
                .file("/usr/share/hello", &file);
            let fixture = Fixture::new(&rpm);
            let before = Parts::read(&fixture.unsigned);
            let mut signatures = false;
            for (step, how) in &steps {
                let old = fixture.bytes();
                let written = take(&fixture, step, *how);
                let parts = fixture.parts();
                prop_assert!(written || fixture.bytes() == old);
                signatures |= written;
                prop_assert!(parts.lead == before.lead);
                prop_assert!(parts.header == before.header && parts.payload == before.payload);
                prop_assert_eq!(fixture.files().len(), 1);
                for entry in &before.signature {
                    let reserved = [1008, 999].contains(&entry.tag);
                    prop_assert!(reserved || parts.get(entry.tag) == Some(entry));
                }
            }
            if signatures && fixture.bytes() != fixture.unsigned {
                let (staged, _) =
                    package::unsign(&fixture.path, Chosen::All, &Destination::Beside).unwrap();
                staged.commit().unwrap();
            }
            prop_assert!(fixture.bytes() == fixture.unsigned);
            Ok(())
        })
        .unwrap();
}

/// IMA and fs-verity signatures as rpmsign puts them in, one for each file.
fn with_file_signatures(reserve: usize) -> Fixture {
    let fixture = Fixture::v4();
    let files = 1;
    let strings = |text: &str| vec![text.to_owned(); files];
    let number = |tag, value: u32| Tag {
        tag,
        kind: 4,
        count: 1,
        data: value.to_be_bytes().to_vec(),
    };
    let bytes = fixture
        .parts()
        .with(Tag::strings(
            274,
            &strings("030204deadbeef0008aabbccddeeff0011"),
        ))
        .with(number(275, 34))
        .with(Tag::strings(276, &strings("0123456789abcdef")))
        .with(number(277, 1))
        .with(Tag::binary(1008, &vec![0; reserve]))
        .build();
    fs::write(&fixture.path, bytes).unwrap();
    fixture
}

#[test]
fn per_file_signatures_stay_and_go_on_request() {
    for reserve in [20, 1000] {
        let fixture = with_file_signatures(reserve);
        let before = fixture.bytes();
        let tags = [274, 275, 276, 277];
        let files = || -> Vec<_> {
            let parts = fixture.parts();
            tags.iter()
                .filter_map(|tag| parts.get(*tag).cloned())
                .collect()
        };
        let original = files();
        assert_eq!(original.len(), 4);
        fixture.sign(&["good-rsa4096"]).unwrap();
        assert!(files() == original);
        let remove = |chosen| {
            let staged = package::unsign(&fixture.path, chosen, &Destination::Beside);
            let (staged, examination) = staged.unwrap();
            staged.commit().unwrap();
            examination.report.findings.len()
        };
        let signed = fixture.bytes();
        assert_eq!(remove(Chosen::All), 1);
        assert!(fixture.bytes() == before, "reserve of {reserve}");

        // The package's signature is not over them.
        fs::write(&fixture.path, signed).unwrap();
        assert_eq!(remove(Chosen::Files), 4);
        assert!(files().is_empty());
        let verifier = trusting(&["good-rsa4096"]);
        assert_accepted(&package::verify(&fixture.path, &verifier, &limits()).unwrap());

        fs::write(&fixture.path, &before).unwrap();
        fixture.sign(&["good-rsa4096"]).unwrap();
        assert_eq!(remove(Chosen::Everything), 5);
        let found = package::verify(&fixture.path, &verifier, &limits()).unwrap();
        assert_eq!(rejections(&found), ["rpm.unsigned"]);
        assert!(files().is_empty());
        let none = package::unsign(&fixture.path, Chosen::Files, &Destination::Beside);
        assert!(matches!(none, Err(Error::NotSigned { .. })));
    }
}
