//! Making a repository: metadata out of a folder of packages.
//!
//! [`index`] reads what is new among the packages, once and in parallel, and remembers what
//! it learnt beneath `.pkgseal/`; packages that were not touched are not read again, and
//! where nothing changed nothing is written. The text of the indices is createrepo_c's, byte
//! for byte; memory is bounded by a batch of packages, however many there are.
//!
//! The packages' headers are read by this crate's own strict reader. A library for packages
//! would read each payload into memory, and would take from a header what the strict reader
//! has not looked at.
//!
//! Whoever signs the metadata vouches for every package it lists. So a package that breaks
//! the strict structure, whose header is not what its digests say, or that ends too early
//! stops the whole run, and what was published stays as it was.

mod changelog;
mod dependencies;
mod draft;
mod escape;
mod facts;
mod files;
mod indices;
mod memory;
mod options;
mod pool;
mod state;
mod text;
mod values;
mod version;

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use pkgseal_openpgp::Examination;
use pkgseal_repo::publication::{Encoder, FOLDER, Lock, Record, Stage, Stat, next, stands, sweep};
use pkgseal_repo::{
    CheckOptions, Compression, Decompressor, Finding, Outcome, Progress, Root, SafePath, read_file,
};

use super::listing::{self, Standing};
use super::{REPODATA, REPOMD};
use crate::codes;
use crate::error::{Error, Result};

use memory::{Known, Learnt};
use pool::{Found, Pool};
use state::State;

pub use draft::{Draft, Drafted};
pub use options::{IndexOptions, Reuse, Unchanged};

pub(super) use indices::{Index, KINDS, Made};

/// File systems count time in steps of at most two seconds, in nanoseconds: a file written
/// twice within one looks untouched.
const STEP: i64 = 2_000_000_000;

/// Metadata that is made of packages and of nothing else: where it is not made anew it
/// would contradict them.
pub(super) fn is_derived(kind: &str) -> bool {
    KINDS.contains(&kind)
        || kind.ends_with("_db")
        || kind.ends_with("_zck")
        || matches!(
            kind,
            "prestodelta" | "deltainfo" | "filelists_ext" | "filelists-ext"
        )
}

/// Makes the metadata of the packages beneath `root`.
///
/// `wait` is how long another publisher of the repository is waited for.
///
/// # Errors
/// [`Error::Locked`], [`Error::Journal`]; [`Error::Repo`] when something cannot be read or
/// written.
pub fn index(
    root: &Path,
    options: &IndexOptions,
    time: Timestamp,
    wait: Duration,
    check: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Drafted> {
    at_step(root, options, time, wait, check, progress, STEP)
}

/// As [`index`], on a file system that counts time in such steps.
fn at_step(
    root: &Path,
    options: &IndexOptions,
    time: Timestamp,
    wait: Duration,
    check: &CheckOptions,
    progress: &dyn Progress,
    step: i64,
) -> Result<Drafted> {
    let mut maker = Maker {
        step,
        options,
        time,
        check,
        progress,
        examination: Examination::new("yum", root.display().to_string()),
    };
    if let Some(finding) = maker.objection() {
        maker.note(finding);
        return Ok(Drafted::Refused(maker.examination));
    }
    // Without the lock: where nothing changed, nothing is written, not even who looked.
    if maker.is_current(root)? {
        return Ok(maker.current());
    }
    let lock = Lock::take(root, wait, time)?;
    maker.make(lock)
}

/// One run of [`index`].
struct Maker<'a> {
    step: i64,
    options: &'a IndexOptions,
    time: Timestamp,
    check: &'a CheckOptions,
    progress: &'a dyn Progress,
    examination: Examination,
}

impl Maker<'_> {
    fn note(&mut self, finding: Finding) {
        self.examination.report.push(finding);
    }

    /// What is wrong with the options.
    fn objection(&self) -> Option<Finding> {
        let refuse = |detail: String| {
            let subject = self.examination.subject.clone();
            Some(Finding::reject(codes::MAKE_OPTION, subject, detail))
        };
        let mut seen = BTreeSet::new();
        for kind in self.options.metadata.iter().map(|(kind, _)| kind) {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if kind.is_empty() || !kind.chars().all(plain) || kind.starts_with('.') {
                return refuse(format!("{kind:?} is no type of metadata"));
            }
            if is_derived(kind) {
                return refuse(format!("{kind} is made of the packages, and not taken in"));
            }
            if !seen.insert(kind) {
                return refuse(format!("{kind} is given twice"));
            }
        }
        if let Some(kind) = self
            .options
            .without
            .iter()
            .find(|kind| KINDS.contains(&kind.as_str()))
        {
            return refuse(format!("without {kind} it would be no repository"));
        }
        let compression = self.options.compress;
        if matches!(compression, Compression::Lzma | Compression::Lz4) {
            return refuse(format!("{compression:?} is read, and not written"));
        }
        None
    }

    /// A digest of everything that the metadata is made of.
    fn inputs(&self, packages: &[Found], retired: &BTreeSet<SafePath>) -> Result<Vec<u8>> {
        let relevant = IndexOptions {
            unchanged: Unchanged::default(),
            reuse: Reuse::default(),
            signing: Vec::new(),
            ..self.options.clone()
        };
        let mut encoder = Encoder::new(env!("CARGO_PKG_VERSION"));
        encoder.text(&format!("{relevant:?}"));
        for (_, path) in &self.options.metadata {
            let metadata = std::fs::metadata(path).map_err(|error| Error::read(path, error))?;
            Stat::of(&metadata).encode(&mut encoder);
        }
        for found in packages
            .iter()
            .filter(|found| !retired.contains(&found.path))
        {
            encoder.text(found.path.as_str());
            found.stat.encode(&mut encoder);
        }
        Ok(encoder.fingerprint())
    }

    /// Whether the packages, the options and what was published are those of the last run.
    fn is_current(&self, root: &Path) -> Result<bool> {
        let options = self.options;
        if options.unchanged == Unchanged::Redate || options.reuse == Reuse::Nothing {
            return Ok(false);
        }
        let folder = root.join(FOLDER);
        // An unfinished publication is completed by whoever takes the lock.
        let (Some(state), false) = (State::read(&folder)?.0, stands(&folder)) else {
            return Ok(false);
        };
        if state.inputs.is_empty() || state.signing != options.signing || !state.stands(root) {
            return Ok(false);
        }
        let pool = pool::walk(root)?;
        Ok(state.inputs == self.inputs(&pool.packages, &retired(&folder)?)?)
    }

    fn make(mut self, lock: Lock) -> Result<Drafted> {
        let root = lock.root().to_owned();
        let folder = lock.folder().to_owned();
        let Pool {
            mut packages,
            findings,
        } = pool::walk(&root)?;
        findings.into_iter().for_each(|finding| self.note(finding));
        let retired = retired(&folder)?;
        let inputs = self.inputs(&packages, &retired)?;
        packages.retain(|found| !retired.contains(&found.path));
        let (before, note) = State::read(&folder)?;
        note.into_iter().for_each(|finding| self.note(finding));
        let standing = match self.standing(&root)? {
            Ok(standing) => standing,
            Err(finding) => {
                self.note(*finding);
                return Ok(Drafted::Refused(self.examination));
            }
        };

        sweep(&folder);
        let next = next(&folder);
        std::fs::create_dir(&next).map_err(|error| Error::write(&next, error))?;
        let mut stage = Stage::create(next.join("0"))?;
        let (written, learnt) = self.indices(&root, &folder, &packages, &mut stage)?;
        let settled = written.settled;
        for finding in written.findings {
            self.note(finding);
        }
        if self.examination.report.outcome() != Outcome::Accepted {
            self.examination.report.sort();
            return Ok(Drafted::Refused(self.examination));
        }
        learnt.commit()?;
        if packages.is_empty() {
            let subject = self.examination.subject.clone();
            let detail = "there is no package: the metadata lists none";
            self.note(Finding::warning(codes::MAKE_EMPTY, subject, detail));
        }
        let mut made = written.made;
        made.extend(self.others(&mut stage)?);
        let kept = self.kept(standing.as_ref(), &made, &root, &mut stage)?;
        let standing_revision = standing.as_ref().and_then(Standing::revision);
        let now = self.time.as_second();
        let revision = standing_revision.map_or(now, |old| now.max(old.saturating_add(1)));
        let wanted = |kind: &str| kept.contains(kind);
        let records: Vec<&[u8]> = standing
            .iter()
            .flat_map(|standing| standing.records(wanted))
            .collect();
        let state = State {
            // Files touched this very moment may be touched again unseen.
            inputs: if settled { inputs } else { Vec::new() },
            signing: self.options.signing.clone(),
            made: made.iter().map(|made| made.location.clone()).collect(),
            kept: kept.iter().cloned().collect(),
            outputs: Vec::new(),
        };
        if let Some(before) = before
            && self.options.unchanged == Unchanged::Leave
            && before.signing == state.signing
            && before.made == state.made
            && before.kept == state.kept
            && before.stands(&root)
        {
            let mut state = state;
            state.outputs = before.outputs;
            state.write(&folder)?;
            return Ok(self.current());
        }
        let repomd = listing::write(revision, standing.as_ref(), &made, records.into_iter());
        Ok(Drafted::Changed(Box::new(Draft {
            lock,
            stage,
            repomd,
            state,
            time: self.time,
            examination: self.examination,
        })))
    }

    /// The `repomd.xml` that stands there.
    fn standing(&self, root: &Path) -> Result<Result<Option<Standing>, Box<Finding>>> {
        let limits = &self.check.limits;
        let Some(text) = read_if_there(&root.join(REPOMD), limits.repomd)? else {
            return Ok(Ok(None));
        };
        Ok(Standing::parse(&text, limits).map(Some).map_err(|finding| {
            Box::new(
                finding.hint("remove it to begin anew; other metadata it lists is then not kept"),
            )
        }))
    }

    /// Writes primary, filelists and other.
    fn indices(
        &mut self,
        root: &Path,
        folder: &Path,
        packages: &[Found],
        stage: &mut Stage,
    ) -> Result<(indices::Written, Learnt)> {
        let changes = self.options.changes;
        let mut known = match self.options.reuse {
            Reuse::Untouched => Known::open(folder, changes)?,
            Reuse::Nothing => Known::nothing(folder),
        };
        let mut learnt = Learnt::create(folder, changes)?;
        let opened = Root::open(root)?;
        let writing = indices::Writing {
            root: &opened,
            compression: self.options.compress,
            changes,
            step: self.step,
            options: self.check,
            progress: self.progress,
        };
        let written = writing.write(packages, &mut known, &mut learnt, stage)?;
        if known.damaged {
            let path = known.path().to_owned();
            self.note(put_aside(&path));
        }
        Ok((written, learnt))
    }

    /// Takes in the files that were named.
    fn others(&self, stage: &mut Stage) -> Result<Vec<Made>> {
        let mut made = Vec::new();
        for (kind, path) in &self.options.metadata {
            let limit = self.check.limits.index;
            let stored = read_file(path, limit)?;
            let failed = |error| Error::read(path, error);
            let form = Compression::from_magic(&stored);
            let mut content = Vec::new();
            Decompressor::new(stored.as_slice(), form, limit)
                .and_then(|mut reader| reader.read_to_end(&mut content))
                .map_err(failed)?;
            let name = path.file_name().map(|name| name.to_string_lossy());
            let name = name.as_deref().unwrap_or_default();
            let name = name.strip_suffix(form.suffix()).unwrap_or(name);
            let extension = Path::new(name).extension().and_then(|text| text.to_str());
            let extension = match extension {
                Some(known @ ("xml" | "yaml" | "json")) => format!(".{known}"),
                _ if kind == "modules" => ".yaml".to_owned(),
                _ => ".xml".to_owned(),
            };
            // Old clients read the list of groups as it is.
            let compress = match kind.as_str() {
                "group" | "productid" => Compression::None,
                _ => self.options.compress,
            };
            let mut index = Index::begin(stage, kind, &extension, compress)?;
            index
                .add(&content)
                .map_err(|error| Error::write(stage.path(), error))?;
            made.push(index.finish(stage)?);
        }
        Ok(made)
    }

    /// Takes along other metadata that is listed already. Returns its types.
    fn kept(
        &mut self,
        standing: Option<&Standing>,
        made: &[Made],
        root: &Path,
        stage: &mut Stage,
    ) -> Result<BTreeSet<String>> {
        let mut kept = BTreeSet::new();
        for data in standing.iter().flat_map(|standing| &standing.repomd.data) {
            let kind = data.kind.as_str();
            if made.iter().any(|made| made.kind == kind)
                || self.options.without.iter().any(|without| without == kind)
            {
                continue;
            }
            let location = data.location.as_str();
            if is_derived(kind) {
                if !KINDS.contains(&kind) {
                    let detail = format!(
                        "{kind} is made of the packages; it was left out, as it would contradict the new metadata"
                    );
                    self.note(Finding::note(codes::MAKE_LEFT_OUT, location, detail));
                }
                continue;
            }
            let name = location.strip_prefix("repodata/");
            if let Some(name) = name {
                let name = Path::new(name);
                if !stage.path().join(name).exists() {
                    stage.take(name, &root.join(REPODATA).join(name))?;
                }
            }
            kept.insert(kind.to_owned());
        }
        Ok(kept)
    }

    fn current(mut self) -> Drafted {
        let subject = self.examination.subject.clone();
        let detail = "nothing changed since the last run, and nothing was written";
        self.note(Finding::note(codes::MAKE_CURRENT, subject, detail));
        self.examination.report.sort();
        Drafted::Current(self.examination)
    }
}

/// Packages that only older generations list, and that stand there for their readers.
fn retired(folder: &Path) -> Result<BTreeSet<SafePath>> {
    Ok(Record::read(folder)?.retired("."))
}

/// A file's content; `None` where there is none.
pub(super) fn read_if_there(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    match read_file(path, limit) {
        Err(pkgseal_repo::Error::Read { source, .. }) if source.kind() == ErrorKind::NotFound => {
            Ok(None)
        }
        read => Ok(Some(read?)),
    }
}

/// The warning about state that cannot be used.
fn put_aside(path: &Path) -> Finding {
    let detail = "it is damaged, or of another version, and was not used: everything is read again";
    Finding::warning(codes::MAKE_CACHE, path.display().to_string(), detail)
}

#[cfg(test)]
mod tests;
