//! Takes a repository along into an output directory.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use pkgseal_repo::{Error as RepoError, Root, SafePath, StagedFile, create_directory};

use super::REPOMD;
use crate::error::{Error, Result};

/// Whether output goes to another directory than the repository's own. One inside it would
/// be part of the repository next time.
///
/// # Errors
/// [`Error::OutputInside`].
pub(super) fn is_elsewhere(root: &Path, output: &Path) -> Result<bool> {
    let real = |path: &Path| {
        path.canonicalize().map_err(|source| RepoError::Read {
            path: path.to_owned(),
            source,
        })
    };
    let root = real(root)?;
    let existing = output
        .ancestors()
        .find(|folder| !folder.as_os_str().is_empty() && folder.exists())
        .unwrap_or(Path::new("."));
    let existing = real(existing)?;
    if existing == root && output.exists() {
        return Ok(false);
    }
    if existing.starts_with(&root) {
        return Err(Error::OutputInside {
            path: output.to_owned(),
        });
    }
    Ok(true)
}

/// What was made in the output directory; taken away again unless it is kept.
#[derive(Default)]
pub(super) struct Scaffold {
    files: Vec<PathBuf>,
    /// In the order they were made.
    folders: Vec<PathBuf>,
}

impl Drop for Scaffold {
    fn drop(&mut self) {
        // What cannot be removed stays: the error that brought us here is reported.
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

impl Scaffold {
    /// Everything stays.
    pub(super) fn keep(mut self) {
        self.files.clear();
        self.folders.clear();
    }

    /// Makes a directory and those above it that are missing.
    pub(super) fn folder(&mut self, folder: &Path) -> Result<()> {
        let missing: Vec<_> = folder
            .ancestors()
            .take_while(|f| !f.as_os_str().is_empty() && !f.exists())
            .map(Path::to_owned)
            .collect();
        self.folders.extend(missing.into_iter().rev());
        Ok(create_directory(folder)?)
    }

    /// Links or copies every file of the repository but `repomd.xml` and what belongs to
    /// it, which follow when the rest is there.
    pub(super) fn copy(&mut self, root: &Root, from: &Path, to: &Path) -> Result<()> {
        let mut folders = std::collections::BTreeSet::new();
        for (path, _) in root.walk(None)? {
            let path = path?;
            if path.as_str().starts_with(REPOMD) {
                continue;
            }
            let target = to.join(path.as_str());
            if let Some(folder) = target.parent()
                && folders.insert(folder.to_owned())
            {
                self.folder(folder)?;
            }
            let is_new = !target.exists();
            if !linked(&from.join(path.as_str()), &target) {
                copy_one(root, &path, &target)?;
            }
            if is_new {
                self.files.push(target);
            }
        }
        folders.iter().try_for_each(|folder| sync(folder))
    }
}

/// Whether `target` is the same file now, by a hard link.
fn linked(source: &Path, target: &Path) -> bool {
    let plain = fs::symlink_metadata(source).is_ok_and(|m| m.is_file());
    plain && (fs::hard_link(source, target).is_ok() || same(source, target))
}

/// Whether both are the same file.
fn same(a: &Path, b: &Path) -> bool {
    let id = |path: &Path| fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
    id(a).is_some() && id(a) == id(b)
}

fn copy_one(root: &Root, path: &SafePath, target: &Path) -> Result<()> {
    let source = root.path().join(path.as_str());
    let mut file = root.file(path)?.ok_or_else(|| RepoError::Read {
        path: source,
        source: io::ErrorKind::NotFound.into(),
    })?;
    let mut staged = StagedFile::create(target)?;
    io::copy(&mut file, staged.file_mut()).map_err(|source| RepoError::Write {
        path: target.to_owned(),
        source,
    })?;
    staged.commit()?;
    Ok(())
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|source| RepoError::Write {
            path: folder.to_owned(),
            source,
        })?;
    Ok(())
}
