//! The right to change an apt repository.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Signed};
use pkgseal_repo::{Finding, publication};

use crate::apt::tree::KIND;
use crate::{Result, codes};

/// The right to change a repository. While it is held, no other process publishes or
/// signs there; whoever wants to derive indices from a pool takes it before looking at
/// the pool, so that nothing added meanwhile is lost.
///
/// See [`publication::Lock`], which it is.
#[derive(Debug)]
pub struct Lock(publication::Lock);

impl Lock {
    /// Takes the lock of a repository, waiting at most so long for another owner.
    /// `time` is noted as the moment it was taken.
    ///
    /// # Errors
    /// [`Error::Locked`](crate::Error::Locked) names the owner;
    /// [`Error::Journal`](crate::Error::Journal) when a publication was left unfinished and
    /// cannot be completed; [`Error::Repo`](crate::Error::Repo).
    pub fn take(root: &Path, wait: Duration, time: Timestamp) -> Result<Self> {
        Ok(Self(publication::Lock::take(root, wait, time)?))
    }

    /// What taking the lock completed, as findings and paths.
    pub fn recovered(&self) -> Signed {
        let mut examination = Examination::new(KIND, self.named().display().to_string());
        let mut outputs = Vec::new();
        for suite in self.completed() {
            let detail = "an interrupted publication was completed";
            let finding = Finding::note(codes::PUBLISH_COMPLETED, suite, detail);
            examination.report.push(finding);
            outputs.push(match suite.as_str() {
                "." => self.named().to_owned(),
                suite => self.named().join(suite),
            });
        }
        Signed {
            outputs,
            examination,
        }
    }

    /// The repository, links resolved.
    pub fn root(&self) -> &Path {
        self.0.root()
    }

    /// Directories of suites whose publication an earlier process had left unfinished,
    /// and which this one completed when it took the lock; `.` is a flat repository.
    pub fn completed(&self) -> &[String] {
        self.0.completed()
    }

    /// The repository, as it was named.
    pub(super) fn named(&self) -> &Path {
        self.0.named()
    }

    pub(super) fn folder(&self) -> &Path {
        self.0.folder()
    }
}
