//! `pkgseal files verify`.

use std::path::PathBuf;

use clap::Args;

use crate::args::maven::UnsignedName;
use crate::args::{Common, EXIT_STATUS, Moment, Trust};

/// Verify files by their signatures, and by signed lists such as SHA256SUMS
///
/// Does what `pkgseal verify` does with such a folder or list: a list is read once its
/// signature is accepted, and then every file is compared with all that vouches for it.
/// Says of each file what vouches for it, and which files are unsigned, missing or listed
/// nowhere.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct FilesVerify {
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// What becomes of files that nobody signed
    #[arg(long, value_name = "WHAT", default_value = "reject")]
    pub(crate) unsigned: UnsignedName,
    /// What becomes of files that are listed and not there
    #[arg(long, value_name = "WHAT", default_value = "reject")]
    pub(crate) missing: UnsignedName,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Folders, or lists of checksums
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}
