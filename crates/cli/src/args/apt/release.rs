//! `pkgseal apt release`.

use std::path::PathBuf;

use clap::Args;

use super::{PublishArguments, ReleaseOptions};
use crate::args::{Common, EXIT_STATUS, Moment};

/// Make the Release of a suite whose indices stand there already
///
/// Lists the Packages, Sources, Contents, Translation and other indices of a suite, whoever
/// made them, each read once, with by-hash names, and signs the Release. Components and
/// architectures are those of the folders, unless they are named. To make the indices too,
/// use: pkgseal apt index.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct AptRelease {
    /// The suite to make, DIR/dists/NAME
    #[arg(long, value_name = "NAME", required_unless_present = "flat")]
    pub(crate) suite: Option<String>,
    /// Make a flat repository, without suites and components
    #[arg(long, conflicts_with = "suite")]
    pub(crate) flat: bool,
    /// Say that these are the components [default: those of the folders]
    #[arg(long = "component", value_name = "NAME")]
    pub(crate) said_components: Vec<String>,
    /// Say that these are the architectures [default: those of the folders]
    #[arg(long = "arch", value_name = "NAME")]
    pub(crate) said_architectures: Vec<String>,
    #[command(flatten)]
    pub(crate) release: ReleaseOptions,
    #[command(flatten)]
    pub(crate) publish: PublishArguments,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The repository
    #[arg(value_name = "DIR")]
    pub(crate) path: PathBuf,
}
