//! `pkgseal key generate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::{Moment, PassphraseSource};

/// Make a key: a certification-only primary key with a signing subkey
///
/// Writes three files: the secret key (mode 0600), the public certificate to publish, and a
/// revocation certificate to keep in a safe place. Nothing is overwritten.
#[derive(Args, Debug)]
pub(crate) struct KeyGenerate {
    /// Whose key it is: "Name <mail@example.org>"
    #[arg(long, value_name = "TEXT")]
    pub(crate) user_id: String,
    /// Algorithm of both keys
    #[arg(long, value_name = "NAME", default_value = "ed25519")]
    pub(crate) algorithm: KeyAlgorithm,
    /// The primary key expires after so many days
    #[arg(long, value_name = "DAYS")]
    pub(crate) expires: Option<u32>,
    /// The signing subkey expires after so many days
    #[arg(long, value_name = "DAYS")]
    pub(crate) subkey_expires: Option<u32>,
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
