//! Several outputs that form one change.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use rayon::prelude::*;

use super::{Name, StagedFile};
use crate::destination::sync_directory;
use crate::{Error, Result};

/// Descriptors a set may hold; a process has 1024 by default.
const MAX_OPEN: usize = 512;

/// From so many files or directories on, one sync of their file system is cheaper than one
/// of each.
const MANY: usize = 16;

/// Several staged files that become visible in a given order, the last one last: every
/// file is fsynced before the first rename.
#[derive(Debug, Default)]
pub struct StagedSet {
    /// Synced, named and closed, or failed at that; the set then fails when it is committed.
    settled: Vec<Result<Ready>>,
    /// Those that came after them.
    open: Vec<StagedFile>,
}

/// A file that only has to be renamed.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) name: Name,
    /// The path it was created for.
    pub(super) asked: PathBuf,
    pub(super) target: PathBuf,
    pub(super) parent: PathBuf,
}

impl Ready {
    /// A synced file gets its temporary name and is closed.
    fn new(mut file: StagedFile, synced: io::Result<()>) -> Result<Self> {
        let named = synced.and_then(|()| file.give_name());
        let StagedFile {
            asked,
            target,
            parent,
            ..
        } = file;
        match named {
            Ok(name) => Ok(Self {
                name,
                asked,
                target,
                parent,
            }),
            Err(error) => Err(Error::write(&target, error)),
        }
    }
}

/// Writes every file to the disk; many of one file system all at once (`syncfs`).
fn sync(files: &[StagedFile]) -> Vec<io::Result<()>> {
    if files.len() >= MANY && sync_file_system(files).is_ok() {
        return files.iter().map(|_| Ok(())).collect();
    }
    // One by one, also to learn which of them it was that failed.
    files.par_iter().map(|file| file.file.sync_all()).collect()
}

fn sync_file_system(files: &[StagedFile]) -> io::Result<()> {
    let mut devices = Devices::default();
    files.iter().try_for_each(|file| devices.sync(&file.file))
}

/// File systems that were synced.
#[derive(Default)]
struct Devices(BTreeSet<u64>);

impl Devices {
    /// Syncs the file system of a file, once.
    #[cfg(target_os = "linux")]
    fn sync(&mut self, file: &File) -> io::Result<()> {
        use std::os::unix::fs::MetadataExt as _;
        if self.0.insert(file.metadata()?.dev()) {
            // Since Linux 5.8 it reports what could not be written.
            rustix::fs::syncfs(file)?;
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn sync(&mut self, _: &File) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Makes renames durable; those in many directories all at once.
fn sync_directories(directories: BTreeSet<PathBuf>) -> Result<()> {
    if directories.len() >= MANY {
        let mut devices = Devices::default();
        let mut all = directories.iter();
        if all.all(|path| {
            File::open(path)
                .and_then(|file| devices.sync(&file))
                .is_ok()
        }) {
            return Ok(());
        }
    }
    directories.into_par_iter().try_for_each(|directory| {
        sync_directory(&directory).map_err(|error| Error::write(&directory, error))
    })
}

impl StagedSet {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file; commit order is insertion order. A set of more than 500 files
    /// syncs and closes the earlier ones, under temporary names.
    pub fn push(&mut self, file: StagedFile) {
        self.open.push(file);
        if self.open.len() == MAX_OPEN {
            self.settle();
        }
    }

    /// Syncs in parallel, so that the file system joins the syncs. Names are given when
    /// all are synced: a process killed while it waits for the disk leaves none behind.
    fn settle(&mut self) {
        let open = std::mem::take(&mut self.open);
        let synced = sync(&open);
        let ready = open
            .into_par_iter()
            .zip(synced)
            .map(|(file, synced)| Ready::new(file, synced));
        self.settled.par_extend(ready);
    }

    /// Takes over another set's files, after its own.
    pub fn append(&mut self, other: Self) {
        if !other.settled.is_empty() {
            self.settle();
            self.settled.extend(other.settled);
        }
        other.open.into_iter().for_each(|file| self.push(file));
    }

    /// All files, synced and named.
    pub(super) fn ready(mut self) -> Result<Vec<Ready>> {
        self.settle();
        self.settled.into_iter().collect()
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.settled.len() + self.open.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.settled.is_empty() && self.open.is_empty()
    }

    /// Fsyncs all, renames all in order, fsyncs the directories. Returns the targets.
    ///
    /// Everything that is likely to fail (a full disk, a name that cannot be made) fails
    /// before the first rename.
    ///
    /// # Errors
    /// [`Error::Write`]; files not yet renamed are discarded.
    pub fn commit(self) -> Result<Vec<PathBuf>> {
        let ready = self.ready()?;
        let mut targets = Vec::with_capacity(ready.len());
        let mut parents = BTreeSet::new();
        for Ready {
            name,
            target,
            parent,
            ..
        } in ready
        {
            name.rename(&target)
                .map_err(|error| Error::write(&target, error))?;
            parents.insert(parent);
            targets.push(target);
        }
        sync_directories(parents)?;
        Ok(targets)
    }
}
