//! The three indices, written as a stream: packages are read in parallel a batch at a
//! time, and no more than a batch of them is in memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use pkgseal_repo::publication::Stage;
use pkgseal_repo::{
    CheckOptions, Compression, Compressor, DigestAlgorithm, Digests, Finding, MultiHasher,
    Progress, Root, SafePath,
};
use rayon::prelude::*;

use super::facts::{self, Facts, Fault};
use super::memory::{Known, Learnt};
use super::pool::Found;
use crate::codes;
use crate::error::{Error, Result};
use crate::yum::REPODATA;

/// Packages in memory at a time.
const BATCH: usize = 256;

/// Bytes handed to a compressor at a time.
const BUFFER: usize = 1 << 16;

/// A metadata file, as `repomd.xml` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::yum) struct Made {
    /// `primary`, `filelists`…
    pub(in crate::yum) kind: String,
    /// Relative to the repository.
    pub(in crate::yum) location: SafePath,
    /// SHA-256 as stored, in hexadecimal.
    pub(in crate::yum) checksum: String,
    /// Bytes as stored.
    pub(in crate::yum) size: u64,
    /// SHA-256 and bytes of the content; `None` where it is stored as it is.
    pub(in crate::yum) open: Option<(String, u64)>,
}

/// Hashes and counts what goes to a file.
struct Stored {
    file: File,
    hasher: MultiHasher,
}

impl Write for Stored {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A metadata file being written.
pub(in crate::yum) struct Index {
    kind: String,
    /// Its name without the digest.
    plain: String,
    compression: Compression,
    open: MultiHasher,
    writer: BufWriter<Compressor<Stored>>,
}

impl Index {
    /// Begins `KIND.EXTENSION` in the stage of the metadata folder.
    ///
    /// # Errors
    /// [`Error::Repo`].
    pub(in crate::yum) fn begin(
        stage: &mut Stage,
        kind: &str,
        extension: &str,
        compression: Compression,
    ) -> Result<Self> {
        let plain = format!("{kind}{extension}{}", compression.suffix());
        let stored = Stored {
            file: stage.file(Path::new(&plain))?,
            hasher: sha256(),
        };
        let compressor = Compressor::new(compression, stored);
        let compressor =
            compressor.map_err(|error| Error::write(&stage.path().join(&plain), error))?;
        Ok(Self {
            kind: kind.to_owned(),
            plain,
            compression,
            open: sha256(),
            writer: BufWriter::with_capacity(BUFFER, compressor),
        })
    }

    /// Adds to it.
    ///
    /// # Errors
    /// What writing says.
    pub(in crate::yum) fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.open.update(bytes);
        self.writer.write_all(bytes)
    }

    /// Ends it and gives it its name: its digest, and what it is.
    ///
    /// # Errors
    /// [`Error::Repo`].
    pub(in crate::yum) fn finish(self, stage: &mut Stage) -> Result<Made> {
        let path = stage.path().join(&self.plain);
        let failed = |error| Error::write(&path, error);
        let compressor = self.writer.into_inner();
        let compressor = compressor.map_err(|error| failed(error.into_error()))?;
        let stored = compressor.finish().map_err(failed)?;
        let size = stored.hasher.count();
        let checksum = hex(stored.hasher);
        let name = format!("{checksum}-{}", self.plain);
        stage.rename(Path::new(&self.plain), Path::new(&name))?;
        let open_size = self.open.count();
        let open = hex(self.open);
        Ok(Made {
            kind: self.kind,
            location: SafePath::new(&format!("{REPODATA}/{name}"))?,
            checksum,
            size,
            open: (self.compression != Compression::None).then_some((open, open_size)),
        })
    }
}

fn sha256() -> MultiHasher {
    MultiHasher::new([DigestAlgorithm::Sha256])
}

fn hex(hasher: MultiHasher) -> String {
    let digests: Digests = hasher.finish();
    digests.hex(DigestAlgorithm::Sha256).unwrap_or_default()
}

/// How a document of packages begins and ends, before the number of packages and after it.
fn frame(kind: &str) -> (String, &'static str) {
    let (root, namespaces) = match kind {
        "primary" => (
            "metadata",
            "http://linux.duke.edu/metadata/common\" xmlns:rpm=\"http://linux.duke.edu/metadata/rpm",
        ),
        "filelists" => ("filelists", "http://linux.duke.edu/metadata/filelists"),
        _ => ("otherdata", "http://linux.duke.edu/metadata/other"),
    };
    let begin = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{namespaces}\" packages=\""
    );
    let end = match kind {
        "primary" => "</metadata>",
        "filelists" => "</filelists>",
        _ => "</otherdata>",
    };
    (begin, end)
}

pub(in crate::yum) const KINDS: [&str; 3] = ["primary", "filelists", "other"];

/// What writing the indices needs.
pub(super) struct Writing<'a> {
    pub(super) root: &'a Root,
    pub(super) compression: Compression,
    pub(super) changes: usize,
    /// Files touched so shortly before they are read, in nanoseconds, may be touched again
    /// unseen, and are not remembered.
    pub(super) step: i64,
    pub(super) options: &'a CheckOptions,
    pub(super) progress: &'a dyn Progress,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) made: Vec<Made>,
    pub(super) findings: Vec<Finding>,
    /// Whether every package will be known next time.
    pub(super) settled: bool,
}

impl Writing<'_> {
    /// Reads what is not known and writes all three indices into `stage`. Findings that
    /// reject say why some packages cannot be listed; nothing is of use then.
    ///
    /// # Errors
    /// [`Error::Repo`].
    pub(super) fn write(
        &self,
        packages: &[Found],
        known: &mut Known,
        learnt: &mut Learnt,
        stage: &mut Stage,
    ) -> Result<Written> {
        let pool = self.options.pool()?;
        let mut indices = Vec::with_capacity(KINDS.len());
        for kind in KINDS {
            let mut index = Index::begin(stage, kind, ".xml", self.compression)?;
            let (begin, _) = frame(kind);
            index
                .add(format!("{begin}{}\">\n", packages.len()).as_bytes())
                .map_err(|error| Error::write(stage.path(), error))?;
            indices.push(index);
        }
        let mut written = Written {
            settled: true,
            ..Written::default()
        };
        let mut names: HashMap<String, (String, &SafePath)> = HashMap::new();
        let bytes = packages.iter().map(|found| found.stat.size).sum();
        self.progress
            .begin("reading packages", packages.len() as u64, Some(bytes));
        for batch in packages.chunks(BATCH) {
            let asked = batch.iter().map(|found| known.of(found));
            let asked = asked.collect::<Result<Vec<_>>>()?;
            let read = pool.install(|| self.batch(batch, asked));
            let mut facts = Vec::with_capacity(batch.len());
            for (found, read) in batch.iter().zip(read) {
                match read {
                    Ok(read) => facts.push((found, read)),
                    Err(Fault::Reject(finding)) => written.findings.push(*finding),
                    Err(Fault::Io(error)) => {
                        return Err(Error::read(&self.root.path().join(&found.path), error));
                    }
                }
            }
            if facts.len() < batch.len() {
                continue;
            }
            for (found, facts) in &facts {
                let same = names.insert(facts.name.clone(), (facts.id.clone(), &found.path));
                if let Some((id, first)) = same
                    && id != facts.id
                {
                    let detail = format!(
                        "{} with other content is {first}; clients differ in which one they take",
                        facts.name
                    );
                    let code = codes::PRIMARY_SAME_NAME;
                    let finding = Finding::warning(code, found.path.as_str(), detail);
                    written.findings.push(finding);
                }
            }
            let since = learnt.moment.saturating_sub(self.step);
            let young =
                pool.install(|| append(&mut indices, learnt, &facts, since, stage.path()))?;
            written.settled &= !young;
        }
        self.progress.end();
        for (kind, mut index) in KINDS.into_iter().zip(indices) {
            index
                .add(frame(kind).1.as_bytes())
                .map_err(|error| Error::write(stage.path(), error))?;
            written.made.push(index.finish(stage)?);
        }
        Ok(written)
    }

    /// Reads those of a batch that are not known.
    fn batch(&self, batch: &[Found], asked: Vec<Option<Facts>>) -> Vec<Result<Facts, Fault>> {
        let rows = batch.par_iter().zip(asked).with_max_len(1);
        let read = rows.map(|(found, known)| {
            let facts = match known {
                Some(facts) => Ok(facts),
                None => facts::read(self.root, found, self.changes),
            };
            self.progress.bytes(found.stat.size);
            self.progress.file();
            facts
        });
        read.collect()
    }
}

/// Adds a batch to the indices and to what is remembered, all at once. Whether some of it
/// is too young to be remembered.
fn append(
    indices: &mut [Index],
    learnt: &mut Learnt,
    facts: &[(&Found, Facts)],
    since: i64,
    path: &Path,
) -> Result<bool> {
    let mut young = false;
    let remember = || {
        for (found, facts) in facts {
            if facts.stat.is_younger(since) {
                young = true;
            } else {
                learnt.add(&found.path, facts)?;
            }
        }
        Ok::<_, Error>(())
    };
    let write = || {
        indices
            .par_iter_mut()
            .with_max_len(1)
            .try_for_each(|index| {
                for (_, facts) in facts {
                    let chunk = match index.kind.as_str() {
                        "primary" => &facts.chunks.primary,
                        "filelists" => &facts.chunks.filelists,
                        _ => &facts.chunks.other,
                    };
                    index
                        .add(chunk.as_bytes())
                        .map_err(|error| Error::write(path, error))?;
                }
                Ok::<_, Error>(())
            })
    };
    let (written, remembered) = rayon::join(write, remember);
    written?;
    remembered?;
    Ok(young)
}
