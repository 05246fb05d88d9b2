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
use pkgseal_openpgp::{
    Armor, Certificate, Certificates, Error, Object, Profile, SignatureForm, Signer, Verifier,
    cleartext,
};
use pkgseal_testkit::keys::{self, NOW, SIGNED, time};
use pkgseal_testkit::peers::{apt, gnupg, sequoia};
use sequoia_openpgp as openpgp;

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

fn refusal(name: &str, day: &str) -> String {
    open(name, day).unwrap_err().to_string()
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
fn a_protected_key_opens_with_its_passphrase_only() {
    let key = keys::load("protected");
    let open =
        |passphrase: &str| Signer::open(key.secret(), || Ok(passphrase.into()), time(SIGNED));
    let signature = Signer::detached(
        &[open(keys::PASSPHRASE).unwrap()],
        DATA,
        Armor::Binary,
        time(SIGNED),
    )
    .unwrap();
    assert!(library_accepts(
        &[key.certificate_binary()],
        &signature,
        DATA
    ));
    let message = open("wrong").unwrap_err().to_string();
    assert!(message.ends_with("the passphrase is wrong"), "{message}");
    let message = open("").unwrap_err().to_string();
    assert!(message.ends_with("the passphrase is empty"), "{message}");
    let none = Signer::open(
        key.secret(),
        || {
            Err(Error::Key {
                key: "protected.key.asc".to_owned(),
                reason: "no passphrase is given".to_owned(),
            })
        },
        time(SIGNED),
    );
    let message = none.unwrap_err().to_string();
    assert_eq!(message, "key protected.key.asc: no passphrase is given");
}

#[test]
fn an_open_key_asks_for_no_passphrase() {
    let key = keys::load("good");
    let opened = Signer::open(key.secret(), || panic!("asked"), time(SIGNED));
    assert!(opened.is_ok());
    assert!(Signer::open(&key_binary(&key), || panic!("asked"), time(SIGNED)).is_ok());
}

fn key_binary(key: &keys::TestKey) -> Vec<u8> {
    let cert = openpgp::Cert::from_bytes(key.secret()).unwrap();
    cert.as_tsk().to_vec().unwrap()
}

#[test]
fn a_key_that_cannot_sign_says_why_and_since_when() {
    let cases = [
        (
            "expired",
            NOW,
            "expired with its certificate at 2025-06-01T00:00:00Z",
        ),
        ("subkey-expired", NOW, "expired at 2025-06-01T00:00:00Z"),
        (
            "revoked-hard",
            NOW,
            "is revoked with its certificate since 2025-07-01",
        ),
        (
            "revoked-soft",
            NOW,
            "is revoked with its certificate since 2025-07-01",
        ),
        ("subkey-revoked-hard", NOW, "is revoked since 2025-07-01"),
        ("subkey-revoked-soft", NOW, "is revoked since 2025-07-01"),
        ("not-signing", SIGNED, "may not sign"),
        ("authentication-only", SIGNED, "may not sign"),
        ("no-backsig", SIGNED, "is not bound to its certificate"),
        ("unbound-subkey", SIGNED, "is not bound to its certificate"),
        ("sha1-binding", NOW, "has no self-signature that counts"),
        (
            "sha1-subkey-binding",
            NOW,
            "is not bound to its certificate",
        ),
        (
            "good-ed25519",
            "2024-12-31",
            "was made later, at 2025-01-01",
        ),
    ];
    for (name, day, reason) in cases {
        let message = refusal(name, day);
        assert!(message.contains(reason), "{name}: {message}");
        assert!(
            message.contains(&keys::load(name).fingerprint()),
            "{name}: {message}"
        );
    }
}

#[test]
fn a_key_still_alive_then_signs_though_it_is_not_now() {
    for name in [
        "expired",
        "subkey-expired",
        "revoked-soft",
        "subkey-revoked-soft",
    ] {
        assert!(open(name, SIGNED).is_ok(), "{name}");
    }
    // A compromised key never signs again, whatever the clock is set to.
    assert!(open("revoked-hard", SIGNED).is_err());
    assert!(open("subkey-revoked-hard", SIGNED).is_err());
}

#[test]
fn what_is_no_single_secret_key_is_refused() {
    let refuse = |bytes: &[u8]| {
        let opened = Signer::open(bytes, || panic!("asked"), time(SIGNED));
        opened.unwrap_err().to_string()
    };
    let key = keys::load("good");
    assert!(refuse(key.certificate()).contains("only its public part"));
    assert!(refuse(b"").contains("key file: "));
    assert!(refuse(b"no key at all").contains("key file: "));
    assert!(refuse(&[0xff; 100]).contains("key file: "));
    assert!(refuse(b"(21:protected-private-key(3:rsa").contains("--export-secret-keys"));
    assert!(refuse(b"\0\0\0\x20\x01\x01\0\x02KBXf\0\0\0\0").contains("keybox"));
    let two = [key_binary(&key), key_binary(&keys::load("stranger"))].concat();
    assert!(refuse(&two).contains("several keys"));
    let trailing = [key_binary(&key), b"trailing".to_vec()].concat();
    assert!(refuse(&trailing).contains("key"));
}

#[test]
fn a_key_cut_anywhere_never_panics() {
    let whole = key_binary(&keys::load("good"));
    for length in 0..whole.len() {
        let _ = Signer::open(&whole[..length], || Ok(b"x".to_vec()), time(SIGNED));
    }
}

#[test]
fn a_stub_says_where_its_secret_is() {
    let cert = openpgp::Cert::from_bytes(keys::load("primary-signs").secret()).unwrap();
    let stub = cert
        .as_tsk()
        .set_filter(|_| false)
        .emit_secret_key_stubs(true);
    let opened = Signer::open(&stub.to_vec().unwrap(), || panic!("asked"), time(SIGNED));
    let message = opened.unwrap_err().to_string();
    assert!(message.contains("stub"), "{message}");
}

#[test]
fn an_offline_primary_does_not_keep_its_subkey_from_signing() {
    let cert = openpgp::Cert::from_bytes(keys::load("good").secret()).unwrap();
    let primary = cert.fingerprint();
    let stub = cert
        .as_tsk()
        .set_filter(|key| key.fingerprint() != primary)
        .emit_secret_key_stubs(true);
    let opened = Signer::open(&stub.to_vec().unwrap(), || panic!("asked"), time(SIGNED));
    assert_ne!(opened.unwrap().key().as_str(), primary.to_hex());
}

/// A key file whose public numbers were exchanged would make signatures that betray the
/// secret ones.
#[test]
fn a_secret_part_under_another_public_part_is_refused() {
    use openpgp::packet::Key;
    use openpgp::packet::key::{Key4, PrimaryRole, SecretParts};
    let good = openpgp::Cert::from_bytes(keys::load("primary-signs").secret()).unwrap();
    let other = openpgp::Cert::from_bytes(keys::load("stranger").secret()).unwrap();
    let stranger = other
        .primary_key()
        .key()
        .clone()
        .parts_into_secret()
        .unwrap();
    let public = good.primary_key().key();
    let swapped: Key<SecretParts, PrimaryRole> = Key4::with_secret(
        public.creation_time(),
        public.pk_algo(),
        public.mpis().clone(),
        stranger.secret().clone(),
    )
    .unwrap()
    .into();
    let mut packets: Vec<Packet> = good.clone().into_packets().collect();
    packets[0] = Packet::SecretKey(swapped);
    let bytes = openpgp::Cert::from_packets(packets.into_iter())
        .unwrap()
        .as_tsk()
        .to_vec()
        .unwrap();
    let opened = Signer::open(&bytes, || panic!("asked"), time(SIGNED));
    let message = opened.unwrap_err().to_string();
    assert!(
        message.contains("does not belong to its public part"),
        "{message}"
    );
}

#[test]
fn the_newest_signing_subkey_is_chosen() {
    let signer = signer("good-ed25519");
    assert_ne!(signer.key().as_str(), keys::load("good").fingerprint());
    let signer = self::signer("primary-signs");
    assert_eq!(
        signer.key().as_str(),
        keys::load("primary-signs").fingerprint()
    );
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

mod clearsigned {
    use super::*;

    const TEXT: &[u8] = b"Origin: Test\nSuite: stable\n\n- a dash\n-----\nFrom here\n\ttab\n";

    fn sign(text: &[u8]) -> Result<Vec<u8>, Error> {
        cleartext::sign(&[signer("good")], text, time(SIGNED))
    }

    #[test]
    fn the_layout_is_the_one_every_client_reads() {
        let message = String::from_utf8(sign(TEXT).unwrap()).unwrap();
        let expected = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n\
            Origin: Test\nSuite: stable\n\n- - a dash\n- -----\nFrom here\n\ttab\n\
            -----BEGIN PGP SIGNATURE-----\n\n";
        assert!(message.starts_with(expected), "{message}");
        assert!(message.ends_with("\n-----END PGP SIGNATURE-----\n"));
    }

    #[test]
    fn a_missing_final_newline_changes_nothing() {
        let without = &TEXT[..TEXT.len() - 1];
        assert_eq!(sign(TEXT).unwrap(), sign(without).unwrap());
    }

    #[test]
    fn gpgv_accepts_it_and_gives_the_text_back() {
        for name in V4 {
            let signers = [signer(name)];
            let message = cleartext::sign(&signers, TEXT, time(SIGNED)).unwrap();
            let certificate = keys::load(name).certificate_binary();
            if let Some(run) = gnupg::gpgv(&certificate, &message, None) {
                assert!(run.expect_ok().text.contains("GOODSIG"), "{name}");
            }
        }
        // An empty line at the end, and one line only.
        for text in [&b"a\n\n"[..], b"a", b"\na\n", b"-\n"] {
            let certificate = keys::load("good").certificate_binary();
            if let Some(run) = gnupg::gpgv(&certificate, &sign(text).unwrap(), None) {
                run.expect_ok();
            }
        }
    }

    /// apt's sqv method splits the message and verifies a detached text signature.
    #[test]
    fn sqv_accepts_the_split_message() {
        let signers = ["good-rsa4096", "good-ed25519"].map(signer);
        let message = cleartext::sign(&signers, TEXT, time(SIGNED)).unwrap();
        let at = message
            .windows(29)
            .position(|w| w == b"-----BEGIN PGP SIGNATURE-----")
            .unwrap();
        let keyring = keys::load("good").certificate_binary();
        let covered = &TEXT[..TEXT.len() - 1];
        if let Some(run) = sequoia::sqv(&keyring, &message[at..], covered) {
            run.expect_ok();
        }
        assert!(library_accepts(
            &[keyring, keys::load("good-rsa4096").certificate_binary()],
            &message[at..],
            covered
        ));
    }

    #[test]
    fn all_signatures_stand_in_one_block_and_one_header_lists_the_digests() {
        let signers = ["good-mldsa65", "good-p384", "good-rsa4096"].map(signer);
        let message =
            String::from_utf8(cleartext::sign(&signers, TEXT, time(SIGNED)).unwrap()).unwrap();
        assert_eq!(message.matches("BEGIN PGP SIGNATURE").count(), 1);
        assert!(
            message.contains("\nHash: SHA256,SHA384,SHA512\n\n"),
            "{message}"
        );
        let keyring = keys::load("good-rsa4096").certificate_binary();
        if let Some(run) = gnupg::gpgv(&keyring, message.as_bytes(), None) {
            assert_eq!(run.text.matches("GOODSIG").count(), 1, "{run}");
        }
    }

    #[test]
    fn text_that_clients_would_read_differently_is_refused() {
        for (text, reason) in [
            (&b""[..], "line 1: there is no text"),
            (b"\n", "line 1: there is no text"),
            (b"a\nb \n", "line 2: blanks at its end"),
            (b"a\t\nb\n", "line 1: blanks at its end"),
            (b"a\r\n", "line 1: CRLF"),
            (b"a\nb\r", "line 2: CRLF"),
            (b"a\rb\n", "line 1: a control character"),
            (b"a\n\x0c\n", "line 2: a control character"),
            (b"a\x0bb\n", "line 1: a control character"),
            (b"a\0b\n", "line 1: a control character"),
            (b"a\x1b[2Jb\n", "line 1: a control character"),
            (b"a\x7f\n", "line 1: a control character"),
            (b"a\n\xc2\x85\n", "line 2: a control character"),
            (b"a\nb\xff\n", "line 2: not UTF-8"),
            (&[b'a'; 70_000], "line 1: longer than"),
        ] {
            let message = sign(text).unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
        }
        assert!(cleartext::sign(&[], TEXT, time(SIGNED)).is_err());
    }

    #[test]
    fn what_is_written_is_read_back() {
        use proptest::prelude::*;
        let signer = [signer("good")];
        let line = "[-a \\t\\r\\x0c\u{85}é]{0,6}|- x|-----BEGIN PGP SIGNATURE-----|From x";
        let text = proptest::collection::vec(line, 0..5).prop_map(|lines| lines.join("\n"));
        let config = ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(500)
        };
        proptest!(config, |(text in text)| {
            let Ok(message) = cleartext::sign(&signer, text.as_bytes(), time(SIGNED)) else {
                return Ok(());
            };
            let read = cleartext::split(&message).unwrap();
            let mut expected = text.into_bytes();
            if !expected.ends_with(b"\n") {
                expected.push(b'\n');
            }
            prop_assert_eq!(read.text, expected);
            prop_assert_eq!(read.signatures.len(), 1);
        });
    }

    #[test]
    fn the_verifier_accepts_every_algorithm_and_seals_the_text() {
        for name in V4.iter().chain(V6) {
            let message = cleartext::sign(&[signer(name)], TEXT, time(SIGNED)).unwrap();
            let (certificates, _) = Certificate::parse_all(keys::load(name).certificate());
            let verifier = Verifier::new(
                Certificates::new(certificates),
                Profile::strict(),
                time(SIGNED),
            );
            let (text, report) = verifier.cleartext(Object::Repository, &message).accept();
            assert!(report.is_accepted(), "{name}: {report:?}");
            assert_eq!(text.unwrap().into_inner(), TEXT, "{name}");
        }
    }

    /// gpgv knows no v6 signature; apt with gpgv must read past it, several of them.
    #[test]
    fn apt_accepts_a_message_that_is_also_signed_for_tomorrow() {
        let release = "Date: Sat, 01 Mar 2025 00:00:00 UTC\nSHA256:\n \
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 Packages\n";
        let names = [
            "good-mldsa87",
            "good-v6-ed25519",
            "good-ed25519",
            "good-rsa4096",
        ];
        let message =
            cleartext::sign(&names.map(signer), release.as_bytes(), time(SIGNED)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("InRelease"), message).unwrap();
        std::fs::write(folder.path().join("Packages"), "").unwrap();
        let keyring = keys::load("good-ed25519").certificate_binary();
        if let Some(run) = apt::update(folder.path(), "./", "", &keyring) {
            run.expect_ok();
        }
        let stranger = keys::load("stranger").certificate_binary();
        if let Some(run) = apt::update(folder.path(), "./", "", &stranger) {
            assert!(!run.accepted(), "{run}");
        }
    }
}
