//! What clients say of the roots in a directory, beside our own verdict.

use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Verifier};
use pkgseal_repo::{Finding, Limits, Outcome, Root, SafePath, Severity};

use super::{Answer, Client, ClientVerdict, Keys, Question};
use crate::apt::discover;
use crate::apt::root::{Names, judge};
use crate::{Result, codes};

/// What clients say of one root.
#[derive(Clone, Debug)]
pub struct ClientsOnRoot {
    /// The root's folder, relative to the repository; `.` for a flat one.
    pub folder: String,
    /// Our own verdict on the root alone: signatures, form, dates.
    pub ours: Outcome,
    /// Why we reject, if we do.
    pub our_reasons: Vec<Finding>,
    /// Every client's, in the order in which they were named.
    pub clients: Vec<ClientVerdict>,
}

/// Which of the two is stricter, where a client does not say what we say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The client refuses what we accept.
    ClientRejects,
    /// The client takes what we reject.
    ClientAccepts,
}

impl ClientsOnRoot {
    /// Everything as findings: what each client does and why, and where it decides
    /// otherwise than we do. A client's rejection rejects.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for client in &self.clients {
            let name = &client.client;
            let does = match client.answer {
                Answer::Accepts => "accepts it",
                Answer::Warns => "accepts it with a warning",
                Answer::Rejects => "rejects it",
            };
            let detail = format!("{name} {does}");
            findings.push(Finding::note(codes::CLIENT_VERDICT, &self.folder, detail));
            for reason in &client.reasons {
                findings.push(Finding {
                    subject: format!("{}/{}", self.folder, reason.subject),
                    detail: format!("{name}: {}", reason.detail),
                    ..reason.clone()
                });
            }
            let because = |findings: &mut dyn Iterator<Item = &Finding>| {
                let words: Vec<_> = findings
                    .filter(|finding| finding.severity == Severity::Reject)
                    .map(|finding| format!("{} ({})", finding.detail, finding.code))
                    .collect();
                words.join("; ")
            };
            let detail = match self.difference(client) {
                None => continue,
                Some(Difference::ClientRejects) => format!(
                    "we accept what {name} rejects: {}",
                    because(&mut client.reasons.iter())
                ),
                Some(Difference::ClientAccepts) => format!(
                    "we reject what {name} accepts: {}",
                    because(&mut self.our_reasons.iter())
                ),
            };
            findings.push(Finding::note(codes::CLIENT_DIFFERS, &self.folder, detail));
        }
        findings
    }

    /// How a client's verdict differs from ours.
    pub fn difference(&self, client: &ClientVerdict) -> Option<Difference> {
        match (self.ours, client.answer) {
            (Outcome::Accepted, Answer::Rejects) => Some(Difference::ClientRejects),
            (Outcome::Rejected, Answer::Accepts | Answer::Warns) => Some(Difference::ClientAccepts),
            _ => None,
        }
    }
}

/// The three files of a signed root, as they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingRoot {
    /// Its folder, relative to the repository; `None` for a flat one.
    pub folder: Option<SafePath>,
    /// InRelease, if there is one.
    pub inrelease: Option<Vec<u8>>,
    /// Release, if there is one.
    pub release: Option<Vec<u8>>,
    /// Release.gpg, if there is one.
    pub signature: Option<Vec<u8>>,
}

impl StandingRoot {
    /// What a client that has these keys is asked about it.
    pub fn question<'a>(&'a self, keys: &'a Keys, now: Timestamp) -> Question<'a> {
        let suite = self.folder.as_ref().map(|folder| {
            let folder = folder.as_str();
            folder.strip_prefix("dists/").unwrap_or(folder)
        });
        Question {
            inrelease: self.inrelease.as_deref(),
            release: self.release.as_deref(),
            signature: self.signature.as_deref(),
            suite,
            keys,
            now,
        }
    }
}

/// Every signed root of a repository, as it stands.
///
/// # Errors
/// [`Error::Repo`](crate::Error::Repo) when the directory or a file in it cannot be read.
pub fn standing_roots(directory: &Path, limits: &Limits) -> Result<Vec<StandingRoot>> {
    let root = Root::open(directory)?;
    let mut ignored = Examination::new("", "");
    discover::suites(&root, &mut ignored)?
        .into_iter()
        .map(|folder| {
            let names = Names::within(folder.as_ref())?;
            let read = |path: &SafePath| root.read(path, limits.release);
            Ok(StandingRoot {
                inrelease: read(&names.inrelease)?,
                release: read(&names.release)?,
                signature: read(&names.signature)?,
                folder,
            })
        })
        .collect()
}

/// Asks clients about every root in a repository.
///
/// `keys` are the certificates as the clients have them; `verifier` gives our own verdict
/// and the moment called now.
///
/// # Errors
/// [`Error::Repo`](crate::Error::Repo) when the directory or a file in it cannot be read.
pub fn ask_clients(
    directory: &Path,
    verifier: &Verifier,
    keys: &Keys,
    clients: &[Client],
    limits: &Limits,
) -> Result<Vec<ClientsOnRoot>> {
    let root = Root::open(directory)?;
    standing_roots(directory, limits)?
        .iter()
        .map(|standing| {
            let folder = &standing.folder;
            let names = Names::within(folder.as_ref())?;
            let mut examination = Examination::new("release", names.inrelease.as_str());
            let verified = judge(&root, &names, verifier, limits, &mut examination);
            let question = standing.question(keys, verifier.now());
            let mut our_reasons = examination.report.findings.clone();
            our_reasons.retain(|finding| finding.severity >= Severity::Undecided);
            let ours = match (verified, examination.outcome()) {
                (None, Outcome::Accepted) => Outcome::Rejected,
                (_, outcome) => outcome,
            };
            Ok(ClientsOnRoot {
                folder: folder
                    .as_ref()
                    .map_or_else(|| ".".to_owned(), ToString::to_string),
                ours,
                our_reasons,
                clients: clients
                    .iter()
                    .map(|client| client.judge(&question))
                    .collect(),
            })
        })
        .collect()
}
