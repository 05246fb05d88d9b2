//! aptly: mirrors, snapshots and publishes repositories, signs by gpg.

use std::path::{Path, PathBuf};

use super::{Peer, Run, gnupg, have, put, run, scratch};
use crate::keys::TestKey;

/// An aptly with its own folder and keys.
#[derive(Debug)]
pub struct Aptly {
    peer: Peer,
    home: gnupg::Home,
    folder: tempfile::TempDir,
}

impl Aptly {
    /// One that holds these secret keys.
    pub fn new(keys: &[&TestKey]) -> Option<Self> {
        let aptly = Self {
            peer: have("aptly")?,
            home: gnupg::Home::new(keys)?,
            folder: scratch(),
        };
        let root = aptly.path().display();
        let config = format!(
            "{{\"rootDir\": \"{root}\", \"architectures\": [], \"gpgProvider\": \"gpg\", \
             \"downloadRetries\": 0}}\n"
        );
        put(aptly.path(), "aptly.conf", config);
        Some(aptly)
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What it has published.
    pub fn public(&self) -> PathBuf {
        self.path().join("public")
    }

    /// Writes a file beside its own and returns its path.
    pub fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        put(self.path(), name, bytes)
    }

    /// `aptly ARGUMENTS…`.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let mut command = self.peer.command();
        command
            .env("GNUPGHOME", self.home.path())
            .env("HOME", self.path())
            .arg(format!("-config={}/aptly.conf", self.path().display()))
            .args(arguments);
        run(&mut command)
    }
}
