//! What a new signature takes over from the one it follows.

use std::time::{Duration, SystemTime};

use openpgp::Cert;
use openpgp::packet::key::{PrimaryRole, PublicParts, SubordinateRole};
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketTag, SubpacketValue};
use openpgp::packet::{Key, Signature};
use openpgp::types::{KeyFlags, SignatureType};
use sequoia_openpgp as openpgp;

use super::Expiry;
use crate::error::crypto;
use crate::signer::creation_time;
use crate::{Error, Result, time};

/// The notation that the OpenPGP library salts its own v4 signatures with: it says
/// nothing, and would not be random any more if it were copied.
const SALT: &str = "salt@notations.sequoia-pgp.org";

/// How far the newest signature may lie ahead, in seconds: changes that follow each other
/// within a second push it there.
const AHEAD: u32 = 60;

/// A signature to be made after the pattern of another.
#[derive(Clone)]
pub(super) struct Template {
    pub(super) typ: SignatureType,
    /// Its subpackets, less those every signature gets afresh.
    pub(super) kept: Vec<Subpacket>,
    /// Whether it marks its creation time as critical.
    critical_time: bool,
    /// When it was made.
    made: Option<openpgp::types::Timestamp>,
    /// The back-signatures in it.
    pub(super) back: Vec<Signature>,
}

impl Template {
    /// After the pattern of a signature.
    pub(super) fn of(signature: &Signature) -> Self {
        let fresh = |subpacket: &&Subpacket| match subpacket.value() {
            SubpacketValue::SignatureCreationTime(_)
            | SubpacketValue::Issuer(_)
            | SubpacketValue::IssuerFingerprint(_)
            | SubpacketValue::EmbeddedSignature(_) => true,
            SubpacketValue::NotationData(notation) => notation.name() == SALT,
            _ => false,
        };
        let area = signature.hashed_area();
        Self {
            typ: signature.typ(),
            kept: area.iter().filter(|s| !fresh(s)).cloned().collect(),
            critical_time: area
                .subpacket(SubpacketTag::SignatureCreationTime)
                .is_some_and(Subpacket::critical),
            made: signature
                .signature_creation_time()
                .and_then(|made| made.try_into().ok()),
            back: signature.embedded_signatures().cloned().collect(),
        }
    }

    /// The first signature of its kind, without anything in it.
    pub(super) fn new(typ: SignatureType) -> Self {
        Self {
            typ,
            kept: Vec::new(),
            critical_time: false,
            made: None,
            back: Vec::new(),
        }
    }

    /// The binding of a new subkey.
    pub(super) fn binding(flags: KeyFlags) -> Result<Self> {
        let flags = Subpacket::new(SubpacketValue::KeyFlags(flags), false)
            .map_err(crypto("setting the key flags"))?;
        Ok(Self {
            kept: vec![flags],
            ..Self::new(SignatureType::SubkeyBinding)
        })
    }

    /// Whether the key it binds may make signatures over data.
    pub(super) fn for_signing(&self) -> bool {
        self.kept.iter().any(|subpacket| match subpacket.value() {
            SubpacketValue::KeyFlags(flags) => flags.for_signing(),
            _ => false,
        })
    }

    /// The creation time of what follows it: `now`, or a second after it where both fall
    /// into the same one, for readers take the newest.
    pub(super) fn time(&self, now: openpgp::types::Timestamp) -> Result<Subpacket> {
        let before = self.made.map_or(0, u32::from);
        let mut seconds = u32::from(now);
        if let Some(ahead) = before.checked_sub(seconds) {
            if ahead > AHEAD {
                return Err(Error::Unsignable {
                    reason: format!(
                        "the newest self-signature is of {}, later than now ({}): one of the two clocks is wrong",
                        time::words(openpgp::types::Timestamp::from(before).into()),
                        time::words(now.into())
                    ),
                });
            }
            seconds = before.saturating_add(1);
        }
        let value = SubpacketValue::SignatureCreationTime(seconds.into());
        Subpacket::new(value, self.critical_time).map_err(crypto("setting the time"))
    }

    /// Says when the key, which was made at `made`, expires.
    pub(super) fn expire(&mut self, made: SystemTime, expiry: Expiry) -> Result<()> {
        let is_expiry = |s: &Subpacket| s.tag() == SubpacketTag::KeyExpirationTime;
        let critical = self.kept.iter().any(|s| is_expiry(s) && s.critical());
        let value = match expiry {
            Expiry::Keep => return Ok(()),
            Expiry::Never => None,
            Expiry::At(at) => Some(length(made, at)?),
        };
        self.kept.retain(|subpacket| !is_expiry(subpacket));
        if let Some(value) = value {
            let value = SubpacketValue::KeyExpirationTime(value);
            self.kept
                .push(Subpacket::new(value, critical).map_err(crypto("setting the expiry"))?);
        }
        Ok(())
    }
}

/// How long a key lives that expires at a moment.
fn length(made: SystemTime, at: jiff::Timestamp) -> Result<openpgp::types::Duration> {
    // Both the moment and the length must fit.
    let end = SystemTime::from(creation_time(at)?);
    let length = end.duration_since(made).unwrap_or(Duration::ZERO);
    if length.is_zero() {
        return Err(Error::Unsignable {
            reason: format!(
                "the key would expire at {at}, and was made only then or later ({})",
                time::words(made)
            ),
        });
    }
    length.try_into().map_err(crypto("setting the expiry"))
}

/// A binding by the primary key that counts for nothing because the subkey did not sign
/// back: still the primary key's word on what the subkey is for.
pub(super) fn unanswered<'a>(
    cert: &'a Cert,
    primary: &Key<PublicParts, PrimaryRole>,
    subkey: &Key<PublicParts, SubordinateRole>,
) -> Option<&'a Signature> {
    cert.bad_signatures()
        .filter(|signature| signature.typ() == SignatureType::SubkeyBinding)
        .filter(|signature| {
            let digest = || -> openpgp::Result<Vec<u8>> {
                let algorithm = signature.hash_algo();
                let mut context = algorithm.context()?.for_signature(signature.version());
                signature.hash_subkey_binding(&mut context, primary, subkey)?;
                context.into_digest()
            };
            digest().is_ok_and(|digest| {
                primary
                    .verify(signature.mpis(), signature.hash_algo(), &digest)
                    .is_ok()
            })
        })
        .max_by_key(|signature| signature.signature_creation_time())
}
