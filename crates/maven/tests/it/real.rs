//! A real local repository, with real publishers' certificates.

use std::path::PathBuf;

use pkgseal_maven::{codes, tree};
use pkgseal_openpgp::{Certificate, Certificates, Profile, Verifier, codes as signature};
use pkgseal_repo::{CheckOptions, NoProgress, Root};

use crate::{assert_rejected, has};

fn vectors() -> Option<PathBuf> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/vectors/maven/local-repo"
    );
    let path = PathBuf::from(path);
    if path.is_dir() {
        return Some(path);
    }
    println!("SKIP: the real Maven repository is not here");
    None
}

#[test]
fn a_real_repository_is_recognised_and_judged() {
    let Some(path) = vectors() else { return };
    assert!(tree::recognise(&Root::open(&path).unwrap()).unwrap());
    let mut certificates = Vec::new();
    let mut refused = 0;
    for (name, bytes) in crate::contents(&path.join("pgpkeys-cache")) {
        let (found, errors) = Certificate::parse_all(&bytes);
        assert!(!found.is_empty() || !errors.is_empty(), "{name}");
        refused += errors.len();
        certificates.extend(found);
    }
    println!("{} certificates, {refused} refused", certificates.len());
    assert!(certificates.len() > 70);
    let verifier = Verifier::new(
        Certificates::new(certificates),
        Profile::strict(),
        "2025-09-01T00:00:00Z".parse().unwrap(),
    );
    let examination =
        tree::verify(&path, &verifier, &CheckOptions::default(), &NoProgress).unwrap();
    println!("{:#?}", examination.report);
    assert_eq!(examination.signatures.len(), 4);
    // The jar's and its POM's key is not in the cache.
    assert_rejected(&examination, signature::MISSING_CERTIFICATE);
    // maven-parent has no signature at all.
    assert_rejected(&examination, signature::NONE);
    let unsigned = examination
        .report
        .findings
        .iter()
        .find(|finding| finding.code == signature::NONE)
        .unwrap();
    assert!(unsigned.subject.contains("maven-parent-32"), "{unsigned:?}");
    assert!(has(&examination, codes::METADATA_UNSIGNED));
    assert!(has(&examination, codes::OUTSIDE));
}

#[test]
fn a_real_md5_signature_is_weak() {
    let Some(path) = vectors() else { return };
    let pom = path.join("nl/dannyvanheumen/hellopom/0.9/hellopom-0.9.pom");
    let examination = crate::verify(&pom);
    let facts = &examination.signatures[0].report.signatures[0];
    assert_eq!(facts.digest_algorithm, "MD5");
    assert!(!examination.signatures[0].report.is_accepted());
}

#[test]
fn real_poms_say_what_their_paths_say() {
    let Some(path) = vectors() else { return };
    let time = pkgseal_testkit::keys::time(pkgseal_testkit::keys::SIGNED);
    let out = tempfile::tempdir().unwrap();
    tree::sign(
        &path,
        &[pkgseal_testkit::keys::signer("good", time)],
        time,
        &pkgseal_repo::Destination::Directory(out.path().to_owned()),
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap();
    let examination = crate::tree_verify::verify(out.path());
    crate::assert_accepted(&examination);
    assert_eq!(examination.signatures.len(), 4);
}

/// Copies a tree, links resolved.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else if path.is_file() {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn debians_own_maven_tree_is_signed_and_verified() {
    let debian = std::path::Path::new("/usr/share/maven-repo");
    if !debian.is_dir() {
        println!("SKIP: no Debian package with a Maven tree is installed");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("tree");
    copy(debian, &tree);
    let time = pkgseal_testkit::keys::time(pkgseal_testkit::keys::SIGNED);
    let started = std::time::Instant::now();
    let signed = tree::sign(
        &tree,
        &[pkgseal_testkit::keys::signer("good", time)],
        time,
        &pkgseal_repo::Destination::Beside,
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap();
    println!("{} signed in {:?}", signed.outputs.len(), started.elapsed());
    let started = std::time::Instant::now();
    let examination = crate::tree_verify::verify(&tree);
    println!("verified in {:?}", started.elapsed());
    println!("{:#?}", examination.report);
    assert_eq!(signed.outputs.len(), examination.signatures.len());
    crate::assert_accepted(&examination);
}
