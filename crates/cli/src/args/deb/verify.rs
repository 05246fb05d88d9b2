//! `pkgseal deb verify`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Common, EXIT_STATUS, Moment, Trust};

/// Verify .deb packages by the signatures they carry
///
/// Does what `pkgseal verify` does with a .deb, and takes options that only make sense
/// there.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct DebVerify {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Packages
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<PathBuf>,
}
