//! Verifying a repository.

use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Examination, Object, Verifier};
use pkgseal_repo::{
    CheckOptions, DigestAlgorithm, Digests, Finding, NoProgress, Progress, Root, SafePath,
    codes as repo_codes,
};
use rayon::prelude::*;

use super::{BIG, KIND, Policy, gradle, is_pom};
use crate::examine::{Examined, Subject, Wanted, examine, unreadable};
use crate::layout::Layout;
use crate::place::Place;
use crate::trust::Checksums;
use crate::{Coordinates, Result, codes};

/// Verifies every artifact of a repository with its `.asc` and with the checksums beside
/// it, in parallel, one read each. An unsigned artifact rejects, and so does a POM whose
/// signed coordinates are not those of its path. `maven-metadata.xml` is judged where it is signed; signatures' own checksums are compared too.
///
/// # Errors
/// When the directory cannot be read. A single unreadable file is an undecided finding.
pub fn verify(
    path: &Path,
    verifier: &Verifier,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    verify_with(path, verifier, &Policy::default(), options, progress)
}

/// As [`verify`], by a policy: what becomes of unsigned files, and which keys may sign
/// which coordinates. A Gradle cache (`modules-2/files-2.1`) is read as one: signatures
/// stand in folders of their own, and the SHA-1 that names a file's folder must be its.
///
/// # Errors
/// As [`verify`].
pub fn verify_with(
    path: &Path,
    verifier: &Verifier,
    policy: &Policy,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    let done = verify_and_digest(path, verifier, policy, &[], options, progress)?;
    Ok(done.0)
}

/// As [`verify_with`], and gives the digests of every artifact with an accepted signature,
/// taken from the bytes that were verified.
///
/// # Errors
/// As [`verify`].
pub fn verify_and_digest(
    path: &Path,
    verifier: &Verifier,
    policy: &Policy,
    algorithms: &[DigestAlgorithm],
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<(Examination, Checksums)> {
    let root = Root::open(path)?;
    let layout = Layout::read(&root)?;
    let mut examination = Examination::new(KIND, path.display().to_string());
    if layout.files.len() > options.limits.entries {
        examination.report.push(Finding::reject(
            repo_codes::LIMIT,
            "",
            format!(
                "the folder holds {} files, the limit is {}",
                layout.files.len(),
                options.limits.entries
            ),
        ));
        return Ok((examination, Checksums::new()));
    }
    let checksums = policy.checksums();
    let mut subjects = match gradle::read(&root, &layout) {
        Some(cache) => {
            examination.report.findings.extend(cache.findings);
            cache.subjects
        }
        None => {
            judge_layout(&layout, &mut examination);
            subjects(&layout)
        }
    };
    for subject in &mut subjects {
        subject.listed = subject
            .path
            .as_ref()
            .and_then(|path| checksums.get(path))
            .map(|digests| (*digests).clone());
        if let Some(listed) = &subject.listed {
            subject.subject.digests.extend(listed.algorithms());
        }
        subject.subject.digests.extend(algorithms);
    }
    subjects.sort_by_key(|subject| {
        std::cmp::Reverse(if subject.size < BIG { 0 } else { subject.size })
    });
    let bytes = subjects.iter().map(|subject| subject.size).sum();
    progress.begin("verifying artifacts", subjects.len() as u64, Some(bytes));
    let place = Place::Beneath(&root, Some(&layout.files));
    let examined: Vec<Result<Examined>> = options.pool()?.install(|| {
        subjects
            .par_iter()
            .with_max_len(1)
            .map(|subject| {
                let found = subject.examine(&place, verifier, options, progress);
                progress.file();
                found
            })
            .collect()
    });
    progress.end();

    let mut learned = Checksums::new();
    for (subject, examined) in subjects.into_iter().zip(examined) {
        match examined {
            Ok(examined) => {
                if let Some(path) = subject.signed_path(&examined) {
                    learned.push((path, examined.digests.only(algorithms)));
                }
                examination.report.files += 1;
                examination.report.bytes += examined.bytes;
                policy.judge(&subject, examined, &mut examination);
            }
            Err(error) => examination
                .report
                .push(unreadable(subject.subject.name, error)?),
        }
    }
    examination
        .signatures
        .sort_by(|a, b| a.object.cmp(&b.object));
    examination.report.sort();
    learned.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok((examination, learned))
}

/// A file to look at, and what is known of it beforehand.
pub(super) struct Candidate {
    pub(super) subject: Subject,
    pub(super) size: u64,
    /// What its path says it is.
    pub(super) coordinates: Option<Coordinates>,
    /// Its path in the repository layout.
    pub(super) path: Option<SafePath>,
    /// The SHA-1 that names its folder, leading zeros perhaps left out.
    pub(super) folder: Option<String>,
    /// Other signatures it may go by, where a cache keeps several.
    pub(super) others: Vec<PathBuf>,
    /// The digests a trust file lists for it.
    pub(super) listed: Option<Digests>,
}

impl Candidate {
    /// Where it stands in the layout, if it is an artifact that somebody known signed.
    fn signed_path(&self, examined: &Examined) -> Option<SafePath> {
        let (_, report) = examined.signatures.as_ref()?;
        let artifact = self.coordinates.is_some() && report.is_accepted();
        self.path.clone().filter(|_| artifact)
    }

    fn examine(
        &self,
        place: &Place<'_>,
        verifier: &Verifier,
        options: &CheckOptions,
        progress: &dyn Progress,
    ) -> Result<Examined> {
        let accepted = |found: &Examined| {
            let report = found.signatures.as_ref();
            report.is_some_and(|(_, report)| report.is_accepted())
        };
        let first = examine(place, &self.subject, verifier, &options.limits, progress)?;
        if accepted(&first) {
            return Ok(first);
        }
        for other in &self.others {
            let subject = Subject {
                signature: Some(other.clone()),
                ..self.subject.clone()
            };
            let found = examine(place, &subject, verifier, &options.limits, &NoProgress)?;
            if accepted(&found) {
                return Ok(found);
            }
        }
        Ok(first)
    }
}

/// What can be said without reading any file.
fn judge_layout(layout: &Layout, examination: &mut Examination) {
    let mut push = |finding| examination.report.push(finding);
    if layout.artifacts.is_empty() {
        push(Finding::reject(
            codes::EMPTY,
            "",
            "no file stands at group/artifact/version/artifact-version.extension",
        ));
    }
    for path in &layout.misnamed {
        let folder = path.parent().map(|parent| parent.to_string());
        push(Finding::reject(
            codes::COORDINATES,
            path.as_str(),
            format!(
                "its name does not begin as its folder {} asks",
                folder.unwrap_or_default()
            ),
        ));
    }
    for (path, reason) in &layout.unsafe_paths {
        push(Finding::reject(repo_codes::PATH_UNSAFE, path, *reason));
    }
    for path in &layout.directory_links {
        push(Finding::reject(
            codes::LINKED_FOLDER,
            path.as_str(),
            "this link to a folder is not followed, so what stands behind it was not verified",
        ));
    }
    for path in &layout.orphans {
        push(Finding::warning(
            codes::ORPHAN,
            path.as_str(),
            "the file it belongs to does not exist",
        ));
    }
    let unsigned: Vec<&SafePath> = layout
        .metadata
        .iter()
        .filter(|path| layout.signature(path).is_none())
        .collect();
    if let Some(first) = unsigned.first() {
        push(Finding::note(
            codes::METADATA_UNSIGNED,
            first.as_str(),
            format!(
                "{} not signed, so nothing vouches for the list of versions",
                it_and_others(unsigned.len())
            ),
        ));
    }
    if let Some(first) = layout.outside.first() {
        push(Finding::note(
            codes::OUTSIDE,
            first.as_str(),
            format!(
                "{} outside the repository layout and not verified",
                it_and_others(layout.outside.len())
            ),
        ));
    }
}

/// `it is`, or `it is one of 12 files that are`.
fn it_and_others(count: usize) -> String {
    match count {
        1 => "it is".to_owned(),
        count => format!("it is one of {count} files that are"),
    }
}

/// What is to be read.
fn subjects(layout: &Layout) -> Vec<Candidate> {
    let candidate = |path: &SafePath, wanted| {
        let signature = layout.signature(path);
        let coordinates = Coordinates::of(path);
        Candidate {
            subject: Subject {
                path: PathBuf::from(path.as_str()),
                name: path.to_string(),
                signature: signature.map(|signature| PathBuf::from(signature.as_str())),
                wanted,
                pom: coordinates.clone().filter(is_pom),
                digests: Vec::new(),
            },
            size: layout.size(path),
            coordinates: coordinates.filter(|_| wanted == Wanted::Signature(Object::Artifact)),
            path: Some(path.clone()),
            folder: None,
            others: Vec::new(),
            listed: None,
        }
    };
    let artifacts = layout
        .artifacts
        .iter()
        .map(|path| candidate(path, Wanted::Signature(Object::Artifact)));
    let metadata = layout.metadata.iter().filter_map(|path| {
        if layout.signature(path).is_some() {
            // The list of versions must not be an old one: as strict as any repository.
            Some(candidate(path, Wanted::Signature(Object::Repository)))
        } else {
            layout
                .has_checksum(path)
                .then(|| candidate(path, Wanted::Checksums))
        }
    });
    let beside = layout
        .beside
        .iter()
        .filter(|path| layout.has_checksum(path))
        .map(|path| candidate(path, Wanted::Checksums));
    artifacts.chain(metadata).chain(beside).collect()
}
