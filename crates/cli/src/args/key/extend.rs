//! `pkgseal key extend`.

use clap::Args;
use pkgseal_repo::Lifetime;

use super::change::KeyChange;

/// Give a key another expiry
///
/// The primary key and every subkey in use get it, unless some are named; what lives longer
/// already stays as it is, unless it is named. The fingerprints stay, and so do the old
/// self-signatures: what was signed before stays provable. The certificate is then to be
/// published again.
#[derive(Args, Debug)]
pub(crate) struct KeyExtend {
    #[command(flatten)]
    pub(crate) change: KeyChange,
    /// The key expires then: 2y, 18mo, 90d, 2027-06-01 or never
    #[arg(long, value_name = "WHEN", value_parser = Lifetime::parse)]
    pub(crate) expires: Lifetime,
    /// The primary key only
    #[arg(long, conflicts_with = "subkey")]
    pub(crate) primary: bool,
    /// This subkey, by full fingerprint
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) subkey: Vec<String>,
}
