//! What lies in a pool, without reading any of it.

use std::fs::{self, DirEntry};
use std::path::Path;

use pkgseal_repo::SafePath;
use pkgseal_repo::publication::Stat;

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
        let full = match &directory {
            Some(directory) => root.join(directory),
            None => root.to_owned(),
        };
        let entries = fs::read_dir(&full)
            .and_then(Iterator::collect::<std::io::Result<Vec<DirEntry>>>)
            .map_err(|error| Error::read(&full, error))?;
        for looked in look_at(&entries, directory.as_ref())? {
            found.extend(looked.files);
            todo.extend(looked.directories.into_iter().map(Some));
        }
    }
    // Made of sorted runs, which this sort merges.
    found.sort_by(|a: &Found, b| a.path.cmp(&b.path));
    Ok(found)
}

/// What a part of a directory holds.
struct Looked {
    /// Sorted.
    files: Vec<Found>,
    directories: Vec<SafePath>,
}

/// Entries that are worth a thread: asking for their times takes a millisecond.
const SHARE: usize = 256;
/// Threads for one directory. More than two cost more to start than they save.
const THREADS: usize = 2;

/// Looks at the entries of a directory, at many of them side by side.
fn look_at(entries: &[DirEntry], directory: Option<&SafePath>) -> Result<Vec<Looked>> {
    let share = entries.len().div_ceil(THREADS).max(SHARE);
    let mut shares = entries.chunks(share);
    let first = shares.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| scope.spawn(move || look(share, directory)))
            .collect();
        let first = std::iter::once(look(first, directory));
        let others = others.into_iter().map(|other| {
            other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        first.chain(others).collect()
    })
}

fn look(entries: &[DirEntry], directory: Option<&SafePath>) -> Result<Looked> {
    let mut files = Vec::with_capacity(entries.len());
    let mut directories = Vec::new();
    for entry in entries {
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(Error::Repo(pkgseal_repo::Error::UnsafePath {
                reason: "it is not UTF-8",
                path: entry.path().display().to_string(),
            }));
        };
        if name.starts_with('.') || (directory.is_none() && name == "dists") {
            continue;
        }
        let path = match directory {
            Some(directory) => directory.child(name)?,
            None => SafePath::new(name)?,
        };
        // Not following links; a file that is gone meanwhile was never there.
        let Ok(mut metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_dir() {
            directories.push(path);
            continue;
        }
        let kind = Kind::of(name);
        if metadata.is_symlink() {
            match fs::metadata(entry.path()) {
                Ok(target) if target.is_dir() => continue,
                Ok(target) => metadata = target,
                // Opening it says why.
                Err(_) if kind != Kind::Other => {}
                Err(_) => continue,
            }
        }
        files.push(Found {
            path,
            kind,
            stat: Stat::of(&metadata),
        });
    }
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(Looked { files, directories })
}
