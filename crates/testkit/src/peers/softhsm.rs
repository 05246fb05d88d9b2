//! SoftHSM: PKCS#11 tokens in a folder of their own, and a module between it and us that
//! misbehaves on request.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Peer, have, put, run, scratch};
use crate::keys::TestKey;

/// The user PIN of every token.
pub const PIN: &str = "31415926";
/// The security officer's.
const SO_PIN: &str = "27182818";
/// The token's label.
pub const TOKEN: &str = "TEST token";

/// Where Debian and others install the module.
const MODULES: &[&str] = &[
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
];

/// Tokens in a private folder.
#[derive(Debug)]
pub struct SoftHsm {
    util: Peer,
    folder: tempfile::TempDir,
}

/// Whether a public key is put beside the private one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// It is, as tokens make them.
    Public,
    /// It is not.
    Nothing,
}

impl SoftHsm {
    /// One token, [`TOKEN`], with no key on it.
    pub fn new() -> Option<Self> {
        let util = have("softhsm2-util")?;
        let folder = scratch();
        std::fs::create_dir(folder.path().join("tokens")).unwrap();
        let settings = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            folder.path().join("tokens").display()
        );
        put(folder.path(), "softhsm2.conf", settings);
        let hsm = Self { util, folder };
        hsm.add_token(TOKEN);
        Some(hsm)
    }

    /// What `SOFTHSM2_CONF` has to be.
    pub fn settings(&self) -> PathBuf {
        self.folder.path().join("softhsm2.conf")
    }

    /// SoftHSM's module.
    ///
    /// # Panics
    /// When the tool is installed and the module is not.
    pub fn module(&self) -> PathBuf {
        let mut modules = MODULES.iter().map(PathBuf::from);
        modules
            .find(|path| path.is_file())
            .expect("libsofthsm2.so beside softhsm2-util")
    }

    /// A file with the PIN, which nobody else may read.
    pub fn pin_file(&self) -> PathBuf {
        self.secret_file("pin", PIN)
    }

    /// A file that nobody else may read.
    pub fn secret_file(&self, name: &str, words: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let file = put(self.folder.path(), name, words);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    /// Puts in one more token.
    pub fn add_token(&self, label: &str) {
        let mut command = self.util();
        command.args(["--init-token", "--free", "--label", label]);
        run(command.args(["--so-pin", SO_PIN, "--pin", PIN])).expect_ok();
    }

    /// Imports the signing key of a test key.
    pub fn import(&self, key: &TestKey, label: &str, id: &str, beside: Beside) {
        self.import_pkcs8(&key.pkcs8(), label, id, beside);
    }

    /// Imports a key in PKCS#8, PEM.
    pub fn import_pkcs8(&self, key: &str, label: &str, id: &str, beside: Beside) {
        let file = self.secret_file("import.pem", key);
        let mut command = self.util();
        command
            .args(["--token", TOKEN, "--pin", PIN, "--label", label, "--id", id])
            .arg("--force")
            .arg("--import")
            .arg(&file);
        if beside == Beside::Nothing {
            command.arg("--no-public-key");
        }
        run(&mut command).expect_ok();
    }

    /// pkcs11-tool, logged in to the token.
    pub fn tool(&self) -> Option<Command> {
        let mut command = have("pkcs11-tool")?.command();
        command
            .env("SOFTHSM2_CONF", self.settings())
            .arg("--module")
            .arg(self.module())
            .args(["--token-label", TOKEN, "--login", "--pin", PIN]);
        Some(command)
    }

    /// The module that stands between SoftHSM and its user and misbehaves as its environment
    /// says; see `softhsm.c`. It needs a C compiler.
    pub fn wayward_module(&self) -> Option<PathBuf> {
        let cc = have("cc")?;
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/peers/softhsm.c");
        let module = self.folder.path().join("wayward.so");
        let mut command = cc.command();
        command
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&module)
            .arg(source)
            .arg(format!("-DMODULE=\"{}\"", self.module().display()));
        run(command.arg("-ldl")).expect_ok();
        Some(module)
    }

    fn util(&self) -> Command {
        let mut command = self.util.command();
        command.env("SOFTHSM2_CONF", self.settings());
        command
    }
}
