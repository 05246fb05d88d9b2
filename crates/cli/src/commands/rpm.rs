//! `pkgseal rpm`: one file a command.

mod unsign;
mod verify;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::RpmCommand;

pub(super) fn run(command: &RpmCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        RpmCommand::Verify(arguments) => verify::run(arguments, clock),
        RpmCommand::Unsign(arguments) => unsign::run(arguments, clock),
    }
}
