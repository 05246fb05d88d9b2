//! `pkgseal apt sources`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::{EXIT_STATUS, Moment};

/// Write what users need to install from a repository: its sources entry and certificates
///
/// Everything is read back and held against the models of clients before it is written: a
/// certificate that the apt of some release could not use is named. Certificates are
/// those of --keyring, each of them: give users no more than sign the repository.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct AptSources {
    /// Where the repository is, as sources of apt name it
    #[arg(value_name = "URI")]
    pub(crate) uri: String,
    /// Take this suite, or a folder that ends in a slash
    #[arg(long = "suite", value_name = "SUITE", required = true)]
    pub(crate) entry_suites: Vec<String>,
    /// Take this component
    #[arg(long = "component", value_name = "NAME")]
    pub(crate) entry_components: Vec<String>,
    /// Take this architecture
    #[arg(long = "arch", value_name = "NAME")]
    pub(crate) entry_architectures: Vec<String>,
    /// Certificates to verify with: a file, a directory, a .sources file, a cert-d store
    #[arg(
        long,
        value_name = "PATH",
        env = "PKGSEAL_KEYRING",
        value_delimiter = ':',
        required = true
    )]
    pub(crate) keyring: Vec<PathBuf>,
    /// Write the entry in this form
    #[arg(long, value_name = "FORM", default_value = "deb822")]
    pub(crate) form: EntryFormName,
    /// Call the files this
    ///
    /// The host of the URI where it is not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Offer source packages too
    #[arg(long)]
    pub(crate) source_packages: bool,
    /// Hold it against this client too, or `all` of them
    ///
    /// Clients are Debian's and Ubuntu's releases: `pkgseal apt clients` lists them. What a
    /// named one could not use is refused; where none is named, it is a warning.
    #[arg(long = "client", value_name = "NAME|FILE")]
    pub(crate) clients: Vec<String>,
    /// Refuse to conflict with the entries of this .sources or .list file
    #[arg(long, value_name = "FILE")]
    pub(crate) beside: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write the files into this directory; without it a deb822 entry goes to stdout
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

/// How a sources entry is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EntryFormName {
    /// NAME.sources with the certificates inside: apt 2.4 and later
    Deb822,
    /// NAME.list, and NAME.gpg for /etc/apt/keyrings: every apt
    List,
}
