//! `pkgseal key subkey`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_keyring::lifecycle::{Replaced, SubkeyRequest, add_subkey, replace_subkey};

use super::change;
use super::generate::algorithm;
use crate::args::{NewSubkey, SubkeyAdd, SubkeyCommand, SubkeyReplace};

pub(super) fn run(command: &SubkeyCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        SubkeyCommand::Add(arguments) => add(arguments, clock),
        SubkeyCommand::Replace(arguments) => replace(arguments, clock),
    }
}

fn request(new: &NewSubkey) -> SubkeyRequest {
    SubkeyRequest {
        algorithm: new.algorithm.map(algorithm),
        expires: new.expires,
    }
}

fn add(arguments: &SubkeyAdd, clock: SystemTime) -> Result<ExitCode> {
    let opened = change::open_for_subkey(&arguments.change, &arguments.new.passphrase, clock)?;
    let changed = add_subkey(
        &*opened.custody,
        opened.passphrase.as_ref(),
        &request(&arguments.new),
        opened.now,
    )?;
    change::finish(&arguments.change, &opened, "subkey added to", &changed)
}

fn replace(arguments: &SubkeyReplace, clock: SystemTime) -> Result<ExitCode> {
    let old = arguments
        .subkey
        .as_deref()
        .map(|text| change::fingerprint("--subkey", text))
        .transpose()?;
    let replaced = match (arguments.retire, arguments.revoke) {
        (Some(lifetime), _) => Replaced::Expire(lifetime),
        (None, true) => Replaced::Revoke,
        (None, false) => Replaced::Keep,
    };
    let opened = change::open_for_subkey(&arguments.change, &arguments.new.passphrase, clock)?;
    let changed = replace_subkey(
        &*opened.custody,
        opened.passphrase.as_ref(),
        &request(&arguments.new),
        old.as_ref(),
        replaced,
        opened.now,
    )?;
    change::finish(&arguments.change, &opened, "subkey replaced in", &changed)
}
