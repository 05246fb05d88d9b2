//! `pkgseal rpm sign-plan`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{EXIT_STATUS, Moment, Secrets};

/// Sign the headers of a plan, where the key is and the packages are not
///
/// Writes PLAN.signatures, which `pkgseal rpm apply` puts into the packages. The result
/// names every package and the digest of its header. A plan in which one header is damaged
/// or unfit is not signed at all.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RpmSignPlan {
    #[command(flatten)]
    pub(crate) secrets: Secrets,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write to this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
    /// What `pkgseal rpm header --plan` wrote
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
}
