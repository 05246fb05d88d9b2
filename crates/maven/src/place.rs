//! Where files are: named by the user, or beneath a repository's root.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use pkgseal_repo::{Error, Result, Root, SafePath, read_file};

/// Where paths are looked up.
#[derive(Debug)]
pub(crate) enum Place<'a> {
    /// As the user named them.
    Anywhere,
    /// Beneath a root, from which no link leads out. What is not among the files that were
    /// found there, where that is known, is not looked for again.
    Beneath(&'a Root, Option<&'a BTreeMap<SafePath, u64>>),
}

impl Place<'_> {
    /// Opens a file; `None` when it does not exist.
    pub(crate) fn open(&self, path: &Path) -> Result<Option<File>> {
        match self {
            Self::Anywhere => absent_is_none(File::open(path).map_err(|source| Error::Read {
                path: path.to_owned(),
                source,
            })),
            Self::Beneath(root, files) => {
                let path = safe(path)?;
                match files.is_none_or(|files| files.contains_key(&path)) {
                    true => root.file(&path),
                    false => Ok(None),
                }
            }
        }
    }

    /// Reads a small file; `None` when it does not exist.
    pub(crate) fn read(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Anywhere => absent_is_none(read_file(path, limit)),
            Self::Beneath(root, files) => {
                let path = safe(path)?;
                match files.is_none_or(|files| files.contains_key(&path)) {
                    true => root.read(&path, limit),
                    false => Ok(None),
                }
            }
        }
    }
}

fn absent_is_none<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Error::Read { source, .. })
            if matches!(
                source.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn safe(path: &Path) -> Result<SafePath> {
    SafePath::new(&path.to_string_lossy())
}

/// The same path with text appended to its name.
pub(crate) fn append(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
