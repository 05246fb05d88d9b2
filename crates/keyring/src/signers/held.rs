//! The keys of one certificate wherever they are, for signatures on the certificate itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use openpgp::packet::Key;
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use pkgseal_openpgp::edit::{Holder, SecretKey};
use pkgseal_openpgp::{Certificate, Certificates, Fingerprint, Signer, SigningKey};
use sequoia_openpgp as openpgp;

use super::{Found, KeySource, SignerError, agent, command, only, pkcs11, said};
use crate::{Error, Passphrase, Result, read_key_file};

type Public = Key<PublicParts, UnspecifiedRole>;
type Backend = Box<dyn openpgp::crypto::Signer + Send + Sync>;

/// What one source has of a certificate's keys. Each key is looked for once, when it is to
/// sign, and signs a probe then.
pub(crate) struct Held {
    source: KeySource,
    certificate: Certificate,
    passphrase: Option<Passphrase>,
    opened: Mutex<BTreeMap<Fingerprint, Option<Signer>>>,
    /// Why the primary key is not there.
    absent: Mutex<Option<Error>>,
}

impl Held {
    /// The certificate whose keys a source has: the one of those known, or gpg's own copy.
    pub(crate) fn certificate(
        source: &KeySource,
        certificates: &Certificates,
    ) -> Result<Certificate> {
        match source {
            KeySource::File(path) => Err(Error::KeyFile {
                path: path.clone(),
                reason: "a key file brings its certificate along".to_owned(),
            }),
            KeySource::GpgAgent(fingerprint) => {
                let found = agent::certificate(fingerprint, source, certificates)?;
                if found.fingerprint() != *fingerprint {
                    return Err(SignerError::new(
                        source,
                        "it is a subkey, and only the primary key changes a certificate",
                    )
                    .hint(format!(
                        "name the primary key: gpg-agent:{}",
                        found.fingerprint()
                    ))
                    .into());
                }
                Ok(found)
            }
            KeySource::Pkcs11(_) => Ok(only(source, certificates)?),
            KeySource::Command(key) => command::certificate(key, source, certificates),
        }
    }

    pub(crate) fn new(
        source: &KeySource,
        certificate: &Certificate,
        passphrase: Option<&Passphrase>,
    ) -> Self {
        Self {
            source: source.clone(),
            certificate: certificate.clone(),
            passphrase: passphrase.cloned(),
            opened: Mutex::default(),
            absent: Mutex::default(),
        }
    }

    fn find(&self, fingerprint: &Fingerprint) -> Result<Found> {
        let key = SigningKey::of(&self.certificate, fingerprint)?;
        let passphrase = self.passphrase.as_ref();
        match &self.source {
            KeySource::File(path) => Err(Error::KeyFile {
                path: path.clone(),
                reason: "it is a file".to_owned(),
            }),
            KeySource::GpgAgent(_) => agent::find(key, &self.source, passphrase),
            KeySource::Pkcs11(uri) => pkcs11::find(uri, key, &self.source, passphrase),
            KeySource::Command(name) => command::find(name, key, &self.source),
        }
    }

    fn open(&self, fingerprint: &Fingerprint) -> Result<Option<Signer>> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = opened.get(fingerprint) {
            return Ok(known.clone());
        }
        let found = match self.find(fingerprint)? {
            Found::Here(signer) => Some(signer),
            Found::Elsewhere(reason) => {
                if *fingerprint == self.certificate.fingerprint() {
                    *self.absent.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
                }
                None
            }
        };
        opened.insert(fingerprint.clone(), found.clone());
        Ok(found)
    }

    fn why_absent(&self) -> Option<Error> {
        let mut absent = self.absent.lock().unwrap_or_else(PoisonError::into_inner);
        absent.take()
    }
}

impl Holder for Held {
    fn signer(&self, key: &Public) -> pkgseal_openpgp::Result<Option<Backend>> {
        let fingerprint = fingerprint_of(key)?;
        match self.open(&fingerprint) {
            Ok(Some(signer)) => signer.signer(key),
            Ok(None) => Ok(None),
            Err(Error::OpenPgp(error)) => Err(error),
            Err(error) => Err(holder_error(&fingerprint, error)),
        }
    }
}

/// Everybody who has something of a certificate's secret parts, in the order they are asked.
#[derive(Default)]
pub(crate) struct Holders {
    files: Vec<Box<dyn Holder>>,
    held: Vec<Held>,
}

impl Holders {
    /// A holder that is asked first.
    pub(crate) fn push(&mut self, holder: Box<dyn Holder>) {
        self.files.push(holder);
    }

    /// One more source of keys of this certificate.
    ///
    /// # Errors
    /// Of a file: as [`read_key_file`] and [`SecretKey::unlock`], and when it is a key of
    /// another certificate.
    pub(crate) fn add(
        &mut self,
        source: &KeySource,
        certificate: &Certificate,
        passphrase: Option<&Passphrase>,
    ) -> Result<()> {
        match source {
            KeySource::File(path) => {
                let key = file(path, certificate)?;
                self.files.push(Box::new(unlock(path, &key, passphrase)?));
            }
            other => self.held.push(Held::new(other, certificate, passphrase)),
        }
        Ok(())
    }
}

fn file(path: &Path, certificate: &Certificate) -> Result<SecretKey> {
    let key = SecretKey::parse(&read_key_file(path)?)?;
    if key.fingerprint() != certificate.fingerprint() {
        return Err(Error::KeyFile {
            path: path.to_owned(),
            reason: format!(
                "it is of another certificate, {}, and not of {}",
                key.fingerprint(),
                certificate.fingerprint()
            ),
        });
    }
    Ok(key)
}

fn unlock(
    path: &Path,
    key: &SecretKey,
    passphrase: Option<&Passphrase>,
) -> Result<pkgseal_openpgp::edit::Unlocked> {
    let (unlocked, _) = crate::lifecycle::unlock(path, key, passphrase)?;
    Ok(unlocked)
}

impl Holder for Holders {
    fn signer(&self, key: &Public) -> pkgseal_openpgp::Result<Option<Backend>> {
        for holder in &self.files {
            if let Some(found) = holder.signer(key)? {
                return Ok(Some(found));
            }
        }
        for holder in &self.held {
            if let Some(found) = holder.signer(key)? {
                return Ok(Some(found));
            }
        }
        // Where one source alone was to have the primary key, it says what it has.
        let fingerprint = fingerprint_of(key)?;
        match self.held.first().and_then(Held::why_absent) {
            Some(reason) if self.files.is_empty() => Err(holder_error(&fingerprint, reason)),
            _ => Ok(None),
        }
    }
}

fn holder_error(key: &Fingerprint, error: Error) -> pkgseal_openpgp::Error {
    pkgseal_openpgp::Error::Holder {
        key: key.to_string(),
        source: said(error),
    }
}

fn fingerprint_of(key: &Public) -> pkgseal_openpgp::Result<Fingerprint> {
    let fingerprint = key.fingerprint();
    Fingerprint::parse(&fingerprint.to_hex()).ok_or_else(|| pkgseal_openpgp::Error::Key {
        key: format!("{fingerprint:X}"),
        reason: "its version is not supported".to_owned(),
    })
}
