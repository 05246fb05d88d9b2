//! A Release for indices that others made.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use pkgseal_openpgp::Examination;
use pkgseal_repo::{
    CheckOptions, DigestAlgorithm, Finding, MultiHasher, Progress, Root, SafePath, read_through,
};
use rayon::prelude::*;

use super::text::{Files, ReleaseFields, Text};
use super::{Draft, Drafted, pool};
use crate::apt::publish::{Generation, Lock};
use crate::apt::tree::KIND;
use crate::{Error, Result, codes};

/// What a Release for existing indices says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// The suite: a directory beneath `dists`; `None` for a flat repository.
    pub suite: Option<SafePath>,
    /// Its components; those that have indices where none is named.
    pub components: Vec<String>,
    /// Its architectures; those that have indices where none is named.
    pub architectures: Vec<String>,
    /// What the Release says.
    pub fields: ReleaseFields,
    /// Digests beside SHA-256.
    pub digests: Vec<DigestAlgorithm>,
}

/// Makes a Release that lists the indices that stand there, whoever made them. Each is
/// read once.
///
/// # Errors
/// As [`index`](super::index).
pub fn list(
    root: &Path,
    options: &ListOptions,
    time: Timestamp,
    wait: Duration,
    check: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Drafted> {
    let subject = root.display().to_string();
    let refused = |findings: Vec<Finding>| {
        let mut examination = Examination::new(KIND, subject.clone());
        examination.report.findings = findings;
        examination.report.sort();
        Ok(Drafted::Refused(examination))
    };
    let lock = Lock::take(root, wait, time)?;
    let opened = Root::open(lock.root())?;
    let suite = options.suite.as_ref();
    let opened = match suite {
        None => opened,
        Some(suite) => match opened.dir(suite)? {
            Some(directory) => directory,
            None => {
                let detail = "there is no such directory";
                let finding = Finding::reject(codes::MAKE_EMPTY, suite.as_str(), detail);
                return refused(vec![finding]);
            }
        },
    };
    let mut found = pool::walk(opened.path(), None)?;
    found.retain(|found| is_listed(&found.path, suite.is_none()));
    if found.is_empty() {
        let place = suite.map_or(subject.as_str(), SafePath::as_str);
        let detail = "no Packages or Sources is there";
        let finding = Finding::reject(codes::MAKE_EMPTY, place, detail)
            .hint("to make them out of a pool, run: pkgseal apt index");
        return refused(vec![finding]);
    }
    let mut digests = options.digests.clone();
    digests.push(DigestAlgorithm::Sha256);
    digests.sort_unstable();
    digests.dedup();
    let bytes = found.iter().map(|found| found.stat.size).sum();
    progress.begin("reading indices", found.len() as u64, Some(bytes));
    let read = |found: &pool::Found| {
        let path = opened.path().join(&found.path);
        let file = opened
            .file(&found.path)?
            .ok_or_else(|| Error::read(&path, std::io::ErrorKind::NotFound.into()))?;
        let mut hasher = MultiHasher::new(digests.iter().copied());
        read_through(&file, &mut [&mut hasher]).map_err(|error| Error::read(&path, error))?;
        progress.bytes(hasher.count());
        progress.file();
        Ok((found.path.clone(), (hasher.count(), hasher.finish())))
    };
    let files = check.pool()?.install(|| {
        found
            .par_iter()
            .with_max_len(1)
            .map(read)
            .collect::<Result<Files>>()
    });
    progress.end();
    let files = files?;
    let (components, architectures) = derived(files.keys(), options);
    let text = Text {
        fields: &options.fields,
        directory: suite.map(|suite| {
            let name = suite.as_str();
            name.strip_prefix("dists/").unwrap_or(name)
        }),
        time,
        architectures: &architectures,
        components: &components,
        files: &files,
        digests: &digests,
    };
    let release = match text.write() {
        Ok(release) => release,
        Err(finding) => return refused(vec![*finding]),
    };
    Ok(Drafted::Changed(Box::new(Draft {
        lock,
        generation: Generation {
            suite: suite.cloned(),
            indices: Vec::new(),
            release,
        },
        time,
        state: None,
        findings: Vec::new(),
    })))
}

/// Whether a file is one that a Release lists: an index in any form. In a flat repository
/// only what lies at the top.
fn is_listed(path: &SafePath, flat: bool) -> bool {
    let name = path.file_name();
    let top = path.parent().is_none();
    let ours = top && matches!(name, "Release" | "InRelease" | "Release.gpg");
    let aside = path.components().any(|component| component == "by-hash");
    if ours || aside || (flat && !top) {
        return false;
    }
    let is = |stem: &str| {
        name.strip_prefix(stem)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let inside = |folder: &str| path.components().rev().nth(1) == Some(folder);
    let diff = path
        .components()
        .rev()
        .nth(1)
        .is_some_and(|folder| folder.ends_with(".diff"));
    is("Packages")
        || is("Sources")
        || name == "Release"
        || (diff && is("Index"))
        || name.starts_with("Translation-")
        || name.starts_with("Contents-")
        || (inside("i18n") && is("Index"))
        || (inside("dep11") && (name.starts_with("Components-") || name.starts_with("icons-")))
        || (inside("cnf") && name.starts_with("Commands-"))
        || (inside("images") && matches!(name, "MD5SUMS" | "SHA256SUMS"))
}

/// Components and architectures, by the folders of the indices.
fn derived<'a>(
    paths: impl Iterator<Item = &'a SafePath>,
    options: &ListOptions,
) -> (Vec<String>, Vec<String>) {
    let (mut components, mut architectures) = (BTreeSet::new(), BTreeSet::new());
    for path in paths {
        let Some(folder) = path.parent() else {
            continue;
        };
        let Some((component, last)) = folder.as_str().rsplit_once('/') else {
            continue;
        };
        let component = component
            .strip_suffix("/debian-installer")
            .unwrap_or(component);
        if let Some(architecture) = last.strip_prefix("binary-") {
            components.insert(component.to_owned());
            architectures.insert(architecture.to_owned());
        } else if last == "source" {
            components.insert(component.to_owned());
        }
    }
    let given = |given: &Vec<String>, found: BTreeSet<String>| {
        if given.is_empty() {
            found.into_iter().collect()
        } else {
            given.clone()
        }
    };
    let mut components: Vec<String> = given(&options.components, components);
    if options.components.is_empty() {
        components.sort_by_key(|component| component != "main");
    }
    (components, given(&options.architectures, architectures))
}
