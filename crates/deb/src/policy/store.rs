//! Where policies and their keyrings stand.

use std::io;
use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::Limits;

use super::rules::Policy;
use super::xml;
use crate::{Error, Result};

/// Folders of policies and keyrings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policies {
    /// Policies, in a folder for each origin: `FINGERPRINT/*.pol`.
    pub policies: PathBuf,
    /// Keyrings, in a folder for each origin: `FINGERPRINT/FILE`.
    pub keyrings: PathBuf,
    /// Only the policy file of this name.
    pub only: Option<String>,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            policies: "/etc/debsig/policies".into(),
            keyrings: "/usr/share/debsig/keyrings".into(),
            only: None,
        }
    }
}

/// The digits of a key ID at the end of a fingerprint.
pub(super) fn key_id(issuer: &str) -> &str {
    match issuer.len() {
        40 => issuer.get(24..).unwrap_or(issuer),
        _ => issuer,
    }
}

impl Policies {
    /// The same below another root directory.
    #[must_use]
    pub fn beneath(self, root: &Path) -> Self {
        let below = |path: &Path| {
            let mut whole = root.as_os_str().to_owned();
            whole.push(path);
            PathBuf::from(whole)
        };
        Self {
            policies: below(&self.policies),
            keyrings: below(&self.keyrings),
            only: self.only,
        }
    }

    /// Names of the origin's policy files, sorted.
    pub(super) fn files(&self, folder: &Path) -> Result<Vec<String>> {
        let failed = |error| Error::read(folder, error);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let Some(name) = name.to_str().filter(|name| name.ends_with(".pol")) else {
                continue;
            };
            if self.only.as_deref().is_none_or(|only| only == name) {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Reads a policy; the inner error is what is wrong with it.
    pub(super) fn policy(path: &Path, limits: &Limits) -> std::result::Result<Policy, String> {
        // A pipe would keep the reader waiting.
        if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
            return Err("it is no regular file".to_owned());
        }
        let bytes =
            pkgseal_repo::read_file(path, limits.side_file).map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        xml::parse(&text)
    }

    /// Reads a keyring: binary, as gpg wants it; the inner error is what is wrong with it.
    pub(super) fn keyring(
        path: &Path,
        limits: &Limits,
    ) -> std::result::Result<Certificates, String> {
        if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
            return Err("it is no regular file".to_owned());
        }
        let bytes = pkgseal_repo::read_file(path, limits.certificates)
            .map_err(|error| error.to_string())?;
        if bytes.first().is_none_or(|first| first & 0x80 == 0) {
            return Err("it is no binary keyring: gpg reads no other here".to_owned());
        }
        Ok(Certificates::new(Certificate::parse_all(&bytes).0))
    }
}

/// Whether there is something at a path; a link to nothing counts as nothing.
pub(super) fn exists(path: &Path) -> Result<bool> {
    match std::fs::metadata(path) {
        Ok(_) => Ok(true),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(Error::read(path, error)),
    }
}
