//! `pkgseal key prove`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{EXIT_STATUS, Moment};

/// Prove that a certificate can be published in place of another
///
/// Every signature below DIR that verifies with OLD must still verify with NEW, for our own
/// profile and for each client: apt repositories (InRelease, Release.gpg), .dsc, .changes
/// and .buildinfo, signed .deb files, yum repositories (repomd.xml.asc) and each .rpm, Maven
/// repositories, and any file with an .asc or .sig beside it. No certificate, subkey or user
/// ID may be lost, and nothing that was revoked may come back. Each file is read once.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct KeyProve {
    /// Judge by this profile: strict, legacy, another of `profile list`, or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "strict")]
    pub(crate) profile: String,
    /// Hold it against this client too, or `all` of them
    ///
    /// Clients are those of `pkgseal keyring audit`. Where none is named, those in wide use
    /// are asked.
    #[arg(long = "client", value_name = "NAME")]
    pub(crate) clients: Vec<String>,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Work on this many files at once [default: one for each core, 16 at least to sign files]
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
    /// The certificate, or keyring, that is published
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The certificate, or keyring, that is to be published
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// Repositories, folders and files signed by it
    #[arg(required = true, value_name = "DIR")]
    pub(crate) paths: Vec<PathBuf>,
}
