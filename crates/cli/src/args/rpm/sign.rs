//! `pkgseal rpm sign`.

use std::path::PathBuf;

use clap::Args;

use super::WritingArguments;
use crate::args::{Common, EXIT_STATUS, ExistingName, Moment, Secrets};

/// Sign .rpm packages
///
/// As `pkgseal sign` does, with a say in which tags signatures go into and how packages are
/// written. Every digest is checked first, as far as SHA-256 or better binds the payload
/// with one read of it; nothing but the signature header changes; and what will be on the
/// disk is verified with the public certificate before.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RpmSign {
    #[command(flatten)]
    pub(crate) secrets: Secrets,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write to this directory and leave the input untouched
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// What happens to signatures that are there already
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub(crate) existing: ExistingName,
    /// Sign header and payload together as well (tags 1002 and 1005, version 4 packages)
    #[arg(long)]
    pub(crate) rpmv3: bool,
    /// Give version 6 packages the tags that rpm before 4.20 reads (267 and 268)
    #[arg(long)]
    pub(crate) rpmv4: bool,
    /// Give version 4 packages the tag for several and for new signatures (278)
    #[arg(long)]
    pub(crate) rpmv6: bool,
    #[command(flatten)]
    pub(crate) writing: WritingArguments,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Packages
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<PathBuf>,
}
