//! `pkgseal rpm header`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Common, EXIT_STATUS};

/// Take the headers out of .rpm packages, to be signed elsewhere
///
/// Writes PACKAGE.hdr: exactly the bytes that a package signature covers, to be signed by
/// `gpg --detach-sign`, by `pkgseal sign`, or by whatever makes detached signatures on
/// binary documents; `pkgseal rpm apply` puts the signature in. All digests of the package
/// are checked before, and a package whose header binds no payload is rejected.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RpmHeader {
    /// Write the headers of all packages into this one file, for `pkgseal rpm sign-plan`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["signature_header", "output"])]
    pub(crate) plan: Option<PathBuf>,
    /// Write PACKAGE.sig instead: the signature header with its padding, as koji keeps it
    #[arg(long)]
    pub(crate) signature_header: bool,
    /// Write to this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Packages
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<PathBuf>,
}
