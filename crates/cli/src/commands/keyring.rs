//! `pkgseal keyring`: one file a command.

mod audit;
mod diff;
mod export;
mod filter;
mod forecast;
mod list;
mod made;
mod merge;
pub(super) mod package;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::KeyringCommand;

pub(super) fn run(command: &KeyringCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        KeyringCommand::Audit(arguments) => audit::run(arguments, clock),
        KeyringCommand::List(arguments) => list::run(arguments, clock),
        KeyringCommand::Merge(arguments) => merge::run(arguments),
        KeyringCommand::Filter(arguments) => filter::run(arguments, clock),
        KeyringCommand::Diff(arguments) => diff::run(arguments, clock),
        KeyringCommand::Export(arguments) => export::run(arguments),
        KeyringCommand::Package(arguments) => package::run(arguments, clock),
        KeyringCommand::Forecast(arguments) => forecast::run(arguments, clock),
    }
}
