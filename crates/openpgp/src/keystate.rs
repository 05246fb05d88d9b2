//! The state of a key at a moment, and why.
//!
//! A certificate changes over time. The state *then* is read from the self-signatures in
//! force then, so that a key extended later was still expired in the gap. Where none of
//! those days is left (owners drop old self-signatures when they issue new ones), or
//! where they are all too weak for the profile, the oldest later self-signature that
//! counts speaks for the earlier time; a weak one may still forbid, never allow.

use std::time::SystemTime;

use openpgp::cert::amalgamation::ValidateAmalgamation;
use openpgp::cert::amalgamation::key::{ErasedKeyAmalgamation, PrimaryKey};
use openpgp::packet::key::PublicParts;
use pkgseal_repo::Code;
use sequoia_openpgp as openpgp;

use crate::algorithm::Algorithm;
use crate::{Certificates, KeyState, Profile, codes, time};

mod binding;
mod moments;
mod policy;
mod revocation;

use binding::{Binding, times, unbound};
pub(crate) use binding::{is_bare, newest};
pub(crate) use moments::moments;
pub(crate) use policy::{EVERYTHING, SelfSignatures, below_profile, critical_unknown, used};
use revocation::revocation;

/// A state, and what to say of it.
#[derive(Clone, Debug)]
pub(crate) struct Assessment {
    pub(crate) state: KeyState,
    pub(crate) code: Code,
    /// The profile line, where a rule of the profile decided.
    pub(crate) cause: Option<String>,
    /// Whether self-signatures made later spoke for that moment.
    pub(crate) by_later: bool,
    /// Of an expired key: when a self-signature was made that covers the moment after all.
    pub(crate) extended: Option<SystemTime>,
    /// Of an unbound key: whether its certificate carries no signature at all.
    pub(crate) bare: bool,
}

impl Assessment {
    fn new(state: KeyState) -> Self {
        let code = match &state {
            KeyState::Live | KeyState::Expired { .. } => codes::KEY_EXPIRED_AT_SIGNING,
            KeyState::NotYetValid { .. } => codes::KEY_NOT_YET_VALID,
            KeyState::Revoked(revocation) if revocation.hard => codes::KEY_REVOKED,
            KeyState::Revoked(_) => codes::KEY_REVOKED_SOFT,
            KeyState::NotForSigning => codes::KEY_NOT_FOR_SIGNING,
            KeyState::Unbound { .. } => codes::KEY_UNBOUND,
            KeyState::Weak { .. } => codes::WEAK_KEY,
        };
        Self {
            state,
            code,
            cause: None,
            by_later: false,
            extended: None,
            bare: false,
        }
    }
}

type Key<'a> = ErasedKeyAmalgamation<'a, PublicParts>;

/// The state of a key at a moment, for a signature over data made at `made`.
pub(crate) fn assess(
    key: &Key<'_>,
    certificates: &Certificates,
    profile: &Profile,
    at: SystemTime,
    made: SystemTime,
) -> Assessment {
    let primary = key.cert().primary_key();
    let born = key.key().creation_time().max(primary.key().creation_time());
    if born > at {
        return Assessment::new(KeyState::NotYetValid {
            from: time::timestamp(born),
        });
    }
    if let Some(revocation) = revocation(key, certificates, at) {
        return Assessment::new(KeyState::Revoked(revocation));
    }
    if !key.key().pk_algo().for_signing() {
        return Assessment::new(KeyState::NotForSigning);
    }
    if let Some(weak) = weak(key, profile, made) {
        return weak;
    }
    let counted = SelfSignatures::under(profile);
    let of_the_day = Binding::at(key, &counted, at);
    let by_later = of_the_day.is_none();
    let Some(binding) = of_the_day.or_else(|| Binding::later(key, &counted, at)) else {
        return Assessment {
            bare: is_bare(key.cert()),
            ..unbound(key, profile, at)
        };
    };
    // What a weak self-signature of the day forbids stays forbidden.
    let any_of_the_day = Binding::at(key, &EVERYTHING, at);
    let bindings = || std::iter::once(&binding).chain(&any_of_the_day);
    let state = bindings()
        .find_map(|binding| binding.expired(at))
        .or_else(|| {
            let not_for_signing = bindings().any(|binding| !binding.for_signing);
            not_for_signing.then_some(KeyState::NotForSigning)
        });
    let state = state.unwrap_or(KeyState::Live);
    let extended = match &state {
        KeyState::Expired { .. } => Binding::extended(key, &counted, at),
        _ => None,
    };
    let assessment = Assessment::new(state);
    Assessment {
        by_later,
        code: if extended.is_some() {
            codes::KEY_EXTENDED_LATER
        } else {
            assessment.code
        },
        extended,
        ..assessment
    }
}

/// When a key expires, its certificate's expiry included, and what it may do: by the
/// newest self-signatures, weak ones too.
pub(crate) fn lifetime(key: &Key<'_>, at: SystemTime) -> (Option<SystemTime>, Vec<&'static str>) {
    let newest = times(key).max().map_or(at, |newest| newest.max(at));
    let Ok(valid) = key.clone().with_policy(&EVERYTHING, newest) else {
        return (None, Vec::new());
    };
    let binding = Binding::of(&valid);
    let expires = [binding.key_expires, binding.primary_expires]
        .into_iter()
        .flatten()
        .min();
    let mut can = Vec::new();
    if valid.for_certification() && key.primary() {
        can.push("certify");
    }
    if valid.for_signing() {
        can.push("sign");
    }
    if valid.for_transport_encryption() || valid.for_storage_encryption() {
        can.push("encrypt");
    }
    if valid.for_authentication() {
        can.push("authenticate");
    }
    (expires, can)
}

/// When a key expires by its own newest self-signature, whatever its certificate does.
pub(crate) fn own_expiry(key: &Key<'_>, at: SystemTime) -> Option<SystemTime> {
    let newest = times(key).max().map_or(at, |newest| newest.max(at));
    let valid = key.clone().with_policy(&EVERYTHING, newest).ok()?;
    Binding::of(&valid).key_expires
}

/// Whether the key, or the primary key above it, is below the profile.
fn weak(key: &Key<'_>, profile: &Profile, made: SystemTime) -> Option<Assessment> {
    let made = Some(time::timestamp(made));
    let check = |whose: &str, algorithm: Algorithm| {
        let rule = profile.public_key(&algorithm, made);
        (!rule.value).then(|| Assessment {
            cause: Some(rule.line),
            ..Assessment::new(KeyState::Weak {
                reason: format!("the {whose} is {}", algorithm.name),
            })
        })
    };
    check("signing key", Algorithm::of(key.key())).or_else(|| {
        let primary = key.cert().primary_key();
        check("primary key", Algorithm::of(primary.key()))
    })
}
