//! Why something could not be decided.

use std::io;
use std::path::{Path, PathBuf};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Could not decide. A rejection is never an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or directory could not be read. Retrying may help.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written; the old one, if any, is whole. Retrying may help.
    #[error("cannot write {}", path.display())]
    Write {
        /// The target that was to be replaced.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A path is no safe relative path. Retrying does not help.
    #[error("unsafe path: {reason}")]
    UnsafePath {
        /// What is wrong with it; the path itself is raw in `path`.
        reason: &'static str,
        /// The offending path, unescaped.
        path: String,
    },
    /// An input is larger than its cap.
    #[error("{} is larger than its limit of {limit} bytes", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The cap, in bytes.
        limit: u64,
    },
    /// A directory, pipe, socket or device stands where a regular file is needed.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// Which one.
        path: PathBuf,
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
    /// Worker threads could not be started. Retrying may help.
    #[error("cannot start worker threads: {reason}")]
    Threads {
        /// What the system said.
        reason: String,
    },
}

impl Error {
    pub(crate) fn read(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Read {
            path: path.to_owned(),
            source: source.into(),
        }
    }

    pub(crate) fn write(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Write {
            path: path.to_owned(),
            source: source.into(),
        }
    }
}
