//! Files and Maven repositories: what is accepted, and everything that is not.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail loudly, and say what they skip"
)]

mod artifact;
mod certificates;
mod damage;
mod faults;
mod maven;
mod peers;
mod plain;
mod policy;
mod preflight;
mod publish;
mod real;
mod states;
mod tree_sign;
mod tree_verify;
mod vectors;

use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Examination, Profile, Verifier};
use pkgseal_repo::{Code, Limits, Outcome};
use pkgseal_testkit::keys;

/// A strict verifier that knows these certificates, at [`keys::NOW`].
fn verifier(names: &[&str]) -> Verifier {
    Verifier::new(
        keys::certificates(names),
        Profile::strict(),
        keys::time(keys::NOW),
    )
}

/// A folder with one file in it.
fn folder(name: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, content).unwrap();
    (dir, path)
}

/// `path` with text appended.
fn plus(path: &Path, suffix: &str) -> PathBuf {
    format!("{}{suffix}", path.display()).into()
}

/// Verifies by the certificate of `good`.
fn verify(path: &Path) -> Examination {
    pkgseal_maven::artifact::verify(path, &verifier(&["good"]), &Limits::default()).unwrap()
}

#[track_caller]
fn assert_accepted(examination: &Examination) {
    assert_eq!(examination.outcome(), Outcome::Accepted, "{examination:#?}");
}

/// Rejected, and for that reason.
#[track_caller]
fn assert_rejected(examination: &Examination, code: Code) {
    assert_eq!(examination.outcome(), Outcome::Rejected, "{examination:#?}");
    assert!(has(examination, code), "no {code}: {examination:#?}");
}

fn has(examination: &Examination, code: Code) -> bool {
    let mut findings = examination.report.findings.iter();
    findings.any(|finding| finding.code == code)
}

/// Every file below a folder, hidden ones too, with its content.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                files.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}
