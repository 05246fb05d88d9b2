//! What the signature packet itself says: digests, times, kinds, names.

use super::*;

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

/// The digest tells one signature from another, however it is dressed.
#[test]
fn the_digest_is_of_all_that_is_signed() {
    let digest = |options: &RawOptions| {
        one(&judged("good", options, Object::Artifact, keys::NOW))
            .digest
            .clone()
            .unwrap()
    };
    let options = RawOptions::at(keys::SIGNED);
    assert_eq!(digest(&options).len(), 64);
    assert_eq!(digest(&options), digest(&options.clone().binary()));
    assert_ne!(digest(&options), digest(&RawOptions::at("2025-03-02")));
    assert_ne!(
        digest(&options),
        digest(&options.clone().hash(Hash::Sha512))
    );
    let other = keys::raw_sign(&keys::load("good"), b"other\n", &options);
    let report = verifier(&["good"], keys::NOW)
        .detached(Object::Artifact, &b"other\n"[..], &other)
        .unwrap();
    assert_ne!(one(&report).digest, Some(digest(&options)));
}
