//! Verifying a plain folder, a list with its files, or a file by the lists beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Examination, Object, Verifier};
use pkgseal_repo::{
    CheckOptions, DigestAlgorithm, Digests, Finding, Limits, NoProgress, Progress, Root, SafePath,
    Severity, codes as repo_codes,
};
use rayon::prelude::*;

use super::judge::{certificate, compare, is_certificate, unsigned};
use super::layout::{Files, signatures_of, signed_by};
use super::list;
use super::{KIND, LIST, Policy, split};
use crate::examine::{Examined, Subject, Wanted, examine, unreadable};
use crate::place::Place;
use crate::sums::Named;
use crate::tree::BIG;
use crate::{Result, codes};

/// Verifies a plain folder: lists of checksums by their signatures, then every file by its
/// own signature and the signed lists that name it, in parallel, one read each. A file that
/// nothing vouches for rejects, and so does a listed one that is missing.
///
/// # Errors
/// When the directory cannot be read. A single unreadable file is an undecided finding.
pub fn verify(
    path: &Path,
    verifier: &Verifier,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    verify_with(path, verifier, Policy::default(), options, progress)
}

/// As [`verify`], by a policy.
///
/// # Errors
/// As [`verify`].
pub fn verify_with(
    path: &Path,
    verifier: &Verifier,
    policy: Policy,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    let root = Root::open(path)?;
    let files = Files::read(&root)?;
    let mut run = Run::new(&root, verifier, policy, options, progress, KIND, path);
    run.known = Some(&files.all);
    if files.all.len() > options.limits.entries {
        let (count, limit) = (files.all.len(), options.limits.entries);
        run.push(Finding::reject(
            repo_codes::LIMIT,
            "",
            format!("the folder holds {count} files, the limit is {limit}"),
        ));
        return Ok(run.examination);
    }
    for (path, reason) in &files.unsafe_paths {
        run.push(Finding::reject(repo_codes::PATH_UNSAFE, path, *reason));
    }
    for path in &files.directory_links {
        run.push(Finding::reject(
            codes::FILES_LINKED,
            path.as_str(),
            "this link to a folder is not followed, so what stands behind it was not verified",
        ));
    }
    for path in &files.lonely {
        run.lonely(path)?;
    }
    for (list, named) in &files.lists {
        let beside = files.signatures.get(list);
        run.list(list, *named, beside.map_or(&[], Vec::as_slice))?;
    }
    let listed = run.listed.keys().filter(|path| files.has(path));
    let all: BTreeSet<SafePath> = listed.chain(&files.artifacts).cloned().collect();
    let absent = run.listed.keys().filter(|path| !files.has(path));
    let absent: Vec<SafePath> = absent.cloned().collect();
    for path in &absent {
        run.absent(path)?;
    }
    let subjects = all.into_iter().map(|path| {
        let signatures = match files.lists.contains_key(&path) {
            // Of a list they were judged already.
            true => Vec::new(),
            false => files.signatures.get(&path).cloned().unwrap_or_default(),
        };
        (files.size(&path), path, signatures)
    });
    let subjects = subjects.collect();
    run.files(subjects)?;
    Ok(run.finish())
}

/// Verifies a list of checksums by its signature, and every file it lists, as
/// `sha256sum --check` does. `path` may be the list or its signature. Other files of its
/// folder are not looked at.
///
/// # Errors
/// As [`verify`].
pub fn verify_list(
    path: &Path,
    verifier: &Verifier,
    policy: Policy,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    let (root, name) = split(path)?;
    let of = signed_by(&name).filter(|of| Named::of(of.file_name()).is_some());
    let list = of.unwrap_or(name);
    let named = Named::of(list.file_name()).unwrap_or(Named::List);
    let has = |path: &SafePath| root.exists(path).unwrap_or(true);
    let mut run = Run::new(&root, verifier, policy, options, progress, LIST, path);
    run.list(&list, named, &signatures_of(&list, &has))?;
    // Without a list nothing else says that there is nothing to accept.
    if run.listed.is_empty() && run.examination.outcome() == pkgseal_repo::Outcome::Accepted {
        run.push(unsigned(Severity::Reject, &list, false));
    }
    let paths: Vec<SafePath> = run.listed.keys().cloned().collect();
    let mut subjects = Vec::new();
    for path in paths {
        match root.file(&path) {
            Ok(Some(file)) => {
                let size = file.metadata().map_or(0, |metadata| metadata.len());
                let signatures = match Named::of(path.file_name()) {
                    Some(_) => Vec::new(),
                    None => signatures_of(&path, &has),
                };
                subjects.push((size, path, signatures));
            }
            _ => run.absent(&path)?,
        }
    }
    run.files(subjects)?;
    Ok(run.finish())
}

/// Verifies a file without a signature of its own by the signed lists in its folder; `None`
/// where there are none.
pub(crate) fn by_list(
    path: &Path,
    verifier: &Verifier,
    limits: &Limits,
) -> Result<Option<Examination>> {
    // What cannot be looked at is told of by whoever looks at the file itself.
    let Ok((root, name)) = split(path) else {
        return Ok(None);
    };
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let Ok(entries) = std::fs::read_dir(folder.unwrap_or(Path::new("."))) else {
        return Ok(None);
    };
    let mut lists: BTreeMap<SafePath, Named> = BTreeMap::new();
    for entry in entries.flatten() {
        let entry = entry.file_name();
        let Some(entry) = entry.to_str().and_then(|name| SafePath::new(name).ok()) else {
            continue;
        };
        let list = signed_by(&entry).unwrap_or(entry);
        if let Some(named) = Named::of(list.file_name()) {
            lists.insert(list, named);
        }
    }
    lists.remove(&name);
    let options = CheckOptions {
        jobs: 1,
        limits: limits.clone(),
    };
    let policy = Policy::default();
    let mut run = Run::new(&root, verifier, policy, &options, &NoProgress, "file", path);
    let has = |path: &SafePath| root.exists(path).unwrap_or(true);
    for (list, named) in &lists {
        run.list(list, *named, &signatures_of(list, &has))?;
    }
    if run.examination.signatures.is_empty() {
        return Ok(None);
    }
    run.listed.retain(|path, _| *path == name);
    run.files(vec![(0, name, Vec::new())])?;
    Ok(Some(run.finish()))
}

/// What signed lists say of a file.
#[derive(Clone, Debug, Default)]
struct Listed {
    digests: Digests,
    /// The lists, each with who signed it.
    by: Vec<String>,
}

/// What holds for every file.
struct Run<'a> {
    root: &'a Root,
    /// The files there are, where the folder was walked.
    known: Option<&'a BTreeMap<SafePath, u64>>,
    verifier: &'a Verifier,
    policy: Policy,
    options: &'a CheckOptions,
    progress: &'a dyn Progress,
    listed: BTreeMap<SafePath, Listed>,
    /// Folders that a signed list speaks of.
    folders: BTreeSet<Option<SafePath>>,
    vouched: usize,
    examination: Examination,
}

/// A file to look at.
struct Candidate {
    subject: Subject,
    path: SafePath,
    size: u64,
    /// Whether another signature of the same file is looked at elsewhere.
    again: bool,
}

impl<'a> Run<'a> {
    fn new(
        root: &'a Root,
        verifier: &'a Verifier,
        policy: Policy,
        options: &'a CheckOptions,
        progress: &'a dyn Progress,
        kind: &'static str,
        subject: &Path,
    ) -> Self {
        Self {
            root,
            known: None,
            verifier,
            policy,
            options,
            progress,
            listed: BTreeMap::new(),
            folders: BTreeSet::new(),
            vouched: 0,
            examination: Examination::new(kind, subject.display().to_string()),
        }
    }

    fn push(&mut self, finding: Finding) {
        self.examination.report.push(finding);
    }

    /// A signature without its file: perhaps a certificate.
    fn lonely(&mut self, path: &SafePath) -> Result<()> {
        let finding = match is_certificate(self.root, path)? {
            true => certificate(path),
            false => Finding::warning(
                codes::ORPHAN,
                path.as_str(),
                "the file it belongs to does not exist",
            ),
        };
        self.push(finding);
        Ok(())
    }

    /// Judges a list, and takes over what it lists if it is accepted.
    fn list(&mut self, list: &SafePath, named: Named, beside: &[SafePath]) -> Result<()> {
        let limits = &self.options.limits;
        let judged = list::judge(self.root, list, named, beside, self.verifier, limits)?;
        let by = format!("{list}, signed by {}", judged.signers());
        self.examination.signatures.extend(judged.signatures);
        self.examination.report.findings.extend(judged.findings);
        let Some(sums) = judged.sums else {
            return Ok(());
        };
        let folder = list.parent();
        for (path, digests) in &sums.get().files {
            let path = match &folder {
                Some(folder) => folder.join(path),
                None => path.clone(),
            };
            let known = self.listed.entry(path.clone()).or_default();
            known.by.push(by.clone());
            if let Err(reason) = known.digests.merge(digests) {
                self.examination.report.push(
                    Finding::reject(repo_codes::FILE_CONTRADICTION, path.as_str(), reason)
                        .because(known.by.join("; ")),
                );
            }
        }
        self.folders.insert(folder);
        Ok(())
    }

    /// A listed file that the walk did not meet.
    fn absent(&mut self, path: &SafePath) -> Result<()> {
        let because = self.listed.get(path).map(|listed| listed.by.join("; "));
        let finding = match self.root.file(path) {
            // Behind a link to a folder, which was told of.
            Ok(Some(_)) => return Ok(()),
            Ok(None) => Finding::new(
                repo_codes::FILE_MISSING,
                self.policy.missing,
                path.as_str(),
                "it is listed, and not there",
            ),
            Err(error) => unreadable(path.to_string(), error.into())?,
        };
        self.push(finding.because(because.unwrap_or_default()));
        Ok(())
    }

    /// Reads every file once, and judges it.
    fn files(&mut self, files: Vec<(u64, SafePath, Vec<SafePath>)>) -> Result<()> {
        let mut candidates = Vec::new();
        for (size, path, signatures) in files {
            let listed = self.listed.get(&path);
            let algorithms = listed.map(|listed| listed.digests.algorithms().collect());
            let digests: Vec<DigestAlgorithm> = algorithms.unwrap_or_default();
            let mut signatures = signatures.into_iter();
            let mut next = signatures.next();
            let mut again = false;
            loop {
                candidates.push(Candidate {
                    subject: Subject {
                        path: PathBuf::from(path.as_str()),
                        name: path.to_string(),
                        signature: next.as_ref().map(|path| PathBuf::from(path.as_str())),
                        wanted: match &next {
                            Some(_) => Wanted::Signature(Object::Artifact),
                            None => Wanted::Checksums,
                        },
                        pom: None,
                        digests: digests.clone(),
                    },
                    path: path.clone(),
                    size,
                    again,
                });
                next = signatures.next();
                again = true;
                if next.is_none() {
                    break;
                }
            }
        }
        candidates.sort_by_key(|candidate| {
            std::cmp::Reverse(if candidate.size < BIG {
                0
            } else {
                candidate.size
            })
        });
        let bytes = candidates.iter().map(|candidate| candidate.size).sum();
        let count = candidates.len() as u64;
        self.progress.begin("verifying files", count, Some(bytes));
        let place = Place::Beneath(self.root, self.known);
        let (verifier, limits, progress) = (self.verifier, &self.options.limits, self.progress);
        let examined: Vec<Result<Examined>> = self.options.pool()?.install(|| {
            candidates
                .par_iter()
                .with_max_len(1)
                .map(|candidate| {
                    let found = examine(&place, &candidate.subject, verifier, limits, progress);
                    progress.file();
                    found
                })
                .collect()
        });
        self.progress.end();
        for (candidate, examined) in candidates.iter().zip(examined) {
            match examined {
                Ok(examined) => self.judge(candidate, examined)?,
                Err(error) => {
                    let finding = unreadable(candidate.subject.name.clone(), error)?;
                    self.push(finding);
                }
            }
        }
        Ok(())
    }

    fn judge(&mut self, candidate: &Candidate, examined: Examined) -> Result<()> {
        let path = &candidate.path;
        let mut by = Vec::new();
        let signed = examined.signatures.is_some();
        if let Some((object, report)) = examined.signatures {
            if let Some(signers) = report.accepted_signers() {
                let signers: Vec<String> = signers.iter().map(ToString::to_string).collect();
                let name = candidate.subject.signature.as_deref();
                let name = name.and_then(Path::file_name).unwrap_or_default();
                by.push(format!("{}, by {}", name.display(), signers.join(", ")));
            }
            self.examination.add_signatures(object, report);
        }
        if !candidate.again {
            self.examination.report.files += 1;
            self.examination.report.bytes += examined.bytes;
            self.examination.report.findings.extend(examined.findings);
            if let Some(listed) = self.listed.get(path) {
                let because = listed.by.join("; ");
                match compare(path, &listed.digests, &examined.digests, signed) {
                    Some(finding) => self.push(finding.because(because)),
                    None => by.push(because),
                }
            } else if !signed {
                let finding = match is_certificate(self.root, path)? {
                    true => certificate(path),
                    false => unsigned(self.policy.unsigned, path, self.is_spoken_of(path)),
                };
                self.push(finding);
            }
        }
        if !by.is_empty() {
            self.vouched += 1;
            let how = format!("{path}: {}", by.join("; "));
            self.examination.add_detail("vouched", how);
        }
        Ok(())
    }

    /// Whether a signed list speaks of its folder or one above.
    fn is_spoken_of(&self, path: &SafePath) -> bool {
        let mut folder = path.parent();
        loop {
            if self.folders.contains(&folder) {
                return true;
            }
            match folder {
                Some(above) => folder = above.parent(),
                None => return false,
            }
        }
    }

    fn finish(mut self) -> Examination {
        let empty =
            self.vouched == 0 && self.examination.outcome() == pkgseal_repo::Outcome::Accepted;
        if empty {
            self.push(Finding::reject(
                codes::FILES_EMPTY,
                "",
                "nobody vouches for any file of it",
            ));
        }
        self.examination
            .signatures
            .sort_by(|a, b| a.object.cmp(&b.object));
        self.examination
            .details
            .sort_by(|a, b| a.value.cmp(&b.value));
        self.examination.report.sort();
        self.examination
    }
}
