//! New signing subkeys.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use openpgp::cert::KeyBuilder;
use openpgp::cert::amalgamation::key::ValidErasedKeyAmalgamation;
use openpgp::packet::key::{PublicParts, SecretParts, SubordinateRole};
use openpgp::packet::{Key, Signature};
use openpgp::parse::Parse as _;
use openpgp::policy::{HashAlgoSecurity, Policy};
use openpgp::types::KeyFlags;
use pkgseal_openpgp::edit::{Edit, Expiry, Part, Reason, Revoking, Unlocked};
use pkgseal_openpgp::{Certificate, Fingerprint, KeyFacts};
use pkgseal_repo::Lifetime;
use sequoia_openpgp as openpgp;

use super::custody::Opened;
use super::expiry::expiry;
use super::extend::{change, step, subkey, unfit};
use super::revoke::Revocable;
use super::{Changed, Custody, Step, can_sign, has_expired, is_revoked, keys, warn};
use crate::generate::failed;
use crate::{Algorithm, Error, Passphrase, Result};

/// What subkey to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubkeyRequest {
    /// Its algorithm; that of the newest key that signs where none is given.
    pub algorithm: Option<Algorithm>,
    /// How long it lives.
    pub expires: Lifetime,
}

/// What becomes of a subkey that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// It stays as it is: the newest one signs, and clients verify by both.
    Keep,
    /// It expires then.
    Expire(Lifetime),
    /// It is revoked as superseded: clients that have the new certificate accept nothing
    /// it signs from now on, and some nothing it ever signed.
    Revoke,
}

/// Adds a subkey that only signs, as of `now`. In a key file it is protected as the primary
/// key is; where the primary key is held elsewhere, it goes into a file of its own.
///
/// # Errors
/// [`Error::Request`]: an expiry that is not after `now` or beyond 2106, an algorithm of
/// another OpenPGP version, a revoked certificate; [`Error::OpenPgp`]: a wrong passphrase,
/// a missing secret part of the primary key; as [`Custody::open`].
pub fn add_subkey(
    custody: &dyn Custody,
    passphrase: Option<&Passphrase>,
    request: &SubkeyRequest,
    now: Timestamp,
) -> Result<Changed> {
    let known = keys(&custody.certificate(), now);
    add(custody, passphrase, request, now, &known, None)
}

/// Adds a signing subkey in place of another: of `old`, or of the one that can sign now.
///
/// # Errors
/// As [`add_subkey`]; also [`Error::Request`] when there is not exactly one to replace.
pub fn replace_subkey(
    custody: &dyn Custody,
    passphrase: Option<&Passphrase>,
    request: &SubkeyRequest,
    old: Option<&Fingerprint>,
    replaced: Replaced,
    now: Timestamp,
) -> Result<Changed> {
    let known = keys(&custody.certificate(), now);
    let old = match old {
        Some(wanted) => subkey(&known, wanted)?,
        None => only_signing(&known, now)?,
    };
    if !can_sign(old) {
        return Err(unfit(format!(
            "the subkey {} does not sign",
            old.fingerprint
        )));
    }
    add(
        custody,
        passphrase,
        request,
        now,
        &known,
        Some((old, replaced)),
    )
}

fn only_signing(keys: &[KeyFacts], now: Timestamp) -> Result<&KeyFacts> {
    let signing = || {
        keys.iter()
            .filter(|key| !key.primary && can_sign(key) && !is_revoked(key))
    };
    let mut live = signing().filter(|key| !has_expired(key, now));
    match (live.next(), live.next()) {
        (Some(one), None) => Ok(one),
        (Some(one), Some(other)) => Err(unfit(format!(
            "several subkeys sign ({}, {}): name the one to replace",
            one.fingerprint, other.fingerprint
        ))),
        (None, _) => signing()
            .max_by_key(|key| key.created)
            .ok_or_else(|| unfit("no subkey signs that could be replaced: add one".to_owned())),
    }
}

fn add(
    custody: &dyn Custody,
    passphrase: Option<&Passphrase>,
    request: &SubkeyRequest,
    now: Timestamp,
    known: &[KeyFacts],
    old: Option<(&KeyFacts, Replaced)>,
) -> Result<Changed> {
    let expiry = expiry("expires", request.expires, now)?;
    let old_expiry = match old {
        Some((_, Replaced::Expire(lifetime))) => Some(self::expiry("retire", lifetime, now)?),
        _ => None,
    };
    let before = custody.certificate();
    if known.iter().any(|key| key.primary && is_revoked(key)) {
        return Err(unfit(format!(
            "the key {} is revoked: a new subkey of it counts for nothing",
            before.fingerprint()
        )));
    }
    let algorithm = match request.algorithm {
        Some(algorithm) => algorithm,
        None => like(known, before.version())?,
    };
    if algorithm.version() != before.version() {
        return Err(Error::Request {
            field: "algorithm",
            reason: format!(
                "{algorithm} makes keys of OpenPGP v{}, and the certificate is of v{}",
                algorithm.version(),
                before.version()
            ),
        });
    }
    let Opened { holder, words } = custody.open(passphrase)?;
    let new = make(&before, algorithm, now)?;
    let fingerprint = Fingerprint::parse(&new.fingerprint().to_hex())
        .ok_or_else(|| unfit("its version is not supported".to_owned()))?;
    let mut fresh = Unlocked::default();
    fresh.add(new.clone().role_into_unspecified())?;
    let holder = (fresh, holder);

    let mut edit = Edit::new(&before, &holder, now)?;
    edit.add_signing_subkey(new.parts_as_public(), expiry)?;
    let mut steps = Vec::new();
    match (old, old_expiry) {
        (Some((old, _)), Some(expiry)) => {
            change(&mut edit, old, expiry)?;
            steps.push(step(old, expiry));
        }
        (Some((old, Replaced::Revoke)), None) => {
            let why = Revoking {
                reason: Reason::Superseded,
                message: format!("replaced by {fingerprint}"),
            };
            edit.revoke(&Part::Subkey(old.fingerprint.clone()), &why)?;
            steps.push(Step::Revoked {
                what: Revocable::Subkey(old.fingerprint.clone()),
                hard: false,
            });
        }
        _ => {}
    }
    let edited = edit.finish()?;
    let after = edited.certificate().clone();
    let added = keys(&after, now)
        .into_iter()
        .find(|key| key.fingerprint == fingerprint);
    steps.insert(
        0,
        Step::Added {
            key: fingerprint,
            algorithm: added.map(|key| key.algorithm).unwrap_or_default(),
            expires: match expiry {
                Expiry::At(at) => Some(at),
                Expiry::Keep | Expiry::Never => None,
            },
        },
    );
    let new = match words {
        Some(words) => new
            .encrypt_secret(&openpgp::crypto::Password::from(words.as_slice()))
            .map_err(failed("protecting the subkey"))?,
        None => new,
    };
    Ok(Changed {
        findings: warn::about(&before, &after, now),
        key: custody.secret(&after, Some(new))?,
        before,
        after,
        steps,
    }
    .advised(custody))
}

/// The algorithm of the newest key that signs, else of the primary.
fn like(keys: &[KeyFacts], version: u8) -> Result<Algorithm> {
    let newest = keys
        .iter()
        .filter(|key| can_sign(key) || key.primary)
        .max_by_key(|key| (can_sign(key), key.created));
    let named = |key: &KeyFacts| Algorithm::of(&key.algorithm, version);
    newest.and_then(named).ok_or_else(|| Error::Request {
        field: "algorithm",
        reason: "none is given, and keys like those that are there are not made any more"
            .to_owned(),
    })
}

/// Whatever the self-signatures of a certificate are like: only its version is looked at.
#[derive(Debug)]
struct Anything;

impl Policy for Anything {
    fn signature(&self, _: &Signature, _: HashAlgoSecurity) -> openpgp::Result<()> {
        Ok(())
    }

    fn key(&self, _: &ValidErasedKeyAmalgamation<'_, PublicParts>) -> openpgp::Result<()> {
        Ok(())
    }
}

/// Makes the key itself.
fn make(
    certificate: &Certificate,
    algorithm: Algorithm,
    now: Timestamp,
) -> Result<Key<SecretParts, SubordinateRole>> {
    const MAKING: &str = "making the subkey";
    let (suite, _) = algorithm.suite();
    suite.is_supported().map_err(failed(MAKING))?;
    let cert = openpgp::Cert::from_bytes(&certificate.to_binary()).map_err(failed(MAKING))?;
    let made = SystemTime::from(now);
    // Changes within the same second date self-signatures a little ahead. Whether the
    // time makes sense is not asked here.
    let born = cert.primary_key().key().creation_time();
    let soon = made.max(born) + Duration::from_secs(3600);
    let valid = cert.with_policy(&Anything, soon).map_err(failed(MAKING))?;
    let builder = KeyBuilder::new(KeyFlags::empty().set_signing())
        .set_cipher_suite(suite)
        .set_creation_time(made)
        .subkey(valid)
        .map_err(failed(MAKING))?;
    builder
        .key()
        .clone()
        .parts_into_secret()
        .map_err(failed(MAKING))
}
