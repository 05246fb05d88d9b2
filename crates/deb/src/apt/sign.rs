//! Signing Releases.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Signed, Signer};
use pkgseal_repo::publication::FOLDER;
use pkgseal_repo::{
    CheckOptions, Destination, Finding, Limits, NoProgress, Outcome, Progress, Root, SafePath,
    Scaffold, Severity, copy_tree, read_file,
};

use super::discover;
use super::publish::{Lock, Sealed, Suite as Prepared, refused};
use super::root::Names;
use super::tree::{self, Suite};
use crate::{Error, Result, codes};

/// How long to wait for another publisher.
const WAIT: Duration = Duration::from_secs(60);

/// Signs a Release: InRelease and Release.gpg, all signers in each, v4 before v6.
///
/// What clients would reject is refused: the text is read as strictly as
/// [`verify_release`](super::verify_release) reads it, and its dates are judged at
/// `time`. Both outputs are verified with the public certificates before they become
/// visible; that happens as [`publish`](super::publish()) does it, under the same lock, a
/// minute waited for. Into another directory Release goes along.
///
/// # Errors
/// [`Error::Refused`] with what is wrong with the Release, [`Error::NoSigner`],
/// [`Error::Locked`]; [`Error::Repo`] and [`Error::OpenPgp`] when reading, writing or
/// signing fails. Old outputs are then whole.
pub fn sign_release(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
) -> Result<Signed> {
    if signers.is_empty() {
        return Err(Error::NoSigner);
    }
    // What is refused leaves no trace, not even of having been looked at.
    let subject = path.display().to_string();
    let seal = || {
        let text = read_file(path, limits.release)?;
        Sealed::make((path, &subject), text, signers, time, limits)
    };
    let examination = Examination::new("release", subject.clone());
    let (root, directory) = match destination {
        Destination::Directory(output) => {
            seal()?;
            destination.prepare()?;
            (output.clone(), None)
        }
        Destination::Beside => place(path)?,
    };
    let lock = Lock::take(&root, WAIT, time)?;
    let mut sealed = seal()?;
    let in_place = *destination == Destination::Beside;
    if in_place && path.file_name().is_none_or(|name| name != "Release") {
        sealed = sealed.without_text();
    }
    let suite = Prepared {
        directory,
        prefix: String::new(),
        sealed,
        indices: Vec::new(),
    };
    let options = CheckOptions {
        limits: limits.clone(),
        ..CheckOptions::default()
    };
    lock.bring_out(
        &[suite],
        signers,
        time,
        None,
        &options,
        &NoProgress,
        examination,
    )
}

/// The repository a Release stands in, and the directory of its suite there: below
/// `dists`, or the repository itself.
fn place(path: &Path) -> Result<(PathBuf, Option<SafePath>)> {
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    let parent = parent.unwrap_or(Path::new("."));
    let directory = parent
        .canonicalize()
        .map_err(|error| Error::read(path, error))?;
    let dists = directory
        .ancestors()
        .skip(1)
        .find(|above| above.file_name().is_some_and(|name| name == "dists"));
    let suite = dists.and_then(Path::parent).and_then(|root| {
        let below = directory.strip_prefix(root).ok()?.to_str()?;
        Some((root.to_owned(), Some(SafePath::new(below).ok()?)))
    });
    Ok(suite.unwrap_or((directory.clone(), None)))
}

/// Signs every suite of a repository, after following each down to the last file it
/// lists: what would be rejected is not signed.
///
/// Suites become visible one after the other, as [`publish`](super::publish()) does it,
/// under the same lock, a minute waited for. Into another directory the whole repository
/// goes along as a copy, the signed roots last.
///
/// # Errors
/// [`Error::Refused`] with everything that is wrong with the repository; else as
/// [`sign_release`].
pub fn sign_tree(
    root: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Signed> {
    if signers.is_empty() {
        return Err(Error::NoSigner);
    }
    let path = root;
    let apart = destination.apart_from(path)?;
    // In place, nobody may publish while we look.
    let held = match apart {
        None => Some(Lock::take(path, WAIT, time)?),
        Some(_) => None,
    };
    let root = Root::open(path)?;
    let limits = &options.limits;
    let mut examination = Examination::new(tree::KIND, path.display().to_string());
    let found = discover::suites(&root, &mut examination)?;
    if found.is_empty() {
        return Err(refused(path, vec![discover::none(&examination.subject)]));
    }
    let mut suites = Vec::new();
    let mut prepared = Vec::new();
    for directory in found {
        let names = Names::within(directory.as_ref())?;
        let Some(text) = root.read(&names.release, limits.release)? else {
            let detail = "there is no Release to sign";
            let finding = Finding::reject(codes::RELEASE_MISSING, names.release.as_str(), detail);
            return Err(refused(path, vec![finding]));
        };
        let full = path.join(names.release.as_str());
        let subject = full.display().to_string();
        let sealed = Sealed::make((&full, &subject), text, signers, time, limits)?;
        suites.push(Suite {
            directory: directory.clone(),
            release: sealed.release().clone(),
        });
        let prefix = names
            .release
            .as_str()
            .trim_end_matches("Release")
            .to_owned();
        prepared.push(Prepared {
            directory,
            prefix,
            sealed,
            indices: Vec::new(),
        });
    }
    tree::follow(&root, &suites, options, progress, &mut examination)?;
    if examination.outcome() != Outcome::Accepted {
        examination.report.sort();
        let mut findings = examination.report.findings;
        findings.retain(|finding| finding.severity >= Severity::Undecided);
        return Err(refused(path, findings));
    }
    let mut scaffold = Scaffold::default();
    let lock = match held {
        Some(lock) => lock,
        None => {
            let output = apart.unwrap_or(path);
            let mut left_out = BTreeSet::from([SafePath::new(FOLDER)?]);
            for suite in &prepared {
                let names = Names::within(suite.directory.as_ref())?;
                left_out.extend([names.inrelease, names.signature]);
            }
            scaffold.directory(output)?;
            let lock = Lock::take(output, WAIT, time)?;
            copy_tree(&mut scaffold, path, output, &left_out)?;
            lock
        }
    };
    let signed = lock.bring_out(
        &prepared,
        signers,
        time,
        None,
        options,
        progress,
        examination,
    );
    if signed.is_ok() {
        scaffold.keep();
    }
    signed
}
