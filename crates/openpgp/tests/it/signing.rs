//! What the signer makes, as gpgv, sqv and the OpenPGP library judge it.

use openpgp::Packet;
use openpgp::packet::Signature;
use openpgp::parse::stream::{
    DetachedVerifierBuilder, MessageLayer, MessageStructure, VerificationHelper,
};
use openpgp::parse::{PacketParser, PacketParserResult, Parse};
use openpgp::policy::StandardPolicy;
use openpgp::serialize::MarshalInto;
use openpgp::types::SignatureType;
use pkgseal_openpgp::{Armor, Error, SignatureForm, Signer, cleartext};
use pkgseal_testkit::keys::{self, SIGNED, time};
use pkgseal_testkit::peers::{gnupg, sequoia};
use sequoia_openpgp as openpgp;

mod clearsigned;
mod opening;
mod own;

const DATA: &[u8] = b"what is signed\nand a second line\n";

/// Test keys with v4 signatures, which every client reads.
const V4: &[&str] = &[
    "good-ed25519",
    "good-rsa2048",
    "primary-signs-rsa3072",
    "good-rsa4096",
    "good-p256",
    "good-p384",
    "good-p521",
];
/// Those of RFC 9580 and RFC 9980.
const V6: &[&str] = &[
    "good-v6-ed25519",
    "good-v6-ed448",
    "good-mldsa65",
    "good-mldsa87",
];

fn signer(name: &str) -> Signer {
    open(name, SIGNED).unwrap()
}

fn open(name: &str, day: &str) -> Result<Signer, Error> {
    Signer::open(
        keys::load(name).secret(),
        || Ok(keys::PASSPHRASE.into()),
        time(day),
    )
}

fn signatures(block: &[u8]) -> Vec<Signature> {
    let mut found = Vec::new();
    let mut next = PacketParser::from_bytes(block).unwrap();
    while let PacketParserResult::Some(parser) = next {
        let (packet, rest) = parser.next().unwrap();
        let Packet::Signature(signature) = packet else {
            panic!("no signature: {packet:?}");
        };
        found.push(signature);
        next = rest;
    }
    found
}

/// Verifies by the OpenPGP library's own streaming verifier.
fn library_accepts(certificates: &[Vec<u8>], signature: &[u8], data: &[u8]) -> bool {
    struct Judge(Vec<openpgp::Cert>);
    impl VerificationHelper for Judge {
        fn get_certs(&mut self, _: &[openpgp::KeyHandle]) -> openpgp::Result<Vec<openpgp::Cert>> {
            Ok(self.0.clone())
        }
        fn check(&mut self, structure: MessageStructure<'_>) -> openpgp::Result<()> {
            for layer in structure {
                let MessageLayer::SignatureGroup { results } = layer else {
                    continue;
                };
                for result in results {
                    result.map_err(|error| openpgp::Error::InvalidOperation(error.to_string()))?;
                }
            }
            Ok(())
        }
    }
    let certs = certificates
        .iter()
        .map(|bytes| openpgp::Cert::from_bytes(bytes).unwrap())
        .collect();
    let now = std::time::SystemTime::from(time(SIGNED));
    let policy = StandardPolicy::at(now);
    let verifier = DetachedVerifierBuilder::from_bytes(signature)
        .unwrap()
        .with_policy(&policy, now, Judge(certs));
    verifier.unwrap().verify_bytes(data).is_ok()
}

#[test]
fn every_algorithm_signs_what_the_library_accepts() {
    for name in V4.iter().chain(V6) {
        let certificate = keys::load(name).certificate_binary();
        for armor in [Armor::Armored, Armor::Binary] {
            let signature = Signer::detached(&[signer(name)], DATA, armor, time(SIGNED)).unwrap();
            assert!(
                library_accepts(std::slice::from_ref(&certificate), &signature, DATA),
                "{name}"
            );
            assert!(
                !library_accepts(
                    std::slice::from_ref(&certificate),
                    &signature,
                    b"other bytes"
                ),
                "{name}"
            );
        }
    }
}

#[test]
fn gpgv_and_sqv_accept_v4() {
    for name in V4 {
        let certificate = keys::load(name).certificate_binary();
        let signature =
            Signer::detached(&[signer(name)], DATA, Armor::Armored, time(SIGNED)).unwrap();
        if let Some(run) = gnupg::gpgv(&certificate, &signature, Some(DATA)) {
            assert!(run.expect_ok().text.contains("GOODSIG"), "{name}");
        }
        if let Some(run) = sequoia::sqv(&certificate, &signature, DATA) {
            run.expect_ok();
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for name in V4 {
        let make = || {
            let detached =
                Signer::detached(&[signer(name)], DATA, Armor::Binary, time(SIGNED)).unwrap();
            let message = cleartext::sign(&[signer(name)], DATA, time(SIGNED)).unwrap();
            (detached, message)
        };
        assert_eq!(make(), make(), "{name}");
    }
    let make = || Signer::detached(&[signer(V6[0])], DATA, Armor::Binary, time(SIGNED)).unwrap();
    assert_ne!(make(), make(), "a v6 signature has a random salt");
}

#[test]
fn clones_sign_in_threads_of_their_own() {
    for name in ["good-ed25519", "good-rsa2048", "good-p256", "good-mldsa65"] {
        let signer = signer(name);
        let certificate = keys::load(name).certificate_binary();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let signer = signer.clone();
                let certificate = &certificate;
                scope.spawn(move || {
                    for number in 0..8_u8 {
                        let made = Signer::detached(
                            std::slice::from_ref(&signer),
                            &[number],
                            Armor::Binary,
                            time(SIGNED),
                        )
                        .unwrap();
                        assert!(library_accepts(
                            std::slice::from_ref(certificate),
                            &made,
                            &[number]
                        ));
                    }
                });
            }
        });
    }
}

#[test]
fn a_signature_carries_what_gnupg_puts_there_and_nothing_else() {
    for name in V4.iter().chain(V6) {
        let signer = signer(name);
        let block = Signer::detached(
            std::slice::from_ref(&signer),
            DATA,
            Armor::Binary,
            time(SIGNED),
        )
        .unwrap();
        let [signature] = &signatures(&block)[..] else {
            panic!("one signature");
        };
        let tags = |area: &openpgp::packet::signature::subpacket::SubpacketArea| {
            area.iter().map(|s| u8::from(s.tag())).collect::<Vec<_>>()
        };
        assert_eq!(tags(signature.hashed_area()), [2, 33], "{name}");
        let unhashed: &[u8] = if signer.version() == 4 { &[16] } else { &[] };
        assert_eq!(tags(signature.unhashed_area()), unhashed, "{name}");
        assert_eq!(signature.version(), signer.version(), "{name}");
        assert_eq!(signature.typ(), SignatureType::Binary);
        assert_eq!(
            signature.issuer_fingerprints().next().unwrap().to_hex(),
            signer.key().as_str()
        );
        assert_eq!(
            signature.signature_creation_time(),
            Some(time(SIGNED).into())
        );
        assert_eq!(block, Packet::from(signature.clone()).to_vec().unwrap());
    }
}

#[test]
fn each_key_signs_with_the_digest_its_specification_asks_for() {
    let digest = |name: &str| {
        let block = Signer::detached(&[signer(name)], DATA, Armor::Binary, time(SIGNED)).unwrap();
        signatures(&block)[0].hash_algo().to_string()
    };
    for name in [
        "good-ed25519",
        "good-rsa4096",
        "good-p256",
        "good-v6-ed25519",
    ] {
        assert_eq!(digest(name), "SHA256", "{name}");
    }
    assert_eq!(digest("good-p384"), "SHA384");
    for name in ["good-p521", "good-v6-ed448", "good-mldsa65", "good-mldsa87"] {
        assert_eq!(digest(name), "SHA512", "{name}");
    }
}

#[test]
fn a_hash_serves_checksum_and_signature() {
    let signer = signer("good-ed25519");
    let mut context = signer.hash().unwrap();
    context.update(DATA);
    assert!(context.plain().is_some());
    let packet = signer
        .sign_hash(context, SignatureForm::Binary, time(SIGNED))
        .unwrap();
    let whole = Signer::detached(&[signer], DATA, Armor::Binary, time(SIGNED)).unwrap();
    assert_eq!(packet, whole);
}

#[test]
fn v4_comes_before_v6_and_post_quantum_last() {
    let signers = [
        "good-mldsa65",
        "good-v6-ed25519",
        "good-rsa4096",
        "good-ed25519",
    ]
    .map(signer);
    let block = Signer::detached(&signers, DATA, Armor::Armored, time(SIGNED)).unwrap();
    let order: Vec<_> = signatures(&block)
        .iter()
        .map(|s| (s.version(), s.pk_algo().to_string()))
        .collect();
    assert_eq!(
        order.iter().map(|(v, _)| *v).collect::<Vec<_>>(),
        [4, 4, 6, 6]
    );
    let first = signatures(&block)[0].get_issuers()[0].clone();
    assert_eq!(
        first.to_hex(),
        signers[2].key().as_str(),
        "else in the order given"
    );
    assert!(order[3].1.contains("ML-DSA"), "{order:?}");

    let keyring: Vec<u8> = ["good-rsa4096", "good-ed25519"]
        .iter()
        .flat_map(|name| keys::load(name).certificate_binary())
        .collect();
    if let Some(run) = gnupg::gpgv(&keyring, &block, Some(DATA)) {
        assert_eq!(run.text.matches("GOODSIG").count(), 2, "{run}");
    }
}

#[test]
fn armor_has_a_checksum_for_v4_and_none_for_v6() {
    let text = |names: &[&str]| {
        let signers: Vec<_> = names.iter().map(|name| signer(name)).collect();
        String::from_utf8(Signer::detached(&signers, DATA, Armor::Armored, time(SIGNED)).unwrap())
            .unwrap()
    };
    let checksums = |text: &str| text.lines().filter(|line| line.starts_with('=')).count();
    let v4 = text(&["good-rsa4096"]);
    assert!(
        v4.starts_with("-----BEGIN PGP SIGNATURE-----\n\n"),
        "no headers"
    );
    assert!(v4.ends_with("\n-----END PGP SIGNATURE-----\n"));
    assert!(v4.lines().all(|line| line.len() <= 64) && !v4.contains('\r'));
    assert_eq!(checksums(&v4), 1);
    assert_eq!(checksums(&text(&["good-v6-ed25519", "good-ed25519"])), 1);
    assert_eq!(checksums(&text(&["good-v6-ed25519"])), 0);
}

#[test]
fn a_hash_of_another_kind_is_not_signed() {
    let (v4, v6, p384) = (
        signer("good-ed25519"),
        signer("good-v6-ed25519"),
        signer("good-p384"),
    );
    for (signer, context) in [
        (&v4, v6.hash().unwrap()),
        (&v6, v4.hash().unwrap()),
        (&v4, p384.hash().unwrap()),
    ] {
        let signed = signer.sign_hash(context, SignatureForm::Binary, time(SIGNED));
        let message = signed.unwrap_err().to_string();
        assert!(message.contains("was not started for key"), "{message}");
    }
}

#[test]
fn a_time_before_the_key_or_outside_openpgp_is_refused() {
    let signer = signer("good");
    for moment in ["2024-12-31", "1969-12-31", "2107-01-01"] {
        let signed = Signer::detached(
            std::slice::from_ref(&signer),
            DATA,
            Armor::Binary,
            time(moment),
        );
        assert!(matches!(signed, Err(Error::Unsignable { .. })), "{moment}");
    }
}

#[test]
fn a_block_takes_signatures_only() {
    let good = Signer::detached(&[signer("good")], DATA, Armor::Binary, time(SIGNED)).unwrap();
    let twice = [good.clone(), good.clone()].concat();
    for packets in [
        vec![],
        vec![vec![]],
        vec![b"junk".to_vec()],
        vec![good[..good.len() - 1].to_vec()],
        vec![twice],
        vec![good, keys::load("good").certificate_binary()],
    ] {
        assert!(
            Signer::block(packets.clone(), Armor::Binary).is_err(),
            "{packets:?}"
        );
    }
    assert!(Signer::detached(&[], DATA, Armor::Binary, time(SIGNED)).is_err());
}
