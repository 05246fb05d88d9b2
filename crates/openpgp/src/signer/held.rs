//! Keys whose secret part is kept by somebody else: an agent, a token, a command.

use std::sync::Arc;

use jiff::Timestamp;
use openpgp::crypto::mpi;
use openpgp::packet::Key;
use openpgp::packet::key::{PublicParts, UnspecifiedRole};
use openpgp::types::HashAlgorithm;
use sequoia_openpgp as openpgp;

use super::{Signer, choose};
use crate::{Certificate, Error, Fingerprint, Result};

/// What a holder of keys says when it does not sign.
pub type HolderError = Box<dyn std::error::Error + Send + Sync>;

/// Signs one digest with the key it was chosen for.
type Sign = Arc<dyn Fn(HashAlgorithm, &[u8]) -> Result<mpi::Signature, HolderError> + Send + Sync>;

/// A key of a certificate that may sign, its secret part still to be found.
#[derive(Clone, Debug)]
pub struct SigningKey {
    certificate: Certificate,
    public: Key<PublicParts, UnspecifiedRole>,
    fingerprint: Fingerprint,
}

impl SigningKey {
    /// Picks the key that signs by the rules of [`Signer::open`]: the newest signing key
    /// that is alive at `now`, subkeys first. Where a subkey is `selected`, that one.
    ///
    /// # Errors
    /// [`Error::Key`]: no key of it can sign at `now` (says which and why not), or none has
    /// the selected fingerprint.
    pub fn choose(
        certificate: &Certificate,
        selected: Option<&Fingerprint>,
        now: Timestamp,
    ) -> Result<Self> {
        let public = choose::choose(certificate.cert(), selected, now, &|key| Ok(key.clone()))?;
        Self::new(certificate.clone(), public)
    }

    /// Every key of it that [`SigningKey::choose`] could pick, the best first, for holders
    /// that know only some of them.
    ///
    /// # Errors
    /// As [`SigningKey::choose`], when there is none.
    pub fn candidates(
        certificate: &Certificate,
        selected: Option<&Fingerprint>,
        now: Timestamp,
    ) -> Result<Vec<Self>> {
        choose::candidates(certificate.cert(), selected, now, &|key| Ok(key.clone()))?
            .into_iter()
            .map(|public| Self::new(certificate.clone(), public))
            .collect()
    }

    /// The key of it with this fingerprint, whatever its state and its use: for signatures
    /// on the certificate itself, which the primary key makes and subkeys answer.
    ///
    /// # Errors
    /// [`Error::Key`] when the certificate has no such key.
    pub fn of(certificate: &Certificate, fingerprint: &Fingerprint) -> Result<Self> {
        let found = certificate
            .cert()
            .keys()
            .find(|key| Fingerprint::of(&key.key().fingerprint()) == *fingerprint)
            .ok_or_else(|| Error::Key {
                key: fingerprint.to_string(),
                reason: "no key of the certificate has this fingerprint".to_owned(),
            })?;
        Self::new(certificate.clone(), found.key().clone())
    }

    fn new(certificate: Certificate, public: Key<PublicParts, UnspecifiedRole>) -> Result<Self> {
        let fingerprint = super::fingerprint_of(&public)?;
        Ok(Self {
            certificate,
            public,
            fingerprint,
        })
    }

    /// Its fingerprint.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// The certificate it belongs to.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its public numbers, by which a holder finds its secret part.
    pub fn public(&self) -> &Key<PublicParts, UnspecifiedRole> {
        &self.public
    }

    /// A signer that has every digest signed by `sign`, from as many threads as there are.
    ///
    /// A constant is signed and checked before the signer is handed out, so that a holder
    /// that has another key, or is locked, is found before anything is written.
    ///
    /// # Errors
    /// [`Error::Holder`] with what `sign` said; [`Error::Key`] when the signature is not
    /// this key's.
    pub fn held_by(
        self,
        sign: impl Fn(HashAlgorithm, &[u8]) -> Result<mpi::Signature, HolderError>
        + Send
        + Sync
        + 'static,
    ) -> Result<Signer> {
        let held = Held {
            hashes: hashes(&self.public),
            public: self.public.clone(),
            sign: Arc::new(sign),
        };
        let factory: super::Factory = Arc::new(move || Ok(Box::new(held.clone())));
        Signer::probed(self.certificate, self.public, factory)
    }
}

/// A key that is signed with elsewhere.
#[derive(Clone)]
struct Held {
    public: Key<PublicParts, UnspecifiedRole>,
    hashes: Vec<HashAlgorithm>,
    sign: Sign,
}

/// What such a key signs. Services that keep keys on a curve take digests of one length.
fn hashes(public: &Key<PublicParts, UnspecifiedRole>) -> Vec<HashAlgorithm> {
    match public.mpis() {
        mpi::PublicKey::ECDSA { .. } => vec![super::digest_for(public)],
        _ => vec![
            HashAlgorithm::SHA256,
            HashAlgorithm::SHA384,
            HashAlgorithm::SHA512,
        ],
    }
}

impl openpgp::crypto::Signer for Held {
    fn public(&self) -> &Key<PublicParts, UnspecifiedRole> {
        &self.public
    }

    fn acceptable_hashes(&self) -> &[HashAlgorithm] {
        &self.hashes
    }

    fn sign(&mut self, algorithm: HashAlgorithm, digest: &[u8]) -> openpgp::Result<mpi::Signature> {
        (self.sign)(algorithm, digest).map_err(|source| Refused(source).into())
    }
}

/// Carries a holder's error through the OpenPGP library.
#[derive(Debug)]
struct Refused(HolderError);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

/// An error of signing: the holder's own where there is one.
pub(crate) fn signing_error(
    key: &Key<PublicParts, UnspecifiedRole>,
    operation: &'static str,
    error: openpgp::anyhow::Error,
) -> Error {
    match error.downcast::<Refused>() {
        Ok(Refused(source)) => Error::Holder {
            key: key.fingerprint().to_hex(),
            source,
        },
        Err(error) => crate::error::crypto(operation)(error),
    }
}
