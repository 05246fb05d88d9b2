//! Results for a person. A good result is short; a rejection says what, why, by whose
//! rule, and what to do.

mod facts;
mod keys;
mod verdict;
mod written;

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use pkgseal_openpgp::{Examination, KeyState};
use pkgseal_repo::{Finding, Severity};

pub(super) use facts::facts;
pub(super) use keys::{generated, keyring};
pub(super) use verdict::verdicts;
pub(super) use written::{bundled, made, signed, unsigned, worked};

use super::escaped;

pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(super) const POOR: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const WRONG: Style = AnsiColor::Red.on_default().bold();

/// A tree can hold a hundred thousand wrong files; nobody reads them all in text. JSON
/// has every one.
const MOST_FINDINGS: usize = 50;
/// As many signatures or files of one object are listed by name.
const MOST_NAMES: usize = 8;

pub(super) fn findings(text: &mut String, findings: &[Finding]) {
    for finding in findings.iter().take(MOST_FINDINGS) {
        let label = match finding.severity {
            Severity::Reject => format!("{WRONG}rejected because{WRONG:#}"),
            Severity::Undecided => format!("{POOR}undecided because{POOR:#}"),
            Severity::Warning => format!("{POOR}warning{POOR:#}"),
            Severity::Note => "note".to_owned(),
        };
        let subject = if finding.subject.is_empty() {
            String::new()
        } else {
            format!("{}: ", escaped(&finding.subject))
        };
        let _ = writeln!(
            text,
            "  {label}: {subject}{} [{}]",
            escaped(&finding.detail),
            finding.code
        );
        if let Some(cause) = &finding.cause {
            let _ = writeln!(text, "    by: {}", escaped(cause));
        }
        if let Some(hint) = &finding.hint {
            let _ = writeln!(text, "    hint: {}", escaped(hint));
        }
    }
    if let Some(more) = findings.len().checked_sub(MOST_FINDINGS)
        && more > 0
    {
        let _ = writeln!(text, "  and {more} more; --json lists them all");
    }
}

/// A kind in words.
fn kind(examination: &Examination) -> &'static str {
    match examination.kind {
        "deb" => "Debian package",
        "rpm" => "RPM package",
        "release" => "apt Release",
        "repomd" => "yum metadata",
        "file" => "signed file",
        "apt" => "apt repository",
        "yum" => "yum repository",
        "certificate" => "certificate",
        "rpm-headers" => "RPM headers",
        "rpm-signatures" => "signatures on RPM headers",
        "maven" => "Maven repository",
        "bundle" => "Maven bundle",
        "files" => "plain folder",
        "sums" => "list of checksums",
        other => other,
    }
}

/// A key's state in words.
fn key_state(state: &KeyState) -> String {
    match state {
        KeyState::Live => "live".to_owned(),
        KeyState::Expired { at, primary: false } => format!("expired on {}", date(*at)),
        KeyState::Expired { at, primary: true } => {
            format!("expired with its primary key on {}", date(*at))
        }
        KeyState::NotYetValid { from } => format!("not valid before {}", date_time(*from)),
        KeyState::Revoked(revocation) => {
            let at = revocation
                .at
                .map(|at| format!(" on {}", date(at)))
                .unwrap_or_default();
            let reason = escaped(&revocation.reason);
            let kind = if revocation.hard {
                "revoked"
            } else {
                "retired"
            };
            if reason.is_empty() {
                format!("{kind}{at}")
            } else {
                format!("{kind}{at}: {reason}")
            }
        }
        KeyState::NotForSigning => "not for signing".to_owned(),
        KeyState::Unbound { reason } => format!("not bound: {}", escaped(reason)),
        KeyState::Weak { reason } => format!("too weak: {}", escaped(reason)),
    }
}

fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

fn date_time(at: Timestamp) -> String {
    at.to_string()
}
