//! Which packages lie beneath a repository's root, without reading any of them.

use std::path::Path;

use pkgseal_repo::publication::{self, EntryKind, PoolEntry, Pooled, Stat};
use pkgseal_repo::{Finding, SafePath};

use crate::codes;
use crate::error::Result;
use crate::yum::REPODATA;

/// A package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::yum) struct Found {
    /// Relative to the repository.
    pub(in crate::yum) path: SafePath,
    pub(in crate::yum) stat: Stat,
}

/// Everything that a walk met.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// By file name, then by path: the order of the indices.
    pub(super) packages: Vec<Found>,
    /// Links to directories, which are not entered.
    pub(super) findings: Vec<Finding>,
}

/// Every `.rpm` beneath the root. Links to files are files, links to directories are not
/// entered; hidden names are left out: partial uploads have such, and so has our own state.
///
/// # Errors
/// [`Error::Repo`] when a directory cannot be read, or a name is none that a client could
/// ask for.
///
/// [`Error::Repo`]: crate::Error::Repo
pub(super) fn walk(root: &Path) -> Result<Pool> {
    let met = publication::walk(root, None, &is_wanted)?;
    let mut packages: Vec<Found> = met
        .files
        .into_iter()
        .filter(|file| file.path.file_name().ends_with(".rpm"))
        .map(|Pooled { path, stat, .. }| Found { path, stat })
        .collect();
    packages.sort_unstable_by(|a, b| {
        let by_name = a.path.file_name().cmp(b.path.file_name());
        by_name.then_with(|| a.path.cmp(&b.path))
    });
    let behind = |link: SafePath| {
        let detail = "a link to a directory: packages behind it are not listed";
        Finding::warning(codes::MAKE_LINK, link.as_str(), detail)
    };
    Ok(Pool {
        packages,
        findings: met.linked.into_iter().map(behind).collect(),
    })
}

/// Packages, directories, and links, which may lead to a directory.
fn is_wanted(entry: PoolEntry<'_>) -> bool {
    if entry.directory.is_none() && entry.name == REPODATA.as_bytes() {
        return false;
    }
    let package = entry.name.ends_with(b".rpm");
    match entry.kind {
        // What is not said may be a directory.
        EntryKind::Directory | EntryKind::Unsaid => true,
        EntryKind::File => package,
        // A name that is not UTF-8 is refused, which only a package is worth.
        EntryKind::Link => package || std::str::from_utf8(entry.name).is_ok(),
    }
}
