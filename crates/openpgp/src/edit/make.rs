//! Making the signatures.

use openpgp::Packet;
use openpgp::crypto::Signer;
use openpgp::crypto::hash::Hash;
use openpgp::packet::key::{PublicParts, SubordinateRole};
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketTag, SubpacketValue};
use openpgp::packet::{Key, Signature, UserID};
use openpgp::types::{HashAlgorithm, SignatureType};
use sequoia_openpgp as openpgp;

use super::template::Template;
use super::{Edit, Expiry, refused};
use crate::draft::Draft;
use crate::error::crypto;
use crate::{HashContext, Result};

type Subkey = Key<PublicParts, SubordinateRole>;

/// What a signature covers beside the primary key (RFC 9580, 5.2.4).
#[derive(Clone, Copy)]
pub(super) enum Over<'a> {
    /// Nothing.
    Key,
    /// A user ID.
    UserId(&'a UserID),
    /// A subkey.
    Subkey(&'a Subkey),
}

/// Digests for self-signatures, best first. Which, is not up to readers: those of
/// self-signatures that know SHA-256 know these too.
const DIGESTS: &[HashAlgorithm] = &[
    HashAlgorithm::SHA512,
    HashAlgorithm::SHA384,
    HashAlgorithm::SHA256,
];

impl Edit<'_> {
    /// A binding of a subkey, with its back-signature where it signs.
    pub(super) fn bind(
        &mut self,
        subkey: &Subkey,
        mut template: Template,
        expiry: Expiry,
    ) -> Result<()> {
        template.expire(subkey.creation_time(), expiry)?;
        if template.for_signing() {
            let back = self.back_signature(subkey, &template)?;
            let back = Subpacket::new(SubpacketValue::EmbeddedSignature(back), false);
            template
                .kept
                .push(back.map_err(crypto("embedding the back-signature"))?);
        }
        self.sign(&template, Over::Subkey(subkey))
    }

    /// A signature by the primary key, added to the change.
    pub(super) fn sign(&mut self, template: &Template, over: Over<'_>) -> Result<()> {
        let time = template.time(self.now)?;
        let primary = self.cert.primary_key().key().clone();
        let signature = made(&mut *self.primary, template, time, |context| {
            primary.hash(context)?;
            match over {
                Over::Key => Ok(()),
                Over::UserId(user_id) => user_id.hash(context),
                Over::Subkey(subkey) => subkey.hash(context),
            }
        })?;
        self.added.push(Packet::from(signature));
        Ok(())
    }

    /// The subkey's consent: made anew, or the old one again where the subkey's secret
    /// part is elsewhere.
    fn back_signature(&self, subkey: &Subkey, binding: &Template) -> Result<Signature> {
        let primary = self.cert.primary_key().key().clone();
        let Some(mut signer) = self
            .holder
            .signer(&subkey.clone().role_into_unspecified())?
        else {
            let lasting = |back: &&Signature| {
                DIGESTS.contains(&back.hash_algo())
                    && back.signature_expiration_time().is_none()
                    && back.verify_primary_key_binding(&primary, subkey).is_ok()
            };
            return binding.back.iter().find(lasting).cloned().ok_or_else(|| {
                refused(
                    &subkey.fingerprint(),
                    "the secret part of this subkey is not here, and it has to sign back (the signature it made before is missing or too weak to serve again)",
                )
            });
        };
        let template = Template::new(SignatureType::PrimaryKeyBinding);
        let time = binding.time(self.now)?;
        made(&mut *signer, &template, time, |context| {
            primary.hash(context)?;
            subkey.hash(context)
        })
    }
}

fn made(
    signer: &mut (dyn Signer + Send + Sync),
    template: &Template,
    time: Subpacket,
    feed: impl FnOnce(&mut openpgp::crypto::hash::Context) -> openpgp::Result<()>,
) -> Result<Signature> {
    let failed = crypto("building a signature");
    let public = signer.public().clone();
    let digest_algorithm = DIGESTS
        .iter()
        .copied()
        .find(|digest| signer.acceptable_hashes().contains(digest))
        .ok_or_else(|| {
            refused(
                &public.fingerprint(),
                "its holder signs none of SHA-512, SHA-384 and SHA-256",
            )
        })?;
    let new = |value| Subpacket::new(value, false).map_err(&failed);
    let mut hashed = template.kept.clone();
    hashed.retain(|subpacket| subpacket.tag() != SubpacketTag::SignatureCreationTime);
    hashed.push(time);
    hashed.push(new(SubpacketValue::IssuerFingerprint(
        public.fingerprint(),
    ))?);

    let (mut context, unhashed) = match public.version() {
        6 => (HashContext::salted(digest_algorithm)?, Vec::new()),
        _ => (
            HashContext::unsalted(digest_algorithm)?,
            vec![new(SubpacketValue::Issuer(public.keyid()))?],
        ),
    };
    feed(context.inner_mut()).map_err(&failed)?;
    let draft = Draft {
        typ: template.typ,
        digest_algorithm,
        hashed,
        unhashed,
    };
    draft.sign(signer, context)
}
