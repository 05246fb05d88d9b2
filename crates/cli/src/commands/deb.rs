//! `pkgseal deb`: one file a command.

mod verify;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::DebCommand;

pub(super) fn run(command: &DebCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        DebCommand::Verify(arguments) => verify::run(arguments, clock),
    }
}
