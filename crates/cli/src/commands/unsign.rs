//! What every `unsign` does: take signatures out of packages, in parallel, and say so.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use pkgseal_openpgp::Signed;
use pkgseal_repo::Limits;
use rayon::prelude::*;

use crate::args::Common;
use crate::{context, failure, report};

/// Does it to every package. Errors are reported as they are met and do not stop the others.
pub(super) fn each(
    paths: &[PathBuf],
    common: &Common,
    one: impl Fn(&Path) -> Result<Signed> + Sync,
) -> Result<ExitCode> {
    let reported = |error| failure::report(&error);
    let one = |path: &PathBuf| one(path).map_err(reported).ok();
    let options = context::check_options(common, &Limits::default());
    let done: Vec<Option<Signed>> = options
        .pool()?
        .install(|| paths.par_iter().map(one).collect());
    let unsigned: Vec<&Signed> = done.iter().flatten().collect();
    let failed = done.len() - unsigned.len();
    let outcome = report::unsigned(&unsigned, failed, common.json)?;
    Ok(super::status(outcome))
}
