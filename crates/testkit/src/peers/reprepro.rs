//! reprepro: keeps a repository in a database of its own, signs by gpgme.

use std::path::Path;

use super::{Peer, Run, gnupg, have, put, run, scratch};
use crate::keys::TestKey;

/// A reprepro with its own folder and keys.
#[derive(Debug)]
pub struct Reprepro {
    peer: Peer,
    home: gnupg::Home,
    folder: tempfile::TempDir,
}

impl Reprepro {
    /// One with this `conf/distributions`, holding these secret keys for `SignWith` and
    /// `VerifyRelease`.
    pub fn new(distributions: &str, keys: &[&TestKey]) -> Option<Self> {
        let reprepro = Self {
            peer: have("reprepro")?,
            home: gnupg::Home::new(keys)?,
            folder: scratch(),
        };
        reprepro.configure("distributions", distributions);
        Some(reprepro)
    }

    /// Writes a file of `conf/`.
    pub fn configure(&self, name: &str, text: &str) {
        put(self.path(), &format!("conf/{name}"), text);
    }

    /// Its folder: the repository, beside `conf/` and `db/`.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `reprepro ARGUMENTS…` in its folder.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let mut command = self.peer.command();
        command
            .env("GNUPGHOME", self.home.path())
            .arg("--basedir")
            .arg(self.path())
            .args(arguments);
        run(&mut command)
    }
}
