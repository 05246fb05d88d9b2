//! What every module here needs.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Profile, Signed, Verifier};
use pkgseal_repo::{CheckOptions, Destination, Limits, NoProgress, Outcome, Severity};
use pkgseal_testkit::build::apt::Repository;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::keys;

pub(crate) fn now() -> Timestamp {
    keys::time(keys::NOW)
}

/// A strict judge at the tests' now who knows these keys.
pub(crate) fn verifier(names: &[&str]) -> Verifier {
    verifier_at(names, keys::NOW)
}

pub(crate) fn verifier_at(names: &[&str], time: &str) -> Verifier {
    Verifier::new(
        keys::certificates(names),
        Profile::strict(),
        keys::time(time),
    )
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Codes of the findings that reject, sorted, each once.
pub(crate) fn reasons(examination: &Examination) -> Vec<&'static str> {
    let mut reasons: Vec<_> = examination
        .report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Reject)
        .map(|finding| finding.code.id)
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

/// Codes of all findings, sorted, each once.
pub(crate) fn codes(examination: &Examination) -> Vec<&'static str> {
    let findings = &examination.report.findings;
    let mut codes: Vec<_> = findings.iter().map(|finding| finding.code.id).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[track_caller]
pub(crate) fn accepted(examination: &Examination) {
    assert_eq!(
        examination.outcome(),
        Outcome::Accepted,
        "{:#?}",
        examination.report.findings
    );
}

#[track_caller]
pub(crate) fn rejected(examination: &Examination, expected: &[&str]) {
    assert_eq!(examination.outcome(), Outcome::Rejected);
    assert_eq!(
        reasons(examination),
        expected,
        "{:#?}",
        examination.report.findings
    );
}

pub(crate) fn verify_deb(path: &Path, keys: &[&str]) -> Examination {
    pkgseal_deb::package::verify(path, &verifier(keys), &Limits::default()).unwrap()
}

pub(crate) fn verify_release(path: &Path, keys: &[&str]) -> Examination {
    pkgseal_deb::apt::verify_release(path, &verifier(keys), &Limits::default()).unwrap()
}

pub(crate) fn verify_tree(root: &Path, keys: &[&str]) -> Examination {
    pkgseal_deb::apt::verify_tree(root, &verifier(keys), &CheckOptions::default(), &NoProgress)
        .unwrap()
}

pub(crate) fn sign_tree(root: &Path, keys: &[&str]) -> Signed {
    let time = keys::time(keys::SIGNED);
    let signers: Vec<_> = keys.iter().map(|name| keys::signer(name, time)).collect();
    pkgseal_deb::apt::sign_tree(
        root,
        &signers,
        time,
        &Destination::Beside,
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap()
}

/// Two packages in one suite with by-hash.
pub(crate) fn repository() -> Repository {
    Repository::new(
        "stable",
        vec![
            ("main", Deb::new("hello", "1.0", "amd64")),
            ("main", Deb::new("common", "2.0", "all")),
            ("contrib", Deb::new("extra", "3.0-1", "amd64")),
        ],
    )
    .by_hash()
}

/// A signed repository on disk.
pub(crate) fn signed_repository() -> tempfile::TempDir {
    let folder = folder();
    repository().write(folder.path());
    sign_tree(folder.path(), &["good"]);
    folder
}
