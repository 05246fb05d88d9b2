//! `pkgseal yum verify`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
    pub(crate) common: Common,
    /// Repositories: directories with repodata/repomd.xml
    #[arg(required = true, value_name = "DIR")]
    pub(crate) paths: Vec<PathBuf>,
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
