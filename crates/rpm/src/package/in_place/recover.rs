//! Completes what a killed run left half-done.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;

use pkgseal_repo::{Finding, read_file, sync_directory};

use super::journal::{self, Record, State};
use super::{PREFIX, SUFFIX};
use crate::codes;
use crate::error::{Error, Result};

/// Bytes of a journal.
const LIMIT: u64 = 1 << 30;

/// What became of one package of an interrupted run.
#[derive(Clone, Debug)]
pub struct Completed {
    /// The package.
    pub path: PathBuf,
    /// What was done: a note where it was completed or had been, a warning where it was
    /// left alone.
    pub finding: Finding,
}

/// Completes what interrupted runs have left half-done in a directory: every package they
/// were about is signed afterwards, unless it is another one by now. Journals that a
/// running process holds are left to it.
///
/// # Errors
/// [`Error::Read`] and [`Error::Repo`]: the journal stays.
pub fn recover(directory: &Path) -> Result<Vec<Completed>> {
    let mut completed = Vec::new();
    for path in journals(directory)? {
        let Some((journal, records)) = open(&path)? else {
            continue;
        };
        let failed = |source| -> Error {
            pkgseal_repo::Error::Write {
                path: path.clone(),
                source,
            }
            .into()
        };
        // One that is cut short was never acted upon.
        for record in records.unwrap_or_default() {
            let package = directory.join(&record.name);
            let state = complete(&package, &record).map_err(|source| -> Error {
                pkgseal_repo::Error::Write {
                    path: package.clone(),
                    source,
                }
                .into()
            })?;
            completed.push(Completed {
                finding: told(state, &package),
                path: package,
            });
        }
        fs::remove_file(&path).map_err(failed)?;
        sync_directory(directory).map_err(failed)?;
        drop(journal);
    }
    Ok(completed)
}

/// The journal that a package waits for: it was being edited in place, and its head may be
/// half old and half new.
pub(crate) fn unfinished(package: &Path) -> Option<Finding> {
    let (directory, name) = super::real(package).ok()?;
    let about = |path: &PathBuf| {
        let bytes = read_file(path, LIMIT).ok()?;
        let records = journal::decode(&bytes)?;
        let record = named(&records, &name)?;
        let state = record.state(&File::open(package).ok()?).ok()?;
        matches!(state, State::Torn | State::Shifted).then_some(())
    };
    let journal = journals(&directory)
        .ok()?
        .into_iter()
        .find(|path| about(path).is_some())?;
    Some(
        Finding::reject(
            codes::UNFINISHED,
            package.display().to_string(),
            format!(
                "signing it in place was interrupted; {} completes it",
                journal.display()
            ),
        )
        .hint("pkgseal rpm recover DIRECTORY"),
    )
}

fn named<'a>(records: &'a [Record], name: &OsStr) -> Option<&'a Record> {
    records.iter().find(|record| record.name == name)
}

fn journals(directory: &Path) -> Result<Vec<PathBuf>> {
    let read = |source| Error::Read {
        path: directory.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(read)? {
        let entry = entry.map_err(read)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// A journal that nobody holds, held from now on, and its records if it is whole.
fn open(path: &Path) -> Result<Option<(File, Option<Vec<Record>>)>> {
    let read = |source: io::Error| Error::Read {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        // Completed by somebody else.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(read)?,
    };
    // Any other error: a file system without locks.
    let held = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive);
    if held == Err(Errno::WOULDBLOCK) || !path.exists() {
        return Ok(None);
    }
    let bytes = read_file(path, LIMIT)?;
    Ok(Some((file, journal::decode(&bytes))))
}

/// `None` when there is no such package any more.
fn complete(package: &Path, record: &Record) -> io::Result<Option<State>> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(package, flags, rustix::fs::Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT | Errno::LOOP | Errno::ISDIR | Errno::NXIO) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    rustix::fs::flock(&file, FlockOperation::LockExclusive).or_else(|errno| match errno {
        Errno::INTR => Err(errno),
        // File systems without locks.
        _ => Ok(()),
    })?;
    let state = record.state(&file)?;
    record.apply(&file, state)?;
    if state != State::Other {
        file.sync_all()?;
    }
    Ok(Some(state))
}

fn told(state: Option<State>, package: &Path) -> Finding {
    let subject = package.display().to_string();
    match state {
        Some(State::Old | State::Shifted | State::Torn) => Finding::note(
            codes::COMPLETED,
            subject,
            "its interrupted signing was completed",
        ),
        Some(State::New) => Finding::note(
            codes::COMPLETED,
            subject,
            "it was signed before the run was interrupted",
        ),
        Some(State::Other) => Finding::warning(
            codes::OVERTAKEN,
            subject,
            "it was changed after its signing had been interrupted, and is left as it is",
        ),
        None => Finding::warning(
            codes::OVERTAKEN,
            subject,
            "it is gone since its signing was interrupted",
        ),
    }
}
