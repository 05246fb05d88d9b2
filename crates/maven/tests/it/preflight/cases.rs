//! Releases with one thing wrong with each.

mod checksums;
mod parts;
mod poms;
mod signatures;
mod unasked;

use super::*;

type Change = fn(&Path);

/// A change of a release, made before or after it is signed, and what is said of it.
struct Case {
    name: &'static str,
    before: Change,
    after: Change,
    code: Code,
    /// Central's words, or those that say it does not ask.
    words: &'static str,
}

const NOTHING: Change = |_| {};

fn before(name: &'static str, before: Change, code: Code, words: &'static str) -> Case {
    Case {
        name,
        before,
        after: NOTHING,
        code,
        words,
    }
}

fn after(name: &'static str, after: Change, code: Code, words: &'static str) -> Case {
    Case {
        name,
        before: NOTHING,
        after,
        code,
        words,
    }
}

fn cases() -> Vec<Case> {
    [
        checksums::cases(),
        signatures::cases(),
        parts::cases(),
        poms::cases(),
        unasked::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) const KNOWN: [&str; 9] = [
    "good",
    "good-rsa2048",
    "expired",
    "subkey-expired",
    "revoked-hard",
    "revoked-soft",
    "rsa1024",
    "sha1-binding",
    "no-backsig",
];

/// What a case should have found and did not.
fn fault(case: &Case, judged: &Examination, what: &str) -> Option<String> {
    let right = judged.report.findings.iter().any(|finding| {
        let words = finding
            .cause
            .as_ref()
            .is_some_and(|cause| cause.contains(case.words));
        finding.code == case.code && words
    });
    (!right).then(|| format!("{} ({what}): {:#?}", case.name, judged.report.findings))
}

#[test]
fn every_case_is_found_in_centrals_words() {
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    let verifier = verifier(&KNOWN);
    let mut faults = Vec::new();
    for case in &cases {
        let dir = release();
        (case.before)(dir.path());
        sign(dir.path());
        (case.after)(dir.path());
        faults.extend(fault(case, &judge(dir.path(), &verifier), "folder"));
        faults.extend(fault(
            case,
            &judge_zip(&zipped(dir.path()), &verifier),
            "bundle",
        ));
    }
    println!("{} cases", cases.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
