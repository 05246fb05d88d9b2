//! `pkgseal maven check`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Common, EXIT_STATUS, Moment, Trust};

/// Say what Maven Central would reject, and what it would not notice
///
/// Asks offline what the Central Portal asks of a deployment, and cites its messages:
/// signatures, checksums, POMs, sources, javadoc. Asks too what Central does not: whether the
/// key is alive, unrevoked and meant for signing, whether its algorithms are still accepted.
/// --profile maven-central only mentions those. Whether the namespace is yours, the version
/// is new and the certificate is on a key server is known to Central alone.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct MavenCheck {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Staging directories, or bundles as they are uploaded
    #[arg(required = true, value_name = "DIR|ZIP")]
    pub(crate) paths: Vec<PathBuf>,
}
