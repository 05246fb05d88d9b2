//! Reading an archive in which nothing is hidden.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use flate2::Crc;
use flate2::read::DeflateDecoder;
use pkgseal_repo::{Finding, SafePath, codes as repo_codes};

use super::{
    CENTRAL, CENTRAL_LENGTH, DESCRIBED, DESCRIPTOR, END, END_LENGTH, LOCAL, LOCAL_LENGTH, UTF8,
};
use crate::{Error, Result, codes};

/// Bytes of an archive; what the Portal takes at most.
const ARCHIVE: u64 = 1 << 30;
/// Bytes of everything in it, unpacked.
const CONTENT: u64 = 4 << 30;
/// Entries; more need the 64-bit form, which is not read.
const ENTRIES: usize = 65_534;
/// Bytes of the list of entries.
const DIRECTORY: u64 = 64 << 20;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// The type bits of a Unix mode, and a symbolic link's.
const TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const FOLDER: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;

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
    /// [`InvalidData`](io::ErrorKind::InvalidData) where it is not as long as listed, or
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

/// Why an archive is not taken.
enum Wrong {
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

fn malformed(name: &str, detail: impl Into<String>) -> Wrong {
    Wrong::Found(Box::new(Finding::reject(
        codes::BUNDLE_MALFORMED,
        name,
        detail,
    )))
}

fn too_large(detail: String) -> Wrong {
    Wrong::Found(Box::new(Finding::reject(repo_codes::LIMIT, "", detail)))
}

/// Little-endian fields, one after the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> std::result::Result<&'a [u8], Wrong> {
        let (head, rest) = self
            .0
            .split_at_checked(length)
            .ok_or_else(|| malformed("", "its list of entries ends too early"))?;
        self.0 = rest;
        Ok(head)
    }

    fn u16(&mut self) -> std::result::Result<u16, Wrong> {
        let bytes = self.take(2)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |sum, b| sum << 8 | u16::from(*b)))
    }

    fn u32(&mut self) -> std::result::Result<u32, Wrong> {
        let bytes = self.take(4)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |sum, b| sum << 8 | u32::from(*b)))
    }
}

fn bytes_at(file: &File, at: u64, length: u64) -> std::result::Result<Vec<u8>, Wrong> {
    let length = usize::try_from(length).map_err(|_| malformed("", "a record is too long"))?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

/// The list of entries, in its own order.
fn directory(file: &File, length: u64) -> std::result::Result<(Vec<Entry>, u64), Wrong> {
    if length > ARCHIVE {
        return Err(too_large(format!(
            "it has {length} bytes, and Maven Central takes {ARCHIVE} at most"
        )));
    }
    let end = length
        .checked_sub(END_LENGTH)
        .ok_or_else(|| malformed("", "it is no zip archive: it is too short"))?;
    let record = bytes_at(file, end, END_LENGTH)?;
    let mut fields = Fields(&record);
    if fields.u32()? != END {
        return Err(malformed(
            "",
            "it does not end as a zip archive does, or something follows the end",
        ));
    }
    let disks = (fields.u16()?, fields.u16()?);
    let (here, total) = (fields.u16()?, fields.u16()?);
    let (size, start) = (u64::from(fields.u32()?), u64::from(fields.u32()?));
    if disks != (0, 0) || here != total {
        return Err(malformed("", "it is one part of several"));
    }
    if fields.u16()? != 0 {
        return Err(malformed("", "its end record promises a comment"));
    }
    if usize::from(total) > ENTRIES || start == u64::from(u32::MAX) {
        return Err(too_large(format!(
            "it has more than {ENTRIES} entries or needs 64-bit sizes"
        )));
    }
    if size > DIRECTORY {
        return Err(too_large(format!("its list of entries has {size} bytes")));
    }
    if start.checked_add(size) != Some(end) {
        return Err(malformed(
            "",
            "its list of entries does not end where the end record begins",
        ));
    }
    let bytes = bytes_at(file, start, size)?;
    let mut fields = Fields(&bytes);
    let mut entries = Vec::with_capacity(usize::from(total));
    for _ in 0..total {
        entries.push(central(&mut fields)?);
    }
    if !fields.0.is_empty() {
        return Err(malformed("", "its list of entries is longer than it says"));
    }
    Ok((entries, start))
}

fn central(fields: &mut Fields<'_>) -> std::result::Result<Entry, Wrong> {
    let mut head = Fields(fields.take(CENTRAL_LENGTH)?);
    if head.u32()? != CENTRAL {
        return Err(malformed("", "its list of entries holds something else"));
    }
    let made_by = head.u16()?;
    head.u16()?;
    let (flags, method) = (head.u16()?, head.u16()?);
    head.u32()?;
    let (crc, packed, size) = (head.u32()?, head.u32()?, head.u32()?);
    let (name, extra, comment) = (head.u16()?, head.u16()?, head.u16()?);
    let disk = head.u16()?;
    head.u16()?;
    let (attributes, header) = (head.u32()?, head.u32()?);
    let name = fields.take(usize::from(name))?.to_vec();
    let extra = fields.take(usize::from(extra))?;
    fields.take(usize::from(comment))?;

    let shown = String::from_utf8_lossy(&name).into_owned();
    let wrong = |detail: &str| Err(malformed(&shown, detail));
    if flags & !(UTF8 | DESCRIBED | 0b110) != 0 {
        return wrong("it is encrypted, or packed in a way that is not taken");
    }
    if method != STORED && method != DEFLATED {
        return wrong("it is neither stored nor deflated");
    }
    if method == STORED && packed != size {
        return wrong("it is stored, but its two sizes differ");
    }
    if [packed, size, header].contains(&u32::MAX) || disk != 0 {
        return wrong("it needs 64-bit sizes or another disk");
    }
    if comment != 0 {
        return wrong("it carries a comment");
    }
    extra_fields(extra, &shown)?;
    // Unix and macOS put a file mode into the upper half.
    let mode = match made_by >> 8 {
        3 | 19 => attributes >> 16,
        _ => 0,
    };
    match mode & TYPE {
        0 | REGULAR | FOLDER => {}
        LINK => return wrong("it is a symbolic link"),
        _ => return wrong("it is no regular file"),
    }
    Ok(Entry {
        name,
        flags,
        method,
        crc,
        packed: u64::from(packed),
        size: u64::from(size),
        header: u64::from(header),
        content: 0,
    })
}

/// Some extra fields give an entry another name or size than its header does.
fn extra_fields(extra: &[u8], name: &str) -> std::result::Result<(), Wrong> {
    let mut fields = Fields(extra);
    while !fields.0.is_empty() {
        let (tag, length) = (fields.u16()?, fields.u16()?);
        fields.take(usize::from(length))?;
        if matches!(tag, 0x0001 | 0x7075) {
            return Err(malformed(
                name,
                "an extra field gives it another name or size",
            ));
        }
    }
    Ok(())
}

/// Compares the list with the local headers, which must fill the archive without a gap.
fn local(
    file: &File,
    (mut entries, end): (Vec<Entry>, u64),
) -> std::result::Result<BTreeMap<SafePath, Entry>, Wrong> {
    let total = entries.iter().map(|entry| entry.size).sum::<u64>();
    if total > CONTENT {
        return Err(too_large(format!(
            "its files have {total} bytes unpacked, more than {CONTENT}"
        )));
    }
    entries.sort_by_key(|entry| entry.header);
    let mut at = 0;
    let mut found = BTreeMap::new();
    let mut folders = BTreeSet::new();
    for mut entry in entries {
        let name = String::from_utf8_lossy(&entry.name).into_owned();
        if entry.header != at {
            return Err(malformed(
                &name,
                "it does not begin where the one before ends",
            ));
        }
        at = behind(file, &mut entry, &name)?;
        let wrong = |detail: &str| malformed(&name, detail);
        let text = str::from_utf8(&entry.name).map_err(|_| wrong("its name is not UTF-8"))?;
        if text.contains('\\') {
            return Err(wrong(
                "its name has a backslash, which some take for a folder",
            ));
        }
        let (text, folder) = match text.strip_suffix('/') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let unsafe_name = |reason: String| {
            Wrong::Found(Box::new(Finding::reject(
                repo_codes::PATH_UNSAFE,
                &name,
                reason,
            )))
        };
        let path = SafePath::new(text).map_err(|error| unsafe_name(error.to_string()))?;
        if path.as_str() != text {
            return Err(unsafe_name(format!("it is another way to write {path}")));
        }
        if folder {
            if entry.size != 0 {
                return Err(wrong("it is a folder with content"));
            }
            if !folders.insert(path) {
                return Err(duplicate(&name));
            }
        } else if found.insert(path, entry).is_some() {
            return Err(duplicate(&name));
        }
    }
    if at != end {
        return Err(malformed("", "something stands before its list of entries"));
    }
    // A file must not be a folder too.
    let above = found
        .keys()
        .flat_map(|path| std::iter::successors(path.parent(), SafePath::parent));
    match above
        .chain(folders.iter().cloned())
        .find(|folder| found.contains_key(folder))
    {
        Some(both) => Err(duplicate(both.as_str())),
        None => Ok(found),
    }
}

fn duplicate(name: &str) -> Wrong {
    Wrong::Found(Box::new(Finding::reject(
        codes::BUNDLE_DUPLICATE,
        name,
        "the archive holds this name twice, and readers differ in which they take",
    )))
}

/// Reads a local header: where its entry ends.
fn behind(file: &File, entry: &mut Entry, name: &str) -> std::result::Result<u64, Wrong> {
    let wrong = |detail: &str| Err(malformed(name, detail));
    let bytes = bytes_at(file, entry.header, LOCAL_LENGTH)?;
    let mut fields = Fields(&bytes);
    if fields.u32()? != LOCAL {
        return wrong("there is no entry where the list says");
    }
    fields.u16()?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    fields.u32()?;
    let sums = (
        fields.u32()?,
        u64::from(fields.u32()?),
        u64::from(fields.u32()?),
    );
    let (name_length, extra) = (fields.u16()?, fields.u16()?);
    if usize::from(name_length) != entry.name.len() {
        return wrong("its name differs between the list and the entry");
    }
    let names = bytes_at(
        file,
        entry.header + LOCAL_LENGTH,
        u64::from(name_length) + u64::from(extra),
    )?;
    let mut names = Fields(&names);
    if names.take(usize::from(name_length))? != entry.name {
        return wrong("its name differs between the list and the entry");
    }
    extra_fields(names.0, name)?;
    let described = flags & DESCRIBED != 0;
    let listed = (entry.crc, entry.packed, entry.size);
    if (flags, method) != (entry.flags, entry.method)
        || sums != listed && !(described && sums == (0, 0, 0))
    {
        return wrong("the list and the entry disagree");
    }
    entry.content = entry.header + LOCAL_LENGTH + u64::from(name_length) + u64::from(extra);
    let end = entry.content + entry.packed;
    if !described {
        return Ok(end);
    }
    let bytes = bytes_at(file, end, 16)?;
    let mut fields = Fields(&bytes);
    let signed = fields.u32()? == DESCRIPTOR;
    let mut fields = Fields(if signed { fields.0 } else { &bytes });
    let after = (
        fields.u32()?,
        u64::from(fields.u32()?),
        u64::from(fields.u32()?),
    );
    if after != listed {
        return wrong("the list and the record after the entry disagree");
    }
    Ok(end + if signed { 16 } else { 12 })
}

/// A stretch of a file.
struct Section<'a> {
    file: &'a File,
    at: u64,
    left: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let buffer = buffer.get_mut(..most).unwrap_or_default();
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

/// Unpacked content that must be what the list says.
struct Content<R> {
    content: R,
    left: u64,
    expected: u32,
    crc: Crc,
    over: bool,
}

impl<R: Read> Read for Content<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.over || buffer.is_empty() {
            return Ok(0);
        }
        let invalid = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        let read = self.content.read(buffer)?;
        let Some(left) = self.left.checked_sub(read as u64) else {
            return invalid("it is longer than the archive says");
        };
        self.left = left;
        self.crc.update(buffer.get(..read).unwrap_or_default());
        if read == 0 {
            if left != 0 {
                return invalid("it is shorter than the archive says");
            }
            if self.crc.sum() != self.expected {
                return invalid("its CRC-32 is not what the archive says");
            }
            self.over = true;
        }
        Ok(read)
    }
}
