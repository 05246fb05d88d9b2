//! Certificates taken apart, and put together anew.

use openpgp::crypto::KeyPair;
use openpgp::packet::UserID;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::parse::Parse as _;
use openpgp::serialize::MarshalInto as _;
use openpgp::types::SignatureType;
use openpgp::{Cert, Packet, PacketPile};
use pkgseal_openpgp::{Certificate, Certificates};
use sequoia_openpgp as openpgp;

use super::{SIGNED, TestKey, load, time};

impl TestKey {
    /// Its primary key, ready to sign.
    pub fn primary(&self) -> KeyPair {
        self.primary.clone().into_keypair().expect("unlocked")
    }

    /// The packets of its certificate.
    pub fn packets(&self) -> Vec<Packet> {
        let pile = PacketPile::from_bytes(&self.certificate).expect("packets");
        pile.into_children().collect()
    }
}

/// The certificates in some bytes.
///
/// # Panics
/// When one of them cannot be used.
pub fn read(bytes: &[u8]) -> Certificates {
    let (certificates, errors) = Certificate::parse_all(bytes);
    assert!(errors.is_empty(), "{errors:?}");
    Certificates::new(certificates)
}

/// The certificates that packets make up.
///
/// # Panics
/// When one of them cannot be used.
pub fn assembled(packets: Vec<Packet>) -> Certificates {
    read(&PacketPile::from(packets).to_vec().expect("packets"))
}

/// The key `good` with more user IDs, signed by itself.
///
/// # Panics
/// When a user ID cannot be signed.
pub fn called(user_ids: &[&[u8]]) -> Cert {
    let key = load("good");
    let cert = Cert::from_bytes(key.secret()).expect("a certificate");
    let mut primary = key.primary();
    let mut packets = Vec::new();
    for text in user_ids {
        let user_id = UserID::from(*text);
        let signature = SignatureBuilder::new(SignatureType::PositiveCertification)
            .set_signature_creation_time(time(SIGNED))
            .unwrap()
            .sign_userid_binding(&mut primary, cert.primary_key().key(), &user_id)
            .unwrap();
        packets.extend([Packet::from(user_id), signature.into()]);
    }
    cert.insert_packets(packets).unwrap().0
}
