//! One suite on its way to a publication: built aside, complete, verified.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Verifier};
use pkgseal_repo::publication::{
    How, Kept, Move, Part, Record, Retention, Stage, alike, holds, next, real_directory,
    same_device, unobstructed,
};
use pkgseal_repo::{
    CheckOptions, DigestAlgorithm, Entry, Finding, MultiHasher, Progress, Report, Requirement,
    Root, SafePath, Severity, check, codes as repo_codes,
};

use super::lock::Lock;
use super::refused;
use super::sealed::Sealed;
use crate::listed::Listed;
use crate::{Error, Result, codes};

/// The rank of what stands under its digest: nobody sees it change.
pub(super) const OBJECT: u8 = 0;

/// A suite to be published.
pub(in crate::apt) struct Suite {
    /// Its directory; `None` is the root itself.
    pub(in crate::apt) directory: Option<SafePath>,
    /// What stands before InRelease and Release.gpg where they are named in findings.
    pub(in crate::apt) prefix: String,
    /// The Release, signed.
    pub(in crate::apt) sealed: Sealed,
    /// New indices, relative to its directory.
    pub(in crate::apt) indices: Vec<(SafePath, Vec<u8>)>,
}

/// What everything is built with.
pub(super) struct Workshop<'a> {
    pub(super) lock: &'a Lock,
    pub(super) verifier: &'a Verifier,
    pub(super) time: Timestamp,
    /// Generations to keep; `None` where only signatures are made.
    pub(super) keep: Option<Retention>,
    pub(super) options: &'a CheckOptions,
    pub(super) progress: &'a dyn Progress,
}

/// A suite while it is built.
struct Plan<'a> {
    /// Where clients look.
    live: PathBuf,
    /// Files to be written, the indices under their names and the signed root.
    files: BTreeMap<SafePath, &'a [u8]>,
    /// For each index the names under its digests that have to be made.
    objects: BTreeMap<SafePath, Vec<SafePath>>,
    /// What is no longer wanted.
    drops: BTreeSet<SafePath>,
}

impl Workshop<'_> {
    /// Builds a suite and verifies it. Nothing that clients see is touched.
    pub(super) fn build(
        &self,
        number: usize,
        suite: &Suite,
        record: &mut Record,
        examination: &mut Examination,
    ) -> Result<Part> {
        let directory = suite
            .directory
            .as_ref()
            .map(|directory| real_directory(self.lock.root(), directory))
            .transpose()?;
        let live = match &directory {
            Some(directory) => self.lock.root().join(directory),
            None => self.lock.root().to_owned(),
        };
        let whole = directory.is_some() && same_device(&live, self.lock.folder());
        let plan = self.plan(suite, directory.as_ref(), live, record)?;
        if !whole {
            let new = plan.objects.values().flatten();
            plan.files
                .keys()
                .chain(new)
                .try_for_each(|path| unobstructed(&plan.live, path))?;
        }
        let built = next(self.lock.folder()).join(number.to_string());
        let mut stage = Stage::create(built)?;
        if whole && plan.live.is_dir() {
            let new: BTreeSet<&SafePath> = plan.objects.values().flatten().collect();
            stage.link_tree(&plan.live, &|path| {
                let path = path.to_str().and_then(|path| SafePath::new(path).ok());
                path.is_some_and(|path| {
                    plan.files.contains_key(&path)
                        || plan.drops.contains(&path)
                        || new.contains(&path)
                })
            })?;
        } else if plan.live.is_dir() {
            alike(&plan.live, stage.path())?;
        }
        for (path, bytes) in &plan.files {
            stage.write(path.as_ref(), bytes, &plan.live.join(path))?;
        }
        for (index, objects) in &plan.objects {
            let mut first: Option<&SafePath> = None;
            for object in objects {
                match (first, plan.files.get(index)) {
                    (Some(first), _) => stage.link(object.as_ref(), first.as_ref())?,
                    (None, Some(bytes)) => {
                        stage.write(object.as_ref(), bytes, &plan.live.join(index))?;
                    }
                    (None, None) => stage.copy(object.as_ref(), &plan.live.join(index))?,
                }
                first = first.or(Some(object));
            }
        }
        stage.sync()?;
        let limits = &self.options.limits;
        suite.sealed.verify(
            stage.path(),
            &suite.prefix,
            self.verifier,
            limits,
            examination,
        )?;
        if self.keep.is_some() {
            let report = self.check(suite, &plan, stage.path(), whole)?;
            if report
                .findings
                .iter()
                .any(|f| f.severity >= Severity::Undecided)
            {
                return Err(refused(&plan.live, report.findings));
            }
            examination.report.merge(report);
        }
        let inode = fs::symlink_metadata(stage.path())
            .map_err(|error| Error::read(stage.path(), error))?
            .ino();
        let objects = plan.objects.into_values().flatten();
        let moved = objects.chain(plan.files.into_keys());
        let mut moves: Vec<Move> = moved
            .map(|path| Move {
                rank: rank(&path),
                path,
            })
            .collect();
        moves.sort();
        Ok(Part {
            directory,
            inode,
            how: if whole { How::Whole } else { How::Moves },
            moves,
            drops: plan.drops.into_iter().collect(),
        })
    }

    fn plan<'a>(
        &self,
        suite: &'a Suite,
        directory: Option<&SafePath>,
        live: PathBuf,
        record: &mut Record,
    ) -> Result<Plan<'a>> {
        let release = suite.sealed.release().get();
        let mut plan = Plan {
            live,
            files: BTreeMap::new(),
            objects: BTreeMap::new(),
            drops: BTreeSet::new(),
        };
        let mut findings = Vec::new();
        for (path, bytes) in &suite.indices {
            match release.files.get(path) {
                Some(listed) => findings.extend(differs(path, bytes, listed)),
                None => {
                    let detail = "an index to be published that the Release does not list";
                    let finding = Finding::reject(codes::PUBLISH_UNLISTED, path.as_str(), detail);
                    findings.push(finding);
                }
            }
            plan.files.insert(path.clone(), bytes);
        }
        self.root_files(suite, &mut plan, &mut findings)?;
        if !findings.is_empty() {
            return Err(refused(&plan.live, findings));
        }
        let Some(keep) = self.keep else {
            return Ok(plan);
        };
        let mut kept = Kept {
            time: self.time,
            ..Kept::default()
        };
        for (path, listed) in &release.files {
            let given = plan.files.get(path);
            if given.is_none() && !plan.live.join(path).is_file() {
                continue;
            }
            kept.names.insert(path.clone());
            if !release.by_hash() {
                continue;
            }
            let objects = objects(path, listed);
            let missing = objects.iter().filter(|object| {
                let there = plan.live.join(object);
                match given {
                    Some(bytes) => !holds(&there, bytes),
                    None => !there.is_file(),
                }
            });
            let missing: Vec<SafePath> = missing.cloned().collect();
            if !missing.is_empty() {
                plan.objects.insert(path.clone(), missing);
            }
            kept.objects.extend(objects);
        }
        let name = directory.map_or(".", SafePath::as_str);
        let found = found(&plan.live, release.files.keys().chain(record.objects(name)));
        plan.drops = record.add(name, kept, &found, keep);
        Ok(plan)
    }

    /// Release, Release.gpg and InRelease.
    fn root_files<'a>(
        &self,
        suite: &'a Suite,
        plan: &mut Plan<'a>,
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        let [inrelease, release, signature] =
            ["InRelease", "Release", "Release.gpg"].map(SafePath::new);
        let (inrelease, release, signature) = (inrelease?, release?, signature?);
        match &suite.sealed.signatures {
            Some((inline, detached)) => {
                plan.files.insert(inrelease, inline);
                plan.files.insert(signature, detached);
            }
            None => {
                for name in [inrelease, signature] {
                    if plan.live.join(&name).exists() {
                        let detail = "a signature of the old Release stands there, \
                                      and there is no key to sign the new one with";
                        findings.push(
                            Finding::reject(codes::RELEASE_UNSIGNED, name.as_str(), detail)
                                .hint("name the key with --key, or remove the file"),
                        );
                    }
                }
            }
        }
        if suite.sealed.with_text && !holds(&plan.live.join(&release), &suite.sealed.text) {
            plan.files.insert(release, &suite.sealed.text);
        }
        Ok(())
    }

    /// Compares everything the Release lists with what clients will find.
    fn check(&self, suite: &Suite, plan: &Plan<'_>, built: &Path, whole: bool) -> Result<Report> {
        let release = suite.sealed.release().get();
        let listed_by: Arc<str> = "Release".into();
        let new: BTreeSet<&SafePath> = plan.objects.values().flatten().collect();
        let (mut staged, mut standing) = (Vec::new(), Vec::new());
        for (path, listed) in &release.files {
            let there = plan.files.contains_key(path) || plan.live.join(path).is_file();
            let entry = |path: &SafePath| Entry {
                path: path.clone(),
                size: Some(listed.size),
                digests: listed.digests.clone(),
                requirement: if there {
                    Requirement::Required
                } else {
                    Requirement::Optional
                },
                listed_by: listed_by.clone(),
            };
            let mut objects = if release.by_hash() {
                objects(path, listed)
            } else {
                Vec::new()
            };
            // Those that were made now are one file under several names.
            let mut made = false;
            objects.retain(|object| !new.contains(object) || !std::mem::replace(&mut made, true));
            for path in std::iter::once(path).chain(&objects) {
                if whole || plan.files.contains_key(path) || new.contains(path) {
                    staged.push(entry(path));
                } else {
                    standing.push(entry(path));
                }
            }
        }
        let mut report = Report::new();
        for (root, entries) in [(built, staged), (&plan.live, standing)] {
            if !entries.is_empty() {
                let root = Root::open(root)?;
                report.merge(check(&root, entries, self.options, self.progress)?);
            }
        }
        Ok(report)
    }
}

/// When a file becomes visible: what a client asks for first comes last.
fn rank(path: &SafePath) -> u8 {
    match path.as_str() {
        "InRelease" => 4,
        "Release.gpg" => 3,
        "Release" => 2,
        _ if path.components().any(|component| component == "by-hash") => OBJECT,
        _ => 1,
    }
}

/// Where an index stands under each of its digests.
fn objects(index: &SafePath, listed: &Listed) -> Vec<SafePath> {
    let object = |algorithm: DigestAlgorithm| {
        let folder = match algorithm {
            DigestAlgorithm::Md5 => "MD5Sum",
            DigestAlgorithm::Sha1 => "SHA1",
            DigestAlgorithm::Sha256 => "SHA256",
            DigestAlgorithm::Sha512 => "SHA512",
            DigestAlgorithm::Sha224 | DigestAlgorithm::Sha384 | DigestAlgorithm::Sha3_256 => {
                return None;
            }
        };
        let hex = listed.digests.hex(algorithm)?;
        let below = format!("by-hash/{folder}/{hex}");
        let path = match index.parent() {
            Some(parent) => format!("{parent}/{below}"),
            None => below,
        };
        SafePath::new(&path).ok()
    };
    listed.digests.algorithms().filter_map(object).collect()
}

/// The objects that stand beside these indices or objects.
fn found<'a>(live: &Path, beside: impl Iterator<Item = &'a SafePath>) -> BTreeSet<SafePath> {
    let mut folders = BTreeSet::new();
    for path in beside {
        let parent = path
            .parent()
            .map_or_else(String::new, |parent| parent.to_string());
        let folder = match parent.split_once("by-hash/") {
            Some((folder, _)) => folder.to_owned(),
            None if parent.is_empty() => parent,
            None => format!("{parent}/"),
        };
        folders.insert(folder);
    }
    let names = |path: PathBuf| {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok())
    };
    let mut found = BTreeSet::new();
    for folder in folders {
        for algorithm in names(live.join(format!("{folder}by-hash"))) {
            let below = format!("{folder}by-hash/{algorithm}");
            for name in names(live.join(&below)) {
                found.extend(SafePath::new(&format!("{below}/{name}")));
            }
        }
    }
    found
}

/// What is wrong with an index, going by its Release.
fn differs(path: &SafePath, bytes: &[u8], listed: &Listed) -> Option<Finding> {
    let size = bytes.len() as u64;
    if size != listed.size {
        let detail = format!("{size} bytes, and {} are listed", listed.size);
        let finding = Finding::reject(repo_codes::FILE_SIZE, path.as_str(), detail);
        return Some(finding.because("listed by the Release to be published"));
    }
    let mut hasher = MultiHasher::new(listed.digests.algorithms());
    hasher.update(bytes);
    let algorithm = listed.digests.mismatch(&hasher.finish())?;
    let detail = format!("its {algorithm} is not the listed one");
    let finding = Finding::reject(repo_codes::FILE_DIGEST, path.as_str(), detail);
    Some(finding.because("listed by the Release to be published"))
}
