//! Signatures over data: what GnuPG puts into them and nothing else: creation time and
//! issuer fingerprint hashed, and for v4 the issuer key ID unhashed.

use jiff::Timestamp;
use openpgp::Packet;
use openpgp::crypto::Signer;
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketValue};
use openpgp::serialize::MarshalInto;
use openpgp::types::SignatureType;
use sequoia_openpgp as openpgp;

use crate::draft::Draft;
use crate::error::crypto;
use crate::{Error, HashContext, Result, SignatureForm};

/// Finishes `context` as a signature made at `time`: one packet, serialised.
pub(super) fn sign(
    signer: &mut dyn Signer,
    context: HashContext,
    form: SignatureForm,
    time: Timestamp,
) -> Result<Vec<u8>> {
    let failed = crypto("building a signature");
    let public = signer.public();
    let hashed = vec![
        SubpacketValue::SignatureCreationTime(creation_time(time)?),
        SubpacketValue::IssuerFingerprint(public.fingerprint()),
    ];
    let unhashed = match context.version() {
        4 => vec![SubpacketValue::Issuer(public.keyid())],
        _ => Vec::new(),
    };
    let draft = Draft {
        typ: match form {
            SignatureForm::Binary => SignatureType::Binary,
            SignatureForm::Text => SignatureType::Text,
        },
        digest_algorithm: context.algorithm(),
        hashed: subpackets(hashed).map_err(&failed)?,
        unhashed: subpackets(unhashed).map_err(&failed)?,
    };
    let signature = draft.sign(signer, context)?;
    Packet::from(signature).to_vec().map_err(&failed)
}

fn subpackets(values: Vec<SubpacketValue>) -> openpgp::Result<Vec<Subpacket>> {
    values
        .into_iter()
        .map(|value| Subpacket::new(value, false))
        .collect()
}

/// The time as OpenPGP stores it: whole seconds from 1970 to 2106.
pub(crate) fn creation_time(time: Timestamp) -> Result<openpgp::types::Timestamp> {
    u32::try_from(time.as_second())
        .map(Into::into)
        .map_err(|_| Error::Unsignable {
            reason: format!("{time} cannot be written in a signature (1970 to 2106)"),
        })
}
