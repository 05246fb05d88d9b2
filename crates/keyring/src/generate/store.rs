//! Writing a new key.

use std::io::Write;
use std::path::{Path, PathBuf};

use pkgseal_repo::{StagedFile, StagedSet};

use super::Generated;
use crate::{Error, Result};

/// Writes a new key into a directory: `FPR.rev.asc` and `FPR.key.asc` with mode 0600, then
/// `FPR.cert.asc`. All or none of them; returns them in that order.
///
/// # Errors
/// [`Error::Exists`] when one of them is there already; [`Error::File`] when they cannot
/// be written.
pub fn write_generated(directory: &Path, generated: &Generated) -> Result<Vec<PathBuf>> {
    let fingerprint = generated.certificate.fingerprint();
    let path = |kind: &str| directory.join(format!("{fingerprint}.{kind}.asc"));
    let files: [(PathBuf, &[u8]); 3] = [
        (path("rev"), &generated.revocation),
        (path("key"), &generated.secret_key),
        (path("cert"), &generated.armored),
    ];
    let [revocation, key, certificate] = files;
    write_new(&[revocation, key], certificate)
}

/// Writes files that nobody else may read, and then a public one; all or none, and none over
/// another file.
pub(crate) fn write_new(
    secret: &[(PathBuf, &[u8])],
    public: (PathBuf, &[u8]),
) -> Result<Vec<PathBuf>> {
    for (path, _) in secret.iter().chain([&public]) {
        // A dangling link is in the way too.
        if path.symlink_metadata().is_ok() {
            return Err(Error::Exists { path: path.clone() });
        }
    }
    let mut set = StagedSet::new();
    for (path, bytes) in secret {
        set.push(staged(StagedFile::create_secret(path)?, path, bytes)?);
    }
    let (path, bytes) = public;
    set.push(staged(StagedFile::create(&path)?, &path, bytes)?);
    Ok(set.commit()?)
}

fn staged(mut file: StagedFile, path: &Path, bytes: &[u8]) -> Result<StagedFile> {
    match file.write_all(bytes).and_then(|()| file.flush()) {
        Ok(()) => Ok(file),
        Err(source) => Err(Error::File(pkgseal_repo::Error::Write {
            path: path.to_owned(),
            source,
        })),
    }
}
