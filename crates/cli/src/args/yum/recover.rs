//! `pkgseal yum recover`.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;
use pkgseal_repo::parse_duration;

use crate::args::{EXIT_STATUS, Moment};

/// Complete a publication that was interrupted
///
/// Whatever makes or signs a repository does this first; this command does nothing else.
/// Where nothing was interrupted, nothing is done.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct YumRecover {
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Wait this long for somebody else who publishes there
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "0s")]
    pub(crate) wait: SignedDuration,
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
    /// The repository: a directory with repodata/
    #[arg(value_name = "DIR")]
    pub(crate) path: PathBuf,
}
