//! A variant's bytes: as stored, and decompressed.

use std::fs::File;
use std::io::{self, Read, Write};

use pkgseal_openpgp::Verified;
use pkgseal_repo::{
    Compression, Decompressor, DigestAlgorithm, Digests, Finding, Limits, MultiHasher, Report,
    Root, SafePath, codes as repo_codes,
};

use super::by_hash;
use super::family::{Variant, too_large};
use crate::codes;

/// Bytes read at once.
const CHUNK: usize = 1 << 17;

/// A variant that is there, and what it is held against.
pub(super) struct Stored<'a> {
    pub(super) root: &'a Root,
    /// Where it was found: by its name, or under its digest.
    pub(super) path: &'a SafePath,
    pub(super) variant: &'a Variant,
    /// Size and digests of what it decompresses to, where they are known.
    pub(super) plain: Option<&'a (u64, Digests)>,
    pub(super) listed_by: &'a str,
    pub(super) limits: &'a Limits,
}

type Result<T> = std::result::Result<T, Box<Finding>>;

impl<'a> Stored<'a> {
    /// Reads it whole, sealed by the Release if it is what is listed.
    pub(super) fn load(
        &self,
        file: File,
        seal: &Verified<()>,
        report: &mut Report,
    ) -> Result<Verified<Vec<u8>>> {
        let size = self.size(&file)?;
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(usize::try_from(size).unwrap_or(0))
            .map_err(|error| self.unreadable(&io::Error::new(io::ErrorKind::OutOfMemory, error)))?;
        file.take(size.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| self.unreadable(&error))?;
        report.files += 1;
        report.bytes += bytes.len() as u64;
        let mut hasher = self.hasher();
        hasher.update(&bytes);
        let sealed = seal
            .clone()
            .try_map(|()| self.agree(hasher).map(|()| bytes));
        sealed.map_err(Box::new)
    }

    /// What is in bytes that are what is listed.
    pub(super) fn open(&self, stored: Verified<Vec<u8>>) -> Content<'a> {
        self.content(Box::new(io::Cursor::new(stored.into_inner())))
    }

    /// Compares it with what is listed, as stored and decompressed, in one pass and
    /// without keeping it.
    pub(super) fn compare(&self, file: &File, report: &mut Report) -> Result<(u64, Digests)> {
        self.size(file)?;
        report.files += 1;
        let shared = std::rc::Rc::new(std::cell::RefCell::new(self.hasher()));
        let mut tee = Tee {
            inner: file.try_clone().map_err(|error| self.unreadable(&error))?,
            hasher: shared.clone(),
        };
        let opened = if self.variant.compression == Compression::None {
            None
        } else {
            let mut content = self.content(Box::new(Tee {
                inner: file.try_clone().map_err(|error| self.unreadable(&error))?,
                hasher: shared.clone(),
            }));
            // Why it failed, `content` remembers.
            let _ = io::copy(&mut content, &mut io::sink());
            Some(content)
        };
        // Where decompressing stopped early, the rest; both handles share one position.
        let mut buffer = vec![0; CHUNK];
        loop {
            match tee.read(&mut buffer) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.unreadable(&error)),
            }
        }
        let hasher = shared.replace(MultiHasher::new([]));
        report.bytes += hasher.count();
        // What is wrong with the stored bytes explains what is wrong inside.
        self.agree(hasher).map_err(Box::new)?;
        match opened {
            None => Ok((
                self.variant.listed.size,
                self.variant.listed.digests.clone(),
            )),
            Some(content) => match content.failure() {
                Some(failure) => Err(failure),
                None => content.finish(),
            },
        }
    }

    fn content(&self, stored: Box<dyn Read>) -> Content<'a> {
        let limit = self.plain.map_or(self.limits.index, |(size, _)| {
            (*size).min(self.limits.index)
        });
        let compression = self.variant.compression;
        // Stored as is, it was compared already.
        let algorithms: Vec<DigestAlgorithm> = match self.plain {
            _ if compression == Compression::None => Vec::new(),
            Some((_, digests)) => digests.algorithms().collect(),
            None => vec![DigestAlgorithm::Sha256],
        };
        let mut content = Content {
            path: self.path.clone(),
            as_is: (compression == Compression::None).then(|| self.variant.listed.digests.clone()),
            plain: self.plain,
            listed_by: self.listed_by.into(),
            limit,
            inner: None,
            hasher: MultiHasher::new(algorithms),
            failed: None,
        };
        match Decompressor::new(stored, compression, limit) {
            Ok(inner) => content.inner = Some(inner),
            Err(error) => content.failed = Some(error),
        }
        content
    }

    fn hasher(&self) -> MultiHasher {
        MultiHasher::new(self.variant.listed.digests.algorithms())
    }

    /// Its size, if that is the one listed.
    fn size(&self, file: &File) -> Result<u64> {
        let listed = &self.variant.listed;
        if listed.size > self.limits.index {
            return Err(too_large(
                self.path.as_str(),
                listed.size,
                self.limits.index,
            ));
        }
        let size = file
            .metadata()
            .map_err(|error| self.unreadable(&error))?
            .len();
        if size == listed.size {
            return Ok(size);
        }
        Err(Box::new(self.wrong()))
    }

    fn agree(&self, hasher: MultiHasher) -> std::result::Result<(), Finding> {
        let listed = &self.variant.listed;
        let size = hasher.count();
        let actual = hasher.finish();
        let weak = !listed
            .digests
            .strongest()
            .is_some_and(DigestAlgorithm::is_strong);
        if size != listed.size || listed.digests.mismatch(&actual).is_some() {
            return Err(self.wrong());
        }
        if weak {
            let detail = "no SHA-256 or SHA-512 is listed for it";
            return Err(
                Finding::reject(repo_codes::FILE_WEAK_DIGEST, self.path.as_str(), detail)
                    .because(format!("listed by {}", self.listed_by)),
            );
        }
        Ok(())
    }

    fn wrong(&self) -> Finding {
        explain(self.root, self.path, self.variant, self.limits)
            .because(format!("listed by {}", self.listed_by))
    }

    fn unreadable(&self, error: &io::Error) -> Box<Finding> {
        let detail = format!("the file cannot be read: {error}");
        Box::new(Finding::undecided(
            repo_codes::FILE_UNREADABLE,
            self.path.as_str(),
            detail,
        ))
    }
}

/// Says how a file that is not what is listed went wrong: whole, but of another
/// generation; or cut, or changed. Reads it again, for a better answer than "no".
pub(super) fn explain(root: &Root, path: &SafePath, variant: &Variant, limits: &Limits) -> Finding {
    let listed = &variant.listed;
    let subject = path.as_str();
    let Ok(Some(file)) = root.file(path) else {
        let detail = "the file changed while it was read";
        return Finding::undecided(repo_codes::FILE_UNREADABLE, subject, detail);
    };
    let hasher = std::rc::Rc::new(std::cell::RefCell::new(MultiHasher::new(
        listed.digests.algorithms(),
    )));
    let mut tail = Tail::default();
    let mut tee = Tee {
        inner: file.take(limits.index),
        hasher: hasher.clone(),
    };
    let intact = match Decompressor::new(&mut tee, variant.compression, limits.index) {
        Ok(mut content) => io::copy(&mut content, &mut tail).is_ok(),
        Err(_) => false,
    };
    let _ = io::copy(&mut tee, &mut io::sink());
    let hasher = hasher.replace(MultiHasher::new([]));
    let size = hasher.count();
    let actual = hasher.finish();
    let known = listed.digests.algorithms().any(|algorithm| {
        by_hash::named(path, algorithm, &actual)
            .is_some_and(|name| root.exists(&name).unwrap_or(false))
    });
    let whole = match variant.compression {
        // The end of a paragraph, or of a list, of another length.
        Compression::None => size != listed.size && tail.ends_paragraph(size > listed.size),
        // These carry a checksum of what is in them.
        Compression::Gzip | Compression::Bzip2 | Compression::Xz => intact,
        Compression::Zstd | Compression::Lz4 | Compression::Lzma => intact && size != listed.size,
    };
    let strongest = listed.digests.strongest();
    let digest = |digests: &Digests| {
        strongest
            .and_then(|algorithm| digests.hex(algorithm))
            .unwrap_or_default()
    };
    let name = strongest.map_or("digest", DigestAlgorithm::name);
    if known || whole {
        let detail = format!(
            "a whole file, but of another generation: {size} bytes with the {name} {}, and {} \
             with {} are listed",
            digest(&actual),
            listed.size,
            digest(&listed.digests)
        );
        return Finding::reject(codes::INDEX_GENERATION, subject, detail)
            .hint("update the mirror again: index and Release are of different publications");
    }
    if size != listed.size {
        let detail = if size < listed.size {
            format!("truncated: {size} bytes, and {} listed", listed.size)
        } else {
            format!("{size} bytes, and {} listed", listed.size)
        };
        return Finding::reject(repo_codes::FILE_SIZE, subject, detail);
    }
    let detail = format!(
        "its {name} is {}, and {} is listed",
        digest(&actual),
        digest(&listed.digests)
    );
    Finding::reject(repo_codes::FILE_DIGEST, subject, detail)
}

/// The last two bytes written to it.
#[derive(Default)]
struct Tail([u8; 2]);

impl Tail {
    /// Whether the text ends as one does that was written to its end: with an empty
    /// line, or, where that is enough, with the end of a line.
    fn ends_paragraph(&self, line_is_enough: bool) -> bool {
        matches!(self.0, [b'\n', b'\n']) || line_is_enough && matches!(self.0, [_, b'\n'])
    }
}

impl Write for Tail {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match bytes {
            [.., before, last] => self.0 = [*before, *last],
            [only] => self.0 = [self.0[1], *only],
            [] => {}
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Passes bytes on and hashes them.
struct Tee<R> {
    inner: R,
    hasher: std::rc::Rc<std::cell::RefCell<MultiHasher>>,
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let mut hasher = self.hasher.borrow_mut();
        hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// What a variant holds, hashed while it is read.
pub(super) struct Content<'a> {
    path: SafePath,
    /// The digests of what is stored without compression.
    as_is: Option<Digests>,
    plain: Option<&'a (u64, Digests)>,
    listed_by: Box<str>,
    limit: u64,
    inner: Option<Decompressor<Box<dyn Read>>>,
    hasher: MultiHasher,
    /// Why reading failed.
    failed: Option<io::Error>,
}

impl Content<'_> {
    /// Why it could not be read to its end.
    pub(super) fn failure(&self) -> Option<Box<Finding>> {
        let error = self.failed.as_ref()?;
        let limit = self.limit;
        let (code, detail) = match (error.kind(), self.plain) {
            (io::ErrorKind::FileTooLarge, Some((size, _))) => (
                codes::INDEX_CONTENT,
                format!("decompresses to more than the {size} bytes listed"),
            ),
            (io::ErrorKind::FileTooLarge, None) => (
                repo_codes::LIMIT,
                format!("decompresses to more than {limit} bytes"),
            ),
            _ => (codes::INDEX_COMPRESSION, error.to_string()),
        };
        Some(Box::new(Finding::reject(code, self.path.as_str(), detail)))
    }

    /// Size and digests of what was read, if they are what is listed.
    pub(super) fn finish(self) -> Result<(u64, Digests)> {
        let size = self.hasher.count();
        if let Some(digests) = self.as_is {
            return Ok((size, digests));
        }
        let actual = self.hasher.finish();
        let Some((listed_size, listed)) = self.plain else {
            return Ok((size, actual));
        };
        let detail = if *listed_size != size {
            format!("decompresses to {size} bytes, and {listed_size} are listed")
        } else if let Some(algorithm) = listed.mismatch(&actual) {
            format!(
                "what it decompresses to has the {} {}, and {} is listed",
                algorithm.name(),
                actual.hex(algorithm).unwrap_or_default(),
                listed.hex(algorithm).unwrap_or_default()
            )
        } else {
            return Ok((size, actual));
        };
        let finding = Finding::reject(codes::INDEX_CONTENT, self.path.as_str(), detail)
            .because(format!("listed by {}", self.listed_by));
        Err(Box::new(finding))
    }
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(inner) = &mut self.inner else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        match inner.read(buffer) {
            Ok(count) => {
                self.hasher.update(buffer.get(..count).unwrap_or_default());
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.failed = Some(io::Error::new(error.kind(), error.to_string()));
                Err(error)
            }
        }
    }
}
