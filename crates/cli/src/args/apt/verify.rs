//! `pkgseal apt verify`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use crate::args::{Common, EXIT_STATUS, Moment, Trust};

/// Verify apt repositories, from the signed root of every suite to the last package
///
/// Does what `pkgseal verify` does with an apt repository, and takes options that only make
/// sense there.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct AptVerify {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// How deep to look; each level includes those before it
    #[arg(long, value_name = "LEVEL", default_value = "content")]
    pub(crate) level: LevelName,
    #[command(flatten)]
    pub(crate) scope: ScopeOptions,
    #[command(flatten)]
    pub(crate) freshness: FreshnessOptions,
    #[command(flatten)]
    pub(crate) expect: ExpectOptions,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Hold it against this client too, or `all` of them
    ///
    /// Clients are Debian's and Ubuntu's releases: `pkgseal apt clients` lists them. Each is
    /// asked what it would do with the signed roots at the moment of --time, with the
    /// certificates of --keyring in the form in which they lie there. A client that rejects makes the exit status 1, and every difference from
    /// our own verdict is named.
    #[arg(long = "client", value_name = "NAME|FILE")]
    pub(crate) clients: Vec<String>,
    /// Repositories: directories with dists/, or flat ones with an InRelease
    #[arg(required = true, value_name = "DIR")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Levels of a verification.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LevelName {
    /// Signed roots: signatures, form, dates, identity
    Signatures,
    /// Every listed index that is there: as stored, decompressed, by-hash
    Indices,
    /// Every listed file of the pool is there and has its size
    Existence,
    /// Every listed file of the pool has its digests
    Content,
    /// Every package and .dsc says of itself what its index says
    Control,
}

/// Which part of a repository has to be there.
#[derive(Args, Debug)]
pub(crate) struct ScopeOptions {
    /// Look at this suite only, by folder, Suite or Codename; * and ? stand for any text
    #[arg(long = "suite", value_name = "PATTERN")]
    pub(crate) wanted_suites: Vec<String>,
    /// Ask for the packages of this component; those of others may be missing
    #[arg(long = "component", value_name = "NAME")]
    pub(crate) wanted_components: Vec<String>,
    /// Ask for the packages of this architecture, or for source; others may be missing
    #[arg(long = "arch", value_name = "NAME")]
    pub(crate) wanted_architectures: Vec<String>,
}

/// How fresh a Release has to be. Times are a number and a unit: 45s, 90min, 36h, 10d, 2w.
#[derive(Args, Debug)]
pub(crate) struct FreshnessOptions {
    /// Reject what is older than this: 90d, 12h
    #[arg(long, value_name = "DURATION", value_parser = pkgseal_repo::parse_duration)]
    pub(crate) max_age: Option<SignedDuration>,
    /// Accept what is dated this far ahead [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = pkgseal_repo::parse_duration)]
    pub(crate) clock_skew: Option<SignedDuration>,
    /// Take a Valid-Until for no earlier than Date and this, as apt's Min-ValidTime
    #[arg(long, value_name = "DURATION", value_parser = pkgseal_repo::parse_duration)]
    pub(crate) min_valid_time: Option<SignedDuration>,
    /// Take a Valid-Until for no later than Date and this, as apt's Max-ValidTime
    #[arg(long, value_name = "DURATION", value_parser = pkgseal_repo::parse_duration)]
    pub(crate) max_valid_time: Option<SignedDuration>,
}

/// What every suite has to say of itself.
#[derive(Args, Debug)]
pub(crate) struct ExpectOptions {
    /// Reject a Release with another Suite
    #[arg(long, value_name = "NAME")]
    pub(crate) expect_suite: Option<String>,
    /// Reject a Release with another Codename
    #[arg(long, value_name = "NAME")]
    pub(crate) expect_codename: Option<String>,
    /// Reject a Release with another Origin
    #[arg(long, value_name = "NAME")]
    pub(crate) expect_origin: Option<String>,
    /// Reject a Release with another Label
    #[arg(long, value_name = "NAME")]
    pub(crate) expect_label: Option<String>,
    /// Reject a Release without this component
    #[arg(long = "expect-component", value_name = "NAME")]
    pub(crate) expect_components: Vec<String>,
    /// Read what suites have to say and how fresh they have to be from this TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}
