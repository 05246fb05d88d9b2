//! Where signed output goes.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Where signed output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// In place, or beside the input.
    Beside,
    /// Into this directory, the input untouched.
    Directory(PathBuf),
}

impl Destination {
    /// The path of an output that would stand at `beside`.
    pub fn resolve(&self, beside: &Path) -> PathBuf {
        match (self, beside.file_name()) {
            (Self::Directory(directory), Some(name)) => directory.join(name),
            (Self::Directory(_) | Self::Beside, _) => beside.to_owned(),
        }
    }

    /// The output directory of a tree, or `None` when the tree is signed in place: because
    /// nothing else was asked for, or because the directory is the tree itself. Makes
    /// nothing.
    ///
    /// # Errors
    /// [`Error::Write`] when it lies inside the tree: what goes there would be part of the
    /// tree next time. [`Error::Read`].
    pub fn apart_from(&self, tree: &Path) -> Result<Option<&Path>> {
        let Self::Directory(output) = self else {
            return Ok(None);
        };
        let real = |path: &Path| {
            path.canonicalize()
                .map_err(|error| Error::read(path, error))
        };
        let tree = real(tree)?;
        let existing = output
            .ancestors()
            .find(|folder| !folder.as_os_str().is_empty() && folder.exists());
        let existing = real(existing.unwrap_or(Path::new(".")))?;
        if existing == tree && output.exists() {
            return Ok(None);
        }
        if existing.starts_with(&tree) {
            let inside = io::Error::new(
                io::ErrorKind::InvalidInput,
                "the output directory lies inside what is to be signed",
            );
            return Err(Error::write(output, inside));
        }
        Ok(Some(output))
    }

    /// Makes the output directory, where there is one to make.
    ///
    /// # Errors
    /// As [`create_directory`].
    pub fn prepare(&self) -> Result<()> {
        match self {
            Self::Beside => Ok(()),
            Self::Directory(directory) => create_directory(directory),
        }
    }
}

/// Makes a directory and those above it that are missing, and fsyncs their entries: a
/// [`StagedFile`](crate::StagedFile) fsyncs only the directory it stands in.
///
/// # Errors
/// [`Error::Write`].
pub fn create_directory(path: &Path) -> Result<()> {
    let failed = |error| Error::write(path, error);
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    match fs::create_dir(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {
            return Ok(());
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create_directory(parent.ok_or_else(|| failed(error))?)?;
            fs::create_dir(path)
                .or_else(|error| if path.is_dir() { Ok(()) } else { Err(error) })
                .map_err(failed)?;
        }
        Err(error) => return Err(failed(error)),
    }
    sync_directory(parent.unwrap_or(Path::new("."))).map_err(failed)
}

/// Makes names and renames in a directory durable, on file systems that can.
///
/// # Errors
/// When the directory cannot be opened, or the disk fails.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    match File::open(path)?.sync_all() {
        // Some network and user-space file systems have no fsync of directories.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_goes_elsewhere_or_stays() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("dists")).unwrap();
        let to = |name: &str| Destination::Directory(folder.path().join(name));
        assert_eq!(Destination::Beside.apart_from(&tree).unwrap(), None);
        assert_eq!(to("tree/../tree").apart_from(&tree).unwrap(), None);
        for apart in ["out", "out/deep/er", "tree2"] {
            assert!(to(apart).apart_from(&tree).unwrap().is_some(), "{apart}");
            assert!(!folder.path().join(apart).exists(), "{apart}");
        }
        for inside in ["tree/out", "tree/dists", "tree/dists/new/er"] {
            assert!(to(inside).apart_from(&tree).is_err(), "{inside}");
        }
    }

    #[test]
    fn outputs_stand_beside_or_in_the_directory() {
        let input = Path::new("/srv/dists/stable/Release.gpg");
        assert_eq!(Destination::Beside.resolve(input), input);
        assert_eq!(
            Destination::Directory("/out".into()).resolve(input),
            Path::new("/out/Release.gpg")
        );
    }

    #[test]
    fn directories_are_made_as_deep_as_needed() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b/c");
        create_directory(&deep).unwrap();
        assert!(deep.is_dir());
        create_directory(&deep).unwrap();
        Destination::Directory(dir.path().join("out"))
            .prepare()
            .unwrap();
        assert!(dir.path().join("out").is_dir());
        Destination::Beside.prepare().unwrap();
    }

    #[test]
    fn a_file_in_the_way_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        for path in ["file", "file/below", "file/below/deeper"] {
            let refused = create_directory(&dir.path().join(path));
            assert!(matches!(refused, Err(Error::Write { .. })), "{path}");
        }
        assert!(create_directory(Path::new("")).is_err());
    }
}
