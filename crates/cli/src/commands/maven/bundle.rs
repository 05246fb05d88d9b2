//! `pkgseal maven bundle`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use pkgseal_openpgp::Signed;
use pkgseal_repo::{Limits, Outcome};

use crate::args::maven::MavenBundle;
use crate::{commands, context, progress, report};

pub(super) fn run(arguments: &MavenBundle, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let options = context::check_options(&arguments.common, &limits);
    let bar = progress::for_stderr();
    let examination = pkgseal_maven::preflight::bundle(
        &arguments.path,
        &arguments.output,
        &verifier,
        &options,
        bar.as_ref(),
    )
    .with_context(|| format!("{} was not written", arguments.output.display()))?;
    let outcome = if examination.outcome() == Outcome::Accepted {
        let written = Signed {
            outputs: vec![arguments.output.clone()],
            examination,
        };
        report::bundled(&written, arguments.common.json)?
    } else {
        let style = report::Style::verdict(arguments.common.json);
        report::examinations(&[&examination], 0, style, &verifier)?
    };
    Ok(commands::status(outcome))
}
