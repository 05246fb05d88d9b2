//! `pkgseal yum`: one file a command.

mod index;
mod lint;
mod metalink;
mod recover;
mod repo_file;
mod sign;
mod verify;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::YumCommand;

pub(super) fn run(command: &YumCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        YumCommand::Index(arguments) => index::run(arguments, clock),
        YumCommand::Recover(arguments) => recover::run(arguments, clock),
        YumCommand::Metalink(arguments) => metalink::run(arguments, clock),
        YumCommand::Sign(arguments) => sign::run(arguments, clock),
        YumCommand::Verify(arguments) => verify::run(arguments, clock),
        YumCommand::Lint(arguments) => lint::run(arguments, clock),
        YumCommand::RepoFile(arguments) => repo_file::run(arguments, clock),
    }
}
