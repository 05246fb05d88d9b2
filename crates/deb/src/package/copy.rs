//! Copying a package piece by piece: every byte that is not left out on purpose.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

use pkgseal_openpgp::HashContext;
use pkgseal_repo::StagedFile;

use super::CHUNK;
use crate::{Error, Result};

/// A copy under way.
pub(super) struct Copy<'a> {
    file: &'a File,
    path: &'a Path,
    staged: &'a mut StagedFile,
    position: u64,
    buffer: Vec<u8>,
}

impl<'a> Copy<'a> {
    /// From the first byte of `file`, which is called `path`.
    pub(super) fn new(file: &'a File, path: &'a Path, staged: &'a mut StagedFile) -> Self {
        Self {
            file,
            path,
            staged,
            position: 0,
            buffer: vec![0; CHUNK],
        }
    }

    /// Copies up to this offset.
    pub(super) fn upto(&mut self, end: u64) -> Result<()> {
        self.hashed(end, &mut [])
    }

    /// Copies up to this offset and feeds what it copies to every hash.
    pub(super) fn hashed(&mut self, end: u64, contexts: &mut [HashContext]) -> Result<()> {
        while self.position < end {
            let left = end - self.position;
            let wanted = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
            let chunk = self.buffer.get_mut(..wanted).unwrap_or_default();
            self.file
                .read_exact_at(chunk, self.position)
                .map_err(|error| Error::read(self.path, error))?;
            for context in contexts.iter_mut() {
                context.update(chunk);
            }
            self.staged
                .write_all(chunk)
                .map_err(|error| Error::write(self.path, error))?;
            self.position += wanted as u64;
        }
        Ok(())
    }

    /// Leaves out what stands before this offset.
    pub(super) fn skip(&mut self, end: u64) {
        self.position = self.position.max(end);
    }

    /// Writes something that is not in the file.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.staged
            .write_all(bytes)
            .map_err(|error| Error::write(self.path, error))
    }
}
