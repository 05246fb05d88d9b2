//! One file a command: arguments in, one library call, result to [`report`](crate::report).

mod apt;
mod batch;
mod clients;
mod completions;
mod deb;
mod examine;
mod explain;
mod files;
mod inspect;
mod key;
mod keyring;
mod man;
mod maven;
mod profile;
mod rpm;
mod sign;
mod unsign;
mod verify;
mod yum;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Outcome;

use crate::args::{Arguments, Command};

/// Runs the command that was typed.
pub(crate) fn run(arguments: Arguments, clock: SystemTime) -> Result<ExitCode> {
    match arguments.command {
        Command::Sign(sign) => sign::run(&sign.0, clock),
        Command::Verify(verify) => verify::run(&verify.0, clock),
        Command::Inspect(inspect) => inspect::run(&inspect.0, clock),
        Command::Apt(command) => apt::run(&command.0, clock),
        Command::Deb(command) => deb::run(&command.0, clock),
        Command::Rpm(command) => rpm::run(&command.0, clock),
        Command::Yum(command) => yum::run(&command.0, clock),
        Command::Files(command) => files::run(&command.0, clock),
        Command::Maven(command) => maven::run(&command.0, clock),
        Command::Key(command) => key::run(&command.0, clock),
        Command::Keyring(command) => keyring::run(&command.0, clock),
        Command::Profile(profile) => profile::run(&profile.0),
        Command::Explain(explain) => explain::run(&explain.0),
        Command::Man(man) => man::run(&man.0),
        Command::Completions(completions) => completions::run(&completions.0),
    }
}

/// The exit status an outcome becomes.
fn status(outcome: Outcome) -> ExitCode {
    match outcome {
        Outcome::Accepted => ExitCode::SUCCESS,
        Outcome::Rejected => ExitCode::from(1),
        Outcome::Undecided => ExitCode::from(2),
    }
}
