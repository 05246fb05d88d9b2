//! What self-signatures say, and why none counts.

use std::time::SystemTime;

use openpgp::cert::amalgamation::key::{PrimaryKey, ValidErasedKeyAmalgamation};
use openpgp::cert::amalgamation::{ValidAmalgamation, ValidateAmalgamation};
use openpgp::packet::key::PublicParts;
use openpgp::packet::signature::subpacket::SubpacketTag;
use openpgp::policy::Policy;
use openpgp::types::SignatureType;
use sequoia_openpgp as openpgp;

use super::{Assessment, EVERYTHING, Key, below_profile, used};
use crate::profile::Use;
use crate::{KeyState, Profile, codes, time};

/// Self-signatures looked at when those of the day are gone.
const LATER: usize = 64;

/// What the self-signatures in force at a moment say.
pub(super) struct Binding {
    pub(super) for_signing: bool,
    pub(super) key_expires: Option<SystemTime>,
    pub(super) primary_expires: Option<SystemTime>,
}

impl Binding {
    pub(super) fn of(valid: &ValidErasedKeyAmalgamation<'_, PublicParts>) -> Self {
        Self {
            for_signing: valid.for_signing(),
            key_expires: valid.key_expiration_time(),
            primary_expires: valid.valid_cert().primary_key().key_expiration_time(),
        }
    }

    pub(super) fn at(key: &Key<'_>, policy: &dyn Policy, at: SystemTime) -> Option<Self> {
        let valid = key.clone().with_policy(policy, at).ok()?;
        Some(Self::of(&valid))
    }

    /// By the oldest self-signatures after `at` that count.
    pub(super) fn later(key: &Key<'_>, policy: &dyn Policy, at: SystemTime) -> Option<Self> {
        let mut later: Vec<_> = times(key).filter(|made| *made > at).collect();
        later.sort_unstable();
        later.dedup();
        later
            .into_iter()
            .take(LATER)
            .find_map(|made| Self::at(key, policy, made))
    }

    /// When a later self-signature was made by which the key was alive at `at` after all.
    pub(super) fn extended(
        key: &Key<'_>,
        policy: &dyn Policy,
        at: SystemTime,
    ) -> Option<SystemTime> {
        let mut later: Vec<_> = times(key).filter(|made| *made > at).collect();
        later.sort_unstable();
        later.into_iter().take(LATER).find(|made| {
            Self::at(key, policy, *made)
                .is_some_and(|binding| binding.for_signing && binding.expired(at).is_none())
        })
    }

    pub(super) fn expired(&self, at: SystemTime) -> Option<KeyState> {
        let expired = |expires: Option<SystemTime>, primary| {
            expires
                .filter(|expires| *expires <= at)
                .map(|expires| KeyState::Expired {
                    at: time::timestamp(expires),
                    primary,
                })
        };
        expired(self.primary_expires, true).or_else(|| expired(self.key_expires, false))
    }
}

/// When the self-signatures on a key and on its certificate were made.
pub(super) fn times<'a>(key: &Key<'a>) -> impl Iterator<Item = SystemTime> + use<'a> {
    let cert = key.cert();
    let on_user_ids = cert.userids().flat_map(|user_id| user_id.self_signatures());
    let mut times: Vec<_> = cert
        .primary_key()
        .self_signatures()
        .chain(on_user_ids)
        .chain(key.self_signatures())
        .filter_map(|signature| signature.signature_creation_time())
        .collect();
    times.sort_unstable();
    times.dedup();
    times.into_iter()
}

/// Whether a certificate is nothing but keys and user IDs: every signature was taken out.
pub(crate) fn is_bare(cert: &openpgp::Cert) -> bool {
    let keys = cert.keys().flat_map(|key| key.bundle().signatures());
    let user_ids = cert
        .userids()
        .flat_map(|user_id| user_id.bundle().signatures());
    keys.chain(user_ids)
        .chain(cert.bad_signatures())
        .next()
        .is_none()
}

/// When the newest self-signature of a certificate was made.
pub(crate) fn newest(cert: &openpgp::Cert) -> SystemTime {
    let on_user_ids = cert.userids().flat_map(|user_id| user_id.self_signatures());
    cert.primary_key()
        .self_signatures()
        .chain(on_user_ids)
        .filter_map(|signature| signature.signature_creation_time())
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Says why no self-signature counts.
pub(super) fn unbound(key: &Key<'_>, profile: &Profile, at: SystemTime) -> Assessment {
    let state = |reason: String| Assessment::new(KeyState::Unbound { reason });
    let counted = key.clone().with_policy(&EVERYTHING, at).or_else(|error| {
        times(key)
            .filter(|made| *made > at)
            .take(LATER)
            .find_map(|made| key.clone().with_policy(&EVERYTHING, made).ok())
            .ok_or(error)
    });
    match counted {
        Ok(valid) => {
            let primary = valid.valid_cert().primary_key();
            let below = primary.binding_signature();
            let own = valid.binding_signature();
            let back = own.embedded_signatures();
            let mut user_ids = key.cert().userids();
            let on_user_id = user_ids.find(|one| one.self_signatures().any(|own| own == below));
            let by = on_user_id.map_or(Use::SelfSignature, |user_id| {
                used(user_id.userid().hash_algo_security())
            });
            let others = std::iter::once(own).chain(back);
            let others = others.map(|signature| (signature, Use::SelfSignature));
            for (signature, by) in std::iter::once((below, by)).chain(others) {
                if let Some((what, line)) = below_profile(signature, by, profile) {
                    return Assessment {
                        code: codes::WEAK_BINDING,
                        cause: Some(line),
                        ..state(what)
                    };
                }
            }
            state("its self-signatures do not count under the profile".to_owned())
        }
        Err(error) => {
            if let Some(openpgp::Error::Expired(expired)) = error.downcast_ref() {
                return state(format!(
                    "the self-signature that binds it expired at {}",
                    time::words(*expired)
                ));
            }
            state(why_unbound(key))
        }
    }
}

fn why_unbound(key: &Key<'_>) -> String {
    if key.primary() {
        return "no valid self-signature on the certificate".to_owned();
    }
    if key.cert().primary_key().self_signatures().next().is_none()
        && !key
            .cert()
            .userids()
            .any(|user_id| user_id.self_signatures().next().is_some())
    {
        return "no valid self-signature on the certificate".to_owned();
    }
    let claims = key
        .bundle()
        .signatures()
        .chain(key.cert().bad_signatures())
        .any(|signature| {
            signature.typ() == SignatureType::SubkeyBinding
                && signature
                    .key_flags()
                    .is_some_and(|flags| flags.for_signing())
                && signature
                    .subpacket(SubpacketTag::EmbeddedSignature)
                    .is_none()
        });
    if claims {
        "the subkey did not sign back (no primary key binding signature): anybody could have adopted it".to_owned()
    } else {
        "no valid binding signature by the primary key".to_owned()
    }
}
