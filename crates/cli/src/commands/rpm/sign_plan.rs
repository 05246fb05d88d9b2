//! `pkgseal rpm sign-plan`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;
use pkgseal_rpm::package::header_blob;

use crate::args::RpmSignPlan;
use crate::{context, report};

pub(super) fn run(arguments: &RpmSignPlan, clock: SystemTime) -> Result<ExitCode> {
    let now = context::now(&arguments.moment, clock)?;
    let signers = context::signers(&arguments.secrets, now)?;
    let destination = context::destination(arguments.output.as_deref());
    let limits = Limits::default();
    let done = header_blob::sign_plan(&arguments.plan, &signers, now, &destination, &limits)?;
    let outcome = report::worked("signed", "refused", &[done], 0, arguments.json)?;
    Ok(crate::commands::status(outcome))
}
