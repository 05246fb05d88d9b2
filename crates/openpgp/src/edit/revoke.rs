//! Revocations.

use openpgp::packet::signature::subpacket::{Subpacket, SubpacketValue};
use openpgp::types::{ReasonForRevocation, RevocationType, SignatureType};
use sequoia_openpgp as openpgp;

use super::make::Over;
use super::template::Template;
use super::{Edit, Part};
use crate::error::crypto;
use crate::{Error, Result};

/// Bytes of the words in a revocation, at most.
const MESSAGE: usize = 1024;

/// Why something is revoked (RFC 9580, 5.2.3.31), and with it how far back that reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Another key takes over. Soft: what was signed before stays good.
    Superseded,
    /// The key is used no more. Soft.
    Retired,
    /// The user ID is wrong now. Soft, for user IDs only.
    UserIdInvalid,
    /// Somebody else may have the secret. Hard: nothing this key ever signed counts.
    Compromised,
    /// None is given. Hard.
    Unspecified,
}

impl Reason {
    /// Whether it takes away what was signed before it as well.
    pub fn is_hard(self) -> bool {
        self.code().revocation_type() == RevocationType::Hard
    }

    fn code(self) -> ReasonForRevocation {
        match self {
            Self::Superseded => ReasonForRevocation::KeySuperseded,
            Self::Retired => ReasonForRevocation::KeyRetired,
            Self::UserIdInvalid => ReasonForRevocation::UIDRetired,
            Self::Compromised => ReasonForRevocation::KeyCompromised,
            Self::Unspecified => ReasonForRevocation::Unspecified,
        }
    }
}

/// A revocation's reason and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoking {
    /// Why.
    pub reason: Reason,
    /// Words for people, which are published with it; may be empty.
    pub message: String,
}

impl Edit<'_> {
    /// Revokes the whole certificate ([`Part::Key`]), a user ID or a subkey.
    ///
    /// # Errors
    /// [`Error::Key`]: no such part, or it is revoked already as hard as this;
    /// [`Error::Unsignable`]: a reason that does not fit the part, a message of more than
    /// 1024 bytes or with control characters; [`Error::Crypto`].
    pub fn revoke(&mut self, part: &Part, why: &Revoking) -> Result<()> {
        let unsignable = |reason: &str| {
            Err(Error::Unsignable {
                reason: reason.to_owned(),
            })
        };
        let of_user_id = matches!(part, Part::UserId(_));
        let fits = match why.reason {
            Reason::UserIdInvalid => of_user_id,
            Reason::Unspecified => true,
            Reason::Superseded | Reason::Retired | Reason::Compromised => !of_user_id,
        };
        if !fits {
            return unsignable(if of_user_id {
                "a user ID is revoked because it is invalid, or without a reason"
            } else {
                "only a user ID is revoked as invalid"
            });
        }
        if why.message.len() > MESSAGE {
            return unsignable("the message is longer than 1024 bytes");
        }
        if why.message.chars().any(char::is_control) {
            return unsignable("there is a control character in the message");
        }
        let value = SubpacketValue::ReasonForRevocation {
            code: why.reason.code(),
            reason: why.message.clone().into_bytes(),
        };
        let value = Subpacket::new(value, false).map_err(crypto("setting the reason"))?;
        let with = |typ, newest: Option<&openpgp::packet::Signature>| {
            // It follows what it revokes, or readers would not know which holds.
            let mut template = newest.map_or_else(|| Template::new(typ), Template::of);
            template.typ = typ;
            template.back.clear();
            template.kept = vec![value];
            template
        };
        match part {
            Part::Key => {
                let primary = self.cert.primary_key();
                self.not_yet_revoked(primary.self_revocations(), why.reason, "the key")?;
                let template = with(
                    SignatureType::KeyRevocation,
                    primary.self_signatures().next(),
                );
                self.sign(&template, Over::Key)
            }
            Part::UserId(value) => {
                let found = self.user_id(value)?;
                self.not_yet_revoked(found.self_revocations(), why.reason, "the user ID")?;
                let user_id = found.userid().clone();
                let template = with(
                    SignatureType::CertificationRevocation,
                    found.self_signatures().next(),
                );
                self.sign(&template, Over::UserId(&user_id))
            }
            Part::Subkey(fingerprint) => {
                let found = self.subkey(fingerprint)?;
                self.not_yet_revoked(found.self_revocations(), why.reason, "the subkey")?;
                let subkey = found.key().clone();
                let template = with(
                    SignatureType::SubkeyRevocation,
                    found.self_signatures().next(),
                );
                self.sign(&template, Over::Subkey(&subkey))
            }
        }
    }

    /// A hard revocation may follow a soft one, nothing else may follow any.
    fn not_yet_revoked<'s>(
        &self,
        revocations: impl Iterator<Item = &'s openpgp::packet::Signature>,
        reason: Reason,
        what: &str,
    ) -> Result<()> {
        let is_hard = |revocation: &openpgp::packet::Signature| {
            revocation
                .reason_for_revocation()
                .is_none_or(|(code, _)| code.revocation_type() == RevocationType::Hard)
        };
        let revocations: Vec<_> = revocations.collect();
        let stands = match reason.is_hard() {
            true => revocations.iter().any(|revocation| is_hard(revocation)),
            false => !revocations.is_empty(),
        };
        if stands {
            return Err(self.refused(format!("{what} is revoked already")));
        }
        Ok(())
    }
}
