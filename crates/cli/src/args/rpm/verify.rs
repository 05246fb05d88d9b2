//! `pkgseal rpm verify`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::{Common, EXIT_STATUS, Moment, Trust};

/// Verify .rpm packages by the signatures they carry
///
/// Does what `pkgseal verify` does with a .rpm: every digest and every signature in one
/// read, and whether what is signed covers the header and the payload. At the levels none
/// and digest no keyring is needed. A profile (--profile rpm-6) says what a signature is
/// worth; a client (--client rpm-6) says what that rpm would make of the whole package.
///
/// With --rpmkeys the command answers in rpmkeys' words and exits with its codes: 0, or the
/// number of packages that failed, 254 at most.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RpmVerify {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Ask for this in a package; what is there and wrong rejects at every level
    ///
    /// [default: all; with --rpmkeys and --client, what that rpm asks for]
    #[arg(long = "level", value_name = "LEVEL")]
    pub(crate) package_level: Option<PackageLevelName>,
    /// Reject every deviation from the form builders write, unsigned bytes included
    ///
    /// Without it, what rpm accepts and what puts nothing signed in doubt is a warning: a
    /// changed lead, bytes in the padding or the reserve, tags in the signature header that
    /// are unknown, out of order or there twice, a wrong SIZE. With it, each of them
    /// rejects, and the MD5 of header and payload is checked as well where better digests
    /// hold.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Hold it against this client too, or `all` of them
    ///
    /// Clients are releases of rpm: `pkgseal rpm clients` lists them. Each is asked what it
    /// would do with the package at the moment of --time, with the certificates of --keyring
    /// imported. A client that rejects makes the exit status 1, and every difference from
    /// our own verdict is named.
    #[arg(long = "client", value_name = "NAME|FILE")]
    pub(crate) clients: Vec<String>,
    #[command(flatten)]
    pub(crate) program: Rpmkeys,
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

/// Options of rpmkeys.
#[derive(Args, Debug)]
pub(crate) struct Rpmkeys {
    /// Answer in rpmkeys' words and with its exit codes
    ///
    /// In those of the one --client; else of --profile rpm-4.18; else of rpm-6. What rpmkeys
    /// prints on standard error beside a file it cannot read is not reproduced.
    #[arg(long, conflicts_with_all = ["json", "signers", "threshold", "strict"])]
    pub(crate) rpmkeys: bool,
    /// Verify packages, as without it
    #[arg(short = 'K', long, requires = "rpmkeys")]
    pub(crate) checksig: bool,
    /// Print every step
    #[arg(short, long, requires = "rpmkeys")]
    pub(crate) verbose: bool,
    /// Look at no digests
    #[arg(long, requires = "rpmkeys")]
    pub(crate) nodigest: bool,
    /// Look at no signatures
    #[arg(long, requires = "rpmkeys")]
    pub(crate) nosignature: bool,
    /// Set an rpm macro; the only one here is '_pkgverify_level LEVEL'
    #[arg(
        short = 'D',
        long = "define",
        value_name = "MACRO EXPR",
        requires = "rpmkeys"
    )]
    pub(crate) defines: Vec<String>,
}
