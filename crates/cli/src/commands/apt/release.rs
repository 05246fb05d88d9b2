//! `pkgseal apt release`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_deb::apt::{ListOptions, list};

use super::making::{Run, digests, fields, suite};
use crate::args::AptRelease;

pub(super) fn run(arguments: &AptRelease, clock: SystemTime) -> Result<ExitCode> {
    let run = Run::new(
        &arguments.publish,
        &arguments.moment,
        &arguments.common,
        clock,
    )?;
    let options = ListOptions {
        suite: suite(arguments.suite.as_deref())?,
        components: arguments.said_components.clone(),
        architectures: arguments.said_architectures.clone(),
        fields: fields(&arguments.release)?,
        digests: digests(&arguments.release),
    };
    let drafted = list(
        &arguments.path,
        &options,
        run.now,
        run.wait,
        &run.options,
        run.progress.as_ref(),
    )?;
    run.conclude(drafted)
}
