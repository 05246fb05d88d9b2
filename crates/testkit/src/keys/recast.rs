//! Test keys with other self-signatures: broken as real certificates are.

use std::time::Duration;

use jiff::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::armor::Kind;
use openpgp::crypto::hash::Hash as _;
use openpgp::packet::key::{Key4, PrimaryRole, SecretParts, SubordinateRole};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::{Key, Packet, Signature, UserID};
use openpgp::types::{Curve, HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};

use super::{Hash, TestKey, packet, time};

/// A test key stripped of its self-signatures, and given others.
#[derive(Clone)]
pub struct Recast {
    primary: Key<SecretParts, PrimaryRole>,
    subkey: Option<Key<SecretParts, SubordinateRole>>,
    /// Self-signatures and revocations of the primary key.
    on_primary: Vec<Signature>,
    user_ids: Vec<(UserID, Vec<Signature>)>,
    on_subkey: Vec<Signature>,
    offline: Offline,
}

#[derive(Clone, Copy, PartialEq)]
enum Offline {
    Nothing,
    Primary,
    Subkey,
}

impl std::fmt::Debug for Recast {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Recast")
            .field(&self.primary.fingerprint())
            .finish()
    }
}

/// The back-signature of a binding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Back {
    /// By the subkey, with this digest.
    By(Hash),
    /// None.
    Missing,
    /// By another key.
    Foreign,
}

/// What a self-signature says.
#[derive(Clone, Copy, Debug)]
pub struct Says {
    /// Its digest.
    pub hash: Hash,
    /// The day it was made.
    pub made: &'static str,
    /// The day the key expires.
    pub expires: Option<&'static str>,
    /// Whether it says what the key is for.
    pub flags: Flags,
}

/// Whether a self-signature says what the key is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flags {
    /// It does.
    Stated,
    /// It does not.
    Missing,
}

impl Says {
    /// That the key does what it is for, and never expires.
    pub fn plain(hash: Hash, made: &'static str) -> Self {
        Self {
            hash,
            made,
            expires: None,
            flags: Flags::Stated,
        }
    }
}

impl TestKey {
    /// The same keys without any self-signature.
    pub fn recast(&self) -> Recast {
        Recast {
            primary: self.primary.clone(),
            subkey: self.signing_subkey().cloned(),
            on_primary: Vec::new(),
            user_ids: Vec::new(),
            on_subkey: Vec::new(),
            offline: Offline::Nothing,
        }
    }
}

impl Recast {
    /// A user ID with these self-signatures.
    #[must_use]
    pub fn user_id(mut self, text: &str, says: &[Says]) -> Self {
        let user_id = UserID::from(text);
        let signatures = says
            .iter()
            .map(|says| {
                let builder = self
                    .start(SignatureType::PositiveCertification, says)
                    .set_primary_userid(true)
                    .unwrap();
                self.by_primary(builder, |context| {
                    self.primary.hash(context).unwrap();
                    user_id.hash(context).unwrap();
                })
            })
            .collect();
        self.user_ids.push((user_id, signatures));
        self
    }

    /// A direct-key self-signature.
    #[must_use]
    pub fn direct(mut self, says: Says) -> Self {
        let builder = self.start(SignatureType::DirectKey, &says);
        let signature = self.by_primary(builder, |context| self.primary.hash(context).unwrap());
        self.on_primary.push(signature);
        self
    }

    /// A binding of the signing subkey.
    #[must_use]
    ///
    /// # Panics
    /// When there is none; as all that speaks of it.
    pub fn binding(self, says: Says, back: Back) -> Self {
        self.binding_that(says, back, |builder| builder)
    }

    /// A binding with a critical subpacket of an unknown type.
    #[must_use]
    pub fn critical_binding(self, says: Says, back: Back) -> Self {
        self.binding_that(says, back, |builder| {
            let flags = openpgp::packet::signature::subpacket::NotationDataFlags::empty();
            builder
                .add_notation("unknown@test.invalid", b"x", flags, true)
                .unwrap()
        })
    }

    fn binding_that(
        mut self,
        says: Says,
        back: Back,
        change: impl FnOnce(SignatureBuilder) -> SignatureBuilder,
    ) -> Self {
        let mut builder = change(self.start(SignatureType::SubkeyBinding, &says));
        if let Some(back) = self.back(back, says.made) {
            builder = builder.set_embedded_signature(back).unwrap();
        }
        let signature = self.by_primary(builder, |context| {
            self.primary.hash(context).unwrap();
            self.subkey().hash(context).unwrap();
        });
        self.on_subkey.push(signature);
        self
    }

    fn back(&self, back: Back, made: &str) -> Option<Signature> {
        let (hash, key) = match back {
            Back::Missing => return None,
            Back::By(hash) => (hash, self.subkey().clone()),
            Back::Foreign => {
                let stranger = super::load("stranger");
                (Hash::Sha512, stranger.subkeys.first().unwrap().clone())
            }
        };
        let mut pair = key.clone().into_keypair().unwrap();
        let builder = SignatureBuilder::new(SignatureType::PrimaryKeyBinding)
            .set_hash_algo(algorithm(hash))
            .set_signature_creation_time(packet::system(time(made)))
            .unwrap()
            .set_issuer_fingerprint(key.fingerprint())
            .unwrap();
        Some(packet::make(&mut pair, builder, |context| {
            self.primary.hash(context).unwrap();
            self.subkey().hash(context).unwrap();
        }))
    }

    /// A revocation of the certificate as superseded.
    #[must_use]
    pub fn revoked(mut self, hash: Hash, made: &str) -> Self {
        let builder = self.revocation(SignatureType::KeyRevocation, hash, made);
        let signature = self.by_primary(builder, |context| self.primary.hash(context).unwrap());
        self.on_primary.push(signature);
        self
    }

    /// A revocation of the subkey as superseded.
    #[must_use]
    pub fn subkey_revoked(mut self, hash: Hash, made: &str) -> Self {
        let builder = self.revocation(SignatureType::SubkeyRevocation, hash, made);
        let signature = self.by_primary(builder, |context| {
            self.primary.hash(context).unwrap();
            self.subkey().hash(context).unwrap();
        });
        self.on_subkey.push(signature);
        self
    }

    /// The file of the secret key lacks the primary key's secret part.
    #[must_use]
    pub fn without_primary_secret(mut self) -> Self {
        self.offline = Offline::Primary;
        self
    }

    /// The file of the secret key lacks the subkey's secret part.
    #[must_use]
    pub fn without_subkey_secret(mut self) -> Self {
        self.offline = Offline::Subkey;
        self
    }

    /// The same with another subkey, of which nobody has the secret part.
    #[must_use]
    pub fn with_new_subkey(mut self) -> Self {
        let mut key: Key<SecretParts, SubordinateRole> =
            Key4::generate_ecc(true, Curve::Ed25519).unwrap().into();
        key.set_creation_time(self.primary.creation_time()).unwrap();
        self.subkey = Some(key);
        self.on_subkey = Vec::new();
        self
    }

    /// The transferable secret key, armored.
    pub fn secret(&self) -> Vec<u8> {
        packet::armored(&packet::serialize(&self.packets()), Kind::SecretKey)
    }

    /// The certificate, armored.
    pub fn certificate(&self) -> Vec<u8> {
        packet::armored(&self.certificate_binary(), Kind::PublicKey)
    }

    /// The certificate as packets.
    pub fn certificate_binary(&self) -> Vec<u8> {
        let packets: Vec<Packet> = self.packets().into_iter().map(public).collect();
        packet::serialize(&packets)
    }

    /// Fingerprint of the certificate, upper-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        self.primary.fingerprint().to_hex()
    }

    /// Fingerprint of the signing subkey.
    pub fn signing_fingerprint(&self) -> String {
        self.subkey().fingerprint().to_hex()
    }

    fn subkey(&self) -> &Key<SecretParts, SubordinateRole> {
        self.subkey.as_ref().expect("a signing subkey")
    }

    fn packets(&self) -> Vec<Packet> {
        let primary = Packet::from(self.primary.clone());
        let kept = |packet: Packet, part: Offline| match self.offline == part {
            true => public(packet),
            false => packet,
        };
        let mut packets = vec![kept(primary, Offline::Primary)];
        packets.extend(self.on_primary.iter().cloned().map(Packet::from));
        for (user_id, signatures) in &self.user_ids {
            packets.push(user_id.clone().into());
            packets.extend(signatures.iter().cloned().map(Packet::from));
        }
        if let Some(subkey) = &self.subkey {
            packets.push(kept(Packet::from(subkey.clone()), Offline::Subkey));
        }
        packets.extend(self.on_subkey.iter().cloned().map(Packet::from));
        packets
    }

    fn start(&self, typ: SignatureType, says: &Says) -> SignatureBuilder {
        let mut builder = self.begin(typ, says.hash, says.made);
        if says.flags == Flags::Stated {
            let flags = match typ {
                SignatureType::SubkeyBinding => KeyFlags::empty().set_signing(),
                _ if self.subkey.is_some() => KeyFlags::empty().set_certification(),
                _ => KeyFlags::empty().set_certification().set_signing(),
            };
            builder = builder.set_key_flags(flags).unwrap();
        }
        if let Some(day) = says.expires {
            let born = Timestamp::try_from(self.primary.creation_time()).unwrap();
            let seconds = time(day).as_second() - born.as_second();
            builder = builder
                .set_key_validity_period(Duration::from_secs(seconds.unsigned_abs()))
                .unwrap();
        }
        builder
    }

    fn begin(&self, typ: SignatureType, hash: Hash, made: &str) -> SignatureBuilder {
        SignatureBuilder::new(typ)
            .set_hash_algo(algorithm(hash))
            .set_signature_creation_time(packet::system(time(made)))
            .unwrap()
            .set_issuer_fingerprint(self.primary.fingerprint())
            .unwrap()
            .set_issuer(self.primary.keyid())
            .unwrap()
    }

    fn revocation(&self, typ: SignatureType, hash: Hash, made: &str) -> SignatureBuilder {
        self.begin(typ, hash, made)
            .set_reason_for_revocation(ReasonForRevocation::KeySuperseded, b"test")
            .unwrap()
    }

    fn by_primary(
        &self,
        builder: SignatureBuilder,
        feed: impl FnOnce(&mut openpgp::crypto::hash::Context),
    ) -> Signature {
        let mut pair = self.primary.clone().into_keypair().unwrap();
        packet::make(&mut pair, builder, feed)
    }
}

fn algorithm(hash: Hash) -> HashAlgorithm {
    hash.into()
}

fn public(packet: Packet) -> Packet {
    match packet {
        Packet::SecretKey(key) => Packet::PublicKey(key.take_secret().0),
        Packet::SecretSubkey(key) => Packet::PublicSubkey(key.take_secret().0),
        other => other,
    }
}
