//! What lies in a pool, without reading any of it.

use std::ffi::{CStr, OsStr};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread::ScopedJoinHandle;

use pkgseal_repo::SafePath;
use pkgseal_repo::publication::Stat;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, statat};
use rustix::io::Errno;

use crate::{Error, Result};

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A .deb.
    Package,
    /// A .udeb: a package for the installer, with indices of its own.
    Installer,
    /// A .dsc.
    Source,
    Other,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name.rsplit_once('.') {
            Some((_, "deb")) => Self::Package,
            Some((_, "udeb")) => Self::Installer,
            Some((_, "dsc")) => Self::Source,
            _ => Self::Other,
        }
    }
}

/// A file of the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Relative to the repository.
    pub(super) path: SafePath,
    pub(super) kind: Kind,
    pub(super) stat: Stat,
}

/// Every file beneath `below`, or beneath the root, sorted. Links to files are files,
/// links to directories are not entered; hidden names are left out: partial uploads have
/// such, and so has our own state. In a whole repository `dists` is left out.
///
/// # Errors
/// [`Error::Repo`] when a directory cannot be read, or a name is none that a client could
/// ask for.
pub(super) fn walk(root: &Path, below: Option<&SafePath>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut todo = vec![below.cloned()];
    while let Some(directory) = todo.pop() {
        for looked in look_into(root, directory.as_ref())? {
            todo.extend(looked.directories.into_iter().map(Some));
            if found.is_empty() {
                found = looked.files;
            } else {
                found.extend(looked.files);
            }
        }
    }
    // Made of sorted runs, which this sort merges.
    found.sort_by(|a: &Found, b| a.path.cmp(&b.path));
    Ok(found)
}

/// What a part of a directory holds.
#[derive(Default)]
struct Looked {
    /// Sorted.
    files: Vec<Found>,
    directories: Vec<SafePath>,
}

/// Bytes of names that the system tells at once; several hundred names.
const TOLD: usize = 32 << 10;
/// Entries that are worth a thread: asking for their times takes half a millisecond.
const SHARE: usize = 256;

/// Looks at all entries of a directory. In a large one a second thread asks for the times
/// of what was told first while this one goes on; more threads cost more to start than
/// they save.
fn look_into(root: &Path, directory: Option<&SafePath>) -> Result<Vec<Looked>> {
    let full = match directory {
        Some(directory) => root.join(directory),
        None => root.to_owned(),
    };
    let unread = |error: Errno| Error::read(&full, error.into());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(&full, flags, Mode::empty()).map_err(unread)?;
    let asked = Asked {
        folder: opened.as_fd(),
        path: directory,
        full: &full,
    };
    let mut told = Vec::with_capacity(TOLD);
    let mut entries = RawDir::new(opened.as_fd(), told.spare_capacity_mut());
    std::thread::scope(|scope| {
        let mut looked = Vec::new();
        let mut second: Option<ScopedJoinHandle<'_, Result<Looked>>> = None;
        loop {
            let (names, is_last) = Names::next(&mut entries).map_err(unread)?;
            if let Some(done) = second.take_if(|second| second.is_finished()) {
                looked.push(joined(done)?);
            }
            if second.is_none() && names.count >= SHARE && !is_last {
                second = Some(scope.spawn(move || asked.look(&names)));
            } else {
                looked.push(asked.look(&names)?);
            }
            if is_last {
                break;
            }
        }
        looked.extend(second.map(joined).transpose()?);
        Ok(looked)
    })
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Names of a directory, each ended by a NUL.
#[derive(Default)]
struct Names {
    bytes: Vec<u8>,
    count: usize,
}

impl Names {
    /// What the system tells at once, and whether there is nothing more.
    fn next<Fd: AsFd>(entries: &mut RawDir<'_, Fd>) -> rustix::io::Result<(Self, bool)> {
        let mut names = Self::default();
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes_with_nul();
            // `.`, `..`, and all that is hidden.
            if !name.starts_with(b".") {
                if names.count == 0 {
                    names.bytes.reserve_exact(TOLD);
                }
                names.bytes.extend_from_slice(name);
                names.count += 1;
            }
            if entries.is_buffer_empty() {
                return Ok((names, false));
            }
        }
        Ok((names, true))
    }
}

/// A directory, open to be asked about its entries.
#[derive(Clone, Copy)]
struct Asked<'a> {
    folder: BorrowedFd<'a>,
    /// Relative to the repository.
    path: Option<&'a SafePath>,
    /// Where it lies, for messages.
    full: &'a Path,
}

impl Asked<'_> {
    fn look(self, names: &Names) -> Result<Looked> {
        let mut looked = Looked::default();
        looked.files.reserve_exact(names.count);
        for name in names.bytes.split_inclusive(|byte| *byte == 0) {
            if let Ok(name) = CStr::from_bytes_with_nul(name) {
                self.look_at(name, &mut looked)?;
            }
        }
        looked.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(looked)
    }

    fn look_at(self, entry: &CStr, looked: &mut Looked) -> Result<()> {
        let Ok(name) = entry.to_str() else {
            let path = self.full.join(OsStr::from_bytes(entry.to_bytes()));
            return Err(Error::Repo(pkgseal_repo::Error::UnsafePath {
                reason: "it is not UTF-8",
                path: path.display().to_string(),
            }));
        };
        let path = match self.path {
            None if name == "dists" => return Ok(()),
            None => SafePath::new(name)?,
            Some(directory) => directory.child(name)?,
        };
        // Not following links; a file that is gone meanwhile was never there.
        let Ok(mut status) = statat(self.folder, entry, AtFlags::SYMLINK_NOFOLLOW) else {
            return Ok(());
        };
        let kind = Kind::of(name);
        match FileType::from_raw_mode(status.st_mode) {
            FileType::Directory => {
                looked.directories.push(path);
                return Ok(());
            }
            FileType::Symlink => match statat(self.folder, entry, AtFlags::empty()) {
                Ok(target) if FileType::from_raw_mode(target.st_mode).is_dir() => return Ok(()),
                Ok(target) => status = target,
                // Opening it says why.
                Err(_) if kind != Kind::Other => {}
                Err(_) => return Ok(()),
            },
            _ => {}
        }
        looked.files.push(Found {
            path,
            kind,
            stat: Stat::of_status(&status),
        });
        Ok(())
    }
}
