//! The committed vectors of packages and repositories, each with its verdict.

use pkgseal_openpgp::{Examination, Verifier};
use pkgseal_repo::{CheckOptions, NoProgress};
use pkgseal_rpm::{package, yum};
use pkgseal_testkit::vectors::{self, Expect, Vector};

use crate::common::{limits, rejections, trusting_files};

fn verifier(vector: &Vector) -> Verifier {
    trusting_files(&vector.certificates, vector.time.parse().unwrap())
}

fn judge(vector: &Vector) -> Examination {
    let verifier = verifier(vector);
    let path = vector.subject.clone();
    let found = match (vector.format.as_str(), path.is_dir()) {
        ("rpm", _) => package::verify(&path, &verifier, &limits()),
        (_, false) => yum::verify_repomd(&path, &verifier, &limits()),
        (_, true) => yum::verify_tree(&path, &verifier, &CheckOptions::default(), &NoProgress),
    };
    found.unwrap_or_else(|e| panic!("{}: {e}", vector.folder.display()))
}

#[test]
fn every_vector_gets_its_verdict() {
    let mut wrong = Vec::new();
    for vector in vectors::all() {
        if !matches!(vector.format.as_str(), "rpm" | "repomd") {
            continue;
        }
        let found = judge(&vector);
        let codes = rejections(&found);
        let right = match &vector.expect {
            Expect::Accepted => codes.is_empty(),
            Expect::Undecided => codes.is_empty(),
            Expect::Rejected(code) => codes.contains(&code.as_str()),
        };
        if !right {
            wrong.push(format!(
                "{}/{}: {:?}, found {codes:?}",
                vector.format, vector.name, vector.expect
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
