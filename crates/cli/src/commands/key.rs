//! `pkgseal key`: one file a command.

mod doctor;
mod generate;
mod prove;
mod rotate;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::KeyCommand;

pub(super) fn run(command: &KeyCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        KeyCommand::Generate(arguments) => generate::run(arguments, clock),
        KeyCommand::Doctor(arguments) => doctor::run(arguments, clock),
        KeyCommand::Prove(arguments) => prove::run(arguments, clock),
        KeyCommand::Rotate(command) => rotate::run(command, clock),
    }
}
