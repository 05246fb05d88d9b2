//! Why something could not be decided or done.

use std::io;
use std::path::{Path, PathBuf};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Could not decide, or could not sign. A rejection is never an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Signing was asked for without a key.
    #[error("no key to sign with")]
    NoSigner,
    /// From the signatures.
    #[error(transparent)]
    OpenPgp(#[from] pkgseal_openpgp::Error),
    /// What is to be signed is damaged. Nothing was written.
    #[error("{} is not signed: {reason}", path.display())]
    Refused {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// From files and folders.
    #[error(transparent)]
    Repo(#[from] pkgseal_repo::Error),
    /// A signature just made does not verify with the public certificate: the key is not
    /// fit at that time, or the hardware is faulty. Nothing was written.
    #[error("the new signature of {} does not verify: {reason}", path.display())]
    SelfVerification {
        /// Which file was signed.
        path: PathBuf,
        /// What the verifier said.
        reason: String,
    },
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
}
