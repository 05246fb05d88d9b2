//! `pkgseal key extend`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_keyring::lifecycle::{Which, extend};

use super::change;
use crate::args::KeyExtend;
use crate::context;

pub(super) fn run(arguments: &KeyExtend, clock: SystemTime) -> Result<ExitCode> {
    let which = match (arguments.primary, arguments.subkey.is_empty()) {
        (true, _) => Which::Primary,
        (false, true) => Which::All,
        (false, false) => Which::Subkeys(context::fingerprints("--subkey", &arguments.subkey)?),
    };
    let opened = change::open(&arguments.change, clock)?;
    let changed = extend(
        &*opened.custody,
        opened.passphrase.as_ref(),
        &which,
        arguments.expires,
        opened.now,
    )?;
    change::finish(&arguments.change, &opened, "extended", &changed)
}
