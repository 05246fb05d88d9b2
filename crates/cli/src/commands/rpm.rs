//! `pkgseal rpm`: one file a command.

mod unsign;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::RpmCommand;

pub(super) fn run(command: &RpmCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        RpmCommand::Unsign(arguments) => unsign::run(arguments, clock),
    }
}
