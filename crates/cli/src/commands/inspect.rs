//! `pkgseal inspect`: facts, no verdict.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;

use super::examine::{self, Examined};
use crate::args::Inspect;
use crate::{context, progress, report};

pub(super) fn run(arguments: &Inspect, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::optional_verifier(&arguments.trust, now, &limits)?;
    let options = context::check_options(&arguments.common, &limits);
    let bar = progress::for_stderr();
    let examined = examine::all(
        &arguments.paths,
        arguments.kind,
        &verifier,
        &options,
        bar.as_ref(),
    )?;
    examine::conclude(
        &examined,
        report::Style::facts(arguments.common.json),
        &verifier,
    )?;
    let failed = examined
        .iter()
        .any(|examined| matches!(examined, Examined::Failed));
    Ok(if failed {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    })
}
