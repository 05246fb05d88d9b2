//! Packages edited in place, crash-safe: nothing but the head of a file is written, at most
//! some kilobytes, whatever the size of its payload.
//!
//! Heads are not written atomically. So the old and the new heads of some packages go into
//! a journal in their directory first; when that is on the disk, the new heads are written,
//! and when those are, the journal goes. Whoever finds a journal that nobody holds does
//! what it says: every package is then whole, and signed. A process holds its journals, and
//! the packages it edits, by flock(2).
//!
//! One journal serves many packages, and the heads of a whole run are synced at once: what
//! it costs to wait for the disk hardly depends on the number of packages.

mod journal;
mod recover;

use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;
use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use pkgseal_openpgp::{Examination, Signed};
use pkgseal_repo::{DigestAlgorithm, sync_directory};

use self::journal::{Record, State};
use super::read::Head;
use super::verify::read_error;
use super::writing::Times;
use crate::editor::{Edited, padding};
use crate::error::{Error, Result};
use crate::lead;

pub(crate) use recover::unfinished;
pub use recover::{Completed, recover};

/// What the names of journals begin and end with.
const PREFIX: &str = ".pkgseal-";
const SUFFIX: &str = ".rpm-journal";

/// Up to so many packages are synced one by one, which does not wait for what others write
/// to the same file system.
const FEW: usize = 16;

/// Journals that may wait for the disk.
const MAX_PENDING: usize = 64;

/// What tells that a file is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}

/// A package that is open for editing in place, and held.
#[derive(Debug)]
pub(crate) struct Place {
    file: File,
    stamp: Stamp,
    /// Other names of the file.
    pub(crate) links: u64,
}

impl Place {
    /// Opens a regular file for reading and writing and holds it; `None` where it may not
    /// be written to.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>> {
        let file = match File::options().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if refused(&error) => return Ok(None),
            Err(error) => return Err(read_error(path, error)),
        };
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(Error::Busy {
                    path: path.to_owned(),
                });
            }
            // File systems without locks.
            Err(_) => {}
        }
        let looked = Stamp::of(&file).and_then(|stamp| Ok((stamp, file.metadata()?.nlink())));
        let (stamp, links) = looked.map_err(|error| read_error(path, error))?;
        Ok(Some(Self { file, stamp, links }))
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn length(&self) -> u64 {
        self.stamp.size
    }
}

/// Whether a file may be read but not written to, as far as an error tells.
fn refused(error: &io::Error) -> bool {
    use io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::ExecutableFileBusy
    ) || error.raw_os_error() == Some(Errno::PERM.raw_os_error())
}

/// A package with a new signature header that was checked and is not yet written. It is
/// held until [`InPlace::write`].
#[derive(Debug)]
pub struct Edit {
    path: PathBuf,
    directory: PathBuf,
    place: Place,
    record: Record,
    times: Times,
    examination: Examination,
}

/// Everything before the main header, with the new signature header in it.
pub(crate) fn new_front(head: &Head, edited: &Edited) -> Vec<u8> {
    let mut front = Vec::with_capacity(lead::LENGTH + edited.header.len() + 8);
    front.extend_from_slice(head.lead());
    front.extend_from_slice(&edited.header);
    front.resize(front.len() + padding(edited.header.len()), 0);
    front
}

impl Edit {
    pub(crate) fn new(
        path: &Path,
        place: Place,
        head: &Head,
        edited: &Edited,
        times: Times,
        examination: Examination,
    ) -> Result<Self> {
        let (directory, name) = real(path).map_err(|error| read_error(path, error))?;
        let old = head.bytes().get(..head.main_range().start);
        let record = Record {
            name,
            size: place.stamp.size,
            old: old.unwrap_or_default().to_vec(),
            new: new_front(head, edited),
            main: head.main().len() as u64,
            digest: DigestAlgorithm::Sha256.digest(head.main()),
        };
        Ok(Self {
            path: path.to_owned(),
            directory,
            place,
            record,
            times,
            examination,
        })
    }

    /// What was found when the package was checked as it will be.
    pub fn examination(&self) -> &Examination {
        &self.examination
    }

    fn failed(&self, source: impl Into<io::Error>) -> Error {
        pkgseal_repo::Error::Write {
            path: self.path.clone(),
            source: source.into(),
        }
        .into()
    }

    fn not_written(&self, error: io::Error, untouched: bool) -> Error {
        let unsupported = matches!(
            error.kind(),
            io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput
        );
        if untouched && unsupported {
            return Error::NotInPlace {
                path: self.path.clone(),
                reason: "its file system inserts no blocks at the start of a file",
            };
        }
        self.failed(error)
    }

    /// Whether the file is the one that was checked.
    fn is_as_checked(&self) -> bool {
        Stamp::of(&self.place.file).is_ok_and(|now| now == self.place.stamp)
    }
}

/// The directory and the name a path stands for, links resolved.
fn real(path: &Path) -> io::Result<(PathBuf, OsString)> {
    let path = if fs::symlink_metadata(path)?.is_symlink() {
        path.canonicalize()?
    } else {
        path.to_owned()
    };
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    Ok((directory.to_owned(), name.to_owned()))
}

/// A journal that was acted upon, and waits for the heads to be on the disk.
#[derive(Debug)]
struct Pending {
    path: PathBuf,
    /// Holds the journal.
    file: File,
    /// The packages, while they are few.
    packages: Vec<File>,
    count: usize,
    /// Whether everything it says was done.
    done: bool,
}

/// Edits packages in place, for as long as a run lasts. Share it between threads.
///
/// Dropped before [`InPlace::finish`], it leaves journals behind, and the next run
/// completes what they say.
#[derive(Debug, Default)]
pub struct InPlace {
    pending: Mutex<Vec<Pending>>,
}

impl InPlace {
    /// For a run.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes the heads of packages: first into a journal, one for each directory, then
    /// into the packages. When it returns, the change is visible, and lasts: what a crash
    /// or a power cut leaves undone, [`recover`] completes. Results are in order.
    ///
    /// # Errors
    /// For each package: [`Error::Changed`] when the file is no longer what was checked,
    /// or what writing may give. It is untouched then, or a journal completes it.
    pub fn write(&self, edits: Vec<Edit>) -> Vec<Result<Signed>> {
        let mut results: Vec<Option<Result<Signed>>> = Vec::new();
        results.resize_with(edits.len(), || None);
        let mut waiting: Vec<(usize, Edit)> = edits.into_iter().enumerate().collect();
        while let Some((_, first)) = waiting.first() {
            let directory = first.directory.clone();
            let (batch, others) = waiting
                .into_iter()
                .partition(|(_, edit)| edit.directory == directory);
            waiting = others;
            self.write_in(&directory, batch, |at, result| {
                if let Some(slot) = results.get_mut(at) {
                    *slot = Some(result);
                }
            });
        }
        if self.count() >= MAX_PENDING {
            // What fails now is tried again at the end, or by the next run.
            let _ = self.settle();
        }
        results.into_iter().flatten().collect()
    }

    fn count(&self) -> usize {
        self.pending.lock().map_or(0, |pending| pending.len())
    }

    /// Writes the packages of one directory.
    fn write_in(
        &self,
        directory: &Path,
        batch: Vec<(usize, Edit)>,
        mut tell: impl FnMut(usize, Result<Signed>),
    ) {
        let (good, changed): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .partition(|(_, edit)| edit.is_as_checked());
        for (at, edit) in changed {
            tell(at, Err(Error::Changed { path: edit.path }));
        }
        if good.is_empty() {
            return;
        }
        let records: Vec<Record> = good.iter().map(|(_, edit)| edit.record.clone()).collect();
        let (path, file) = match begin(directory, &records) {
            Ok(begun) => begun,
            Err(error) => {
                let kind = error.kind();
                let mut first = Some(error);
                for (at, edit) in good {
                    let error = first.take().unwrap_or_else(|| kind.into());
                    tell(at, Err(edit.failed(error)));
                }
                return;
            }
        };
        let mut pending = Pending {
            path,
            file,
            packages: Vec::new(),
            count: good.len(),
            done: true,
        };
        for (at, edit) in good {
            if let Err(error) = write_head(&edit) {
                // Half a head is worse than none: what cannot be undone stays in the journal.
                let file = &edit.place.file;
                let untouched = matches!(edit.record.state(file), Ok(State::Old));
                pending.done &= untouched || edit.record.undo(file).is_ok();
                tell(at, Err(edit.not_written(error, untouched)));
                continue;
            }
            let Edit {
                path,
                place,
                examination,
                ..
            } = edit;
            if pending.count <= FEW {
                pending.packages.push(place.file);
            }
            let outputs = vec![path];
            tell(
                at,
                Ok(Signed {
                    outputs,
                    examination,
                }),
            );
        }
        if let Ok(mut all) = self.pending.lock() {
            all.push(pending);
        }
    }

    /// Waits until every head is on the disk, and takes the journals away.
    ///
    /// # Errors
    /// [`Error::Repo`] when the disk fails, or a head could be written only in part:
    /// journals that are still needed stay.
    pub fn finish(self) -> Result<()> {
        self.settle()
    }

    fn settle(&self) -> Result<()> {
        let pending = match self.pending.lock() {
            Ok(mut pending) => std::mem::take(&mut *pending),
            Err(_) => return Ok(()),
        };
        if pending.is_empty() {
            return Ok(());
        }
        let failed = |path: &Path, source: io::Error| -> Error {
            pkgseal_repo::Error::Write {
                path: path.to_owned(),
                source,
            }
            .into()
        };
        sync(&pending).map_err(|(path, error)| failed(&path, error))?;
        let mut directories = Vec::new();
        let mut left = None;
        for one in &pending {
            if !one.done {
                left.get_or_insert_with(|| one.path.clone());
                continue;
            }
            fs::remove_file(&one.path).map_err(|error| failed(&one.path, error))?;
            let directory = one.path.parent().unwrap_or(Path::new("."));
            if !directories.contains(&directory) {
                directories.push(directory);
            }
        }
        // A journal that came back after a power cut would redo what was undone since.
        directories.into_par_iter().try_for_each(|directory| {
            sync_directory(directory).map_err(|e| failed(directory, e))
        })?;
        match left {
            None => Ok(()),
            Some(journal) => Err(Error::Unfinished { journal }),
        }
    }
}

fn write_head(edit: &Edit) -> io::Result<()> {
    let file = &edit.place.file;
    let times = match edit.times {
        Times::Now => None,
        Times::Keep => {
            let old = file.metadata()?;
            let times = fs::FileTimes::new();
            Some(
                times
                    .set_accessed(old.accessed()?)
                    .set_modified(old.modified()?),
            )
        }
    };
    edit.record.apply(file, State::Old)?;
    times.map_or(Ok(()), |times| file.set_times(times))
}

/// Writes a journal and holds it: it is complete and held from the moment it has a name.
fn begin(directory: &Path, records: &[Record]) -> io::Result<(PathBuf, File)> {
    let random = std::hash::RandomState::new().build_hasher().finish();
    let path = directory.join(format!("{PREFIX}{random:016x}{SUFFIX}"));
    let (mut file, temporary) = create(directory, random)?;
    let written = file
        .write_all(&journal::encode(records))
        .and_then(|()| hold(&file))
        .and_then(|()| match &temporary {
            None => {
                let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
                let follow = AtFlags::SYMLINK_FOLLOW;
                Ok(rustix::fs::linkat(CWD, descriptor, CWD, &path, follow)?)
            }
            Some(temporary) => fs::rename(temporary, &path),
        })
        .and_then(|()| file.sync_all())
        .and_then(|()| sync_directory(directory));
    if let Err(error) = written {
        // No package was touched.
        let _ = fs::remove_file(temporary.as_ref().unwrap_or(&path));
        let _ = fs::remove_file(&path);
        return Err(error);
    }
    Ok((path, file))
}

/// A file without a name, or with a temporary one where the file system has none such.
fn create(directory: &Path, random: u64) -> io::Result<(File, Option<PathBuf>)> {
    let mode = Mode::RUSR | Mode::WUSR;
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    if let Ok(file) = rustix::fs::open(directory, flags, mode) {
        return Ok((file.into(), None));
    }
    let path = directory.join(format!("{PREFIX}{random:016x}.tmp"));
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
    Ok((rustix::fs::open(&path, flags, mode)?.into(), Some(path)))
}

fn hold(file: &File) -> io::Result<()> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(Errno::WOULDBLOCK.into()),
        // File systems without locks.
        _ => Ok(()),
    }
}

/// Few packages one by one, many by file system.
fn sync(pending: &[Pending]) -> Result<(), (PathBuf, io::Error)> {
    let count: usize = pending.iter().map(|one| one.count).sum();
    if count <= FEW {
        return pending.par_iter().try_for_each(|one| {
            let mut packages = one.packages.iter();
            packages
                .try_for_each(File::sync_data)
                .map_err(|error| (one.path.clone(), error))
        });
    }
    let mut devices = Vec::new();
    for one in pending {
        let synced = one.file.metadata().and_then(|found| {
            if !devices.contains(&found.dev()) {
                devices.push(found.dev());
                // Since Linux 5.8 it reports what could not be written.
                rustix::fs::syncfs(&one.file)?;
            }
            Ok(())
        });
        synced.map_err(|error| (one.path.clone(), error))?;
    }
    Ok(())
}
