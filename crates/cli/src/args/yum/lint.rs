//! `pkgseal yum lint`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Common, EXIT_STATUS, Keyring, Moment, Targets};

/// Name what generations of dnf, zypper and rpm cannot use in a repository
///
/// Looks at repomd.xml, at its signature and at the headers of all packages, and verifies
/// nothing. What a target could not use is a rejection; what it stumbles on is a warning.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct YumLint {
    #[command(flatten)]
    pub(crate) targets: Targets,
    #[command(flatten)]
    pub(crate) certificates: Keyring,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Repositories: directories with repodata/repomd.xml
    #[arg(required = true, value_name = "DIR")]
    pub(crate) paths: Vec<PathBuf>,
}
