//! Why something could not be decided or done.

use std::path::PathBuf;

use pkgseal_repo::Finding;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Could not decide, or did not sign. A rejection is never an error when verifying.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written, or is too large.
    #[error(transparent)]
    Repo(pkgseal_repo::Error),
    /// A signature could not be made, or bytes could not be read for one.
    #[error(transparent)]
    OpenPgp(#[from] pkgseal_openpgp::Error),
    /// What was to be signed would be rejected by whoever verifies it. Nothing was
    /// written.
    #[error("{}: not signed: {}", path.display(), reasons(path, findings))]
    Refused {
        /// What was to be signed.
        path: PathBuf,
        /// Why, at least one.
        findings: Vec<Finding>,
    },
    /// The package carries this signature already. Nothing was written.
    #[error("{}: already signed: it has a member {member}", path.display())]
    AlreadySigned {
        /// The package.
        path: PathBuf,
        /// The member.
        member: String,
    },
    /// The package has no such signature to remove. Nothing was written.
    #[error("{}: there is no signature to remove: it has no member {member}", path.display())]
    NotSigned {
        /// The package.
        path: PathBuf,
        /// The member.
        member: String,
    },
    /// Somebody else is publishing there. Trying again later helps.
    #[error("{}: being published already: by {owner}", path.display())]
    Locked {
        /// The repository.
        path: PathBuf,
        /// Who, as they wrote it themselves; raw.
        owner: String,
    },
    /// What an earlier publication noted cannot be used.
    #[error("{}: {reason}; if it is not to be completed, remove the file", path.display())]
    Journal {
        /// The journal, or the record of generations.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The document is signed already. Nothing was written.
    #[error("{}: already signed", path.display())]
    SignedAlready {
        /// The .changes, .dsc or .buildinfo.
        path: PathBuf,
    },
    /// There is nothing to sign with.
    #[error("no signer given")]
    NoSigner,
}

impl Error {
    pub(crate) fn read(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Repo(pkgseal_repo::Error::Read {
            path: path.to_owned(),
            source,
        })
    }

    pub(crate) fn write(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Repo(pkgseal_repo::Error::Write {
            path: path.to_owned(),
            source,
        })
    }
}

impl From<pkgseal_repo::Error> for Error {
    fn from(error: pkgseal_repo::Error) -> Self {
        match error {
            pkgseal_repo::Error::Locked { path, owner } => Self::Locked { path, owner },
            pkgseal_repo::Error::Journal { path, reason } => Self::Journal { path, reason },
            other => Self::Repo(other),
        }
    }
}

fn reasons(path: &std::path::Path, findings: &[Finding]) -> String {
    let words = findings.iter().map(|finding| {
        let subject = finding.subject.as_str();
        // What is said of the very path needs no second name.
        let named = if subject.is_empty() || path.ends_with(subject) {
            String::new()
        } else {
            format!("{subject}: ")
        };
        format!("{named}{} ({})", finding.detail, finding.code)
    });
    words.collect::<Vec<_>>().join("; ")
}
