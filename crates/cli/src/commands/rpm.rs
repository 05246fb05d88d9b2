//! `pkgseal rpm`: one file a command.

mod apply;
mod clients;
mod header;
mod lint;
mod recover;
mod rpmkeys;
mod sign;
mod sign_plan;
mod unsign;
mod verify;
mod writing;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::RpmCommand;

pub(super) fn run(command: &RpmCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        RpmCommand::Verify(arguments) => verify::run(arguments, clock),
        RpmCommand::Sign(arguments) => sign::run(arguments, clock),
        RpmCommand::Recover(arguments) => recover::run(arguments),
        RpmCommand::Unsign(arguments) => unsign::run(arguments, clock),
        RpmCommand::Header(arguments) => header::run(arguments),
        RpmCommand::SignPlan(arguments) => sign_plan::run(arguments, clock),
        RpmCommand::Clients(arguments) => clients::run(arguments),
        RpmCommand::Apply(arguments) => apply::run(arguments, clock),
        RpmCommand::Lint(arguments) => lint::run(arguments, clock),
    }
}
