//! `pkgseal deb unsign`.

use std::path::PathBuf;

use clap::Args;
use pkgseal_deb::package::Role;

use crate::args::{Common, EXIT_STATUS};

/// Remove signatures from .deb packages
///
/// What is left is, bit for bit, the package before it was signed.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct DebUnsign {
    /// The debsigs role in a .deb: origin, maint, archive or another short word
    ///
    /// Every signature is removed where none is named.
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<Role>,
    /// Write to this directory and leave the input untouched
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Packages
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<PathBuf>,
}
