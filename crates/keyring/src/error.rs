//! Why something could not be read, made or written.

use std::path::PathBuf;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Could not be done. What is merely wrong with a keyring is a finding.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] pkgseal_repo::Error),
    /// A key cannot be used, or the cryptography failed.
    #[error(transparent)]
    OpenPgp(#[from] pkgseal_openpgp::Error),
    /// A secret stands in a file that others may read. Retrying helps after `chmod 600`.
    #[error("{} can be read by others (mode {mode:04o}): run `chmod 600 {}`", path.display(), path.display())]
    ReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A passphrase source gives none.
    #[error("passphrase from {source_name}: {reason}")]
    Passphrase {
        /// Which source.
        source_name: String,
        /// What is wrong.
        reason: String,
    },
    /// A person was not asked for a passphrase, or gave none.
    #[error("pinentry: {reason}")]
    Pinentry {
        /// What went wrong.
        reason: String,
        /// What helps.
        hint: &'static str,
    },
    /// The process cannot be kept from being dumped with the secrets in it.
    #[error("core dumps cannot be forbidden, and one would hold secrets")]
    Unguarded {
        /// What the system said.
        source: std::io::Error,
    },
    /// An environment variable of Maven's does not hold what it should.
    #[error("environment variable {name}: {reason}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A key that is not a file cannot be reached, or does not sign.
    #[error(transparent)]
    Signer(#[from] crate::SignerError),
    /// A key cannot be made as asked for.
    #[error("{field}: {reason}")]
    Request {
        /// The field of the request.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A plan of a rotation cannot be read, made or followed.
    #[error("rotation plan: {field}: {reason}")]
    Plan {
        /// The field of the plan.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A consumer of certificates cannot be had.
    #[error(transparent)]
    Consumer(#[from] pkgseal_repo::DataFileError),
    /// A new key would overwrite a file.
    #[error("{} exists already, and keys are never overwritten", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// What was staged does not read as what was meant. Nothing was written.
    #[error("{}: not written: it reads back as {reason}", path.display())]
    ReadBack {
        /// The file.
        path: PathBuf,
        /// What was read instead.
        reason: String,
    },
    /// A key file, or what stands beside it, is not what a change needs.
    #[error("{}: {reason}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// What helps, where that is known.
    pub fn hint(&self) -> Option<&str> {
        use std::error::Error as _;
        match self {
            Self::Signer(error) => error.step(),
            Self::Pinentry { hint, .. } => Some(hint),
            other => other
                .source()?
                .downcast_ref()
                .and_then(crate::SignerError::step),
        }
    }
}
