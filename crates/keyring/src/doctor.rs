//! What is wrong with a certificate, and what mends it.
//!
//! A certificate breaks by its self-signatures more often than by its key: made with SHA-1
//! years ago, renewed on one part and forgotten on another, expired on the subkey only.
//! [`diagnose`] names each such part, [`mend`] signs it anew with SHA-512 where the secret
//! key is at hand, and [`Request`] asks the key's holder where it is not.

mod breaks;
mod critical;
mod examine;
mod mend;
mod part;
mod request;
mod words;

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, Fingerprint};
use pkgseal_repo::{Finding, Outcome, Severity};

pub use breaks::{Breaks, breaks};
pub use mend::{Halves, Left, Mended, mend};
pub use request::{Command, Request, Wanted};

pub(crate) use part::{cert as cert_of, fingerprint as fingerprint_of};

use crate::codes::doctor as codes;
use crate::{Error, Result};

/// What is wrong with one copy of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Whose.
    pub certificate: Fingerprint,
    /// Its primary user ID; raw.
    pub user_id: Option<String>,
    /// What was found, part by part: the primary key first, then user IDs, then subkeys.
    pub troubles: Vec<Trouble>,
}

/// One thing wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Code, weight and words; its subject is the certificate, its hint what mends it.
    pub finding: Finding,
    /// The part of the certificate.
    pub part: Part,
    /// When the self-signature was made that it is about.
    pub made: Option<Timestamp>,
    /// What mends it.
    pub remedy: Remedy,
}

/// A part of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The primary key, by its direct-key self-signature.
    Primary,
    /// A user ID; raw.
    UserId(String),
    /// A subkey.
    Subkey(Fingerprint),
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Primary => f.write_str("the primary key"),
            Self::UserId(text) => write!(f, "user ID \"{text}\""),
            Self::Subkey(fingerprint) => write!(f, "subkey {fingerprint}"),
        }
    }
}

/// What mends a trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remedy {
    /// Self-signatures made anew with SHA-512: what [`mend`] does.
    Reissue,
    /// A later expiry.
    Extend,
    /// Another key: too weak, or revoked.
    Rotate,
    /// Publishing the copy that is mended.
    Publish,
    /// A revocation made anew.
    Revoke,
    /// A user ID.
    AddUserId,
    /// A signing subkey.
    AddSubkey,
    /// Nothing has to be done, or only to be waited.
    Nothing,
}

impl Remedy {
    /// A stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reissue => "reissue",
            Self::Extend => "extend",
            Self::Rotate => "rotate",
            Self::Publish => "publish",
            Self::Revoke => "revoke",
            Self::AddUserId => "add-user-id",
            Self::AddSubkey => "add-subkey",
            Self::Nothing => "nothing",
        }
    }
}

impl Diagnosis {
    /// What it adds up to.
    pub fn outcome(&self) -> Outcome {
        match self.worst() {
            Some(Severity::Reject) => Outcome::Rejected,
            Some(Severity::Undecided) => Outcome::Undecided,
            Some(Severity::Warning | Severity::Note) | None => Outcome::Accepted,
        }
    }

    /// The weight of the worst trouble.
    pub fn worst(&self) -> Option<Severity> {
        self.troubles.iter().map(|t| t.finding.severity).max()
    }

    /// Troubles that new self-signatures mend.
    pub fn reissuable(&self) -> impl Iterator<Item = &Trouble> {
        self.troubles
            .iter()
            .filter(|trouble| trouble.remedy == Remedy::Reissue)
    }

    /// Whether new self-signatures are needed for anything that breaks clients.
    pub fn needs_mending(&self) -> bool {
        self.reissuable()
            .any(|trouble| trouble.finding.severity > Severity::Note)
    }
}

/// Says what is wrong with a certificate at `now`.
///
/// # Errors
/// [`Error::OpenPgp`] when the certificate cannot be taken apart.
pub fn diagnose(certificate: &Certificate, now: Timestamp) -> Result<Diagnosis> {
    let cert = part::cert(certificate)?;
    Ok(Diagnosis {
        certificate: certificate.fingerprint(),
        user_id: certificate.user_id(),
        troubles: examine::troubles(&cert, certificate, now),
    })
}

/// Names what is broken in one copy of a certificate and mended in another: the copy at
/// `elsewhere` has to be published in its place.
///
/// # Errors
/// [`Error::Request`] when they are copies of different certificates.
pub fn compare_copies(copy: &mut Diagnosis, mended: &Diagnosis, elsewhere: &str) -> Result<()> {
    if copy.certificate != mended.certificate {
        return Err(Error::Request {
            field: "certificate",
            reason: format!("{} is not {}", mended.certificate, copy.certificate),
        });
    }
    let ails = |diagnosis: &Diagnosis, trouble: &Trouble| {
        diagnosis
            .troubles
            .iter()
            .any(|other| other.part == trouble.part && other.finding.code == trouble.finding.code)
    };
    let parts: Vec<String> = copy
        .troubles
        .iter()
        .filter(|trouble| trouble.finding.severity > Severity::Note)
        .filter(|trouble| matches!(trouble.remedy, Remedy::Reissue | Remedy::Extend))
        .filter(|trouble| trouble.finding.code != codes::HALF_MENDED)
        .filter(|trouble| !ails(mended, trouble))
        .map(|trouble| trouble.part.to_string())
        .collect();
    if parts.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "{} is mended in {elsewhere}, and not here",
        words::list(&parts)
    );
    let finding = Finding::reject(codes::UNPUBLISHED, copy.certificate.to_string(), detail)
        .hint(format!("publish {elsewhere} in its place"));
    copy.troubles.push(Trouble {
        finding,
        part: Part::Primary,
        made: None,
        remedy: Remedy::Publish,
    });
    Ok(())
}
