//! `pkgseal rpm apply`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Common, EXIT_STATUS, ExistingName, Moment, Trust};

/// Put signatures that were made elsewhere into .rpm packages
///
/// SIGNATURES comes last: a detached signature on the package's header (armored or
/// binary); a signature header as koji keeps it, which takes the place of the package's
/// own; what `pkgseal rpm sign-plan` wrote; or a directory with PACKAGE.hdr.sig,
/// PACKAGE.hdr.asc, PACKAGE.hdr.gpg or PACKAGE.sig for each package. The result is verified
/// with the certificates of --keyring, the payload included, before it takes the place of
/// the old file.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RpmApply {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// What happens to signatures that are there already
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub(crate) existing: ExistingName,
    /// Give version 6 packages the tags that rpm before 4.20 reads (267 and 268)
    #[arg(long)]
    pub(crate) rpmv4: bool,
    /// Give version 4 packages the tag for several and for new signatures (278)
    #[arg(long)]
    pub(crate) rpmv6: bool,
    /// Write to this directory and leave the input untouched
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Packages
    #[arg(required = true, value_name = "PACKAGE")]
    pub(crate) paths: Vec<PathBuf>,
    /// What came back for them
    #[arg(required = true, value_name = "SIGNATURES")]
    pub(crate) signatures: PathBuf,
}
