//! The state of a key at a moment, and why.
//!
//! A certificate changes over time. The state *then* is read from the self-signatures in
//! force then, so that a key extended later was still expired in the gap. Where none of
//! those days is left (owners drop old self-signatures when they issue new ones), or
//! where they are all too weak for the profile, the oldest later self-signature that
//! counts speaks for the earlier time; a weak one may still forbid, never allow.

use std::time::SystemTime;

use openpgp::cert::amalgamation::key::{
    ErasedKeyAmalgamation, PrimaryKey, ValidErasedKeyAmalgamation,
};
use openpgp::cert::amalgamation::{ValidAmalgamation, ValidateAmalgamation};
use openpgp::packet::key::PublicParts;
use openpgp::packet::signature::subpacket::SubpacketTag;
use openpgp::packet::{Packet, Signature};
use openpgp::policy::{HashAlgoSecurity, Policy};
use openpgp::types::{AEADAlgorithm, RevocationType, SignatureType, SymmetricAlgorithm};
use pkgseal_repo::Code;
use sequoia_openpgp as openpgp;

use crate::algorithm::{Algorithm, digest_rule};
use crate::profile::{Profile, Use};
use crate::{Certificate, Certificates, Fingerprint, KeyState, Revocation, codes, names, time};

/// Revocations by others, and designated revokers, looked at.
const REVOKERS: usize = 32;
/// Self-signatures looked at when those of the day are gone.
const LATER: usize = 64;

/// A state, and what to say of it.
#[derive(Clone, Debug)]
pub(crate) struct Assessment {
    pub(crate) state: KeyState,
    pub(crate) code: Code,
    /// The profile line, where a rule of the profile decided.
    pub(crate) cause: Option<String>,
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
    let strict = SelfSignatures {
        profile: Some(profile),
    };
    let binding = Binding::at(key, &strict, at).or_else(|| Binding::later(key, &strict, at));
    let Some(binding) = binding else {
        return unbound(key, profile, at);
    };
    // What a weak self-signature of the day forbids stays forbidden.
    let of_the_day = Binding::at(key, &EVERYTHING, at);
    for binding in [Some(&binding), of_the_day.as_ref()].into_iter().flatten() {
        if let Some(state) = binding.expired(at) {
            return Assessment::new(state);
        }
    }
    if !binding.for_signing {
        return Assessment::new(KeyState::NotForSigning);
    }
    Assessment::new(KeyState::Live)
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

/// What the self-signatures in force at a moment say.
struct Binding {
    for_signing: bool,
    key_expires: Option<SystemTime>,
    primary_expires: Option<SystemTime>,
}

impl Binding {
    fn of(valid: &ValidErasedKeyAmalgamation<'_, PublicParts>) -> Self {
        Self {
            for_signing: valid.for_signing(),
            key_expires: valid.key_expiration_time(),
            primary_expires: valid.valid_cert().primary_key().key_expiration_time(),
        }
    }

    fn at(key: &Key<'_>, policy: &dyn Policy, at: SystemTime) -> Option<Self> {
        let valid = key.clone().with_policy(policy, at).ok()?;
        Some(Self::of(&valid))
    }

    /// By the oldest self-signatures after `at` that count.
    fn later(key: &Key<'_>, policy: &dyn Policy, at: SystemTime) -> Option<Self> {
        let mut later: Vec<_> = times(key).filter(|made| *made > at).collect();
        later.sort_unstable();
        later.dedup();
        later
            .into_iter()
            .take(LATER)
            .find_map(|made| Self::at(key, policy, made))
    }

    fn expired(&self, at: SystemTime) -> Option<KeyState> {
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
fn times<'a>(key: &Key<'a>) -> impl Iterator<Item = SystemTime> + use<'a> {
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

/// The revocation in force at a moment: of the primary key or of the key itself. A hard
/// one counts whenever it was made; a soft one from then on, whatever self-signature
/// follows. Weak digests count too: a revocation only ever forbids.
fn revocation(key: &Key<'_>, certificates: &Certificates, at: SystemTime) -> Option<Revocation> {
    let primary = key.cert().primary_key();
    let found: Vec<_> = primary
        .self_revocations()
        .chain(key.self_revocations())
        .chain(by_revoker(key, certificates))
        .map(describe)
        .collect();
    let hard = found.iter().find(|revocation| revocation.hard);
    let soft = found
        .iter()
        .filter(|revocation| revocation.at.is_none_or(|made| time::system(made) <= at));
    hard.or_else(|| soft.min_by_key(|revocation| revocation.at))
        .cloned()
}

/// Revocations of the certificate by a revoker it designates (RFC 9580, 5.2.3.23), where
/// the revoker's certificate is at hand.
fn by_revoker<'a>(key: &Key<'a>, certificates: &Certificates) -> Vec<&'a Signature> {
    let primary = key.cert().primary_key();
    let mut others = primary.other_revocations().peekable();
    if others.peek().is_none() {
        return Vec::new();
    }
    let revokers: Vec<_> = key
        .cert()
        .revocation_keys(&EVERYTHING)
        .take(REVOKERS)
        .filter_map(|revoker| certificates.get(&Fingerprint::of(revoker.revoker().1)))
        .collect();
    let revoked_by = |revocation: &Signature, revoker: &Certificate| {
        let revoker = revoker.cert().primary_key();
        let named = revocation
            .get_issuers()
            .iter()
            .any(|issuer| issuer.aliases(revoker.key().key_handle()));
        named
            && revocation
                .verify_primary_key_revocation(revoker.key(), primary.key())
                .is_ok()
    };
    others
        .filter(|revocation| {
            revokers
                .iter()
                .any(|revoker| revoked_by(revocation, revoker))
        })
        .take(REVOKERS)
        .collect()
}

fn describe(signature: &Signature) -> Revocation {
    let (hard, reason) = match signature.reason_for_revocation() {
        Some((reason, text)) => (
            reason.revocation_type() == RevocationType::Hard,
            String::from_utf8_lossy(text).into_owned(),
        ),
        None => (true, String::new()),
    };
    Revocation {
        at: signature.signature_creation_time().map(time::timestamp),
        hard,
        reason,
    }
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

/// Says why no self-signature counts.
fn unbound(key: &Key<'_>, profile: &Profile, at: SystemTime) -> Assessment {
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
            for signature in std::iter::once(below).chain([own]).chain(back) {
                if let Some((what, line)) = below_profile(signature, profile) {
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

/// Why the profile does not count a self-signature: words and the profile's line.
pub(crate) fn below_profile(signature: &Signature, profile: &Profile) -> Option<(String, String)> {
    let made = signature.signature_creation_time().map(time::timestamp);
    let digest = names::digest(signature.hash_algo());
    let rule = digest_rule(signature.hash_algo());
    let accepted = profile.digest(rule, Use::SelfSignature, made);
    let what = match signature.typ() {
        SignatureType::SubkeyBinding => "the subkey's binding signature",
        SignatureType::PrimaryKeyBinding => "the subkey's back-signature",
        SignatureType::DirectKey => "the certificate's direct-key self-signature",
        _ => "the certificate's self-signature",
    };
    let when = signature
        .signature_creation_time()
        .map(|made| format!(" of {}", time::words(made)))
        .unwrap_or_default();
    if !accepted.value {
        return Some((format!("{what}{when} uses {digest}"), accepted.line));
    }
    let version = profile.version(signature.version(), made);
    if !version.value {
        let number = signature.version();
        return Some((
            format!("{what}{when} is a version {number} signature"),
            version.line,
        ));
    }
    None
}

/// Sequoia's policy hook: which self-signatures count.
#[derive(Debug)]
pub(crate) struct SelfSignatures<'a> {
    /// `None` counts everything that is mathematically right: to explain or to forbid,
    /// never to accept.
    profile: Option<&'a Profile>,
}

pub(crate) const EVERYTHING: SelfSignatures<'static> = SelfSignatures { profile: None };

impl Policy for SelfSignatures<'_> {
    fn signature(&self, signature: &Signature, _: HashAlgoSecurity) -> openpgp::Result<()> {
        let refuse = |why: String| Err(openpgp::Error::PolicyViolation(why, None).into());
        let Some(profile) = self.profile else {
            return Ok(());
        };
        if let Some((what, _)) = below_profile(signature, profile) {
            return refuse(what);
        }
        match critical_unknown(signature) {
            Some(what) => refuse(what),
            None => Ok(()),
        }
    }

    fn key(&self, _: &ValidErasedKeyAmalgamation<'_, PublicParts>) -> openpgp::Result<()> {
        // Judged by `weak`, with words.
        Ok(())
    }

    fn symmetric_algorithm(&self, _: SymmetricAlgorithm) -> openpgp::Result<()> {
        Ok(())
    }

    fn aead_algorithm(&self, _: AEADAlgorithm) -> openpgp::Result<()> {
        Ok(())
    }

    fn packet(&self, _: &Packet) -> openpgp::Result<()> {
        Ok(())
    }
}

/// A critical subpacket or notation nobody here understands (RFC 9580, 5.2.3.7): the
/// signature must not be taken as valid.
pub(crate) fn critical_unknown(signature: &Signature) -> Option<String> {
    use openpgp::packet::signature::subpacket::SubpacketValue;
    signature
        .hashed_area()
        .iter()
        .filter(|subpacket| subpacket.critical())
        .find_map(|subpacket| match subpacket.value() {
            SubpacketValue::NotationData(notation) => Some(format!(
                "it carries the critical notation `{}`, which is not understood here",
                notation.name()
            )),
            SubpacketValue::Unknown { .. } => Some(format!(
                "it carries a critical subpacket of type {}, which is not understood here",
                u8::from(subpacket.tag())
            )),
            _ => None,
        })
}
