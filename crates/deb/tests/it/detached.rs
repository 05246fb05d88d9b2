//! Detached signatures beside a package cover every byte of it.

use std::path::Path;

use pkgseal_deb::package::{self, SignOptions};
use pkgseal_openpgp::{Examination, Profile, Verifier};
use pkgseal_repo::{Destination, Limits};
use pkgseal_testkit::build::deb::{self, Deb};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};

use crate::common::{accepted, codes, folder, now, rejected, verify_deb, write};

/// A package, signed inside by `inside` and beside by `beside`.
fn place(inside: Option<&str>, beside: &[(&str, &str)]) -> (tempfile::TempDir, std::path::PathBuf) {
    let package = Deb::new("hello", "1.0", "amd64");
    let mut bytes = package.build();
    let options = RawOptions::at(keys::SIGNED);
    if let Some(key) = inside {
        let data = deb::signed_data(&package.members());
        let signature = raw_sign(&keys::load(key), &data, &options.clone().binary());
        deb::append_signature(&mut bytes, "origin", &signature);
    }
    let folder = folder();
    let path = write(folder.path(), "hello.deb", &bytes);
    for (suffix, key) in beside {
        let signature = raw_sign(&keys::load(key), &bytes, &options);
        write(folder.path(), &format!("hello.deb{suffix}"), &signature);
    }
    (folder, path)
}

fn objects(examination: &Examination) -> Vec<String> {
    let names = examination.signatures.iter().map(|one| &one.object);
    names
        .map(|name| name.rsplit_once('(').unwrap().1.to_owned())
        .collect()
}

#[test]
fn one_beside_the_package_is_enough() {
    for suffix in [".asc", ".sig"] {
        let (_folder, path) = place(None, &[(suffix, "good")]);
        let examination = verify_deb(&path, &["good"]);
        accepted(&examination);
        assert_eq!(objects(&examination), [format!("hello.deb{suffix})")]);
        let size = std::fs::metadata(&path).unwrap().len();
        assert_eq!(examination.report.bytes, size);
        rejected(
            &verify_deb(&path, &["good-rsa4096"]),
            &["signature.missing-certificate"],
        );
    }
}

#[test]
fn inside_and_beside_are_judged_together() {
    let (_folder, path) = place(
        Some("good"),
        &[(".asc", "good-rsa4096"), (".sig", "stranger")],
    );
    let examination = verify_deb(&path, &["good", "good-rsa4096"]);
    accepted(&examination);
    let expected = ["_gpgorigin)", "hello.deb.asc)", "hello.deb.sig)"];
    assert_eq!(objects(&examination), expected);
    let certificates = || keys::certificates(&["good", "good-rsa4096"]);
    let judge = |count| {
        let profile = Profile::strict().threshold(count);
        let verifier = Verifier::new(certificates(), profile, now());
        package::verify(&path, &verifier, &Limits::default()).unwrap()
    };
    accepted(&judge(2));
    assert!(!codes(&judge(3)).is_empty());
}

/// The bytes that no signature inside covers are covered from beside.
#[test]
fn every_byte_is_covered() {
    let (_folder, path) = place(Some("good"), &[(".asc", "good-rsa4096")]);
    let bytes = std::fs::read(&path).unwrap();
    // The modification time of debian-binary.
    let mut changed = bytes.clone();
    changed[8 + 16] = b'2';
    std::fs::write(&path, &changed).unwrap();
    rejected(
        &verify_deb(&path, &["good", "good-rsa4096"]),
        &["signature.bad"],
    );
    // Who does not know the signer beside cannot tell.
    accepted(&verify_deb(&path, &["good"]));
    // Nor does it hold after another signature was added.
    std::fs::write(&path, &bytes).unwrap();
    let time = keys::time(keys::SIGNED);
    let options = SignOptions {
        role: "maint".parse().unwrap(),
        ..SignOptions::default()
    };
    let signers = [keys::signer("good", time)];
    package::sign(
        &path,
        &options,
        &signers,
        time,
        &Destination::Beside,
        &Limits::default(),
    )
    .unwrap();
    rejected(
        &verify_deb(&path, &["good", "good-rsa4096"]),
        &["signature.bad"],
    );
}

#[test]
fn a_detached_signature_helps_no_malformed_archive() {
    let package = Deb::new("hello", "1.0", "amd64");
    let options = RawOptions::at(keys::SIGNED);
    let sign = |data: &[u8]| raw_sign(&keys::load("good"), data, &options.clone().binary());
    let folder = folder();
    for case in deb::malformed(&package, &sign) {
        let path = write(folder.path(), "hello.deb", &case.bytes);
        let signature = raw_sign(&keys::load("good"), &case.bytes, &options);
        write(folder.path(), "hello.deb.asc", &signature);
        let found = codes(&verify_deb(&path, &["good"]));
        assert!(!found.is_empty(), "{}", case.name);
    }
}

#[test]
fn what_lies_beside_must_be_a_signature() {
    for garbage in [
        &b"garbage\n"[..],
        b"",
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
    ] {
        let (folder, path) = place(Some("good"), &[]);
        write(folder.path(), "hello.deb.asc", garbage);
        let examination = verify_deb(&path, &["good"]);
        assert_eq!(examination.outcome(), pkgseal_repo::Outcome::Rejected);
        let subject = &examination.report.findings[0].subject;
        assert!(subject.ends_with("(hello.deb.asc)"), "{subject}");
    }
    // A folder of that name is none.
    let (folder, path) = place(Some("good"), &[]);
    std::fs::create_dir(Path::new(folder.path()).join("hello.deb.asc")).unwrap();
    accepted(&verify_deb(&path, &["good"]));
}
