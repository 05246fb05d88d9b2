//! The secret parts of a file, ready to sign.

use std::collections::HashMap;

use openpgp::Cert;
use openpgp::crypto::{Password, Signer};
use openpgp::packet::Key;
use openpgp::packet::key::{PublicParts, SecretParts, UnspecifiedRole};
use sequoia_openpgp as openpgp;
use zeroize::Zeroizing;

use super::SecretForm;
use crate::edit::{Holder, refused};
use crate::error::{WRONG, crypto};
use crate::signer::{Factory, probe, software};
use crate::{Error, Fingerprint, Result};

/// Every secret part of a key file, unlocked: the [`Holder`] that software keys have.
#[derive(Clone, Default)]
pub struct Unlocked {
    keys: HashMap<Fingerprint, Opened>,
}

#[derive(Clone)]
enum Opened {
    Key(Factory),
    /// Why it cannot sign.
    Refused(String),
}

impl std::fmt::Debug for Unlocked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

/// The passphrase a key file needs, wiped when dropped; none where no part is protected.
pub(super) fn words(
    cert: &Cert,
    passphrase: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<Option<Password>> {
    let locked = cert
        .keys()
        .any(|key| SecretForm::of(key.key()) == SecretForm::Locked);
    if !locked {
        return Ok(None);
    }
    let words = Zeroizing::new(passphrase()?);
    if words.is_empty() {
        return Err(refused(
            &cert.fingerprint(),
            "it is protected and the passphrase is empty",
        ));
    }
    Ok(Some(Password::from(words.as_slice())))
}

/// The secret part of one key without its protection; `None` where it is not here.
pub(super) fn open(
    key: &Key<PublicParts, UnspecifiedRole>,
    password: Option<&Password>,
) -> Option<std::result::Result<Key<SecretParts, UnspecifiedRole>, &'static str>> {
    let form = SecretForm::of(key);
    let secret = key.clone().parts_into_secret().ok()?;
    match (form, password) {
        (SecretForm::Absent | SecretForm::Stub, _) => None,
        (SecretForm::Open, _) => Some(Ok(secret)),
        (SecretForm::Locked, Some(password)) => {
            Some(secret.decrypt_secret(password).map_err(|_| WRONG))
        }
        (SecretForm::Locked, None) => Some(Err("it is protected and no passphrase is given")),
        (SecretForm::Unsupported, _) => Some(Err("it is protected in a way that is not supported")),
    }
}

impl Unlocked {
    pub(super) fn of(cert: &Cert, passphrase: impl FnOnce() -> Result<Vec<u8>>) -> Result<Self> {
        let password = words(cert, passphrase)?;
        let mut keys = HashMap::new();
        let mut wrong = 0;
        for key in cert.keys() {
            let fingerprint = Fingerprint::of(&key.key().fingerprint());
            let opened = match open(key.key(), password.as_ref()) {
                None => continue,
                Some(Ok(secret)) if secret.pk_algo().for_signing() => {
                    Opened::Key(software::factory(secret).map_err(crypto("loading the key"))?)
                }
                // Encryption subkeys stand by.
                Some(Ok(_)) => continue,
                Some(Err(reason)) => {
                    wrong += 1;
                    Opened::Refused(reason.to_owned())
                }
            };
            keys.insert(fingerprint, opened);
        }
        let opens = keys.values().any(|key| matches!(key, Opened::Key(_)));
        if wrong > 0 && !opens {
            return Err(Error::WrongPassphrase {
                key: Fingerprint::of(&cert.fingerprint()).to_string(),
            });
        }
        Ok(Self { keys })
    }

    /// Adds a secret part that is in no file yet.
    ///
    /// # Errors
    /// [`Error::Crypto`](crate::Error::Crypto) when the backend cannot use it.
    pub fn add(&mut self, key: Key<SecretParts, UnspecifiedRole>) -> Result<()> {
        let fingerprint = Fingerprint::of(&key.fingerprint());
        let factory = software::factory(key).map_err(crypto("loading the key"))?;
        self.keys.insert(fingerprint, Opened::Key(factory));
        Ok(())
    }
}

impl Holder for Unlocked {
    fn signer(
        &self,
        key: &Key<PublicParts, UnspecifiedRole>,
    ) -> Result<Option<Box<dyn Signer + Send + Sync>>> {
        let fingerprint = key.fingerprint();
        match self.keys.get(&Fingerprint::of(&fingerprint)) {
            None => Ok(None),
            Some(Opened::Refused(reason)) => Err(refused(&fingerprint, reason.as_str())),
            Some(Opened::Key(factory)) => {
                // A key file whose public part was exchanged signs nothing but a probe.
                probe(factory, key)?;
                factory().map(Some).map_err(crypto("opening the key"))
            }
        }
    }
}
