//! From a document to everything it lists.

use std::collections::{BTreeMap, BTreeSet};

use pkgseal_openpgp::{Examination, Object, Verifier};
use pkgseal_repo::{
    Entry, Error as RepoError, Finding, MultiHasher, Requirement, Root, SafePath, check_witnessed,
    codes as repo_codes,
};

use super::super::agree;
use super::super::document::{Document, Kind};
use super::super::files::{Upstream, UpstreamReports, Watch};
use super::upstream::{add_upstream, tarball_of, upstream};
use super::{Job, Opened};
use crate::listed::Listed;
use crate::{Result, codes};

/// Small files that were read into memory: documents and signatures.
pub(super) type Held = BTreeMap<SafePath, Vec<u8>>;

impl Job<'_> {
    /// Follows a document to everything it lists.
    pub(super) fn follow(
        &self,
        first: Opened,
        object: Object,
        examination: &mut Examination,
    ) -> Result<()> {
        let mut held = Held::new();
        let mut entries = entries(&first, |_| Requirement::Required);
        let mut opened = vec![first];
        let inner = self.inner(&opened, &mut entries, object, &mut held, examination);
        for document in inner {
            let changes = opened.first().map(Opened::get);
            entries.extend(listed_by_inner(changes, &document, self.root, examination));
            opened.push(document);
        }
        self.hold_upstream(&entries, &mut held, examination);
        let upstream = upstream(&entries, &held, examination);
        if let Some(copies) = self.copies {
            for (path, content) in &held {
                if !self.staged.contains_key(path) {
                    copies.add(path.as_str(), content);
                }
            }
        }
        entries.retain(|entry| match held.get(&entry.path) {
            None => true,
            Some(content) => {
                let listed = Listed {
                    size: entry.size.unwrap_or(content.len() as u64),
                    digests: entry.digests.clone(),
                };
                compare(&entry.path, &listed, content, &entry.listed_by, examination);
                false
            }
        });
        self.check(&opened, entries, &upstream, examination)
    }

    /// The documents that a .changes lists. Those that could be read into memory are held
    /// and compared with what it says, and leave the entries.
    fn inner(
        &self,
        opened: &[Opened],
        entries: &mut Vec<Entry>,
        object: Object,
        held: &mut Held,
        examination: &mut Examination,
    ) -> Vec<Opened> {
        let Some(changes) = opened.first() else {
            return Vec::new();
        };
        if changes.get().kind() != Kind::Changes {
            return Vec::new();
        }
        let mut inner = Vec::new();
        for (path, listed) in changes.get().files() {
            let Some(kind @ (Kind::Dsc | Kind::Buildinfo)) = Kind::of(path.as_str()) else {
                continue;
            };
            let Some(content) = self.hold(path, self.options.limits.release, examination) else {
                continue;
            };
            if !compare(path, listed, &content, changes.name.as_str(), examination) {
                entries.retain(|entry| entry.path != *path);
                continue;
            }
            examination.report.files += 1;
            examination.report.bytes += content.len() as u64;
            entries.retain(|entry| entry.path != *path);
            let voucher = Some(&changes.document);
            let document = self.open(path, &content, (kind, object), voucher, examination);
            held.insert(path.clone(), content);
            if let Some(document) = document {
                let subject = path.as_str();
                let findings = agree::together(changes.get(), document.get(), subject);
                examination.report.findings.extend(findings);
                examination
                    .report
                    .findings
                    .extend(other_signer(changes, &document));
                inner.push(document);
            }
        }
        inner
    }

    /// Reads a small listed file; one that is missing or unreadable is left to the engine.
    fn hold(&self, path: &SafePath, limit: u64, examination: &mut Examination) -> Option<Vec<u8>> {
        match self.content(path, limit) {
            Ok(content) => content,
            Err(error @ RepoError::TooLarge { .. }) => {
                let finding = Finding::reject(repo_codes::LIMIT, path.as_str(), error.to_string());
                examination.report.push(finding);
                None
            }
            Err(_) => None,
        }
    }

    /// Reads the upstream signatures among the entries.
    fn hold_upstream(&self, entries: &[Entry], held: &mut Held, examination: &mut Examination) {
        let paths: BTreeSet<SafePath> = entries
            .iter()
            .filter(|entry| tarball_of(entry.path.as_str()).is_some())
            .map(|entry| entry.path.clone())
            .collect();
        for path in paths {
            if let Some(content) = self.hold(&path, self.options.limits.signature, examination) {
                examination.report.files += 1;
                examination.report.bytes += content.len() as u64;
                held.insert(path, content);
            }
        }
    }

    /// Every other file, each in one read.
    fn check(
        &self,
        opened: &[Opened],
        entries: Vec<Entry>,
        upstream: &BTreeMap<String, Upstream<'_>>,
        examination: &mut Examination,
    ) -> Result<()> {
        // Whom to trust with an upload says nothing of whom its upstream trusts.
        let profile = self.verifier.profile().clone();
        let anyone = Verifier::new(
            self.verifier.certificates().clone(),
            profile.allowing(Vec::new()).threshold(1),
            self.verifier.now(),
        );
        let reports = UpstreamReports::default();
        let packages = opened.first().map(Opened::get);
        let packages = packages.filter(|document| document.kind() != Kind::Dsc);
        let names: BTreeSet<SafePath> = entries.iter().map(|entry| entry.path.clone()).collect();
        let watch = |entry: &Entry| {
            let name = names.get(&entry.path)?.as_str();
            let mut watch = Watch::new(name);
            if let Some(document) = packages.filter(|document| {
                document.files().contains_key(&entry.path) && agree::is_package(name)
            }) {
                watch = watch.package(document, &self.options.limits);
            }
            if let Some(upstream) = upstream.get(name) {
                watch = watch.upstream(upstream, &anyone, &reports);
            }
            if let Some(copies) = self.copies {
                watch = watch.copy(copies);
            }
            watch.boxed()
        };
        let report = check_witnessed(self.root, entries, self.options, self.progress, &watch)?;
        examination.report.merge(report);
        let mut reports = reports.into_inner();
        reports.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (object, report) in reports {
            add_upstream(object, report, examination);
        }
        Ok(())
    }
}

/// What a document says of its files.
fn entries(opened: &Opened, requirement: impl Fn(&SafePath) -> Requirement) -> Vec<Entry> {
    let listed_by: std::sync::Arc<str> = opened.name.as_str().into();
    let files = opened.get().files().iter();
    files
        .map(|(path, listed)| Entry {
            path: path.clone(),
            size: Some(listed.size),
            digests: listed.digests.clone(),
            requirement: requirement(path),
            listed_by: listed_by.clone(),
        })
        .collect()
}

/// As [`entries`], of a document inside a .changes, which need not bring everything along:
/// not an upstream tarball that the archive has from an earlier version, and not packages
/// that were built and are not uploaded.
fn listed_by_inner(
    changes: Option<&Document>,
    inner: &Opened,
    root: &Root,
    examination: &mut Examination,
) -> Vec<Entry> {
    let brought =
        |path: &SafePath| changes.is_some_and(|changes| changes.files().contains_key(path));
    let mut absent = Vec::new();
    for path in inner.get().files().keys().filter(|path| !brought(path)) {
        if inner.get().kind() == Kind::Dsc && !path.as_str().contains(".orig") {
            let detail = format!("{path} belongs to this version of the source");
            examination.report.push(
                Finding::reject(codes::UPLOAD_INCOMPLETE, inner.name.as_str(), detail)
                    .hint("build the .changes again with the source included"),
            );
        } else if matches!(root.exists(path), Ok(false)) {
            absent.push(path.as_str());
        }
    }
    if !absent.is_empty() {
        let detail = absent.join(", ");
        let note = Finding::note(codes::UPLOAD_NOT_INCLUDED, inner.name.as_str(), detail);
        examination.report.push(note);
    }
    entries(inner, |path| {
        if brought(path) {
            Requirement::Required
        } else {
            Requirement::Optional
        }
    })
}

/// Whether content in memory is what a document lists; what differs is reported.
fn compare(
    path: &SafePath,
    listed: &Listed,
    content: &[u8],
    listed_by: &str,
    examination: &mut Examination,
) -> bool {
    let finding =
        |code, detail: String| Finding::reject(code, path.as_str(), detail).because(listed_by);
    let size = content.len() as u64;
    if listed.size != size {
        let detail = format!(
            "the file is {size} bytes long, the list says {}",
            listed.size
        );
        examination
            .report
            .push(finding(repo_codes::FILE_SIZE, detail));
        return false;
    }
    let mut hasher = MultiHasher::new(listed.digests.algorithms());
    hasher.update(content);
    let actual = hasher.finish();
    let differs = listed
        .digests
        .algorithms()
        .filter(|&algorithm| listed.digests.get(algorithm) != actual.get(algorithm))
        .last();
    if let Some(algorithm) = differs {
        let detail = format!(
            "its {algorithm} is {}, the list says {}",
            actual.hex(algorithm).unwrap_or_default(),
            listed.digests.hex(algorithm).unwrap_or_default()
        );
        examination
            .report
            .push(finding(repo_codes::FILE_DIGEST, detail));
    }
    differs.is_none()
}

fn other_signer(changes: &Opened, inner: &Opened) -> Option<Finding> {
    let (ours, theirs) = (changes.document.signers(), inner.document.signers());
    if ours.iter().any(|signer| theirs.contains(signer)) {
        return None;
    }
    let names = |signers: &[pkgseal_openpgp::Fingerprint]| {
        let names: Vec<String> = signers.iter().map(ToString::to_string).collect();
        names.join(", ")
    };
    let detail = format!(
        "signed by {}, and the .changes by {}",
        names(theirs),
        names(ours)
    );
    Some(
        Finding::reject(codes::UPLOAD_OTHER_SIGNER, inner.name.as_str(), detail).hint(
            "whoever uploads signs all of it: pkgseal sign --existing replace --key KEY \
             FILE.changes",
        ),
    )
}
