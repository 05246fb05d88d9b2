//! OpenPGP certificate directories (draft-nwjw-openpgp-cert-d): `ab/cdef…`.
//!
//! The trust root and any other file there is left alone. Whoever writes holds the
//! directory's lock, and what others put there meanwhile is merged, never replaced.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::{Finding, Limits, Scaffold, StagedSet};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};

use crate::canonical::Extent;
use crate::merge::merge;
use crate::store::stage;
use crate::{Error, Result};

/// What whoever writes locks.
const LOCK: &str = "writelock";

/// What came of inserting.
#[derive(Clone, Debug, Default)]
pub struct Inserted {
    /// Files written; certificates that were there with all that came are not among them.
    pub written: Vec<PathBuf>,
    /// What was left out, and which revocations are in it.
    pub findings: Vec<Finding>,
}

/// Inserts certificates into an OpenPGP certificate directory, which is made where it is
/// missing; what is there is merged with what comes.
///
/// # Errors
/// [`Error::File`] when it cannot be locked, read or written; [`Error::Request`] when a
/// file there does not hold the one certificate it is named after: nothing is written then.
pub fn insert_into_cert_d(
    directory: &Path,
    certificates: &Certificates,
    extent: Extent,
) -> Result<Inserted> {
    let mut scaffold = Scaffold::default();
    scaffold.directory(directory)?;
    let _lock = lock(&directory.join(LOCK))?;
    let mut set = StagedSet::new();
    let mut inserted = Inserted::default();
    for certificate in certificates.iter() {
        let fingerprint = certificate.fingerprint();
        let name = fingerprint.as_str().to_ascii_lowercase();
        let Some((head, tail)) = name.split_at_checked(2) else {
            continue;
        };
        let path = directory.join(head).join(tail);
        let coming = Certificates::new([certificate.clone()]);
        let mut inputs = vec![("what comes".to_owned(), coming)];
        let present = present(&path, certificate)?;
        if let Some(present) = &present {
            let present = Certificates::new([present.clone()]);
            inputs.push((path.display().to_string(), present));
        }
        // What others keep there is not ours to thin out.
        let extent = match present {
            Some(_) => Extent::Everything,
            None => extent,
        };
        let merged = merge(&inputs, extent)?;
        inserted.findings.extend(merged.findings);
        let Some(merged) = merged.certificates.get(&fingerprint) else {
            continue;
        };
        if present.as_ref() == Some(merged) {
            continue;
        }
        scaffold.directory(&directory.join(head))?;
        let bytes = merged.to_binary();
        set.push(stage(&path, &bytes, std::slice::from_ref(merged))?);
    }
    inserted.written = set.commit()?;
    scaffold.keep();
    Ok(inserted)
}

/// The certificate that a file of the directory holds, if it is there.
fn present(path: &Path, wanted: &Certificate) -> Result<Option<Certificate>> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(path, source)),
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(refused(path, "is no regular file")),
    }
    let bytes = pkgseal_repo::read_file(path, Limits::default().certificates)?;
    let (mut read, errors) = Certificate::parse_all(&bytes);
    match (read.pop(), read.is_empty(), errors.is_empty()) {
        (Some(one), true, true) if one.fingerprint() == wanted.fingerprint() => Ok(Some(one)),
        _ => Err(refused(
            path,
            "does not hold the one certificate it is named after",
        )),
    }
}

fn lock(path: &Path) -> Result<File> {
    let open = || -> std::io::Result<File> {
        let flags = OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o644))?);
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(file)
    };
    open().map_err(|source| failed(path, source))
}

fn failed(path: &Path, source: std::io::Error) -> Error {
    Error::File(pkgseal_repo::Error::Write {
        path: path.to_owned(),
        source,
    })
}

fn refused(path: &Path, what: &str) -> Error {
    Error::Request {
        field: "certificate directory",
        reason: format!("{} {what}, and nothing was written", path.display()),
    }
}
