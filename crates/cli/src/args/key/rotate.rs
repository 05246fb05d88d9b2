//! `pkgseal key rotate`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;
use pkgseal_repo::parse_duration;

use crate::args::{Common, EXIT_STATUS, Moment, OptionalSecrets, SeveralSignatures};

/// Replace a key without leaving clients behind
#[derive(Debug, Subcommand)]
pub(crate) enum KeyRotate {
    Plan(RotatePlan),
    Step(Box<RotateStep>),
    Status(RotateStatus),
}

/// Plan the replacement of a key in repositories
///
/// A rotation goes announce (clients get the new certificate beside the old one), dual-sign
/// (where a format allows it both keys sign), hand-over (the new key signs alone), drop (the
/// old certificate leaves the keyrings). OLD and NEW are public certificates; where both are
/// the same certificate, NEW has another signing subkey. Nothing is signed and no repository
/// changed: the plan file is written, and what stands in its way is said.
///
/// apt: InRelease and Release.gpg are signed by both keys from the second step on; who a
/// Release names in Signed-By follows. yum: repomd.xml.asc holds one signature, as dnf on
/// Fedora and RHEL 10 reads no other, so clients need both certificates before the hand-over;
/// packages keep their signatures unless they are signed anew. Maven: what was released is
/// never signed anew, so a KEYS file keeps the old certificate.
///
/// The plan is TOML and says in comments what is going to happen: version (1), made, window,
/// settle; `[old]` and `[new]` with fingerprint, signing-key and certificate (armored);
/// `[[repository]]` with format (apt, yum, maven), path, url, clients and packages (keep,
/// re-sign); `[[keyring]]` with path and keeps-old; and the journal, `[[done]]` with step, begun,
/// ended, stranded and pinned-until. Whoever is in clients counts; an unknown field is refused.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RotatePlan {
    /// Give clients this long to get the new certificate, from the announcement on
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "90d")]
    pub(crate) window: SignedDuration,
    /// Give mirrors and caches this long to follow, from the hand-over on
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "14d")]
    pub(crate) settle: SignedDuration,
    /// Count this client: bookworm, rpm-4.18, dnf-el9, maven-central… [default: the usual ones]
    ///
    /// A client of no format that is planned for is refused. Those that cannot use a repository
    /// today cannot be stranded either.
    #[arg(long = "client", value_name = "NAME")]
    pub(crate) counted: Vec<String>,
    /// Keep this keyring file current: clients get it
    ///
    /// Each step puts into it what clients should have then, in the form it has: binary, or
    /// armored where its name ends in .asc or it is armored already. A file called KEYS keeps
    /// the old certificate for ever. repodata/repomd.xml.key of a yum repository is kept
    /// current unasked.
    #[arg(long, value_name = "FILE")]
    pub(crate) published: Vec<PathBuf>,
    /// Where clients find a repository, for the instructions they get
    #[arg(long, value_name = "DIR=URL")]
    pub(crate) url: Vec<String>,
    /// Sign packages of yum repositories anew at the hand-over
    #[arg(long)]
    pub(crate) resign_packages: bool,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write the plan to this file; what users get goes into a folder beside it
    #[arg(long, value_name = "FILE", default_value = "rotation.toml")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The certificate that signs today
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The certificate that is to sign
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// Repositories: apt, yum or Maven trees
    #[arg(required = true, value_name = "DIR")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Do the next step of a rotation
///
/// What clients with the old certificate, with both and with the new one would make of every
/// repository is asked before anything becomes visible, of the very bytes that are to be
/// published. A step that would leave behind a client that the plan counts is refused, with
/// the reason and what has to happen first; --strand gives that client up by name.
///
/// The plan notes when a step begins and ends. One that was interrupted is done again, which
/// does no harm. Keys: announce and dual-sign need both, hand-over the new one, drop none.
///
/// Clients of apt that get their keyring as a package need no hand: with --keyring-package,
/// announce and drop build it, with what clients should have then as
/// /usr/share/keyrings/NAME.gpg, and the day as its version. Publish it in the repository.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RotateStep {
    #[command(flatten)]
    pub(crate) secrets: OptionalSecrets,
    /// Do this step, leaving out those before it [default: the next one]
    #[arg(long, value_name = "STEP")]
    pub(crate) step: Option<StepName>,
    /// Leave this client behind, as a refusal names it: bookworm/old
    #[arg(long, value_name = "CLIENT/KEYRING")]
    pub(crate) strand: Vec<String>,
    /// Build a Debian package of this name with the keyring that clients of apt should have
    #[arg(long, value_name = "NAME", requires = "maintainer")]
    pub(crate) keyring_package: Option<String>,
    /// Name this maintainer: `Name <address>`
    #[arg(long, value_name = "NAME <ADDRESS>", requires = "keyring_package")]
    pub(crate) maintainer: Option<String>,
    /// Only say what clients would make of it
    #[arg(long)]
    pub(crate) simulate: bool,
    #[command(flatten)]
    pub(crate) several: SeveralSignatures,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The plan
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
}

/// Show how far a rotation has come, and what each client sees
///
/// Every repository is read as it stands: by whom it is signed, and what each client makes of
/// it with the old certificate, with both, and with the new one. Exit status 1 means that a
/// client the plan counts is left behind, or that a repository or keyring is not what the
/// plan says.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct RotateStatus {
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The plan
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
}

/// Steps of a rotation.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum StepName {
    /// Clients get the new certificate beside the old one
    Announce,
    /// Both keys sign, where the format allows it
    DualSign,
    /// The new key signs alone
    HandOver,
    /// The old certificate leaves the keyrings
    Drop,
}
