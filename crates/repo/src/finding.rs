//! What was found wrong, and the outcome it adds up to.

use crate::Code;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Note,
    /// Accepted, but should be mended.
    Warning,
    /// Something could not be decided (an unreadable file, say).
    Undecided,
    /// The object is rejected.
    Reject,
}

/// The three outcomes, and the process exit codes they become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Exit 0.
    Accepted,
    /// Exit 2: could not decide.
    Undecided,
    /// Exit 1. A rejection outweighs an undecided part.
    Rejected,
}

/// One thing found: a stable code, what it is about, and words for a person.
///
/// All strings are raw: whoever prints them escapes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The stable code.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// The file (and member or field) it is about, relative to what was verified.
    pub subject: String,
    /// One sentence, lower case, no full stop: expected and actual values.
    pub detail: String,
    /// Whose list or rule says so: the signed file and field, or the profile line.
    pub cause: Option<String>,
    /// A command or step that helps.
    pub hint: Option<String>,
}

impl Finding {
    /// A finding that rejects.
    pub fn reject(code: Code, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(code, Severity::Reject, subject, detail)
    }

    /// A finding that leaves the question open.
    pub fn undecided(code: Code, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(code, Severity::Undecided, subject, detail)
    }

    /// A finding that warns.
    pub fn warning(code: Code, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, subject, detail)
    }

    /// A finding that only informs.
    pub fn note(code: Code, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, subject, detail)
    }

    /// A finding of any weight.
    pub fn new(
        code: Code,
        severity: Severity,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity,
            subject: subject.into(),
            detail: detail.into(),
            cause: None,
            hint: None,
        }
    }

    /// Adds whose list or rule says so.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds a step that helps.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Findings and counts of one verification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Everything found; sorted by [`Report::sort`].
    pub findings: Vec<Finding>,
    /// Files whose content was compared.
    pub files: u64,
    /// Bytes read for that, as stored.
    pub bytes: u64,
}

impl Report {
    /// An empty report.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one finding.
    pub fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Takes over another report's findings and counts.
    pub fn merge(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.files += other.files;
        self.bytes += other.bytes;
    }

    /// Sorts by severity (worst first), subject, code: the same input gives the same
    /// report whatever the number of threads.
    pub fn sort(&mut self) {
        self.findings.sort_by(|a, b| {
            b.severity
                .cmp(&a.severity)
                .then_with(|| a.subject.cmp(&b.subject))
                .then_with(|| a.code.cmp(&b.code))
                .then_with(|| a.detail.cmp(&b.detail))
        });
    }

    /// What it adds up to.
    pub fn outcome(&self) -> Outcome {
        match self.findings.iter().map(|f| f.severity).max() {
            Some(Severity::Reject) => Outcome::Rejected,
            Some(Severity::Undecided) => Outcome::Undecided,
            Some(Severity::Warning | Severity::Note) | None => Outcome::Accepted,
        }
    }
}
