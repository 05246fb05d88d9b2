//! Every state a key can be in, on an artifact.

use std::fs;

use pkgseal_maven::artifact;
use pkgseal_openpgp::{Examination, codes};
use pkgseal_repo::{Code, Limits};
use pkgseal_testkit::keys::{self, Hash, RawOptions, raw_sign};

use crate::{assert_accepted, assert_rejected, folder, has, plus, verifier};

const CONTENT: &[u8] = b"the content of an artifact\n";

/// Signs as told, whatever the key's state, and verifies knowing the key.
fn judged(name: &str, options: &RawOptions) -> Examination {
    let (_dir, path) = folder("lib-1.0.jar", CONTENT);
    let signature = raw_sign(&keys::load(name), CONTENT, options);
    fs::write(plus(&path, ".asc"), signature).unwrap();
    artifact::verify(&path, &verifier(&[name]), &Limits::default()).unwrap()
}

#[track_caller]
fn rejects(name: &str, signed: &str, code: Code) {
    assert_rejected(&judged(name, &RawOptions::at(signed)), code);
}

#[track_caller]
fn accepts(name: &str, signed: &str, note: Option<Code>) {
    let examination = judged(name, &RawOptions::at(signed));
    assert_accepted(&examination);
    if let Some(note) = note {
        assert!(has(&examination, note), "no {note}: {examination:#?}");
    }
}

#[test]
fn expired_when_it_signed() {
    rejects("expired", "2025-06-15", codes::KEY_EXPIRED_AT_SIGNING);
}

#[test]
fn expired_since_is_a_note_for_an_artifact() {
    accepts("expired", keys::SIGNED, Some(codes::KEY_EXPIRED_NOW));
    accepts("subkey-expired", keys::SIGNED, Some(codes::KEY_EXPIRED_NOW));
}

#[test]
fn subkey_expired_under_a_live_primary() {
    rejects(
        "subkey-expired",
        "2025-06-15",
        codes::KEY_EXPIRED_AT_SIGNING,
    );
}

#[test]
fn revoked_hard() {
    for name in ["revoked-hard", "subkey-revoked-hard"] {
        rejects(name, keys::SIGNED, codes::KEY_REVOKED);
        rejects(name, "2025-08-01", codes::KEY_REVOKED);
    }
}

#[test]
fn revoked_soft() {
    for name in ["revoked-soft", "subkey-revoked-soft"] {
        accepts(name, keys::SIGNED, Some(codes::KEY_REVOKED_SOFT));
        rejects(name, "2025-08-01", codes::KEY_REVOKED_SOFT);
    }
}

#[test]
fn not_yet_valid_when_it_signed() {
    rejects("young", keys::SIGNED, codes::KEY_NOT_YET_VALID);
}

#[test]
fn not_a_signing_key() {
    rejects(
        "authentication-only",
        keys::SIGNED,
        codes::KEY_NOT_FOR_SIGNING,
    );
    let primary = RawOptions::at(keys::SIGNED).with(keys::With::Primary);
    assert_rejected(&judged("good", &primary), codes::KEY_NOT_FOR_SIGNING);
}

#[test]
fn unbound_subkey() {
    rejects("unbound-subkey", keys::SIGNED, codes::KEY_UNBOUND);
    rejects("no-backsig", keys::SIGNED, codes::KEY_UNBOUND);
}

#[test]
fn sha1_binding() {
    rejects("sha1-binding", keys::SIGNED, codes::WEAK_BINDING);
    rejects("sha1-subkey-binding", keys::SIGNED, codes::WEAK_BINDING);
}

#[test]
fn unknown_signer() {
    let (_dir, path) = folder("lib-1.0.jar", CONTENT);
    let signature = raw_sign(
        &keys::load("stranger"),
        CONTENT,
        &RawOptions::at(keys::SIGNED),
    );
    fs::write(plus(&path, ".asc"), signature).unwrap();
    assert_rejected(&crate::verify(&path), codes::MISSING_CERTIFICATE);
}

#[test]
fn weak_algorithms() {
    for hash in [Hash::Md5, Hash::Sha1, Hash::Sha224] {
        let options = RawOptions::at(keys::SIGNED).hash(hash);
        assert_rejected(&judged("good-rsa2048", &options), codes::WEAK_DIGEST);
    }
    rejects("rsa1024", keys::SIGNED, codes::WEAK_KEY);
}

#[test]
fn a_signature_of_the_future_and_one_that_has_expired() {
    rejects("good", "2025-10-01", codes::NOT_YET_VALID);
    let expired = RawOptions::at(keys::SIGNED).expires_in(3600);
    assert_rejected(&judged("good", &expired), codes::EXPIRED);
}

#[test]
fn every_good_algorithm() {
    for name in keys::names() {
        if name.starts_with("good") || name.starts_with("primary-signs-rsa") {
            accepts(name, keys::SIGNED, None);
        }
    }
}
