//! `pkgseal key`: one file a command.

mod adopt;
mod change;
mod doctor;
mod extend;
mod generate;
mod passphrase;
mod prove;
mod revoke;
mod rotate;
mod split;
mod subkey;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::KeyCommand;

pub(super) fn run(command: &KeyCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        KeyCommand::Generate(arguments) => generate::run(arguments, clock),
        KeyCommand::Adopt(arguments) => adopt::run(arguments, clock),
        KeyCommand::Doctor(arguments) => doctor::run(arguments, clock),
        KeyCommand::Prove(arguments) => prove::run(arguments, clock),
        KeyCommand::Rotate(command) => rotate::run(command, clock),
        KeyCommand::Extend(arguments) => extend::run(arguments, clock),
        KeyCommand::Subkey(command) => subkey::run(command, clock),
        KeyCommand::Revoke(arguments) => revoke::run(arguments, clock),
        KeyCommand::Passphrase(arguments) => passphrase::run(arguments, clock),
        KeyCommand::Split(arguments) => split::split(arguments, clock),
        KeyCommand::Join(arguments) => split::join(arguments, clock),
    }
}
