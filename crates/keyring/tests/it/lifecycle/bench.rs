//! A folder with a private copy of a test key, and what is asked of the changed one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan as _};
use pkgseal_keyring::lifecycle::{Changed, KeyFile, SubkeyRequest, Which, extend};
use pkgseal_keyring::{Passphrase, Result};
use pkgseal_openpgp::edit::{Reason, Revoking};
use pkgseal_openpgp::{Certificate, Certificates, Fingerprint, Profile};
use pkgseal_repo::{Destination, Lifetime};
use pkgseal_testkit::keys::{self, PASSPHRASE};

pub(crate) fn now() -> Timestamp {
    keys::time("2025-03-01")
}

pub(crate) fn lifetime(text: &str) -> Lifetime {
    Lifetime::parse(text).unwrap()
}

/// A folder with a private copy of a test key.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new(name: &str) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        bench.put("test.key.asc", keys::load(name).secret());
        bench.put("words", PASSPHRASE.as_bytes());
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) fn words(&self) -> Passphrase {
        Passphrase::File(self.path("words"))
    }

    pub(crate) fn open(&self) -> KeyFile {
        self.open_file("test.key.asc")
    }

    pub(crate) fn open_file(&self, name: &str) -> KeyFile {
        KeyFile::open(&self.path(name), &Certificates::default()).unwrap()
    }

    pub(crate) fn extend(&self, which: &Which, expires: &str) -> Result<Changed> {
        extend(
            &self.open(),
            Some(&self.words()),
            which,
            lifetime(expires),
            now(),
        )
    }

    pub(crate) fn write(&self, changed: &Changed) -> [PathBuf; 2] {
        self.open().write(changed, &Destination::Beside).unwrap()
    }

    pub(crate) fn certificate(&self) -> Certificate {
        read(&self.path("test.cert.asc"))
    }
}

pub(crate) fn read(path: &Path) -> Certificate {
    let (mut certificates, errors) = Certificate::parse_all(&fs::read(path).unwrap());
    assert!(errors.is_empty(), "{errors:?}");
    certificates.remove(0)
}

pub(crate) fn expiries(certificate: &Certificate) -> Vec<Option<Timestamp>> {
    let keys = certificate.keys(&Profile::strict(), now() + 1.minute());
    keys.iter().map(|key| key.own_expires).collect()
}

pub(crate) fn subkey(certificate: &Certificate, index: usize) -> Fingerprint {
    let keys = certificate.keys(&Profile::strict(), now());
    keys.get(index).unwrap().fingerprint.clone()
}

pub(crate) fn codes(changed: &Changed) -> Vec<&'static str> {
    changed.findings.iter().map(|found| found.code.id).collect()
}

pub(crate) fn new_subkey(expires: &str) -> SubkeyRequest {
    SubkeyRequest {
        algorithm: None,
        expires: lifetime(expires),
    }
}

pub(crate) fn why(reason: Reason) -> Revoking {
    Revoking {
        reason,
        message: String::new(),
    }
}
