//! `pkgseal key passphrase`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::change::KeyFileChange;
use crate::args::PassphraseSource;

/// Set, change or remove the passphrase of a key
///
/// The old passphrase comes by --passphrase-file and its sisters, the new one by
/// --new-passphrase-file and its own. No passphrase is ever an argument.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("new").required(true).args([
    "new_passphrase_file", "new_passphrase_fd", "new_passphrase_pinentry",
    "new_passphrase_credential", "remove",
]))]
pub(crate) struct KeyPassphrase {
    #[command(flatten)]
    pub(crate) change: KeyFileChange,
    #[command(flatten)]
    pub(crate) new: NewPassphrase,
    /// Leave the key without a passphrase
    #[arg(long)]
    pub(crate) remove: bool,
}

/// Where a passphrase that is to be comes from.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub(crate) struct NewPassphrase {
    /// Read the new passphrase from the first line of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
    /// Read the new passphrase from this file descriptor
    #[arg(long, value_name = "FD")]
    pub(crate) new_passphrase_fd: Option<i32>,
    /// Ask a person for the new passphrase, twice, through pinentry
    #[arg(long)]
    pub(crate) new_passphrase_pinentry: bool,
    /// Read the new passphrase from this systemd credential
    #[arg(long, value_name = "NAME")]
    pub(crate) new_passphrase_credential: Option<String>,
}

impl NewPassphrase {
    /// As the same options of a passphrase that is.
    pub(crate) fn source(&self) -> PassphraseSource {
        PassphraseSource {
            passphrase_file: self.new_passphrase_file.clone(),
            passphrase_fd: self.new_passphrase_fd,
            passphrase_pinentry: self.new_passphrase_pinentry,
            passphrase_credential: self.new_passphrase_credential.clone(),
        }
    }
}
