//! `pkgseal rpm recover`.

use std::path::PathBuf;

use clap::Args;

use crate::args::EXIT_STATUS;

/// Complete the signing of packages that was interrupted
///
/// Signing does this first, in the directories of its packages; this command does nothing
/// else. Where nothing was interrupted, nothing is done.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RpmRecover {
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
    /// The directory of the packages
    #[arg(value_name = "DIR")]
    pub(crate) path: PathBuf,
}
