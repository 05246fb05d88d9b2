//! `pkgseal key subkey`.

use clap::{Args, Subcommand};
use pkgseal_repo::Lifetime;

use super::change::KeyChange;
use super::generate::KeyAlgorithm;
use super::passphrase::NewPassphrase;

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
    #[command(flatten)]
    pub(crate) passphrase: NewPassphrase,
}

/// Add a subkey that only signs
///
/// In a key file it is protected as the primary key is. Of a key that gpg-agent, a token or a
/// command has, the new subkey is made here, and its secret goes into a file of its own,
/// FINGERPRINT.key.asc (mode 0600) beside the certificate, protected with what
/// --new-passphrase-file and its sisters give. Sign with that file, or hand it to gpg-agent
/// with gpg --import; there is no other copy. pkgseal signs with the newest subkey it finds from
/// now on; publish the certificate before anything signed with it is published.
#[derive(Args, Debug)]
pub(crate) struct SubkeyAdd {
    #[command(flatten)]
    pub(crate) change: KeyChange,
    #[command(flatten)]
    pub(crate) new: NewSubkey,
}

/// Replace a signing subkey by a new one
///
/// The new one is made and kept as subkey add does. The old one stays as it is unless told otherwise, so that clients with the old
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
