//! Outputs that appear whole or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::Result;

/// Where signed output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// In place, or beside the input.
    Beside,
    /// Into this directory, the input untouched.
    Directory(PathBuf),
}

impl Destination {
    /// The path of an output that would stand at `beside`.
    pub fn resolve(&self, _beside: &Path) -> PathBuf {
        unimplemented!()
    }
}

/// A file staged beside its target. [`StagedFile::commit`] flushes, fsyncs, renames and
/// fsyncs the directory; dropping it discards it. The old file is whole until the
/// rename, and keeps its mode and owner afterwards. A target that is a symbolic link is
/// replaced where the link points. Where several outputs form one change, see
/// [`StagedSet`].
#[derive(Debug)]
pub struct StagedFile {}

impl StagedFile {
    /// Stages a file beside `target`, mode as the old target's or 0644 less umask.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write).
    pub fn create(_target: &Path) -> Result<Self> {
        unimplemented!()
    }

    /// As [`StagedFile::create`], mode 0600 from the first byte on.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write).
    pub fn create_secret(_target: &Path) -> Result<Self> {
        unimplemented!()
    }

    /// The final path.
    pub fn target(&self) -> &Path {
        unimplemented!()
    }

    /// Reopens what was written so far (flushed), to verify it before it is committed.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write).
    pub fn reopen(&mut self) -> Result<std::fs::File> {
        unimplemented!()
    }

    /// The underlying file, for `copy_file_range` and positioned writes.
    pub fn file_mut(&mut self) -> &mut std::fs::File {
        unimplemented!()
    }

    /// Flush, fsync, rename, fsync of the directory.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write); the old file is then whole.
    pub fn commit(self) -> Result<()> {
        unimplemented!()
    }
}

impl Write for StagedFile {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        unimplemented!()
    }

    fn flush(&mut self) -> io::Result<()> {
        unimplemented!()
    }
}

/// Several staged files that become visible in a given order, the last one last: every
/// file is fsynced before the first rename.
#[derive(Debug, Default)]
pub struct StagedSet {}

impl StagedSet {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file; commit order is insertion order.
    pub fn push(&mut self, _file: StagedFile) {
        unimplemented!()
    }

    /// Fsyncs all, renames all in order, fsyncs the directories. Returns the targets.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write); files not yet renamed are discarded.
    pub fn commit(self) -> Result<Vec<PathBuf>> {
        unimplemented!()
    }
}
