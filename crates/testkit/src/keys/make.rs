//! How each test key is made. Run once for a key; see `testdata/README.md`.

use std::time::Duration;

use jiff::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::armor::Kind;
use openpgp::crypto::hash::Hash as _;
use openpgp::packet::key::{Key4, Key6, KeyRole, PrimaryRole, SecretParts, SubordinateRole};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::{Key, Packet, UserID};
use openpgp::types::{Curve, HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};

use super::{CREATED, EXPIRES, PASSPHRASE, REVOKED, packet, time};

#[derive(Clone, Copy)]
enum Algorithm {
    Ed25519,
    Rsa(usize),
    Nist(u16),
    Brainpool256,
    Dsa(usize),
    Dh25519,
    V6Ed25519,
    V6Ed448,
    MlDsa65,
    MlDsa87,
}

#[derive(Clone, Copy, PartialEq)]
enum Binding {
    Whole,
    NoBackSignature,
    None,
}

#[derive(Clone, Copy)]
enum Use {
    Sign,
    Encrypt,
    Authenticate,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Certificate,
    Subkey,
}

/// What a test key is; the good one is the default.
#[derive(Clone)]
struct Plan {
    name: &'static str,
    what: &'static str,
    primary: Algorithm,
    primary_signs: bool,
    subkey: Option<(Algorithm, Use)>,
    created: &'static str,
    primary_expires: Option<&'static str>,
    subkey_expires: Option<&'static str>,
    self_hash: Option<HashAlgorithm>,
    binding_hash: Option<HashAlgorithm>,
    binding: Binding,
    revoked: Option<(Part, ReasonForRevocation)>,
    protected: bool,
}

fn plan(name: &'static str, what: &'static str) -> Plan {
    Plan {
        name,
        what,
        primary: Algorithm::Ed25519,
        primary_signs: false,
        subkey: Some((Algorithm::Ed25519, Use::Sign)),
        created: CREATED,
        primary_expires: None,
        subkey_expires: None,
        self_hash: None,
        binding_hash: None,
        binding: Binding::Whole,
        revoked: None,
        protected: false,
    }
}

fn algorithm(name: &'static str, what: &'static str, algorithm: Algorithm) -> Plan {
    Plan {
        primary: algorithm,
        subkey: Some((algorithm, Use::Sign)),
        ..plan(name, what)
    }
}

fn single(name: &'static str, what: &'static str, algorithm: Algorithm) -> Plan {
    Plan {
        primary: algorithm,
        primary_signs: true,
        subkey: None,
        ..plan(name, what)
    }
}

fn revoked(
    name: &'static str,
    what: &'static str,
    part: Part,
    reason: ReasonForRevocation,
) -> Plan {
    Plan {
        revoked: Some((part, reason)),
        ..plan(name, what)
    }
}

fn plans() -> Vec<Plan> {
    use Algorithm::{
        Brainpool256, Dh25519, Dsa, Ed25519, MlDsa65, MlDsa87, Nist, Rsa, V6Ed448, V6Ed25519,
    };
    vec![
        plan(
            "good-ed25519",
            "v4 Ed25519, a certification-only primary and a signing subkey",
        ),
        plan("good-ed25519-2", "another one like good-ed25519"),
        algorithm("good-rsa2048", "v4 RSA 2048, primary and subkey", Rsa(2048)),
        algorithm("good-rsa4096", "v4 RSA 4096, primary and subkey", Rsa(4096)),
        algorithm("good-p256", "v4 NIST P-256, primary and subkey", Nist(256)),
        algorithm("good-p384", "v4 NIST P-384, primary and subkey", Nist(384)),
        algorithm("good-p521", "v4 NIST P-521, primary and subkey", Nist(521)),
        algorithm(
            "good-brainpool-p256",
            "v4 Brainpool P-256, primary and subkey",
            Brainpool256,
        ),
        algorithm(
            "good-v6-ed25519",
            "v6 Ed25519, primary and subkey",
            V6Ed25519,
        ),
        algorithm("good-v6-ed448", "v6 Ed448, primary and subkey", V6Ed448),
        algorithm(
            "good-mldsa65",
            "v6 ML-DSA-65+Ed25519, primary and subkey",
            MlDsa65,
        ),
        algorithm(
            "good-mldsa87",
            "v6 ML-DSA-87+Ed448, primary and subkey",
            MlDsa87,
        ),
        single(
            "primary-signs",
            "v4 Ed25519, one key for everything",
            Ed25519,
        ),
        single(
            "primary-signs-rsa3072",
            "v4 RSA 3072, one key for everything",
            Rsa(3072),
        ),
        Plan {
            primary_expires: Some(EXPIRES),
            ..single(
                "primary-signs-expired",
                "one key for everything, which expires 2025-06-01",
                Ed25519,
            )
        },
        Plan {
            revoked: Some((Part::Certificate, ReasonForRevocation::KeyCompromised)),
            ..single(
                "primary-signs-revoked-hard",
                "one key for everything, revoked 2025-07-01 as compromised",
                Ed25519,
            )
        },
        Plan {
            revoked: Some((Part::Certificate, ReasonForRevocation::KeySuperseded)),
            ..single(
                "primary-signs-revoked-soft",
                "one key for everything, revoked 2025-07-01 as superseded",
                Ed25519,
            )
        },
        Plan {
            primary_expires: Some(EXPIRES),
            ..plan(
                "expired",
                "the primary expires 2025-06-01, the subkey says nothing",
            )
        },
        Plan {
            subkey_expires: Some(EXPIRES),
            ..plan(
                "subkey-expired",
                "the subkey expires 2025-06-01, the primary lives on",
            )
        },
        Plan {
            created: "2025-08-01",
            ..plan("young", "made 2025-08-01: older signatures are impossible")
        },
        revoked(
            "revoked-hard",
            "the certificate is revoked 2025-07-01 as compromised",
            Part::Certificate,
            ReasonForRevocation::KeyCompromised,
        ),
        revoked(
            "revoked-soft",
            "the certificate is revoked 2025-07-01 as superseded",
            Part::Certificate,
            ReasonForRevocation::KeySuperseded,
        ),
        revoked(
            "subkey-revoked-hard",
            "the subkey is revoked 2025-07-01 as compromised",
            Part::Subkey,
            ReasonForRevocation::KeyCompromised,
        ),
        revoked(
            "subkey-revoked-soft",
            "the subkey is revoked 2025-07-01 as superseded",
            Part::Subkey,
            ReasonForRevocation::KeySuperseded,
        ),
        Plan {
            subkey: Some((Dh25519, Use::Encrypt)),
            ..plan(
                "not-signing",
                "a certification-only primary and an encryption subkey",
            )
        },
        Plan {
            subkey: Some((Ed25519, Use::Authenticate)),
            ..plan(
                "authentication-only",
                "the subkey may authenticate, nothing may sign",
            )
        },
        Plan {
            binding: Binding::None,
            ..plan("unbound-subkey", "the subkey has no binding signature")
        },
        Plan {
            binding: Binding::NoBackSignature,
            ..plan(
                "no-backsig",
                "the subkey's binding lacks the back-signature (0x19)",
            )
        },
        Plan {
            self_hash: Some(HashAlgorithm::SHA1),
            binding_hash: Some(HashAlgorithm::SHA1),
            ..plan("sha1-binding", "every self-signature uses SHA-1")
        },
        Plan {
            binding_hash: Some(HashAlgorithm::SHA1),
            ..plan(
                "sha1-subkey-binding",
                "the usual half-mended certificate: user ID SHA-256, subkey binding SHA-1",
            )
        },
        single("dsa2048", "v4 DSA 2048: out of use", Dsa(2048)),
        single("rsa1024", "v4 RSA 1024: too short", Rsa(1024)),
        plan("stranger", "good, but no vector trusts it"),
        Plan {
            protected: true,
            ..plan(
                "protected",
                "good; the secret key is protected by \"test passphrase\"",
            )
        },
    ]
}

/// Names of all test keys.
pub fn names() -> Vec<&'static str> {
    plans().iter().map(|plan| plan.name).collect()
}

/// What the test key of this name is.
///
/// # Panics
/// When there is none.
pub fn what(name: &str) -> &'static str {
    plans()
        .iter()
        .find(|plan| plan.name == name)
        .unwrap_or_else(|| panic!("no test key {name}"))
        .what
}

/// Makes the keys that are missing from `testdata/keys`; returns their names.
pub fn generate_missing() -> Vec<&'static str> {
    std::fs::create_dir_all(super::folder()).unwrap();
    plans()
        .iter()
        .filter(|plan| {
            !super::folder()
                .join(format!("{}.cert.asc", plan.name))
                .exists()
        })
        .map(|plan| {
            let packets = transferable_secret_key(plan);
            let public: Vec<Packet> = packets.iter().cloned().map(without_secret).collect();
            let write = |suffix: &str, packets: &[Packet], kind| {
                let path = super::folder().join(format!("{}.{suffix}.asc", plan.name));
                std::fs::write(path, packet::armored(&packet::serialize(packets), kind)).unwrap();
            };
            write("key", &packets, Kind::SecretKey);
            write("cert", &public, Kind::PublicKey);
            plan.name
        })
        .collect()
}

fn without_secret(packet: Packet) -> Packet {
    match packet {
        Packet::SecretKey(key) => Packet::PublicKey(key.take_secret().0),
        Packet::SecretSubkey(key) => Packet::PublicSubkey(key.take_secret().0),
        other => other,
    }
}

fn key<R: KeyRole>(algorithm: Algorithm, created: Timestamp) -> Key<SecretParts, R> {
    let mut key: Key<SecretParts, R> = match algorithm {
        Algorithm::Ed25519 => Key4::generate_ecc(true, Curve::Ed25519).unwrap().into(),
        Algorithm::Rsa(bits) => Key4::generate_rsa(bits).unwrap().into(),
        Algorithm::Nist(256) => Key4::generate_ecc(true, Curve::NistP256).unwrap().into(),
        Algorithm::Nist(384) => Key4::generate_ecc(true, Curve::NistP384).unwrap().into(),
        Algorithm::Nist(_) => Key4::generate_ecc(true, Curve::NistP521).unwrap().into(),
        Algorithm::Brainpool256 => Key4::generate_ecc(true, Curve::BrainpoolP256)
            .unwrap()
            .into(),
        Algorithm::Dsa(bits) => Key4::generate_dsa(bits).unwrap().into(),
        Algorithm::Dh25519 => Key4::generate_ecc(false, Curve::Cv25519).unwrap().into(),
        Algorithm::V6Ed25519 => Key6::generate_ed25519().unwrap().into(),
        Algorithm::V6Ed448 => Key6::generate_ed448().unwrap().into(),
        Algorithm::MlDsa65 => Key6::generate_mldsa65_ed25519().unwrap().into(),
        Algorithm::MlDsa87 => Key6::generate_mldsa87_ed448().unwrap().into(),
    };
    key.set_creation_time(packet::system(created)).unwrap();
    key
}

fn transferable_secret_key(plan: &Plan) -> Vec<Packet> {
    let created = time(plan.created);
    let primary: Key<SecretParts, PrimaryRole> = key(plan.primary, created);
    let subkey: Option<(Key<SecretParts, SubordinateRole>, Use)> = plan
        .subkey
        .map(|(algorithm, purpose)| (key(algorithm, created), purpose));
    let mut signer = primary.clone().into_keypair().unwrap();
    let usual = packet::usual_hash(&signer);
    let issuer = signer_key(&primary);

    let start = |typ: SignatureType, hash: Option<HashAlgorithm>, when: Timestamp| {
        let builder = SignatureBuilder::new(typ)
            .set_hash_algo(hash.unwrap_or(usual))
            .set_signature_creation_time(packet::system(when))
            .unwrap();
        named(builder, &issuer)
    };
    let expiring = |builder: SignatureBuilder, expires: Option<&str>| match expires {
        None => builder,
        Some(day) => {
            let seconds = time(day).as_second() - created.as_second();
            builder
                .set_key_validity_period(Duration::from_secs(seconds.unsigned_abs()))
                .unwrap()
        }
    };

    let mut packets = vec![Packet::from(locked(primary.clone(), plan.protected))];
    let mut flags = KeyFlags::empty().set_certification();
    if plan.primary_signs {
        flags = flags.set_signing();
    }
    if let Some((Part::Certificate, reason)) = plan.revoked {
        let builder = start(SignatureType::KeyRevocation, None, time(REVOKED))
            .set_reason_for_revocation(reason, b"test")
            .unwrap();
        let revocation = packet::make(&mut signer, builder, |c| primary.hash(c).unwrap());
        packets.push(revocation.into());
    }
    if primary.version() == 6 {
        let builder = start(SignatureType::DirectKey, plan.self_hash, created)
            .set_key_flags(flags.clone())
            .unwrap();
        let builder = expiring(builder, plan.primary_expires);
        let direct = packet::make(&mut signer, builder, |c| primary.hash(c).unwrap());
        packets.push(direct.into());
    }

    let user_id = UserID::from(format!("pkgseal TEST {0} <{0}@test.invalid>", plan.name));
    let builder = start(
        SignatureType::PositiveCertification,
        plan.self_hash,
        created,
    )
    .set_primary_userid(true)
    .unwrap()
    .set_key_flags(flags)
    .unwrap();
    let builder = expiring(builder, plan.primary_expires);
    let certification = packet::make(&mut signer, builder, |c| {
        primary.hash(c).unwrap();
        user_id.hash(c).unwrap();
    });
    packets.push(user_id.into());
    packets.push(certification.into());

    let Some((subkey, purpose)) = subkey else {
        return packets;
    };
    packets.push(Packet::from(locked(subkey.clone(), plan.protected)));
    if let Some((Part::Subkey, reason)) = plan.revoked {
        let builder = start(SignatureType::SubkeyRevocation, None, time(REVOKED))
            .set_reason_for_revocation(reason, b"test")
            .unwrap();
        let revocation = packet::make(&mut signer, builder, |c| {
            primary.hash(c).unwrap();
            subkey.hash(c).unwrap();
        });
        packets.push(revocation.into());
    }
    if plan.binding == Binding::None {
        return packets;
    }
    let flags = match purpose {
        Use::Sign => KeyFlags::empty().set_signing(),
        Use::Encrypt => KeyFlags::empty()
            .set_transport_encryption()
            .set_storage_encryption(),
        Use::Authenticate => KeyFlags::empty().set_authentication(),
    };
    let builder = start(SignatureType::SubkeyBinding, plan.binding_hash, created)
        .set_key_flags(flags)
        .unwrap();
    let mut builder = expiring(builder, plan.subkey_expires);
    if matches!(purpose, Use::Sign) && plan.binding == Binding::Whole {
        let mut subkey_signer = subkey.clone().into_keypair().unwrap();
        let back = SignatureBuilder::new(SignatureType::PrimaryKeyBinding)
            .set_hash_algo(plan.binding_hash.unwrap_or(usual))
            .set_signature_creation_time(packet::system(created))
            .unwrap();
        let back = named(back, &signer_key(&subkey));
        let back = packet::make(&mut subkey_signer, back, |c| {
            primary.hash(c).unwrap();
            subkey.hash(c).unwrap();
        });
        builder = builder.set_embedded_signature(back).unwrap();
    }
    let binding = packet::make(&mut signer, builder, |c| {
        primary.hash(c).unwrap();
        subkey.hash(c).unwrap();
    });
    packets.push(binding.into());
    packets
}

type PublicKey = Key<openpgp::packet::key::PublicParts, openpgp::packet::key::UnspecifiedRole>;

fn signer_key<R: KeyRole>(key: &Key<SecretParts, R>) -> PublicKey {
    key.clone().parts_into_public().role_into_unspecified()
}

fn named(builder: SignatureBuilder, issuer: &PublicKey) -> SignatureBuilder {
    let builder = builder
        .set_issuer_fingerprint(issuer.fingerprint())
        .unwrap();
    match issuer.version() {
        4 => builder.set_issuer(issuer.keyid()).unwrap(),
        _ => builder,
    }
}

fn locked<R: KeyRole>(key: Key<SecretParts, R>, protected: bool) -> Key<SecretParts, R> {
    if protected {
        key.encrypt_secret(&PASSPHRASE.into()).unwrap()
    } else {
        key
    }
}
