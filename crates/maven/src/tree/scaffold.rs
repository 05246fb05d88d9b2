//! Folders made for output, taken down again when nothing comes of it.

use std::path::{Path, PathBuf};

use pkgseal_repo::{Result, create_directory};

/// Makes folders; dropped before [`Scaffold::keep`], it removes those it made.
#[derive(Debug, Default)]
pub(super) struct Scaffold {
    made: Vec<PathBuf>,
}

impl Scaffold {
    /// Makes a folder and those above it.
    pub(super) fn raise(&mut self, folder: &Path) -> Result<()> {
        let mut missing: Vec<PathBuf> = folder
            .ancestors()
            .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
            .map(Path::to_owned)
            .collect();
        if !missing.is_empty() {
            missing.reverse();
            self.made.append(&mut missing);
            create_directory(folder)?;
        }
        Ok(())
    }

    /// The output is there: the folders stay.
    pub(super) fn keep(mut self) {
        self.made.clear();
    }
}

impl Drop for Scaffold {
    fn drop(&mut self) {
        for folder in self.made.iter().rev() {
            // Fails where someone else put something in, which stays.
            let _ = std::fs::remove_dir(folder);
        }
    }
}
