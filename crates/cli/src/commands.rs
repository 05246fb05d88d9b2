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
        Command::Sign(sign) => sign::run(&sign, clock),
        Command::Verify(verify) => verify::run(&verify, clock),
        Command::Inspect(inspect) => inspect::run(&inspect, clock),
        Command::Apt(command) => apt::run(&command, clock),
        Command::Deb(command) => deb::run(&command, clock),
        Command::Rpm(command) => rpm::run(&command, clock),
        Command::Yum(command) => yum::run(&command, clock),
        Command::Files(command) => files::run(&command, clock),
        Command::Maven(command) => maven::run(&command, clock),
        Command::Key(command) => key::run(&command, clock),
        Command::Keyring(command) => keyring::run(&command, clock),
        Command::Profile(profile) => profile::run(&profile),
        Command::Explain(explain) => explain::run(&explain),
        Command::Man(man) => man::run(&man),
        Command::Completions(completions) => completions::run(&completions),
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
