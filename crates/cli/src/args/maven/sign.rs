//! `pkgseal maven sign`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::{Common, EXIT_STATUS, Moment, OptionalSecrets};

const AFTER: &str = "\
Without --key, the environment is asked as maven-gpg-plugin does: MAVEN_GPG_KEY holds the \
armored secret key, MAVEN_GPG_PASSPHRASE its passphrase, MAVEN_GPG_KEY_FINGERPRINT says which \
key signs (40 or 64 hexadecimal digits, of the certificate or of one signing subkey). \
A key in a file and a passphrase from a file, descriptor or credential are safer and come first.";

/// Sign the artifacts of a Maven repository as Maven Central wants them
///
/// Every file that coordinates name gets an .asc: jars, POMs, .module files, sources,
/// javadoc. Checksums, signatures, sigstore bundles and, unless asked, maven-metadata.xml get
/// none. What this key signed already and is still good stays as it is. Each signature is
/// verified with the public certificate; then all become visible, or none.
#[derive(Args, Debug)]
#[command(after_help = format!("{AFTER}\n\n{EXIT_STATUS}"))]
pub(crate) struct MavenSign {
    #[command(flatten)]
    pub(crate) secrets: OptionalSecrets,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[arg(
        long,
        value_name = "COORDINATES",
        value_delimiter = ',',
        // Rustdoc would take the brackets for a link.
        help = "Sign these only: group:artifact[:extension[:classifier]]:version, several with commas"
    )]
    pub(crate) coordinates: Vec<String>,
    /// Write these checksum files beside what is signed, where they are missing
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) checksums: Vec<ChecksumName>,
    /// Sign maven-metadata.xml too
    #[arg(long)]
    pub(crate) metadata: bool,
    /// What happens to signatures that are there already
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub(crate) existing: KeptName,
    /// Write to this directory and leave the input untouched
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The repository: a staging directory, or ~/.m2/repository with --coordinates
    #[arg(value_name = "DIR")]
    pub(crate) path: PathBuf,
}

/// Checksum files there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChecksumName {
    /// Asked for by Maven Central
    Md5,
    /// Asked for by Maven Central
    Sha1,
    /// Taken by Maven Central
    Sha256,
    /// Taken by Maven Central
    Sha512,
}

/// What happens to signatures that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeptName {
    /// Good ones by this key stay, bad ones give way, one by somebody else stops the run
    Keep,
    /// All give way
    Replace,
}
