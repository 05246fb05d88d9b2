//! What a publisher hands to its users.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::{Finding, StagedFile, StagedSet};

use super::{Place, RepoFile, reject};
use crate::codes;
use crate::error::{Error, Result};

/// Where clients keep the certificates of repositories.
const KEYS: &str = "file:///etc/pki/rpm-gpg";

/// Where clients find the certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// In `/etc/pki/rpm-gpg/RPM-GPG-KEY-ID`, where the file that is written belongs.
    Installed,
    /// At a URL, from which clients fetch them.
    At(String),
}

/// An entry and the certificates it needs.
#[derive(Clone, Debug)]
pub struct RepoKit {
    entry: RepoFile,
    certificates: Vec<Certificate>,
}

impl RepoKit {
    /// A kit for a repository, its certificates [in the order](Certificates::by_version)
    /// that old readers need.
    ///
    /// # Errors
    /// The first finding that rejects a value, or that there is no certificate.
    pub fn new(
        id: &str,
        title: &str,
        place: Place,
        keys: &KeyPlace,
        certificates: &Certificates,
    ) -> std::result::Result<Self, Box<Finding>> {
        if certificates.is_empty() {
            let detail = "no certificate: users could not tell who signed";
            return Err(reject(codes::REPO_FILE_KEY, detail));
        }
        let key = match keys {
            KeyPlace::Installed => format!("{KEYS}/{}", key_name(id)),
            KeyPlace::At(url) => url.clone(),
        };
        let entry = RepoFile {
            id: id.to_owned(),
            title: title.to_owned(),
            place,
            keys: vec![key],
        };
        entry.check()?;
        Ok(Self {
            entry,
            certificates: certificates.by_version(),
        })
    }

    /// The entry.
    pub fn entry(&self) -> &RepoFile {
        &self.entry
    }

    /// Names and bytes of its files, each read back: `ID.repo` and `RPM-GPG-KEY-ID`, the
    /// certificates as rpm imports them, armored.
    ///
    /// # Errors
    /// The finding that what was read back differs.
    pub fn files(&self) -> std::result::Result<Vec<(String, Vec<u8>)>, Box<Finding>> {
        let differs = || {
            let detail = "what was written does not read back as it was meant";
            reject(codes::REPO_FILE_MALFORMED, detail)
        };
        let text = self.entry.text();
        if RepoFile::read(text.as_bytes())? != self.entry {
            return Err(differs());
        }
        let armored: Vec<u8> = self
            .certificates
            .iter()
            .flat_map(Certificate::to_armored)
            .collect();
        if Certificate::parse_all(&armored) != (self.certificates.clone(), Vec::new()) {
            return Err(differs());
        }
        let id = &self.entry.id;
        Ok(vec![
            (key_name(id), armored),
            (format!("{id}.repo"), text.into_bytes()),
        ])
    }

    /// Writes its files into a directory: all or none.
    ///
    /// # Errors
    /// [`Error::Broken`] when they do not read back as they were meant, [`Error::Repo`]
    /// when they cannot be written.
    pub fn write(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        let files = self.files().map_err(|finding| Error::Broken {
            path: directory.join(&self.entry.id),
            finding,
        })?;
        let mut set = StagedSet::new();
        for (name, bytes) in files {
            let path = directory.join(name);
            let mut staged = StagedFile::create(&path)?;
            staged
                .write_all(&bytes)
                .map_err(|source| pkgseal_repo::Error::Write { path, source })?;
            set.push(staged);
        }
        Ok(set.commit()?)
    }
}

/// The usual name of a certificate file.
fn key_name(id: &str) -> String {
    format!("RPM-GPG-KEY-{id}")
}
