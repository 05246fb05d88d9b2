//! What a client says of a package, beside our own verdict.

use pkgseal_openpgp::Examination;
use pkgseal_repo::{Finding, Outcome, Severity};

use super::{ClientVerdict, Verified};
use crate::codes;

/// A client's verdict beside ours.
#[derive(Clone, Copy, Debug)]
pub struct ClientOnPackage<'a> {
    /// Ours.
    pub ours: &'a Examination,
    /// The client's.
    pub client: &'a ClientVerdict,
}

/// Which of the two is stricter, where a client does not say what we say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The client refuses what we accept.
    ClientRejects,
    /// The client takes what we reject.
    ClientAccepts,
}

impl ClientOnPackage<'_> {
    /// How the client's verdict differs from ours.
    pub fn difference(&self) -> Option<Difference> {
        match (self.ours.outcome(), self.client.accepted) {
            (Outcome::Accepted, false) => Some(Difference::ClientRejects),
            (Outcome::Rejected, true) => Some(Difference::ClientAccepts),
            _ => None,
        }
    }

    /// What the client does and why, and where it decides otherwise than we do. A client's
    /// rejection rejects.
    pub fn findings(&self) -> Vec<Finding> {
        let (name, subject) = (&self.client.client, &self.ours.subject);
        let mut findings = Vec::new();
        let why = self.reasons();
        if self.client.accepted {
            let detail = format!("{name} accepts it");
            findings.push(Finding::note(codes::CLIENT_VERDICT, subject, detail));
        } else {
            let detail = format!("{name} rejects it: {why}");
            findings.push(Finding::reject(codes::CLIENT_REJECTS, subject, detail));
        }
        let detail = match self.difference() {
            None => return findings,
            Some(Difference::ClientRejects) => format!("we accept what {name} rejects: {why}"),
            Some(Difference::ClientAccepts) => {
                format!("we reject what {name} accepts: {}", self.our_reasons())
            }
        };
        findings.push(Finding::note(codes::CLIENT_DIFFERS, subject, detail));
        findings
    }

    fn reasons(&self) -> String {
        if let Some(why) = &self.client.unreadable {
            return match why.as_str() {
                "" => "it does not begin like a package".to_owned(),
                why => why.to_owned(),
            };
        }
        let wrong = self.client.items.iter();
        let wrong: Vec<_> = wrong
            .filter(|item| item.result != Verified::Ok)
            .map(ToString::to_string)
            .collect();
        if wrong.is_empty() {
            "what it demands is not covered".to_owned()
        } else {
            wrong.join("; ")
        }
    }

    fn our_reasons(&self) -> String {
        let findings = self.ours.report.findings.iter();
        let rejecting = findings.filter(|finding| finding.severity == Severity::Reject);
        let words: Vec<_> = rejecting
            .map(|finding| format!("{} ({})", finding.detail, finding.code))
            .collect();
        words.join("; ")
    }
}
