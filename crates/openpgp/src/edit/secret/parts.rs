//! Protecting, splitting and joining secret parts.

use openpgp::cert::amalgamation::key::PrimaryKey;
use openpgp::crypto::Password;
use sequoia_openpgp as openpgp;

use super::{SecretForm, SecretKey, unlocked};
use crate::edit::refused;
use crate::error::{WRONG, crypto};
use crate::{Error, Fingerprint, Result};

impl SecretKey {
    /// Protects every secret part that is here with another passphrase, or with none.
    ///
    /// # Errors
    /// [`Error::Key`](crate::Error::Key) when one of them does not open with the old
    /// passphrase, none is here, or the new passphrase is empty; as `old`.
    pub fn protect(
        self,
        old: impl FnOnce() -> Result<Vec<u8>>,
        new: Option<&[u8]>,
    ) -> Result<Self> {
        if new.is_some_and(<[u8]>::is_empty) {
            return Err(self.refused("the new passphrase is empty"));
        }
        let old = unlocked::words(&self.cert, old)?;
        let new = new.map(Password::from);
        let mut keys = Vec::new();
        for key in self.cert.keys() {
            let secret = match unlocked::open(key.key(), old.as_ref()) {
                None => continue,
                Some(Err(WRONG)) => {
                    return Err(Error::WrongPassphrase {
                        key: Fingerprint::of(&key.key().fingerprint()).to_string(),
                    });
                }
                Some(Err(reason)) => return Err(refused(&key.key().fingerprint(), reason)),
                Some(Ok(secret)) => secret,
            };
            let secret = match &new {
                None => secret,
                Some(new) => secret
                    .encrypt_secret(new)
                    .map_err(crypto("protecting the key"))?,
            };
            keys.push((key.primary(), secret));
        }
        if keys.is_empty() {
            return Err(self.refused("no secret part is here that could be protected"));
        }
        self.replace(keys)
    }

    /// Two files of one: the primary key's secret part alone, to be kept offline, and
    /// those of the subkeys, with a stub for the primary as GnuPG's
    /// `--export-secret-subkeys` makes it.
    ///
    /// # Errors
    /// [`Error::Key`](crate::Error::Key) when there is nothing to part: no secret part of
    /// the primary, or none of any subkey.
    pub fn split(&self) -> Result<(Self, Self)> {
        let parts = self.parts();
        let there = |primary: bool| {
            parts
                .iter()
                .any(|part| part.primary == primary && part.form.is_there())
        };
        if !there(true) {
            return Err(self.refused("the secret part of the primary key is not here already"));
        }
        if !there(false) {
            return Err(self.refused(
                "there is no secret part of a subkey: nothing would be left to sign with",
            ));
        }
        Ok((self.without(false)?, self.without(true)?))
    }

    /// The same without the secret part of the primary, or of the subkeys.
    fn without(&self, primary: bool) -> Result<Self> {
        let failed = crypto("parting the key");
        let packets = self
            .cert
            .clone()
            .into_tsk()
            .into_packets()
            .map(|packet| match packet {
                openpgp::Packet::SecretKey(key) if primary => {
                    openpgp::Packet::PublicKey(key.take_secret().0)
                }
                openpgp::Packet::SecretSubkey(key) if !primary => {
                    openpgp::Packet::PublicSubkey(key.take_secret().0)
                }
                other => other,
            });
        let cert = openpgp::Cert::from_packets(packets).map_err(&failed)?;
        Ok(Self { cert })
    }

    /// One file of two: of each key the secret part that is there, signatures of both.
    /// Where both files have one, that of `self` stays.
    ///
    /// # Errors
    /// [`Error::Key`](crate::Error::Key) when they are of different certificates, or
    /// `other` has nothing that is missing here.
    pub fn join(self, other: &Self) -> Result<Self> {
        let merged = self.merge(other.certificate())?;
        let parts = merged.parts();
        let missing = |key: &openpgp::Fingerprint| {
            parts
                .iter()
                .any(|part| part.fingerprint.as_str() == key.to_hex() && !part.form.is_there())
        };
        let mut keys = Vec::new();
        for key in other.cert.keys() {
            if SecretForm::of(key.key()).is_there() && missing(&key.key().fingerprint()) {
                let secret = key.key().clone().parts_into_secret();
                keys.push((key.primary(), secret.map_err(crypto("joining the keys"))?));
            }
        }
        if keys.is_empty() {
            return Err(merged.refused("the other file has no secret part that is missing here"));
        }
        merged.replace(keys)
    }
}
