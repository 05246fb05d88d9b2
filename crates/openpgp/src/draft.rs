//! Signature packets built by hand, so that the same input gives the same bytes.
//!
//! The library's own builder puts a random notation into every v4 signature; here a
//! signature carries what its maker asks for and nothing else.

use openpgp::crypto::Signer;
use openpgp::crypto::hash::Hash;
use openpgp::crypto::mpi;
use openpgp::packet::Signature;
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketArea};
use openpgp::packet::signature::{Signature4, Signature6};
use openpgp::types::{HashAlgorithm, SignatureType};
use sequoia_openpgp as openpgp;

use crate::error::crypto;
use crate::signer::signing_error;
use crate::{HashContext, Result};

/// Everything of a signature but its digest and its mathematics.
pub(crate) struct Draft {
    pub(crate) typ: SignatureType,
    pub(crate) digest_algorithm: HashAlgorithm,
    pub(crate) hashed: Vec<Subpacket>,
    pub(crate) unhashed: Vec<Subpacket>,
}

impl Draft {
    /// Signs `context`, into which what the signature covers was fed.
    pub(crate) fn sign(self, signer: &mut dyn Signer, context: HashContext) -> Result<Signature> {
        let failed = crypto("building a signature");
        let (mut context, salt) = context.into_parts();
        let Self {
            typ,
            digest_algorithm,
            mut hashed,
            unhashed,
        } = self;
        // Readers compare areas octet by octet: keep the order of subpacket numbers.
        hashed.sort_by_key(|subpacket| u8::from(subpacket.tag()));
        let hashed = SubpacketArea::new(hashed).map_err(&failed)?;
        let unhashed = SubpacketArea::new(unhashed).map_err(&failed)?;
        let public = signer.public().clone();
        let public_key_algorithm = public.pk_algo();

        let build = |prefix, mpis| -> openpgp::Result<Signature> {
            let (hashed, unhashed) = (hashed.clone(), unhashed.clone());
            Ok(match &salt {
                None => Signature4::new(
                    typ,
                    public_key_algorithm,
                    digest_algorithm,
                    hashed,
                    unhashed,
                    prefix,
                    mpis,
                )
                .into(),
                Some(salt) => Signature6::new(
                    typ,
                    public_key_algorithm,
                    digest_algorithm,
                    hashed,
                    unhashed,
                    prefix,
                    salt.clone(),
                    mpis,
                )?
                .into(),
            })
        };
        let placeholder = mpi::Signature::Unknown {
            mpis: Box::default(),
            rest: Box::default(),
        };
        let unsigned = build([0; 2], placeholder).map_err(&failed)?;
        unsigned.hash(&mut context).map_err(&failed)?;
        let digest = context.into_digest().map_err(&failed)?;
        let prefix = match digest.as_slice() {
            [first, second, ..] => [*first, *second],
            _ => [0; 2],
        };
        let mpis = signer
            .sign(digest_algorithm, &digest)
            .map_err(|error| signing_error(&public, "signing", error))?;
        build(prefix, mpis).map_err(&failed)
    }
}
