//! `pkgseal key passphrase`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_keyring::lifecycle::protect;

use super::change;
use crate::args::KeyPassphrase;
use crate::context;

pub(super) fn run(arguments: &KeyPassphrase, clock: SystemTime) -> Result<ExitCode> {
    let new = context::passphrase(&arguments.new.source())?;
    let opened = change::open_file(&arguments.change, clock)?;
    let passphrase = opened.passphrase.as_ref();
    let changed = protect(&opened.file, passphrase, new.as_ref(), opened.now)?;
    let verb = match arguments.remove {
        true => "passphrase removed from",
        false => "passphrase set on",
    };
    change::finish_file(&arguments.change, &opened, verb, &changed)
}
