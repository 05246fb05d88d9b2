//! Signature packets by hand: no policy, no random salt.

use jiff::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::armor::{self, Kind};
use openpgp::crypto::hash::{Context, Hash as _};
use openpgp::crypto::{KeyPair, Signer as _, mpi};
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketArea, SubpacketValue};
use openpgp::packet::signature::{Signature4, Signature6, SignatureBuilder};
use openpgp::packet::{Packet, Signature};
use openpgp::serialize::Serialize as _;
use openpgp::types::HashAlgorithm;

/// Makes a signature: `builder` holds type, digest and subpackets, `feed` hashes what is
/// signed. v4 signatures get no salt notation and v6 ones a fixed salt, so that Ed25519,
/// Ed448 and RSA are reproducible.
pub(super) fn make(
    pair: &mut KeyPair,
    builder: SignatureBuilder,
    feed: impl FnOnce(&mut Context),
) -> Signature {
    let algorithm = builder.hash_algo();
    let key = pair.public().clone();
    let (hashed, unhashed) = areas(&builder);
    let salt = match key.version() {
        6 => vec![0x5a; algorithm.salt_size().unwrap()],
        _ => Vec::new(),
    };
    let assemble = |prefix: [u8; 2], mpis: mpi::Signature| -> Signature {
        match key.version() {
            6 => Signature6::new(
                builder.typ(),
                key.pk_algo(),
                algorithm,
                hashed.clone(),
                unhashed.clone(),
                prefix,
                salt.clone(),
                mpis,
            )
            .unwrap()
            .into(),
            _ => Signature4::new(
                builder.typ(),
                key.pk_algo(),
                algorithm,
                hashed.clone(),
                unhashed.clone(),
                prefix,
                mpis,
            )
            .into(),
        }
    };
    let mut context = algorithm.context().unwrap().for_signature(key.version());
    context.update(&salt);
    feed(&mut context);
    let placeholder = mpi::Signature::RSA {
        s: mpi::MPI::new(&[1]),
    };
    assemble([0, 0], placeholder).hash(&mut context).unwrap();
    let digest = context.into_digest().unwrap();
    let mpis = pair.sign(algorithm, &digest).unwrap();
    assemble([digest[0], digest[1]], mpis)
}

/// Subpackets as gpg writes them: nothing critical but what was asked for, and the key
/// ID outside the hashed area.
///
/// rpm 4.18 refuses certificates whose self-signatures mark a subpacket critical that it
/// does not know (primary user ID, embedded signature): what sequoia writes by default.
fn areas(builder: &SignatureBuilder) -> (SubpacketArea, SubpacketArea) {
    let (mut hashed, mut unhashed) = (SubpacketArea::default(), SubpacketArea::default());
    for subpacket in builder.hashed_area().iter() {
        let value = subpacket.value().clone();
        let notation = matches!(value, SubpacketValue::NotationData(_));
        let area = match value {
            SubpacketValue::Issuer(_) | SubpacketValue::EmbeddedSignature(_) => &mut unhashed,
            _ => &mut hashed,
        };
        let critical = notation && subpacket.critical();
        area.add(Subpacket::new(value, critical).unwrap()).unwrap();
    }
    (hashed, unhashed)
}

/// The digest to use with a key where nothing else is asked for.
pub(super) fn usual_hash(pair: &KeyPair) -> HashAlgorithm {
    use openpgp::types::PublicKeyAlgorithm as P;
    match (pair.public().pk_algo(), pair.public().mpis().bits()) {
        (P::ECDSA, Some(256)) => HashAlgorithm::SHA256,
        (P::ECDSA, Some(384)) => HashAlgorithm::SHA384,
        (P::RSAEncryptSign | P::EdDSA | P::Ed25519, _) => HashAlgorithm::SHA256,
        _ => HashAlgorithm::SHA512,
    }
}

/// A time as sequoia takes it.
pub(super) fn system(time: Timestamp) -> std::time::SystemTime {
    time.into()
}

/// Packets in their serialized form.
pub(super) fn serialize(packets: &[Packet]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for packet in packets {
        packet.serialize(&mut bytes).unwrap();
    }
    bytes
}

/// Armor without comments.
pub(super) fn armored(bytes: &[u8], kind: Kind) -> Vec<u8> {
    let mut writer = armor::Writer::new(Vec::new(), kind).unwrap();
    std::io::Write::write_all(&mut writer, bytes).unwrap();
    writer.finalize().unwrap()
}

/// What armor holds.
pub(super) fn dearmor(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut reader = armor::Reader::from_bytes(bytes, None);
    std::io::Read::read_to_end(&mut reader, &mut plain).unwrap();
    plain
}
