//! Indices under their digests (`Acquire-By-Hash`).

use std::collections::BTreeMap;
use std::sync::Arc;

use pkgseal_repo::{DigestAlgorithm, Entry, Requirement, Root, SafePath};

use super::release::Listed;

/// Where an index stands under its strongest digest: the one clients ask for.
pub(super) fn path(index: &SafePath, listed: &Listed) -> Option<SafePath> {
    let algorithm = listed.digests.strongest()?;
    let folder = match algorithm {
        DigestAlgorithm::Md5 => "MD5Sum",
        DigestAlgorithm::Sha1 => "SHA1",
        DigestAlgorithm::Sha256 => "SHA256",
        DigestAlgorithm::Sha512 => "SHA512",
        DigestAlgorithm::Sha224 | DigestAlgorithm::Sha384 | DigestAlgorithm::Sha3_256 => {
            return None;
        }
    };
    let hex = listed.digests.hex(algorithm)?;
    let below = format!("by-hash/{folder}/{hex}");
    let path = match index.parent() {
        Some(parent) => format!("{parent}/{below}"),
        None => below,
    };
    SafePath::new(&path).ok()
}

/// Finds the folders that have by-hash at all, asking once for each.
#[derive(Default)]
pub(super) struct Folders(BTreeMap<Option<SafePath>, bool>);

impl Folders {
    /// What has to hold for one listed file: where its folder has by-hash and the file
    /// is there by name, it is there by its strongest digest too.
    pub(super) fn entry(
        &mut self,
        root: &Root,
        index: &SafePath,
        listed: &Listed,
        listed_by: &Arc<str>,
    ) -> Option<Entry> {
        let parent = index.parent();
        let has = *self.0.entry(parent.clone()).or_insert_with(|| {
            let below = match &parent {
                Some(parent) => SafePath::new(&format!("{parent}/by-hash")),
                None => SafePath::new("by-hash"),
            };
            below.is_ok_and(|below| matches!(root.dir(&below), Ok(Some(_))))
        });
        if !has {
            return None;
        }
        Some(Entry {
            path: path(index, listed)?,
            size: Some(listed.size),
            digests: listed.digests.clone(),
            requirement: if root.exists(index).unwrap_or(false) {
                Requirement::Required
            } else {
                Requirement::Optional
            },
            listed_by: listed_by.clone(),
        })
    }
}
