//! `pkgseal key subkey`.

use clap::{Args, Subcommand};
use pkgseal_repo::Lifetime;

use super::change::KeyChange;
use super::generate::KeyAlgorithm;

/// What to do with signing subkeys.
#[derive(Debug, Subcommand)]
pub(crate) enum SubkeyCommand {
    Add(SubkeyAdd),
    Replace(SubkeyReplace),
}

/// What the new subkey is like.
#[derive(Args, Debug)]
pub(crate) struct NewSubkey {
    /// Algorithm of the new keys [default: what the purpose asks for]
    ///
    /// Of a new subkey: that of the key it is added to, where this is not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) algorithm: Option<KeyAlgorithm>,
    /// The key expires then: 2y, 18mo, 90d, 2027-06-01 or never
    #[arg(long, value_name = "WHEN", value_parser = Lifetime::parse, default_value = "3y")]
    pub(crate) expires: Lifetime,
}

/// Add a subkey that only signs
///
/// It is protected as the primary key is. pkgseal signs with the newest subkey from now on;
/// publish the certificate before anything signed with it is published.
#[derive(Args, Debug)]
pub(crate) struct SubkeyAdd {
    #[command(flatten)]
    pub(crate) change: KeyChange,
    #[command(flatten)]
    pub(crate) new: NewSubkey,
}

/// Replace a signing subkey by a new one
///
/// The old one stays as it is unless told otherwise, so that clients with the old
/// certificate go on verifying until what was signed with it is gone.
#[derive(Args, Debug)]
pub(crate) struct SubkeyReplace {
    #[command(flatten)]
    pub(crate) change: KeyChange,
    #[command(flatten)]
    pub(crate) new: NewSubkey,
    /// This subkey, by full fingerprint
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) subkey: Option<String>,
    /// The replaced subkey expires then: 2y, 18mo, 90d, 2027-06-01 or never
    #[arg(long, value_name = "WHEN", value_parser = Lifetime::parse, conflicts_with = "revoke")]
    pub(crate) retire: Option<Lifetime>,
    /// Revoke the replaced subkey as superseded (soft)
    #[arg(long)]
    pub(crate) revoke: bool,
}
