//! Which packages lie beneath a repository's root, without reading any of them.

use std::fs;
use std::io;
use std::path::Path;

use pkgseal_repo::publication::Stat;
use pkgseal_repo::{Finding, SafePath};

use crate::codes;
use crate::error::{Error, Result};
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
pub(super) fn walk(root: &Path) -> Result<Pool> {
    let mut pool = Pool::default();
    let mut todo = vec![None];
    while let Some(directory) = todo.pop() {
        one(root, directory.as_ref(), &mut pool, &mut todo)?;
    }
    pool.packages.sort_unstable_by(|a, b| {
        let order = |found: &Found| found.path.file_name().to_owned();
        order(a).cmp(&order(b)).then_with(|| a.path.cmp(&b.path))
    });
    pool.findings.sort();
    Ok(pool)
}

fn one(
    root: &Path,
    directory: Option<&SafePath>,
    pool: &mut Pool,
    todo: &mut Vec<Option<SafePath>>,
) -> Result<()> {
    let full = directory.map_or_else(|| root.to_owned(), |directory| root.join(directory));
    let failed = |error: io::Error| Error::read(&full, error);
    for entry in fs::read_dir(&full).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            if name.as_encoded_bytes().ends_with(b".rpm") || kind.is_dir() {
                return Err(Error::Repo(pkgseal_repo::Error::UnsafePath {
                    reason: "it is not UTF-8",
                    path: entry.path().display().to_string(),
                }));
            }
            continue;
        };
        let ours = directory.is_none() && name == REPODATA;
        let package = name.ends_with(".rpm");
        if name.starts_with('.') || ours || !(kind.is_dir() || kind.is_symlink() || package) {
            continue;
        }
        let path = match directory {
            Some(directory) => SafePath::new(&format!("{directory}/{name}"))?,
            None => SafePath::new(name)?,
        };
        if kind.is_dir() {
            todo.push(Some(path));
            continue;
        }
        // A file that is gone meanwhile was never there.
        let Ok(mut metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_symlink() {
            match fs::metadata(entry.path()) {
                Ok(target) if target.is_dir() => {
                    let detail = "a link to a directory: packages behind it are not listed";
                    let finding = Finding::warning(codes::MAKE_LINK, path.as_str(), detail);
                    pool.findings.push(finding);
                    continue;
                }
                Ok(target) => metadata = target,
                // Opening it says why.
                Err(_) => {}
            }
        }
        if package {
            let stat = Stat::of(&metadata);
            pool.packages.push(Found { path, stat });
        }
    }
    Ok(())
}
