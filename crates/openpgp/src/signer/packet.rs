//! Signature packets built by hand, so that the same input gives the same bytes.
//!
//! The library's own builder puts a random notation into every v4 signature; here a
//! signature carries what GnuPG puts there and nothing else: creation time and issuer
//! fingerprint hashed, and for v4 the issuer key ID unhashed.

use jiff::Timestamp;
use openpgp::Packet;
use openpgp::crypto::Signer;
use openpgp::crypto::hash::Hash;
use openpgp::crypto::mpi;
use openpgp::packet::Signature;
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketArea, SubpacketValue};
use openpgp::packet::signature::{Signature4, Signature6};
use openpgp::serialize::MarshalInto;
use openpgp::types::{HashAlgorithm, PublicKeyAlgorithm, SignatureType};
use sequoia_openpgp as openpgp;

use super::held::signing_error;
use crate::error::crypto;
use crate::{Error, HashContext, Result, SignatureForm};

/// Everything of a signature but its digest and its mathematics.
struct Fields {
    typ: SignatureType,
    public_key_algorithm: PublicKeyAlgorithm,
    digest_algorithm: HashAlgorithm,
    hashed: SubpacketArea,
    unhashed: SubpacketArea,
    salt: Option<Vec<u8>>,
}

impl Fields {
    fn build(&self, prefix: [u8; 2], mpis: mpi::Signature) -> openpgp::Result<Signature> {
        Ok(match &self.salt {
            None => Signature4::new(
                self.typ,
                self.public_key_algorithm,
                self.digest_algorithm,
                self.hashed.clone(),
                self.unhashed.clone(),
                prefix,
                mpis,
            )
            .into(),
            Some(salt) => Signature6::new(
                self.typ,
                self.public_key_algorithm,
                self.digest_algorithm,
                self.hashed.clone(),
                self.unhashed.clone(),
                prefix,
                salt.clone(),
                mpis,
            )?
            .into(),
        })
    }
}

/// Finishes `context` as a signature made at `time`: one packet, serialised.
pub(super) fn sign(
    signer: &mut dyn Signer,
    context: HashContext,
    form: SignatureForm,
    time: Timestamp,
) -> Result<Vec<u8>> {
    let failed = crypto("building a signature");
    let digest_algorithm = context.algorithm();
    let (mut context, salt) = context.into_parts();

    let public = signer.public().clone();
    let mut hashed = vec![
        SubpacketValue::SignatureCreationTime(creation_time(time)?),
        SubpacketValue::IssuerFingerprint(public.fingerprint()),
    ];
    // Readers compare areas octet by octet: keep the order of subpacket numbers.
    hashed.sort_by_key(|value| u8::from(value.tag()));
    let unhashed = match &salt {
        None => vec![SubpacketValue::Issuer(public.keyid())],
        Some(_) => Vec::new(),
    };
    let fields = Fields {
        typ: match form {
            SignatureForm::Binary => SignatureType::Binary,
            SignatureForm::Text => SignatureType::Text,
        },
        public_key_algorithm: public.pk_algo(),
        digest_algorithm,
        hashed: area(hashed).map_err(&failed)?,
        unhashed: area(unhashed).map_err(&failed)?,
        salt,
    };

    let placeholder = mpi::Signature::Unknown {
        mpis: Box::default(),
        rest: Box::default(),
    };
    let unsigned = fields.build([0; 2], placeholder).map_err(&failed)?;
    unsigned.hash(&mut context).map_err(&failed)?;
    let digest = context.into_digest().map_err(&failed)?;
    let prefix = match digest.as_slice() {
        [first, second, ..] => [*first, *second],
        _ => [0; 2],
    };

    let mpis = signer
        .sign(digest_algorithm, &digest)
        .map_err(|error| signing_error(&public, "signing", error))?;
    let signature = fields.build(prefix, mpis).map_err(&failed)?;
    Packet::from(signature).to_vec().map_err(&failed)
}

fn area(values: Vec<SubpacketValue>) -> openpgp::Result<SubpacketArea> {
    let subpackets = values
        .into_iter()
        .map(|value| Subpacket::new(value, false))
        .collect::<openpgp::Result<Vec<_>>>()?;
    SubpacketArea::new(subpackets)
}

/// The time as OpenPGP stores it: whole seconds from 1970 to 2106.
pub(super) fn creation_time(time: Timestamp) -> Result<openpgp::types::Timestamp> {
    u32::try_from(time.as_second())
        .map(Into::into)
        .map_err(|_| Error::Unsignable {
            reason: format!("{time} cannot be written in a signature (1970 to 2106)"),
        })
}
