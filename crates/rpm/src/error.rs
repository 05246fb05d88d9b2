//! Why something could not be decided or done.

use std::io;
use std::path::{Path, PathBuf};

use pkgseal_repo::Finding;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Could not decide, or could not sign. A rejection is never an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// From the mechanics below: reading, staging, paths.
    #[error(transparent)]
    Repo(pkgseal_repo::Error),
    /// From the OpenPGP core: a key that cannot sign, a broken backend.
    #[error(transparent)]
    OpenPgp(#[from] pkgseal_openpgp::Error),
    /// A package could not be read. Retrying may help.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was to be signed is broken already; nothing was written.
    #[error("refusing to sign {}: {}", path.display(), finding.detail)]
    Broken {
        /// Which file.
        path: PathBuf,
        /// The worst that was found.
        finding: Box<Finding>,
    },
    /// A signature by another key stands where the new one belongs; nothing was written.
    #[error("{} is signed by another key already ({tag})", path.display())]
    SlotTaken {
        /// Which package.
        path: PathBuf,
        /// The tag that holds it.
        tag: &'static str,
    },
    /// The key's signatures do not fit the tags of this package format; nothing was written.
    #[error("{}: {key} cannot sign a version 4 package for every reader: {algorithm} signatures stand in the OPENPGP tag, which rpm before 4.20 does not read", path.display())]
    NoSlot {
        /// Which package.
        path: PathBuf,
        /// Fingerprint of the key.
        key: String,
        /// Its algorithm.
        algorithm: String,
    },
    /// No signature is there to take out, or none of those that were asked for; nothing
    /// was written.
    #[error("{} carries no such signature", path.display())]
    NotSigned {
        /// Which package.
        path: PathBuf,
    },
    /// Another process is editing the package. Retrying helps.
    #[error("{} is being edited by another process", path.display())]
    Busy {
        /// Which package.
        path: PathBuf,
    },
    /// The file changed between its check and the write; nothing was written.
    #[error("{} changed while it was being signed", path.display())]
    Changed {
        /// Which package.
        path: PathBuf,
    },
    /// Something was written only in part, and is still to be completed.
    #[error("not everything could be written; {} says what is missing", journal.display())]
    Unfinished {
        /// The journal.
        journal: PathBuf,
    },
    /// The package has other names, and the options do not say what becomes of them.
    #[error("{} has {links} names (hard links)", path.display())]
    HardLinks {
        /// Which package.
        path: PathBuf,
        /// How many names.
        links: u64,
    },
    /// The package cannot be edited in place, as asked; nothing was written.
    #[error("{} cannot be edited in place: {reason}", path.display())]
    NotInPlace {
        /// Which package.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// No signer, or more than the format allows.
    #[error("{what} needs {needed}, not {given}")]
    SignerCount {
        /// What is being signed.
        what: &'static str,
        /// How many and why.
        needed: &'static str,
        /// How many were given.
        given: usize,
    },
    /// What was written did not verify with the public certificate and was discarded; the
    /// old file is whole.
    #[error("the signed {} did not verify and was discarded: {}", path.display(), finding.detail)]
    SelfCheck {
        /// The target.
        path: PathBuf,
        /// The worst that was found.
        finding: Box<Finding>,
    },
    /// A state file is none, or is damaged.
    #[error("{} is no state file: {reason}", path.display())]
    State {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What was to be published would be rejected by whoever verifies it, or is refused for
    /// another reason that is named. Nothing was written.
    #[error("{}: not published: {}", path.display(), reasons(path, findings))]
    Refused {
        /// The repository.
        path: PathBuf,
        /// Why, at least one.
        findings: Vec<Finding>,
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
    /// The signature header would outgrow what the format allows.
    #[error("the signature header would become too large: {reason}")]
    TooLarge {
        /// Which cap.
        reason: &'static str,
    },
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

fn reasons(path: &Path, findings: &[Finding]) -> String {
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

impl Error {
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Repo(pkgseal_repo::Error::Read {
            path: path.to_owned(),
            source,
        })
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Repo(pkgseal_repo::Error::Write {
            path: path.to_owned(),
            source,
        })
    }

    /// A step that helps, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::SlotTaken { .. } => Some("replace the existing signatures instead of adding one"),
            Self::NoSlot { .. } => Some(
                "sign with an RSA, ECDSA or EdDSA version 4 key, or ask for the OPENPGP tag if all readers are rpm 6",
            ),
            Self::NotSigned { .. } => Some("list its signatures with: pkgseal inspect FILE"),
            Self::SignerCount { .. } => Some("name exactly one key"),
            Self::Unfinished { .. } => Some("complete it with: pkgseal rpm recover DIRECTORY"),
            Self::HardLinks { .. } => Some(
                "--hard-links break signs this name alone, --hard-links follow signs all of them",
            ),
            Self::NotInPlace { .. } => Some("sign a copy that replaces it: --write copy"),
            Self::Changed { .. } => Some("sign it again once nobody writes to it"),
            Self::Broken { .. } => Some("build or fetch the file again, then sign it"),
            Self::State { .. } => {
                Some("name a file that pkgseal wrote, or one that does not exist yet")
            }
            Self::Repo(_)
            | Self::Refused { .. }
            | Self::Locked { .. }
            | Self::Journal { .. }
            | Self::OpenPgp(_)
            | Self::Read { .. }
            | Self::Busy { .. }
            | Self::SelfCheck { .. }
            | Self::TooLarge { .. } => None,
        }
    }
}
