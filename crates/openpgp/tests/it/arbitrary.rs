//! Whatever comes in: no panic, nothing accepted, nothing lost.

use pkgseal_openpgp::{
    Certificate, Fingerprint, Object, Profile, SignatureBlock, Verifier, cleartext,
};
use pkgseal_testkit::keys::{self, RawOptions};
use proptest::collection::vec;
use proptest::prelude::*;

fn verifier() -> Verifier {
    Verifier::new(
        keys::certificates(&["good"]),
        Profile::strict(),
        keys::time(keys::NOW),
    )
}

/// Bytes of packets with true lengths and made-up bodies: deeper than random bytes get.
fn packets() -> impl Strategy<Value = Vec<u8>> {
    let tag = prop_oneof![
        Just(2_u8),
        Just(4),
        Just(6),
        Just(8),
        Just(11),
        Just(13),
        Just(14),
        Just(17),
        0_u8..64
    ];
    let packet = (tag, vec(any::<u8>(), 0..150), 0_u8..7).prop_map(|(tag, mut body, version)| {
        if let Some(first) = body.first_mut() {
            *first = version;
        }
        let mut packet = vec![0xc0 | tag, u8::try_from(body.len()).unwrap()];
        packet.append(&mut body);
        packet
    });
    vec(packet, 0..6).prop_map(|packets| packets.concat())
}

/// Text that may be clearsigned as it stands.
fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "[ -~]{0,40}",
        "- [ -~]{0,10}",
        "-----[ -~]{0,30}",
        "From [ -~]{0,10}",
        "\\PC{0,20}",
        Just(String::new()),
    ];
    vec(line, 1..8).prop_map(|lines| {
        let mut text = String::new();
        for line in lines {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn bytes_are_no_signature(bytes in vec(any::<u8>(), 0..300)) {
        let report = verifier().detached(Object::Artifact, &b"x"[..], &bytes).unwrap();
        prop_assert!(!report.is_accepted());
    }

    #[test]
    fn packets_are_no_good_signature(bytes in packets()) {
        for bytes in [keys::armor(&bytes), bytes] {
            let report = verifier().detached(Object::Artifact, &b"x"[..], &bytes).unwrap();
            prop_assert!(!report.is_accepted());
            let _ = SignatureBlock::parse_single_binary(&bytes);
        }
    }

    #[test]
    fn packets_as_certificates(bytes in packets()) {
        let now = keys::time(keys::NOW);
        let (certificates, _) = Certificate::parse_all(&bytes);
        for certificate in certificates {
            certificate.keys(&Profile::strict(), now);
            certificate.lint(&Profile::strict(), now);
            certificate.user_ids(now);
        }
    }

    #[test]
    fn text_is_no_clearsigned_message(message in "\\PC{0,200}") {
        prop_assert!(cleartext::split(message.as_bytes()).is_err());
        let message = format!("-----BEGIN PGP SIGNED MESSAGE-----\n{message}");
        let judged = verifier().cleartext(Object::Repository, message.as_bytes());
        prop_assert!(!judged.report().is_accepted());
    }

    #[test]
    fn fingerprints(text in "\\PC{0,80}") {
        if let Some(fingerprint) = Fingerprint::parse(&text) {
            prop_assert!(matches!(fingerprint.as_str().len(), 40 | 64));
            prop_assert_eq!(Fingerprint::parse(fingerprint.as_str()), Some(fingerprint));
        }
    }

    /// What is written is read back, and is what was signed; or writing refuses.
    #[test]
    fn clearsigned_and_read_back(text in text()) {
        let time = keys::time(keys::SIGNED);
        let Ok(message) = cleartext::sign(&[keys::signer("good", time)], text.as_bytes(), time) else {
            return Ok(());
        };
        let (sealed, report) = verifier().cleartext(Object::Artifact, &message).accept();
        let read = sealed.map(pkgseal_openpgp::Verified::into_inner);
        prop_assert_eq!(read, Some(text.into_bytes()), "{:?}", report);
    }

    /// Other text under a signature is never accepted.
    #[test]
    fn another_text_under_a_signature(one in text(), other in text()) {
        let key = keys::load("good");
        let message = keys::raw_clearsign(&[(&key, RawOptions::at(keys::SIGNED))], &one);
        let message = String::from_utf8(message).unwrap();
        let at = message.rfind("-----BEGIN PGP SIGNATURE").unwrap();
        let escaped: String = other
            .lines()
            .map(|line| format!("{}{line}\n", if line.starts_with('-') { "- " } else { "" }))
            .collect();
        let forged = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{escaped}{}",
            &message[at..]
        );
        let (sealed, _) = verifier().cleartext(Object::Artifact, forged.as_bytes()).accept();
        if let Some(sealed) = sealed {
            prop_assert_eq!(sealed.get(), one.as_bytes());
        }
    }
}
