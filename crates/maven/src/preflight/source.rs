//! A staging folder or a bundle: files, and how to read them.

use std::io::Read;
use std::path::Path;

use pkgseal_repo::{Root, SafePath};

use super::BUNDLE;
use crate::layout::Layout;
use crate::zip::Archive;
use crate::{Error, Result};

/// Where files come from.
pub(super) enum Source {
    Folder(Root, Layout),
    Bundle(Archive, Layout),
}

impl Source {
    pub(super) fn folder(path: &Path) -> Result<Self> {
        let root = Root::open(path)?;
        let layout = Layout::read(&root)?;
        Ok(Self::Folder(root, layout))
    }

    pub(super) fn bundle(archive: Archive) -> Self {
        let files = archive.files().map(|(path, size)| (path.clone(), size));
        let layout = Layout::of(files.collect());
        Self::Bundle(archive, layout)
    }

    pub(super) fn layout(&self) -> &Layout {
        match self {
            Self::Folder(_, layout) | Self::Bundle(_, layout) => layout,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Folder(..) => "maven",
            Self::Bundle(..) => BUNDLE,
        }
    }

    /// Opens a file of the layout.
    pub(super) fn open(&self, path: &SafePath) -> Result<Box<dyn Read + '_>> {
        let absent = || self.error(path, std::io::ErrorKind::NotFound.into());
        Ok(match self {
            Self::Folder(root, _) => Box::new(root.file(path)?.ok_or_else(absent)?),
            Self::Bundle(archive, _) => Box::new(archive.read(path).ok_or_else(absent)?),
        })
    }

    /// Reads a small file; `None` when it is not there, an inner `None` when it is too
    /// large.
    pub(super) fn read(&self, path: &SafePath, limit: u64) -> Result<Option<Option<Vec<u8>>>> {
        if !self.layout().files.contains_key(path) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        self.open(path)?
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| self.error(path, error))?;
        Ok(Some((bytes.len() as u64 <= limit).then_some(bytes)))
    }

    pub(super) fn error(&self, path: &SafePath, error: std::io::Error) -> Error {
        match self {
            Self::Folder(root, _) => Error::read(&root.path().join(path), error),
            Self::Bundle(archive, _) => Error::read(&archive.path().join(path), error),
        }
    }
}
