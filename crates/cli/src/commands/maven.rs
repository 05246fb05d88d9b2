//! `pkgseal maven`: one file a command.

mod bundle;
mod check;
mod sign;
mod trust;
mod verify;

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use crate::args::maven::{MavenCommand, TrustCommand};

pub(super) fn run(command: &MavenCommand, clock: SystemTime) -> Result<ExitCode> {
    match command {
        MavenCommand::Sign(arguments) => sign::run(arguments, clock),
        MavenCommand::Check(arguments) => check::run(arguments, clock),
        MavenCommand::Bundle(arguments) => bundle::run(arguments, clock),
        MavenCommand::Verify(arguments) => verify::run(arguments, clock),
        MavenCommand::Trust(TrustCommand::Convert(arguments)) => trust::convert(arguments, clock),
        MavenCommand::Trust(TrustCommand::Learn(arguments)) => trust::learn(arguments, clock),
    }
}
