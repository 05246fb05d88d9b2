//! `pkgseal apt recover`.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use pkgseal_deb::apt::Lock;

use crate::args::AptRecover;
use crate::{context, report};

pub(super) fn run(arguments: &AptRecover, clock: SystemTime) -> Result<ExitCode> {
    let now = context::now(&arguments.moment, clock)?;
    let wait = Duration::try_from(arguments.wait).context("--wait")?;
    let done = Lock::take(&arguments.path, wait, now)?.recovered();
    let outcome = report::made("completed", &done, arguments.json)?;
    Ok(crate::commands::status(outcome))
}
