//! `pkgseal yum verify`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use crate::args::{Common, EXIT_STATUS, Moment, Trust};

/// Verify yum repositories, from repomd.xml.asc to the last package
///
/// Does what `pkgseal verify` does with a yum repository, and takes options that only make
/// sense there.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct YumVerify {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// How deep to look; each level includes those before it
    #[arg(long, value_name = "LEVEL", default_value = "content")]
    pub(crate) level: YumLevelName,
    #[command(flatten)]
    pub(crate) freshness: YumFreshnessOptions,
    /// Ask that repomd.xml is a generation which this metalink names, too
    #[arg(long, value_name = "FILE")]
    pub(crate) metalink: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Repositories: directories with repodata/repomd.xml
    #[arg(required = true, value_name = "DIR")]
    pub(crate) paths: Vec<PathBuf>,
}

/// How fresh a repository has to be. Times are a number and a unit: 45s, 90min, 36h, 10d, 2w.
#[derive(Args, Debug)]
pub(crate) struct YumFreshnessOptions {
    /// Reject what is older than this: 90d, 12h
    ///
    /// Counts from the signature of repomd.xml, and with a metalink from what that says of
    /// it and of itself.
    #[arg(long, value_name = "DURATION", value_parser = pkgseal_repo::parse_duration)]
    pub(crate) max_age: Option<SignedDuration>,
    /// Accept what is dated this far ahead [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = pkgseal_repo::parse_duration)]
    pub(crate) clock_skew: Option<SignedDuration>,
    /// Remember in this file what was accepted, and reject what is older
    ///
    /// yum metadata never expires: without a memory nobody notices that an old generation
    /// is served again, packages with known holes included. One file for one repository;
    /// it is made where it does not exist. Rejected are a revision, a timestamp or a
    /// signature older than the last that was accepted, and another content of the same
    /// revision; stale metadata files and signatures are named by the generation they are
    /// of. The file is text, a paragraph for each of the last 32 generations.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}

/// Levels of a verification.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum YumLevelName {
    /// The signed root: repomd.xml and its signature, form, dates
    Signatures,
    /// Every metadata file, as stored and decompressed; the lists agree with one another
    Indices,
    /// Every listed package is there and has its size
    Existence,
    /// Every listed package has its digests, and is the one described
    Content,
    /// Every listed package has a signature of its own that counts
    Packages,
}
