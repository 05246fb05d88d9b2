//! gpgv and gpg.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Peer, Run, have, put, run, scratch};
use crate::keys::{PASSPHRASE, TestKey};

/// `gpgv --keyring … SIGNATURE [DATA]`; without `data`, `signature` is a clearsigned
/// message. Status lines come on standard output.
///
/// gpgv exits 0 for expired and for revoked keys too: look for `GOODSIG`, `EXPKEYSIG`,
/// `REVKEYSIG` in the text.
pub fn gpgv(keyring: &[u8], signature: &[u8], data: Option<&[u8]>) -> Option<Run> {
    Some(check(&have("gpgv")?, keyring, signature, data))
}

/// As [`gpgv`], with the clock at `time`.
pub fn gpgv_at(
    time: Timestamp,
    keyring: &[u8],
    signature: &[u8],
    data: Option<&[u8]>,
) -> Option<Run> {
    Some(check(&have("gpgv")?.at(time)?, keyring, signature, data))
}

fn check(gpgv: &Peer, keyring: &[u8], signature: &[u8], data: Option<&[u8]>) -> Run {
    let folder = scratch();
    let keyring = put(folder.path(), "keyring.gpg", keyring);
    let signature = put(folder.path(), "data.sig", signature);
    let data = data.map(|data| put(folder.path(), "data", data));
    let mut command = gpgv.command();
    command
        .arg("--homedir")
        .arg(folder.path())
        .args(["--status-fd", "1", "--keyring"])
        .arg(keyring)
        .arg(signature)
        .args(data);
    run(&mut command)
}

/// A throw-away GNUPGHOME. Its agent ends with it.
#[derive(Debug)]
pub struct Home {
    gpg: Peer,
    folder: tempfile::TempDir,
}

impl Home {
    /// A home holding these secret keys.
    pub fn new(keys: &[&TestKey]) -> Option<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        let gpg = have("gpg")?;
        let folder = scratch();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let home = Self { gpg, folder };
        for key in keys {
            home.import(key.secret());
        }
        Some(home)
    }

    /// Its folder, for `GNUPGHOME`.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Imports secret keys or certificates.
    pub fn import(&self, bytes: &[u8]) {
        let file = put(self.path(), "import", bytes);
        run(self.command().arg("--import").arg(file)).expect_ok();
    }

    /// `gpg --batch` in this home, status lines on standard output. Add
    /// `--faked-system-time 20250301T000000!` to stop its clock.
    pub fn command(&self) -> std::process::Command {
        let mut command = self.gpg.command();
        command.arg("--homedir").arg(self.path()).args([
            "--batch",
            "--no-tty",
            "--yes",
            "--status-fd",
            "1",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            PASSPHRASE,
            "--trust-model",
            "always",
        ]);
        command
    }

    /// `gpg --clearsign` by these keys at that time.
    pub fn clearsign(&self, signers: &[&TestKey], text: &[u8], time: Timestamp) -> Vec<u8> {
        self.sign(signers, text, time, &["--clearsign"])
    }

    /// `gpg --armor --detach-sign` by these keys at that time.
    pub fn detach_sign(&self, signers: &[&TestKey], data: &[u8], time: Timestamp) -> Vec<u8> {
        self.sign(signers, data, time, &["--armor", "--detach-sign"])
    }

    fn sign(&self, signers: &[&TestKey], data: &[u8], time: Timestamp, how: &[&str]) -> Vec<u8> {
        let input = put(self.path(), "input", data);
        let output: PathBuf = self.path().join("output");
        let mut command = self.command();
        command
            .arg("--faked-system-time")
            .arg(time.strftime("%Y%m%dT%H%M%S!").to_string());
        for key in signers {
            command.args(["--local-user", &key.fingerprint()]);
        }
        command.args(how).arg("--output").arg(&output).arg(input);
        run(&mut command).expect_ok();
        std::fs::read(output).unwrap()
    }

    /// `gpg --verify` of a detached signature (or a clearsigned message) by this home's
    /// certificates.
    pub fn verify(&self, signature: &[u8], data: Option<&[u8]>) -> Run {
        let signature = put(self.path(), "verify.sig", signature);
        let data = data.map(|data| put(self.path(), "verify", data));
        run(self.command().arg("--verify").arg(signature).args(data))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // The agent notices its removed socket only after a while.
        let _ = std::process::Command::new("gpgconf")
            .arg("--homedir")
            .arg(self.folder.path())
            .args(["--kill", "all"])
            .output();
    }
}
