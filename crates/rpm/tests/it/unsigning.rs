//! Signatures taken out again.

use std::fs;

use pkgseal_openpgp::{Fingerprint, Profile, Verifier};
use pkgseal_repo::Destination;
use pkgseal_rpm::package::{self, Chosen, SignOptions, Tags};
use pkgseal_rpm::{Error, Result};
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::rpm as peer;

use crate::common::{assert_accepted, limits, signed, trusting};
use crate::signing::Fixture;

const BOTH: SignOptions = SignOptions {
    existing: package::Existing::Keep,
    tags: Tags::Both,
    whole: package::Whole::WhereNeeded,
};

fn unsign(fixture: &Fixture, chosen: Chosen<'_>) -> Result<Vec<String>> {
    let (staged, done) = package::unsign(&fixture.path, chosen, &Destination::Beside)?;
    staged.commit()?;
    let notes = done.report.findings.into_iter();
    Ok(notes
        .map(|note| {
            assert_eq!(note.code.id, "rpm.signature-removed");
            note.detail
        })
        .collect())
}

fn by(fixture: &Fixture, name: &str, knowing: &[&str]) -> Result<Vec<String>> {
    let verifier = Verifier::new(keys::certificates(knowing), Profile::strict(), signed());
    let signers = [fingerprint(name)];
    let signers = &signers;
    unsign(
        fixture,
        Chosen::By {
            signers,
            verifier: &verifier,
        },
    )
}

fn fingerprint(name: &str) -> Fingerprint {
    let signer = keys::signer(name, signed());
    Fingerprint::parse(signer.certificate().fingerprint().as_str()).unwrap()
}

/// What fits the space that the fixtures reserve, and what makes the header grow.
#[test]
fn signing_and_unsigning_gives_the_package_back_bit_for_bit() {
    let keys: [&[&str]; 7] = [
        &["good-rsa2048"],
        &["good-p256"],
        &["good-p521"],
        &["good-ed25519"],
        &["good-ed25519", "good-p384"],
        &["good-rsa4096", "good-mldsa65"],
        &["good-rsa4096", "good-rsa2048", "good-ed25519"],
    ];
    for format in [Format::V4, Format::V6] {
        for names in keys {
            for options in [SignOptions::default(), BOTH] {
                let fixture = Fixture::new(&Rpm::new("hello", "1.0", "noarch", format));
                fixture.sign_with(names, &options).unwrap();
                assert!(fixture.bytes() != fixture.unsigned);
                unsign(&fixture, Chosen::All).unwrap();
                assert!(fixture.bytes() == fixture.unsigned, "{format:?} {names:?}");
                assert_eq!(fixture.files().len(), 1, "litter: {:?}", fixture.files());
            }
        }
    }
}

#[test]
fn one_of_two_signers_goes_and_the_other_still_vouches() {
    let fixture = Fixture::v4();
    fixture.sign_with(&["good-rsa4096"], &BOTH).unwrap();
    let before = fixture.bytes();
    fixture.sign_with(&["good-ed25519"], &BOTH).unwrap();
    let removed = by(&fixture, "good-ed25519", &["good-ed25519"]).unwrap();
    assert_eq!(removed.len(), 1, "{removed:?}");
    let ed25519 = fingerprint("good-ed25519");
    assert!(removed[0].contains(ed25519.as_str()), "{removed:?}");
    assert!(fixture.bytes() == before);
    let found = package::verify(&fixture.path, &trusting(&["good-rsa4096"]), &limits()).unwrap();
    assert_accepted(&found);
}

#[test]
fn every_copy_of_a_chosen_signature_goes() {
    let fixture = Fixture::v4();
    fixture.sign_with(&["good-rsa2048"], &BOTH).unwrap();
    let removed = by(&fixture, "good-rsa2048", &["good-rsa2048"]).unwrap();
    let mut tags: Vec<_> = removed
        .iter()
        .filter_map(|one| one.split(' ').next())
        .collect();
    tags.sort_unstable();
    assert_eq!(tags, ["OPENPGP", "RSA"]);
    assert!(fixture.bytes() == fixture.unsigned);
}

#[test]
fn without_certificates_a_signature_is_whose_it_names() {
    // The signing subkey is what the signature names; whose it is, only the certificate says.
    let fixture = Fixture::v4();
    fixture.sign(&["good-rsa4096"]).unwrap();
    let signed_bytes = fixture.bytes();
    let refused = by(&fixture, "good-rsa4096", &[]).unwrap_err();
    assert!(matches!(refused, Error::NotSigned { .. }), "{refused}");
    assert!(fixture.bytes() == signed_bytes);
    let signer = keys::signer("good-rsa4096", signed());
    let key = Fingerprint::parse(signer.key().as_str()).unwrap();
    let nobody = Verifier::new(keys::certificates(&[]), Profile::strict(), signed());
    let signers = [key];
    let chosen = Chosen::By {
        signers: &signers,
        verifier: &nobody,
    };
    assert_eq!(unsign(&fixture, chosen).unwrap().len(), 1);
    assert!(fixture.bytes() == fixture.unsigned);
}

#[test]
fn what_rpmsign_signed_is_given_back() {
    let fixture = Fixture::v4();
    let key = keys::load("good-rsa4096");
    let Some(run) = peer::rpmsign(&fixture.path, &["--addsign"], &key) else {
        return;
    };
    assert_eq!(run.status, 0, "{}", run.text);
    assert!(fixture.bytes() != fixture.unsigned);
    unsign(&fixture, Chosen::All).unwrap();
    assert!(fixture.bytes() == fixture.unsigned);
}

#[test]
fn nothing_is_taken_out_of_what_is_not_signed_or_damaged() {
    let fixture = Fixture::v4();
    let refused = unsign(&fixture, Chosen::All).unwrap_err();
    assert!(matches!(refused, Error::NotSigned { .. }), "{refused}");
    assert!(refused.hint().is_some());
    assert!(fixture.bytes() == fixture.unsigned);

    fixture.sign(&["good-rsa4096"]).unwrap();
    let good = fixture.bytes();
    let refused = by(&fixture, "good-ed25519", &["good-ed25519", "good-rsa4096"]).unwrap_err();
    assert!(matches!(refused, Error::NotSigned { .. }), "{refused}");
    for at in [good.len() - 1, good.len() / 2, 150] {
        let mut damaged = good.clone();
        damaged[at] ^= 1;
        fs::write(&fixture.path, &damaged).unwrap();
        let refused = unsign(&fixture, Chosen::All).unwrap_err();
        assert!(matches!(refused, Error::Broken { .. }), "{at}: {refused}");
        assert!(fixture.bytes() == damaged);
    }
    for length in [0, 50, 200, good.len() - 1] {
        fs::write(&fixture.path, &good[..length]).unwrap();
        assert!(unsign(&fixture, Chosen::All).is_err(), "cut to {length}");
        assert!(fixture.bytes() == good[..length]);
    }
}

#[test]
fn into_another_directory_the_input_stays() {
    let fixture = Fixture::v4();
    fixture.sign(&["good-rsa4096"]).unwrap();
    let before = fixture.bytes();
    let folder = tempfile::tempdir().unwrap();
    let output = Destination::Directory(folder.path().join("out"));
    let (staged, _) = package::unsign(&fixture.path, Chosen::All, &output).unwrap();
    staged.commit().unwrap();
    assert!(fixture.bytes() == before);
    let name = fixture.path.file_name().unwrap();
    let written = fs::read(folder.path().join("out").join(name)).unwrap();
    assert!(written == fixture.unsigned);
}
