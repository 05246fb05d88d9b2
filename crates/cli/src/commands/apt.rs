//! `pkgseal apt`: one file a command.

mod clients;
mod index;
mod making;
mod release;
mod sources;
mod verify;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::AptCommand;

pub(super) fn run(command: &AptCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        AptCommand::Sources(arguments) => sources::run(arguments, clock),
        AptCommand::Clients(arguments) => clients::run(arguments),
        AptCommand::Verify(arguments) => verify::run(arguments, clock),
        AptCommand::Index(arguments) => index::run(arguments, clock),
        AptCommand::Release(arguments) => release::run(arguments, clock),
    }
}
