//! `pkgseal maven`: one file a command.

mod bundle;
mod check;
mod sign;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::MavenCommand;

pub(super) fn run(command: &MavenCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        MavenCommand::Sign(arguments) => sign::run(arguments, clock),
        MavenCommand::Check(arguments) => check::run(arguments, clock),
        MavenCommand::Bundle(arguments) => bundle::run(arguments, clock),
    }
}
