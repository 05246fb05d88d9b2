//! Every status of a signature and every state of a key: status, code, words, for every
//! kind of object.

use pkgseal_openpgp::{
    BadKey, KeyState, Mathematics, Object, Profile, SignatureFacts, SignatureReport, Status,
    Verdict, Verifier,
};
use pkgseal_repo::{Finding, Severity};
use pkgseal_testkit::keys::{self, Form, Hash, Issuer, RawOptions, With};

mod keys_then_and_now;
mod old;
mod packets;
mod several;

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
        .filter(|name| name.starts_with("good-") || name.starts_with("primary-signs-rsa"));
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
