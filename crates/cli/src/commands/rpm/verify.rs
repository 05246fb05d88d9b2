//! `pkgseal rpm verify`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;

use crate::args::RpmVerify;
use crate::commands::examine;
use crate::{context, report};

pub(super) fn run(arguments: &RpmVerify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let options = context::check_options(&arguments.common, &limits);
    let style = report::Style::verdict(arguments.common.json);
    let examined = examine::each(&arguments.paths, &options, |path| {
        Ok(pkgseal_rpm::package::verify(path, &verifier, &limits)?)
    })?;
    examine::conclude(&examined, style, &verifier)
}
