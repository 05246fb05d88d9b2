//! New self-signatures and revocations for certificates that exist.
//!
//! An [`Edit`] takes a certificate and a [`Holder`] of its secret parts, makes new
//! signatures of `now` and hands over the certificate with them ([`Edited`]), after it
//! has verified each with the public certificate only. Nothing is ever taken out: the
//! signatures of the past stay, so that what was signed stays provable as of then, and
//! the fingerprint with them.
//!
//! A renewed signature says what the one it follows said, subpacket by subpacket, but for
//! its time, its digest (SHA-512) and what the caller changes. Signatures of v4 keys are
//! reproducible where the algorithm allows; v6 ones carry a random salt.
//!
//! ```
//! use pkgseal_openpgp::edit::{Change, Edit, Expiry, SecretKey};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let file = pkgseal_testkit::keys::load("good").secret().to_vec();
//! let now = "2025-03-01T12:00:00Z".parse()?;
//! let expires = "2027-03-01T12:00:00Z".parse()?;
//!
//! let key = SecretKey::parse(&file)?;
//! let holder = key.unlock(|| Ok(Vec::new()))?;
//! let mut edit = Edit::new(&key.certificate(), &holder, now)?;
//! edit.renew_certificate(&Change::expiry(Expiry::At(expires)))?;
//! let edited = edit.finish()?;
//!
//! assert_eq!(edited.certificate().fingerprint(), key.certificate().fingerprint());
//! let file = key.with(&edited)?.to_armored()?;
//! # let _ = file;
//! # Ok(())
//! # }
//! ```

mod check;
mod make;
mod revoke;
mod secret;
mod stored;
mod template;

use std::time::SystemTime;

use jiff::Timestamp;
use openpgp::cert::amalgamation::UserIDAmalgamation;
use openpgp::cert::amalgamation::key::SubordinateKeyAmalgamation;
use openpgp::crypto::Signer;
use openpgp::packet::key::{PublicParts, SubordinateRole, UnspecifiedRole};
use openpgp::packet::{Key, Signature};
use openpgp::serialize::MarshalInto;
use openpgp::types::KeyFlags;
use openpgp::{Cert, Packet};
use sequoia_openpgp as openpgp;

use crate::error::crypto;
use crate::signer::creation_time;
use crate::{Certificate, Error, Fingerprint, Result, time};

pub use revoke::{Reason, Revoking};
pub use secret::{SecretForm, SecretKey, SecretPart, Unlocked};
pub use stored::{Applied, StoredRevocation, is_revocation};
use template::Template;

/// Who holds the secret parts: a key file ([`Unlocked`]), an agent, a token (a
/// [`Signer`](crate::Signer) of [`SigningKey::of`](crate::SigningKey::of)).
pub trait Holder {
    /// A signer for this key, `None` where its secret part is not held here.
    ///
    /// # Errors
    /// [`Error::Key`] when it is held and cannot be used: locked, wrong passphrase.
    fn signer(
        &self,
        key: &Key<PublicParts, UnspecifiedRole>,
    ) -> Result<Option<Box<dyn Signer + Send + Sync>>>;
}

/// One key, wherever it is.
impl Holder for crate::Signer {
    fn signer(
        &self,
        key: &Key<PublicParts, UnspecifiedRole>,
    ) -> Result<Option<Box<dyn Signer + Send + Sync>>> {
        if self.key() != Fingerprint::of(&key.fingerprint()) {
            return Ok(None);
        }
        self.backend().map(Some).map_err(crypto("opening the key"))
    }
}

impl Holder for Box<dyn Holder> {
    fn signer(
        &self,
        key: &Key<PublicParts, UnspecifiedRole>,
    ) -> Result<Option<Box<dyn Signer + Send + Sync>>> {
        (**self).signer(key)
    }
}

/// The first that has it.
impl<A: Holder, B: Holder> Holder for (A, B) {
    fn signer(
        &self,
        key: &Key<PublicParts, UnspecifiedRole>,
    ) -> Result<Option<Box<dyn Signer + Send + Sync>>> {
        match self.0.signer(key)? {
            Some(signer) => Ok(Some(signer)),
            None => self.1.signer(key),
        }
    }
}

/// A part of a certificate that self-signatures speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The primary key: its direct-key signature, or its revocation.
    Key,
    /// A user ID, byte for byte.
    UserId(Vec<u8>),
    /// A subkey.
    Subkey(Fingerprint),
}

/// When a key is to expire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// As the signature before says.
    #[default]
    Keep,
    /// Never.
    Never,
    /// At this moment.
    At(Timestamp),
}

/// What a renewed signature says otherwise than the one it follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// When the key expires.
    pub expiry: Expiry,
}

impl Change {
    /// Nothing: only time and digest are new.
    pub const NONE: Self = Self {
        expiry: Expiry::Keep,
    };

    /// Another expiry.
    pub fn expiry(expiry: Expiry) -> Self {
        Self { expiry }
    }
}

/// A certificate under change. See the [module](self).
pub struct Edit<'a> {
    cert: Cert,
    holder: &'a dyn Holder,
    primary: Box<dyn Signer + Send + Sync>,
    now: openpgp::types::Timestamp,
    added: Vec<Packet>,
}

impl std::fmt::Debug for Edit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edit")
            .field("certificate", &self.cert.fingerprint())
            .field("added", &self.added.len())
            .finish_non_exhaustive()
    }
}

/// A certificate with new signatures, each of them verified.
#[derive(Clone)]
pub struct Edited {
    certificate: Certificate,
    added: Vec<Packet>,
}

impl std::fmt::Debug for Edited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edited")
            .field("certificate", &self.certificate.fingerprint())
            .field("added", &self.added.len())
            .finish_non_exhaustive()
    }
}

impl Edited {
    /// The whole certificate, old signatures and new.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// How many signatures are new; back-signatures are part of their bindings.
    pub fn signatures(&self) -> usize {
        let is_signature = |packet: &&Packet| matches!(packet, Packet::Signature(_));
        self.added.iter().filter(is_signature).count()
    }

    /// The new packets alone, serialised: what a holder sends back to the keeper of the
    /// certificate.
    ///
    /// # Errors
    /// [`Error::Crypto`].
    pub fn packets(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for packet in &self.added {
            bytes.extend(packet.to_vec().map_err(crypto("writing a signature"))?);
        }
        Ok(bytes)
    }
}

impl<'a> Edit<'a> {
    /// Begins a change of `certificate` as of `now`.
    ///
    /// # Errors
    /// [`Error::Key`] when the holder does not have the primary key's secret part;
    /// [`Error::Unsignable`] when `now` is before the key was made or no time of OpenPGP's.
    pub fn new(certificate: &Certificate, holder: &'a dyn Holder, now: Timestamp) -> Result<Self> {
        let cert = certificate.cert().clone();
        let primary = cert.primary_key().key().clone();
        let fingerprint = primary.fingerprint();
        let now = creation_time(now)?;
        if SystemTime::from(now) < primary.creation_time() {
            return Err(Error::Unsignable {
                reason: format!(
                    "it is before key {fingerprint:X} was made ({})",
                    time::words(primary.creation_time())
                ),
            });
        }
        let signer = holder
            .signer(&primary.role_into_unspecified())?
            .ok_or_else(|| {
                refused(
                    &fingerprint,
                    "the secret part of the primary key is not here, and only that can sign the certificate",
                )
            })?;
        Ok(Self {
            cert,
            holder,
            primary: signer,
            now,
            added: Vec::new(),
        })
    }

    /// Renews what says when the whole certificate expires: the direct-key signature,
    /// where there is one, and the newest self-signature of every user ID that is not
    /// revoked.
    ///
    /// # Errors
    /// As [`Edit::renew`].
    pub fn renew_certificate(&mut self, change: &Change) -> Result<()> {
        let mut parts = Vec::new();
        if self.cert.primary_key().self_signatures().next().is_some() {
            parts.push(Part::Key);
        }
        for user_id in self.cert.userids() {
            let revoked = user_id.self_revocations().next().is_some();
            if !revoked && user_id.self_signatures().next().is_some() {
                parts.push(Part::UserId(user_id.userid().value().to_vec()));
            }
        }
        if parts.is_empty() {
            return Err(refused(
                &self.cert.fingerprint(),
                "it has no self-signature that could be renewed",
            ));
        }
        parts.iter().try_for_each(|part| self.renew(part, change))
    }

    /// Makes the newest self-signature of a part anew. That of a subkey that signs gets a
    /// new back-signature; where the subkey's secret part is not held here, the old one
    /// serves again if it uses SHA-256 or better.
    ///
    /// # Errors
    /// [`Error::Key`]: no such part, no signature on it that could be renewed, a missing
    /// secret part; [`Error::Unsignable`]: an expiry that is not after the key was made, or
    /// beyond what OpenPGP counts (2106), or a newest signature from the future;
    /// [`Error::Crypto`].
    pub fn renew(&mut self, part: &Part, change: &Change) -> Result<()> {
        match part {
            Part::Key => {
                let template = self.cert.primary_key().self_signatures().next();
                let mut template = self.template(template, "direct-key signature")?;
                template.expire(self.made(), change.expiry)?;
                self.sign(&template, make::Over::Key)
            }
            Part::UserId(value) => {
                let found = self.user_id(value)?;
                let user_id = found.userid().clone();
                let template = found.self_signatures().next();
                let mut template = self.template(template, "self-signature on this user ID")?;
                template.expire(self.made(), change.expiry)?;
                self.sign(&template, make::Over::UserId(&user_id))
            }
            Part::Subkey(fingerprint) => {
                let found = self.subkey(fingerprint)?;
                let subkey = found.key().clone();
                let primary = self.cert.primary_key().key();
                let template = found
                    .self_signatures()
                    .next()
                    .or_else(|| template::unanswered(&self.cert, primary, &subkey));
                let template = self.template(template, "binding of this subkey")?;
                self.bind(&subkey, template, change.expiry)
            }
        }
    }

    /// Binds a new subkey that signs, and only signs, until `expiry` ([`Expiry::Keep`]
    /// means never). The holder must have its secret part, for it signs back.
    ///
    /// # Errors
    /// As [`Edit::renew`]; also when the certificate has that key already.
    pub fn add_signing_subkey(
        &mut self,
        subkey: &Key<PublicParts, SubordinateRole>,
        expiry: Expiry,
    ) -> Result<()> {
        let fingerprint = subkey.fingerprint();
        let mut keys = self.cert.keys();
        if keys.any(|key| key.key().fingerprint() == fingerprint) {
            return Err(refused(
                &fingerprint,
                "the certificate has this key already",
            ));
        }
        if subkey.version() != self.cert.primary_key().key().version() {
            return Err(refused(
                &fingerprint,
                "its version is not that of the certificate",
            ));
        }
        let template = Template::binding(KeyFlags::empty().set_signing())?;
        self.added.push(Packet::from(subkey.clone()));
        self.bind(subkey, template, expiry)
    }

    /// Ends the change: the certificate with all old and new signatures.
    ///
    /// # Errors
    /// [`Error::Key`] when a new signature does not verify with the public certificate
    /// only, or anything of the old certificate is missing in the new one.
    pub fn finish(self) -> Result<Edited> {
        let certificate = check::joined(&self.cert, &self.added)?;
        Ok(Edited {
            certificate,
            added: self.added,
        })
    }

    /// When the primary key was made.
    fn made(&self) -> SystemTime {
        self.cert.primary_key().key().creation_time()
    }

    fn user_id(&self, value: &[u8]) -> Result<UserIDAmalgamation<'_>> {
        let mut user_ids = self.cert.userids();
        user_ids
            .find(|user_id| user_id.userid().value() == value)
            .ok_or_else(|| {
                let text = String::from_utf8_lossy(value);
                self.refused(format!("it has no user ID {text:?}"))
            })
    }

    fn subkey(
        &self,
        fingerprint: &Fingerprint,
    ) -> Result<SubordinateKeyAmalgamation<'_, PublicParts>> {
        let mut subkeys = self.cert.keys().subkeys();
        subkeys
            .find(|subkey| Fingerprint::of(&subkey.key().fingerprint()) == *fingerprint)
            .ok_or_else(|| self.refused(format!("it has no subkey {fingerprint}")))
    }

    fn template(&self, found: Option<&Signature>, what: &str) -> Result<Template> {
        found
            .map(Template::of)
            .ok_or_else(|| self.refused(format!("there is no valid {what} to renew")))
    }

    fn refused(&self, reason: impl Into<String>) -> Error {
        refused(&self.cert.fingerprint(), reason)
    }
}

fn refused(key: &openpgp::Fingerprint, reason: impl Into<String>) -> Error {
    Error::Key {
        key: format!("{key:X}"),
        reason: reason.into(),
    }
}
