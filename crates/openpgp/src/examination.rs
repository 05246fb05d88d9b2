//! Everything one verification found: signatures and files, one outcome.

use pkgseal_repo::{Outcome, Report};

use crate::SignatureReport;

/// The signatures of one object (a package, an InRelease, an artifact).
#[derive(Clone, Debug)]
pub struct ObjectSignatures {
    /// The object, relative to what was verified, with the member or file that held the
    /// signatures: `pool/h/hello.deb (_gpgorigin)`.
    pub object: String,
    /// Facts and verdict.
    pub report: SignatureReport,
}

/// What every `verify` returns, whatever the format.
#[derive(Clone, Debug)]
pub struct Examination {
    /// What the subject was taken for: `deb`, `rpm`, `release`, `repomd`, `file`, or a tree:
    /// `apt`, `yum`, `maven`.
    pub kind: &'static str,
    /// The subject as the user named it.
    pub subject: String,
    /// Signatures judged, in order. Trees list the roots here, and packages only where
    /// they carry signatures of their own that were judged.
    pub signatures: Vec<ObjectSignatures>,
    /// Findings, the rejected signatures' reasons included, and counts.
    pub report: Report,
    /// What the subject says of itself and what its readers make of it, for `inspect`.
    pub details: Vec<Detail>,
}

/// A fact about the subject that is no signature and no finding. Raw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// A stable name in lower case: `package`, `version`, `member`; several may share one.
    pub name: &'static str,
    /// What is so.
    pub value: String,
}

impl Examination {
    /// An empty one.
    pub fn new(kind: &'static str, subject: impl Into<String>) -> Self {
        Self {
            kind,
            subject: subject.into(),
            signatures: Vec::new(),
            report: Report::new(),
            details: Vec::new(),
        }
    }

    /// Adds a detail.
    pub fn add_detail(&mut self, name: &'static str, value: impl Into<String>) {
        let value = value.into();
        self.details.push(Detail { name, value });
    }

    /// Adds an object's signatures; a rejecting verdict's reasons, and warnings of an
    /// accepting one, become findings about `object`.
    pub fn add_signatures(&mut self, object: impl Into<String>, report: SignatureReport) {
        let object = object.into();
        for finding in report.findings(&object) {
            self.report.push(finding);
        }
        self.signatures.push(ObjectSignatures { object, report });
    }

    /// What it adds up to. Signature verdicts are in the findings already.
    pub fn outcome(&self) -> Outcome {
        self.report.outcome()
    }
}

/// What every `sign` returns: where the output went, and the verification of it with the
/// public certificate only.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Files written, in the order they became visible.
    pub outputs: Vec<std::path::PathBuf>,
    /// The verification of what was written, made before it became visible.
    pub examination: Examination,
}
