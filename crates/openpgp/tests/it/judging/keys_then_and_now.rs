//! What has become of the key: expired, revoked, not bound, not for signing, weak.

use super::*;

#[test]
fn expired_since_rejects_a_repository_and_is_noted_elsewhere() {
    for (name, part) in [
        ("expired", "the certificate of"),
        ("subkey-expired", "the signing subkey of"),
    ] {
        all(name, keys::NOW, |object, report| {
            assert_eq!(one(report).when_signed, Some(KeyState::Live));
            assert_eq!(
                one(report).now,
                Some(KeyState::Expired {
                    at: keys::time(keys::EXPIRES),
                    primary: name == "expired",
                })
            );
            if object == Object::Repository {
                rejects(
                    report,
                    &Status::BadKey(BadKey::Expired),
                    "signature.key-expired",
                    &[part, "2025-06-01", "it signed before that, at 2025-03-01"],
                    "profile strict: repository.alive-now = \"reject\"",
                );
            } else {
                assert!(report.is_accepted());
                let [note] = one(report).notes.as_slice() else {
                    panic!("{report:?}");
                };
                assert_eq!(note.code.id, "signature.key-expired");
                assert_eq!(note.severity, Severity::Note);
            }
        });
    }
}

#[test]
fn alive_then_and_at_the_verifiers_now() {
    for name in [
        "expired",
        "subkey-expired",
        "revoked-soft",
        "subkey-revoked-soft",
    ] {
        all(name, keys::SIGNED, |_, report| {
            assert!(report.is_accepted())
        });
    }
}

#[test]
fn expired_at_signing_rejects_everything() {
    for name in ["expired", "subkey-expired"] {
        for object in OBJECTS {
            let report = judged(name, &RawOptions::at("2025-06-02"), object, keys::NOW);
            rejects(
                &report,
                &Status::BadKey(BadKey::Expired),
                "signature.key-expired-at-signing",
                &["expired at 2025-06-01", "before it signed at 2025-06-02"],
                "",
            );
        }
    }
}

#[test]
fn a_key_signs_until_the_second_it_expires() {
    let last = RawOptions::at("2025-05-31T23:59:59Z");
    assert!(judged("expired", &last, Object::Package, keys::NOW).is_accepted());
    let first = RawOptions::at("2025-06-01T00:00:00Z");
    assert!(!judged("expired", &first, Object::Package, keys::NOW).is_accepted());
}

#[test]
fn a_hard_revocation_rejects_whatever_was_ever_signed() {
    for name in ["revoked-hard", "subkey-revoked-hard"] {
        for now in [keys::SIGNED, keys::NOW] {
            all(name, now, |_, report| {
                rejects(
                    report,
                    &Status::BadKey(BadKey::Revoked { hard: true }),
                    "signature.key-revoked",
                    &[
                        "revoked, at 2025-07-01",
                        "(\"test\")",
                        "nothing it signed counts",
                    ],
                    "",
                );
            });
        }
    }
}

#[test]
fn a_hard_revocation_weighs_more_than_what_else_is_wrong() {
    for options in [
        RawOptions::at(keys::SIGNED).hash(Hash::Sha1),
        RawOptions::at(keys::SIGNED).expires_in(1),
        RawOptions::at("2026-01-01"),
    ] {
        let report = judged("revoked-hard", &options, Object::Package, keys::NOW);
        assert_eq!(
            one(&report).status,
            Status::BadKey(BadKey::Revoked { hard: true })
        );
    }
}

#[test]
fn a_soft_revocation_rejects_what_was_signed_after_it() {
    for name in ["revoked-soft", "subkey-revoked-soft"] {
        for object in OBJECTS {
            let report = judged(name, &RawOptions::at("2025-07-02"), object, keys::NOW);
            rejects(
                &report,
                &Status::BadKey(BadKey::Revoked { hard: false }),
                "signature.key-retired",
                &["retired, at 2025-07-01", "signed after that, at 2025-07-02"],
                "",
            );
        }
    }
}

#[test]
fn retired_since_rejects_a_repository_and_warns_elsewhere() {
    for name in ["revoked-soft", "subkey-revoked-soft"] {
        all(name, keys::NOW, |object, report| {
            if object == Object::Repository {
                rejects(
                    report,
                    &Status::BadKey(BadKey::Revoked { hard: false }),
                    "signature.key-retired",
                    &[
                        "retired, at 2025-07-01",
                        "it signed before that, at 2025-03-01",
                    ],
                    "repository.retired-since = \"reject\"",
                );
            } else {
                assert!(report.is_accepted());
                assert_eq!(one(report).notes[0].code.id, "signature.key-retired");
                assert_eq!(one(report).notes[0].severity, Severity::Warning);
            }
        });
    }
}

#[test]
fn older_than_its_key() {
    all("young", keys::NOW, |_, report| {
        rejects(
            report,
            &Status::BadKey(BadKey::NotYetValid),
            "signature.key-not-yet-valid",
            &["2025-03-01", "2025-08-01"],
            "",
        );
        assert_eq!(one(report).now, Some(KeyState::Live));
    });
}

#[test]
fn keys_that_may_not_sign_files() {
    let certify_only = RawOptions::at(keys::SIGNED).with(With::Primary);
    for (name, options) in [
        ("not-signing", RawOptions::at(keys::SIGNED)),
        ("authentication-only", RawOptions::at(keys::SIGNED)),
        ("good", certify_only),
    ] {
        for object in OBJECTS {
            rejects(
                &judged(name, &options, object, keys::NOW),
                &Status::BadKey(BadKey::NotForSigning),
                "signature.key-not-for-signing",
                &["may not sign files"],
                "",
            );
        }
    }
}

#[test]
fn subkeys_that_are_not_bound() {
    for (name, words) in [
        (
            "unbound-subkey",
            "no valid binding signature by the primary key",
        ),
        ("no-backsig", "the subkey did not sign back"),
    ] {
        all(name, keys::NOW, |_, report| {
            rejects(
                report,
                &Status::BadKey(BadKey::Unbound),
                "signature.key-unbound",
                &[words],
                "",
            );
        });
    }
}

#[test]
fn sha1_self_signatures_say_so() {
    for (name, words) in [
        (
            "sha1-binding",
            "the certificate's self-signature of 2025-01-01",
        ),
        (
            "sha1-subkey-binding",
            "the subkey's binding signature of 2025-01-01",
        ),
    ] {
        all(name, keys::NOW, |_, report| {
            rejects(
                report,
                &Status::BadKey(BadKey::Unbound),
                "signature.weak-binding",
                &[words, "uses SHA-1"],
                "profile strict: digest.sha1.self-signature = \"never\"",
            );
            let hint = reasons(report)[0].hint.as_deref().unwrap();
            assert!(hint.contains("sq cert lint --fix"), "{hint}");
        });
    }
}

#[test]
fn short_rsa_keys() {
    all("rsa1024", keys::NOW, |_, report| {
        rejects(
            report,
            &Status::WeakAlgorithm,
            "signature.weak-key",
            &["RSA1024"],
            "public-key.rsa.minimum-bits = 2048",
        );
    });
    all("good-rsa2048", keys::NOW, |_, report| {
        assert!(report.is_accepted());
        let note = &one(report).notes[0];
        assert_eq!(note.severity, Severity::Note);
        let cause = note.cause.as_deref().unwrap();
        assert!(
            cause.contains("public-key.rsa.warn-below-bits = 3072"),
            "{cause}"
        );
    });
    all("primary-signs-rsa3072", keys::NOW, |_, report| {
        assert!(report.is_accepted() && one(report).notes.is_empty());
    });
}
