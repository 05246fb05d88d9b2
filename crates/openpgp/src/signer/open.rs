//! Opening a secret key.

use jiff::Timestamp;
use openpgp::cert::prelude::*;
use openpgp::crypto::Password;
use openpgp::packet::Key;
use openpgp::packet::key::{PublicParts, SecretKeyMaterial, SecretParts, UnspecifiedRole};
use openpgp::parse::Parse;
use openpgp::serialize::SerializeInto;
use openpgp::types::SymmetricAlgorithm;
use sequoia_openpgp as openpgp;
use zeroize::Zeroizing;

use super::choose::{choose, refused};
use super::{Signer, software};
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
    let key = unlock(choose(&cert, selected, now, &secret_part)?, passphrase)?;

    let public = key.parts_as_public().clone();
    let factory = software::factory(key).map_err(crypto("loading the key"))?;
    Signer::probed(certificate(cert)?, public, factory)
}

/// The one secret key that a file holds.
pub(crate) fn read_secret(bytes: &[u8]) -> Result<Cert> {
    read(bytes, None)
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

/// The secret part of a key, if it is here and can be opened.
fn secret_part(key: &Key<PublicParts, UnspecifiedRole>) -> std::result::Result<SecretKey, String> {
    let Ok(secret) = key.clone().parts_into_secret() else {
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
            .map_err(|_| Error::WrongPassphrase {
                key: Fingerprint::of(&fingerprint).to_string(),
            })
    } else {
        Ok(key)
    }
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
