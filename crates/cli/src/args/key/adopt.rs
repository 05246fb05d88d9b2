//! `pkgseal key adopt`.

use std::path::PathBuf;

use clap::Args;
use pkgseal_repo::Lifetime;

use crate::args::{Moment, Secrets};

/// Make a certificate for a key that was made on a token and never leaves it
///
/// Writes two files: the public certificate, and a revocation certificate to keep in a safe
/// place; the token signs both. The key certifies itself and signs. Its fingerprint follows
/// from the key and the moment: with --time, the same certificate can be made again.
/// Afterwards it signs with --key pkcs11:… --certificate FILE.
#[derive(Args, Debug)]
pub(crate) struct KeyAdopt {
    #[command(flatten)]
    pub(crate) secrets: Secrets,
    /// Whose key it is: "Name <mail@example.org>"
    #[arg(long, value_name = "TEXT")]
    pub(crate) user_id: String,
    /// The key expires then: 2y, 18mo, 90d, 2027-06-01 or never
    ///
    /// After three years by default.
    #[arg(long, value_name = "WHEN", value_parser = Lifetime::parse)]
    pub(crate) expires: Option<Lifetime>,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// The directory the files go to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) output: PathBuf,
    /// Print one JSON document instead of text
    #[arg(long)]
    pub(crate) json: bool,
}
