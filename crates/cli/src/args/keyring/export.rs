//! `pkgseal keyring export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ExtentName;
use crate::args::EXIT_STATUS;

/// Write certificates in the form that a client, a server or a tool reads
///
/// Public parts only, whatever is in the input. What is written is read back first. Names
/// of files come from fingerprints, digests and --name, never from user IDs.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct KeyringExport {
    /// Write them in this form
    #[arg(long = "form", value_name = "FORM")]
    pub(crate) keyring_form: KeyringFormName,
    /// Call the files this
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Take certificates with a mail address of this very domain
    #[arg(long = "domain", value_name = "DOMAIN")]
    pub(crate) domains: Vec<String>,
    /// Put verifiers of operating systems here: debian/package, fedora:43/image/default
    #[arg(long, value_name = "OS/PURPOSE[/CONTEXT]")]
    pub(crate) voa: Option<String>,
    /// Keep so much of each certificate
    #[arg(long, value_name = "EXTENT", default_value = "own")]
    pub(crate) extent: ExtentName,
    /// Write to this file, or into this directory; texts go to stdout without it
    #[arg(long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
    /// Certificate files, directories, .sources files, openpgp-cert-d stores
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// A form of certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyringFormName {
    /// A binary NAME.gpg, as apt reads from /usr/share/keyrings and /etc/apt/keyrings
    AptGpg,
    /// An armored NAME.asc, one block a certificate, as everybody reads
    Asc,
    /// The field Signed-By of a .sources entry, with the certificates in it
    Deb822,
    /// RPM-GPG-KEY-NAME, one file a certificate, for /etc/pki/rpm-gpg
    RpmGpgKey,
    /// The repomd.xml.key of a yum repository
    RepomdKey,
    /// A KEYS file as Apache projects publish it
    Keys,
    /// A Web Key Directory on openpgpkey.DOMAIN, any number of domains
    Wkd,
    /// A Web Key Directory on DOMAIN itself
    WkdDirect,
    /// An OpenPGP certificate directory; what is there is merged
    CertD,
    /// The hierarchy for the verification of OS artifacts, at --voa
    Voa,
}
