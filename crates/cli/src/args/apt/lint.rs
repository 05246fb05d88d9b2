//! `pkgseal apt lint`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Common, EXIT_STATUS};

/// Name what clients trip over in a Release
///
/// Looks at form and sense, at by-hash and at the armor of an InRelease, and verifies no
/// signature. What some client would reject is a rejection; what some ignore or misread is a
/// warning.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct AptLint {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Repositories, and files called Release or InRelease
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}
