//! What Maven Central would say, and what it would not.

mod bundle;
mod cases;

use std::fs;
use std::path::Path;

use pkgseal_maven::preflight::{bundle, check};
use pkgseal_maven::tree::{self, Existing, SignOptions};
use pkgseal_maven::{codes, zip};
use pkgseal_openpgp::{Certificates, Examination, Profile, Verifier, codes as signature};
use pkgseal_repo::{
    CheckOptions, Code, Destination, DigestAlgorithm, NoProgress, Outcome, codes as repo_codes,
};
use pkgseal_testkit::build::{Digest, maven, put, zip::stored};
use pkgseal_testkit::keys::{self, Hash, RawOptions, raw_sign};

use crate::{assert_accepted, contents, verifier};

const FOLDER: &str = "org/example/lib/1.0";

/// A release of one library, with Gradle metadata, not yet signed.
fn release() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in maven::Artifact::new("org.example", "lib", "1.0").files() {
        put(dir.path(), &path, content);
    }
    put(dir.path(), &format!("{FOLDER}/lib-1.0.module"), "{}");
    dir
}

fn sign(dir: &Path) {
    let time = keys::time(keys::SIGNED);
    tree::sign_with(
        dir,
        &[keys::signer("good", time)],
        time,
        &Destination::Beside,
        &SignOptions {
            existing: Existing::Replace,
            checksums: vec![DigestAlgorithm::Md5, DigestAlgorithm::Sha1],
            ..SignOptions::default()
        },
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap();
}

fn signed() -> tempfile::TempDir {
    let dir = release();
    sign(dir.path());
    dir
}

fn judge(path: &Path, verifier: &Verifier) -> Examination {
    check(path, verifier, &CheckOptions::default(), &NoProgress).unwrap()
}

/// The folder as a zip archive, whatever is in it.
fn zipped(dir: &Path) -> Vec<u8> {
    let files = contents(dir);
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(n, c)| (n.as_str(), c.as_slice()))
        .collect();
    stored(&files)
}

fn judge_zip(bytes: &[u8], verifier: &Verifier) -> Examination {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bundle.zip");
    fs::write(&path, bytes).unwrap();
    judge(&path, verifier)
}

const UNASKED: &str = "Maven Central does not check this";

fn at(dir: &Path, name: &str) -> std::path::PathBuf {
    dir.join(FOLDER).join(name)
}

fn remove(dir: &Path, name: &str) {
    fs::remove_file(at(dir, name)).unwrap();
}

fn write(dir: &Path, name: &str, content: impl AsRef<[u8]>) {
    put(dir, &format!("{FOLDER}/{name}"), content);
}

/// Takes an element out of the POM, or puts another in its place.
fn pom(dir: &Path, from: &str, to: &str) {
    let path = at(dir, "lib-1.0.pom");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

const LICENSES: &str = "<licenses><license><name>MIT</name></license></licenses>";
const DEVELOPERS: &str =
    "<developers><developer><name>pkgseal TEST</name></developer></developers>";
const URL: &str = "<url>https://test.invalid/</url>";

/// Signs a file of the release by another key or at another time.
fn resign(dir: &Path, name: &str, key: &str, options: &RawOptions) {
    let content = fs::read(at(dir, name)).unwrap();
    let signature = raw_sign(&keys::load(key), &content, options);
    write(dir, &format!("{name}.asc"), signature);
}

#[test]
fn a_good_release_is_accepted() {
    let dir = signed();
    for judged in [
        judge(dir.path(), &verifier(&["good"])),
        judge_zip(&zipped(dir.path()), &verifier(&["good"])),
    ] {
        assert_accepted(&judged);
        assert_eq!(judged.signatures.len(), 5);
        assert!(
            judged.report.findings.is_empty(),
            "{:#?}",
            judged.report.findings
        );
    }
}

#[test]
fn under_centrals_own_profile_it_only_mentions_what_central_lets_pass() {
    let central = Verifier::new(
        keys::certificates(&cases::KNOWN),
        Profile::named("maven-central").unwrap(),
        keys::time(keys::NOW),
    );
    let sha1 = RawOptions::at(keys::SIGNED).hash(Hash::Sha1);
    for (key, options, code) in [
        (
            "expired",
            RawOptions::at(keys::SIGNED),
            signature::KEY_EXPIRED_NOW,
        ),
        (
            "expired",
            RawOptions::at("2025-06-15"),
            signature::KEY_EXPIRED_AT_SIGNING,
        ),
        ("good-rsa2048", sha1, signature::WEAK_NOW),
    ] {
        let dir = signed();
        resign(dir.path(), "lib-1.0.jar", key, &options);
        let judged = judge(dir.path(), &central);
        assert_accepted(&judged);
        assert!(crate::has(&judged, code), "{code}: {judged:#?}");
        assert_eq!(
            judge(dir.path(), &verifier(&cases::KNOWN)).outcome(),
            Outcome::Rejected
        );
    }
    // A key revoked as compromised never counts.
    let dir = signed();
    resign(
        dir.path(),
        "lib-1.0.jar",
        "revoked-hard",
        &RawOptions::at(keys::SIGNED),
    );
    crate::assert_rejected(&judge(dir.path(), &central), signature::KEY_REVOKED);
}

#[test]
fn without_a_keyring_it_is_not_decided() {
    let dir = signed();
    let nobody = Verifier::new(
        Certificates::default(),
        Profile::strict(),
        keys::time(keys::NOW),
    );
    let judged = judge(dir.path(), &nobody);
    assert_eq!(judged.outcome(), Outcome::Undecided);
    assert!(crate::has(&judged, codes::CENTRAL_SIGNATURE_UNCHECKED));
    fs::remove_file(at(dir.path(), "lib-1.0.jar.md5")).unwrap();
    assert_eq!(judge(dir.path(), &nobody).outcome(), Outcome::Rejected);
}

#[test]
fn a_parent_in_the_release_is_inherited_from() {
    let dir = release();
    let text = fs::read_to_string(at(dir.path(), "lib-1.0.pom")).unwrap();
    let parent = text
        .replace("<artifactId>lib<", "<artifactId>parent<")
        .replace(">jar<", ">pom<");
    let child = "<project><parent><groupId>org.example</groupId><artifactId>parent</artifactId>\
        <version>1.0</version></parent><artifactId>lib</artifactId><name>lib</name></project>";
    write(dir.path(), "lib-1.0.pom", child);
    put(dir.path(), "org/example/parent/1.0/parent-1.0.pom", &parent);
    sign(dir.path());
    assert_accepted(&judge(dir.path(), &verifier(&["good"])));
    // The name is not inherited; a parent elsewhere leaves the rest open.
    write(
        dir.path(),
        "lib-1.0.pom",
        child
            .replace("<name>lib</name>", "")
            .replace("parent<", "other<"),
    );
    for suffix in ["md5", "sha1"] {
        remove(dir.path(), &format!("lib-1.0.pom.{suffix}"));
    }
    sign(dir.path());
    let judged = judge(dir.path(), &verifier(&["good"]));
    assert!(crate::has(&judged, codes::CENTRAL_NAME));
    assert!(crate::has(&judged, codes::CENTRAL_PARENT));
    assert!(!crate::has(&judged, codes::CENTRAL_URL));
}

#[test]
fn nothing_and_no_archive_are_not_accepted() {
    let dir = tempfile::tempdir().unwrap();
    crate::assert_rejected(&judge(dir.path(), &verifier(&["good"])), codes::EMPTY);
    for bytes in [&b""[..], b"PK", b"\x1f\x8b\x08 a tarball"] {
        crate::assert_rejected(
            &judge_zip(bytes, &verifier(&["good"])),
            codes::BUNDLE_MALFORMED,
        );
    }
    crate::assert_rejected(&judge_zip(&stored(&[]), &verifier(&["good"])), codes::EMPTY);
    let climbing = stored(&[("../evil", b"x")]);
    crate::assert_rejected(
        &judge_zip(&climbing, &verifier(&["good"])),
        repo_codes::PATH_UNSAFE,
    );
}
