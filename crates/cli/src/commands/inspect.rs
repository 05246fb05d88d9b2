//! `pkgseal inspect`: facts, no verdict.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;

use super::examine::{self, Examined, Purpose};
use crate::args::Examine;
use crate::{context, report};

pub(super) fn run(arguments: &Examine, clock: SystemTime) -> Result<ExitCode> {
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::optional_verifier(&arguments.trust, now, &Limits::default())?;
    let examined = examine::all(arguments, Purpose::Inspect, &verifier)?;
    let style = report::Style::facts(arguments.common.json);
    examine::conclude(&examined, style, &verifier)?;
    let failed = examined
        .iter()
        .any(|examined| matches!(examined, Examined::Failed));
    Ok(if failed {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    })
}
