//! Judging: every status and every state of a key.

use pkgseal_openpgp::{BadKey, Object, Profile, SignatureReport, Status, Verifier};
use pkgseal_testkit::keys::{self, RawOptions};

const DATA: &[u8] = b"hello\n";

fn verifier(profile: Profile, names: &[&str], now: &str) -> Verifier {
    Verifier::new(keys::certificates(names), profile, keys::time(now))
}

fn signed_by(name: &str, object: Object, now: &str) -> SignatureReport {
    let signature = keys::raw_sign(&keys::load(name), DATA, &RawOptions::at(keys::SIGNED));
    verifier(Profile::strict(), &[name], now)
        .detached(object, DATA, &signature)
        .unwrap()
}

fn status(name: &str, object: Object, now: &str) -> Status {
    signed_by(name, object, now).signatures.remove(0).status
}

#[test]
fn every_algorithm_verifies() {
    for name in keys::names()
        .iter()
        .filter(|name| name.starts_with("good-"))
    {
        let report = signed_by(name, Object::Repository, keys::NOW);
        assert!(report.is_accepted(), "{name}: {report:?}");
    }
}

#[test]
fn expired_since_rejects_a_repository_only() {
    for name in ["expired", "subkey-expired"] {
        let expired = Status::BadKey(BadKey::Expired);
        assert_eq!(status(name, Object::Repository, keys::NOW), expired);
        assert_eq!(status(name, Object::Package, keys::NOW), Status::Good);
    }
}
