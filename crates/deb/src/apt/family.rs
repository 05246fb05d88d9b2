//! One listed file in all its compressions.

use std::io::BufReader;
use std::sync::Arc;

use pkgseal_openpgp::Verified;
use pkgseal_repo::{
    Compression, Digests, Entry, Finding, Limits, Report, Root, SafePath, codes as repo_codes,
};

use super::index::{self, IndexKind, Keep};
use super::paragraph::Paragraph;
use super::pdiff;
use super::request::Level;
use super::stored::{Content, Stored};
use super::sums;
use crate::listed::Listed;

/// Bytes decompressed at once.
const CHUNK: usize = 1 << 17;

/// What a listed file holds, as far as it is read.
#[derive(Debug)]
pub(super) enum Kind {
    /// Packages or Sources.
    Index(IndexKind),
    /// The Index of a folder of patches; what the Release lists of the patched file.
    Patches(Option<Listed>),
    /// The installer's SHA256SUMS.
    Sums,
    /// Translations, Contents…: compared, not read.
    Other,
}

/// A listed file and its variants: `Packages`, `Packages.gz`, `Packages.xz`.
#[derive(Debug)]
pub(super) struct Family {
    /// The file without compression suffix, from the root of the repository.
    pub(super) stem: SafePath,
    pub(super) kind: Kind,
    pub(super) variants: Vec<Variant>,
    /// Whether what an index lists has to be there.
    pub(super) wanted: bool,
    /// The file that lists it, for messages.
    pub(super) listed_by: Arc<str>,
    /// The Release's seal, which is on all it vouches for.
    pub(super) seal: Verified<()>,
}

/// One variant as it is listed.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) path: SafePath,
    /// Where it stands under its strongest digest.
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
    /// What it says of packages, where that is asked for.
    pub(super) paragraphs: Vec<(SafePath, Paragraph)>,
    /// Further files it vouches for, in their compressions.
    pub(super) more: Vec<Family>,
    /// The variants that are there: which, and where.
    pub(super) present: Vec<(usize, SafePath)>,
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

    /// Whether its entries matter.
    pub(super) fn is_index(&self) -> bool {
        matches!(self.kind, Kind::Index(_))
    }

    /// Checks every variant that is there: as stored, then what it decompresses to. The
    /// first good one is read for what it lists.
    pub(super) fn check(&self, root: &Root, level: Level, limits: &Limits) -> Checked {
        let mut checked = Checked::default();
        let mut plain = self
            .plain()
            .map(|listed| (listed.size, listed.digests.clone()));
        let mut read = matches!(self.kind, Kind::Other);
        for (number, variant) in self.variants.iter().enumerate() {
            let (path, file) = match variant.open(root) {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(finding) => {
                    checked.present.push((number, variant.path.clone()));
                    checked.report.push(*finding);
                    continue;
                }
            };
            checked.present.push((number, path.clone()));
            let stored = Stored {
                root,
                path: &path,
                variant,
                plain: plain.as_ref(),
                listed_by: &self.listed_by,
                limits,
            };
            let outcome = if read {
                stored.compare(&file, &mut checked.report)
            } else {
                stored
                    .load(file, &self.seal, &mut checked.report)
                    .and_then(|bytes| {
                        let content = stored.open(bytes);
                        self.read(content, &path, level, limits, &mut checked)
                    })
                    .inspect(|_| read = true)
            };
            match outcome {
                // Where no plain variant is listed, the others must agree with the first.
                Ok(found) => {
                    plain.get_or_insert(found);
                }
                Err(finding) => checked.report.push(*finding),
            }
        }
        checked
    }

    /// Reads a variant's verified content for what it lists.
    fn read(
        &self,
        mut content: Content<'_>,
        path: &SafePath,
        level: Level,
        limits: &Limits,
        checked: &mut Checked,
    ) -> Result<(u64, Digests), Box<Finding>> {
        let text = BufReader::with_capacity(CHUNK, &mut content);
        let subject = path.as_str();
        let mut found = Checked::default();
        let result = match &self.kind {
            Kind::Index(kind) => {
                let keep = match level {
                    Level::Control => Keep::Stanzas,
                    _ => Keep::Entries,
                };
                index::read(
                    text,
                    *kind,
                    subject,
                    limits,
                    keep,
                    |mut entry, paragraph| {
                        if !self.wanted {
                            entry.requirement = pkgseal_repo::Requirement::Optional;
                        }
                        if let Some(paragraph) = paragraph {
                            found.paragraphs.push((entry.path.clone(), paragraph));
                        }
                        found.entries.push(entry);
                    },
                )
            }
            Kind::Patches(current) => {
                pdiff::read(text, self, current.as_ref(), path, limits).map(|(more, findings)| {
                    found.more = more;
                    found.report.findings = findings;
                })
            }
            Kind::Sums => sums::read(text, path, limits).map(|entries| found.entries = entries),
            Kind::Other => Ok(()),
        };
        // That the text could not be had says more than where reading stopped.
        if let Some(failure) = content.failure() {
            return Err(failure);
        }
        result?;
        let agreed = content.finish()?;
        checked.report.merge(found.report);
        checked.entries = found.entries;
        checked.paragraphs = found.paragraphs;
        checked.more = found.more;
        Ok(agreed)
    }
}

impl Variant {
    /// Opens it by its name, or under its digest: mirrors may serve that alone.
    fn open(&self, root: &Root) -> Result<Option<(SafePath, std::fs::File)>, Box<Finding>> {
        let mut file = root.file(&self.path);
        let mut path = &self.path;
        if let (Ok(None), Some(other)) = (&file, &self.by_hash) {
            path = other;
            file = root.file(path);
        }
        match file {
            Ok(file) => Ok(file.map(|file| (path.clone(), file))),
            Err(error) => Err(Box::new(super::root::unusable(path.as_str(), &error))),
        }
    }
}

/// A finding about a cap.
pub(super) fn too_large(subject: &str, size: u64, limit: u64) -> Box<Finding> {
    let detail = format!("{size} bytes; the limit is {limit}");
    Box::new(Finding::reject(repo_codes::LIMIT, subject, detail))
}

/// The cheapest to read first.
pub(super) fn effort(compression: Compression) -> u8 {
    match compression {
        Compression::None => 0,
        Compression::Lz4 => 1,
        Compression::Zstd => 2,
        Compression::Gzip => 3,
        Compression::Xz => 4,
        Compression::Lzma => 5,
        Compression::Bzip2 => 6,
    }
}
