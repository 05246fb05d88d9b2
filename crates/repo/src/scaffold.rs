//! What is made on the way to an output, and taken away when there is none.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Result, create_directory};

/// Directories and files made in an output directory. Dropped before
/// [`Scaffold::keep`], it removes what it made; what was there before stays.
#[derive(Debug, Default)]
pub struct Scaffold {
    files: Vec<PathBuf>,
    /// In the order they were made.
    directories: Vec<PathBuf>,
}

impl Scaffold {
    /// Makes a directory and those above it that are missing.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write).
    pub fn directory(&mut self, path: &Path) -> Result<()> {
        let missing: Vec<PathBuf> = path
            .ancestors()
            .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
            .map(Path::to_owned)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.directories.extend(missing.into_iter().rev());
        create_directory(path)
    }

    /// Notes a file about to be made; one that exists is not ours to remove.
    pub(crate) fn expect(&mut self, path: &Path) {
        if fs::symlink_metadata(path).is_err() {
            self.files.push(path.to_owned());
        }
    }

    /// The output is there: everything stays.
    pub fn keep(mut self) {
        self.files.clear();
        self.directories.clear();
    }
}

impl Drop for Scaffold {
    fn drop(&mut self) {
        // What cannot be removed stays: the error that brought us here is reported.
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for directory in self.directories.iter().rev() {
            let _ = fs::remove_dir(directory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_goes_and_what_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("there");
        fs::create_dir(&there).unwrap();
        fs::write(there.join("old"), "old").unwrap();
        let mut scaffold = Scaffold::default();
        scaffold.directory(&there.join("a/b")).unwrap();
        scaffold.expect(&there.join("old"));
        scaffold.expect(&there.join("new"));
        fs::write(there.join("new"), "new").unwrap();
        drop(scaffold);
        assert!(there.join("old").exists());
        assert!(!there.join("new").exists());
        assert!(!there.join("a").exists());
    }

    #[test]
    fn what_is_kept_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut scaffold = Scaffold::default();
        scaffold.directory(&folder.path().join("a/b")).unwrap();
        scaffold.keep();
        assert!(folder.path().join("a/b").is_dir());
    }
}
