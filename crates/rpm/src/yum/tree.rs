//! Verifies a whole repository, from its signature down.

use std::collections::BTreeSet;
use std::path::Path;

use pkgseal_openpgp::{Examination, Verified, Verifier};
use pkgseal_repo::{
    CheckOptions, Finding, Outcome, Progress, Report, Root, SafePath, codes as repo_codes,
};

use super::chain::Chain;
use super::generation::{Generation, sha256};
use super::metalink::Metalink;
use super::repomd::Repomd;
use super::request::{Level, TreeRequest};
use super::stale::Pair;
use super::verify::{judge, unsigned, whole};
use super::{REPODATA, REPOMD};
use crate::codes;
use crate::error::Result;

/// How often a root that changes under our eyes is read.
const ATTEMPTS: usize = 3;

/// What a verification came to.
#[derive(Clone, Debug)]
pub struct Verification {
    /// The verdict and everything found.
    pub examination: Examination,
    /// The generation whose root was accepted, dates and memory included; whatever became
    /// of the files it lists.
    pub generation: Option<Generation>,
}

/// Verifies a repository from its signature down to every package, as
/// [`TreeRequest::default`] asks.
///
/// # Errors
/// As [`verify_tree_with`].
pub fn verify_tree(
    root: &Path,
    verifier: &Verifier,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    let request = TreeRequest::default();
    let found = verify_tree_with(root, verifier, &request, options, progress)?;
    Ok(found.examination)
}

/// Verifies a repository from its signature as deep as asked.
///
/// `root` contains `repodata/`. What vouches for a package is the chain of digests from
/// `repomd.xml`; each file is read once. Packages' own signatures are another matter, and
/// judged at [`Level::Packages`].
///
/// A repository that is published anew meanwhile is not rejected for it: it is verified
/// again, and undecided when it never stands still.
///
/// # Errors
/// When the repository cannot be opened or the engine cannot run. What is missing, wrong
/// or unreadable inside is a finding.
pub fn verify_tree_with(
    root: &Path,
    verifier: &Verifier,
    request: &TreeRequest,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Verification> {
    let tree = Tree::open(root, verifier, request, options, progress)?;
    tree.verify(&|| tree.once())
}

/// Verifies a repository whose `repomd.xml` a metalink vouches for, as deep as
/// [`Level::Content`], or as [`Level::Packages`] by the verifier's certificates. A
/// signature beside `repomd.xml` is not looked at: [`verify_tree_with`] does that, with
/// [`TreeRequest::metalink`] if both are wanted.
///
/// # Errors
/// As [`verify_tree_with`].
pub fn verify_by_metalink(
    root: &Path,
    metalink: &Metalink,
    verifier: &Verifier,
    request: &TreeRequest,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Verification> {
    let tree = Tree::open(root, verifier, request, options, progress)?;
    tree.verify(&|| tree.once_by(metalink))
}

/// Follows the digests from `repomd.xml` to the content of every file.
pub(super) fn chain(
    root: &Root,
    repomd: Verified<Vec<u8>>,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Report> {
    let mut examination = Examination::new("yum", root.path().display().to_string());
    let chain = Chain {
        root,
        level: Level::Content,
        verifier: None,
        memory: None,
        options,
        progress,
    };
    chain.follow(repomd, &mut examination)?;
    Ok(examination.report)
}

/// The repository changed between the first read and the last: what was found is of no
/// generation that ever stood there.
fn changed(examination: &mut Examination) {
    const HINT: &str = "verify it again";
    if examination.outcome() == Outcome::Accepted {
        let detail = "another generation was published meanwhile; this is about the one before";
        let note = Finding::note(codes::PUBLISHED_MEANWHILE, REPOMD, detail).hint(HINT);
        examination.report.push(note);
    } else {
        let detail = "another generation was published meanwhile, so what was found says nothing";
        let finding = Finding::undecided(codes::PUBLISHED_MEANWHILE, REPOMD, detail).hint(HINT);
        examination.report.findings = vec![finding];
    }
}

fn missing() -> Finding {
    Finding::reject(repo_codes::FILE_MISSING, REPOMD, "the file does not exist")
}

/// The two files that make a root, as far as they could be read.
type Files = (Option<Vec<u8>>, Option<Vec<u8>>);

struct Tree<'a> {
    root: Root,
    xml: SafePath,
    asc: SafePath,
    verifier: &'a Verifier,
    request: &'a TreeRequest,
    options: &'a CheckOptions,
    progress: &'a dyn Progress,
}

impl<'a> Tree<'a> {
    fn open(
        root: &Path,
        verifier: &'a Verifier,
        request: &'a TreeRequest,
        options: &'a CheckOptions,
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        let xml = SafePath::new(REPOMD)?;
        Ok(Self {
            root: Root::open(root)?,
            asc: xml.with_suffix(".asc")?,
            xml,
            verifier,
            request,
            options,
            progress,
        })
    }

    /// The root as it stands there now.
    fn files(&self) -> Files {
        let limits = &self.options.limits;
        let read = |path, limit| self.root.read(path, limit).ok().flatten();
        (
            read(&self.xml, limits.repomd),
            read(&self.asc, limits.signature),
        )
    }

    /// Verifies, again where something was wrong and the root has changed since.
    fn verify(&self, once: &dyn Fn() -> Result<(Verification, Files)>) -> Result<Verification> {
        let mut attempt = 1;
        loop {
            let (mut found, files) = once()?;
            if self.files() != files {
                let accepted = found.examination.outcome() == Outcome::Accepted;
                if !accepted && attempt < ATTEMPTS {
                    attempt += 1;
                    continue;
                }
                changed(&mut found.examination);
            }
            found.examination.report.sort();
            return Ok(found);
        }
    }

    /// One verification by a metalink, and the root it was about.
    fn once_by(&self, metalink: &Metalink) -> Result<(Verification, Files)> {
        let limits = &self.options.limits;
        let subject = self.root.path().display().to_string();
        let mut examination = Examination::new("yum", subject);
        let (_, signature) = self.files();
        let report = &mut examination.report;
        let bytes = whole(self.root.read(&self.xml, limits.repomd), REPOMD, report)?;
        let mut generation = None;
        match &bytes {
            Some(bytes) => {
                let now = self.verifier.now();
                report.findings = metalink.judge(bytes, &self.request.freshness, now);
                if report.outcome() == Outcome::Accepted {
                    // The metalink vouches for these very bytes.
                    let sealed = Verified::danger_unverified(bytes.clone());
                    generation = self.follow(sealed, bytes, &mut examination)?;
                }
            }
            None if report.findings.is_empty() => report.push(missing()),
            None => {}
        }
        let verification = Verification {
            examination,
            generation,
        };
        Ok((verification, (bytes, signature)))
    }

    /// One verification, and the root it was about.
    fn once(&self) -> Result<(Verification, Files)> {
        let limits = &self.options.limits;
        let subject = self.root.path().display().to_string();
        let mut examination = Examination::new("yum", subject);
        let report = &mut examination.report;
        let asc = self.asc.as_str();
        let bytes = whole(self.root.read(&self.xml, limits.repomd), REPOMD, report)?;
        let signature = whole(self.root.read(&self.asc, limits.signature), asc, report)?;
        let mut generation = None;
        match (&bytes, &signature) {
            (Some(bytes), Some(signature)) => {
                let verifier = self.verifier;
                match judge(&mut examination, asc, verifier, bytes.clone(), signature) {
                    Some(sealed) => generation = self.follow(sealed, bytes, &mut examination)?,
                    None => self.stale(bytes, signature, &mut examination),
                }
            }
            (None, _) if report.findings.is_empty() => report.push(missing()),
            (Some(_), None) if report.findings.is_empty() => unsigned(&mut examination, asc),
            _ => {}
        }
        let verification = Verification {
            examination,
            generation,
        };
        Ok((verification, (bytes, signature)))
    }

    /// Judges what a verified `repomd.xml` says of itself, and follows it.
    fn follow(
        &self,
        sealed: Verified<Vec<u8>>,
        bytes: &[u8],
        examination: &mut Examination,
    ) -> Result<Option<Generation>> {
        let repomd = match Repomd::parse(sealed, &self.options.limits) {
            Ok(repomd) => repomd,
            Err(finding) => {
                examination.report.push(*finding);
                return Ok(None);
            }
        };
        let signatures = examination.signatures.last().map(|object| &object.report);
        let generation = Generation::of(sha256(bytes), repomd.get(), signatures);
        let request = self.request;
        let now = self.verifier.now();
        let mut report = Report::new();
        let dates = request.freshness.judge(&generation, REPOMD, now);
        report.findings.extend(dates);
        if let Some(metalink) = &request.metalink {
            let found = metalink.judge(bytes, &request.freshness, now);
            report.findings.extend(found);
        }
        if let Some(memory) = &request.memory {
            report.findings.extend(memory.judge(&generation, REPOMD));
        }
        let good = report.outcome() == Outcome::Accepted;
        examination.report.merge(report);
        let chain = Chain {
            root: &self.root,
            level: request.level,
            verifier: Some(self.verifier),
            memory: request.memory.as_ref(),
            options: self.options,
            progress: self.progress,
        };
        chain.from(&repomd, examination)?;
        if examination.outcome() == Outcome::Rejected {
            self.partly_there(repomd.get(), examination)?;
        }
        Ok(good.then_some(generation))
    }

    /// Says of which generation a signature is that is not of this `repomd.xml`.
    fn stale(&self, xml: &[u8], asc: &[u8], examination: &mut Examination) {
        let Some(object) = examination.signatures.last() else {
            return;
        };
        let pair = Pair {
            root: &self.root,
            path: &self.xml,
            xml,
            asc,
            verifier: self.verifier,
            limits: &self.options.limits,
        };
        let found = pair.diagnose(&object.report, self.request.memory.as_ref());
        examination.report.findings.extend(found);
    }

    /// Notes what hints at an update that is under way, or was broken off.
    fn partly_there(&self, repomd: &Repomd, examination: &mut Examination) -> Result<()> {
        let report = &mut examination.report;
        for name in [".repodata", ".olddata"] {
            let path = SafePath::new(name)?;
            if matches!(self.root.dir(&path), Ok(Some(_))) {
                report.push(
                    Finding::note(
                        codes::UPDATE_RUNNING,
                        name,
                        "createrepo_c keeps it while it works",
                    )
                    .hint("wait for it; if nothing runs, remove the folder and run createrepo_c again"),
                );
            }
        }
        // Data that is missing, and files of the same kind that nothing lists.
        let gone: BTreeSet<&str> = report
            .findings
            .iter()
            .filter(|finding| finding.code == repo_codes::FILE_MISSING)
            .map(|finding| finding.subject.as_str())
            .collect();
        let missing: Vec<&str> = repomd
            .data
            .iter()
            .map(|data| data.location.as_str())
            .filter(|path| gone.contains(path))
            .filter_map(kind_in_name)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let folder = SafePath::new(REPODATA)?;
        let Ok(there) = self.root.walk(Some(&folder)) else {
            return Ok(());
        };
        let listed = |path: &SafePath| repomd.data.iter().any(|data| data.location == *path);
        let others = there
            .iter()
            .filter_map(|(path, _)| path.as_ref().ok().filter(|path| !listed(path)))
            .filter_map(|path| kind_in_name(path.as_str()))
            .filter(|kind| missing.contains(kind))
            .count();
        if others > 0 {
            let detail = format!(
                "{} metadata files are missing, and {others} others of the same kinds are there",
                missing.len()
            );
            report.push(
                Finding::note(codes::PARTIAL_SYNC, folder.as_str(), detail)
                    .hint("fetch repomd.xml and its signature last, after all that they list"),
            );
        }
        Ok(())
    }
}

/// `primary.xml` of `repodata/0123…-primary.xml.gz`.
fn kind_in_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix(REPODATA)?.strip_prefix('/')?;
    let (digest, kind) = name.split_once('-')?;
    let hex = digest.len() >= 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let kind = kind.rsplit_once('.').map_or(kind, |(kind, _)| kind);
    hex.then_some(kind)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use pkgseal_openpgp::{Certificates, Profile};
    use pkgseal_repo::NoProgress;

    use super::*;

    fn with_tree(test: impl FnOnce(&Tree<'_>)) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(REPODATA)).unwrap();
        let xml = SafePath::new(REPOMD).unwrap();
        let now = "2025-03-02T00:00:00Z".parse().unwrap();
        let verifier = Verifier::new(Certificates::new([]), Profile::strict(), now);
        test(&Tree {
            root: Root::open(folder.path()).unwrap(),
            asc: xml.with_suffix(".asc").unwrap(),
            xml,
            verifier: &verifier,
            request: &TreeRequest::default(),
            options: &CheckOptions::default(),
            progress: &NoProgress,
        });
    }

    /// A verification that rejects or accepts what stands there.
    fn found(tree: &Tree<'_>, accepted: bool) -> (Verification, Files) {
        let mut examination = Examination::new("yum", "");
        if !accepted {
            examination.report.push(missing());
        }
        let verification = Verification {
            examination,
            generation: None,
        };
        (verification, tree.files())
    }

    fn publish(tree: &Tree<'_>, content: usize) {
        std::fs::write(tree.root.path().join(REPOMD), content.to_string()).unwrap();
    }

    #[test]
    fn a_root_that_changes_before_it_is_accepted_is_read_again() {
        with_tree(|tree| {
            let calls = Cell::new(0);
            let once = || {
                calls.set(calls.get() + 1);
                let (verification, files) = found(tree, calls.get() == 2);
                if calls.get() == 1 {
                    publish(tree, 1);
                }
                Ok((verification, files))
            };
            let found = tree.verify(&once).unwrap();
            assert_eq!(found.examination.outcome(), Outcome::Accepted);
            assert!(found.examination.report.findings.is_empty());
            assert_eq!(calls.get(), 2);
        });
    }

    #[test]
    fn one_that_never_stands_still_is_undecided() {
        with_tree(|tree| {
            let calls = Cell::new(0);
            let once = || {
                calls.set(calls.get() + 1);
                let seen = found(tree, false);
                publish(tree, calls.get());
                Ok(seen)
            };
            let found = tree.verify(&once).unwrap();
            assert_eq!(found.examination.outcome(), Outcome::Undecided);
            let [finding] = &found.examination.report.findings[..] else {
                panic!("{:?}", found.examination.report.findings);
            };
            assert_eq!(finding.code, codes::PUBLISHED_MEANWHILE);
            assert_eq!(calls.get(), ATTEMPTS);
        });
    }

    #[test]
    fn one_that_stands_still_is_read_once() {
        with_tree(|tree| {
            let calls = Cell::new(0);
            let once = || {
                calls.set(calls.get() + 1);
                Ok(found(tree, false))
            };
            let found = tree.verify(&once).unwrap();
            assert_eq!(found.examination.outcome(), Outcome::Rejected);
            assert_eq!(calls.get(), 1);
        });
    }
}
