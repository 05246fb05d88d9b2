use openpgp::packet::{Packet, UserID};
use openpgp::serialize::MarshalInto;
use pkgseal_testkit::keys;
use sequoia_openpgp as openpgp;

use super::*;

fn with(names: &[&str], what: &Filter) -> Vec<String> {
    names_of(&filtered(&keys::certificates(names), what), names)
}

fn filtered(certificates: &Certificates, what: &Filter) -> Made {
    filter(
        certificates,
        what,
        &Profile::strict(),
        keys::time(keys::NOW),
    )
    .unwrap()
}

fn names_of(made: &Made, names: &[&str]) -> Vec<String> {
    names
        .iter()
        .filter(|name| {
            let fingerprint = Fingerprint::parse(&keys::load(name).fingerprint()).unwrap();
            made.certificates.get(&fingerprint).is_some()
        })
        .map(|name| (*name).to_owned())
        .collect()
}

/// A good certificate with these user IDs, signed by its key or by nobody.
fn called(bound: &[&str], unbound: &[&str]) -> Certificates {
    let bound: Vec<&[u8]> = bound.iter().map(|text| text.as_bytes()).collect();
    let unbound = unbound.iter().map(|text| Packet::from(UserID::from(*text)));
    let (cert, _) = keys::called(&bound).insert_packets(unbound).unwrap();
    keys::read(&MarshalInto::to_vec(&cert).unwrap())
}

fn user_id(pattern: UserIdPattern) -> Filter {
    Filter {
        user_ids: vec![pattern],
        ..Filter::default()
    }
}

#[test]
fn by_fingerprint_of_certificate_or_subkey() {
    let all = ["good", "good-rsa4096", "expired"];
    let key = keys::load("good-rsa4096");
    for text in [key.fingerprint(), key.signing_fingerprint()] {
        let what = Filter {
            fingerprints: vec![Fingerprint::parse(&text).unwrap()],
            ..Filter::default()
        };
        assert_eq!(with(&all, &what), ["good-rsa4096"]);
    }
    let what = Filter {
        fingerprints: vec![Fingerprint::parse(&keys::load("stranger").fingerprint()).unwrap()],
        ..Filter::default()
    };
    let made = filtered(&keys::certificates(&all), &what);
    assert!(made.certificates.is_empty());
    assert_eq!(
        made.findings.len(),
        1,
        "what was named and is not there is said"
    );
}

#[test]
fn a_user_id_is_taken_literally() {
    let named = called(&["Joe <joe@example.org>"], &[]);
    let finds = |pattern| filtered(&named, &user_id(pattern)).certificates.len() == 1;
    for text in [
        "Joe <joe@example.org>",
        "joe@example.org",
        "JOE@example.org",
    ] {
        assert!(finds(UserIdPattern::Is(text.to_owned())), "{text}");
    }
    for text in [
        "",
        "Joe",
        "joe",
        "example.org",
        "@example.org",
        ".*",
        "*",
        "joe@",
        "oe@example.org",
        "joe@example.or",
        "Joe <joe@example.org> ",
        "joe <joe@example.org>",
        "<joe@example.org>",
    ] {
        assert!(!finds(UserIdPattern::Is(text.to_owned())), "{text}");
    }
    assert!(finds(UserIdPattern::Domain("Example.org".to_owned())));
    for text in ["org", "xample.org", "sub.example.org"] {
        assert!(!finds(UserIdPattern::Domain(text.to_owned())), "{text}");
    }
}

#[test]
fn a_domain_with_magic_in_it_is_refused() {
    for text in [
        "",
        "*.org",
        "example.*",
        ".example.org",
        "a b",
        "joe@example.org",
        "a/../b",
    ] {
        let what = user_id(UserIdPattern::Domain(text.to_owned()));
        let refused = filter(
            &keys::certificates(&["good"]),
            &what,
            &Profile::strict(),
            keys::time(keys::NOW),
        );
        assert!(
            matches!(
                refused,
                Err(Error::Request {
                    field: "domain",
                    ..
                })
            ),
            "{text}"
        );
    }
}

#[test]
fn a_user_id_that_anybody_may_have_added_does_not_count() {
    let forged = called(
        &["Joe <joe@example.org>"],
        &["Debian <ftpmaster@debian.org>"],
    );
    let what = user_id(UserIdPattern::Domain("debian.org".to_owned()));
    assert!(filtered(&forged, &what).certificates.is_empty());
    let what = user_id(UserIdPattern::Is("ftpmaster@debian.org".to_owned()));
    assert!(filtered(&forged, &what).certificates.is_empty());
}

#[test]
fn by_state_at_the_moment() {
    let all = [
        "good",
        "expired",
        "revoked-hard",
        "revoked-soft",
        "subkey-expired",
        "subkey-revoked-soft",
        "not-signing",
        "rsa1024",
        "sha1-binding",
    ];
    let state = |state| Filter {
        state,
        ..Filter::default()
    };
    assert_eq!(with(&all, &state(State::Any)), all);
    assert_eq!(with(&all, &state(State::CanSign)), ["good"]);
    assert_eq!(
        with(&all, &state(State::Live)),
        [
            "good",
            "subkey-expired",
            "subkey-revoked-soft",
            "not-signing"
        ]
    );
    let earlier = filter(
        &keys::certificates(&all),
        &state(State::CanSign),
        &Profile::strict(),
        keys::time(keys::SIGNED),
    )
    .unwrap();
    let earlier = names_of(&earlier, &all);
    assert!(earlier.contains(&"expired".to_owned()), "{earlier:?}");
    assert!(!earlier.contains(&"revoked-hard".to_owned()), "{earlier:?}");
}

#[test]
fn expired_and_revoked_parts_go_and_that_is_said() {
    let all = [
        "good",
        "expired",
        "subkey-expired",
        "subkey-revoked-soft",
        "revoked-soft",
    ];
    let drop = |parts: &[Drop]| Filter {
        drop: parts.to_vec(),
        ..Filter::default()
    };
    let subkeys = |made: &Made, name: &str| {
        let fingerprint = Fingerprint::parse(&keys::load(name).fingerprint()).unwrap();
        let keys = made.certificates.get(&fingerprint).unwrap();
        keys.keys(&Profile::strict(), keys::time(keys::NOW)).len() - 1
    };
    let certificates = keys::certificates(&all);

    let made = filtered(&certificates, &drop(&[Drop::Expired]));
    assert_eq!(
        names_of(&made, &all),
        [
            "good",
            "subkey-expired",
            "subkey-revoked-soft",
            "revoked-soft"
        ]
    );
    assert_eq!(subkeys(&made, "subkey-expired"), 0);
    assert_eq!(subkeys(&made, "subkey-revoked-soft"), 1);
    assert!(
        made.findings
            .iter()
            .any(|f| f.detail.contains("cannot be verified"))
    );

    let made = filtered(&certificates, &drop(&[Drop::Revoked]));
    assert_eq!(
        names_of(&made, &all),
        ["good", "expired", "subkey-expired", "subkey-revoked-soft"]
    );
    assert_eq!(subkeys(&made, "subkey-revoked-soft"), 0);
    assert_eq!(subkeys(&made, "subkey-expired"), 1);
    assert!(
        made.findings
            .iter()
            .any(|f| f.detail.contains("a revocation goes"))
    );

    let made = filtered(&certificates, &drop(&[]));
    assert_eq!(names_of(&made, &all), all);
    assert_eq!(made.findings, []);
}

#[test]
fn keys_that_cannot_sign_go() {
    let what = Filter {
        drop: vec![Drop::Encryption],
        ..Filter::default()
    };
    for (name, left) in [("good", 1), ("not-signing", 0), ("authentication-only", 0)] {
        let made = filtered(&keys::certificates(&[name]), &what);
        let one = made.certificates.iter().next().unwrap();
        let subkeys = one.keys(&Profile::strict(), keys::time(keys::NOW)).len() - 1;
        assert_eq!(subkeys, left, "{name}");
        assert_eq!(made.findings, [], "{name}");
    }
}

#[test]
fn all_user_ids_but_the_primary_one_go() {
    let several = called(&["One <one@example.org>", "Two <two@example.org>"], &[]);
    let now = keys::time(keys::NOW);
    let count =
        |certificates: &Certificates| certificates.iter().next().unwrap().user_ids(now).len();
    assert_eq!(count(&several), 3);
    let primary = several.iter().next().unwrap().user_id();
    let made = filtered(
        &several,
        &Filter {
            drop: vec![Drop::UserIds],
            ..Filter::default()
        },
    );
    assert_eq!(count(&made.certificates), 1);
    assert_eq!(made.certificates.iter().next().unwrap().user_id(), primary);
    assert_eq!(
        filtered(&made.certificates, &Filter::default())
            .certificates
            .iter()
            .next(),
        made.certificates.iter().next(),
        "again changes nothing"
    );
}
