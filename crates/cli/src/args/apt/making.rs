//! Options of the commands that write a Release.

use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use pkgseal_repo::publication::Retention;

use crate::args::OptionalSecrets;

/// What the Release says.
#[derive(Args, Debug)]
#[command(next_help_heading = "What the Release says")]
pub(crate) struct ReleaseOptions {
    /// Whose repository it is
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: Option<String>,
    /// Which of their repositories it is
    #[arg(long, value_name = "NAME")]
    pub(crate) label: Option<String>,
    /// The suite's lasting name [default: as the suite]
    #[arg(long, value_name = "NAME")]
    pub(crate) codename: Option<String>,
    /// The version of the distribution: 12, 24.04
    #[arg(long = "release-version", value_name = "VERSION")]
    pub(crate) release_version: Option<String>,
    /// One line for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Let clients use it this long: 36h, 10d, 2w [default: for ever]
    #[arg(long, value_name = "DURATION", value_parser = pkgseal_repo::parse_duration)]
    pub(crate) valid_for: Option<SignedDuration>,
    /// Whether clients install from it by themselves
    #[arg(long, value_name = "WHICH", default_value = "all")]
    pub(crate) automatic: AutomaticName,
    /// Let clients take the next Release only from this certificate, by full fingerprint
    #[arg(long = "signed-by", value_name = "FINGERPRINT")]
    pub(crate) signed_by: Vec<String>,
    /// Digests to list beside SHA-256
    #[arg(long = "digest", value_name = "NAME", value_delimiter = ',')]
    pub(crate) digests: Vec<DigestName>,
    /// Whether indices also stand under their digests, so that no client meets a mix
    #[arg(long, value_name = "WHETHER", default_value = "on")]
    pub(crate) acquire_by_hash: Switch,
}

/// What clients take from a suite by themselves.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AutomaticName {
    /// New packages and upgrades
    All,
    /// Upgrades of what was installed from it by name, as from backports
    Upgrades,
    /// Nothing, as from experimental
    None,
}

/// Digests besides the one that is always there.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DigestName {
    /// For tools that know no other; binds nothing
    Md5,
    /// For tools that know no other; binds nothing
    Sha1,
    /// Always listed
    Sha256,
    /// Stronger than anybody needs
    Sha512,
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// It is
    On,
    /// It is not
    Off,
}

/// How it is brought out.
#[derive(Args, Debug)]
#[command(next_help_heading = "Signing and publishing")]
pub(crate) struct PublishArguments {
    #[command(flatten)]
    pub(crate) secrets: OptionalSecrets,
    /// Keep the indices of this many generations under their digests, 2 at least
    #[arg(long, value_name = "N", default_value = "3")]
    keep: usize,
    /// Keep those too that were the newest within this length of time: of everything that a
    /// client or a mirror may have begun to read
    #[arg(long, value_name = "DURATION", value_parser = pkgseal_repo::parse_duration, default_value = "0s")]
    keep_for: SignedDuration,
    /// Wait this long for somebody else who publishes there
    #[arg(long, value_name = "DURATION", value_parser = pkgseal_repo::parse_duration, default_value = "0s")]
    pub(crate) wait: SignedDuration,
}

impl PublishArguments {
    /// Which generations stay.
    pub(crate) fn retention(&self) -> Retention {
        Retention {
            generations: self.keep,
            span: self.keep_for,
        }
    }
}
