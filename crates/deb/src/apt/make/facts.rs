//! What is known of the files of a pool: read once, remembered while they stay untouched.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use pkgseal_repo::publication::{Decoder, Encoder, Stat};
use pkgseal_repo::{
    CheckOptions, DigestAlgorithm, Digests, Finding, Limits, MultiHasher, Progress, Root, SafePath,
    StagedFile, codes as repo_codes, read_through,
};
use rayon::prelude::*;

use super::pool::{Found, Kind};
use super::source;
use crate::control::{self, Control};
use crate::layout::Fault;
use crate::{Error, Result, codes};

const TITLE: &str = "pkgseal pool 1";
/// Bytes of the state on the disk.
const LIMIT: u64 = 4 << 30;
/// File systems count time in steps of at most two seconds, in nanoseconds: a file written
/// twice within one looks untouched.
pub(super) const STEP: i64 = 2_000_000_000;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing that goes into an index but its digests.
    Plain,
    /// A binary package.
    Package(Control),
    /// A .dsc.
    Source(Control),
}

/// What one read of a file gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// What it was when it was read.
    pub(super) stat: Stat,
    pub(super) digests: Digests,
    pub(super) content: Content,
}

/// Facts of earlier runs and of this one.
#[derive(Debug)]
pub(super) struct Memory {
    path: PathBuf,
    known: HashMap<SafePath, Facts>,
    /// Read in this run and touched so shortly before that they are not remembered.
    young: HashSet<SafePath>,
    /// Where the new state goes. It also tells the time of the file system when the
    /// first file was read, in the clock that the files' own times are of.
    staged: Option<(StagedFile, i64)>,
    /// Files touched so shortly before they are read, in nanoseconds, are young.
    step: i64,
    changed: bool,
}

impl Memory {
    /// What earlier runs left in `folder`; damaged state is put aside and told of.
    ///
    /// # Errors
    /// [`Error::Repo`] when it cannot be read.
    pub(super) fn open(folder: &Path, step: i64) -> Result<(Self, Option<Finding>)> {
        let mut memory = Self {
            path: folder.join("pool"),
            known: HashMap::new(),
            young: HashSet::new(),
            staged: None,
            step,
            changed: false,
        };
        let Some(bytes) = super::read_if_there(&memory.path, LIMIT)? else {
            return Ok((memory, None));
        };
        let note = match decode(&bytes) {
            Some(known) => {
                memory.known = known;
                None
            }
            None => Some(super::put_aside(&memory.path)),
        };
        Ok((memory, note))
    }

    /// Forgets everything, so that all is read again.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.changed = true;
    }

    /// What is known of a file.
    pub(super) fn of(&self, path: &SafePath) -> Option<&Facts> {
        self.known.get(path)
    }

    /// Whether every file that was asked for will be known next time.
    pub(super) fn is_settled(&self) -> bool {
        self.young.is_empty()
    }

    /// Reads those files of which not enough is known, in parallel, each once. Returns
    /// why some cannot be indexed.
    ///
    /// # Errors
    /// [`Error::Repo`] when one cannot be read.
    pub(super) fn read(
        &mut self,
        root: &Root,
        wanted: &[&Found],
        algorithms: &[DigestAlgorithm],
        options: &CheckOptions,
        progress: &dyn Progress,
    ) -> Result<Vec<Finding>> {
        let mut missing: Vec<&Found> = wanted
            .iter()
            .copied()
            .filter(|found| !self.knows(found, algorithms))
            .collect();
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        // The biggest first, so that no thread is left alone with one at the end.
        missing.sort_by(|a, b| {
            let size = |found: &Found| std::cmp::Reverse(found.stat.size);
            size(a).cmp(&size(b)).then_with(|| a.path.cmp(&b.path))
        });
        let since = self.since()?;
        let bytes = missing.iter().map(|found| found.stat.size).sum();
        progress.begin("reading packages", missing.len() as u64, Some(bytes));
        let read = options.pool()?.install(|| {
            let read = missing.par_iter().with_max_len(1).map(|found| {
                let facts = read(root, found, algorithms, &options.limits);
                progress.bytes(found.stat.size);
                progress.file();
                facts
            });
            read.collect::<Vec<_>>()
        });
        progress.end();
        let mut findings = Vec::new();
        for (found, read) in missing.into_iter().zip(read) {
            match read {
                Ok(facts) => {
                    if facts.stat.is_younger(since) {
                        self.young.insert(found.path.clone());
                    }
                    self.known.insert(found.path.clone(), facts);
                    self.changed = true;
                }
                Err(Fault::Reject(finding)) => findings.push(*finding),
                Err(Fault::Io(error)) => {
                    return Err(Error::read(&root.path().join(&found.path), error));
                }
            }
        }
        findings.sort();
        Ok(findings)
    }

    fn knows(&self, found: &Found, algorithms: &[DigestAlgorithm]) -> bool {
        self.known.get(&found.path).is_some_and(|facts| {
            facts.stat == found.stat
                && algorithms
                    .iter()
                    .all(|&algorithm| facts.digests.get(algorithm).is_some())
                && matches!(
                    (&facts.content, found.kind),
                    (Content::Package(_), Kind::Package | Kind::Installer)
                        | (Content::Source(_), Kind::Source)
                        | (Content::Plain, Kind::Other)
                )
        })
    }

    /// The moment from which on a file counts as just touched.
    fn since(&mut self) -> Result<i64> {
        if let Some((_, moment)) = &self.staged {
            return Ok(moment - self.step);
        }
        let mut staged = StagedFile::create(&self.path)?;
        let metadata = staged
            .file_mut()
            .metadata()
            .map_err(|error| Error::write(&self.path, error))?;
        let moment = Stat::of(&metadata).modified;
        self.staged = Some((staged, moment));
        Ok(moment - self.step)
    }

    /// Remembers what this run learnt, and forgets files that are gone: those that `gone`
    /// says so of.
    ///
    /// # Errors
    /// [`Error::Repo`] when it cannot be written; what was remembered before is then
    /// whole.
    pub(super) fn save(&mut self, gone: impl Fn(&SafePath) -> bool) -> Result<()> {
        let before = self.known.len();
        let mut kept: Vec<(&SafePath, &Facts)> =
            self.known.iter().filter(|(path, _)| !gone(path)).collect();
        if !self.changed && kept.len() == before {
            return Ok(());
        }
        kept.retain(|(path, _)| !self.young.contains(*path));
        kept.sort_by_key(|(path, _)| *path);
        let bytes = encode(&kept);
        let mut staged = match self.staged.take() {
            Some((staged, _)) => staged,
            None => StagedFile::create(&self.path)?,
        };
        staged
            .write_all(&bytes)
            .map_err(|error| Error::write(&self.path, error))?;
        staged.commit()?;
        self.changed = false;
        Ok(())
    }
}

fn encode(known: &[(&SafePath, &Facts)]) -> Vec<u8> {
    let mut encoder = Encoder::new(TITLE);
    for (path, facts) in known {
        encoder.text(path.as_str());
        facts.stat.encode(&mut encoder);
        encoder.digests(&facts.digests);
        let (kind, fields) = match &facts.content {
            Content::Plain => (0, None),
            Content::Package(control) => (1, Some(control.fields())),
            Content::Source(paragraph) => (2, Some(paragraph.fields())),
        };
        encoder.number(kind);
        encoder.number(fields.map_or(0, <[_]>::len) as u64);
        for (name, value) in fields.into_iter().flatten() {
            encoder.text(name);
            encoder.bytes(value);
        }
    }
    encoder.close()
}

fn decode(bytes: &[u8]) -> Option<HashMap<SafePath, Facts>> {
    let mut decoder = Decoder::open(bytes, TITLE)?;
    let mut known = HashMap::new();
    while !decoder.is_at_end() {
        let path = SafePath::new(decoder.text()?).ok()?;
        let stat = Stat::decode(&mut decoder)?;
        let digests = decoder.digests()?;
        let kind = decoder.number()?;
        let mut fields = Vec::new();
        for _ in 0..decoder.number()? {
            fields.push((decoder.text()?.to_owned(), decoder.bytes()?.to_vec()));
        }
        let content = match kind {
            0 => Content::Plain,
            1 => Content::Package(Control::from_fields(fields)),
            2 => Content::Source(Control::from_fields(fields)),
            _ => return None,
        };
        let facts = Facts {
            stat,
            digests,
            content,
        };
        known.insert(path, facts);
    }
    Some(known)
}

/// Reads a file once.
fn read(
    root: &Root,
    found: &Found,
    algorithms: &[DigestAlgorithm],
    limits: &Limits,
) -> Result<Facts, Fault> {
    let subject = found.path.as_str();
    let file = match root.file(&found.path) {
        Ok(Some(file)) => file,
        Ok(None) => {
            let detail = "it is gone, or a link to nothing";
            return Err(Finding::reject(repo_codes::FILE_MISSING, subject, detail).into());
        }
        Err(pkgseal_repo::Error::UnsafePath { reason, .. }) => {
            return Err(Finding::reject(repo_codes::PATH_UNSAFE, subject, reason).into());
        }
        Err(pkgseal_repo::Error::Read { source, .. }) => return Err(Fault::Io(source)),
        Err(error) => {
            let detail = error.to_string();
            return Err(Finding::reject(repo_codes::FILE_NOT_REGULAR, subject, detail).into());
        }
    };
    let before = Stat::of(&file.metadata()?);
    let (digests, content) = content(&file, found, algorithms, limits)?;
    // The listing, the read and what stands there now are of one file.
    if before != found.stat || before != Stat::of(&file.metadata()?) {
        let detail = "it changed while it was read";
        let finding = Finding::reject(codes::MAKE_CHANGED, subject, detail)
            .hint("run again when the upload is complete");
        return Err(finding.into());
    }
    Ok(Facts {
        stat: before,
        digests,
        content,
    })
}

fn content(
    file: &File,
    found: &Found,
    algorithms: &[DigestAlgorithm],
    limits: &Limits,
) -> Result<(Digests, Content), Fault> {
    let subject = found.path.as_str();
    let algorithms = algorithms.iter().copied();
    match found.kind {
        Kind::Package | Kind::Installer => {
            let read = control::read(file, subject, algorithms, limits)?;
            Ok((read.digests, Content::Package(read.control)))
        }
        Kind::Source => {
            let mut bytes = Vec::new();
            file.take(limits.release + 1).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > limits.release {
                let detail = format!("it is longer than {} bytes", limits.release);
                return Err(Finding::reject(repo_codes::LIMIT, subject, detail).into());
            }
            let mut hasher = MultiHasher::new(algorithms);
            hasher.update(&bytes);
            let paragraph = source::paragraph(bytes, subject, limits).map_err(Fault::Reject)?;
            Ok((hasher.finish(), Content::Source(paragraph)))
        }
        Kind::Other => {
            let mut hasher = MultiHasher::new(algorithms);
            read_through(file, &mut [&mut hasher])?;
            Ok((hasher.finish(), Content::Plain))
        }
    }
}
