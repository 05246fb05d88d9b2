//! What was signed or made, and where it was written.

use std::fmt::Write as _;

use pkgseal_openpgp::Signed;
use pkgseal_repo::Outcome;

use super::verdict::verdict;
use super::{GOOD, MOST_NAMES, WRONG, findings, kind};
use crate::report::escaped;

pub(in crate::report) fn bundled(written: &Signed) -> String {
    let mut text = String::new();
    verdict(&mut text, &written.examination);
    for output in &written.outputs {
        let _ = writeln!(text, "  wrote {}", escaped(&output.display().to_string()));
    }
    text
}

pub(in crate::report) fn signed(signed: &[&Signed]) -> String {
    written("signed", signed)
}

pub(in crate::report) fn unsigned(unsigned: &[&Signed]) -> String {
    written("unsigned", unsigned)
}

/// What was done to each, what it says of itself, or why nothing was done.
pub(in crate::report) fn worked(verb: &str, refused: &str, done: &[&Signed]) -> String {
    let mut text = String::new();
    for done in done {
        let examination = &done.examination;
        let word = match examination.outcome() {
            Outcome::Accepted => format!("{GOOD}{verb}{GOOD:#}"),
            Outcome::Undecided | Outcome::Rejected => format!("{WRONG}{refused}{WRONG:#}"),
        };
        let subject = escaped(&examination.subject);
        let _ = writeln!(text, "{word} {subject} ({})", kind(examination));
        for detail in &examination.details {
            let _ = writeln!(text, "  {}: {}", detail.name, escaped(&detail.value));
        }
        for output in &done.outputs {
            let _ = writeln!(text, "  wrote {}", escaped(&output.display().to_string()));
        }
        findings(&mut text, &examination.report.findings);
    }
    text
}

/// What was made of a repository, or why nothing was.
pub(in crate::report) fn made(verb: &str, done: &Signed) -> String {
    let mut text = String::new();
    match done.examination.outcome() {
        Outcome::Accepted => return written(verb, &[done]),
        Outcome::Undecided | Outcome::Rejected => {
            let subject = escaped(&done.examination.subject);
            let _ = writeln!(
                text,
                "{WRONG}{verb}{WRONG:#} {subject} ({})",
                kind(&done.examination)
            );
        }
    }
    findings(&mut text, &done.examination.report.findings);
    text
}

fn written(verb: &str, done: &[&Signed]) -> String {
    let mut text = String::new();
    for done in done {
        let examination = &done.examination;
        let verb = if done.outputs.is_empty() {
            "unchanged"
        } else {
            verb
        };
        let _ = writeln!(
            text,
            "{GOOD}{verb}{GOOD:#} {} ({})",
            escaped(&examination.subject),
            kind(examination)
        );
        let more = done.outputs.len().saturating_sub(MOST_NAMES);
        for output in done.outputs.iter().take(MOST_NAMES) {
            let _ = writeln!(text, "  wrote {}", escaped(&output.display().to_string()));
        }
        if more > 0 {
            let _ = writeln!(text, "  and {more} more files");
        }
        findings(&mut text, &examination.report.findings);
    }
    text
}
