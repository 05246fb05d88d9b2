//! Certificates: public, identified by full fingerprint.

use std::sync::Arc;

use jiff::Timestamp;
use openpgp::Cert;
use openpgp::cert::amalgamation::key::PrimaryKey;
use openpgp::serialize::MarshalInto;
use openpgp::types::RevocationStatus;
use pkgseal_repo::Finding;
use sequoia_openpgp as openpgp;

use crate::algorithm::Algorithm;
use crate::keyfile::Keep;
use crate::keystate::{self, EVERYTHING};
use crate::{Certificates, Error, Fingerprint, KeyState, Profile, names, time};

/// A certificate (public parts only), or what is left of one after its secret key was
/// taken out. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Certificate {
    cert: Arc<Cert>,
}

/// One part of an input that holds no usable certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateError {
    /// Which one of the input, from 0.
    pub index: usize,
    /// Its fingerprint where that much could be read.
    pub fingerprint: Option<Fingerprint>,
    /// Why it is refused.
    pub reason: String,
}

/// Facts of one (sub)key at a moment, under a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Whether it is the primary key.
    pub primary: bool,
    /// `RSA4096`, `Ed25519`…
    pub algorithm: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it expires, the certificate's own expiry included.
    pub expires: Option<Timestamp>,
    /// When it expires by what is said of itself only.
    pub own_expires: Option<Timestamp>,
    /// `certify`, `sign`, `encrypt`, `authenticate`.
    pub capabilities: Vec<&'static str>,
    /// Its state then, for signing.
    pub state: KeyState,
    /// Why it is not live: a code, words, and the profile's line where a rule decided.
    /// `None` of a key that is live, or not meant to sign.
    pub reason: Option<Finding>,
}

/// Facts of one user ID at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserIdFacts {
    /// Raw text, lossily decoded.
    pub text: String,
    /// Whether it is the primary one.
    pub primary: bool,
    /// Whether it is revoked.
    pub revoked: bool,
    /// Digest algorithm of its newest self-signature.
    pub self_signature_digest: Option<String>,
}

impl Certificate {
    /// Reads every certificate of a file: binary or armored, several armored blocks, text
    /// between blocks. Secret key material is dropped. What cannot be used comes back as
    /// errors; an input without any OpenPGP data gives one error.
    pub fn parse_all(bytes: &[u8]) -> (Vec<Self>, Vec<CertificateError>) {
        crate::keyfile::read(bytes, Keep::All)
    }

    /// As [`Certificate::parse_all`], without certifications by others: what is read
    /// faster, and all that decides what keys are worth.
    pub fn parse_own(bytes: &[u8]) -> (Vec<Self>, Vec<CertificateError>) {
        crate::keyfile::read(bytes, Keep::Own)
    }

    /// A certificate of sequoia's, without its secrets.
    pub(crate) fn from_cert(cert: Cert) -> Self {
        Self {
            cert: Arc::new(cert.strip_secret_key_material()),
        }
    }

    /// Sequoia's view of it.
    pub(crate) fn cert(&self) -> &Cert {
        &self.cert
    }

    /// Its fingerprint (the primary key's).
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.cert.fingerprint())
    }

    /// OpenPGP version of its primary key (4, 6).
    pub fn version(&self) -> u8 {
        self.cert.primary_key().key().version()
    }

    /// Its primary user ID, lossily decoded; raw.
    pub fn user_id(&self) -> Option<String> {
        let newest = self
            .cert
            .with_policy(&EVERYTHING, keystate::newest(&self.cert))
            .ok()
            .and_then(|valid| Some(lossy(valid.primary_userid().ok()?.userid().value())));
        newest.or_else(|| {
            let first = self.cert.userids().next()?;
            Some(lossy(first.userid().value()))
        })
    }

    /// Whether there are keys below the primary one.
    pub fn has_subkeys(&self) -> bool {
        self.cert.keys().subkeys().next().is_some()
    }

    /// Whether it is nothing but keys and user IDs: every signature was taken out, as in
    /// Gradle's keyrings, and nothing but the key itself can be believed.
    pub fn is_bare(&self) -> bool {
        keystate::is_bare(&self.cert)
    }

    /// Its user IDs.
    pub fn user_ids(&self, now: Timestamp) -> Vec<UserIdFacts> {
        let now = time::system(now);
        let primary = self
            .cert
            .with_policy(&EVERYTHING, now)
            .ok()
            .and_then(|valid| Some(valid.primary_userid().ok()?.userid().clone()));
        self.cert
            .userids()
            .map(|user_id| UserIdFacts {
                text: lossy(user_id.userid().value()),
                primary: primary.as_ref() == Some(user_id.userid()),
                revoked: matches!(
                    user_id.revocation_status(&EVERYTHING, now),
                    RevocationStatus::Revoked(_)
                ),
                self_signature_digest: user_id
                    .self_signatures()
                    .next()
                    .map(|signature| names::digest(signature.hash_algo())),
            })
            .collect()
    }

    /// Its keys, the primary first.
    pub fn keys(&self, profile: &Profile, now: Timestamp) -> Vec<KeyFacts> {
        let at = time::system(now);
        self.cert
            .keys()
            .map(|key| {
                let assessment = keystate::assess(&key, &Certificates::default(), profile, at, at);
                let (expires, capabilities) = keystate::lifetime(&key, at);
                let fingerprint = Fingerprint::of(&key.key().fingerprint());
                let own_expires = keystate::own_expiry(&key, at);
                KeyFacts {
                    reason: crate::lint::reason(&assessment, &fingerprint),
                    fingerprint,
                    primary: key.primary(),
                    algorithm: Algorithm::of(key.key()).name,
                    created: time::timestamp(key.key().creation_time()),
                    expires: expires.map(time::timestamp),
                    own_expires: own_expires.map(time::timestamp),
                    capabilities,
                    state: assessment.state,
                }
            })
            .collect()
    }

    /// When anything about it may change, by its own words: keys made and expired,
    /// self-signatures made and expired, revocations; sorted, each once.
    pub fn moments(&self) -> Vec<Timestamp> {
        keystate::moments(&self.cert)
            .into_iter()
            .map(time::timestamp)
            .collect()
    }

    /// What is wrong with it: weak self-signatures, no signing key, no expiry, no user ID.
    pub fn lint(&self, profile: &Profile, now: Timestamp) -> Vec<Finding> {
        crate::lint::lint(self, profile, now)
    }

    /// Transferable public key, binary (RFC 9580, 10.1).
    pub fn to_binary(&self) -> Vec<u8> {
        MarshalInto::to_vec(&*self.cert).unwrap_or_default()
    }

    /// Transferable public key, armored; no comments.
    pub fn to_armored(&self) -> Vec<u8> {
        use openpgp::armor::{Kind, Writer};
        use std::io::Write as _;
        let armored = || {
            let mut writer = Writer::new(Vec::new(), Kind::PublicKey)?;
            // A checksum is for v4 only (RFC 9580, 6.1).
            writer.set_profile(match self.version() {
                6 => openpgp::Profile::RFC9580,
                _ => openpgp::Profile::RFC4880,
            })?;
            writer.write_all(&self.to_binary())?;
            writer.finalize()
        };
        armored().unwrap_or_default()
    }

    /// Takes over packets of another copy of the same certificate.
    ///
    /// # Errors
    /// When the fingerprints differ.
    pub fn merge(self, other: Self) -> crate::Result<Self> {
        let fingerprint = self.fingerprint();
        let cert = Arc::unwrap_or_clone(self.cert);
        let merged = cert
            .merge_public(Arc::unwrap_or_clone(other.cert))
            .map_err(|error| Error::Key {
                key: fingerprint.to_string(),
                reason: format!("cannot merge another certificate into it: {error}"),
            })?;
        Ok(Self {
            cert: Arc::new(merged),
        })
    }
}

impl PartialEq for Certificate {
    /// The same packets.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.cert, &other.cert) || self.cert == other.cert
    }
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
