//! Which self-signatures count.

use openpgp::cert::amalgamation::key::ValidErasedKeyAmalgamation;
use openpgp::packet::key::PublicParts;
use openpgp::packet::{Packet, Signature};
use openpgp::policy::{HashAlgoSecurity, Policy};
use openpgp::types::{AEADAlgorithm, SignatureType, SymmetricAlgorithm};
use sequoia_openpgp as openpgp;

use crate::algorithm::digest_rule;
use crate::profile::Use;
use crate::{Profile, names, time};

/// Where a collision is no danger, and where it is one.
pub(crate) fn used(security: HashAlgoSecurity) -> Use {
    match security {
        HashAlgoSecurity::SecondPreImageResistance => Use::SelfSignature,
        HashAlgoSecurity::CollisionResistance => Use::LongUserId,
    }
}

/// Why the profile does not count a self-signature: words and the profile's line.
pub(crate) fn below_profile(
    signature: &Signature,
    used: Use,
    profile: &Profile,
) -> Option<(String, String)> {
    let made = signature.signature_creation_time().map(time::timestamp);
    let rule = digest_rule(signature.hash_algo());
    let accepted = profile.digest(rule, used, made);
    let version = profile.version(signature.version(), made);
    // The usual case, asked once for every self-signature: no words are needed.
    if accepted.value && version.value {
        return None;
    }
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
        let digest = names::digest(signature.hash_algo());
        let what = match used {
            Use::LongUserId => format!("{what} on a user ID of more than 96 bytes"),
            _ => what.to_owned(),
        };
        return Some((format!("{what}{when} uses {digest}"), accepted.line));
    }
    let number = signature.version();
    Some((
        format!("{what}{when} is a version {number} signature"),
        version.line,
    ))
}

/// Sequoia's policy hook: which self-signatures count.
#[derive(Debug)]
pub(crate) struct SelfSignatures<'a> {
    /// `None` counts everything that is mathematically right: to explain or to forbid,
    /// never to accept.
    profile: Option<&'a Profile>,
}

pub(crate) const EVERYTHING: SelfSignatures<'static> = SelfSignatures { profile: None };

impl<'a> SelfSignatures<'a> {
    pub(crate) fn under(profile: &'a Profile) -> Self {
        Self {
            profile: Some(profile),
        }
    }
}

impl Policy for SelfSignatures<'_> {
    fn signature(&self, signature: &Signature, security: HashAlgoSecurity) -> openpgp::Result<()> {
        let refuse = |why: String| Err(openpgp::Error::PolicyViolation(why, None).into());
        let Some(profile) = self.profile else {
            return Ok(());
        };
        if let Some((what, _)) = below_profile(signature, used(security), profile) {
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
