//! `pkgseal yum sign`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::SeveralSignatures;
use crate::args::{Common, EXIT_STATUS, ExistingName, Moment, PublishArguments};

/// Sign a yum repository as one: its packages, and the metadata that lists them
///
/// All packages are signed in parallel; primary, filelists and other get their new digests,
/// sizes and header ranges and keep every other byte; repomd.xml is made anew and signed, and
/// the certificate stands beside it as repomd.xml.key. All of it is verified with the public
/// certificate before anything that clients see changes. Then the new repodata folder takes
/// the place of the old one in one step: repomd.xml and repomd.xml.asc change together.
///
/// Packages are replaced just before that step. A client that works with the old metadata
/// then finds packages with other digests than it knows, and has to read the metadata anew,
/// as after any repository that signs in place; --place apart avoids it. Hard links elsewhere
/// keep the old packages. Whatever moment the
/// run is interrupted at, the old generation or the new one is whole, or the next run
/// completes it.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
#[command(mut_arg("key", |key| key.required(true)))]
pub(crate) struct YumSign {
    /// Which packages to sign
    #[arg(long, value_name = "WHICH", default_value = "missing")]
    pub(crate) packages: SignedPackagesName,
    /// Where signed packages go
    #[arg(long, value_name = "WHERE", default_value = "in-place")]
    pub(crate) place: PlaceName,
    /// What happens to signatures that are there already
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub(crate) existing: ExistingName,
    #[command(flatten)]
    pub(crate) publish: PublishArguments,
    #[command(flatten)]
    pub(crate) several: SeveralSignatures,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The repository: a directory with repodata/repomd.xml
    #[arg(value_name = "DIR")]
    pub(crate) path: PathBuf,
}

/// Which packages are signed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SignedPackagesName {
    /// Those that carry no good signature by the key yet
    Missing,
    /// All of them, anew
    All,
    /// None: repomd.xml alone, once every package is what the metadata lists
    None,
}

/// Where signed packages go.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PlaceName {
    /// In place of the old ones
    InPlace,
    /// Into folders named after their digests; the old ones go with the metadata that lists them
    Apart,
}
