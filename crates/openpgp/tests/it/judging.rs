//! Every status of a signature and every state of a key: status, code, words, for every
//! kind of object.

use pkgseal_openpgp::{
    BadKey, KeyState, Mathematics, Object, Profile, SignatureFacts, SignatureReport, Status,
    Verdict, Verifier,
};
use pkgseal_repo::{Finding, Severity};
use pkgseal_testkit::keys::{self, Form, Hash, Issuer, RawOptions, With};

const DATA: &[u8] = b"hello\n";
const OBJECTS: [Object; 3] = [Object::Repository, Object::Package, Object::Artifact];

fn verifier(names: &[&str], now: &str) -> Verifier {
    Verifier::new(
        keys::certificates(names),
        Profile::strict(),
        keys::time(now),
    )
}

/// Signed by the key as told, judged with its certificate.
fn judged(name: &str, options: &RawOptions, object: Object, now: &str) -> SignatureReport {
    let signature = keys::raw_sign(&keys::load(name), DATA, options);
    verifier(&[name], now)
        .detached(object, DATA, &signature)
        .unwrap()
}

fn one(report: &SignatureReport) -> &SignatureFacts {
    assert_eq!(report.signatures.len(), 1, "{report:?}");
    &report.signatures[0]
}

fn reasons(report: &SignatureReport) -> &[Finding] {
    match &report.verdict {
        Verdict::Rejected { reasons } => reasons,
        Verdict::Accepted { .. } => panic!("accepted: {report:?}"),
    }
}

/// A rejection with this status, and whose only reason has this code, these words, and
/// cites this profile line (empty: none).
#[track_caller]
fn rejects(report: &SignatureReport, status: &Status, code: &str, words: &[&str], line: &str) {
    assert_eq!(&one(report).status, status, "{report:?}");
    let [reason] = reasons(report) else {
        panic!("{report:?}");
    };
    assert_eq!(reason.code.id, code, "{reason:?}");
    assert!(reason.hint.is_some(), "{reason:?}");
    assert_eq!(reason.severity, Severity::Reject);
    for word in words {
        assert!(reason.detail.contains(word), "{word}: {}", reason.detail);
    }
    let cause = reason.cause.as_deref().unwrap_or_default();
    assert!(cause.contains(line), "{line}: {cause}");
    assert_eq!(one(report).reason.as_ref(), Some(reason));
    assert!(!report.is_accepted());
}

fn all(name: &str, now: &str, each: impl Fn(Object, &SignatureReport)) {
    for object in OBJECTS {
        each(
            object,
            &judged(name, &RawOptions::at(keys::SIGNED), object, now),
        );
    }
}

#[test]
fn every_algorithm_verifies() {
    let good = keys::names()
        .into_iter()
        .filter(|name| name.starts_with("good-") || name.starts_with("primary-signs"));
    for name in good {
        all(name, keys::NOW, |_, report| {
            assert!(report.is_accepted(), "{name}: {report:?}");
            let facts = one(report);
            assert_eq!(facts.mathematics, Mathematics::Good);
            assert_eq!(facts.when_signed, Some(KeyState::Live));
            assert_eq!(facts.now, Some(KeyState::Live));
            assert_eq!(facts.created, Some(keys::time(keys::SIGNED)));
            let key = keys::load(name);
            assert_eq!(
                facts.certificate.as_ref().unwrap().as_str(),
                key.fingerprint()
            );
            assert_eq!(
                facts.key.as_ref().unwrap().as_str(),
                key.signing_fingerprint()
            );
            assert_eq!(facts.user_id.as_deref(), Some(key.user_id()));
            assert_eq!(report.accepted_signers().unwrap().len(), 1);
        });
    }
}

#[test]
fn other_content_is_bad() {
    for name in [
        "good-ed25519",
        "good-rsa4096",
        "good-p384",
        "good-v6-ed448",
        "good-mldsa65",
    ] {
        let signature = keys::raw_sign(&keys::load(name), DATA, &RawOptions::at(keys::SIGNED));
        let report = verifier(&[name], keys::NOW)
            .detached(Object::Artifact, &b"hello!\n"[..], &signature)
            .unwrap();
        rejects(
            &report,
            &Status::Bad,
            "signature.bad",
            &["the content is not what", "changed after signing"],
            "",
        );
        assert_eq!(one(&report).mathematics, Mathematics::Bad);
    }
}

#[test]
fn an_unknown_signer_is_named() {
    let stranger = keys::load("stranger");
    let signature = keys::raw_sign(&stranger, DATA, &RawOptions::at(keys::SIGNED));
    let report = verifier(&["good"], keys::NOW)
        .detached(Object::Repository, DATA, &signature)
        .unwrap();
    let fingerprint = stranger.signing_fingerprint();
    rejects(
        &report,
        &Status::MissingCertificate,
        "signature.missing-certificate",
        &[&fingerprint, "no certificate is at hand"],
        "",
    );
    assert_eq!(one(&report).mathematics, Mathematics::PrefixMatches);
    assert!(one(&report).certificate.is_none());
    let hint = reasons(&report)[0].hint.as_deref().unwrap();
    assert!(
        hint.contains(&fingerprint) && hint.contains("--keyring"),
        "{hint}"
    );
}

#[test]
fn without_the_certificate_changed_content_still_shows() {
    let signature = keys::raw_sign(&keys::load("stranger"), DATA, &RawOptions::at(keys::SIGNED));
    let report = verifier(&["good"], keys::NOW)
        .detached(Object::Package, &b"other"[..], &signature)
        .unwrap();
    rejects(
        &report,
        &Status::MissingCertificate,
        "signature.missing-certificate",
        &["the digest differs", "no certificate"],
        "",
    );
    assert_eq!(one(&report).mathematics, Mathematics::PrefixDiffers);
}

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

#[test]
fn weak_digests_over_files() {
    for (hash, name, rule) in [
        (Hash::Md5, "MD5", "md5"),
        (Hash::Sha1, "SHA-1", "sha1"),
        (Hash::Sha224, "SHA-224", "sha224"),
    ] {
        for object in OBJECTS {
            let options = RawOptions::at(keys::SIGNED).hash(hash);
            rejects(
                &judged("good-rsa4096", &options, object, keys::NOW),
                &Status::WeakAlgorithm,
                "signature.weak-digest",
                &[name],
                &format!("digest.{rule}.data = \"never\""),
            );
        }
    }
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        let options = RawOptions::at(keys::SIGNED).hash(hash);
        assert!(judged("good", &options, Object::Package, keys::NOW).is_accepted());
    }
}

#[test]
fn a_weak_digest_over_other_content_is_bad_first() {
    let options = RawOptions::at(keys::SIGNED).hash(Hash::Sha1);
    let signature = keys::raw_sign(&keys::load("good"), DATA, &options);
    let report = verifier(&["good"], keys::NOW)
        .detached(Object::Package, &b"x"[..], &signature)
        .unwrap();
    assert_eq!(one(&report).status, Status::Bad);
}

#[test]
fn made_in_the_future() {
    let options = RawOptions::at("2025-09-01T00:05:01Z");
    for object in OBJECTS {
        rejects(
            &judged("good", &options, object, keys::NOW),
            &Status::NotYetValid,
            "signature.not-yet-valid",
            &["2025-09-01T00:05:01Z", "now is 2025-09-01T00:00:00Z"],
            "clock-skew-seconds = 300",
        );
    }
    let within = RawOptions::at("2025-09-01T00:05:00Z");
    assert!(judged("good", &within, Object::Repository, keys::NOW).is_accepted());
}

#[test]
fn a_signature_with_an_end() {
    let options = RawOptions::at(keys::SIGNED).expires_in(86_400);
    for object in OBJECTS {
        assert!(judged("good", &options, object, "2025-03-01T23:59:59Z").is_accepted());
        rejects(
            &judged("good", &options, object, "2025-03-02"),
            &Status::Expired,
            "signature.expired",
            &["until 2025-03-02T00:00:00Z"],
            "",
        );
    }
}

#[test]
fn signatures_over_something_else() {
    let options = RawOptions::at(keys::SIGNED).form(Form::Standalone);
    for object in OBJECTS {
        rejects(
            &judged("good", &options, object, keys::NOW),
            &Status::Malformed,
            "signature.wrong-form",
            &["something else than a file"],
            "",
        );
    }
}

#[test]
fn text_signatures_on_files() {
    let options = RawOptions::at(keys::SIGNED).form(Form::Text);
    assert!(judged("good", &options, Object::Repository, keys::NOW).is_accepted());
    assert!(judged("good", &options, Object::Artifact, keys::NOW).is_accepted());
    rejects(
        &judged("good", &options, Object::Package, keys::NOW),
        &Status::Malformed,
        "signature.wrong-form",
        &["leaves line ends open"],
        "package.text-form = \"reject\"",
    );
    // The same signature over CRLF: the mathematics would hold.
    let signature = keys::raw_sign(&keys::load("good"), DATA, &options);
    for (data, words) in [
        (&b"hello\r\n"[..], "which it does not cover"),
        (b"hello\r", "lone carriage returns"),
    ] {
        let report = verifier(&["good"], keys::NOW)
            .detached(Object::Artifact, data, &signature)
            .unwrap();
        rejects(
            &report,
            &Status::Malformed,
            "signature.wrong-form",
            &[words],
            "artifact.text-form = \"lf-only\"",
        );
    }
}

#[test]
fn critical_and_unknown() {
    let options = RawOptions::at(keys::SIGNED).critical_notation("x@test.invalid", "1");
    rejects(
        &judged("good", &options, Object::Artifact, keys::NOW),
        &Status::Unsupported,
        "signature.unsupported",
        &["critical notation `x@test.invalid`"],
        "RFC 9580, 5.2.3.7",
    );
}

#[test]
fn nobody_named() {
    let options = RawOptions::at(keys::SIGNED).issuer(Issuer::Absent);
    rejects(
        &judged("good", &options, Object::Artifact, keys::NOW),
        &Status::MissingCertificate,
        "signature.missing-certificate",
        &["does not say who made it"],
        "",
    );
}

#[test]
fn somebody_else_named() {
    let options = RawOptions::at(keys::SIGNED).issuer(Issuer::Other("good-ed25519-2".to_owned()));
    let signature = keys::raw_sign(&keys::load("good"), DATA, &options);
    let report = verifier(&["good", "good-ed25519-2"], keys::NOW)
        .detached(Object::Artifact, DATA, &signature)
        .unwrap();
    assert_eq!(
        one(&report).status,
        Status::Bad,
        "as far as the named one is concerned"
    );
    assert!(!report.is_accepted());
}

/// Several signatures in one block.
fn several(signers: &[(&str, RawOptions)], data: &[u8]) -> Vec<u8> {
    let packets: Vec<u8> = signers
        .iter()
        .flat_map(|(name, options)| {
            keys::raw_sign(&keys::load(name), data, &options.clone().binary())
        })
        .collect();
    keys::armor(&packets)
}

fn at_signed(name: &str) -> (&str, RawOptions) {
    (name, RawOptions::at(keys::SIGNED))
}

#[test]
fn one_good_and_one_bad_rejects() {
    let mut block = keys::raw_sign(
        &keys::load("good"),
        DATA,
        &RawOptions::at(keys::SIGNED).binary(),
    );
    block.extend(keys::raw_sign(
        &keys::load("good-ed25519-2"),
        b"other",
        &RawOptions::at(keys::SIGNED).binary(),
    ));
    for object in OBJECTS {
        let report = verifier(&["good", "good-ed25519-2"], keys::NOW)
            .detached(object, DATA, &block)
            .unwrap();
        assert_eq!(report.signatures[0].status, Status::Good);
        assert_eq!(report.signatures[1].status, Status::Bad);
        let [reason] = reasons(&report) else {
            panic!("{report:?}");
        };
        assert_eq!(reason.code.id, "signature.bad");
        let cause = reason.cause.as_deref().unwrap();
        assert!(
            cause.contains("bad-signature.beside-good = \"reject\""),
            "{cause}"
        );
        // By somebody unknown it is listed only.
        let report = verifier(&["good"], keys::NOW)
            .detached(object, DATA, &block)
            .unwrap();
        assert!(report.is_accepted());
        assert_eq!(report.signatures[1].status, Status::MissingCertificate);
        let findings = report.findings("it");
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Note);
        assert_eq!(findings[0].subject, "it");
    }
}

#[test]
fn one_good_beside_worthless_ones_is_enough() {
    let block = several(
        &[
            at_signed("good"),
            at_signed("expired"),
            at_signed("rsa1024"),
            at_signed("stranger"),
        ],
        DATA,
    );
    let report = verifier(&["expired", "good", "rsa1024"], keys::NOW)
        .detached(Object::Repository, DATA, &block)
        .unwrap();
    let statuses: Vec<_> = report
        .signatures
        .iter()
        .map(|facts| &facts.status)
        .collect();
    assert_eq!(
        statuses,
        [
            &Status::Good,
            &Status::BadKey(BadKey::Expired),
            &Status::WeakAlgorithm,
            &Status::MissingCertificate,
        ]
    );
    assert_eq!(report.accepted_signers().unwrap().len(), 1);
    let severities: Vec<_> = report.findings("").iter().map(|f| f.severity).collect();
    assert_eq!(
        severities,
        [Severity::Warning, Severity::Warning, Severity::Note]
    );
}

#[test]
fn none_good_gives_every_reason() {
    let block = several(&[at_signed("expired"), at_signed("stranger")], DATA);
    let report = verifier(&["expired"], keys::NOW)
        .detached(Object::Repository, DATA, &block)
        .unwrap();
    let codes: Vec<_> = reasons(&report)
        .iter()
        .map(|reason| reason.code.id)
        .collect();
    assert_eq!(
        codes,
        ["signature.key-expired", "signature.missing-certificate"]
    );
}

#[test]
fn a_threshold_counts_certificates_not_signatures() {
    let twice = several(&[at_signed("good"), at_signed("good")], DATA);
    let both = several(&[at_signed("good"), at_signed("good-rsa4096")], DATA);
    let verifier = Verifier::new(
        keys::certificates(&["good", "good-rsa4096"]),
        Profile::strict().threshold(2),
        keys::time(keys::NOW),
    );
    let judge = |block: &[u8]| verifier.detached(Object::Artifact, DATA, block).unwrap();
    assert_eq!(judge(&both).accepted_signers().unwrap().len(), 2);
    let report = judge(&twice);
    assert!(
        report
            .signatures
            .iter()
            .all(|facts| facts.status == Status::Good)
    );
    let [reason] = reasons(&report) else {
        panic!("{report:?}");
    };
    assert_eq!(reason.code.id, "signature.threshold");
    assert!(
        reason.detail.contains("1 distinct certificate, 2 needed"),
        "{}",
        reason.detail
    );
    assert!(reason.cause.as_deref().unwrap().contains("threshold = 2"));
}

#[test]
fn every_reason_can_be_read_aloud() {
    // Small things that make a sentence bad, over all rejections of this file's keys.
    for name in keys::names() {
        all(name, keys::NOW, |_, report| {
            let facts = one(report);
            for finding in facts.reason.iter().chain(&facts.notes) {
                let detail = &finding.detail;
                assert!(!detail.ends_with('.'), "{detail}");
                assert!(!detail.contains("  ") && !detail.contains(" ,"), "{detail}");
                assert!(detail.chars().next().unwrap().is_alphanumeric(), "{detail}");
            }
            if !report.is_accepted() {
                let reason = &reasons(report)[0];
                assert!(reason.hint.is_some(), "{reason:?}");
            }
        });
    }
}

/// The first 320 bytes of shattered-1.pdf (M. Stevens and others, "The first collision
/// for full SHA-1", 2017): a collision attack on SHA-1 shows in them.
const SHATTERED: &str = "\
255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474682032203020522f\
4865696768742033203020522f547970652034203020522f537562747970652035203020522f4669\
6c7465722036203020522f436f6c6f7253706163652037203020522f4c656e677468203820302052\
2f42697473506572436f6d706f6e656e7420383e3e0a73747265616d0affd8fffe00245348412d31\
20697320646561642121212121852fec092339759c39b1a1c63c4c97e1fffe017346dc9166b67e11\
8f029ab621b2560ff9ca67cca8c7f85ba84c79030c2b3de218f86db3a90901d5df45c14f26fedfb3\
dc38e96ac22fe7bd728f0e45bce046d23c570feb141398bb552ef5a0a82be331fea48037b8b5d71f\
0e332edf93ac3500eb4ddc0decc1a864790c782c76215660dd309791d06bd0af3f98cda4bc4629b1";

#[test]
fn a_sha1_collision_is_told() {
    let data: Vec<u8> = (0..SHATTERED.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&SHATTERED[at..at + 2], 16).unwrap())
        .collect();
    let options = RawOptions::at(keys::SIGNED).hash(Hash::Sha1);
    let signature = keys::raw_sign(&keys::load("good"), DATA, &options);
    let report = verifier(&["good"], keys::NOW)
        .detached(Object::Artifact, &data[..], &signature)
        .unwrap();
    rejects(
        &report,
        &Status::WeakAlgorithm,
        "signature.weak-digest",
        &["made to collide under SHA-1"],
        "",
    );
}

/// A version 3 signature (RFC 9580, 5.2.2), as old rpm and signing servers make it.
fn version_3(data: &[u8]) -> Vec<u8> {
    use openpgp::packet::signature::Signature3;
    use openpgp::parse::Parse;
    use openpgp::serialize::MarshalInto;
    use openpgp::types::{HashAlgorithm, SignatureType, Timestamp};
    use sequoia_openpgp as openpgp;

    let cert = openpgp::Cert::from_bytes(keys::load("primary-signs").secret()).unwrap();
    let key = cert
        .primary_key()
        .key()
        .clone()
        .parts_into_secret()
        .unwrap();
    let mut pair = key.into_keypair().unwrap();
    let made = u32::try_from(keys::time(keys::SIGNED).as_second()).unwrap();
    let mut context = HashAlgorithm::SHA256.context().unwrap().for_signature(3);
    context.update(data);
    context.update(&[0]);
    context.update(&made.to_be_bytes());
    let digest = context.into_digest().unwrap();
    let mpis = openpgp::crypto::Signer::sign(&mut pair, HashAlgorithm::SHA256, &digest).unwrap();
    let signature = Signature3::new(
        SignatureType::Binary,
        Timestamp::from(made),
        cert.keyid(),
        cert.primary_key().key().pk_algo(),
        HashAlgorithm::SHA256,
        [digest[0], digest[1]],
        mpis,
    );
    openpgp::Packet::from(openpgp::packet::Signature::from(signature))
        .to_vec()
        .unwrap()
}

#[test]
fn version_3_signatures() {
    let signature = version_3(DATA);
    let judge = |profile: Profile, data: &[u8]| {
        Verifier::new(
            keys::certificates(&["primary-signs"]),
            profile,
            keys::time(keys::NOW),
        )
        .detached(Object::Package, data, &signature)
        .unwrap()
    };
    let report = judge(Profile::strict(), DATA);
    rejects(
        &report,
        &Status::WeakAlgorithm,
        "signature.old-version",
        &["version 3"],
        "signature.v3.accept = \"never\"",
    );
    assert_eq!(one(&report).version, 3);
    assert_eq!(one(&report).mathematics, Mathematics::Good);
    assert_eq!(one(&report).issuers.len(), 1);
    let legacy = || Profile::named("legacy").unwrap();
    assert!(judge(legacy(), DATA).is_accepted());
    assert_eq!(one(&judge(legacy(), b"x")).status, Status::Bad);
}
