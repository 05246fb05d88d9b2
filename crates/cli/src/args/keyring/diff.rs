//! `pkgseal keyring diff`.

use std::path::PathBuf;

use clap::Args;

use crate::args::Moment;

/// Say what changed between two keyrings, and whether it is safe to take the new one
///
/// Safe is a later expiry, a new subkey that the primary key vouches for, a self-signature
/// beside the old ones. What takes away something that verified, or a revocation, breaks
/// somebody. The rest, such as a new certificate, needs the eyes of a person.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit status: 0 safe or the same, 1 something breaks, 2 something needs eyes."
)]
pub(crate) struct KeyringDiff {
    /// Judge by this profile: strict, legacy, another of `profile list`, or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "strict")]
    pub(crate) profile: String,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
    /// The keyring as it was
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The keyring as it is to be
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
}
