//! The committed vectors of packages and repositories, each with its verdict.

use pkgseal_deb::{apt, package, upload};
use pkgseal_openpgp::{Certificate, Certificates, Examination, Profile, Verifier};
use pkgseal_repo::{CheckOptions, Limits, NoProgress, Outcome};
use pkgseal_testkit::vectors::{self, Expect, Vector};

use crate::common::reasons;

fn judge(vector: &Vector) -> Examination {
    let certificates = vector.certificates.iter().flat_map(|path| {
        let (found, errors) = Certificate::parse_all(&std::fs::read(path).unwrap());
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        found
    });
    let verifier = Verifier::new(
        Certificates::new(certificates),
        Profile::strict(),
        vector.time.parse().unwrap(),
    );
    let path = &vector.subject;
    let limits = Limits::default();
    let found = match (vector.format.as_str(), path.is_dir()) {
        ("deb", _) => package::verify(path, &verifier, &limits),
        ("changes", _) => {
            upload::verify(path, &verifier, None, &CheckOptions::default(), &NoProgress)
        }
        (_, false) => apt::verify_release(path, &verifier, &limits),
        (_, true) => apt::verify_tree(path, &verifier, &CheckOptions::default(), &NoProgress),
    };
    found.unwrap_or_else(|error| panic!("{}: {error}", vector.folder.display()))
}

#[test]
fn every_vector_gets_its_verdict() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for vector in vectors::all() {
        if !matches!(vector.format.as_str(), "changes" | "deb" | "inrelease")
            || vector.profile.is_some()
        {
            continue;
        }
        count += 1;
        let found = judge(&vector);
        let reasons = reasons(&found);
        let right = match &vector.expect {
            Expect::Accepted => found.outcome() == Outcome::Accepted,
            Expect::Undecided => found.outcome() == Outcome::Undecided,
            Expect::Rejected(code) => {
                found.outcome() == Outcome::Rejected && reasons.contains(&code.as_str())
            }
        };
        if !right {
            wrong.push(format!(
                "{}/{}: {:?}, found {reasons:?}",
                vector.format, vector.name, vector.expect
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 150, "{count} vectors");
}
