//! A sick key, and what it signed in its time.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::apt::Repository;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::keys::{self, Back, Hash, Recast, Says};

use crate::run::{pkgseal, private_key};

pub(crate) const WHO: &str = "pkgseal TEST doctor <doctor@test.invalid>";

/// When things are signed, before the certificate is mended.
pub(crate) const SIGNED: &str = "2026-01-15";

/// When it is mended: after every policy's cut-off.
pub(crate) const MENDED: &str = "2026-03-01";

pub(crate) fn says(hash: Hash) -> Says {
    Says::plain(hash, "2025-01-01")
}

pub(crate) fn uniform(key: &str, hash: Hash) -> Recast {
    keys::load(key)
        .recast()
        .user_id(WHO, &[says(hash)])
        .binding(says(hash), Back::By(hash))
}

/// A folder with a sick key, and what it signed in its time.
pub(crate) struct Ward {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) cast: Recast,
}

impl Ward {
    pub(crate) fn new(cast: Recast) -> Self {
        let ward = Self {
            folder: tempfile::tempdir().unwrap(),
            cast,
        };
        ward.put("sick.key.asc", &ward.cast.secret());
        ward.put("published.asc", &ward.cast.certificate());
        ward
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Signed by the same secret key, whose certificate is whole in the test keys.
    pub(crate) fn sign(&self, key: &str, paths: &[&Path]) {
        let key = private_key(self.folder.path(), &format!("{key}.key.asc"));
        pkgseal(["sign", "--time", SIGNED, "--key"])
            .arg(key)
            .args(paths)
            .run()
            .expect(0);
    }

    pub(crate) fn everything_signed(&self, key: &str) -> PathBuf {
        let root = self.path("signed");
        let debs = vec![("main", Deb::new("hello", "1.0", "amd64"))];
        Repository::new("stable", debs).write(&root.join("apt"));
        self.put(
            "signed/hello.deb",
            &Deb::new("hello", "1.0", "amd64").build(),
        );
        self.put(
            "signed/hello.rpm",
            &Rpm::new("hello", "1.0", "x86_64", Format::V4).build(),
        );
        self.put("signed/notes.txt", b"notes\n");
        let paths = ["apt", "hello.deb", "hello.rpm", "notes.txt"].map(|name| root.join(name));
        self.sign(key, &paths.each_ref().map(PathBuf::as_path));
        root
    }

    pub(crate) fn doctor(&self, more: &[&str]) -> crate::run::Call {
        pkgseal(["key", "doctor", "--time", MENDED])
            .args(more)
            .arg(self.path("sick.key.asc"))
    }

    /// Mends it, and gives the certificate to publish.
    pub(crate) fn mended(&self) -> Vec<u8> {
        self.doctor(&["--fix"]).run().expect(0);
        fs::read(self.path("sick.cert.asc")).unwrap()
    }

    pub(crate) fn prove(&self, new: &str, paths: &[&Path]) -> crate::run::Call {
        pkgseal(["key", "prove", "--time", MENDED])
            .arg(self.path("published.asc"))
            .arg(self.path(new))
            .args(paths)
    }
}
