//! `pkgseal rpm lint`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Common, EXIT_STATUS, Keyring, Moment, Targets};

/// Name what generations of rpm cannot use in packages and certificates
///
/// Looks at keys, algorithms, tags and digests, and verifies no signature. With --keyring,
/// every certificate is held against the targets too, and more is known of who signed.
/// What a target could not use is a rejection; what it stumbles on is a warning.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RpmLint {
    #[command(flatten)]
    pub(crate) targets: Targets,
    #[command(flatten)]
    pub(crate) certificates: Keyring,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Packages; none where certificates alone are linted
    #[arg(value_name = "FILE", required_unless_present = "keyring")]
    pub(crate) paths: Vec<PathBuf>,
}
