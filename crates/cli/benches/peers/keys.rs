//! Throw-away keys in a throw-away GnuPG home, the same for everyone.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::measure;

/// One key, as each program wants it.
pub(crate) struct Key {
    /// What the tables call it.
    pub(crate) name: &'static str,
    /// The full fingerprint, for the peers that sign with gpg.
    pub(crate) fingerprint: String,
    /// The secret key, for us.
    pub(crate) secret: PathBuf,
    /// The armored certificate.
    pub(crate) certificate: PathBuf,
    /// The same in binary, for gpgv.
    pub(crate) keyring: PathBuf,
}

impl Key {
    /// The `pkgseal` that cargo built for this run, signing.
    pub(crate) fn sign(&self) -> Command {
        let mut sign = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
        sign.arg("sign").arg("--key").arg(&self.secret);
        sign
    }

    /// The same, verifying.
    pub(crate) fn verify(&self) -> Command {
        verify(&self.certificate)
    }
}

/// `pkgseal verify` with this keyring.
pub(crate) fn verify(keyring: &Path) -> Command {
    let mut verify = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
    verify.arg("verify").arg("--keyring").arg(keyring);
    verify
}

/// gpg without questions, in this home.
pub(crate) fn gpg(home: &Path) -> Command {
    let mut gpg = Command::new("gpg");
    gpg.arg("--homedir").arg(home).args([
        "--batch",
        "--quiet",
        "--no-tty",
        "--pinentry-mode",
        "loopback",
    ]);
    gpg
}

/// The keys and their home.
pub(crate) struct Keys {
    home: tempfile::TempDir,
    /// One for each algorithm that every peer knows.
    pub(crate) all: Vec<Key>,
}

impl Keys {
    /// Makes them.
    pub(crate) fn generate() -> io::Result<Self> {
        let mut keys = Self {
            home: tempfile::Builder::new().prefix("peers").tempdir()?,
            all: Vec::new(),
        };
        for (name, algorithm) in [("RSA-4096", "rsa4096"), ("Ed25519", "ed25519")] {
            let user = format!("TEST benchmark {algorithm}");
            measure::run(keys.gpg().args([
                "--passphrase",
                "",
                "--quick-generate-key",
                &user,
                algorithm,
                "sign",
                "1y",
            ]))?;
            let listing = keys
                .gpg()
                .args(["--with-colons", "--list-keys", &user])
                .output()?;
            let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
            let fingerprint = listing
                .lines()
                .find_map(|line| line.strip_prefix("fpr:"))
                .map(|fields| fields.trim_matches(':').to_owned())
                .ok_or_else(|| io::Error::other("gpg printed no fingerprint"))?;
            let key = Key {
                name,
                secret: keys.path(&format!("{algorithm}.secret")),
                certificate: keys.path(&format!("{algorithm}.asc")),
                keyring: keys.path(&format!("{algorithm}.gpg")),
                fingerprint,
            };
            keys.export(&key.secret, &["--export-secret-keys"], &key.fingerprint)?;
            keys.export(&key.certificate, &["--armor", "--export"], &key.fingerprint)?;
            keys.export(&key.keyring, &["--export"], &key.fingerprint)?;
            keys.all.push(key);
        }
        Ok(keys)
    }

    /// A file beside the keys.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The GnuPG home, for peers that run gpg themselves.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    fn gpg(&self) -> Command {
        gpg(self.home())
    }

    fn export(&self, to: &Path, how: &[&str], fingerprint: &str) -> io::Result<()> {
        // Our own command refuses a secret key that others may read.
        measure::run(
            self.gpg()
                .args(["--passphrase", "", "--output"])
                .arg(to)
                .args(how)
                .arg(fingerprint),
        )
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // The agent would outlive its home.
        let _ = Command::new("gpgconf")
            .arg("--homedir")
            .arg(self.home.path())
            .args(["--kill", "all"])
            .status();
    }
}
