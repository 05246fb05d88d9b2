//! `pkgseal files sign`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::maven::KeptName;
use crate::args::{Common, EXIT_STATUS, Moment, Secrets};

/// Sign every file of a folder, or lists of their checksums
///
/// Every file gets an .asc; with --list, all files go into a SHA256SUMS instead, sorted, as
/// `sha256sum` writes it, which gets one. Signatures, certificates that belong to them and
/// checksums beside files are neither signed nor listed. Each signature is verified with the
/// public certificate; then all become visible, or none.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct FilesSign {
    #[command(flatten)]
    pub(crate) secrets: Secrets,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write and sign lists by these algorithms instead: SHA256SUMS, SHA512SUMS
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) list: Vec<ListName>,
    /// Write lists as `sha256sum --tag` and BSD do
    #[arg(long, requires = "list")]
    pub(crate) tag: bool,
    /// What happens to signatures that are there already
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub(crate) existing: KeptName,
    /// Write to this directory and leave the input untouched
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The folder
    #[arg(value_name = "DIR")]
    pub(crate) path: PathBuf,
}

/// Lists there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListName {
    /// SHA256SUMS
    Sha256,
    /// SHA512SUMS
    Sha512,
}
