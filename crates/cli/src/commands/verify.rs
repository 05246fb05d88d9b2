//! `pkgseal verify`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;

use super::examine;
use crate::args::Verify;
use crate::{context, progress, report};

pub(super) fn run(arguments: &Verify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
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
        report::Style::verdict(arguments.common.json),
        &verifier,
    )
}
