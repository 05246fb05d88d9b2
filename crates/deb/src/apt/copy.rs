//! A repository into another folder.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use pkgseal_repo::{SafePath, StagedFile, StagedSet, create_directory};

use crate::{Error, Result};

/// Copies a tree: files of `linked` as hard links where that is possible, other files
/// through `set`, symbolic links as they are, and nothing of `left_out`.
///
/// Hard links are fit for packages only: they never change under their name.
pub(super) fn copy_tree(
    from: &Path,
    to: &Path,
    linked: &BTreeSet<SafePath>,
    left_out: &BTreeSet<SafePath>,
    set: &mut StagedSet,
) -> Result<()> {
    let mut todo = vec![PathBuf::new()];
    while let Some(below) = todo.pop() {
        let source = from.join(&below);
        let target = to.join(&below);
        create_directory(&target)?;
        let read = |error| Error::read(&source, error);
        let mut entries = Vec::new();
        for entry in fs::read_dir(&source).map_err(read)? {
            entries.push(entry.map_err(read)?);
        }
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let relative = below.join(entry.file_name());
            let name = relative.to_str().and_then(|name| SafePath::new(name).ok());
            if name.as_ref().is_some_and(|name| left_out.contains(name)) {
                continue;
            }
            let kind = entry.file_type().map_err(read)?;
            let source = entry.path();
            let target = to.join(&relative);
            if kind.is_dir() {
                todo.push(relative);
            } else if kind.is_symlink() {
                symlink(&source, &target)?;
            } else if kind.is_file() {
                let link = name.is_some_and(|name| linked.contains(&name));
                if !(link && hard_link(&source, &target)?) {
                    set.push(copy(&source, &target)?);
                }
            }
        }
        File::open(&target)
            .and_then(|directory| directory.sync_all())
            .map_err(|error| Error::write(&target, error))?;
    }
    Ok(())
}

fn copy(source: &Path, target: &Path) -> Result<StagedFile> {
    let mut staged = StagedFile::create(target)?;
    let mut file = File::open(source).map_err(|error| Error::read(source, error))?;
    // Within one file system the kernel copies, or shares the blocks.
    io::copy(&mut file, staged.file_mut()).map_err(|error| Error::write(target, error))?;
    Ok(staged)
}

/// Whether it could be done: over a border of file systems it cannot.
fn hard_link(source: &Path, target: &Path) -> Result<bool> {
    match fs::hard_link(source, target) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let temporary = temporary(target);
            let _ = fs::remove_file(&temporary);
            if fs::hard_link(source, &temporary).is_err() {
                return Ok(false);
            }
            replace(&temporary, target)?;
            Ok(true)
        }
        Err(_) => Ok(false),
    }
}

/// Makes the same link there; an older one is replaced.
fn symlink(source: &Path, target: &Path) -> Result<()> {
    let to = fs::read_link(source).map_err(|error| Error::read(source, error))?;
    if fs::read_link(target).is_ok_and(|present| present == to) {
        return Ok(());
    }
    let temporary = temporary(target);
    let _ = fs::remove_file(&temporary);
    std::os::unix::fs::symlink(&to, &temporary).map_err(|error| Error::write(target, error))?;
    replace(&temporary, target)
}

fn replace(temporary: &Path, target: &Path) -> Result<()> {
    let replaced = fs::rename(temporary, target);
    if replaced.is_err() {
        let _ = fs::remove_file(temporary);
    }
    // Two names of one file are left as they are by a rename.
    let _ = fs::remove_file(temporary);
    replaced.map_err(|error| Error::write(target, error))
}

/// A name beside the target that nothing else uses.
fn temporary(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".pkgseal-");
    name.push(target.file_name().unwrap_or_default());
    name.push(".tmp");
    target.with_file_name(name)
}
