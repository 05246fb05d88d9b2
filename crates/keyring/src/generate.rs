//! Making a key: a primary that only certifies, and a subkey that signs; or one key for
//! both.

pub(crate) mod plain;
mod purpose;
mod store;

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use openpgp::Profile;
use openpgp::armor::{Kind, Writer};
use openpgp::cert::prelude::*;
use openpgp::crypto::Password;
use openpgp::packet::{Key, Signature};
use openpgp::serialize::SerializeInto;
use openpgp::types::{KeyFlags, ReasonForRevocation};
use openpgp::{Cert, Packet};
use pkgseal_openpgp::{Certificate, Fingerprint, Signer};
use sequoia_openpgp as openpgp;
use std::io::Write;
use zeroize::Zeroizing;

use crate::{Error, Result};

pub use purpose::Purpose;
pub use store::write_generated;
pub(crate) use store::write_new;

const DAY: u64 = 24 * 60 * 60;
/// How long a primary key lives by default: eight years, as Debian's archive keys do.
pub const PRIMARY_VALIDITY: Duration = Duration::from_secs(2922 * DAY);
/// How long a signing subkey lives by default: three years, the life of a Debian release,
/// so that a client that never refreshes its keyring verifies until its own end. Replace
/// or extend it at half time.
pub const SUBKEY_VALIDITY: Duration = Duration::from_secs(1096 * DAY);
/// Bytes of a user ID, at most.
const USER_ID: usize = 512;

/// Algorithms a key can be made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// v4 EdDSA over Ed25519: small and fast. Every apt reads it; rpm of Enterprise
    /// Linux 9 and older does not: take RSA for those.
    #[default]
    Ed25519,
    /// v4 RSA, 3072 bits: read by every client there is.
    Rsa3072,
    /// v4 RSA, 4096 bits: as 3072, slower to sign with.
    Rsa4096,
    /// v4 ECDSA over P-256; rpm 4.18 and older cannot import the NIST curves.
    NistP256,
    /// v4 ECDSA over P-384.
    NistP384,
    /// v4 ECDSA over P-521.
    NistP521,
    /// v6 Ed25519 (RFC 9580): not read by gpgv, nor by apt or rpm built on it.
    Ed25519V6,
    /// v6 Ed448 (RFC 9580): as [`Algorithm::Ed25519V6`].
    Ed448,
    /// v6 ML-DSA-65 with Ed25519 (RFC 9980): withstands quantum computers; read by the
    /// newest clients only, so sign with a v4 key too.
    MlDsa65Ed25519,
    /// v6 ML-DSA-87 with Ed448 (RFC 9980): as [`Algorithm::MlDsa65Ed25519`], larger.
    MlDsa87Ed448,
}

impl Algorithm {
    /// All of them, with the names people type.
    pub const ALL: &[(&str, Self)] = &[
        ("ed25519", Self::Ed25519),
        ("rsa3072", Self::Rsa3072),
        ("rsa4096", Self::Rsa4096),
        ("nistp256", Self::NistP256),
        ("nistp384", Self::NistP384),
        ("nistp521", Self::NistP521),
        ("ed25519-v6", Self::Ed25519V6),
        ("ed448", Self::Ed448),
        ("mldsa65-ed25519", Self::MlDsa65Ed25519),
        ("mldsa87-ed448", Self::MlDsa87Ed448),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, algorithm)| *algorithm == self)
            .map_or("", |(name, _)| name)
    }

    /// The OpenPGP version of keys with it (4, 6).
    pub fn version(self) -> u8 {
        match self.suite().1 {
            Profile::RFC4880 => 4,
            _ => 6,
        }
    }

    /// The algorithm of a key that is called `name` in facts (`Ed25519`, `RSA4096`…) and
    /// has this OpenPGP version, where new keys are made with it.
    pub(crate) fn of(name: &str, version: u8) -> Option<Self> {
        match (name, version) {
            ("Ed25519", 4) => Some(Self::Ed25519),
            ("RSA3072", 4) => Some(Self::Rsa3072),
            ("RSA4096", 4) => Some(Self::Rsa4096),
            ("P-256", 4) => Some(Self::NistP256),
            ("P-384", 4) => Some(Self::NistP384),
            ("P-521", 4) => Some(Self::NistP521),
            ("Ed25519", 6) => Some(Self::Ed25519V6),
            ("Ed448", 6) => Some(Self::Ed448),
            ("ML-DSA-65+Ed25519", 6) => Some(Self::MlDsa65Ed25519),
            ("ML-DSA-87+Ed448", 6) => Some(Self::MlDsa87Ed448),
            _ => None,
        }
    }

    pub(crate) fn suite(self) -> (CipherSuite, Profile) {
        let (old, new) = (Profile::RFC4880, Profile::RFC9580);
        match self {
            Self::Ed25519 => (CipherSuite::Cv25519, old),
            Self::Rsa3072 => (CipherSuite::RSA3k, old),
            Self::Rsa4096 => (CipherSuite::RSA4k, old),
            Self::NistP256 => (CipherSuite::P256, old),
            Self::NistP384 => (CipherSuite::P384, old),
            Self::NistP521 => (CipherSuite::P521, old),
            Self::Ed25519V6 => (CipherSuite::Cv25519, new),
            Self::Ed448 => (CipherSuite::Cv448, new),
            Self::MlDsa65Ed25519 => (CipherSuite::MLDSA65_Ed25519, new),
            Self::MlDsa87Ed448 => (CipherSuite::MLDSA87_Ed448, new),
        }
    }
}

impl std::str::FromStr for Algorithm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL
            .iter()
            .find(|(name, _)| text.eq_ignore_ascii_case(name));
        found.map(|(_, algorithm)| *algorithm).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|(name, _)| *name).collect();
            unfit(
                "algorithm",
                format!("{text} is none of {}", names.join(", ")),
            )
        })
    }
}

impl std::fmt::Display for Algorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Which keys a certificate has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// A primary key that only certifies, which may be kept offline, and a subkey that
    /// signs and can be replaced.
    #[default]
    SigningSubkey,
    /// One key that certifies and signs.
    One,
}

impl Layout {
    fn primary_flags(self) -> KeyFlags {
        let certifies = KeyFlags::empty().set_certification();
        match self {
            Self::SigningSubkey => certifies,
            Self::One => certifies.set_signing(),
        }
    }
}

/// What key to make.
#[derive(Clone, PartialEq, Eq)]
pub struct GenerateRequest {
    /// Whose key it is: `Example Archive Signing Key <archive@example.org>`.
    pub user_id: String,
    /// Algorithm of primary and subkey.
    pub algorithm: Algorithm,
    /// Which keys it has.
    pub layout: Layout,
    /// How long the primary lives; `None` for ever.
    pub primary_validity: Option<Duration>,
    /// How long the signing subkey lives; `None` for as long as the primary.
    pub subkey_validity: Option<Duration>,
    /// Protects both secret parts.
    pub passphrase: Option<Zeroizing<Vec<u8>>>,
}

impl GenerateRequest {
    /// A request with the default validities, unprotected.
    pub fn new(user_id: impl Into<String>, algorithm: Algorithm) -> Self {
        Self {
            user_id: user_id.into(),
            algorithm,
            layout: Layout::SigningSubkey,
            primary_validity: Some(PRIMARY_VALIDITY),
            subkey_validity: Some(SUBKEY_VALIDITY),
            passphrase: None,
        }
    }
}

impl std::fmt::Debug for GenerateRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GenerateRequest")
            .field("user_id", &self.user_id)
            .field("algorithm", &self.algorithm)
            .field("layout", &self.layout)
            .field("primary_validity", &self.primary_validity)
            .field("subkey_validity", &self.subkey_validity)
            .field("protected", &self.passphrase.is_some())
            .finish()
    }
}

/// A new key, not yet written anywhere.
#[derive(Clone)]
pub struct Generated {
    /// The public certificate.
    pub certificate: Certificate,
    /// Fingerprint of the key that signs: a subkey, or the primary where it is the only one.
    pub signing_key: Fingerprint,
    /// The transferable secret key, armored; wiped from memory when dropped.
    pub secret_key: Zeroizing<Vec<u8>>,
    /// The public certificate, armored.
    pub armored: Vec<u8>,
    /// The public certificate, binary: what apt calls a `.gpg` file.
    pub binary: Vec<u8>,
    /// A revocation certificate, armored, behind a sentence on its use. A colon before
    /// the armor keeps it from being imported by accident, as GnuPG does.
    pub revocation: Vec<u8>,
}

impl std::fmt::Debug for Generated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generated")
            .field("certificate", &self.certificate.fingerprint())
            .field("signing_key", &self.signing_key)
            .finish_non_exhaustive()
    }
}

/// Makes a key as of `now`, self-signed with SHA-512. What was made is opened as a signer
/// before it is returned.
///
/// # Errors
/// [`Error::Request`] naming the field: a user ID that is empty, too long or holds control
/// characters, a validity of nothing or beyond 2106, a subkey that outlives its primary,
/// an empty passphrase; [`Error::OpenPgp`] when the backend lacks the algorithm.
pub fn generate(request: &GenerateRequest, now: Timestamp) -> Result<Generated> {
    check(request, now)?;
    crate::guard_process()?;
    let password = request
        .passphrase
        .as_ref()
        .map(|words| Password::from(words.as_slice()));
    let (suite, profile) = request.algorithm.suite();
    suite.is_supported().map_err(failed("making the key"))?;

    let mut builder = CertBuilder::new()
        .set_profile(profile)
        .map_err(failed("making the key"))?
        .set_cipher_suite(suite)
        .set_creation_time(SystemTime::from(now))
        .set_primary_key_flags(request.layout.primary_flags())
        .set_validity_period(request.primary_validity)
        .add_userid(request.user_id.as_str());
    if request.layout == Layout::SigningSubkey {
        let signing = KeyFlags::empty().set_signing();
        builder = builder.add_subkey(signing, request.subkey_validity, None);
    }
    let (cert, _) = builder.generate().map_err(failed("making the key"))?;
    // A v6 certificate keeps its metadata where RFC 9580 wants it (10.1.1).
    let cert = match profile {
        Profile::RFC4880 => plain::bind(&cert, request, now).map_err(failed("making the key"))?,
        _ => cert,
    };
    let revocation = cert
        .primary_key()
        .key()
        .clone()
        .parts_into_secret()
        .and_then(Key::into_keypair)
        .and_then(|mut signer| revocation(&cert, &mut signer, now))
        .map_err(failed("making the revocation"))?;
    let cert = match &password {
        Some(password) => protect(cert, password).map_err(failed("protecting the key"))?,
        None => cert,
    };
    let secret = Zeroizing::new(cert.as_tsk().to_vec().map_err(failed("writing the key"))?);
    let secret_key = Zeroizing::new(armored(&secret, Kind::SecretKey, profile)?);

    let words = request.passphrase.clone();
    let signer = Signer::open(
        &secret_key,
        || {
            Ok(words
                .map(|mut words| std::mem::take(&mut *words))
                .unwrap_or_default())
        },
        now,
    )?;
    let certificate = signer.certificate().clone();
    let binary = certificate.to_binary();
    Ok(Generated {
        signing_key: signer.key(),
        armored: certificate.to_armored(),
        revocation: revocation_file(&certificate, revocation, request, profile)?,
        secret_key,
        certificate,
        binary,
    })
}

pub(crate) fn check(request: &GenerateRequest, now: Timestamp) -> Result<()> {
    let user_id = &request.user_id;
    if user_id.trim().is_empty() {
        return Err(unfit_user_id("it is empty"));
    }
    if user_id.trim() != user_id {
        return Err(unfit_user_id("blanks at its begin or end"));
    }
    if user_id.chars().any(char::is_control) {
        return Err(unfit_user_id("control character"));
    }
    if user_id.len() > USER_ID {
        return Err(unfit_user_id("longer than 512 bytes"));
    }
    u32::try_from(now.as_second())
        .map_err(|_| unfit("time", format!("{now} is not between 1970 and 2106")))?;
    for (field, validity) in [
        ("validity of the primary key", request.primary_validity),
        ("validity of the subkey", request.subkey_validity),
    ] {
        let Some(validity) = validity else { continue };
        if validity.as_secs() == 0 {
            return Err(unfit(field, "less than a second".to_owned()));
        }
        let end = u64::try_from(now.as_second())
            .ok()
            .and_then(|now| now.checked_add(validity.as_secs()))
            .filter(|end| u32::try_from(*end).is_ok());
        if end.is_none() {
            return Err(unfit(field, "OpenPGP counts time until 2106".to_owned()));
        }
    }
    if let (Some(primary), Some(subkey)) = (request.primary_validity, request.subkey_validity)
        && subkey > primary
    {
        return Err(unfit(
            "validity of the subkey",
            "longer than the primary key's, which ends it".to_owned(),
        ));
    }
    if request
        .passphrase
        .as_ref()
        .is_some_and(|words| words.is_empty())
    {
        return Err(unfit("passphrase", "it is empty".to_owned()));
    }
    Ok(())
}

/// A hard revocation: whoever holds it says that nothing this key ever signed counts.
pub(crate) fn revocation(
    cert: &Cert,
    signer: &mut dyn openpgp::crypto::Signer,
    now: Timestamp,
) -> openpgp::Result<Signature> {
    CertRevocationBuilder::new()
        .set_signature_creation_time(SystemTime::from(now))?
        .set_reason_for_revocation(
            ReasonForRevocation::Unspecified,
            b"Made together with the key, for the day it is lost or stolen",
        )?
        .build(signer, cert, None)
}

fn protect(cert: Cert, password: &Password) -> openpgp::Result<Cert> {
    let mut packets = Vec::new();
    for key in cert.keys().secret() {
        let primary = key.primary();
        let protected = key.key().clone().encrypt_secret(password)?;
        packets.push(if primary {
            Packet::from(protected.role_into_primary())
        } else {
            Packet::from(protected.role_into_subordinate())
        });
    }
    Ok(cert.insert_packets(packets)?.0)
}

pub(crate) fn revocation_file(
    certificate: &Certificate,
    revocation: Signature,
    request: &GenerateRequest,
    profile: Profile,
) -> Result<Vec<u8>> {
    let packet = openpgp::serialize::MarshalInto::to_vec(&Packet::from(revocation))
        .map_err(failed("writing the revocation"))?;
    let block = armored(&packet, Kind::PublicKey, profile)?;
    let mut file = format!(
        "This is a revocation certificate for the OpenPGP key\n\n    {}\n    {}\n\n\
         Whoever publishes it declares that nothing this key ever signed counts any more.\n\
         Keep it where the key is not, and use it only when the key is lost or stolen:\n\
         take away the colon before the five dashes below, then import the file.\n\n:",
        certificate.fingerprint(),
        request.user_id
    )
    .into_bytes();
    file.extend_from_slice(&block);
    Ok(file)
}

fn armored(bytes: &[u8], kind: Kind, profile: Profile) -> Result<Vec<u8>> {
    let write = || {
        // Room for all of it: a buffer that grows leaves copies behind.
        let room = bytes.len().saturating_mul(2).saturating_add(256);
        let mut writer = Writer::new(Vec::with_capacity(room), kind)?;
        writer.set_profile(profile)?;
        writer.write_all(bytes)?;
        writer.finalize()
    };
    write().map_err(failed("armoring"))
}

pub(crate) fn failed<E: std::fmt::Display>(operation: &'static str) -> impl Fn(E) -> Error {
    move |error| {
        Error::OpenPgp(pkgseal_openpgp::Error::Crypto {
            operation,
            reason: error.to_string(),
        })
    }
}

fn unfit(field: &'static str, reason: String) -> Error {
    Error::Request { field, reason }
}

fn unfit_user_id(reason: &str) -> Error {
    unfit("user ID", reason.to_owned())
}
