//! `pkgseal deb unsign`.

use std::process::ExitCode;

use anyhow::Result;
use pkgseal_deb::package;
use pkgseal_repo::Limits;

use crate::args::DebUnsign;
use crate::commands::unsign;
use crate::context;

pub(super) fn run(arguments: &DebUnsign) -> Result<ExitCode> {
    let limits = Limits::default();
    let destination = context::destination(arguments.output.as_deref());
    let role = arguments.role.as_ref();
    unsign::each(&arguments.paths, &arguments.common, |path| {
        Ok(package::unsign(path, role, &destination, &limits)?)
    })
}
