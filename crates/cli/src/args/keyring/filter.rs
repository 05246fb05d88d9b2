//! `pkgseal keyring filter`.

use clap::{Args, ValueEnum};

use super::Written;
use crate::args::{EXIT_STATUS, Moment};

/// Write less of a keyring: certificates by fingerprint, user ID or state, and fewer parts
///
/// Conditions of one kind widen what is taken, of different kinds narrow it. Texts are
/// taken literally, and compared with user IDs that the certificate's own key signed: any
/// other may have been added by anybody. What somebody may miss later is said.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct KeyringFilter {
    /// Take the certificate with this full fingerprint, its own or a subkey's
    #[arg(long = "certificate", value_name = "FINGERPRINT")]
    pub(crate) certificates: Vec<String>,
    /// Take certificates with this very user ID, or this mail address in it
    #[arg(long = "user-id", value_name = "TEXT")]
    pub(crate) user_ids: Vec<String>,
    /// Take certificates with a mail address of this very domain
    #[arg(long = "domain", value_name = "DOMAIN")]
    pub(crate) domains: Vec<String>,
    /// Take certificates of this version of OpenPGP
    #[arg(long = "openpgp", value_name = "VERSION", value_parser = clap::value_parser!(u8).range(4..=6))]
    pub(crate) versions: Vec<u8>,
    /// Take certificates in this state only
    #[arg(long = "only", value_name = "STATE", default_value = "any")]
    pub(crate) only: StateName,
    /// Drop these parts of what is taken
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    pub(crate) drop: Vec<DropName>,
    /// Judge by this profile: strict, legacy, another of `profile list`, or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "strict")]
    pub(crate) profile: String,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) written: Written,
}

/// What certificates have to be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateName {
    /// Whatever they are
    Any,
    /// Neither expired nor revoked, with self-signatures that count
    Live,
    /// With a key that can sign now
    CanSign,
}

/// Parts of certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DropName {
    /// Certificates and subkeys that have expired
    Expired,
    /// Certificates, subkeys and user IDs that are revoked
    Revoked,
    /// Subkeys that cannot sign
    Encryption,
    /// User IDs other than the primary one
    UserIds,
}
