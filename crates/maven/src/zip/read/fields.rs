//! Fields of records, and why an archive is not taken.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use pkgseal_repo::{Finding, codes as repo_codes};

use crate::codes;

/// Why an archive is not taken.
pub(super) enum Wrong {
    Io(io::Error),
    Found(Box<Finding>),
}

impl From<io::Error> for Wrong {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return malformed("", "it ends in the middle of a record");
        }
        Self::Io(error)
    }
}

pub(super) fn malformed(name: &str, detail: impl Into<String>) -> Wrong {
    Wrong::Found(Box::new(Finding::reject(
        codes::BUNDLE_MALFORMED,
        name,
        detail,
    )))
}

pub(super) fn too_large(detail: String) -> Wrong {
    Wrong::Found(Box::new(Finding::reject(repo_codes::LIMIT, "", detail)))
}

/// Little-endian fields, one after the other.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Wrong> {
        let (head, rest) = self
            .0
            .split_at_checked(length)
            .ok_or_else(|| malformed("", "its list of entries ends too early"))?;
        self.0 = rest;
        Ok(head)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Wrong> {
        let bytes = self.take(2)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |sum, b| sum << 8 | u16::from(*b)))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Wrong> {
        let bytes = self.take(4)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |sum, b| sum << 8 | u32::from(*b)))
    }
}

pub(super) fn bytes_at(file: &File, at: u64, length: u64) -> Result<Vec<u8>, Wrong> {
    let length = usize::try_from(length).map_err(|_| malformed("", "a record is too long"))?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}
