//! Signing a plain folder: each file, or a list of all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Signed, Signer, Verified};
use pkgseal_repo::{
    CheckOptions, Destination, DigestAlgorithm, Digests, Entry, Finding, MultiHasher, Outcome,
    Progress, ProgressSink, Requirement, Root, SafePath, Scaffold, StagedSet, check, copy_tree,
    read_file, read_through,
};
use rayon::prelude::*;

use super::layout::{Files, signed_by};
use super::{KIND, LIST, split};
use crate::artifact;
use crate::make::{Made, Maker, Wish, refreshed_checksums, stage};
use crate::place::Place;
use crate::sums::{self, Form, Named, Sums};
use crate::tree::Existing;
use crate::{Error, Result, codes};

const SIGNATURE: &str = ".asc";

/// What is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum What {
    /// Every file by itself, and every list that is there.
    #[default]
    Each,
    /// Lists by these algorithms, written anew: `SHA256SUMS` and `SHA256SUMS.asc`.
    Lists(Vec<DigestAlgorithm>, Form),
}

/// What is signed, and what is kept.
#[derive(Clone, Debug, Default)]
pub struct SignOptions {
    /// What is signed.
    pub what: What,
    /// Signatures that are there already, of single files.
    pub existing: Existing,
}

/// Signs a plain folder, in parallel, one read each: an armored `.asc` beside every file, or
/// lists of all files with an `.asc` beside each list. Signatures, certificates' and
/// checksums' included, are never signed or listed. A list that is there must agree with
/// the files. Each signature is verified with the public certificates before any becomes
/// visible. Into another directory goes the whole folder.
///
/// # Errors
/// When a file cannot be read or is not what a checksum says, when a name is no plain path,
/// or when a signature cannot be made, verified or written.
pub fn sign(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    wanted: &SignOptions,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Signed> {
    let maker = Maker::new(signers, time)?;
    let root = Root::open(path)?;
    let files = Files::read(&root)?;
    refuse_strange(path, &files, options)?;
    let apart = destination.apart_from(path)?;
    let run = Run {
        maker,
        root: &root,
        path,
        output: apart.unwrap_or(path),
        files: &files,
        options,
        progress,
    };
    let mut examination = Examination::new(KIND, path.display().to_string());
    let mut set = StagedSet::new();
    let mut scaffold = Scaffold::default();
    if let Some(output) = apart {
        scaffold.directory(output)?;
        let folders: BTreeSet<SafePath> = files.all.keys().filter_map(SafePath::parent).collect();
        for folder in folders {
            scaffold.directory(&output.join(&folder))?;
        }
    }
    let written = match &wanted.what {
        What::Each => run.each(wanted.existing, &mut set, &mut examination)?,
        What::Lists(algorithms, form) => {
            run.lists(algorithms, *form, &mut set, &mut examination)?
        }
    };
    if let Some(output) = apart {
        copy_tree(&mut scaffold, path, output, &written)?;
    }
    let outputs = set.commit()?;
    scaffold.keep();
    examination.report.sort();
    Ok(Signed {
        outputs,
        examination,
    })
}

/// Signs one list of checksums that is there: `SHA256SUMS.asc`. Every file it lists is
/// compared first.
///
/// # Errors
/// When the list cannot be read, a listed file is missing or another, or as
/// [`artifact::sign`].
pub fn sign_list(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<(StagedSet, Examination)> {
    let (root, name) = split(path)?;
    if signed_by(&name).is_some() {
        return Err(refused(path, "it is a signature; name the list itself"));
    }
    let bytes = read_file(path, options.limits.release)?;
    let named = Named::of(name.file_name()).unwrap_or(Named::List);
    let sums = parse(path, &name, named, bytes)?;
    let entries = sums.files.into_iter().map(|(path, digests)| Entry {
        path,
        size: None,
        digests,
        requirement: Requirement::Required,
        listed_by: name.as_str().into(),
    });
    let report = check(&root, entries.collect(), options, progress)?;
    if report.outcome() != Outcome::Accepted {
        let worst = report.findings.iter().max_by_key(|found| found.severity);
        let reason = worst.map(|finding| format!("{}: {}", finding.subject, finding.detail));
        return Err(refused(path, &reason.unwrap_or_default()));
    }
    let (set, mut examination) =
        artifact::stage(path, signers, time, destination, &options.limits)?;
    examination.kind = LIST;
    examination.report.merge(report);
    examination.report.sort();
    Ok((set, examination))
}

/// What holds for every file.
struct Run<'a> {
    maker: Maker<'a>,
    root: &'a Root,
    path: &'a Path,
    output: &'a Path,
    files: &'a Files,
    options: &'a CheckOptions,
    progress: &'a dyn Progress,
}

impl Run<'_> {
    /// An `.asc` for every file; returns what was written.
    fn each(
        &self,
        existing: Existing,
        set: &mut StagedSet,
        examination: &mut Examination,
    ) -> Result<BTreeSet<SafePath>> {
        let lists = self.files.lists.keys().filter(|list| self.files.has(list));
        let files: Vec<&SafePath> = self.files.artifacts.iter().chain(lists).collect();
        if files.is_empty() {
            return Err(refused(self.path, "it holds no file to sign"));
        }
        let listed = self.listed()?;
        let made = self.over(&files, "signing files", |file| {
            let signature = file.with_suffix(SIGNATURE)?;
            let limits = &self.options.limits;
            let old = match existing {
                Existing::Keep => self.root.read(&signature, limits.signature)?,
                Existing::Replace => None,
            };
            let expected = listed.get(file);
            let digests: Vec<DigestAlgorithm> =
                expected.map_or_else(Vec::new, |digests| digests.algorithms().collect());
            let wish = Wish {
                existing: old.as_deref(),
                digests: &digests,
            };
            let place = Place::Beneath(self.root, Some(&self.files.all));
            let path = Path::new(file.as_str());
            let made = self.maker.sign(&place, path, wish, None, limits, self.progress)?;
            if let Some(algorithm) = expected.and_then(|digests| digests.mismatch(&made.digests)) {
                let reason = format!("its {algorithm} is not what a list says");
                return Err(refused(&self.path.join(file), &reason));
            }
            if let Some(stranger) = &made.stranger {
                let reason = format!(
                    "it carries a signature by {stranger}, which would be lost; replace it explicitly"
                );
                return Err(refused(&self.path.join(file), &reason));
            }
            Ok(made)
        })?;
        let mut written = BTreeSet::new();
        let mut kept = 0;
        for (file, made) in files.into_iter().zip(made) {
            kept += usize::from(made.kept);
            self.put(file, made, set, examination, &mut written)?;
        }
        if kept > 0 {
            examination.report.push(Finding::note(
                codes::ALREADY_SIGNED,
                "",
                format!("{kept} files are signed already with good signatures, which were left"),
            ));
        }
        Ok(written)
    }

    /// Stages the signature of one file, and says so.
    fn put(
        &self,
        file: &SafePath,
        made: Made,
        set: &mut StagedSet,
        examination: &mut Examination,
        written: &mut BTreeSet<SafePath>,
    ) -> Result<()> {
        let signature = file.with_suffix(SIGNATURE)?;
        examination.report.files += 1;
        examination.report.bytes += made.bytes;
        let object = format!("{file} ({})", signature.file_name());
        examination.add_signatures(object, made.report);
        if made.kept {
            return Ok(());
        }
        let limits = &self.options.limits;
        let place = Place::Beneath(self.root, Some(&self.files.all));
        let old = Path::new(signature.as_str());
        for (path, content) in refreshed_checksums(&place, old, &made.armored, limits)? {
            written.insert(SafePath::new(&path.to_string_lossy())?);
            set.push(stage(&self.output.join(path), &content)?);
        }
        set.push(stage(&self.output.join(&signature), &made.armored)?);
        written.insert(signature);
        Ok(())
    }

    /// Lists of all files, each with its `.asc`; returns what was written.
    fn lists(
        &self,
        algorithms: &[DigestAlgorithm],
        form: Form,
        set: &mut StagedSet,
        examination: &mut Examination,
    ) -> Result<BTreeSet<SafePath>> {
        let algorithms: BTreeSet<DigestAlgorithm> = algorithms.iter().copied().collect();
        if !algorithms.iter().any(|algorithm| algorithm.is_strong()) {
            return Err(refused(self.path, "a list needs SHA-256 or better"));
        }
        let files: Vec<&SafePath> = self.files.artifacts.iter().collect();
        if files.is_empty() {
            return Err(refused(self.path, "it holds no file to list"));
        }
        let hashed = self.over(&files, "listing files", |file| {
            let path = self.path.join(file);
            let read = |error| Error::read(&path, error);
            let opened = self
                .root
                .file(file)?
                .ok_or_else(|| read(std::io::ErrorKind::NotFound.into()))?;
            let mut hasher = MultiHasher::new(algorithms.iter().copied());
            let mut told = ProgressSink(self.progress);
            let bytes = read_through(&opened, &mut [&mut hasher, &mut told]).map_err(read)?;
            Ok((hasher.finish(), bytes))
        })?;
        examination.report.files = files.len() as u64;
        examination.report.bytes = hashed.iter().map(|(_, bytes)| bytes).sum();
        let mut written = BTreeSet::new();
        for algorithm in algorithms {
            let sums = Sums {
                algorithm,
                files: files
                    .iter()
                    .zip(&hashed)
                    .map(|(file, (digests, _))| ((*file).clone(), digests.only(&[algorithm])))
                    .collect(),
            };
            let list = SafePath::new(&sums::file_name(algorithm))?;
            let text = sums.write(form).into_bytes();
            // What is written is what any reader reads, ours included.
            let named = Named::Algorithm(algorithm);
            if parse(self.path, &list, named, text.clone())? != sums {
                let reason = "its names cannot be written into a list";
                return Err(refused(self.path, reason));
            }
            let (armored, report) = self.maker.over_bytes(&self.path.join(&list), &text)?;
            let signature = list.with_suffix(SIGNATURE)?;
            examination.add_signatures(format!("{list} ({})", signature.file_name()), report);
            set.push(stage(&self.output.join(&list), &text)?);
            set.push(stage(&self.output.join(&signature), &armored)?);
            written.extend([list, signature]);
        }
        self.refuse_other_signatures(&written)?;
        Ok(written)
    }

    /// A signature of an older list in another form would stay behind, and be bad.
    fn refuse_other_signatures(&self, written: &BTreeSet<SafePath>) -> Result<()> {
        for list in written {
            let beside = self.files.signatures.get(list);
            let stale = beside
                .into_iter()
                .flatten()
                .find(|path| !written.contains(path));
            if let Some(stale) = stale {
                let reason = format!("{stale} would no longer be of its list; remove it first");
                return Err(refused(self.path, &reason));
            }
        }
        Ok(())
    }

    /// What the lists say that are there.
    fn listed(&self) -> Result<BTreeMap<SafePath, Digests>> {
        let mut listed: BTreeMap<SafePath, Digests> = BTreeMap::new();
        for (list, named) in &self.files.lists {
            let Some(bytes) = self.root.read(list, self.options.limits.release)? else {
                continue;
            };
            for (path, digests) in parse(self.path, list, *named, bytes)?.files {
                let path = match list.parent() {
                    Some(folder) => folder.join(&path),
                    None => path,
                };
                if !self.files.has(&path) {
                    let reason = format!("{list} lists {path}, which is not there");
                    return Err(refused(self.path, &reason));
                }
                let known = listed.entry(path.clone()).or_default();
                known
                    .merge(&digests)
                    .map_err(|reason| refused(&self.path.join(&path), &reason))?;
            }
        }
        Ok(listed)
    }

    /// Does something with every file, in parallel, in order.
    fn over<T: Send>(
        &self,
        files: &[&SafePath],
        what: &'static str,
        one: impl Fn(&SafePath) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let bytes = files.iter().map(|file| self.files.size(file)).sum();
        self.progress.begin(what, files.len() as u64, Some(bytes));
        let done = self.options.pool()?.install(|| {
            files
                .par_iter()
                .with_max_len(1)
                .map(|file| {
                    let done = one(file);
                    self.progress.file();
                    done
                })
                .collect()
        });
        self.progress.end();
        done
    }
}

/// A list that nobody has signed yet.
fn parse(path: &Path, list: &SafePath, named: Named, bytes: Vec<u8>) -> Result<Sums> {
    let text = Verified::danger_unverified(bytes);
    Sums::parse(text, list.as_str(), named)
        .map(Verified::into_inner)
        .map_err(|finding| refused(path, &format!("{}: {}", finding.subject, finding.detail)))
}

fn refused(path: &Path, reason: &str) -> Error {
    Error::Refused {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

/// Folders that must not be signed as they are.
fn refuse_strange(path: &Path, files: &Files, options: &CheckOptions) -> Result<()> {
    if files.all.len() > options.limits.entries {
        return Err(refused(path, "it holds too many files"));
    }
    if let Some((name, reason)) = files.unsafe_paths.first() {
        return Err(refused(&path.join(name), reason));
    }
    if let Some(link) = files.directory_links.first() {
        return Err(refused(&path.join(link), "it is a link to a folder"));
    }
    Ok(())
}
