//! The only place that prints. stdout carries the result, stderr the rest; strings from
//! untrusted input are escaped here and nowhere else.

mod audit;
mod changes;
mod escape;
mod forecast;
mod json;
mod key;
mod text;

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_keyring::Loaded;
use pkgseal_keyring::diff::Change;
use pkgseal_keyring::lifecycle::{Changed, Written};
use pkgseal_openpgp::{Certificate, Examination, Profile, Signed, Verifier};
use pkgseal_repo::{Finding, Outcome};

pub(crate) use audit::audit;
pub(crate) use escape::escaped;
pub(crate) use forecast::{json as forecast_json, text as forecast_text};
pub(crate) use json::SCHEMA;

/// How examinations are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    json: bool,
    facts: bool,
}

impl Style {
    /// Verdicts: short when good, explained when not.
    pub(crate) fn verdict(json: bool) -> Self {
        Self { json, facts: false }
    }

    /// Every fact, no verdict.
    pub(crate) fn facts(json: bool) -> Self {
        Self { json, facts: true }
    }
}

/// Prints what was examined; the overall outcome counts `failed` paths as undecided.
pub(crate) fn examinations(
    examinations: &[&Examination],
    failed: usize,
    style: Style,
    verifier: &Verifier,
) -> Result<Outcome> {
    let outcome = overall(
        examinations.iter().map(|examination| examination.outcome()),
        failed,
    );
    let text = match (style.json, style.facts) {
        (true, _) => json::examinations(examinations, failed, outcome, verifier)?,
        (false, true) => text::facts(examinations),
        (false, false) => text::verdicts(examinations, outcome),
    };
    out(&text)?;
    Ok(outcome)
}

/// Prints what was signed.
pub(crate) fn signed(signed: &[&Signed], failed: usize, as_json: bool) -> Result<Outcome> {
    let outcome = overall(
        signed.iter().map(|signed| signed.examination.outcome()),
        failed,
    );
    let text = if as_json {
        json::signed(signed, failed, outcome)?
    } else {
        text::signed(signed)
    };
    out(&text)?;
    Ok(outcome)
}

/// Prints what signatures were removed from.
pub(crate) fn unsigned(unsigned: &[&Signed], failed: usize, as_json: bool) -> Result<Outcome> {
    let outcome = overall(
        unsigned.iter().map(|done| done.examination.outcome()),
        failed,
    );
    let text = if as_json {
        json::signed(unsigned, failed, outcome)?
    } else {
        text::unsigned(unsigned)
    };
    out(&text)?;
    Ok(outcome)
}

/// Prints a bundle that was written.
pub(crate) fn bundled(written: &Signed, as_json: bool) -> Result<Outcome> {
    let outcome = written.examination.outcome();
    let text = if as_json {
        json::signed(&[written], 0, outcome)?
    } else {
        text::bundled(written)
    };
    out(&text)?;
    Ok(outcome)
}

/// Prints what was done to each: `verb`, or `refused` where a finding stood in the way.
pub(crate) fn worked(
    verb: &str,
    refused: &str,
    done: &[Signed],
    failed: usize,
    as_json: bool,
) -> Result<Outcome> {
    let done: Vec<&Signed> = done.iter().collect();
    let outcomes = done.iter().map(|done| done.examination.outcome());
    let outcome = overall(outcomes, failed);
    let text = if as_json {
        json::signed(&done, failed, outcome)?
    } else {
        text::worked(verb, refused, &done)
    };
    out(&text)?;
    Ok(outcome)
}

/// Prints what was made, or why nothing was.
pub(crate) fn made(verb: &str, done: &Signed, as_json: bool) -> Result<Outcome> {
    let outcome = done.examination.outcome();
    let text = if as_json {
        json::signed(&[done], 0, outcome)?
    } else {
        text::made(verb, done)
    };
    out(&text)?;
    Ok(outcome)
}

/// Prints a new key's files.
pub(crate) fn generated(
    verb: &str,
    certificate: &Certificate,
    files: &[PathBuf],
    as_json: bool,
) -> Result<()> {
    out(&if as_json {
        json::generated(certificate, files)?
    } else {
        text::generated(verb, certificate, files)
    })
}

/// Prints what was changed in a key, and which files that is in.
pub(crate) fn changed_key(
    verb: &str,
    changed: &Changed,
    written: &Written,
    as_json: bool,
) -> Result<()> {
    out(&if as_json {
        key::json(changed, written)?
    } else {
        key::text(verb, changed, written)
    })
}

/// Prints certificates and what was refused.
pub(crate) fn keyring(
    loaded: &Loaded,
    profile: &Profile,
    now: Timestamp,
    as_json: bool,
) -> Result<()> {
    out(&if as_json {
        json::keyring(loaded, profile, now)?
    } else {
        text::keyring(loaded, profile, now)
    })
}

/// Findings as every report shows them, for reports that show more.
pub(crate) fn findings_text(findings: &[Finding]) -> String {
    let mut text = String::new();
    text::findings(&mut text, findings);
    text
}

/// Findings as every JSON document has them.
pub(crate) fn findings_json(findings: &[Finding]) -> serde_json::Value {
    json::findings(findings)
}

/// What JSON documents call an outcome.
pub(crate) fn outcome_word(outcome: Outcome) -> &'static str {
    json::word(outcome)
}

/// Prints one JSON document.
pub(crate) fn json_document(value: &serde_json::Value) -> Result<()> {
    out(&json::document(value)?)
}

/// Prints what changed between two keyrings.
pub(crate) fn changes(
    found: &[Change],
    profile: &Profile,
    now: Timestamp,
    as_json: bool,
) -> Result<()> {
    out(&if as_json {
        changes::json(found, profile, now)?
    } else {
        changes::text(found)
    })
}

/// Prints one line of a result.
pub(crate) fn line(text: &str) -> Result<()> {
    out(&format!("{text}\n"))
}

/// Prints a line as debsig-verify does.
pub(crate) fn debsig(text: &str) -> Result<()> {
    let lines: Vec<String> = text.split('\n').map(escaped).collect();
    out(&format!("debsig: {}\n", lines.join("\n")))
}

/// Prints what rpmkeys prints: line ends are its own, all else is escaped.
pub(crate) fn rpmkeys(output: &str, error: &str) -> Result<()> {
    let lines = |text: &str| text.split('\n').map(escaped).collect::<Vec<_>>().join("\n");
    out(&lines(output))?;
    err(&lines(error));
    Ok(())
}

/// Prints a whole text as it is: our own profiles and scripts.
pub(crate) fn block(text: &str) -> Result<()> {
    out(text)
}

/// Prints an error and its causes on stderr.
pub(crate) fn error(error: &anyhow::Error) {
    let mut text = String::new();
    for (depth, cause) in error.chain().enumerate() {
        let label = if depth == 0 {
            "pkgseal: error:"
        } else {
            "  because:"
        };
        text.push_str(&format!("{label} {}\n", escaped(&cause.to_string())));
    }
    err(&text);
}

/// Prints something to do on stderr.
pub(crate) fn hint(text: &str) {
    err(&format!("pkgseal: hint: {}\n", escaped(text)));
}

/// Prints a finding that changes no verdict on stderr.
pub(crate) fn warn_finding(finding: &Finding) {
    let mut text = format!(
        "pkgseal: warning: {}: {} [{}]\n",
        escaped(&finding.subject),
        escaped(&finding.detail),
        finding.code
    );
    if let Some(hint) = &finding.hint {
        text.push_str(&format!("pkgseal: hint: {}\n", escaped(hint)));
    }
    err(&text);
}

fn overall(outcomes: impl Iterator<Item = Outcome>, failed: usize) -> Outcome {
    let floor = if failed > 0 {
        Outcome::Undecided
    } else {
        Outcome::Accepted
    };
    outcomes.max().map_or(floor, |worst| worst.max(floor))
}

fn out(text: &str) -> Result<()> {
    let mut stdout = anstream::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        // Whoever closed the pipe has read enough; the exit status still tells.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

fn err(text: &str) {
    // Nothing is left to tell it to where stderr fails.
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}
