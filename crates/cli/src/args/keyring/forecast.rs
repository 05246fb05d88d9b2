//! `pkgseal keyring forecast`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use pkgseal_repo::parse_duration;

use crate::args::{Common, Keyring, Moment, Targets};

const EXIT_STATUS: &str = "Exit status: 0 nothing breaks within the time asked for, 1 something \
does or is broken already, 2 could not decide. Without --within, 0 or 2.";

/// Tell on which day who stops accepting what, and what to run before
///
/// A directory is asked about as the repository it is: every signed root, and the packages
/// or artifacts in it, with the certificates of --keyring and of the keyrings named beside
/// it. Of a keyring, and of who signed a repository, it is told when what they sign from
/// then on is no longer accepted. Each client is asked, with its clock moved: a date is told
/// where the answer changes, not where a field says so.
///
/// apt and gpg judge a key by now, sqv and rpm by the time of the signature: a repository
/// outlives its key for some and not for others. Dates that nobody minds are listed apart.
/// Dates after 2106-02-07 are not asked about.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct KeyringForecast {
    #[command(flatten)]
    pub(crate) certificates: Keyring,
    /// Judge by this profile: strict, legacy, another of `profile list`, or a file
    ///
    /// It is what the client called `pkgseal` goes by.
    #[arg(long, value_name = "NAME|FILE", default_value = "strict")]
    pub(crate) profile: String,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Hold it against this client too, or `all` of them
    ///
    /// Only those that are named are asked then: a release of apt (bookworm, noble, trixie…)
    /// or rpm (rpm-4.18, rpm-4.20, rpm-6), what reads yum's metadata (dnf-el8, dnf-el9,
    /// dnf-el10, dnf-fedora, zypper-suse), maven-central, gradle, sequoia, gpg, and pkgseal
    /// itself; or a file such as `pkgseal apt clients NAME` prints, with Min-ValidTime and
    /// Max-ValidTime of its own. Where none is named, one of each kind is asked.
    #[arg(long = "client", value_name = "NAME|FILE")]
    pub(crate) clients: Vec<String>,
    #[command(flatten)]
    pub(crate) targets: Targets,
    /// Exit with 1 for what ends within this time too
    ///
    /// For monitoring: 30d, 12w. What is broken already counts then.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) within: Option<SignedDuration>,
    /// Write it in this form
    #[arg(
        long,
        value_name = "FORM",
        default_value = "text",
        conflicts_with = "json"
    )]
    pub(crate) format: ForecastFormat,
    /// Write it to this file, whole or not at all, and print nothing
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Repositories, folders of packages, keyrings
    #[arg(required = true, value_name = "DIR|KEYRING")]
    pub(crate) paths: Vec<PathBuf>,
}

/// The form of a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ForecastFormat {
    /// For people
    Text,
    /// For calendars (RFC 5545)
    Ical,
    /// For Prometheus, as node_exporter's textfile collector reads it
    Prometheus,
}
