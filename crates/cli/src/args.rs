//! The command line.
//!
//! House rules: one option, one word, one meaning everywhere. "Certificate" is public,
//! "key" is secret. The first line of a help text has no full stop. Secrets never come as
//! arguments: by file, file descriptor or systemd credential only.

mod apt;
mod deb;
pub(crate) mod files;
mod key;
mod keyring;
mod lazy;
pub(crate) mod maven;
mod rpm;
mod shared;
mod yum;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pkgseal_deb::package::Role;

pub(crate) use apt::{
    AptClients, AptCommand, AptIndex, AptLint, AptRecover, AptRefresh, AptRelease, AptSources,
    AptVerify, ArchAllName, AutomaticName, DigestName, EntryFormName, FormName, LevelName,
    PublishArguments, ReleaseOptions, Switch,
};
pub(crate) use deb::{DebCommand, DebUnsign, DebVerify, DebsigVerify, PolicyPlaces};
pub(crate) use files::FilesCommand;
pub(crate) use key::{
    Changing, KeyAdopt, KeyAlgorithm, KeyChange, KeyCommand, KeyDoctor, KeyExtend, KeyFileChange,
    KeyGenerate, KeyJoin, KeyPassphrase, KeyProve, KeyRevoke, KeyRotate, KeySplit, NewPassphrase,
    NewSubkey, PurposeName, ReasonName, RotatePlan, RotateStatus, RotateStep, StepName, SubkeyAdd,
    SubkeyCommand, SubkeyReplace,
};
pub(crate) use keyring::{
    DropName, ExtentName, ForecastFormat, KeyringAudit, KeyringCommand, KeyringDiff, KeyringExport,
    KeyringFilter, KeyringForecast, KeyringFormName, KeyringList, KeyringMerge, KeyringPackage,
    PackageFormName, StateName, Written as KeyringWritten,
};
pub(crate) use lazy::Lazy;
pub(crate) use maven::MavenCommand;
pub(crate) use rpm::{
    HardLinksName, HowName, PackageLevelName, RpmApply, RpmClients, RpmCommand, RpmHeader, RpmLint,
    RpmRecover, RpmSign, RpmSignPlan, RpmUnsign, RpmUnsignWhat, RpmVerify, WritingArguments,
};
pub(crate) use shared::{
    KeyAccess, Keyring, Moment, OptionalSecrets, PassphraseSource, Secrets, Targets, Trust,
    key_source,
};
pub(crate) use yum::{
    PlaceName, SeveralSignatures, SignedPackagesName, YumCommand, YumFreshnessOptions, YumIndex,
    YumLevelName, YumLint, YumMetalink, YumRecover, YumRepoFile, YumSign, YumVerify,
};

const EXIT_STATUS: &str = "Exit status: 0 accepted or done, 1 rejected, 2 could not decide.";

/// Sign and verify software packages and their repositories with OpenPGP
///
/// Answers one question: who shipped this, and is it intact? Knows .deb files and apt
/// repositories, .rpm files and yum repositories, Maven artifacts, and any other file with
/// a detached signature or on a signed SHA256SUMS.
#[derive(Debug, Parser)]
#[command(name = "pkgseal", version, after_help = EXIT_STATUS, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign packages, repositories and files
    ///
    /// Each path is signed as what it is. A Release gets an InRelease and a Release.gpg, a
    /// repomd.xml a repomd.xml.asc and a repomd.xml.key, any other file an .asc; .deb and .rpm
    /// files carry their signature inside, and so do .dsc, .buildinfo and .changes: a .changes
    /// is signed with the .dsc and .buildinfo it lists, from the inside out, as debsign does. A directory is signed as the apt, yum or Maven tree
    /// it is, any other one file by file (--as files) or by a list of all (--as sums); a list
    /// such as SHA256SUMS once it agrees with its files. What was written is verified with the public certificate before it becomes
    /// visible; a failed run leaves the old files as they were.
    Sign(Lazy<Sign>),
    /// Verify who signed packages, repositories and files, and that they are intact
    ///
    /// Each path is recognised by content and name, and the result says what it was taken
    /// for. A directory is verified as the apt, yum or Maven tree it is: from the signed
    /// root down to every file it vouches for. Any other folder must have signatures beside
    /// its files, or a signed list such as SHA256SUMS.
    #[command(after_help = EXIT_STATUS)]
    Verify(Lazy<Examine>),
    /// Show every signature and fact, without a verdict
    ///
    /// Works without a keyring; with one, signatures are checked as well. Exit status 0
    /// means that the facts could be read, not that they are good.
    Inspect(Lazy<Examine>),
    /// Work on apt repositories
    #[command(subcommand)]
    Apt(Lazy<AptCommand>),
    /// Work on Debian packages
    #[command(subcommand)]
    Deb(Lazy<DebCommand>),
    /// Work on RPM packages
    #[command(subcommand)]
    Rpm(Lazy<RpmCommand>),
    /// Work on yum repositories
    #[command(subcommand)]
    Yum(Lazy<YumCommand>),
    /// Work on plain folders: signed files, and lists such as SHA256SUMS
    #[command(subcommand)]
    Files(Lazy<FilesCommand>),
    /// Work on Maven repositories
    #[command(subcommand)]
    Maven(Lazy<MavenCommand>),
    /// Make secret keys and look after them
    #[command(subcommand)]
    Key(Lazy<KeyCommand>),
    /// Look after certificates
    #[command(subcommand)]
    Keyring(Lazy<KeyringCommand>),
    /// Show the policies that turn facts into verdicts
    #[command(subcommand)]
    Profile(Lazy<ProfileCommand>),
    /// Explain a finding code
    ///
    /// Without a code, lists them all.
    Explain(Lazy<Explain>),
    /// Write the manual pages
    Man(Lazy<Man>),
    /// Print a completion script for a shell
    Completions(Lazy<Completions>),
}

/// What to sign, and how.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct Sign {
    #[command(flatten)]
    pub(crate) secrets: Secrets,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write to this directory and leave the input untouched
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Take the paths for this, whatever they look like
    #[arg(long = "as", value_name = "KIND")]
    pub(crate) kind: Option<KindName>,
    /// The debsigs role in a .deb: origin, maint, archive or another short word
    ///
    /// A new signature is made in the role origin where none is named.
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<Role>,
    /// What happens to signatures that are there already
    ///
    /// Those of a .deb (in this role), a .rpm, a .dsc, .buildinfo or .changes, that is: other
    /// files get a new one. A .changes that is signed is kept as it is; in one that is not,
    /// a .dsc or .buildinfo that is signed stays, and has to be by the same key.
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub(crate) existing: ExistingName,
    #[command(flatten)]
    pub(crate) common: Common,
    /// What to sign
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// What to examine, and how: `verify` and `inspect` differ in what they make of it.
#[derive(Args, Debug)]
pub(crate) struct Examine {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Reject what is older than this: 90d, 12h
    ///
    /// Counts from the signature of a .changes; without it, the profile says how old that
    /// may be. Nothing else that these paths can be has an age of its own.
    #[arg(long, value_name = "DURATION", value_parser = pkgseal_repo::parse_duration)]
    pub(crate) max_age: Option<jiff::SignedDuration>,
    /// Take the paths for this, whatever they look like
    #[arg(long = "as", value_name = "KIND")]
    pub(crate) kind: Option<KindName>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Packages, repositories and files
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Options of every command that reads or writes many files.
#[derive(Args, Debug)]
pub(crate) struct Common {
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
    /// Work on this many files at once [default: one for each core, 16 at least to sign files]
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
}

/// What a path can be taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindName {
    /// A .deb
    Deb,
    /// A .rpm
    Rpm,
    /// A Release, InRelease or Release.gpg
    Release,
    /// A repomd.xml or repomd.xml.asc
    Repomd,
    /// A .changes, with everything it uploads
    Changes,
    /// A .dsc, with its tarballs
    Dsc,
    /// A .buildinfo, with the packages it lists
    Buildinfo,
    /// Any file with a detached signature
    File,
    /// A list of checksums such as SHA256SUMS, with its files; a directory to write one of
    Sums,
    /// A directory: files with signatures beside them, or in signed lists of checksums
    Files,
    /// A directory: an apt repository
    Apt,
    /// A directory: a yum repository
    Yum,
    /// A directory: a Maven repository
    Maven,
}

/// What happens to signatures that are there already.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ExistingName {
    /// They stay; where there is no place for another one, nothing is changed
    Keep,
    /// They give way
    Replace,
}

/// What to do with profiles.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Name the built-in profiles
    List,
    /// Print a profile with its explanations
    Show {
        /// A built-in name, or a file
        #[arg(value_name = "NAME|FILE", default_value = "strict")]
        profile: String,
    },
}

/// Which code to explain.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// A code as verdicts print it, for example file.digest-mismatch
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

/// Where manual pages go.
#[derive(Args, Debug)]
pub(crate) struct Man {
    /// The directory they go to
    #[arg(long, value_name = "DIR")]
    pub(crate) output: PathBuf,
}

/// For whom completions are.
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// Which shell
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests;
