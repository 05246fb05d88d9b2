//! `pkgseal apt index`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{PublishArguments, ReleaseOptions};
use crate::args::{Common, EXIT_STATUS, Moment};

/// Make the indices and the Release of a suite out of a pool of packages
///
/// Packages lie in DIR/pool/COMPONENT, in any folders below, and all of them go into the
/// suite, DIR/dists/SUITE. Where several suites share a pool, run it once for each, with
/// its packages named in a file (--packages-from), or with a pool of its own
/// (--pool pool/SUITE). With --flat there are no suites and components: DIR/Packages lists
/// every package beneath DIR.
///
/// Every package is read once, and again only when it was touched: what was learnt of it
/// is kept in DIR/.pkgseal. Where neither the pool nor the options changed nothing is
/// written. The fields of Packages and Sources are those of apt-ftparchive, and packages for
/// every architecture stand in the index of each. A package that readers could read
/// differently, or a .dsc whose files differ, stops the run, and clients keep what they
/// have. Without --key the Release stays unsigned.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct AptIndex {
    /// The suite to make, DIR/dists/NAME
    #[arg(long, value_name = "NAME", required_unless_present = "flat")]
    pub(crate) suite: Option<String>,
    /// Make a flat repository, without suites and components
    #[arg(long, conflicts_with_all = ["component", "pool"])]
    pub(crate) flat: bool,
    /// Take in this component only [default: every folder of the pool]
    #[arg(long, value_name = "NAME")]
    pub(crate) component: Vec<String>,
    /// Make indices for this architecture only [default: those of the packages]
    #[arg(long, value_name = "NAME")]
    pub(crate) arch: Vec<String>,
    /// Where packages for every architecture are listed
    #[arg(long, value_name = "WHERE", default_value = "everywhere")]
    pub(crate) arch_all: ArchAllName,
    /// Take packages from this folder, by component
    #[arg(long, value_name = "FOLDER", default_value = "pool")]
    pub(crate) pool: String,
    /// Take in only the packages and .dsc files that this file names, one a line, from DIR
    #[arg(long, value_name = "FILE")]
    pub(crate) packages_from: Option<PathBuf>,
    /// Forms in which indices stand there
    #[arg(
        long,
        value_name = "FORM",
        value_delimiter = ',',
        default_value = "xz,gz"
    )]
    pub(crate) compress: Vec<FormName>,
    /// Read every package again, whatever is remembered of it
    #[arg(long)]
    pub(crate) rehash: bool,
    /// Date and sign the Release anew though nothing changed
    #[arg(long)]
    pub(crate) redate: bool,
    #[command(flatten)]
    pub(crate) release: ReleaseOptions,
    #[command(flatten)]
    pub(crate) publish: PublishArguments,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The repository
    #[arg(value_name = "DIR")]
    pub(crate) path: PathBuf,
}

/// Where packages for every architecture are listed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ArchAllName {
    /// In the index of every architecture
    Everywhere,
    /// In binary-all, which clients read besides
    Apart,
}

/// Forms of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormName {
    /// As it is
    None,
    /// gzip
    Gz,
    /// bzip2
    Bz2,
    /// xz
    Xz,
    /// Zstandard, which clients read from Debian 11 and Ubuntu 18.04 on
    Zst,
}
