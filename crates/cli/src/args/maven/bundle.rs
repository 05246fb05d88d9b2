//! `pkgseal maven bundle`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Common, EXIT_STATUS, Moment, Trust};

/// Write the zip that Maven Central takes, checked before it exists
///
/// Packs every artifact with its signature and checksums; the same files give the same
/// bytes. What was packed is checked as `pkgseal maven check` does; a bundle that is not
/// accepted is not written.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct MavenBundle {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// The bundle to write
    #[arg(long, value_name = "ZIP")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The signed staging directory
    #[arg(value_name = "DIR")]
    pub(crate) path: PathBuf,
}
