//! The journal of packages that are being edited in place: their heads, old and new.
//!
//! A binary file, as it holds bytes of packages: a title, the number of records, the
//! records, and SHA-256 of all that. Numbers are big-endian. A journal that is cut short
//! was never acted upon, for it is on the disk before the first package is touched.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::FileExt as _;

use pkgseal_repo::DigestAlgorithm;
use rustix::fs::FallocateFlags;

const TITLE: &[u8] = b"pkgseal rpm heads 1\n";

/// Bytes of a digest.
const DIGEST: usize = 32;

/// Bytes of the headers of one package, at most: more is no header (rpm's own cap).
const MAX_HEADERS: u64 = 256 << 20;

/// What one package becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Its name in the directory of the journal.
    pub(super) name: OsString,
    /// Bytes of the file before.
    pub(super) size: u64,
    /// Everything before its main header, before.
    pub(super) old: Vec<u8>,
    /// The same, after.
    pub(super) new: Vec<u8>,
    /// Bytes of its main header.
    pub(super) main: u64,
    /// SHA-256 of it: this is the package that is meant.
    pub(super) digest: Vec<u8>,
}

/// How far a package has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Untouched.
    Old,
    /// The room was made, or taken, and the head is still to be written.
    Shifted,
    /// Some of its head is old and some is new.
    Torn,
    /// Done.
    New,
    /// Another package, or one that somebody else has edited since.
    Other,
}

impl Record {
    /// Bytes of the file after.
    fn size_after(&self) -> u64 {
        (self.size + self.new.len() as u64).saturating_sub(self.old.len() as u64)
    }

    /// Does everything to an untouched package, from where `state` says it is.
    pub(super) fn apply(&self, file: &File, state: State) -> io::Result<()> {
        match state {
            State::New | State::Other => return Ok(()),
            State::Shifted | State::Torn => {}
            State::Old => self.shift(file)?,
        }
        file.write_all_at(&self.new, 0)
    }

    /// Undoes a head that could not be written whole.
    pub(super) fn undo(&self, file: &File) -> io::Result<()> {
        if self.new.len() != self.old.len() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        file.write_all_at(&self.old, 0)
    }

    /// Makes room at the start of the file, or takes it away; the payload keeps its blocks.
    fn shift(&self, file: &File) -> io::Result<()> {
        let (old, new) = (self.old.len() as u64, self.new.len() as u64);
        let (flags, length) = match old.cmp(&new) {
            std::cmp::Ordering::Equal => return Ok(()),
            std::cmp::Ordering::Less => (FallocateFlags::INSERT_RANGE, new - old),
            std::cmp::Ordering::Greater => (FallocateFlags::COLLAPSE_RANGE, old - new),
        };
        Ok(rustix::fs::fallocate(file, flags, 0, length)?)
    }

    /// Looks how far the package has come.
    pub(super) fn state(&self, file: &File) -> io::Result<State> {
        let size = file.metadata()?.len();
        let shifts = self.size_after() != self.size;
        let (head, expected) = match size {
            _ if size == self.size => (self.old.len(), &self.old),
            _ if size == self.size_after() => (self.new.len(), &self.new),
            _ => return Ok(State::Other),
        };
        if self.main > MAX_HEADERS || self.main > size {
            return Ok(State::Other);
        }
        let mut main = vec![0; usize::try_from(self.main).unwrap_or(0)];
        let mut found = vec![0; head];
        let read = file
            .read_exact_at(&mut main, head as u64)
            .and_then(|()| file.read_exact_at(&mut found, 0));
        match read {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(State::Other),
            read => read?,
        }
        if DigestAlgorithm::Sha256.digest(&main) != self.digest {
            return Ok(State::Other);
        }
        if shifts {
            return Ok(match (size == self.size, found == *expected) {
                (true, true) => State::Old,
                (true, false) => State::Other,
                (false, true) => State::New,
                // What stands there now was payload or head before, or is a hole.
                (false, false) => State::Shifted,
            });
        }
        let torn = found
            .iter()
            .zip(&self.old)
            .zip(&self.new)
            .all(|((found, old), new)| found == old || found == new);
        Ok(match () {
            () if found == self.new => State::New,
            () if found == self.old => State::Old,
            () if torn => State::Torn,
            () => State::Other,
        })
    }
}

/// The journal as it is written.
pub(super) fn encode(records: &[Record]) -> Vec<u8> {
    let mut bytes = TITLE.to_vec();
    number(&mut bytes, records.len() as u64);
    for record in records {
        string(&mut bytes, record.name.as_bytes());
        number(&mut bytes, record.size);
        number(&mut bytes, record.main);
        bytes.extend_from_slice(&record.digest);
        head(&mut bytes, &record.old);
        head(&mut bytes, &record.new);
    }
    let digest = DigestAlgorithm::Sha256.digest(&bytes);
    bytes.extend(digest);
    bytes
}

fn number(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend_from_slice(&number.to_be_bytes());
}

fn string(bytes: &mut Vec<u8>, string: &[u8]) {
    number(bytes, string.len() as u64);
    bytes.extend_from_slice(string);
}

/// A head, without most of its reserve: the longest run of zeros is only counted.
fn head(bytes: &mut Vec<u8>, head: &[u8]) {
    let zeros = longest_zeros(head);
    let (before, rest) = head.split_at_checked(zeros.start).unwrap_or_default();
    let (_, after) = rest.split_at_checked(zeros.len()).unwrap_or_default();
    string(bytes, before);
    number(bytes, zeros.len() as u64);
    string(bytes, after);
}

fn longest_zeros(bytes: &[u8]) -> Range<usize> {
    let mut longest = 0..0;
    let mut start = 0;
    for run in bytes.split(|&byte| byte != 0) {
        if run.len() > longest.len() {
            longest = start..start + run.len();
        }
        start += run.len() + 1;
    }
    longest
}

/// Reads a journal; `None` when it is not whole.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<Record>> {
    let (body, digest) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
    if DigestAlgorithm::Sha256.digest(body) != digest {
        return None;
    }
    let mut rest = Reader(body.strip_prefix(TITLE)?);
    let count = rest.number()?;
    let mut records = Vec::new();
    for _ in 0..count {
        let name = rest.string()?.to_vec();
        // It names a file beside the journal and nothing else.
        if name.is_empty() || name.contains(&b'/') || name == b"." || name == b".." {
            return None;
        }
        records.push(Record {
            name: OsString::from_vec(name),
            size: rest.number()?,
            main: rest.number()?,
            digest: rest.take(DIGEST)?.to_vec(),
            old: rest.head()?,
            new: rest.head()?,
        });
    }
    rest.0.is_empty().then_some(records)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(*self.take(8)?.first_chunk()?))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    fn head(&mut self) -> Option<Vec<u8>> {
        let mut head = self.string()?.to_vec();
        let zeros = self.number().filter(|&zeros| zeros <= MAX_HEADERS)?;
        head.resize(head.len() + usize::try_from(zeros).ok()?, 0);
        head.extend_from_slice(self.string()?);
        Some(head)
    }
}

#[cfg(test)]
mod tests;
