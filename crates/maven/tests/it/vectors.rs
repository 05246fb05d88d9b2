//! The committed vectors of files and repositories, each with its verdict.

use pkgseal_maven::{artifact, tree};
use pkgseal_openpgp::{Certificate, Certificates, Examination, Profile, Verifier};
use pkgseal_repo::{CheckOptions, Limits, NoProgress, Outcome, Severity};
use pkgseal_testkit::vectors::{self, Expect, Vector};

fn judge(vector: &Vector) -> Examination {
    let certificates = vector.certificates.iter().flat_map(|path| {
        let (certificates, errors) = Certificate::parse_all(&std::fs::read(path).unwrap());
        assert!(errors.is_empty(), "{errors:?}");
        certificates
    });
    let verifier = Verifier::new(
        Certificates::new(certificates),
        Profile::strict(),
        vector.time.parse().unwrap(),
    );
    let found = if vector.subject.is_dir() {
        let options = CheckOptions::default();
        tree::verify(&vector.subject, &verifier, &options, &NoProgress)
    } else {
        artifact::verify(&vector.subject, &verifier, &Limits::default())
    };
    found.unwrap()
}

/// Why a vector did not get its verdict.
fn fault(vector: &Vector) -> Option<String> {
    let found = judge(vector);
    let findings = found.report.findings.iter();
    let reasons: Vec<&str> = findings
        .filter(|finding| finding.severity == Severity::Reject)
        .map(|finding| finding.code.id)
        .collect();
    let right = match &vector.expect {
        Expect::Accepted => found.outcome() == Outcome::Accepted,
        Expect::Undecided => found.outcome() == Outcome::Undecided,
        Expect::Rejected(code) => reasons.contains(&code.as_str()),
    };
    let place = format!("{}/{}", vector.format, vector.name);
    (!right).then(|| format!("{place}: {}, found {reasons:?}", vector.expect))
}

#[test]
fn every_vector_gets_its_verdict() {
    let ours = |vector: &Vector| matches!(vector.format.as_str(), "artifact" | "maven");
    let vectors: Vec<Vector> = vectors::all().into_iter().filter(ours).collect();
    assert!(vectors.len() > 90, "{}", vectors.len());
    let faults: Vec<String> = vectors.iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
