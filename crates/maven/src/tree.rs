//! A whole repository: every artifact with its `.asc` and its checksums.

mod gradle;
mod policy;
mod sign;
mod verify;

pub use policy::{Policy, Unsigned};
pub use sign::{Existing, Metadata, SignOptions, sign, sign_with};
pub use verify::{verify, verify_and_digest, verify_with};

use pkgseal_repo::{Result, Root};

use crate::Coordinates;

const KIND: &str = "maven";

/// From this size on, in bytes, files go first, so that no thread is left alone with one
/// at the end.
pub(crate) const BIG: u64 = 8 << 20;

/// Whether a directory looks like a Maven repository: at least one POM at
/// `group/artifact/version/artifact-version.pom`, or a Gradle cache (`files-2.1`).
///
/// # Errors
/// When the directory cannot be read.
pub fn recognise(root: &Root) -> Result<bool> {
    Ok(root.walk(None)?.iter().any(|(path, _)| {
        path.as_ref().is_ok_and(|path| {
            Coordinates::of(path).is_some_and(|found| is_pom(&found))
                || gradle::place(root, path).is_some()
        })
    }))
}

pub(crate) fn is_pom(found: &Coordinates) -> bool {
    found.extension == "pom" && found.classifier.is_none()
}
