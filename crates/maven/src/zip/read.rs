//! Reading an archive in which nothing is hidden.

mod content;
mod directory;
mod fields;
mod local;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::Crc;
use flate2::read::DeflateDecoder;
use pkgseal_repo::{Finding, SafePath};

use content::{Content, Section};
use directory::directory;
use fields::Wrong;
use local::local;

use crate::{Error, Result};

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// A zip archive whose list of entries and whose content agree to the last byte.
#[derive(Debug)]
pub struct Archive {
    file: File,
    path: PathBuf,
    entries: BTreeMap<SafePath, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    name: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
    header: u64,
    /// Where its content begins; known once the local header was read.
    content: u64,
}

impl Archive {
    /// Opens an archive and compares its list of entries with what is there: local headers,
    /// sizes, no byte between entries, no name twice, no name that leaves the folder, no
    /// links, no encryption, stored or deflated only, and caps on everything.
    ///
    /// # Errors
    /// When the file cannot be read. What is wrong with it is the inner finding.
    pub fn open(path: &Path) -> Result<std::result::Result<Self, Finding>> {
        let file = File::open(path).map_err(|error| Error::read(path, error))?;
        Self::of(file, path)
    }

    /// As [`Archive::open`], of an open file.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn of(file: File, path: &Path) -> Result<std::result::Result<Self, Finding>> {
        let failed = |error| Error::read(path, error);
        let length = file.metadata().map_err(failed)?.len();
        match directory(&file, length).and_then(|entries| local(&file, entries)) {
            Ok(entries) => Ok(Ok(Self {
                file,
                path: path.to_owned(),
                entries,
            })),
            Err(Wrong::Io(error)) => Err(failed(error)),
            Err(Wrong::Found(finding)) => Ok(Err(*finding)),
        }
    }

    /// Its files with their unpacked sizes, in bytes, in order of name.
    pub fn files(&self) -> impl Iterator<Item = (&SafePath, u64)> {
        self.entries.iter().map(|(path, entry)| (path, entry.size))
    }

    /// The content of a file, unpacked. Reading fails with
    /// [`InvalidData`](std::io::ErrorKind::InvalidData) where it is not as long as listed, or
    /// its CRC-32 is another.
    pub fn read(&self, path: &SafePath) -> Option<impl Read + '_> {
        let entry = self.entries.get(path)?;
        let section = Section {
            file: &self.file,
            at: entry.content,
            left: entry.packed,
        };
        let content: Box<dyn Read + Send + '_> = match entry.method {
            STORED => Box::new(section),
            _ => Box::new(DeflateDecoder::new(section)),
        };
        Some(Content {
            content,
            left: entry.size,
            expected: entry.crc,
            crc: Crc::new(),
            over: false,
        })
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
