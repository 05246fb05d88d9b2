//! `pkgseal yum metalink`.

use std::path::PathBuf;

use clap::Args;

use super::verify::{YumFreshnessOptions, YumLevelName};
use crate::args::{Common, EXIT_STATUS, Moment, Trust};

/// Verify a yum repository by its metalink
///
/// For distributions that sign no repomd.xml and give its digest in a metalink, as Fedora
/// does: repomd.xml has to be the generation that the metalink calls current, or one of the
/// older ones it still lets pass, which is warned of. From there on everything is verified
/// as `pkgseal yum verify` does. Whoever names a metalink vouches for it: fetch it over
/// HTTPS. --keyring is asked for at the level of packages only.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct YumMetalink {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// How deep to look; each level includes those before it
    #[arg(long, value_name = "LEVEL", default_value = "content")]
    pub(crate) level: YumLevelName,
    #[command(flatten)]
    pub(crate) freshness: YumFreshnessOptions,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The metalink
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The repository: a directory with repodata/repomd.xml
    #[arg(value_name = "DIR")]
    pub(crate) path: PathBuf,
}
