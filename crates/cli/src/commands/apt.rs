//! `pkgseal apt`: one file a command.

mod verify;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::AptCommand;

pub(super) fn run(command: &AptCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        AptCommand::Verify(arguments) => verify::run(arguments, clock),
    }
}
