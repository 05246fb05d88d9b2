//! `pkgseal apt refresh`.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;

use crate::args::{Common, EXIT_STATUS, Moment, Secrets, Trust};
use pkgseal_repo::parse_duration;

/// Give suites new dates and sign them anew
///
/// For suites that have not changed and whose Valid-Until comes near. The old signatures have
/// to hold, by --keyring or else by the keys that sign; what is signed is the old text with
/// another Date and Valid-Until, and nothing else in it differs. Indices are checked and stay
/// as they are.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct AptRefresh {
    #[command(flatten)]
    pub(crate) secrets: Secrets,
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Refresh this suite only: stable, stable/updates, or . for a flat repository
    #[arg(long = "suite", value_name = "NAME")]
    pub(crate) suites: Vec<String>,
    /// Let clients use it this long: 36h, 10d, 2w [default: as long as before]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) valid_for: Option<SignedDuration>,
    /// Leave suites alone that are dated less than this ago: 36h, 10d, 2w
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) if_older_than: Option<SignedDuration>,
    /// Wait this long for somebody else who publishes there
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "0s")]
    pub(crate) wait: SignedDuration,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Repositories: directories with dists/, or flat ones with an InRelease
    #[arg(required = true, value_name = "DIR")]
    pub(crate) paths: Vec<PathBuf>,
}
