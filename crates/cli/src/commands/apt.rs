//! `pkgseal apt`: one file a command.

mod index;
mod making;
mod release;
mod verify;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::AptCommand;

pub(super) fn run(command: &AptCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        AptCommand::Verify(arguments) => verify::run(arguments, clock),
        AptCommand::Index(arguments) => index::run(arguments, clock),
        AptCommand::Release(arguments) => release::run(arguments, clock),
    }
}
