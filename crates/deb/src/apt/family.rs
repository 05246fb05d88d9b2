//! One index in all its compressions.

use std::io::{self, BufReader, Read};

use pkgseal_openpgp::Verified;
use pkgseal_repo::{
    Compression, Decompressor, DigestAlgorithm, Digests, Entry, Error as RepoError, Finding,
    Limits, MultiHasher, Report, Root, SafePath, codes as repo_codes,
};

use super::index::{self, IndexKind};
use super::release::Listed;
use super::root::unusable;
use crate::codes;

/// Bytes decompressed at once.
const CHUNK: usize = 1 << 17;

/// Packages or Sources of one component and architecture: every listed variant.
#[derive(Debug)]
pub(super) struct Family {
    /// The index without compression suffix, from the root of the repository.
    pub(super) stem: SafePath,
    pub(super) kind: IndexKind,
    pub(super) variants: Vec<Variant>,
    /// The file that lists it, for messages.
    pub(super) listed_by: std::sync::Arc<str>,
    /// The Release's seal, which is on all it vouches for.
    pub(super) seal: Verified<()>,
}

/// One variant as the Release lists it.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) path: SafePath,
    /// Where it stands under its digest.
    pub(super) by_hash: Option<SafePath>,
    pub(super) compression: Compression,
    pub(super) listed: Listed,
}

/// What became of a family.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) report: Report,
    /// What the index vouches for.
    pub(super) entries: Vec<Entry>,
    /// Whether no variant is there.
    pub(super) absent: bool,
}

impl Family {
    /// The variant without compression: what all others decompress to.
    fn plain(&self) -> Option<&Listed> {
        self.variants
            .iter()
            .find(|variant| variant.compression == Compression::None)
            .map(|variant| &variant.listed)
    }

    /// Whether it is listed as an empty index, which needs no file.
    pub(super) fn is_empty(&self) -> bool {
        self.plain().is_some_and(|plain| plain.size == 0)
    }

    /// Checks every variant that is there: as stored, then what it decompresses to. The
    /// first is read for its entries.
    pub(super) fn check(&self, root: &Root, limits: &Limits) -> Checked {
        let mut checked = Checked {
            absent: true,
            ..Checked::default()
        };
        let mut plain = self
            .plain()
            .map(|listed| (listed.size, listed.digests.clone()));
        let mut entries = None;
        for variant in &self.variants {
            let Some(stored) = self.stored(variant, root, limits, &mut checked) else {
                continue;
            };
            let content = Content {
                variant,
                kind: entries.is_none().then_some(self.kind),
                plain: plain.as_ref(),
                cause: &self.listed_by,
                limits,
            };
            match content.read(stored) {
                Ok((size, digests, found)) => {
                    // Where the Release lists no plain variant, the others must agree
                    // with the first.
                    plain.get_or_insert((size, digests));
                    entries.get_or_insert(found);
                }
                Err(finding) => checked.report.push(*finding),
            }
        }
        checked.entries = entries.unwrap_or_default();
        checked
    }

    /// A variant's bytes as stored, sealed by the Release if they are what it lists.
    fn stored(
        &self,
        variant: &Variant,
        root: &Root,
        limits: &Limits,
        checked: &mut Checked,
    ) -> Option<Verified<Vec<u8>>> {
        let listed = &variant.listed;
        let subject = variant.path.as_str();
        if listed.size > limits.index {
            let detail = format!("{} bytes; the limit is {}", listed.size, limits.index);
            checked.absent = false;
            let finding = Finding::reject(repo_codes::LIMIT, subject, detail);
            checked.report.push(finding);
            return None;
        }
        let read = match root.read(&variant.path, listed.size) {
            // Mirrors may serve an index under its digest only.
            Ok(None) => match &variant.by_hash {
                Some(path) => root.read(path, listed.size),
                None => Ok(None),
            },
            read => read,
        };
        let cause = |finding: Finding| finding.because(format!("listed by {}", self.listed_by));
        match read {
            Ok(None) => None,
            Ok(Some(bytes)) => {
                checked.absent = false;
                checked.report.files += 1;
                checked.report.bytes += bytes.len() as u64;
                let sealed =
                    self.seal
                        .clone()
                        .try_map(|()| match differs(subject, listed, &bytes) {
                            None => Ok(bytes),
                            Some(finding) => Err(finding),
                        });
                match sealed {
                    Ok(sealed) => Some(sealed),
                    Err(finding) => {
                        checked.report.push(cause(finding));
                        None
                    }
                }
            }
            Err(RepoError::TooLarge { .. }) => {
                checked.absent = false;
                let detail = format!("larger than the {} bytes listed", listed.size);
                let finding = Finding::reject(repo_codes::FILE_SIZE, subject, detail);
                checked.report.push(cause(finding));
                None
            }
            Err(error) => {
                checked.absent = false;
                checked.report.push(unusable(subject, &error));
                None
            }
        }
    }
}

/// How stored bytes differ from what is listed.
fn differs(subject: &str, listed: &Listed, bytes: &[u8]) -> Option<Finding> {
    if listed.size != bytes.len() as u64 {
        let detail = format!("{} bytes, and {} listed", bytes.len(), listed.size);
        return Some(Finding::reject(repo_codes::FILE_SIZE, subject, detail));
    }
    if !listed
        .digests
        .strongest()
        .is_some_and(DigestAlgorithm::is_strong)
    {
        let detail = "no SHA-256 or SHA-512 is listed for it";
        return Some(Finding::reject(
            repo_codes::FILE_WEAK_DIGEST,
            subject,
            detail,
        ));
    }
    let mut hasher = MultiHasher::new(listed.digests.algorithms());
    hasher.update(bytes);
    let actual = hasher.finish();
    listed.digests.mismatch(&actual).map(|algorithm| {
        let detail = format!(
            "its {} is {}, and {} is listed",
            algorithm.name(),
            actual.hex(algorithm).unwrap_or_default(),
            listed.digests.hex(algorithm).unwrap_or_default()
        );
        Finding::reject(repo_codes::FILE_DIGEST, subject, detail)
    })
}

/// Reading what a variant holds.
struct Content<'a> {
    variant: &'a Variant,
    /// Read for entries, or only compared.
    kind: Option<IndexKind>,
    /// Size and digests it has to have, where they are known.
    plain: Option<&'a (u64, Digests)>,
    cause: &'a str,
    limits: &'a Limits,
}

impl Content<'_> {
    fn read(&self, stored: Verified<Vec<u8>>) -> Result<(u64, Digests, Vec<Entry>), Box<Finding>> {
        let subject = self.variant.path.as_str();
        let stored = stored.into_inner();
        let limit = self.plain.map_or(self.limits.index, |(size, _)| {
            (*size).min(self.limits.index)
        });
        let algorithms: Vec<DigestAlgorithm> = match self.plain {
            Some((_, digests)) => digests.algorithms().collect(),
            None => vec![DigestAlgorithm::Sha256],
        };
        let undecodable = |error: &io::Error| {
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
            Box::new(Finding::reject(code, subject, detail))
        };
        // Stored as is, it was compared already.
        let as_is = self.variant.compression == Compression::None;
        let decompressed = Decompressor::new(stored.as_slice(), self.variant.compression, limit)
            .map_err(|error| undecodable(&error))?;
        let mut hashed = Hashed {
            inner: decompressed,
            hasher: MultiHasher::new(if as_is { Vec::new() } else { algorithms }),
            failed: None,
        };
        let mut entries = Vec::new();
        match self.kind {
            Some(kind) => {
                let read = index::read(
                    BufReader::with_capacity(CHUNK, &mut hashed),
                    kind,
                    subject,
                    self.limits,
                    |entry| entries.push(entry),
                );
                if let Some(error) = &hashed.failed {
                    return Err(undecodable(error));
                }
                read?;
            }
            None => {
                io::copy(&mut hashed, &mut io::sink()).map_err(|error| undecodable(&error))?;
            }
        }
        let size = hashed.hasher.count();
        if as_is {
            return Ok((size, self.variant.listed.digests.clone(), entries));
        }
        let actual = hashed.hasher.finish();
        if let Some((listed_size, listed)) = self.plain {
            let detail = if *listed_size != size {
                Some(format!(
                    "decompresses to {size} bytes, and {listed_size} are listed"
                ))
            } else {
                listed.mismatch(&actual).map(|algorithm| {
                    format!(
                        "what it decompresses to has the {} {}, and {} is listed",
                        algorithm.name(),
                        actual.hex(algorithm).unwrap_or_default(),
                        listed.hex(algorithm).unwrap_or_default()
                    )
                })
            };
            if let Some(detail) = detail {
                let finding = Finding::reject(codes::INDEX_CONTENT, subject, detail)
                    .because(format!("listed by {}", self.cause));
                return Err(Box::new(finding));
            }
        }
        Ok((size, actual, entries))
    }
}

/// Passes bytes on and hashes them; remembers why reading failed.
struct Hashed<R> {
    inner: R,
    hasher: MultiHasher,
    failed: Option<io::Error>,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
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
