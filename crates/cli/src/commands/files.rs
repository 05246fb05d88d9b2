//! `pkgseal files`: one file a command.

mod sign;
mod verify;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::FilesCommand;

pub(super) fn run(command: &FilesCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        FilesCommand::Sign(arguments) => sign::run(arguments, clock),
        FilesCommand::Verify(arguments) => verify::run(arguments, clock),
    }
}
