//! Verdicts: short when good, explained when not.

use std::fmt::Write as _;

use pkgseal_openpgp::{Examination, SignatureFacts, Status};
use pkgseal_repo::Outcome;

use super::{GOOD, MOST_FINDINGS, MOST_NAMES, POOR, WRONG, date, findings, kind};
use crate::report::escaped;

pub(in crate::report) fn verdicts(examinations: &[&Examination], outcome: Outcome) -> String {
    let mut text = String::new();
    for examination in examinations {
        verdict(&mut text, examination);
    }
    if examinations.len() > 1 {
        let count = |wanted| {
            examinations
                .iter()
                .filter(|examination| examination.outcome() == wanted)
                .count()
        };
        let _ = writeln!(
            text,
            "{}: {} accepted, {} rejected, {} undecided",
            word(outcome),
            count(Outcome::Accepted),
            count(Outcome::Rejected),
            count(Outcome::Undecided)
        );
    }
    text
}

pub(super) fn verdict(text: &mut String, examination: &Examination) {
    let outcome = examination.outcome();
    let _ = writeln!(
        text,
        "{} {} ({}{})",
        word(outcome),
        escaped(&examination.subject),
        kind(examination),
        counts(examination)
    );
    let good: Vec<&SignatureFacts> = examination
        .signatures
        .iter()
        .flat_map(|object| &object.report.signatures)
        .filter(|signature| signature.status == Status::Good)
        .collect();
    signers(text, &good, outcome);
    if matches!(examination.kind, "files" | "sums" | "file") {
        vouched(text, examination);
    }
    findings(text, &examination.report.findings);
}

/// What vouches for which file, where several things may.
fn vouched(text: &mut String, examination: &Examination) {
    let details = examination.details.iter();
    let mut all = details.filter(|detail| detail.name == "vouched");
    for detail in all.by_ref().take(MOST_FINDINGS) {
        let _ = writeln!(text, "  vouched for: {}", escaped(&detail.value));
    }
    let more = all.count();
    if more > 0 {
        let _ = writeln!(text, "  and {more} more files; --json lists them all");
    }
}

/// Good signatures, the same signer once.
fn signers(text: &mut String, good: &[&SignatureFacts], outcome: Outcome) {
    // Beside a rejection nothing should read as if the object were vouched for.
    let label = match outcome {
        Outcome::Accepted => "signed by",
        Outcome::Undecided | Outcome::Rejected => "good signature by",
    };
    let mut lines: Vec<(String, usize)> = Vec::new();
    for signature in good {
        let line = signer(signature);
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, count)) => *count += 1,
            None => lines.push((line, 1)),
        }
    }
    let more = lines.len().saturating_sub(MOST_NAMES);
    for (line, count) in lines.iter().take(MOST_NAMES) {
        let times = if *count > 1 {
            format!(" ({count} signatures)")
        } else {
            String::new()
        };
        let _ = writeln!(text, "  {label} {line}{times}");
    }
    if more > 0 {
        let _ = writeln!(text, "  and by {more} more");
    }
}

fn signer(signature: &SignatureFacts) -> String {
    let certificate = signature
        .certificate
        .as_ref()
        .map_or_else(|| "an unknown certificate".to_owned(), ToString::to_string);
    let user_id = signature
        .user_id
        .as_deref()
        .map(escaped)
        .unwrap_or_default();
    let created = signature
        .created
        .map(|at| format!(", {}", date(at)))
        .unwrap_or_default();
    format!("{certificate} {user_id}{created}")
}

/// How much was compared: worth telling of trees.
fn counts(examination: &Examination) -> String {
    match (examination.kind, examination.report.files) {
        ("deb" | "rpm" | "release" | "repomd" | "file", _) | (_, 0) => String::new(),
        (_, files) => format!(
            ", {files} files, {} bytes checked",
            examination.report.bytes
        ),
    }
}

fn word(outcome: Outcome) -> String {
    match outcome {
        Outcome::Accepted => format!("{GOOD}accepted{GOOD:#}"),
        Outcome::Undecided => format!("{POOR}undecided{POOR:#}"),
        Outcome::Rejected => format!("{WRONG}rejected{WRONG:#}"),
    }
}
