//! `pkgseal keyring audit`.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;

use crate::args::{EXIT_STATUS, Moment};

/// Say what everybody makes of keyrings: apt, rpm, dnf, zypper, Maven, Gradle, Sequoia, gpg
///
/// A row for each certificate, and for each key in it that fares otherwise; a column for
/// each client (several names above it where they agree on everything): `ok`, the day from
/// which on it refuses, `warn`, `no`, or `-` of a key that is not meant to sign. Below it
/// why, what is wrong with the files, and the numbers. An answer is about a signature made
/// and looked at at the moment of --time.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct KeyringAudit {
    /// Hold it against this client too, or `all` of them
    ///
    /// Clients are bullseye, bookworm, trixie, forky, jammy, noble (apt), rpm-4.18, rpm-4.20,
    /// rpm-6, dnf-el8, dnf-el9, dnf-el10, dnf-fedora, zypper-suse, maven-central, gradle,
    /// sequoia and gpg. Where none is named, those in wide use are asked.
    #[arg(long = "client", value_name = "NAME")]
    pub(crate) clients: Vec<String>,
    /// Exit with 1 for what ends within this time too
    #[arg(long, value_name = "DURATION", value_parser = pkgseal_repo::parse_duration)]
    pub(crate) within: Option<SignedDuration>,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
    /// Certificate files, directories, .sources files, openpgp-cert-d stores
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}
