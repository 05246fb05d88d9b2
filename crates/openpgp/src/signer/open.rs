//! Opening a secret key: which of its keys signs, and why another does not.

use std::fmt::Write as _;
use std::time::SystemTime;

use jiff::Timestamp;
use openpgp::cert::amalgamation::key::ErasedKeyAmalgamation;
use openpgp::cert::prelude::*;
use openpgp::crypto::Password;
use openpgp::packet::Key;
use openpgp::packet::key::{PublicParts, SecretKeyMaterial, SecretParts, UnspecifiedRole};
use openpgp::parse::Parse;
use openpgp::policy::StandardPolicy;
use openpgp::serialize::SerializeInto;
use openpgp::types::{RevocationStatus, SymmetricAlgorithm};
use sequoia_openpgp as openpgp;
use zeroize::Zeroizing;

use super::{Signer, digest_for, packet, software};
use crate::error::crypto;
use crate::{Certificate, Error, Fingerprint, Result};

type SecretKey = Key<SecretParts, UnspecifiedRole>;

pub(super) fn open(
    bytes: &[u8],
    selected: Option<&Fingerprint>,
    passphrase: impl FnOnce() -> Result<Vec<u8>>,
    now: Timestamp,
) -> Result<Signer> {
    let cert = read(bytes, selected)?;
    let key = unlock(choose(&cert, selected, now)?, passphrase)?;

    let public = key.parts_as_public().clone();
    let fingerprint = Fingerprint::parse(&public.fingerprint().to_hex())
        .ok_or_else(|| refused(&public.fingerprint(), "its version is not supported"))?;
    let digest = digest_for(&public);
    let factory = software::factory(key).map_err(crypto("loading the key"))?;
    probe(&factory, &public, digest)?;

    Ok(Signer {
        certificate: certificate(cert)?,
        public,
        fingerprint,
        digest,
        factory,
    })
}

/// The one certificate with secret parts that `bytes` hold, or the one with the selected
/// key.
fn read(bytes: &[u8], selected: Option<&Fingerprint>) -> Result<Cert> {
    let refuse = |reason: &str| {
        Err(Error::Key {
            key: "key file".to_owned(),
            reason: reason.to_owned(),
        })
    };
    if bytes.get(8..12) == Some(b"KBXf".as_slice()) {
        return refuse("this is a GnuPG keybox: export the key with `gpg --export-secret-keys`");
    }
    if bytes.starts_with(b"(") || bytes.starts_with(b"Key:") || bytes.starts_with(b"Created:") {
        return refuse(
            "this is gpg-agent's own key format: export the key with `gpg --export-secret-keys`",
        );
    }
    let mut certs = match CertParser::from_bytes(bytes) {
        Ok(parser) => parser,
        Err(error) => return refuse(&format!("not an OpenPGP key: {error}")),
    };
    if let Some(selected) = selected {
        let holds = |cert: &Cert| {
            cert.keys()
                .any(|key| Fingerprint::of(&key.key().fingerprint()) == *selected)
        };
        return match certs.filter_map(std::result::Result::ok).find(holds) {
            Some(cert) if cert.is_tsk() => Ok(cert),
            Some(cert) => Err(only_public(&cert)),
            None => Err(Error::Key {
                key: selected.to_string(),
                reason: "no key in the file has this fingerprint".to_owned(),
            }),
        };
    }
    let cert = match certs.next() {
        Some(Ok(cert)) => cert,
        Some(Err(error)) => return refuse(&format!("not an OpenPGP key: {error}")),
        None => return refuse("there is no OpenPGP key in it"),
    };
    match certs.next() {
        None => {}
        Some(Ok(second)) => {
            return refuse(&format!(
                "it holds several keys ({:X} and {:X}): one is needed",
                cert.fingerprint(),
                second.fingerprint()
            ));
        }
        Some(Err(error)) => {
            return refuse(&format!("something else follows the key: {error}"));
        }
    }
    if !cert.is_tsk() {
        return Err(only_public(&cert));
    }
    Ok(cert)
}

fn only_public(cert: &Cert) -> Error {
    refused(
        &cert.fingerprint(),
        "only its public part is here; the secret key is needed to sign",
    )
}

/// The newest signing key alive at `now` whose secret part is here; subkeys first. Where a
/// subkey is selected, that one.
fn choose(cert: &Cert, selected: Option<&Fingerprint>, now: Timestamp) -> Result<SecretKey> {
    let primary = Fingerprint::of(&cert.fingerprint());
    let subkey = selected.filter(|selected| **selected != primary);
    let time = SystemTime::from(packet::creation_time(now)?);
    let policy = StandardPolicy::at(time);
    let mut candidates = Vec::new();
    let mut reasons = String::new();
    for key in cert.keys() {
        if subkey.is_some_and(|subkey| *subkey != Fingerprint::of(&key.key().fingerprint())) {
            continue;
        }
        match usable(cert, &key, &policy, time) {
            Ok(secret) => candidates.push((!key.primary(), key.key().creation_time(), secret)),
            // A subkey that was never meant to sign is no news unless nothing else is there.
            Err(reason) => {
                let role = if key.primary() {
                    "primary key"
                } else {
                    "subkey"
                };
                let separator = if reasons.is_empty() { "" } else { "; " };
                // Writing to a string cannot fail.
                let _ = write!(
                    reasons,
                    "{separator}{role} {:X} {reason}",
                    key.key().fingerprint()
                );
            }
        }
    }
    candidates.sort_by_key(|(subkey, made, _)| (*subkey, *made));
    match candidates.pop() {
        Some((_, _, key)) => Ok(key),
        None => Err(refused(
            &cert.fingerprint(),
            format!("no key of it can sign at {now}: {reasons}"),
        )),
    }
}

/// The secret key if it can sign at `time`, else why not.
fn usable(
    cert: &Cert,
    key: &ErasedKeyAmalgamation<'_, PublicParts>,
    policy: &StandardPolicy<'_>,
    time: SystemTime,
) -> std::result::Result<SecretKey, String> {
    let made = key.key().creation_time();
    if made > time {
        return Err(format!("was made later, at {}", moment(made)));
    }
    let valid_cert = cert
        .with_policy(policy, time)
        .map_err(|error| format!("has no self-signature that counts: {}", causes(&error)))?;
    if let RevocationStatus::Revoked(signatures) = valid_cert.revocation_status() {
        return Err(format!(
            "is revoked with its certificate{}",
            why(&signatures)
        ));
    }
    if let Err(error) = valid_cert.alive() {
        return Err(match valid_cert.primary_key().key_expiration_time() {
            Some(at) if at <= time => {
                format!("expired with its certificate at {}", moment(at))
            }
            _ => format!("is not alive: {error}"),
        });
    }
    let valid = key
        .clone()
        .with_policy(policy, time)
        .map_err(|error| format!("is not bound to its certificate: {}", causes(&error)))?;
    if let RevocationStatus::Revoked(signatures) = valid.revocation_status() {
        return Err(format!("is revoked{}", why(&signatures)));
    }
    if let Err(error) = valid.alive() {
        return Err(match valid.key_expiration_time() {
            Some(at) if at <= time => format!("expired at {}", moment(at)),
            _ => format!("is not alive: {error}"),
        });
    }
    if !valid.for_signing() {
        return Err("may not sign".to_owned());
    }
    let Ok(secret) = key.key().clone().parts_into_secret() else {
        return Err("has only its public part here".to_owned());
    };
    if let SecretKeyMaterial::Encrypted(encrypted) = secret.secret() {
        if let openpgp::crypto::S2K::Private { tag: 101, .. } = encrypted.s2k() {
            return Err("is a stub: its secret part is kept offline or on a card".to_owned());
        }
        if !encrypted.s2k().is_supported() || encrypted.algo() == SymmetricAlgorithm::Unencrypted {
            return Err("is protected in a way that is not supported".to_owned());
        }
    }
    Ok(secret)
}

fn unlock(key: SecretKey, passphrase: impl FnOnce() -> Result<Vec<u8>>) -> Result<SecretKey> {
    if key.secret().is_encrypted() {
        let fingerprint = key.fingerprint();
        let words = Zeroizing::new(passphrase()?);
        if words.is_empty() {
            return Err(refused(
                &fingerprint,
                "it is protected and the passphrase is empty",
            ));
        }
        key.decrypt_secret(&Password::from(words.as_slice()))
            .map_err(|_| refused(&fingerprint, "the passphrase is wrong"))
    } else {
        Ok(key)
    }
}

/// Signs a constant and checks it, so that a mismatch of public and secret part is found
/// before a signature that would betray the secret leaves the process.
fn probe(
    factory: &super::Factory,
    public: &Key<PublicParts, UnspecifiedRole>,
    digest: openpgp::types::HashAlgorithm,
) -> Result<()> {
    let length = digest.digest_size().map_err(crypto("checking the key"))?;
    let constant = vec![0x5a; length];
    factory()
        .and_then(|mut signer| signer.sign(digest, &constant))
        .map_err(crypto("checking the key"))
        .and_then(|signature| {
            public.verify(&signature, digest, &constant).map_err(|_| {
                refused(
                    &public.fingerprint(),
                    "its secret part does not belong to its public part",
                )
            })
        })
}

/// The certificate without anything secret.
fn certificate(cert: Cert) -> Result<Certificate> {
    let fingerprint = cert.fingerprint();
    let public = cert
        .strip_secret_key_material()
        .to_vec()
        .map_err(crypto("taking out the public certificate"))?;
    let (certificates, errors) = Certificate::parse_all(&public);
    match (certificates.into_iter().next(), errors.into_iter().next()) {
        (Some(certificate), _) => Ok(certificate),
        (None, Some(error)) => Err(refused(&fingerprint, error.reason)),
        (None, None) => Err(refused(&fingerprint, "its public certificate is empty")),
    }
}

fn refused(key: &openpgp::Fingerprint, reason: impl Into<String>) -> Error {
    Error::Key {
        key: format!("{key:X}"),
        reason: reason.into(),
    }
}

/// When and why, as the first of the revocations says.
fn why(signatures: &[&openpgp::packet::Signature]) -> String {
    let Some(signature) = signatures.first() else {
        return String::new();
    };
    let mut text = String::new();
    if let Some(at) = signature.signature_creation_time() {
        text.push_str(" since ");
        text.push_str(&moment(at));
    }
    if let Some((code, words)) = signature.reason_for_revocation() {
        let words = String::from_utf8_lossy(words);
        let words = words.trim();
        let separator = if words.is_empty() { "" } else { ": " };
        // Writing to a string cannot fail.
        let _ = write!(text, " ({code}{separator}{words})");
    }
    text
}

fn causes(error: &openpgp::anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(cause.to_string().trim_end_matches('.'));
    }
    text
}

/// A time as messages show it.
pub(super) fn moment(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| "an unknown time".to_owned(), |t| t.to_string())
}
