//! `pkgseal key split` and `pkgseal key join`.

use std::path::PathBuf;

use clap::Args;

use super::change::KeyFileChange;

/// Take the primary key's secret off into a file of its own
///
/// What stays signs, and cannot change the key any more: the secret of the subkeys with a
/// stub for the primary, as gpg --export-secret-subkeys makes it. The other file belongs on
/// a disk that is kept offline; it was written and read back before the secret is taken out
/// here.
#[derive(Args, Debug)]
pub(crate) struct KeySplit {
    #[command(flatten)]
    pub(crate) change: KeyFileChange,
    /// Where the primary key's secret goes; the file must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) offline: PathBuf,
}

/// Bring together what several files of one key have
///
/// Secret parts that the key file lacks come from the other files; so do signatures. Where
/// both have a secret part, that of the key file stays. The other files are left alone. With
/// --certificate alone, the key file learns what was published of it.
#[derive(Args, Debug)]
pub(crate) struct KeyJoin {
    #[command(flatten)]
    pub(crate) change: KeyFileChange,
    /// Other secret key files of the same key
    #[arg(value_name = "FILE", required_unless_present = "certificate")]
    pub(crate) others: Vec<PathBuf>,
}
