//! What is what in a plain folder.

use std::collections::{BTreeMap, BTreeSet};

use pkgseal_repo::{Error, Root, SafePath};

use crate::CHECKSUM_SUFFIXES;
use crate::artifact::SIGNATURE_SUFFIXES;
use crate::sums::Named;

/// The files of a folder by what they are, sorted.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Lists of checksums. Of one that only exists clearsigned, the name it would have.
    pub(super) lists: BTreeMap<SafePath, Named>,
    /// Files to be vouched for.
    pub(super) artifacts: Vec<SafePath>,
    /// Signatures of lists and files.
    pub(super) signatures: BTreeMap<SafePath, Vec<SafePath>>,
    /// Signatures, perhaps, without their file: certificates, perhaps.
    pub(super) lonely: Vec<SafePath>,
    /// Names that are no paths, and links that lead out, with the reason.
    pub(super) unsafe_paths: Vec<(String, &'static str)>,
    /// Links to folders.
    pub(super) directory_links: Vec<SafePath>,
    /// Every file, with its size.
    pub(super) all: BTreeMap<SafePath, u64>,
}

impl Files {
    pub(super) fn read(root: &Root) -> pkgseal_repo::Result<Self> {
        let survey = root.survey(None)?;
        let mut files = Self {
            directory_links: survey.directory_links,
            ..Self::default()
        };
        for (path, size) in survey.files {
            match path {
                Ok(path) => {
                    files.all.insert(path, size);
                }
                Err(Error::UnsafePath { reason, path }) => files.unsafe_paths.push((path, reason)),
                Err(error) => return Err(error),
            }
        }
        files.sort_out();
        Ok(files)
    }

    fn sort_out(&mut self) {
        let mut signed = BTreeSet::new();
        for path in self.all.keys() {
            if let Some(of) = signed_by(path) {
                let list = Named::of(of.file_name());
                if let Some(named) = list {
                    self.lists.insert(of.clone(), named);
                }
                if list.is_some() || self.all.contains_key(&of) {
                    signed.insert(of);
                } else {
                    self.lonely.push(path.clone());
                }
            } else if let Some(named) = Named::of(path.file_name()) {
                self.lists.insert(path.clone(), named);
            } else if !self.is_checksum(path) {
                self.artifacts.push(path.clone());
            }
        }
        for of in signed {
            let signatures = signatures_of(&of, &|path| self.has(path));
            self.signatures.insert(of, signatures);
        }
    }

    /// Whether it is the checksum of a file beside it, and has no signature of its own.
    fn is_checksum(&self, path: &SafePath) -> bool {
        let checksum = CHECKSUM_SUFFIXES.iter().any(|(suffix, _)| {
            let of = path.as_str().strip_suffix(suffix);
            of.and_then(|of| SafePath::new(of).ok())
                .is_some_and(|of| self.all.contains_key(&of))
        });
        checksum && signatures_of(path, &|path| self.has(path)).is_empty()
    }

    pub(super) fn has(&self, path: &SafePath) -> bool {
        self.all.contains_key(path)
    }

    pub(super) fn size(&self, path: &SafePath) -> u64 {
        self.all.get(path).copied().unwrap_or(0)
    }
}

/// The file that a signature belongs to by its name.
pub(super) fn signed_by(path: &SafePath) -> Option<SafePath> {
    SIGNATURE_SUFFIXES.iter().find_map(|suffix| {
        let of = path.as_str().strip_suffix(suffix)?;
        SafePath::new(of).ok()
    })
}

/// The signatures beside a file, in the order they are looked for.
pub(super) fn signatures_of(path: &SafePath, has: &dyn Fn(&SafePath) -> bool) -> Vec<SafePath> {
    let beside = SIGNATURE_SUFFIXES
        .iter()
        .filter_map(|suffix| path.with_suffix(suffix).ok());
    beside.filter(|signature| has(signature)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sorted_out() {
        let mut files = Files::default();
        for path in [
            "SHA256SUMS",
            "SHA256SUMS.gpg",
            "SHA256SUMS.asc",
            "a.iso",
            "b.tar.gz",
            "b.tar.gz.sig",
            "b.tar.gz.sha256",
            "c.asc",
            "old/SHA512SUMS.asc",
            "old/d.iso",
            "release.key",
        ] {
            files.all.insert(SafePath::new(path).unwrap(), 1);
        }
        files.sort_out();
        let names =
            |paths: &[SafePath]| -> Vec<String> { paths.iter().map(ToString::to_string).collect() };
        let lists: Vec<SafePath> = files.lists.keys().cloned().collect();
        assert_eq!(names(&lists), ["SHA256SUMS", "old/SHA512SUMS"]);
        assert_eq!(
            names(&files.artifacts),
            ["a.iso", "b.tar.gz", "old/d.iso", "release.key"]
        );
        assert_eq!(names(&files.lonely), ["c.asc"]);
        let of = |path: &str| names(&files.signatures[&SafePath::new(path).unwrap()]);
        assert_eq!(of("SHA256SUMS"), ["SHA256SUMS.asc", "SHA256SUMS.gpg"]);
        assert_eq!(of("b.tar.gz"), ["b.tar.gz.sig"]);
        assert_eq!(of("old/SHA512SUMS"), ["old/SHA512SUMS.asc"]);
    }
}
