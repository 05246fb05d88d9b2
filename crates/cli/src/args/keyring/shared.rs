//! Options that commands writing keyrings share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What is written, and where.
#[derive(Args, Debug)]
pub(crate) struct Written {
    /// Keep so much of each certificate
    #[arg(long, value_name = "EXTENT", default_value = "own")]
    pub(crate) extent: ExtentName,
    /// Write the keyring to this file: armored where its name ends in .asc, else binary
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Write a keyring without any certificate, too
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
    /// Certificate files, directories, .sources files, openpgp-cert-d stores
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// How much of each certificate is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExtentName {
    /// Every packet that is not known to be bad, what others signed included
    Everything,
    /// Its own packets: what others signed on it goes, revocations by its revokers stay
    Own,
    /// What verifying needs: keys, user IDs, all good self-signatures, old ones too
    Minimal,
}
