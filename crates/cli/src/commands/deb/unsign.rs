//! `pkgseal deb unsign`.

use std::process::ExitCode;

use anyhow::Result;
use pkgseal_openpgp::Signed;
use pkgseal_repo::{Destination, Limits};
use rayon::prelude::*;

use crate::args::DebUnsign;
use crate::{commands, context, failure, report};

pub(super) fn run(arguments: &DebUnsign) -> Result<ExitCode> {
    let limits = Limits::default();
    let destination = match &arguments.output {
        None => Destination::Beside,
        Some(directory) => Destination::Directory(directory.clone()),
    };
    let options = context::check_options(&arguments.common, &limits);
    let role = arguments.role.as_ref();
    let one = |path| {
        pkgseal_deb::package::unsign(path, role, &destination, &limits)
            .map_err(|error| failure::report(&error.into()))
            .ok()
    };
    let done: Vec<Option<Signed>> = options
        .pool()?
        .install(|| arguments.paths.par_iter().map(|path| one(path)).collect());
    let unsigned: Vec<&Signed> = done.iter().flatten().collect();
    let failed = done.len() - unsigned.len();
    let outcome = report::unsigned(&unsigned, failed, arguments.common.json)?;
    Ok(commands::status(outcome))
}
