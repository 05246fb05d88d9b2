//! Keys made for a purpose.

use jiff::Timestamp;
use pkgseal_keyring::{Algorithm, Layout, Purpose, generate};
use pkgseal_openpgp::{KeyState, Profile};

const WHO: &str = "TEST purpose <purpose@test.invalid>";

fn now() -> Timestamp {
    "2025-03-01T12:00:00Z".parse().unwrap()
}

#[test]
fn each_purpose_has_its_keys() {
    for (purpose, version, keys, algorithm) in [
        (Purpose::Distribution, 4, 2, "Ed25519"),
        (Purpose::Maven, 4, 1, "RSA4096"),
        (Purpose::Rfc9580, 6, 2, "Ed25519"),
        (Purpose::PostQuantum, 6, 2, "ML-DSA-65+Ed25519"),
    ] {
        let request = purpose.request(WHO, None).unwrap();
        let generated = generate(&request, now()).unwrap();
        let certificate = &generated.certificate;
        assert_eq!(certificate.version(), version, "{purpose:?}");
        let facts = certificate.keys(&Profile::strict(), now());
        assert_eq!(facts.len(), keys, "{purpose:?}");
        let signs: Vec<_> = facts
            .iter()
            .filter(|key| key.state == KeyState::Live)
            .map(|key| (key.fingerprint.clone(), key.algorithm.as_str()))
            .collect();
        assert_eq!(signs, [(generated.signing_key.clone(), algorithm)]);
        assert!(facts.iter().all(|key| key.expires.is_some()), "{purpose:?}");
        let one = request.layout == Layout::One;
        assert_eq!(facts[0].capabilities.contains(&"sign"), one, "{purpose:?}");
        assert_eq!(generated.signing_key == certificate.fingerprint(), one);
    }
}

#[test]
fn an_algorithm_that_does_not_serve_is_refused() {
    for (purpose, algorithm) in [
        (Purpose::Maven, Algorithm::Ed25519V6),
        (Purpose::Maven, Algorithm::MlDsa65Ed25519),
        (Purpose::Rfc9580, Algorithm::Ed25519),
        (Purpose::Rfc9580, Algorithm::Rsa4096),
        (Purpose::PostQuantum, Algorithm::Ed448),
        (Purpose::PostQuantum, Algorithm::Rsa4096),
    ] {
        let refused = purpose.request(WHO, Some(algorithm)).unwrap_err();
        assert!(refused.to_string().starts_with("algorithm: "), "{refused}");
    }
    for (purpose, algorithm) in [
        (Purpose::Distribution, Algorithm::Rsa3072),
        (Purpose::Distribution, Algorithm::Ed448),
        (Purpose::Maven, Algorithm::Ed25519),
        (Purpose::Rfc9580, Algorithm::MlDsa65Ed25519),
        (Purpose::PostQuantum, Algorithm::MlDsa87Ed448),
    ] {
        assert!(purpose.request(WHO, Some(algorithm)).is_ok(), "{purpose:?}");
    }
}

#[test]
fn key_servers_want_a_mail_address() {
    for user_id in [
        "TEST",
        "TEST <>",
        "TEST <a@b> <c@d>",
        "TEST test.invalid",
        "TEST @",
    ] {
        let refused = Purpose::Maven.request(user_id, None).unwrap_err();
        assert!(
            refused.to_string().contains("mail address"),
            "{user_id}: {refused}"
        );
        assert!(Purpose::Distribution.request(user_id, None).is_ok());
    }
}
