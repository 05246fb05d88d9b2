//! `pkgseal yum metalink`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;
use pkgseal_rpm::yum::{self, Metalink};

use super::verify::{State, request};
use crate::args::{YumLevelName, YumMetalink};
use crate::commands::examine;
use crate::{context, progress, report};

pub(super) fn run(arguments: &YumMetalink, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = match arguments.level {
        YumLevelName::Packages => context::verifier(&arguments.trust, now, &limits)?,
        _ => context::optional_verifier(&arguments.trust, now, &limits)?,
    };
    let options = context::check_options(&arguments.common, &limits);
    let paths = std::slice::from_ref(&arguments.path);
    let state = State::open(&arguments.freshness, paths)?;
    let request = request(arguments.level, &arguments.freshness, &state);
    let metalink = Metalink::read(&arguments.file, &limits)?;
    let bar = progress::for_stderr();
    let examined = examine::each(paths, &options, |path| {
        let progress = bar.as_ref();
        let found =
            yum::verify_by_metalink(path, &metalink, &verifier, &request, &options, progress)?;
        state.keep(found.generation, now)?;
        Ok(found.examination)
    })?;
    let style = report::Style::verdict(arguments.common.json);
    examine::conclude(&examined, style, &verifier)
}
