//! `pkgseal rpm verify`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Common, EXIT_STATUS, Moment, Trust};

/// Verify .rpm packages by the signatures they carry
///
/// Does what `pkgseal verify` does with a .rpm: every digest and every signature in one
/// read, and whether what is signed covers the header and the payload.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RpmVerify {
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
