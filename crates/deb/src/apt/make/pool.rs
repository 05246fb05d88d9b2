//! What lies in a pool, without reading any of it.

use std::path::Path;

use pkgseal_repo::SafePath;
use pkgseal_repo::publication::{self, PoolEntry, Stat};

use crate::Result;

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

/// Every file beneath `below`, or beneath the root, sorted, as [`publication::walk`] finds
/// them. In a whole repository `dists` is left out.
///
/// # Errors
/// [`Error::Repo`] when a directory cannot be read, or a name is none that a client could
/// ask for.
///
/// [`Error::Repo`]: crate::Error::Repo
pub(super) fn walk(root: &Path, below: Option<&SafePath>) -> Result<Vec<Found>> {
    let wants = |entry: PoolEntry<'_>| entry.directory.is_some() || entry.name != b"dists";
    let found = publication::walk(root, below, &wants)?.files.into_iter();
    let found = found.filter_map(|file| {
        let kind = Kind::of(file.path.file_name());
        // A package or a source that cannot be read is no package less: opening it says why.
        (!file.dangling || kind != Kind::Other).then_some(Found {
            path: file.path,
            kind,
            stat: file.stat,
        })
    });
    Ok(found.collect())
}
