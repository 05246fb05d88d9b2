//! rpm, rpmkeys and rpmsign with a private database.

use std::path::Path;
use std::process::Command;

use super::{Run, gnupg, have, put, run, scratch};
use crate::keys::TestKey;

/// A private rpm database with imported certificates.
///
/// rpm 4.18 of Debian 12 has its own OpenPGP parser: it knows RSA and Ed25519 (v4)
/// but not NIST curves and not v6 certificates, and ignores the tag OPENPGP (278).
#[derive(Debug)]
pub struct Database {
    folder: tempfile::TempDir,
}

impl Database {
    /// A database that trusts these keys. Importing must succeed.
    pub fn new(keys: &[&TestKey]) -> Option<Self> {
        have("rpmkeys")?;
        let database = Self { folder: scratch() };
        for key in keys {
            database.import(key.certificate()).expect_ok();
        }
        Some(database)
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `rpm`, `rpmkeys`… with this database alone.
    pub fn command(&self, program: &str) -> Command {
        let mut command = have(program).expect("rpmkeys came with it").command();
        command
            .arg("--dbpath")
            .arg(self.path().join("db"))
            .args(["--define", "_keyring rpmdb"])
            .arg("--define")
            .arg(format!(
                "_keyringpath {}",
                self.path().join("pubkeys").display()
            ));
        command
    }

    /// `rpmkeys --import` of an armored certificate.
    pub fn import(&self, certificate: &[u8]) -> Run {
        let file = put(self.path(), "import.asc", certificate);
        run(self.command("rpmkeys").arg("--import").arg(file))
    }

    /// `rpmkeys --checksig --verbose`, asking for a signature over everything
    /// (`%_pkgverify_level all`).
    pub fn check(&self, package: &Path) -> Run {
        run(self
            .command("rpmkeys")
            .args(["--define", "_pkgverify_level all"])
            .args(["--checksig", "--verbose"])
            .arg(package))
    }
}

/// `rpmkeys -K -v` of one package, trusting these keys.
pub fn check(package: &Path, keys: &[&TestKey]) -> Option<Run> {
    Some(Database::new(keys)?.check(package))
}

/// `rpmsign --addsign` (or `--delsign`, `--rpmv3`… in `options`) in place by gpg.
pub fn rpmsign(package: &Path, options: &[&str], key: &TestKey) -> Option<Run> {
    let rpmsign = have("rpmsign")?;
    let gpg = have("gpg")?;
    let home = gnupg::Home::new(&[key])?;
    Some(run(rpmsign
        .command()
        .env("GNUPGHOME", home.path())
        .arg("--define")
        // Debian's rpm looks for gpg2.
        .arg(format!("__gpg {}", gpg.path().display()))
        .arg("--define")
        .arg(format!("_gpg_name {}", key.fingerprint()))
        .args([
            "--define",
            "_gpg_sign_cmd_extra_args --batch --pinentry-mode loopback",
        ])
        .args(options)
        .arg(package)))
}

/// `rpmbuild` of a spec in a private folder, with fixed times and build host, and one file
/// of sources (`source.tar`); returns the packages it made.
pub fn rpmbuild(spec: &[u8], options: &[&str]) -> Option<Vec<(String, Vec<u8>)>> {
    let rpmbuild = have("rpmbuild")?;
    let folder = scratch();
    let spec = put(folder.path(), "test.spec", spec);
    let top = folder.path().join("top");
    put(&top, "SOURCES/source.tar", "of a test\n");
    run(rpmbuild
        .command()
        .env("HOME", folder.path())
        .env("SOURCE_DATE_EPOCH", super::super::build::BUILT.to_string())
        .arg("--define")
        .arg(format!("_topdir {}", top.display()))
        .args(["--define", "_buildhost test.invalid"])
        .args(["--define", "use_source_date_epoch_as_buildtime 1"])
        .args(["--define", "_invalid_encoding_terminates_build 0"])
        .args(["--define", "debug_package %{nil}"])
        .args(["--dbpath"])
        .arg(folder.path().join("db"))
        .args(["--nodeps", "--quiet"])
        .args(options)
        .arg(spec))
    .expect_ok();
    let made = super::files(&top).into_iter();
    let made = made.filter(|path| path.extension().is_some_and(|end| end == "rpm"));
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(path).unwrap())
    };
    Some(made.map(read).collect())
}
