//! Several files replaced together or not at all, even by a process that is killed.
//!
//! No system call renames two files at once. So what is to be renamed is written down
//! first, in a journal in the directory: up to the moment it has its name nothing has
//! happened, and from then on whoever comes next completes it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};

use super::set::Ready;
use super::{Name, StagedFile, StagedSet, link, resolve_links};
use crate::destination::sync_directory;
use crate::{Error, Result, SafePath};

/// What the journal is called, in the directory of the files it is about.
const JOURNAL: &str = ".pkgseal-journal";

const TITLE: &str = "pkgseal files 1";
const END: &str = "end";

/// Bytes of a journal.
const LIMIT: u64 = 64 << 20;

/// How often a journal of somebody else is completed before we give up.
const TRIES: usize = 8;

impl StagedSet {
    /// As [`StagedSet::commit`], and all or none: a process that is killed half-way leaves
    /// a journal in `directory`, above all targets, and [`complete`] does the rest. A
    /// process that is under way is waited for.
    ///
    /// # Errors
    /// [`Error::Write`]: nothing was renamed, or, where a rename itself failed, the journal
    /// stands and [`complete`] tries again. Also for a target that is not in `directory`.
    pub fn commit_together(self, directory: &Path) -> Result<Vec<PathBuf>> {
        let ready = self.ready()?;
        let mut text = format!("{TITLE}\n");
        for file in &ready {
            let path = relative(file, directory)
                .ok_or_else(|| Error::write(&file.target, ErrorKind::InvalidInput))?;
            let temporary = file.name.0.file_name().unwrap_or_default();
            let _ = writeln!(text, "{} {path}", temporary.to_string_lossy());
        }
        let _ = writeln!(text, "{END}");
        let journal = Journal::begin(directory, &text)?;

        let mut targets = Vec::with_capacity(ready.len());
        let mut parents = BTreeSet::new();
        let mut failed = None;
        for file in ready {
            let moved = match &failed {
                None => fs::rename(&file.name.0, &file.target),
                Some(_) => Ok(()),
            };
            // What could not be renamed now keeps its name: the journal needs it.
            file.name.keep();
            if let Err(error) = moved {
                failed = Some(Error::write(&file.target, error));
            }
            parents.insert(file.parent);
            targets.push(file.target);
        }
        if let Some(error) = failed {
            return Err(error);
        }
        sync_all(&parents)?;
        journal.end()?;
        Ok(targets)
    }
}

/// Whether files in this directory were to be replaced together, and the process that did
/// it was killed, or is still at it.
pub fn unfinished(directory: &Path) -> bool {
    fs::symlink_metadata(directory.join(JOURNAL)).is_ok()
}

/// Completes what [`StagedSet::commit_together`] could not in this directory, and returns
/// the files that were renamed now. A process that is still at it is waited for.
///
/// # Errors
/// [`Error::Write`] when renaming fails; [`Error::Read`] when the journal is broken or
/// somebody else's: whoever may write to the directory could have put it there.
pub fn complete(directory: &Path) -> Result<Vec<PathBuf>> {
    let path = directory.join(JOURNAL);
    let Some(journal) = Journal::taken(directory)? else {
        return Ok(Vec::new());
    };
    let moves =
        parse(&journal.text).ok_or_else(|| invalid(&path, "it is not what pkgseal writes"))?;
    let mut renamed = Vec::new();
    let mut parents = BTreeSet::new();
    for (temporary, file) in moves {
        let target = directory.join(file);
        let failed = |error| Error::write(&target, error);
        let target = resolve_links(&target).map_err(failed)?;
        let failed = |error| Error::write(&target, error);
        let Some(parent) = target.parent() else {
            continue;
        };
        match fs::rename(parent.join(temporary), &target) {
            Ok(()) => renamed.push(target.clone()),
            // It was renamed before.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        parents.insert(parent.to_owned());
    }
    sync_all(&parents)?;
    journal.end()?;
    Ok(renamed)
}

/// The path of a target below the directory, as it was asked for.
fn relative(file: &Ready, directory: &Path) -> Option<SafePath> {
    // `file` and `./file` are the same one.
    let plain = |path: &Path| {
        path.strip_prefix(".")
            .map_or_else(|_| path.to_owned(), Path::to_owned)
    };
    let path = plain(&file.asked);
    let path = path.strip_prefix(plain(directory)).ok()?;
    SafePath::new(path.to_str()?).ok()
}

fn parse(text: &str) -> Option<Vec<(&str, SafePath)>> {
    let body = text.strip_prefix(TITLE)?.strip_prefix('\n')?;
    let body = body.strip_suffix('\n')?.strip_suffix(END)?;
    body.lines()
        .map(|line| {
            let (temporary, path) = line.split_once(' ')?;
            let random = temporary.strip_prefix(".pkgseal-")?.strip_suffix(".tmp")?;
            let safe = random.len() == 16 && random.bytes().all(|b| b.is_ascii_hexdigit());
            Some((safe.then_some(temporary)?, SafePath::new(path).ok()?))
        })
        .collect()
}

fn sync_all(directories: &BTreeSet<PathBuf>) -> Result<()> {
    directories
        .iter()
        .try_for_each(|path| sync_directory(path).map_err(|error| Error::write(path, error)))
}

fn invalid(path: &Path, reason: &'static str) -> Error {
    Error::read(path, io::Error::new(ErrorKind::InvalidData, reason))
}

/// The journal, locked by this process for as long as it is open.
struct Journal {
    /// Holds the lock.
    _file: File,
    path: PathBuf,
    directory: PathBuf,
    text: String,
}

impl Journal {
    /// Writes it. From its name on, what it says happens.
    fn begin(directory: &Path, text: &str) -> Result<Self> {
        // A path of no components is the working directory.
        let directory = match directory {
            empty if empty == Path::new("") => Path::new("."),
            directory => directory,
        };
        let path = directory.join(JOURNAL);
        let failed = |error: io::Error| Error::write(&path, error);
        let mut staged = StagedFile::create(&path)?;
        staged.write_all(text.as_bytes()).map_err(failed)?;
        let file = staged.file.try_clone().map_err(failed)?;
        flock(&file, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
        file.sync_all().map_err(failed)?;
        let give = || match &staged.name {
            Some(name) => fs::hard_link(&name.0, &path),
            None => link(&staged.file, &path),
        };
        let mut tries = 0;
        while let Err(error) = give() {
            tries += 1;
            if error.kind() != ErrorKind::AlreadyExists || tries > TRIES {
                return Err(failed(error));
            }
            complete(directory)?;
        }
        drop(staged);
        sync_directory(directory).map_err(failed)?;
        Ok(Self {
            _file: file,
            path,
            directory: directory.to_owned(),
            text: String::new(),
        })
    }

    /// Takes over one that stands there, when its process is gone.
    fn taken(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(JOURNAL);
        let failed = |error: io::Error| Error::read(&path, error);
        loop {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let file = match rustix::fs::open(&path, flags, Mode::empty()) {
                Ok(file) => File::from(file),
                Err(rustix::io::Errno::NOENT) => return Ok(None),
                Err(error) => return Err(failed(error.into())),
            };
            let found = file.metadata().map_err(failed)?;
            if !found.is_file() || found.uid() != own_user(directory)? {
                return Err(invalid(&path, "it is somebody else's"));
            }
            flock(&file, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
            // While we waited, its process may have finished and another begun.
            let same = |now: fs::Metadata| (now.dev(), now.ino()) == (found.dev(), found.ino());
            if !fs::symlink_metadata(&path).is_ok_and(same) {
                continue;
            }
            let mut text = String::new();
            let read = (&file).take(LIMIT).read_to_string(&mut text);
            read.map_err(failed)?;
            return Ok(Some(Self {
                _file: file,
                path,
                directory: directory.to_owned(),
                text,
            }));
        }
    }

    fn end(self) -> Result<()> {
        fs::remove_file(&self.path)
            .and_then(|()| sync_directory(&self.directory))
            .map_err(|error| Error::write(&self.path, error))
    }
}

/// As whom this process writes files.
fn own_user(directory: &Path) -> Result<u32> {
    let staged = StagedFile::create(&directory.join(JOURNAL).with_extension("own"))?;
    let own = staged.file.metadata().map(|file| file.uid());
    own.map_err(|error| Error::read(directory, error))
}

impl Name {
    /// Leaves the name where it is.
    fn keep(mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests;
