//! Takes a repository along into an output directory.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use pkgseal_repo::{Error, Root, SafePath, StagedFile, create_directory};

use super::REPOMD;
use crate::error::Result;

/// Whether both are the same directory.
pub(super) fn same(a: &Path, b: &Path) -> bool {
    let id = |path: &Path| fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
    id(a).is_some() && id(a) == id(b)
}

/// Links or copies every file of the repository but `repomd.xml` and what belongs to it,
/// which follow when the rest is there.
pub(super) fn copy(root: &Root, from: &Path, to: &Path) -> Result<()> {
    let mut folders = BTreeSet::from([to.to_owned()]);
    for (path, _) in root.walk(None)? {
        let path = path?;
        if path.as_str().starts_with(REPOMD) {
            continue;
        }
        let target = to.join(path.as_str());
        if let Some(folder) = target.parent()
            && folders.insert(folder.to_owned())
        {
            create_directory(folder)?;
        }
        let source = from.join(path.as_str());
        if !linked(&source, &target) {
            copy_one(root, &path, &target)?;
        }
    }
    let repodata = to.join("repodata");
    if folders.insert(repodata.clone()) {
        create_directory(&repodata)?;
    }
    for folder in folders {
        sync(&folder)?;
    }
    Ok(())
}

/// Whether `target` is the same file now, by a hard link.
fn linked(source: &Path, target: &Path) -> bool {
    let plain = fs::symlink_metadata(source).is_ok_and(|m| m.is_file());
    plain && (fs::hard_link(source, target).is_ok() || same(source, target))
}

fn copy_one(root: &Root, path: &SafePath, target: &Path) -> Result<()> {
    let source = root.path().join(path.as_str());
    let read = |source_error: io::Error| Error::Read {
        path: source.clone(),
        source: source_error,
    };
    let mut file = root
        .file(path)?
        .ok_or_else(|| read(io::ErrorKind::NotFound.into()))?;
    let mut staged = StagedFile::create(target)?;
    io::copy(&mut file, staged.file_mut()).map_err(|source| Error::Write {
        path: PathBuf::from(target),
        source,
    })?;
    staged.commit()?;
    Ok(())
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|source| Error::Write {
            path: folder.to_owned(),
            source,
        })?;
    Ok(())
}
