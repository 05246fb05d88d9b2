//! Certificates, found by the keys in them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use openpgp::KeyHandle;
use openpgp::cert::amalgamation::key::ErasedKeyAmalgamation;
use openpgp::packet::key::PublicParts;
use sequoia_openpgp as openpgp;

use crate::{Certificate, Fingerprint};

/// Keys tried for one signature: more than that share a key ID only on purpose.
const CANDIDATES: usize = 16;

/// Certificates by fingerprint and by the keys in them. Cheap to clone and to share.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    index: Arc<Index>,
}

#[derive(Debug, Default)]
struct Index {
    certificates: BTreeMap<Fingerprint, Certificate>,
    /// (Sub)key fingerprints: certificate, place of the key in it.
    keys: HashMap<openpgp::Fingerprint, Vec<(Fingerprint, usize)>>,
    key_ids: HashMap<openpgp::KeyID, Vec<(Fingerprint, usize)>>,
}

/// A key that may have made a signature.
pub(crate) struct Candidate<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) key: ErasedKeyAmalgamation<'a, PublicParts>,
}

impl Certificates {
    /// Collects; copies of the same certificate are merged.
    pub fn new(certificates: impl IntoIterator<Item = Certificate>) -> Self {
        let mut merged = BTreeMap::<Fingerprint, Certificate>::new();
        for certificate in certificates {
            let fingerprint = certificate.fingerprint();
            let certificate = match merged.remove(&fingerprint) {
                Some(known) if known == certificate => known,
                // Copies with the same fingerprint always merge.
                Some(known) => known.clone().merge(certificate).unwrap_or(known),
                None => certificate,
            };
            merged.insert(fingerprint, certificate);
        }
        Self::index(merged)
    }

    fn index(certificates: BTreeMap<Fingerprint, Certificate>) -> Self {
        let mut keys = HashMap::<_, Vec<_>>::new();
        let mut key_ids = HashMap::<_, Vec<_>>::new();
        for (fingerprint, certificate) in &certificates {
            for (place, key) in certificate.cert().keys().enumerate() {
                let place = (fingerprint.clone(), place);
                let key = key.key();
                keys.entry(key.fingerprint())
                    .or_default()
                    .push(place.clone());
                key_ids.entry(key.keyid()).or_default().push(place);
            }
        }
        Self {
            index: Arc::new(Index {
                certificates,
                keys,
                key_ids,
            }),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.index.certificates.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All, in order of fingerprint.
    pub fn iter(&self) -> impl Iterator<Item = &Certificate> + '_ {
        self.index.certificates.values()
    }

    /// All, in order of version, then of fingerprint: as they belong into one file. GnuPG
    /// up to 2.4 stops reading at the first certificate of version 6, and loses the one
    /// before it too.
    pub fn by_version(&self) -> Vec<Certificate> {
        let mut all: Vec<Certificate> = self.iter().cloned().collect();
        all.sort_by_key(Certificate::version);
        all
    }

    /// The certificate with this primary fingerprint.
    pub fn get(&self, fingerprint: &Fingerprint) -> Option<&Certificate> {
        self.index.certificates.get(fingerprint)
    }

    /// The certificates with this primary key or subkey, in order of fingerprint. More than
    /// one when somebody adopted another's subkey.
    pub fn with_key(&self, fingerprint: &Fingerprint) -> Vec<&Certificate> {
        let holds = |certificate: &&Certificate| {
            certificate
                .cert()
                .keys()
                .any(|key| Fingerprint::of(&key.key().fingerprint()) == *fingerprint)
        };
        self.iter().filter(holds).collect()
    }

    /// Only the named ones.
    #[must_use]
    pub fn only(&self, fingerprints: &[Fingerprint]) -> Self {
        Self::index(
            fingerprints
                .iter()
                .filter_map(|fingerprint| {
                    Some((fingerprint.clone(), self.get(fingerprint)?.clone()))
                })
                .collect(),
        )
    }

    /// Keys a signature may have been made with: those it names in full, else those
    /// whose key ID it names (a hint that may be shared).
    pub(crate) fn candidates(&self, issuers: &[KeyHandle]) -> Vec<Candidate<'_>> {
        let named = issuers.iter().filter_map(|issuer| match issuer {
            KeyHandle::Fingerprint(fingerprint) => self.index.keys.get(fingerprint),
            KeyHandle::KeyID(_) => None,
        });
        let hinted = issuers.iter().filter_map(|issuer| match issuer {
            KeyHandle::KeyID(id) => self.index.key_ids.get(id),
            KeyHandle::Fingerprint(_) => None,
        });
        let mut places = some(named.flatten());
        if places.is_empty() {
            places = some(hinted.flatten());
        }
        places
            .into_iter()
            .filter_map(|(fingerprint, place)| {
                let certificate = self.get(fingerprint)?;
                let key = certificate.cert().keys().nth(*place)?;
                Some(Candidate { certificate, key })
            })
            .collect()
    }
}

fn some<'a, T: PartialEq>(places: impl Iterator<Item = &'a T>) -> Vec<&'a T> {
    let mut some = Vec::new();
    for place in places {
        if !some.contains(&place) {
            some.push(place);
        }
        if some.len() == CANDIDATES {
            break;
        }
    }
    some
}
