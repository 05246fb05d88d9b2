//! An external command that signs by pkgseal's protocol, around `openssl pkeyutl`.

use std::path::{Path, PathBuf};

use super::{have, put, scratch};
use crate::keys::TestKey;

/// The command and its key, in a private folder.
#[derive(Debug)]
pub struct SigningCommand {
    folder: tempfile::TempDir,
}

impl SigningCommand {
    /// A command that signs with the signing key of a test key.
    pub fn new(key: &TestKey) -> Option<Self> {
        Self::of_pkcs8(&key.pkcs8())
    }

    /// A command that signs with a key in PKCS#8, PEM.
    pub fn of_pkcs8(key: &str) -> Option<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        have("openssl")?;
        have("bash")?;
        let folder = scratch();
        put(folder.path(), "key.pem", key);
        let script = put(folder.path(), "sign", include_str!("signing-command.sh"));
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        Some(Self { folder })
    }

    /// The program.
    pub fn program(&self) -> PathBuf {
        self.folder.path().join("sign")
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of settings with these lines besides `version` and `program`. The program sees
    /// `MOOD`.
    pub fn settings(&self, lines: &str) -> PathBuf {
        let text = format!(
            "version = 1\nprogram = \"{}\"\nenvironment = [\"MOOD\"]\n{lines}",
            self.program().display()
        );
        put(self.folder.path(), "signer.toml", text)
    }

    /// A file that grows by a line for each process, started.
    pub fn count_file(&self) -> PathBuf {
        self.folder.path().join("count")
    }

    /// How many processes there were.
    pub fn processes(&self) -> usize {
        let count = std::fs::read_to_string(self.count_file()).unwrap_or_default();
        count.lines().count()
    }
}
