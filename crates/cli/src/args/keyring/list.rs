//! `pkgseal keyring list`.

use std::path::PathBuf;

use clap::Args;

use crate::args::Moment;

/// List certificates: fingerprints, user IDs, keys, expiry, and what is wrong
#[derive(Args, Debug)]
pub(crate) struct KeyringList {
    /// Judge by this profile: strict, legacy, another of `profile list`, or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "strict")]
    pub(crate) profile: String,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Print one JSON document instead of text
    #[arg(long)]
    pub(crate) json: bool,
    /// Certificate files, directories, .sources files, openpgp-cert-d stores
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}
