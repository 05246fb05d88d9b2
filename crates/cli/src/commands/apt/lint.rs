//! `pkgseal apt lint`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_openpgp::{Certificates, Profile, Verifier};
use pkgseal_repo::Limits;

use crate::args::{AptLint, Moment};
use crate::commands::examine;
use crate::{context, report};

pub(super) fn run(arguments: &AptLint, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let options = context::check_options(&arguments.common, &limits);
    let examined = examine::each(&arguments.paths, &options, |path| {
        Ok(pkgseal_deb::apt::lint(path, &limits)?)
    })?;
    let style = report::Style::verdict(arguments.common.json);
    // Nobody is asked who signed.
    let now = context::now(&Moment { time: None }, clock)?;
    let verifier = Verifier::new(Certificates::default(), Profile::strict(), now);
    examine::conclude(&examined, style, &verifier)
}
