//! A whole repository: every suite, one pool.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use pkgseal_openpgp::{Examination, Verified, Verifier};
use pkgseal_repo::{
    CheckOptions, Entry, Finding, Outcome, Progress, Root, SafePath, check, check_existence,
    check_witnessed,
};
use rayon::prelude::*;

use super::absent;
use super::by_hash::{ByHash, Present};
use super::compare::Stanzas;
use super::discover;
use super::family::{Checked, Family, Kind};
use super::freshness::Freshness;
use super::plan;
use super::pool::{self, Files};
use super::release::Release;
use super::request::{Level, Scope, TreeRequest, is_named};
use super::root::{self, Names};
use crate::{Result, codes};

/// What the examination calls a repository.
pub(super) const KIND: &str = "apt";

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
/// then every listed file that is there, as stored and decompressed, and under its
/// digests where by-hash is announced; then the Packages and Sources of every component
/// and architecture, the patches to them and the installer's images; last the pool. A
/// folder of indices that is wholly absent is taken for a partial mirror's choice and
/// noted, unless no index of the suite is there at all. Files in the pool that nothing
/// lists are noted.
///
/// [`verify_release`]: super::verify_release
///
/// # Errors
/// [`Error::Repo`](crate::Error::Repo) when the repository cannot be read.
pub fn verify_tree(
    root: &Path,
    verifier: &Verifier,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    verify_tree_with(root, verifier, &TreeRequest::default(), options, progress)
}

/// As [`verify_tree`], for a part of the repository, to another depth, with expectations
/// of what suites say of themselves and of their age.
///
/// # Errors
/// As [`verify_tree`].
pub fn verify_tree_with(
    root: &Path,
    verifier: &Verifier,
    request: &TreeRequest,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    let mut examination = Examination::new(KIND, root.display().to_string());
    let root = Root::open(root)?;
    let suites = suites(&root, verifier, request, options, &mut examination)?;
    parts(&suites, &request.scope, &mut examination);
    if request.level > Level::Signatures {
        follow_with(&root, &suites, request, options, progress, &mut examination)?;
    }
    examination.report.sort();
    Ok(examination)
}

/// The suites asked for whose roots are accepted.
fn suites(
    root: &Root,
    verifier: &Verifier,
    request: &TreeRequest,
    options: &CheckOptions,
    examination: &mut Examination,
) -> Result<Vec<Suite>> {
    let found = discover::suites(root, examination)?;
    if found.is_empty() {
        let finding = discover::none(&examination.subject);
        examination.report.push(finding);
    }
    let patterns = &request.scope.suites;
    let mut named = vec![false; patterns.len()];
    let mut suites = Vec::new();
    for directory in found {
        let names = Names::within(directory.as_ref())?;
        let mut of_suite = Examination::new(KIND, "");
        let limits = &options.limits;
        let signed = root::signed(root, &names, verifier, limits, &mut of_suite);
        // A rejected Release is only known by its folder.
        let mut wanted = patterns.is_empty();
        for (pattern, named) in patterns.iter().zip(&mut named) {
            let folder = directory.as_ref().map(|path| path.as_str());
            let matches = match &signed {
                Some((_, release)) => is_named(pattern, directory.as_ref(), release.get()),
                None => {
                    folder.is_some_and(|path| pattern.matches(path.trim_start_matches("dists/")))
                }
            };
            *named |= matches;
            wanted |= matches;
        }
        if !wanted {
            continue;
        }
        examination.signatures.extend(of_suite.signatures);
        examination.report.merge(of_suite.report);
        let Some((subject, release)) = signed else {
            continue;
        };
        let subject = subject.as_str();
        let findings = unexpected(&release, directory.as_ref(), subject, verifier, request);
        let sound = findings.is_empty();
        examination.report.findings.extend(findings);
        if sound {
            suites.push(Suite { directory, release });
        }
    }
    for (pattern, named) in patterns.iter().zip(named) {
        if !named {
            let detail = format!("no suite is called {}", pattern.as_str());
            let finding = Finding::reject(codes::TREE_SUITE, &examination.subject, detail);
            examination.report.push(finding);
        }
    }
    Ok(suites)
}

/// How a Release is not what the request expects of it, its dates included.
fn unexpected(
    release: &Verified<Release>,
    directory: Option<&SafePath>,
    subject: &str,
    verifier: &Verifier,
    request: &TreeRequest,
) -> Vec<Finding> {
    let release = release.get();
    let mut freshness = Freshness::default();
    let mut findings = Vec::new();
    for expectation in &request.expectations {
        if expectation.is_about(directory, release) {
            findings.extend(expectation.differs(subject, release));
            freshness = freshness.or(&expectation.freshness);
        }
    }
    findings.extend(freshness.judge(release, subject, verifier.now()));
    findings
}

/// Components and architectures asked for that no suite has.
fn parts(suites: &[Suite], scope: &Scope, examination: &mut Examination) {
    if suites.is_empty() {
        return;
    }
    let releases = || suites.iter().map(|suite| suite.release.get());
    let mut missing = Vec::new();
    for component in &scope.components {
        // What is below a component (main/debian-installer) is not listed by itself.
        let top = component.strip_suffix("/debian-installer");
        let top = top.unwrap_or(component);
        if !releases().any(|release| release.has_component(top)) {
            missing.push(format!("no suite has a component {component}"));
        }
    }
    for architecture in &scope.architectures {
        let there = architecture == "source"
            || releases().any(|release| release.has_architecture(architecture));
        if !there {
            missing.push(format!("no suite has the architecture {architecture}"));
        }
    }
    for detail in missing {
        let finding = Finding::reject(codes::TREE_PART, &examination.subject, detail);
        examination.report.push(finding);
    }
}

/// Follows accepted suites down to the last file. Returns the paths the indices list.
pub(super) fn follow(
    root: &Root,
    suites: &[Suite],
    options: &CheckOptions,
    progress: &dyn Progress,
    examination: &mut Examination,
) -> Result<BTreeSet<SafePath>> {
    let request = TreeRequest::default();
    follow_with(root, suites, &request, options, progress, examination)
}

/// As [`follow`], as far as the request asks.
pub(super) fn follow_with(
    root: &Root,
    suites: &[Suite],
    request: &TreeRequest,
    options: &CheckOptions,
    progress: &dyn Progress,
    examination: &mut Examination,
) -> Result<BTreeSet<SafePath>> {
    let mut families = Vec::new();
    let mut owners = Vec::new();
    for (number, suite) in suites.iter().enumerate() {
        if let Some(directory) = &suite.directory
            && let Some(folder) = directory.as_str().strip_prefix("dists/")
        {
            let warning = suite.release.get().other_suite(directory.as_str(), folder);
            examination.report.findings.extend(warning);
        }
        for family in plan::families(suite, &request.scope) {
            families.push(family);
            owners.push(number);
        }
    }
    progress.begin("indices", families.len() as u64, None);
    let threads = options.pool()?;
    // Taken at once: architectures list the same files again and again.
    let vouched = Mutex::new(Vouched::default());
    let work = |family: &Family| {
        let mut checked = family.check(root, request.level, &options.limits);
        progress.bytes(checked.report.bytes);
        progress.file();
        let mut vouched = vouched.lock().unwrap_or_else(PoisonError::into_inner);
        vouched.take(family, &mut checked);
        checked
    };
    let mut checked: Vec<Checked> =
        threads.install(|| families.par_iter().map(work).collect::<Vec<_>>());
    let mut vouched = vouched.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (family, checked) in families.iter().zip(&mut checked) {
        if matches!(family.kind, Kind::Sums) {
            vouched.take_images(root, checked);
        }
    }
    let more: Vec<Family> = checked
        .iter_mut()
        .flat_map(|checked| std::mem::take(&mut checked.more))
        .collect();
    let patches: Vec<Checked> = threads.install(|| {
        let check = |family: &Family| family.check(root, request.level, &options.limits);
        more.par_iter().map(check).collect()
    });
    progress.end();

    for (number, suite) in suites.iter().enumerate() {
        let own = || {
            let all = families.iter().zip(&checked).zip(&owners);
            all.filter(move |(_, owner)| **owner == number)
                .map(|(both, _)| both)
        };
        let found: Vec<_> = own()
            .map(|(family, checked)| (family, checked.present.len()))
            .collect();
        let report = absent::judge(root, suite, &found, &request.scope);
        examination.report.merge(report);
        if suite.release.get().by_hash() {
            let mut by_hash = ByHash::default();
            for (family, checked) in own() {
                for (number, found) in &checked.present {
                    if let Some(variant) = family.variants.get(*number) {
                        by_hash.add(Present {
                            listed_as: &variant.path,
                            found,
                            listed: &variant.listed,
                        });
                    }
                }
            }
            let report = threads.install(|| by_hash.check(root, &suite.listed_by()));
            examination.report.merge(report);
        }
    }
    absent_patches(&more, &patches, examination);

    for checked in checked.into_iter().chain(patches) {
        examination.report.merge(checked.report);
    }
    let Vouched {
        files,
        images,
        stanzas,
        ..
    } = vouched;
    let listed = files.paths();
    // What a rejected list should have named would only be noise.
    let sound = examination.outcome() == Outcome::Accepted;
    let mut entries = files.into_entries();
    entries.extend(images.into_entries());
    let report = match request.level {
        Level::Signatures | Level::Indices => return Ok(listed),
        Level::Existence => check_existence(root, entries, options, progress)?,
        Level::Content => check(root, entries, options, progress)?,
        Level::Control => {
            let witness = |entry: &Entry| stanzas.witness(entry, &options.limits);
            check_witnessed(root, entries, options, progress, &witness)?
        }
    };
    examination.report.merge(report);
    // What other suites list is not known where only some were read.
    if sound && request.scope.suites.is_empty() {
        examination.report.merge(pool::unlisted(root, &listed)?);
    }
    Ok(listed)
}

/// What indices and lists vouch for.
#[derive(Default)]
struct Vouched {
    files: Files,
    /// Files that no index lists as packages, and that may be missing.
    images: Files,
    stanzas: Stanzas,
    /// Lists of images met so far, by whatever name.
    lists: BTreeSet<(u64, u64)>,
}

impl Vouched {
    fn take(&mut self, family: &Family, checked: &mut Checked) {
        if family.is_index() {
            for entry in std::mem::take(&mut checked.entries) {
                self.files.add(entry);
            }
            for (path, paragraph) in std::mem::take(&mut checked.paragraphs) {
                self.stanzas.add(path, paragraph);
            }
        }
    }

    /// The images a list names. Linked to by another name (`current`), they are read once.
    fn take_images(&mut self, root: &Root, checked: &mut Checked) {
        if self.is_first(root, &checked.present) {
            for entry in std::mem::take(&mut checked.entries) {
                self.images.add(entry);
            }
        }
    }

    /// Whether a list was not met before.
    fn is_first(&mut self, root: &Root, present: &[(usize, SafePath)]) -> bool {
        let file = present
            .first()
            .and_then(|(_, path)| root.file(path).ok().flatten());
        match file.and_then(|file| file.metadata().ok()) {
            Some(file) => self.lists.insert((file.dev(), file.ino())),
            None => true,
        }
    }
}

/// One warning for each folder of patches with gaps.
fn absent_patches(families: &[Family], checked: &[Checked], examination: &mut Examination) {
    let mut gaps: Vec<(&str, u64, &str)> = Vec::new();
    for (family, checked) in families.iter().zip(checked) {
        if !checked.present.is_empty() {
            continue;
        }
        match gaps.last_mut() {
            Some((index, count, _)) if *index == &*family.listed_by => *count += 1,
            _ => gaps.push((&family.listed_by, 1, family.stem.file_name())),
        }
    }
    for (index, count, first) in gaps {
        let detail = format!("{count} listed patches are not there, {first} first");
        let finding = Finding::warning(codes::PDIFF_ABSENT, index, detail)
            .hint("update the mirror again, or leave the folder out altogether");
        examination.report.push(finding);
    }
}
