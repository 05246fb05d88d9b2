//! `pkgseal key passphrase`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_keyring::lifecycle::protect;

use super::change;
use crate::args::{KeyPassphrase, PassphraseSource};
use crate::context;

pub(super) fn run(arguments: &KeyPassphrase, clock: SystemTime) -> Result<ExitCode> {
    let new = context::passphrase(&PassphraseSource {
        passphrase_file: arguments.new_passphrase_file.clone(),
        passphrase_fd: arguments.new_passphrase_fd,
        passphrase_pinentry: arguments.new_passphrase_pinentry,
        passphrase_credential: arguments.new_passphrase_credential.clone(),
    })?;
    let opened = change::open(&arguments.change, clock)?;
    let passphrase = opened.passphrase.as_ref();
    let changed = protect(&opened.file, passphrase, new.as_ref(), opened.now)?;
    let verb = match arguments.remove {
        true => "passphrase removed from",
        false => "passphrase set on",
    };
    change::finish(&arguments.change, &opened, verb, &changed)
}
