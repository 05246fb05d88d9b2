//! A directory opened read-only, and nothing outside it.

use std::fs::File;
use std::path::Path;

use crate::{Result, SafePath};

/// A directory opened read-only. Every open goes beneath it: symbolic links inside it
/// are followed (repositories use them) but none may lead out of it
/// (`openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)`, with a component walk where the
/// kernel lacks it).
#[derive(Debug)]
pub struct Root {}

impl Root {
    /// Opens the directory.
    ///
    /// # Errors
    /// [`Error::Read`](crate::Error::Read).
    pub fn open(_path: &Path) -> Result<Self> {
        unimplemented!()
    }

    /// The path it was opened by, for messages.
    pub fn path(&self) -> &Path {
        unimplemented!()
    }

    /// A directory beneath this one.
    ///
    /// # Errors
    /// As [`Root::file`].
    pub fn dir(&self, _path: &SafePath) -> Result<Option<Self>> {
        unimplemented!()
    }

    /// Opens a regular file beneath the root, non-blocking on devices and pipes
    /// (which are refused). `None` when it does not exist.
    ///
    /// # Errors
    /// [`Error::UnsafePath`](crate::Error::UnsafePath) when a link leads out,
    /// [`Error::Read`](crate::Error::Read) otherwise.
    pub fn file(&self, _path: &SafePath) -> Result<Option<File>> {
        unimplemented!()
    }

    /// Reads a whole file of at most `limit` bytes. `None` when it does not exist.
    ///
    /// # Errors
    /// As [`Root::file`], and [`Error::TooLarge`](crate::Error::TooLarge).
    pub fn read(&self, _path: &SafePath, _limit: u64) -> Result<Option<Vec<u8>>> {
        unimplemented!()
    }

    /// Whether a regular file is there.
    ///
    /// # Errors
    /// As [`Root::file`].
    pub fn exists(&self, _path: &SafePath) -> Result<bool> {
        unimplemented!()
    }

    /// Every regular file beneath (or beneath `below`), with its size, sorted. Links to
    /// files are listed; links to directories are not entered. Names that are no
    /// [`SafePath`] come back as errors in the list, not as failures of the walk.
    ///
    /// # Errors
    /// [`Error::Read`](crate::Error::Read) when a directory cannot be read.
    pub fn walk(&self, _below: Option<&SafePath>) -> Result<Vec<(Result<SafePath>, u64)>> {
        unimplemented!()
    }
}

/// Reads a whole file outside any root (one the user named) of at most `limit` bytes.
///
/// # Errors
/// [`Error::Read`](crate::Error::Read), [`Error::TooLarge`](crate::Error::TooLarge).
pub fn read_file(_path: &Path, _limit: u64) -> Result<Vec<u8>> {
    unimplemented!()
}
