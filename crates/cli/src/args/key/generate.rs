//! `pkgseal key generate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pkgseal_repo::Lifetime;

use crate::args::{Moment, PassphraseSource};

/// Make a key, by default a certification-only primary key with a signing subkey
///
/// Writes three files: the secret key (mode 0600), the public certificate to publish, and a
/// revocation certificate to keep in a safe place. Nothing is overwritten.
#[derive(Args, Debug)]
pub(crate) struct KeyGenerate {
    /// Whose key it is: "Name <mail@example.org>"
    #[arg(long, value_name = "TEXT")]
    pub(crate) user_id: String,
    /// What the key is for, which decides how it is made
    #[arg(long = "for", value_name = "PURPOSE", default_value = "distro")]
    pub(crate) purpose: PurposeName,
    /// Algorithm of the new keys [default: what the purpose asks for]
    ///
    /// Of a new subkey: that of the key it is added to, where this is not given.
    #[arg(long, value_name = "NAME")]
    pub(crate) algorithm: Option<KeyAlgorithm>,
    /// The key expires then: 2y, 18mo, 90d, 2027-06-01 or never
    ///
    /// The primary key: after eight years by default (four for maven).
    #[arg(long, value_name = "WHEN", value_parser = Lifetime::parse)]
    pub(crate) expires: Option<Lifetime>,
    /// The signing subkey expires then: 2y, 18mo, 90d, 2027-06-01 or never
    ///
    /// After three years by default.
    #[arg(long, value_name = "WHEN", value_parser = Lifetime::parse)]
    pub(crate) subkey_expires: Option<Lifetime>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseSource,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// The directory the files go to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) output: PathBuf,
    /// Print one JSON document instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// What keys are for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PurposeName {
    /// Repositories: an offline certification primary key, a signing subkey, Ed25519
    Distro,
    /// Maven Central, Gradle and key servers: one RSA key that signs itself
    Maven,
    /// OpenPGP v6 (RFC 9580): not read by gpgv, nor by rpm before 6
    Rfc9580,
    /// OpenPGP v6 with post-quantum signatures (RFC 9980): read by the newest clients only
    Pqc,
}

/// Algorithms of new keys.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum KeyAlgorithm {
    /// Ed25519, OpenPGP v4: small, fast, read by every current client
    Ed25519,
    /// RSA with 3072 bits, OpenPGP v4: for old clients
    Rsa3072,
    /// RSA with 4096 bits, OpenPGP v4: for old clients
    Rsa4096,
    /// NIST P-256, OpenPGP v4
    Nistp256,
    /// NIST P-384, OpenPGP v4
    Nistp384,
    /// NIST P-521, OpenPGP v4
    Nistp521,
    /// Ed25519, OpenPGP v6 (RFC 9580): not read by gpgv, nor by rpm before 6
    Ed25519V6,
    /// Ed448, OpenPGP v6 (RFC 9580)
    Ed448,
    /// ML-DSA-65 with Ed25519, OpenPGP v6 (RFC 9980): post-quantum
    Mldsa65Ed25519,
    /// ML-DSA-87 with Ed448, OpenPGP v6 (RFC 9980): post-quantum
    Mldsa87Ed448,
}
