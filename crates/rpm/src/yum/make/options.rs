//! What to index, and how.

use std::path::PathBuf;

use pkgseal_repo::Compression;

/// Whether to believe what was remembered of earlier runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// Of packages that were not touched.
    #[default]
    Untouched,
    /// Not at all: everything is read again.
    Nothing,
}

/// What to do where nothing changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unchanged {
    /// Nothing.
    #[default]
    Leave,
    /// Give `repomd.xml` a new revision and sign it anew.
    Redate,
}

/// What to index, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexOptions {
    /// How the metadata is stored.
    pub compress: Compression,
    /// The newest entries of each changelog that go into the index.
    pub changes: usize,
    /// Other metadata to take in: its type (`updateinfo`, `group`, `modules`…) and the file.
    /// It replaces what is listed with that type.
    pub metadata: Vec<(String, PathBuf)>,
    /// Types of other metadata that are not to be kept.
    pub without: Vec<String>,
    /// Whether to believe what was remembered.
    pub reuse: Reuse,
    /// What to do where nothing changed.
    pub unchanged: Unchanged,
    /// Something that changes when another key is to sign; empty for unsigned metadata.
    pub signing: Vec<String>,
}

impl Default for IndexOptions {
    fn default() -> Self {
        Self {
            compress: Compression::Gzip,
            changes: 10,
            metadata: Vec::new(),
            without: Vec::new(),
            reuse: Reuse::default(),
            unchanged: Unchanged::default(),
            signing: Vec::new(),
        }
    }
}
