//! Real packages that pkgseal did not make.

use std::path::PathBuf;

use pkgseal_openpgp::Examination;
use pkgseal_rpm::package;
use pkgseal_testkit::keys;

use crate::common::{assert_accepted, codes, limits, rejections, trusting_files, vectors};

fn keyring() -> Option<Vec<PathBuf>> {
    let folder = vectors("rpm-rs/signing_keys")?;
    let certificates = |version: &str| {
        let files = std::fs::read_dir(folder.join(version)).unwrap();
        files
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "asc"))
            .collect::<Vec<_>>()
    };
    Some([certificates("v4"), certificates("v6")].concat())
}

fn every_rpm(folder: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rpm") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_package_of_rpm_rs_is_read_and_the_signed_ones_verify() {
    let (Some(keyring), Some(folder)) = (keyring(), vectors("rpm-rs")) else {
        return;
    };
    let verifier = trusting_files(&keyring, keys::time("2026-11-01"));
    let packages = every_rpm(folder);
    assert!(packages.len() > 30);
    for path in packages {
        let found: Examination = package::verify(&path, &verifier, &limits()).unwrap();
        let signed = path.components().any(|c| c.as_os_str() == "signed");
        if signed {
            assert_accepted(&found);
        } else {
            assert_eq!(rejections(&found), ["rpm.unsigned"]);
        }
        let warnings = codes(&found, pkgseal_repo::Severity::Warning);
        assert!(warnings.is_empty(), "{}: {warnings:?}", path.display());
    }
}

/// Out of a real package and back into what is left of it without its signatures.
#[test]
fn signature_headers_of_real_packages_go_out_and_in() {
    use pkgseal_repo::Destination;
    use pkgseal_rpm::package::header_blob::{self, Offer};
    use pkgseal_rpm::package::{Chosen, SignOptions};
    let (Some(keyring), Some(folder)) = (keyring(), vectors("rpm-rs/RPMS")) else {
        return;
    };
    let verifier = trusting_files(&keyring, keys::time("2026-11-01"));
    let beside = Destination::Beside;
    let mut count = 0;
    for path in every_rpm(folder) {
        let (header, examination) = header_blob::main_header(&path).unwrap();
        assert_accepted(&examination);
        assert!(header.is_some());
        if !path.components().any(|c| c.as_os_str() == "signed") {
            continue;
        }
        count += 1;
        let (blob, _) = header_blob::signature_header(&path).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.rpm");
        std::fs::copy(&path, &copy).unwrap();
        let (unsigned, _) = package::unsign(&copy, Chosen::All, &beside).unwrap();
        unsigned.commit().unwrap();
        let original = std::fs::read(&path).unwrap();
        assert!(std::fs::read(&copy).unwrap() != original);
        let (applied, examination) = header_blob::apply(
            &copy,
            Offer::File(&blob.unwrap()),
            &verifier,
            &SignOptions::default(),
            &beside,
            &limits(),
        )
        .unwrap();
        assert_accepted(&examination);
        applied.unwrap().commit().unwrap();
        assert!(
            std::fs::read(&copy).unwrap() == original,
            "{}",
            path.display()
        );
    }
    assert!(count >= 8);
}
