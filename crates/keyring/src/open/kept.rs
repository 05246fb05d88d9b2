//! Key files as they were read, for those who look at the files themselves.

use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Certificate, CertificateError};
use pkgseal_repo::{Finding, Limits};

use super::file::{ARMOR, contains, is_binary, is_keybox};
use super::{Asked, Collector, Form};
use crate::Result;

/// Bytes from which on a file is a community's keyring, mostly certifications by others.
/// Some clients mind those in what they import, and nobody imports such a keyring.
const COMMUNITY: usize = 1 << 20;

/// A key file, or a block in a sources file.
pub(crate) struct KeptFile {
    pub(crate) path: PathBuf,
    /// `None` of what holds no OpenPGP data, keyboxes included.
    pub(crate) form: Option<Form>,
    pub(crate) asked: Asked,
    pub(crate) content: Vec<u8>,
    /// Of a large file without certifications by others.
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) errors: Vec<CertificateError>,
}

/// Reads what stands at the paths as [`open_all`](super::open_all) does, and keeps the
/// files. The findings are about what leads to files, not about files.
///
/// # Errors
/// As [`open_all`](super::open_all).
pub(crate) fn keep<P: AsRef<Path>>(
    paths: impl IntoIterator<Item = P>,
    limits: &Limits,
) -> Result<(Vec<KeptFile>, Vec<Finding>)> {
    let mut collector = Collector::new(limits);
    collector.kept = Some(Vec::new());
    for path in paths {
        let path = path.as_ref();
        if path.is_dir() {
            collector.directory(path);
        } else {
            let bytes = collector.read(path)?;
            collector.file(path, &bytes, Asked::ByName);
        }
    }
    Ok((collector.kept.unwrap_or_default(), collector.findings))
}

impl Collector {
    pub(super) fn keep(&mut self, path: &Path, bytes: &[u8], asked: Asked) {
        let form = if is_keybox(bytes) {
            None
        } else if is_binary(bytes) {
            Some(Form::Binary)
        } else {
            contains(bytes, ARMOR).then_some(Form::Armored)
        };
        if let Some(form) = form {
            self.keep_in(path, bytes, form, asked);
            return;
        }
        self.push_kept(KeptFile {
            path: path.to_owned(),
            form: None,
            asked,
            content: bytes.to_vec(),
            certificates: Vec::new(),
            errors: Vec::new(),
        });
    }

    pub(super) fn keep_in(&mut self, path: &Path, bytes: &[u8], form: Form, asked: Asked) -> usize {
        let (certificates, errors) = if bytes.len() > COMMUNITY {
            Certificate::parse_own(bytes)
        } else {
            Certificate::parse_all(bytes)
        };
        let count = certificates.len();
        // Entries of sources files and names of certificate directories ask for them.
        self.certificates.extend(certificates.iter().cloned());
        self.push_kept(KeptFile {
            path: path.to_owned(),
            form: Some(form),
            asked,
            content: bytes.to_vec(),
            certificates,
            errors,
        });
        count
    }

    fn push_kept(&mut self, file: KeptFile) {
        if let Some(kept) = &mut self.kept {
            kept.push(file);
        }
    }
}
