//! Where the suites of a repository are.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;

use pkgseal_openpgp::Examination;
use pkgseal_repo::{Finding, Root, SafePath};

use super::root::{Names, unusable};
use crate::{Error, Result, codes};

/// How deep below `dists` a suite may lie.
const MAX_DEPTH: usize = 8;

/// Whether a directory is an apt repository: it has `dists` with a suite in it, or it is
/// flat (InRelease or Release beside Packages).
///
/// # Errors
/// [`Error::Repo`] when a directory cannot be read.
pub fn recognise(root: &Root) -> Result<bool> {
    let mut ignored = Examination::new("", "");
    let suites = suites(root, &mut ignored)?;
    if suites.iter().any(Option::is_some) {
        return Ok(true);
    }
    if suites.is_empty() {
        return Ok(false);
    }
    let names = ["", ".gz", ".xz", ".bz2", ".zst", ".lzma", ".lz4"];
    for suffix in names {
        for stem in ["Packages", "Sources"] {
            if root.exists(&SafePath::new(&format!("{stem}{suffix}"))?)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The directories of the suites, `None` for a flat repository. Links to a suite that is
/// there under another name (`stable`) are left out.
pub(super) fn suites(root: &Root, examination: &mut Examination) -> Result<Vec<Option<SafePath>>> {
    let mut found = Vec::new();
    if Names::within(None)?.any_exists(root) {
        found.push(None);
    }
    let mut seen = BTreeSet::new();
    let mut todo = vec![(SafePath::new("dists")?, 0)];
    let mut links = Vec::new();
    // Real directories come before links to them, so that a suite is called by its name.
    while let Some((path, depth)) = todo.pop().or_else(|| links.pop()) {
        let directory = match root.dir(&path) {
            Ok(Some(directory)) => directory,
            Ok(None) => continue,
            Err(error) => {
                examination.report.push(unusable(path.as_str(), &error));
                continue;
            }
        };
        let read = |error| Error::read(directory.path(), error);
        let metadata = std::fs::metadata(directory.path()).map_err(read)?;
        if !seen.insert((metadata.dev(), metadata.ino())) {
            continue;
        }
        if depth > 0 && Names::within(Some(&path))?.any_exists(root) {
            found.push(Some(path));
            continue;
        }
        if depth == MAX_DEPTH {
            continue;
        }
        let mut below = Vec::new();
        for entry in std::fs::read_dir(directory.path()).map_err(read)? {
            let entry = entry.map_err(read)?;
            let kind = entry.file_type().map_err(read)?;
            // A name that is no safe path is no suite clients could ask for.
            let Some(name) = entry
                .file_name()
                .to_str()
                .and_then(|name| SafePath::new(name).ok())
            else {
                continue;
            };
            if kind.is_dir() {
                below.push((path.join(&name), depth + 1));
            } else if kind.is_symlink() && entry.path().is_dir() {
                links.push((path.join(&name), depth + 1));
            }
        }
        below.sort_by(|(a, _), (b, _)| b.cmp(a));
        todo.extend(below);
        links.sort_by(|(a, _), (b, _)| b.cmp(a));
    }
    found.sort();
    Ok(found)
}

/// The finding for a tree without any suite.
pub(super) fn none(subject: &str) -> Finding {
    let detail = "neither dists/*/InRelease nor InRelease is there";
    Finding::reject(codes::TREE_NO_SUITE, subject, detail)
}
