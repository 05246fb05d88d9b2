//! Self-signatures of a v4 certificate as GnuPG makes them.
//!
//! The OpenPGP library's own carry a direct-key signature and mark expiry, flags and
//! primary user ID as critical; rpm's own parser (4.18 and older, Enterprise Linux 9)
//! refuses to import such a certificate.

use std::time::SystemTime;

use jiff::Timestamp;
use openpgp::crypto::Signer;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketArea};
use openpgp::packet::{Signature, UserID};
use openpgp::types::{HashAlgorithm, KeyFlags, SignatureType};
use openpgp::{Cert, Packet};
use sequoia_openpgp as openpgp;

use super::GenerateRequest;

/// The same keys and user ID, signed anew.
pub(super) fn bind(
    cert: &Cert,
    request: &GenerateRequest,
    now: Timestamp,
) -> openpgp::Result<Cert> {
    let primary = cert.primary_key().key().clone().parts_into_secret()?;
    let mut signer = primary.clone().into_keypair()?;
    let bare = Cert::from_packets(std::iter::once(Packet::from(primary.clone())))?;
    let mut packets = vec![Packet::from(primary.clone())];

    for user_id in cert.userids() {
        let user_id = user_id.userid().clone();
        let signature = certify(&user_id, &bare, &mut signer, request, now)?;
        packets.extend([Packet::from(user_id), Packet::from(signature)]);
    }
    for subkey in cert.keys().subkeys() {
        let subkey = subkey.key().clone().parts_into_secret()?;
        let mut subkey_signer = subkey.clone().into_keypair()?;
        let back = uncritical(start(SignatureType::PrimaryKeyBinding, now)?)?
            .sign_primary_key_binding(&mut subkey_signer, primary.parts_as_public(), &subkey)?;
        let builder = start(SignatureType::SubkeyBinding, now)?
            .set_key_flags(KeyFlags::empty().set_signing())?
            .set_key_validity_period(request.subkey_validity.or(request.primary_validity))?
            .set_embedded_signature(back)?;
        let signature = subkey.bind(&mut signer, &bare, uncritical(builder)?)?;
        packets.extend([Packet::from(subkey), Packet::from(signature)]);
    }
    Cert::from_packets(packets.into_iter())
}

/// The self-signature of a user ID.
pub(crate) fn certify(
    user_id: &UserID,
    bare: &Cert,
    signer: &mut dyn Signer,
    request: &GenerateRequest,
    now: Timestamp,
) -> openpgp::Result<Signature> {
    let builder = start(SignatureType::PositiveCertification, now)?
        .set_key_flags(request.layout.primary_flags())?
        .set_key_validity_period(request.primary_validity)?
        .set_preferred_hash_algorithms(vec![HashAlgorithm::SHA512, HashAlgorithm::SHA256])?
        .set_primary_userid(true)?;
    user_id.bind(signer, bare, uncritical(builder)?)
}

fn start(typ: SignatureType, now: Timestamp) -> openpgp::Result<SignatureBuilder> {
    SignatureBuilder::new(typ)
        .set_hash_algo(HashAlgorithm::SHA512)
        .set_signature_creation_time(SystemTime::from(now))
}

/// Marks no subpacket as critical.
fn uncritical(builder: SignatureBuilder) -> openpgp::Result<SignatureBuilder> {
    builder.modify_hashed_area(|area| {
        let subpackets = area
            .iter()
            .map(|subpacket| Subpacket::new(subpacket.value().clone(), false))
            .collect::<openpgp::Result<Vec<_>>>()?;
        SubpacketArea::new(subpackets)
    })
}
