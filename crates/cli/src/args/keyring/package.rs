//! `pkgseal keyring package`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ExtentName;
use crate::args::{EXIT_STATUS, Moment, Secrets};

/// Build a signed Debian package that holds a keyring
///
/// It installs /usr/share/keyrings/NAME.gpg, and with --sources an entry for apt that uses
/// it. No maintainer scripts; every time in it is --time, else SOURCE_DATE_EPOCH, else now,
/// and the same input gives the same bytes. It is signed inside as debsigs does, verified,
/// and only then put in place.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct KeyringPackage {
    /// Call the files this
    #[arg(long, value_name = "NAME", required = true)]
    pub(crate) name: Option<String>,
    /// Give the package this version, such as 2026.11.22
    #[arg(long, value_name = "VERSION")]
    pub(crate) package_version: String,
    /// Name this maintainer: `Name <address>`
    #[arg(long, value_name = "NAME <ADDRESS>")]
    pub(crate) maintainer: String,
    /// Describe the package in one line [default: OpenPGP certificates of NAME]
    #[arg(long, value_name = "TEXT")]
    pub(crate) synopsis: Option<String>,
    /// Name this home page
    #[arg(long, value_name = "URL")]
    pub(crate) homepage: Option<String>,
    /// Install this .sources file; its Signed-By names the keyring of the package
    #[arg(long, value_name = "FILE")]
    pub(crate) sources: Option<PathBuf>,
    /// Compress the package's members so
    #[arg(long, value_name = "FORM", default_value = "xz")]
    pub(crate) compress: PackageFormName,
    /// Keep so much of each certificate
    #[arg(long, value_name = "EXTENT", default_value = "own")]
    pub(crate) extent: ExtentName,
    #[command(flatten)]
    pub(crate) secrets: Secrets,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write the package into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
    /// Certificate files, directories, .sources files, openpgp-cert-d stores
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// How members of a package are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PackageFormName {
    /// Every dpkg reads it, and debsigs too
    Gz,
    /// As Debian does
    Xz,
    /// As Ubuntu does; dpkg of Debian 12 and later
    Zst,
}
