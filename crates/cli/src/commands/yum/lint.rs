//! `pkgseal yum lint`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_openpgp::{Profile, Verifier};
use pkgseal_repo::Limits;
use pkgseal_rpm::lint;

use crate::args::YumLint;
use crate::commands::examine;
use crate::{context, report};

pub(super) fn run(arguments: &YumLint, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let targets = context::targets(&arguments.targets, &limits)?;
    let certificates = context::certificates(&arguments.certificates, &limits)?;
    let options = context::check_options(&arguments.common, &limits);
    let examined = examine::each(&arguments.paths, &options, |path| {
        Ok(lint::repository(
            path,
            &targets,
            &certificates,
            now,
            &options,
        )?)
    })?;
    let style = report::Style::verdict(arguments.common.json);
    let verifier = Verifier::new(certificates, Profile::strict(), now);
    examine::conclude(&examined, style, &verifier)
}
