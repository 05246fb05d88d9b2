//! Secret key files as something to change.

mod form;
mod parts;
mod unlocked;

use openpgp::Cert;
use openpgp::Packet;
use openpgp::armor::{Kind, Writer};
use openpgp::cert::amalgamation::key::PrimaryKey;
use openpgp::packet::Key;
use openpgp::packet::key::{SecretParts, SubordinateRole, UnspecifiedRole};
use openpgp::serialize::SerializeInto;
use sequoia_openpgp as openpgp;
use std::io::Write;
use zeroize::Zeroizing;

use super::{Edited, check, refused};
use crate::error::crypto;
use crate::{Certificate, Error, Fingerprint, Result, signer};

pub use form::{SecretForm, SecretPart};
pub use unlocked::Unlocked;

/// A transferable secret key (RFC 9580, 10.2) as it stands in its file: protected parts
/// stay protected. Its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct SecretKey {
    cert: Cert,
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SecretKey")
            .field(&self.cert.fingerprint())
            .finish()
    }
}

impl SecretKey {
    /// Reads the one secret key of a file, armored or binary.
    ///
    /// # Errors
    /// [`Error::Key`]: none, several, only a public certificate, GnuPG's own formats.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Ok(Self {
            cert: signer::read_secret(bytes)?,
        })
    }

    /// A certificate with the secret part of one subkey: what is kept where the primary key
    /// is not.
    ///
    /// # Errors
    /// [`Error::Key`] when it is no subkey of the certificate; [`Error::Crypto`].
    pub fn of_subkey(
        certificate: &Certificate,
        subkey: Key<SecretParts, SubordinateRole>,
    ) -> Result<Self> {
        let cert = certificate.cert().clone();
        let fingerprint = subkey.fingerprint();
        if !cert
            .keys()
            .subkeys()
            .any(|known| known.key().fingerprint() == fingerprint)
        {
            return Err(refused(&fingerprint, "it is no subkey of the certificate"));
        }
        Self { cert }.add_subkey(subkey)
    }

    /// Its public certificate.
    pub fn certificate(&self) -> Certificate {
        Certificate::from_cert(self.cert.clone())
    }

    /// Fingerprint of the certificate.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.cert.fingerprint())
    }

    /// What the file has of each key's secret part; the primary first.
    pub fn parts(&self) -> Vec<SecretPart> {
        self.cert
            .keys()
            .map(|key| SecretPart {
                fingerprint: Fingerprint::of(&key.key().fingerprint()),
                primary: key.primary(),
                form: SecretForm::of(key.key()),
            })
            .collect()
    }

    /// Unlocks every part that is here. `passphrase` is asked for only if one is
    /// protected, and is wiped.
    ///
    /// # Errors
    /// [`Error::Key`] when the passphrase opens no part at all, or is empty; as
    /// `passphrase`. A part that alone stays locked is refused once it has to sign.
    pub fn unlock(&self, passphrase: impl FnOnce() -> Result<Vec<u8>>) -> Result<Unlocked> {
        Unlocked::of(&self.cert, passphrase)
    }

    /// The key with the new packets of a change.
    ///
    /// # Errors
    /// [`Error::Key`] when the change is of another certificate, or anything would be
    /// lost.
    pub fn with(self, edited: &Edited) -> Result<Self> {
        let certificate = edited.certificate().clone();
        self.merge(certificate)
    }

    /// Takes over what another copy of the certificate has, and no secrets.
    ///
    /// # Errors
    /// [`Error::Key`] when it is another certificate.
    pub fn merge(self, certificate: Certificate) -> Result<Self> {
        let fingerprint = self.cert.fingerprint();
        if certificate.fingerprint() != self.fingerprint() {
            return Err(refused(
                &fingerprint,
                format!("{} is another certificate", certificate.fingerprint()),
            ));
        }
        let before = self.cert.clone();
        let cert = self
            .cert
            .merge_public(certificate.cert().clone())
            .map_err(crypto("joining the certificate"))?;
        if let Some(lost) = check::lost(&before, &cert) {
            return Err(refused(&fingerprint, format!("{lost} would be lost")));
        }
        Ok(Self { cert })
    }

    /// Adds the secret part of a subkey; without a binding it is worth nothing, see
    /// [`Edit::add_signing_subkey`](super::Edit::add_signing_subkey).
    ///
    /// # Errors
    /// [`Error::Crypto`].
    pub fn add_subkey(self, subkey: Key<SecretParts, SubordinateRole>) -> Result<Self> {
        let (cert, _) = self
            .cert
            .insert_packets(Packet::from(subkey))
            .map_err(crypto("adding the subkey"))?;
        Ok(Self { cert })
    }

    /// The file, binary.
    ///
    /// # Errors
    /// [`Error::Crypto`].
    pub fn to_binary(&self) -> Result<Zeroizing<Vec<u8>>> {
        // A v6 key has no form for a part that is elsewhere but its public one.
        let stubs = self.cert.primary_key().key().version() == 4;
        self.cert
            .as_tsk()
            .emit_secret_key_stubs(stubs)
            .to_vec()
            .map(Zeroizing::new)
            .map_err(crypto("writing the key"))
    }

    /// The file, armored.
    ///
    /// # Errors
    /// [`Error::Crypto`].
    pub fn to_armored(&self) -> Result<Zeroizing<Vec<u8>>> {
        let bytes = self.to_binary()?;
        let write = || {
            // Room for all of it: a buffer that grows leaves copies behind.
            let room = bytes.len().saturating_mul(2).saturating_add(256);
            let mut writer = Writer::new(Vec::with_capacity(room), Kind::SecretKey)?;
            // A checksum is for v4 only (RFC 9580, 6.1).
            writer.set_profile(match self.cert.primary_key().key().version() {
                6 => openpgp::Profile::RFC9580,
                _ => openpgp::Profile::RFC4880,
            })?;
            writer.write_all(&bytes)?;
            writer.finalize()
        };
        write()
            .map(Zeroizing::new)
            .map_err(crypto("writing the key"))
    }

    /// Replaces the secret parts of these keys.
    fn replace(
        self,
        keys: impl IntoIterator<Item = (bool, Key<SecretParts, UnspecifiedRole>)>,
    ) -> Result<Self> {
        let packets: Vec<Packet> = keys
            .into_iter()
            .map(|(primary, key)| match primary {
                true => Packet::from(key.role_into_primary()),
                false => Packet::from(key.role_into_subordinate()),
            })
            .collect();
        let (cert, _) = self
            .cert
            .insert_packets(packets)
            .map_err(crypto("replacing secret parts"))?;
        Ok(Self { cert })
    }

    fn refused(&self, reason: impl Into<String>) -> Error {
        refused(&self.cert.fingerprint(), reason)
    }
}
