//! Metadata files: as stored and as decompressed, in one read each.

use std::fs::File;
use std::io::{self, BufReader, Read};

use pkgseal_openpgp::Verified;
use pkgseal_repo::{
    Compression, Decompressor, Digests, Error, Finding, Limits, MultiHasher, Progress, Report,
    Root, codes,
};

use super::REPOMD;
use super::memory::Memory;
use super::primary::Primary;
use super::repomd::{Data, Repomd, no_primary};
use super::zchunk;
use crate::codes as rpm_codes;

/// Large reads of metadata files.
const BUFFER: usize = 1 << 18;

/// The metadata files of a repository.
#[derive(Clone, Copy)]
pub(super) struct Files<'a> {
    pub(super) root: &'a Root,
    /// What knows other generations by their files.
    pub(super) memory: Option<&'a Memory>,
    pub(super) limits: &'a Limits,
    pub(super) progress: &'a dyn Progress,
}

fn cause(data: &Data) -> String {
    format!("{REPOMD}, <data type={:?}>", data.kind)
}

/// A metadata file in memory, as stored: compared, not yet opened.
pub(super) struct Loaded {
    data: Data,
    bytes: Verified<Vec<u8>>,
}

impl Files<'_> {
    /// Checks one metadata file, decompressed as well. zchunk is checked as stored, and by
    /// its header.
    pub(super) fn check(&self, data: &Data) -> Report {
        let mut report = Report::new();
        if let Err(finding) = self.check_one(data, &mut report) {
            report.push(finding.because(cause(data)));
        }
        report
    }

    /// Reads the metadata file of this kind into memory as stored, and compares it.
    pub(super) fn load(&self, repomd: &Verified<Repomd>, kind: &str) -> (Option<Loaded>, Report) {
        let mut report = Report::new();
        let mut listed = None;
        let sealed: Result<_, Box<Finding>> = repomd.clone().try_map(|repomd| {
            let data = repomd
                .find(kind)
                .ok_or_else(|| Box::new(no_primary(REPOMD)))?;
            let bytes = self
                .stored(data)
                .map_err(|f| Box::new(f.because(cause(data))))?;
            self.told(bytes.len() as u64, &mut report);
            listed = Some(data.clone());
            Ok(bytes)
        });
        match (sealed, listed) {
            (Ok(bytes), Some(data)) => (Some(Loaded { data, bytes }), report),
            (Err(finding), _) => {
                report.push(*finding);
                (None, report)
            }
            (Ok(_), None) => (None, report),
        }
    }

    fn told(&self, bytes: u64, report: &mut Report) {
        self.progress.bytes(bytes);
        self.progress.file();
        report.files += 1;
        report.bytes += bytes;
    }

    fn open(&self, data: &Data) -> Result<Stored<BufReader<File>>, Finding> {
        let subject = data.location.as_str();
        match self.root.file(&data.location) {
            Ok(Some(file)) => Ok(Stored {
                inner: BufReader::with_capacity(BUFFER, file),
                hasher: MultiHasher::new(data.checksum.algorithms()),
                failed: None,
                limit: self.limits.index,
            }),
            Ok(None) => Err(missing(subject)),
            Err(error) => Err(unusable(subject, error)),
        }
    }

    /// A file's bytes, compared with size and digests.
    fn stored(&self, data: &Data) -> Result<Vec<u8>, Finding> {
        let mut stored = self.open(data)?;
        let mut bytes = Vec::new();
        // What is beyond the listed size is hashed, and not kept.
        let wanted = data.size.unwrap_or(self.limits.index);
        let read = (&mut stored)
            .take(wanted.min(self.limits.index))
            .read_to_end(&mut bytes)
            .and_then(|_| io::copy(&mut stored, &mut io::sink()));
        if let Some(error) = stored.failed.take().or(read.err()) {
            return Err(unreadable(data, &error));
        }
        self.compare(data, stored.hasher).map_or(Ok(bytes), Err)
    }

    fn check_one(&self, data: &Data, report: &mut Report) -> Result<(), Finding> {
        let mut stored = self.open(data)?;
        let mut head = Vec::new();
        let read_head = if data.is_zchunk() {
            let wanted = data.header_size.unwrap_or(0).min(zchunk::MAX_HEADER);
            (&mut stored).take(wanted).read_to_end(&mut head)
        } else {
            Ok(0)
        };
        let opened = (read_head.is_ok() && !data.is_zchunk()).then(|| {
            let mut opening = Opening::new(&mut stored, data, self.limits)?;
            io::copy(&mut opening, &mut io::sink())?;
            Ok::<_, io::Error>(opening.finish())
        });
        // Whatever the decoder left: all of the file counts.
        let drained = read_head.and_then(|_| io::copy(&mut stored, &mut io::sink()));
        if let Some(error) = stored.failed.take().or(drained.err()) {
            return Err(unreadable(data, &error));
        }
        self.told(stored.hasher.count(), report);
        if let Some(finding) = self.compare(data, stored.hasher) {
            return Err(finding);
        }
        match opened {
            None if data.header_size.is_some() => zchunk::compare(&head, data).map_or(Ok(()), Err),
            None => Ok(()),
            Some(Err(error)) => Err(not_decompressed(data, &error)),
            Some(Ok(opened)) => opened.compare(data).map_or(Ok(()), Err),
        }
    }

    /// How a file as stored is not the listed one.
    fn compare(&self, data: &Data, hasher: MultiHasher) -> Option<Finding> {
        let count = hasher.count();
        let actual = hasher.finish();
        let finding = compare_stored(data, count, &actual)?;
        if !matches!(finding.code, codes::FILE_SIZE | codes::FILE_DIGEST) {
            return Some(finding);
        }
        match self
            .memory
            .and_then(|memory| memory.origin(&data.kind, &actual))
        {
            None => Some(finding),
            Some(origin) => Some(
                Finding {
                    code: rpm_codes::DATA_GENERATION,
                    detail: format!("it is that of {origin}"),
                    ..finding
                }
                .hint("fetch repomd.xml, its signature and all they list again, from one place"),
            ),
        }
    }
}

fn unreadable(data: &Data, error: &io::Error) -> Finding {
    Finding::undecided(
        codes::FILE_UNREADABLE,
        data.location.as_str(),
        format!("the file cannot be read: {error}"),
    )
}

impl Loaded {
    /// What kind of data it is.
    pub(super) fn kind(&self) -> &str {
        &self.data.kind
    }

    /// Reads it as the primary index.
    pub(super) fn primary(self, limits: &Limits, report: &mut Report) -> Option<Verified<Primary>> {
        self.read(limits, report, |source, subject| {
            Primary::read(source, subject, limits)
        })
    }

    /// Opens it, has it read to its end, and compares what came out.
    pub(super) fn read<T>(
        self,
        limits: &Limits,
        report: &mut Report,
        read: impl FnOnce(Verified<Lent<'_, io::Cursor<Vec<u8>>>>, &str) -> Result<T, Box<Finding>>,
    ) -> Option<T> {
        let Self { data, bytes } = self;
        let mut opened = None;
        let source = bytes.try_map(|bytes| Opening::new(io::Cursor::new(bytes), &data, limits));
        let found = match source {
            Ok(source) => read(source.map(|s| Lent(s, &mut opened)), data.location.as_str()),
            Err(error) => Err(Box::new(not_decompressed(&data, &error))),
        };
        match found {
            Ok(found) => {
                if let Some(finding) = opened.and_then(|o| o.compare(&data)) {
                    report.push(finding.because(cause(&data)));
                }
                Some(found)
            }
            Err(finding) => {
                report.push(finding.because(cause(&data)));
                None
            }
        }
    }
}

fn missing(subject: &str) -> Finding {
    Finding::reject(codes::FILE_MISSING, subject, "the file does not exist")
}

fn unusable(subject: &str, error: Error) -> Finding {
    match error {
        Error::UnsafePath { reason, .. } => Finding::reject(codes::PATH_UNSAFE, subject, reason),
        Error::NotAFile { .. } => Finding::reject(
            codes::FILE_NOT_REGULAR,
            subject,
            "a directory, pipe, socket or device stands in its place",
        ),
        error => Finding::undecided(
            codes::FILE_UNREADABLE,
            subject,
            format!("the file cannot be opened: {error}"),
        ),
    }
}

fn not_decompressed(data: &Data, error: &io::Error) -> Finding {
    let (code, detail) = if error.kind() == io::ErrorKind::FileTooLarge {
        (
            rpm_codes::OPEN_SIZE,
            format!(
                "it decompresses to more than {} bytes",
                data.open_size
                    .map_or("the limit of".to_owned(), |s| s.to_string())
            ),
        )
    } else {
        (
            rpm_codes::DECOMPRESSION,
            format!("it cannot be decompressed: {error}"),
        )
    };
    Finding::reject(code, data.location.as_str(), detail)
}

fn compare_stored(data: &Data, count: u64, actual: &Digests) -> Option<Finding> {
    let subject = data.location.as_str();
    if let Some(size) = data.size
        && size != count
    {
        return Some(Finding::reject(
            codes::FILE_SIZE,
            subject,
            format!("the file is {count} bytes long, the list says {size}"),
        ));
    }
    if let Some(algorithm) = data.checksum.mismatch(actual) {
        return Some(Finding::reject(
            codes::FILE_DIGEST,
            subject,
            format!(
                "its {algorithm} is {}, the list says {}",
                actual.hex(algorithm).unwrap_or_default(),
                data.checksum.hex(algorithm).unwrap_or_default()
            ),
        ));
    }
    let strongest = data.checksum.strongest()?;
    (!strongest.is_strong()).then(|| {
        Finding::reject(
            codes::FILE_WEAK_DIGEST,
            subject,
            format!("the list gives {strongest} only, and SHA-256 or better is needed"),
        )
        .hint("createrepo_c --checksum sha256")
    })
}

/// Hashes a file on its way into a decoder, and tells its own failures from the decoder's.
struct Stored<R> {
    inner: R,
    hasher: MultiHasher,
    failed: Option<io::Error>,
    /// Reading stops one byte behind it: the size then differs.
    limit: u64,
}

impl<R: Read> Read for Stored<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.hasher.count() > self.limit {
            return Ok(0);
        }
        match self.inner.read(buffer) {
            Ok(count) => {
                self.hasher.update(buffer.get(..count).unwrap_or_default());
                Ok(count)
            }
            Err(error) => {
                let kind = error.kind();
                if kind != io::ErrorKind::Interrupted {
                    self.failed = Some(error);
                }
                Err(kind.into())
            }
        }
    }
}

/// Decompresses and hashes what comes out, at most as much as was announced.
struct Opening<R: Read> {
    inner: Decompressor<R>,
    hasher: MultiHasher,
}

impl<R: Read> Opening<R> {
    fn new(source: R, data: &Data, limits: &Limits) -> io::Result<Self> {
        let limit = data.open_size.unwrap_or(limits.index).min(limits.index);
        let algorithms = data.open_checksum.iter().flat_map(|d| d.algorithms());
        Ok(Self {
            inner: Decompressor::new(
                source,
                Compression::from_name(data.location.as_str()),
                limit,
            )?,
            hasher: MultiHasher::new(algorithms),
        })
    }

    fn finish(self) -> Opened {
        Opened {
            hasher: self.hasher,
        }
    }
}

impl<R: Read> Read for Opening<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// What came out of a decoder.
struct Opened {
    hasher: MultiHasher,
}

impl Opened {
    fn compare(self, data: &Data) -> Option<Finding> {
        let subject = data.location.as_str();
        let count = self.hasher.count();
        if let Some(size) = data.open_size
            && size != count
        {
            return Some(Finding::reject(
                rpm_codes::OPEN_SIZE,
                subject,
                format!("it decompresses to {count} bytes, the list says {size}"),
            ));
        }
        let expected = data.open_checksum.as_ref()?;
        let actual = self.hasher.finish();
        let algorithm = expected.mismatch(&actual)?;
        Some(Finding::reject(
            rpm_codes::OPEN_DIGEST,
            subject,
            format!(
                "the {algorithm} of its content is {}, the list says {}",
                actual.hex(algorithm).unwrap_or_default(),
                expected.hex(algorithm).unwrap_or_default()
            ),
        ))
    }
}

/// Gives the hash back when the reader is done with.
pub(super) struct Lent<'a, R: Read>(Opening<R>, &'a mut Option<Opened>);

impl<R: Read> Read for Lent<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Drop for Lent<'_, R> {
    fn drop(&mut self) {
        let hasher = std::mem::replace(&mut self.0.hasher, MultiHasher::new([]));
        *self.1 = Some(Opened { hasher });
    }
}
