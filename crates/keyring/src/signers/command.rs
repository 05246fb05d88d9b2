//! Signing with a key that an external command signs with.

use jiff::Timestamp;
use pkgseal_openpgp::{Certificates, Signer};

use super::{KeySource, SignerError};
use crate::{Passphrase, Result};

/// Names a key that an external command signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandKey(String);

impl CommandKey {
    /// Reads what follows `command:`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it names no key".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Display for CommandKey {
    /// As [`CommandKey::parse`] reads it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) fn open(
    _key: &CommandKey,
    source: &KeySource,
    _certificates: &Certificates,
    _passphrase: Option<&Passphrase>,
    _now: Timestamp,
) -> Result<Signer> {
    Err(SignerError::new(source, "keys of this kind cannot be reached in this build").into())
}
