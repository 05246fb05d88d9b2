//! Plain folders: files with detached signatures, and signed lists of checksums.
//!
//! This is how upstream projects publish: `tool-1.0.tar.gz` with `tool-1.0.tar.gz.asc`, or
//! many files, one `SHA256SUMS` and its signature, detached (`SHA256SUMS.asc`, `.gpg`,
//! `.sig`, `.sign`) or around the list itself. [`verify`] judges such a folder: every file
//! must be vouched for by its own signature or by a signed list, and a list is parsed only
//! once its signature is accepted. [`sign`] makes one.
//!
//! A detached signature does not cover a file's name; a list does. Neither covers files
//! that are gone: only a list tells that they are missing, and nothing tells that the whole
//! folder is an old one.

mod judge;
mod layout;
mod list;
mod sign;
mod verify;

use std::path::Path;

use pkgseal_repo::{Root, SafePath, Severity};

use crate::sums::Named;
use crate::{Error, Result};
use layout::Files;

pub use sign::{SignOptions, What, sign, sign_list};
pub(crate) use verify::by_list;
pub use verify::{verify, verify_list, verify_with};

/// Kind of an examination of a folder.
const KIND: &str = "files";
/// Kind of an examination of one list and its files.
const LIST: &str = "sums";

/// What is asked of a folder beyond good signatures. Nothing passes silently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What a file weighs that nothing vouches for.
    pub unsigned: Severity,
    /// What a listed file weighs that is not there.
    pub missing: Severity,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            unsigned: Severity::Reject,
            missing: Severity::Reject,
        }
    }
}

/// Whether a directory looks like a plain folder: a signature beside its file, or a list of
/// checksums.
///
/// # Errors
/// When the directory cannot be read.
pub fn recognise(root: &Root) -> Result<bool> {
    let files = Files::read(root)?;
    Ok(!files.lists.is_empty() || !files.signatures.is_empty())
}

/// Whether a file is called as a list of checksums is, or as the signature of one.
pub fn is_list(file_name: &str) -> bool {
    let of = SafePath::new(file_name)
        .ok()
        .as_ref()
        .and_then(layout::signed_by);
    let name = of.as_ref().map_or(file_name, SafePath::as_str);
    Named::of(name).is_some()
}

/// The folder of a path, and its name in it.
fn split(path: &Path) -> Result<(Root, SafePath)> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let root = Root::open(folder.unwrap_or(Path::new(".")))?;
    let name = path.file_name().unwrap_or_default();
    let name = name.to_str().ok_or_else(|| Error::Refused {
        path: path.to_owned(),
        reason: "its name is not UTF-8".to_owned(),
    })?;
    Ok((root, SafePath::new(name)?))
}
