//! `pkgseal apt`: one file a command.

mod clients;
mod index;
mod lint;
mod making;
mod recover;
mod refresh;
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
        AptCommand::Lint(arguments) => lint::run(arguments, clock),
        AptCommand::Recover(arguments) => recover::run(arguments, clock),
        AptCommand::Refresh(arguments) => refresh::run(arguments, clock),
        AptCommand::Verify(arguments) => verify::run(arguments, clock),
        AptCommand::Index(arguments) => index::run(arguments, clock),
        AptCommand::Release(arguments) => release::run(arguments, clock),
    }
}
