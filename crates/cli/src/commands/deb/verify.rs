//! `pkgseal deb verify`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;

use crate::args::DebVerify;
use crate::commands::examine;
use crate::{context, report};

pub(super) fn run(arguments: &DebVerify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let options = context::check_options(&arguments.common, &limits);
    let examined = examine::each(&arguments.paths, &options, |path| {
        Ok(pkgseal_deb::package::verify(path, &verifier, &limits)?)
    })?;
    let style = report::Style::verdict(arguments.common.json);
    examine::conclude(&examined, style, &verifier)
}
