//! `pkgseal yum recover`.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use pkgseal_rpm::yum;

use crate::args::YumRecover;
use crate::{context, report};

pub(super) fn run(arguments: &YumRecover, clock: SystemTime) -> Result<ExitCode> {
    let now = context::now(&arguments.moment, clock)?;
    let wait = Duration::try_from(arguments.wait).context("--wait")?;
    let done = yum::recover(&arguments.path, wait, now)?;
    let outcome = report::made("completed", &done, arguments.json)?;
    Ok(crate::commands::status(outcome))
}
