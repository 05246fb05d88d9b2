//! Writing keyrings: staged, read back, and only then visible.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::{SafePath, Scaffold, StagedFile, StagedSet};

use crate::{Error, Result};

/// How a keyring stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Packets: what apt reads from `.gpg`.
    Binary,
    /// One armored block a certificate: what apt reads from `.asc`, and everybody else.
    Armored,
}

impl Encoding {
    /// What the name of a file asks for: `.asc` is armored, as is `.key`, and a file whose
    /// name begins with `RPM-GPG-KEY`; all else is binary.
    pub fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let armored = [".asc", ".key"].iter().any(|end| name.ends_with(end));
        if armored || name.starts_with("RPM-GPG-KEY") {
            Self::Armored
        } else {
            Self::Binary
        }
    }

    /// The bytes of a keyring, certificates [in the order](Certificates::by_version) that
    /// old readers need.
    pub fn encode(self, certificates: &Certificates) -> Vec<u8> {
        let one = match self {
            Self::Binary => Certificate::to_binary,
            Self::Armored => Certificate::to_armored,
        };
        certificates.by_version().iter().flat_map(one).collect()
    }
}

/// A file of certificates on its way to a directory.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyringFile {
    /// Where, below the directory; it cannot climb out of it.
    pub path: SafePath,
    /// Its bytes.
    pub content: Vec<u8>,
    /// What our own reader has to find in it; nothing in a file that holds none.
    pub certificates: Vec<Certificate>,
}

/// Writes certificates into one file.
///
/// # Errors
/// [`Error::Request`] when the file would hold none; [`Error::File`] when it cannot be
/// written; [`Error::ReadBack`] when what was staged does not read as the same
/// certificates. The old file is whole then.
pub fn write_keyring(path: &Path, encoding: Encoding, certificates: &Certificates) -> Result<()> {
    let wanted = certificates.by_version();
    stage(path, &encoding.encode(certificates), &wanted)?.commit()?;
    Ok(())
}

/// Writes files into a directory, which is made where it is missing: all or none of them
/// where nothing goes wrong with the disk itself.
///
/// # Errors
/// As [`write_keyring`].
pub fn write_files(directory: &Path, files: &[KeyringFile]) -> Result<Vec<PathBuf>> {
    let mut scaffold = Scaffold::default();
    let mut set = StagedSet::new();
    scaffold.directory(directory)?;
    for file in files {
        let path = directory.join(&file.path);
        if let Some(parent) = path.parent() {
            scaffold.directory(parent)?;
        }
        set.push(stage(&path, &file.content, &file.certificates)?);
    }
    let written = set.commit()?;
    scaffold.keep();
    Ok(written)
}

/// Stages a file and reads it back with our own reader.
pub(crate) fn stage(path: &Path, content: &[u8], wanted: &[Certificate]) -> Result<StagedFile> {
    let failed = |source| {
        Error::File(pkgseal_repo::Error::Write {
            path: path.to_owned(),
            source,
        })
    };
    let mut staged = StagedFile::create(path)?;
    staged.write_all(content).map_err(failed)?;
    let mut written = Vec::new();
    staged.reopen()?.read_to_end(&mut written).map_err(failed)?;
    if written != content {
        return Err(differs(path, "other bytes than were written"));
    }
    if !wanted.is_empty() {
        let (read, errors) = Certificate::parse_all(&written);
        if let Some(error) = errors.first() {
            return Err(differs(path, &error.reason));
        }
        if read != wanted {
            return Err(differs(path, "other certificates than were meant"));
        }
    }
    Ok(staged)
}

fn differs(path: &Path, what: &str) -> Error {
    Error::ReadBack {
        path: path.to_owned(),
        reason: what.to_owned(),
    }
}
