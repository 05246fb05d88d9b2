//! `pkgseal rpm verify`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::{Common, EXIT_STATUS, Moment, Trust};

/// Verify .rpm packages by the signatures they carry
///
/// Does what `pkgseal verify` does with a .rpm: every digest and every signature in one
/// read, and whether what is signed covers the header and the payload. At the levels none
/// and digest no keyring is needed.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RpmVerify {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Ask for this in a package; what is there and wrong rejects at every level
    #[arg(long = "level", value_name = "LEVEL", default_value = "all")]
    pub(crate) package_level: PackageLevelName,
    /// Reject every deviation from the form builders write, unsigned bytes included
    ///
    /// Without it, what rpm accepts and what puts nothing signed in doubt is a warning: a
    /// changed lead, bytes in the padding or the reserve, tags in the signature header that
    /// are unknown, out of order or there twice, a wrong SIZE. With it, each of them
    /// rejects, and the MD5 of header and payload is checked as well where better digests
    /// hold.
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Packages
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<PathBuf>,
}

/// What a package must have.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PackageLevelName {
    /// Nothing
    None,
    /// Digests that cover header and payload
    Digest,
    /// Signatures that cover header and payload
    Signature,
    /// Both
    All,
}
