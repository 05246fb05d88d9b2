//! `pkgseal yum verify`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;
use pkgseal_rpm::yum;

use crate::args::YumVerify;
use crate::commands::examine;
use crate::{context, progress, report};

pub(super) fn run(arguments: &YumVerify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let options = context::check_options(&arguments.common, &limits);
    let bar = progress::for_stderr();
    let examined = examine::each(&arguments.paths, &options, |path| {
        Ok(yum::verify_tree(path, &verifier, &options, bar.as_ref())?)
    })?;
    let style = report::Style::verdict(arguments.common.json);
    examine::conclude(&examined, style, &verifier)
}
