//! `pkgseal verify`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;

use super::examine::{self, Purpose};
use crate::args::Examine;
use crate::{context, report};

pub(super) fn run(arguments: &Examine, clock: SystemTime) -> Result<ExitCode> {
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &Limits::default())?;
    let examined = examine::all(arguments, Purpose::Verify, &verifier)?;
    let style = report::Style::verdict(arguments.common.json);
    examine::conclude(&examined, style, &verifier)
}
