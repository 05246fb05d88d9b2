//! `pkgseal rpm unsign`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::WritingArguments;
use crate::args::{Common, EXIT_STATUS, Keyring};

/// Remove signatures from .rpm packages
///
/// What is left is, bit for bit, the package before it was signed, also where its header had
/// to grow for a signature (unless rpmsign wrote into it since). Every other entry of the
/// signature header stays.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RpmUnsign {
    /// Remove only what this certificate or key has signed, by full fingerprint
    ///
    /// With --keyring, the signatures of all keys of a certificate are found; without it,
    /// those that name the fingerprint themselves. Every signature is removed where none
    /// is named.
    #[arg(long = "by", value_name = "FINGERPRINT")]
    pub(crate) by: Vec<String>,
    /// Which kind of signatures to remove
    #[arg(
        long,
        value_name = "KIND",
        default_value = "openpgp",
        conflicts_with = "by"
    )]
    pub(crate) what: RpmUnsignWhat,
    #[command(flatten)]
    pub(crate) certificates: Keyring,
    /// Write to this directory and leave the input untouched
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) writing: WritingArguments,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Packages
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Kinds of signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RpmUnsignWhat {
    /// Those on the package
    Openpgp,
    /// Those on each file in it (IMA, fs-verity)
    Files,
    /// Both
    All,
}
