//! `pkgseal key revoke`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::change::KeyChange;

/// Revoke a key, a subkey or a user ID
///
/// A hard revocation (compromised, unspecified) takes away everything the key ever signed.
/// A soft one (superseded, retired) leaves good what was signed before it, for clients that
/// look at that time: sqv, rpm and pkgseal do, gpgv and apt with it do not. Nothing is
/// revoked for others before the certificate is published.
///
/// A revocation that was made beforehand needs no secret key: --with names its file
/// (FINGERPRINT.rev.asc, as key generate and key adopt write it, or a .rev file of gpg's
/// openpgp-revocs.d), and KEY may be the certificate. It is verified with the certificate
/// before anything is written.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true).args(["whole", "subkey", "user_id", "with"]))]
pub(crate) struct KeyRevoke {
    #[command(flatten)]
    pub(crate) change: KeyChange,
    /// The whole certificate, with all its keys
    #[arg(long)]
    pub(crate) whole: bool,
    /// This subkey, by full fingerprint
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) subkey: Option<String>,
    /// This user ID, as it stands in the certificate
    #[arg(long, value_name = "TEXT")]
    pub(crate) user_id: Option<String>,
    /// What this file revokes: a revocation that was made beforehand
    #[arg(long, value_name = "FILE", conflicts_with_all = ["reason", "message"])]
    pub(crate) with: Option<PathBuf>,
    /// Why, which decides how far back it reaches
    #[arg(long, value_name = "REASON", required_unless_present = "with")]
    pub(crate) reason: Option<ReasonName>,
    /// Words for people, which are published with the revocation
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
}

/// Why something is revoked.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ReasonName {
    /// Soft: another key takes over
    Superseded,
    /// Soft: it is used no more
    Retired,
    /// Soft, of a user ID: it is wrong now
    Invalid,
    /// Hard: somebody else may have the secret
    Compromised,
    /// Hard: none is given
    Unspecified,
}
