//! `pkgseal profile`.

use std::process::ExitCode;

use anyhow::Result;
use pkgseal_openpgp::Profile;
use pkgseal_repo::Limits;

use crate::args::ProfileCommand;
use crate::{context, report};

pub(super) fn run(command: &ProfileCommand) -> Result<ExitCode> {
    match command {
        ProfileCommand::List => {
            for (name, text) in Profile::embedded() {
                let summary = text
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .trim_start_matches(['#', ' ']);
                report::line(&format!("{name:<10} {summary}"))?;
            }
        }
        ProfileCommand::Show { profile } => {
            report::block(context::profile(profile, &Limits::default())?.text())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
