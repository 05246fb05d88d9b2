//! `pkgseal deb`: one file a command.

mod unsign;
mod verify;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::DebCommand;

pub(super) fn run(command: &DebCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        DebCommand::Verify(arguments) => verify::run(arguments, clock),
        DebCommand::Unsign(arguments) => unsign::run(arguments),
    }
}
