//! `pkgseal yum repo-file`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{EXIT_STATUS, Moment, Targets};

/// Write what users need to install from a repository: its .repo file and certificates
///
/// Writes ID.repo, which checks signatures of packages and of metadata, and
/// RPM-GPG-KEY-ID. Both are read back before they are written, and every certificate is
/// held against the targets. Certificates are those of --keyring, each of them: give users
/// no more than sign the repository.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct YumRepoFile {
    /// Where the repository is; several are mirrors of each other
    #[arg(value_name = "URL", required_unless_present_any = ["metalink_url", "mirrorlist_url"])]
    pub(crate) urls: Vec<String>,
    /// Let this metalink say where it is
    #[arg(long, value_name = "URL", conflicts_with_all = ["urls", "mirrorlist_url"])]
    pub(crate) metalink_url: Option<String>,
    /// Let this list of mirrors say where it is
    #[arg(long, value_name = "URL", conflicts_with = "urls")]
    pub(crate) mirrorlist_url: Option<String>,
    /// What programs call the repository, and the files that are written
    #[arg(long, value_name = "NAME")]
    pub(crate) id: String,
    /// What people call the repository [default: its --id]
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// Let clients fetch the certificates here [default: /etc/pki/rpm-gpg/RPM-GPG-KEY-ID]
    #[arg(long, value_name = "URL")]
    pub(crate) key_url: Option<String>,
    /// Certificates to verify with: a file, a directory, a .sources file, a cert-d store
    #[arg(
        long,
        value_name = "PATH",
        env = "PKGSEAL_KEYRING",
        value_delimiter = ':',
        required = true
    )]
    pub(crate) keyring: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) targets: Targets,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write the files into this directory; without it the .repo file goes to stdout
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}
