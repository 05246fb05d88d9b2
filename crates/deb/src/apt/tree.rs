//! A whole repository: every suite, one pool.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use pkgseal_openpgp::{Examination, Verified, Verifier};
use pkgseal_repo::{
    CheckOptions, Compression, Entry, Finding, Outcome, Progress, Requirement, Root, SafePath,
    check, surplus,
};
use rayon::prelude::*;

use super::by_hash;
use super::discover;
use super::family::{Checked, Family, Variant};
use super::index::IndexKind;
use super::release::{Listed, Release};
use super::root::{self, Names};
use crate::{Error, Result, codes};

/// What the examination calls a repository.
pub(super) const KIND: &str = "apt";

/// Absent folders named in a note.
const SHOWN: usize = 5;

/// A suite whose signed root was accepted.
pub(super) struct Suite {
    /// Its directory; `None` for a flat repository.
    pub(super) directory: Option<SafePath>,
    pub(super) release: Verified<Release>,
}

/// Judges an apt repository, from the signed root of every suite down to every file that
/// any of them vouches for.
///
/// `root` has `dists` with one or more suites over a shared pool, or it is flat. For each
/// suite: InRelease, and Release with Release.gpg, as [`verify_release`] judges them;
/// then every listed file that is there; then the Packages and Sources of every component
/// and architecture, in every compression that is there; last the pool. A folder of
/// indices that is wholly absent is taken for a partial mirror's choice and noted, unless
/// no index of the suite is there at all. Files in the pool that nothing lists are noted.
///
/// [`verify_release`]: super::verify_release
///
/// # Errors
/// [`Error::Repo`] when the repository cannot be read.
pub fn verify_tree(
    root: &Path,
    verifier: &Verifier,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    let mut examination = Examination::new(KIND, root.display().to_string());
    let root = Root::open(root)?;
    let mut suites = Vec::new();
    let found = discover::suites(&root, &mut examination)?;
    if found.is_empty() {
        let finding = discover::none(&examination.subject);
        examination.report.push(finding);
    }
    for directory in found {
        let names = Names::within(directory.as_ref())?;
        let release = root::judge(&root, &names, verifier, &options.limits, &mut examination);
        suites.extend(release.map(|release| Suite { directory, release }));
    }
    follow(&root, &suites, options, progress, &mut examination)?;
    examination.report.sort();
    Ok(examination)
}

/// Follows accepted suites down to the last file. Returns the paths the indices list.
pub(super) fn follow(
    root: &Root,
    suites: &[Suite],
    options: &CheckOptions,
    progress: &dyn Progress,
    examination: &mut Examination,
) -> Result<BTreeSet<SafePath>> {
    let mut files = Files::default();
    let mut families = Vec::new();
    let mut owners = Vec::new();
    for (number, suite) in suites.iter().enumerate() {
        if let Some(directory) = &suite.directory
            && let Some(folder) = directory.as_str().strip_prefix("dists/")
        {
            let warning = suite.release.get().other_suite(directory.as_str(), folder);
            examination.report.findings.extend(warning);
        }
        for family in plan(root, suite, &mut files) {
            families.push(family);
            owners.push(number);
        }
    }
    progress.begin("indices", families.len() as u64, None);
    let pool = Mutex::new(Files::default());
    let work = || {
        let checked = families.par_iter().map(|family| {
            let mut checked = family.check(root, &options.limits);
            progress.bytes(checked.report.bytes);
            progress.file();
            let entries = std::mem::take(&mut checked.entries);
            let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
            for entry in entries {
                pool.add(entry);
            }
            checked
        });
        checked.collect::<Vec<Checked>>()
    };
    let checked = options.pool()?.install(work);
    progress.end();
    let mut present = vec![false; suites.len()];
    let mut absent: BTreeMap<usize, Vec<&Family>> = BTreeMap::new();
    for ((family, checked), owner) in families.iter().zip(checked).zip(owners) {
        if !checked.absent {
            if let Some(present) = present.get_mut(owner) {
                *present = true;
            }
        } else if !family.is_empty() {
            absent.entry(owner).or_default().push(family);
        }
        examination.report.merge(checked.report);
    }
    for (owner, families) in absent {
        let any = present.get(owner).copied().unwrap_or(false);
        missing(root, any, &families, examination);
    }

    let pool = pool.into_inner().unwrap_or_else(PoisonError::into_inner);
    let listed: BTreeSet<SafePath> = pool.seen.keys().cloned().collect();
    files.merge(pool);
    let report = check(root, files.into_entries(), options, progress)?;
    examination.report.merge(report);
    // What a rejected list should have named would only be noise.
    if examination.outcome() == Outcome::Accepted {
        let below = SafePath::new("pool").map_err(Error::Repo)?;
        if root.dir(&below)?.is_some() {
            let report = surplus(root, Some(&below), &listed)?;
            examination.report.merge(report);
        }
    }
    Ok(listed)
}

/// What a suite lists: its plain files into `files`, its indices as families.
fn plan(root: &Root, suite: &Suite, files: &mut Files) -> Vec<Family> {
    let release = suite.release.get();
    let seal = suite.release.clone().map(|_| ());
    let base = suite.directory.as_ref();
    let listed_by: Arc<str> = match base {
        Some(base) => format!("{base}/InRelease").into(),
        None => "InRelease".into(),
    };
    let mut families: BTreeMap<SafePath, Family> = BTreeMap::new();
    let mut folders = by_hash::Folders::default();
    for (path, listed) in &release.files {
        let full = base.map_or_else(|| path.clone(), |base| base.join(path));
        if release.by_hash()
            && let Some(entry) = folders.entry(root, &full, listed, &listed_by)
        {
            files.add(entry);
        }
        let Some((stem, kind, compression)) = index(&full) else {
            files.add(Entry {
                path: full,
                size: Some(listed.size),
                digests: listed.digests.clone(),
                requirement: Requirement::Optional,
                listed_by: listed_by.clone(),
            });
            continue;
        };
        let family = families.entry(stem.clone()).or_insert_with(|| Family {
            stem,
            kind,
            variants: Vec::new(),
            listed_by: listed_by.clone(),
            seal: seal.clone(),
        });
        family
            .variants
            .push(variant(release, full, compression, listed));
    }
    for family in families.values_mut() {
        family
            .variants
            .sort_by_key(|variant| effort(variant.compression));
    }
    families.into_values().collect()
}

fn variant(
    release: &Release,
    path: SafePath,
    compression: Compression,
    listed: &Listed,
) -> Variant {
    Variant {
        by_hash: release
            .by_hash()
            .then(|| by_hash::path(&path, listed))
            .flatten(),
        path,
        compression,
        listed: listed.clone(),
    }
}

/// The cheapest to read first.
fn effort(compression: Compression) -> u8 {
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

/// Whether a path is a Packages or Sources in some compression.
fn index(path: &SafePath) -> Option<(SafePath, IndexKind, Compression)> {
    let compression = Compression::from_name(path.as_str());
    let stem = path.as_str().strip_suffix(compression.suffix())?;
    let stem = SafePath::new(stem).ok()?;
    let kind = IndexKind::from_name(stem.file_name())?;
    Some((stem, kind, compression))
}

/// What absent indices mean: a gap where their folder is there or nothing else of the
/// suite is, a partial mirror's choice otherwise.
fn missing(root: &Root, any: bool, families: &[&Family], examination: &mut Examination) {
    let mut elsewhere = Vec::new();
    for family in families {
        let folder = family.stem.parent();
        let stands = any
            && match &folder {
                Some(folder) => !matches!(root.dir(folder), Ok(None)),
                None => true,
            };
        if stands {
            let detail = "none of its listed variants is there, though its folder is";
            let finding = Finding::reject(codes::INDEX_MISSING, family.stem.as_str(), detail)
                .because(format!("listed by {}", family.listed_by));
            examination.report.push(finding);
        } else {
            elsewhere.push(folder.map_or_else(String::new, |folder| folder.to_string()));
        }
    }
    let Some(first) = families.first().filter(|_| !elsewhere.is_empty()) else {
        return;
    };
    let mut names = elsewhere
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if elsewhere.len() > SHOWN {
        names.push_str(", …");
    }
    let subject = &*first.listed_by;
    let finding = if any {
        let detail = format!(
            "{} listed indices are not mirrored: {names}",
            elsewhere.len()
        );
        Finding::note(codes::INDEX_ABSENT, subject, detail)
    } else {
        let detail = format!(
            "none of the {} listed indices is there: {names}",
            elsewhere.len()
        );
        Finding::reject(codes::INDEX_MISSING, subject, detail)
    };
    examination.report.push(finding);
}

/// Entries to check. Suites and architectures name the same files again and again: the
/// same words about the same file are kept once.
#[derive(Default)]
struct Files {
    seen: HashMap<SafePath, Entry>,
    /// Other words about a file of `seen`: whether they agree is for the check to say.
    others: Vec<Entry>,
}

impl Files {
    fn add(&mut self, entry: Entry) {
        match self.seen.get_mut(&entry.path) {
            None => {
                self.seen.insert(entry.path.clone(), entry);
            }
            Some(known) if known.size == entry.size && known.digests == entry.digests => {
                known.requirement = known.requirement.min(entry.requirement);
            }
            Some(_) => self.others.push(entry),
        }
    }

    fn merge(&mut self, other: Self) {
        for entry in other.seen.into_values().chain(other.others) {
            self.add(entry);
        }
    }

    fn into_entries(self) -> Vec<Entry> {
        self.seen.into_values().chain(self.others).collect()
    }
}
