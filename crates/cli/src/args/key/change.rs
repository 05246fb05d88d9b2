//! What every command that changes a key takes.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Moment, PassphraseSource};

/// The key file, what was published of it, and how it is unlocked.
#[derive(Args, Debug)]
pub(crate) struct KeyChange {
    /// The secret key file
    #[arg(value_name = "KEYFILE")]
    pub(crate) key_file: PathBuf,
    /// The public certificate of a key, where the key does not bring it along
    ///
    /// What it has and the key file lacks is taken over before anything is changed, so that
    /// nothing that was published is lost. A certificate beside the key (NAME.cert.asc beside
    /// NAME.key.asc) is always taken over.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseSource,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write key and certificate to this directory and leave the input untouched
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
}
