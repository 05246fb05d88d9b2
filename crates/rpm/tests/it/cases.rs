//! The committed vectors of packages and repositories, each with its verdict.

use pkgseal_openpgp::{Examination, Verifier};
use pkgseal_repo::{CheckOptions, NoProgress, Severity};
use pkgseal_rpm::package::{self, Reading, VerifyOptions};
use pkgseal_rpm::yum;
use pkgseal_testkit::vectors::{self, Expect, Vector};

use crate::common::{codes, limits, rejections, trusting_files};

fn verifier(vector: &Vector) -> Verifier {
    trusting_files(&vector.certificates, vector.time.parse().unwrap())
}

fn judge(vector: &Vector) -> Examination {
    let verifier = verifier(vector);
    let path = vector.subject.clone();
    let found = match (vector.format.as_str(), path.is_dir()) {
        ("rpm", _) => {
            let reading = if vector.strict {
                Reading::Strict
            } else {
                Reading::Tolerant
            };
            let options = VerifyOptions {
                reading,
                ..VerifyOptions::default()
            };
            package::verify_with(&path, &verifier, &limits(), options)
        }
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

/// What rejects when reading strictly is a warning else, unless a signature or digest
/// cannot be read.
#[test]
fn strict_rejections_warn_by_default() {
    let mut seen = 0;
    for vector in vectors::all() {
        let Expect::Rejected(code) = &vector.expect else {
            continue;
        };
        if vector.format != "rpm" || !vector.strict {
            continue;
        }
        seen += 1;
        let found = package::verify(&vector.subject, &verifier(&vector), &limits()).unwrap();
        let rejected = rejections(&found);
        let warned = codes(&found, Severity::Warning);
        match vector.name.as_str() {
            // Nobody looks at it.
            "md5-wrong" => assert!(rejected.is_empty() && !warned.contains(&&**code)),
            // The first of the two is no signature.
            "duplicate-tag" => assert_eq!(rejected, ["signature.malformed"]),
            "wrong-type" => assert_eq!(rejected, ["rpm.digest-malformed"]),
            name => {
                assert!(rejected.is_empty(), "{name}: {rejected:?}");
                assert!(warned.contains(&&**code), "{name}: {warned:?}");
            }
        }
    }
    assert!(seen >= 10);
}
