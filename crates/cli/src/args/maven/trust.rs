//! `pkgseal maven trust`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::{Common, EXIT_STATUS, Keyring, Moment, Trust};

/// What to do with a trust file.
#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    Convert(TrustConvert),
    Learn(TrustLearn),
}

/// Convert a trust file, and say what the other form cannot say
///
/// Nothing is trusted more widely than before: what has no equal in the other form is left
/// out, with a warning on standard error.
#[derive(Args, Debug)]
pub(crate) struct TrustConvert {
    /// Take the file for this [default: as it looks]
    #[arg(long, value_name = "FORM")]
    pub(crate) from: Option<FormName>,
    /// Write this form
    #[arg(long, value_name = "FORM")]
    pub(crate) to: FormName,
    #[command(flatten)]
    pub(crate) certificates: Keyring,
    /// Trust bare certificates for this group only: org.example, org.example.*
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The trust file
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,
}

/// Propose a trust file from a verified tree
///
/// Verifies the tree, and writes down who signed each group, or with --to sha256 and its like
/// the checksums of what was accepted. That is what was seen, not what is right: read it
/// before you use it.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct TrustLearn {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write this form
    #[arg(long, value_name = "FORM", default_value = "keysmap")]
    pub(crate) to: FormName,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The repository
    #[arg(value_name = "DIR")]
    pub(crate) path: PathBuf,
}

/// Forms of trust files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormName {
    /// The keysmap of pgpverify-maven-plugin
    Keysmap,
    /// Gradle's verification-metadata.xml
    Gradle,
    /// Certificates: a KEYS file, a keyring of Gradle's
    Keys,
    /// Trusted checksums of Maven's resolver, with SHA-256
    Sha256,
    /// The same with SHA-512
    Sha512,
    /// The same with SHA-1
    Sha1,
    /// The same with MD5
    Md5,
}
