//! `pkgseal yum verify`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Common, EXIT_STATUS, Moment, Trust};

/// Verify yum repositories, from repomd.xml.asc to the last package
///
/// Does what `pkgseal verify` does with a yum repository, and takes options that only make
/// sense there.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct YumVerify {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Repositories: directories with repodata/repomd.xml
    #[arg(required = true, value_name = "DIR")]
    pub(crate) paths: Vec<PathBuf>,
}
