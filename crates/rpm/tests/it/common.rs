//! What every test here needs.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, Certificates, Examination, Profile, Verifier};
use pkgseal_repo::{Limits, Outcome, Severity};
use pkgseal_testkit::keys;

/// The moment tests call now.
pub(crate) fn now() -> Timestamp {
    keys::time(keys::NOW)
}

/// When tests sign.
pub(crate) fn signed() -> Timestamp {
    keys::time(keys::SIGNED)
}

/// A strict verifier that trusts these test keys.
pub(crate) fn trusting(names: &[&str]) -> Verifier {
    Verifier::new(keys::certificates(names), Profile::strict(), now())
}

/// A strict verifier that trusts certificate files.
pub(crate) fn trusting_files(files: &[PathBuf], now: Timestamp) -> Verifier {
    let mut all = Vec::new();
    for file in files {
        let (certificates, errors) = Certificate::parse_all(&std::fs::read(file).unwrap());
        assert!(errors.is_empty(), "{}: {errors:?}", file.display());
        all.extend(certificates);
    }
    Verifier::new(Certificates::new(all), Profile::strict(), now)
}

pub(crate) fn limits() -> Limits {
    Limits::default()
}

/// The folder of real files that are not part of the project.
pub(crate) fn vectors(below: &str) -> Option<PathBuf> {
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/vectors"
    ))
    .join(below);
    if folder.exists() {
        return Some(folder);
    }
    println!("SKIP: {} is not there", folder.display());
    None
}

/// Codes of the findings that reject.
pub(crate) fn rejections(examination: &Examination) -> Vec<&'static str> {
    codes(examination, Severity::Reject)
}

pub(crate) fn codes(examination: &Examination, severity: Severity) -> Vec<&'static str> {
    let mut codes: Vec<_> = examination
        .report
        .findings
        .iter()
        .filter(|f| f.severity == severity)
        .map(|f| f.code.id)
        .collect();
    codes.dedup();
    codes
}

#[track_caller]
pub(crate) fn assert_accepted(examination: &Examination) {
    assert_eq!(
        examination.outcome(),
        Outcome::Accepted,
        "{:#?}",
        examination.report.findings
    );
}
