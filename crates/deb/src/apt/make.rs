//! Making a repository: indices out of a pool, and the Release that lists them.
//!
//! [`index`] reads what is new in the pool, once and in parallel, and remembers what it
//! learnt beneath `.pkgseal/`; files that were not touched are not read again, indices
//! whose text is the same are not compressed again, and where nothing changed nothing is
//! written. [`list`] makes a Release of indices that others made. What they make is
//! brought out by a [`Draft`], as [`publish`](super::publish()) does.
//!
//! Whoever signs a Release vouches for every file beneath it. So a package that breaks
//! the strict structure, a source whose files differ from its .dsc, two different files
//! that call themselves the same version: any of them stops the whole run, and what was
//! published stays as it was.

mod facts;
mod group;
mod list;
mod pool;
mod source;
mod stanza;
mod state;
mod text;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Signed, Signer};
use pkgseal_repo::publication::{Encoder, FOLDER, Stat};
use pkgseal_repo::{
    CheckOptions, Compression, DigestAlgorithm, Finding, MultiHasher, Outcome, Progress, Root,
    SafePath, read_file,
};
use rayon::prelude::*;

use super::publish::{Generation, Lock, PublishOptions};
use super::tree::KIND;
use crate::{Error, Result, codes};

use facts::Memory;
use pool::Found;
use state::{Made, State, Variant};
use text::{Files, Text};

pub use list::{ListOptions, list};
pub use text::{Automatic, ByHash, ReleaseFields};

/// Where packages for every architecture are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AllPackages {
    /// In the index of every architecture.
    #[default]
    Everywhere,
    /// In an index of their own, `binary-all`, which clients read beside that of their
    /// architecture.
    Apart,
}

/// What to do where nothing changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unchanged {
    /// Nothing, unless the Release has expired.
    #[default]
    Leave,
    /// Date and sign the Release anew.
    Redate,
}

/// Whether to believe what was remembered of earlier runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// Of files that were not touched.
    #[default]
    Untouched,
    /// Not at all: everything is read again.
    Nothing,
}

/// What to index, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexOptions {
    /// The suite: a directory beneath `dists`. `None` makes a flat repository, whose
    /// packages lie anywhere beneath its root.
    pub suite: Option<SafePath>,
    /// Where the packages of the suite lie, by component.
    pub pool: SafePath,
    /// The components, and no other; those that are there where none is named.
    pub components: Vec<String>,
    /// The architectures, and no other; those that are there where none is named.
    pub architectures: Vec<String>,
    /// Where packages for every architecture are listed.
    pub all: AllPackages,
    /// Only these packages and .dsc files, relative to the root.
    pub packages: Option<BTreeSet<SafePath>>,
    /// What the Release says.
    pub fields: ReleaseFields,
    /// In which forms indices stand there. The plain one is listed in any case, so that
    /// what clients decompress is bound too.
    pub compress: Vec<Compression>,
    /// Digests beside SHA-256.
    pub digests: Vec<DigestAlgorithm>,
    /// What to do where nothing changed.
    pub unchanged: Unchanged,
    /// Whether to believe what was remembered.
    pub reuse: Reuse,
    /// Something that changes when other keys are to sign; empty for an unsigned Release.
    pub signing: Vec<String>,
}

impl Default for IndexOptions {
    fn default() -> Self {
        Self {
            suite: None,
            pool: pool(),
            components: Vec::new(),
            architectures: Vec::new(),
            all: AllPackages::default(),
            packages: None,
            fields: ReleaseFields::default(),
            compress: vec![Compression::Xz, Compression::Gzip],
            digests: Vec::new(),
            unchanged: Unchanged::default(),
            reuse: Reuse::default(),
            signing: Vec::new(),
        }
    }
}

#[expect(clippy::expect_used, reason = "a constant that is a safe path")]
fn pool() -> SafePath {
    SafePath::new("pool").expect("a plain name")
}

/// What making a generation came to.
#[derive(Debug)]
pub enum Drafted {
    /// Nothing changed, and nothing was written.
    Current(Examination),
    /// Something is wrong with the files or the options, and nothing was written.
    Refused(Examination),
    /// There is a new generation to be published.
    Changed(Box<Draft>),
}

/// A new generation that nobody sees yet.
///
/// It holds the lock of its repository, so that it is of the pool that stands there.
#[derive(Debug)]
pub struct Draft {
    lock: Lock,
    generation: Generation,
    time: Timestamp,
    /// What is remembered once it is published; `None` for indices that others made.
    state: Option<State>,
    /// What is worth saying of what was read.
    findings: Vec<Finding>,
}

impl Draft {
    /// Signs and publishes it; without signers, Release only.
    ///
    /// # Errors
    /// As [`publish`](super::publish()).
    pub fn publish(
        self,
        signers: &[Signer],
        publish: &PublishOptions,
        options: &CheckOptions,
        progress: &dyn Progress,
    ) -> Result<Signed> {
        let suite = self.generation.suite.clone();
        let mut signed = self.lock.publish(
            vec![self.generation],
            signers,
            self.time,
            publish,
            options,
            progress,
        )?;
        if let Some(mut state) = self.state {
            let root = self.lock.root();
            let directory = directory(root, suite.as_ref());
            let mut names: Vec<SafePath> = Vec::new();
            for made in &state.indices {
                names.extend(made.stored.iter().map(|variant| variant.path.clone()));
            }
            names.push(SafePath::new("Release")?);
            if !signers.is_empty() {
                names.push(SafePath::new("Release.gpg")?);
                names.push(SafePath::new("InRelease")?);
            }
            for name in names {
                let path = directory.join(&name);
                let metadata =
                    fs::symlink_metadata(&path).map_err(|error| Error::read(&path, error))?;
                state.outputs.push((name, Stat::of(&metadata)));
            }
            state.write(&root.join(FOLDER), suite.as_ref())?;
        }
        signed.examination.report.findings.extend(self.findings);
        signed.examination.report.sort();
        Ok(signed)
    }
}

/// Makes the indices of a suite out of its pool, and the Release that lists them.
///
/// `wait` is how long another publisher of the repository is waited for.
///
/// # Errors
/// [`Error::Locked`], [`Error::Journal`] as for [`publish`](super::publish());
/// [`Error::Repo`] when something cannot be read.
pub fn index(
    root: &Path,
    options: &IndexOptions,
    time: Timestamp,
    wait: std::time::Duration,
    check: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Drafted> {
    at_step(root, options, time, wait, check, progress, facts::STEP)
}

/// As [`index`], on a file system that counts time in such steps.
fn at_step(
    root: &Path,
    options: &IndexOptions,
    time: Timestamp,
    wait: std::time::Duration,
    check: &CheckOptions,
    progress: &dyn Progress,
    step: i64,
) -> Result<Drafted> {
    let mut maker = Maker {
        step,
        named: root,
        options,
        time,
        check,
        progress,
        findings: Vec::new(),
    };
    if let Some(finding) = maker.objection() {
        maker.findings.push(finding);
        return Ok(Drafted::Refused(maker.examination()));
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
    named: &'a Path,
    options: &'a IndexOptions,
    time: Timestamp,
    check: &'a CheckOptions,
    progress: &'a dyn Progress,
    findings: Vec<Finding>,
}

impl Maker<'_> {
    /// What is wrong with the options.
    fn objection(&self) -> Option<Finding> {
        let options = self.options;
        let refuse = |detail: String| {
            let subject = self.named.display().to_string();
            Some(Finding::reject(codes::MAKE_OPTION, subject, detail))
        };
        for (what, names) in [
            ("component", &options.components),
            ("architecture", &options.architectures),
        ] {
            for name in names {
                let plain = |c: char| c.is_ascii_alphanumeric() || "-._/+".contains(c);
                let slash = what == "component" || !name.contains('/');
                if !(slash && SafePath::new(name).is_ok() && name.chars().all(plain)) {
                    return refuse(format!("{name:?} is no {what}"));
                }
            }
        }
        if options.architectures.iter().any(|name| name == "all") {
            return refuse("all is no architecture of a machine: where packages for all of them are listed is another question".to_owned());
        }
        if options.suite.is_none() && !options.components.is_empty() {
            return refuse("a flat repository has no components".to_owned());
        }
        let unknown = |compression: &&Compression| {
            matches!(compression, Compression::Lzma | Compression::Lz4)
        };
        if let Some(compression) = options.compress.iter().find(unknown) {
            return refuse(format!("{compression:?} is read, and not written"));
        }
        if options.compress.is_empty() {
            return refuse("indices have to stand there in one form at least".to_owned());
        }
        None
    }

    /// Digests that packages and indices are listed with, weakest first.
    fn listed(&self) -> Vec<DigestAlgorithm> {
        let mut listed = self.options.digests.clone();
        listed.push(DigestAlgorithm::Sha256);
        listed.sort_unstable();
        listed.dedup();
        listed
    }

    /// Where packages are looked for.
    fn scope(&self) -> Option<&SafePath> {
        self.options.suite.as_ref().map(|_| &self.options.pool)
    }

    fn pool(&self, root: &Path) -> Result<Vec<Found>> {
        match pool::walk(root, self.scope()) {
            Err(Error::Repo(pkgseal_repo::Error::Read { path, source }))
                if source.kind() == ErrorKind::NotFound
                    && self.scope().is_some_and(|scope| path == root.join(scope)) =>
            {
                Ok(Vec::new())
            }
            Ok(mut found) if self.scope().is_none() => {
                // What we write ourselves is not what we write it from.
                found.retain(|found| !is_ours(&found.path));
                Ok(found)
            }
            found => found,
        }
    }

    /// A digest of everything that the indices and the Release are made of.
    fn inputs(&self, pool: &[Found]) -> Vec<u8> {
        let relevant = IndexOptions {
            unchanged: Unchanged::default(),
            reuse: Reuse::default(),
            signing: Vec::new(),
            ..self.options.clone()
        };
        let mut encoder = Encoder::new(env!("CARGO_PKG_VERSION"));
        encoder.text(&format!("{relevant:?}"));
        // By parts, so that no large buffer has to grow.
        for part in pool.chunks(64) {
            let mut files = Encoder::new("files");
            for found in part {
                files.text(found.path.as_str());
                found.stat.encode(&mut files);
            }
            encoder.bytes(&files.fingerprint());
        }
        encoder.fingerprint()
    }

    /// Whether the pool, the options and what was published are those of the last run.
    fn is_current(&self, root: &Path) -> Result<bool> {
        let options = self.options;
        if options.unchanged == Unchanged::Redate || options.reuse == Reuse::Nothing {
            return Ok(false);
        }
        let suite = options.suite.as_ref();
        let folder = root.join(FOLDER);
        // An unfinished publication is completed by whoever takes the lock.
        let unfinished = folder.join("journal").exists();
        let Some(state) = State::peek(&folder, suite)?.filter(|_| !unfinished) else {
            return Ok(false);
        };
        Ok(!state.inputs.is_empty()
            && state.signing == options.signing
            && state.valid_until.is_none_or(|until| self.time <= until)
            && state.stands(&directory(root, suite))
            && state.inputs == self.inputs(&self.pool(root)?))
    }

    fn make(mut self, lock: Lock) -> Result<Drafted> {
        let root = lock.root().to_owned();
        let folder = root.join(FOLDER);
        let suite = self.options.suite.as_ref();
        let directory = directory(&root, suite);
        let pool = self.pool(&root)?;
        let (state, note) = State::read(&folder, suite)?;
        self.findings.extend(note);
        let (mut memory, note) = Memory::open(&folder, self.step)?;
        self.findings.extend(note);
        if self.options.reuse == Reuse::Nothing {
            memory.forget();
        }
        let indices = self.texts(&root, &pool, &mut memory)?;
        if self.is_refused() {
            return Ok(Drafted::Refused(self.examination()));
        }
        let before = state.unwrap_or_default();
        let (made, given) = self.variants(indices.texts, &before, &directory)?;
        let files: Files = made
            .iter()
            .flat_map(|made| std::iter::once(&made.plain).chain(&made.stored))
            .map(|one| (one.path.clone(), (one.size, one.digests.clone())))
            .collect();
        let listed = self.listed();
        let folder_name = suite.map(SafePath::as_str);
        let text = Text {
            fields: &self.options.fields,
            directory: folder_name.map(|name| name.strip_prefix("dists/").unwrap_or(name)),
            time: self.time,
            architectures: &indices.architectures,
            components: &indices.components,
            files: &files,
            digests: &listed,
        };
        let written = text.write().and_then(|release| {
            let until = text.valid_until()?;
            Ok((release, until))
        });
        let (release, valid_until) = match written {
            Ok(written) => written,
            Err(finding) => {
                self.findings.push(*finding);
                return Ok(Drafted::Refused(self.examination()));
            }
        };
        let mut state = State {
            // Files touched this very moment may be touched again unseen.
            inputs: if memory.is_settled() {
                self.inputs(&pool)
            } else {
                Vec::new()
            },
            signing: self.options.signing.clone(),
            valid_until,
            outputs: Vec::new(),
            indices: made,
        };
        let same = given.is_empty()
            && before.signing == state.signing
            && before.indices == state.indices
            && self.options.unchanged == Unchanged::Leave;
        if same && let Some(standing) = self.standing(&directory, &release)? {
            state.valid_until = standing;
            state.outputs = before.outputs;
            for (path, stat) in &mut state.outputs {
                if let Ok(metadata) = fs::symlink_metadata(directory.join(path.as_str())) {
                    *stat = Stat::of(&metadata);
                }
            }
            state.write(&folder, suite)?;
            return Ok(self.current());
        }
        Ok(Drafted::Changed(Box::new(Draft {
            lock,
            generation: Generation {
                suite: suite.cloned(),
                indices: given,
                release,
            },
            time: self.time,
            state: Some(state),
            findings: self.findings,
        })))
    }

    /// Reads what has to be read and makes the texts of all indices.
    fn texts(
        &mut self,
        root: &Path,
        pool: &[Found],
        memory: &mut Memory,
    ) -> Result<group::Indices> {
        let options = self.options;
        let (chosen, findings) = group::choose(pool, options);
        self.findings.extend(findings);
        if chosen.is_empty() && (options.components.is_empty() || options.architectures.is_empty())
        {
            let place = options
                .suite
                .as_ref()
                .map_or("it", |_| options.pool.as_str());
            let detail = format!("{place} holds no package");
            let finding = Finding::reject(codes::MAKE_EMPTY, self.subject(), detail);
            self.findings.push(
                finding.hint("to publish an empty suite, name its components and architectures"),
            );
        }
        if self.is_refused() {
            return Ok(group::Indices::default());
        }
        let opened = Root::open(root)?;
        let listed = self.listed();
        let mut of_sources = listed.clone();
        of_sources.push(DigestAlgorithm::Md5);
        let (sources, packages): (Vec<&Found>, Vec<&Found>) = chosen
            .iter()
            .map(|one| one.found)
            .partition(|found| found.kind == pool::Kind::Source);
        let (check, progress) = (self.check, self.progress);
        let read = memory.read(&opened, &packages, &listed, check, progress)?;
        self.findings.extend(read);
        let read = memory.read(&opened, &sources, &of_sources, check, progress)?;
        self.findings.extend(read);
        let by_path: HashMap<&SafePath, &Found> =
            pool.iter().map(|found| (&found.path, found)).collect();
        let (parts, findings) = group::parts(&chosen, memory, &by_path);
        self.findings.extend(findings);
        let read = memory.read(&opened, &parts, &of_sources, check, progress)?;
        self.findings.extend(read);
        // What was learnt is learnt, whatever becomes of the rest.
        let within = self.scope().map(|scope| format!("{scope}/"));
        memory.save(|path| {
            within
                .as_ref()
                .is_none_or(|within| path.as_str().starts_with(within))
                && !by_path.contains_key(path)
        })?;
        if self.is_refused() {
            return Ok(group::Indices::default());
        }
        let mut indices = group::indices(&chosen, memory, options, &listed);
        self.findings.append(&mut indices.findings);
        Ok(indices)
    }

    /// Every index in every form: as the Release lists it, and the bytes of those that do
    /// not stand there already.
    #[expect(clippy::type_complexity, reason = "two lists")]
    fn variants(
        &self,
        texts: group::Texts,
        before: &State,
        directory: &Path,
    ) -> Result<(Vec<Made>, Vec<(SafePath, Vec<u8>)>)> {
        let listed = self.listed();
        let mut forms: Vec<Compression> = Compression::ALL.to_vec();
        forms.retain(|form| self.options.compress.contains(form));
        let mut made = Vec::with_capacity(texts.len());
        let mut jobs = Vec::new();
        for (path, text) in &texts {
            let plain = variant(path.clone(), text, &listed);
            let mut stored = Vec::new();
            for &form in &forms {
                stored.push((path.with_suffix(form.suffix())?, form));
            }
            // An older one that is read by its plain name must not stay.
            if !forms.contains(&Compression::None) && directory.join(path).exists() {
                stored.push((path.clone(), Compression::None));
            }
            let paths: Vec<SafePath> = stored.iter().map(|(path, _)| path.clone()).collect();
            match before.made(&plain, &paths, directory) {
                Some(known) => made.push(known.clone()),
                None => {
                    for (path, form) in stored {
                        jobs.push((made.len(), path, form, text));
                    }
                    made.push(Made {
                        plain,
                        stored: Vec::new(),
                    });
                }
            }
        }
        if jobs.is_empty() {
            return Ok((made, Vec::new()));
        }
        self.progress
            .begin("compressing indices", jobs.len() as u64, None);
        // What takes longest first.
        let mut order: Vec<usize> = (0..jobs.len()).collect();
        let effort = |job: &usize| {
            jobs.get(*job).map(|(_, _, form, text)| {
                let slow = matches!(form, Compression::Xz | Compression::Bzip2);
                std::cmp::Reverse(text.len().saturating_mul(if slow { 8 } else { 1 }))
            })
        };
        order.sort_by_key(effort);
        let done = self.check.pool()?.install(|| {
            let compressed = order.par_iter().with_max_len(1).filter_map(|job| {
                let (_, path, form, text) = jobs.get(*job)?;
                let bytes = form
                    .compress(text)
                    .map_err(|error| Error::write(path.as_ref(), error));
                self.progress.file();
                Some(bytes.map(|bytes| (*job, variant(path.clone(), &bytes, &listed), bytes)))
            });
            compressed.collect::<Result<Vec<_>>>()
        });
        self.progress.end();
        let mut done = done?;
        done.sort_by_key(|(job, ..)| *job);
        let mut given = Vec::with_capacity(done.len());
        for (job, variant, bytes) in done {
            let made = jobs.get(job).and_then(|(number, ..)| made.get_mut(*number));
            if let Some(made) = made {
                given.push((variant.path.clone(), bytes));
                made.stored.push(variant);
            }
        }
        Ok((made, given))
    }

    /// Whether the Release that stands there says the same, is signed as it is to be, and
    /// may be used still; then until when.
    fn standing(&self, directory: &Path, release: &[u8]) -> Result<Option<Option<Timestamp>>> {
        let limit = self.check.limits.release;
        let Some(text) = read_if_there(&directory.join("Release"), limit)? else {
            return Ok(None);
        };
        if text::undated(&text) != text::undated(release) {
            return Ok(None);
        }
        if !self.options.signing.is_empty() {
            let inline = read_if_there(&directory.join("InRelease"), limit.saturating_mul(2))?;
            let same = inline
                .and_then(|inline| pkgseal_openpgp::cleartext::split(&inline).ok())
                .is_some_and(|message| message.text == text);
            if !same || !directory.join("Release.gpg").exists() {
                return Ok(None);
            }
        }
        let until = text
            .split(|byte| *byte == b'\n')
            .find_map(|line| line.strip_prefix(b"Valid-Until:"))
            .and_then(|value| std::str::from_utf8(value).ok())
            .map(|value| super::date::parse(value.trim()));
        Ok(match until {
            None => Some(None),
            Some(Ok(until)) if self.time <= until => Some(Some(until)),
            Some(_) => None,
        })
    }

    fn is_refused(&self) -> bool {
        let mut report = pkgseal_repo::Report::new();
        report.findings.clone_from(&self.findings);
        report.outcome() != Outcome::Accepted
    }

    fn subject(&self) -> String {
        self.named.display().to_string()
    }

    fn current(mut self) -> Drafted {
        let detail = "nothing changed since the last run, and nothing was written";
        let finding = Finding::note(codes::MAKE_CURRENT, self.subject(), detail)
            .hint("to date and sign it anew, run: pkgseal apt refresh");
        self.findings.push(finding);
        Drafted::Current(self.examination())
    }

    fn examination(self) -> Examination {
        let mut examination = Examination::new(KIND, self.subject());
        examination.report.findings = self.findings;
        examination.report.sort();
        examination
    }
}

/// Whether a file of a flat repository is an index, an object or a signed root.
fn is_ours(path: &SafePath) -> bool {
    let name = path.file_name();
    match path.parent() {
        None => {
            matches!(name, "Release" | "Release.gpg" | "InRelease")
                || name.starts_with("Packages")
                || name.starts_with("Sources")
        }
        Some(folder) => folder.as_str().starts_with("by-hash/"),
    }
}

/// Where a suite is.
fn directory(root: &Path, suite: Option<&SafePath>) -> PathBuf {
    match suite {
        Some(suite) => root.join(suite),
        None => root.to_owned(),
    }
}

fn variant(path: SafePath, bytes: &[u8], listed: &[DigestAlgorithm]) -> Variant {
    let mut hasher = MultiHasher::new(listed.iter().copied());
    hasher.update(bytes);
    Variant {
        path,
        size: hasher.count(),
        digests: hasher.finish(),
    }
}

/// A file's content; `None` where there is none.
fn read_if_there(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
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
