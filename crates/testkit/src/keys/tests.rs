use sequoia_openpgp as openpgp;

use openpgp::cert::Cert;
use openpgp::parse::Parse as _;
use openpgp::policy::StandardPolicy;
use openpgp::types::RevocationStatus;

use super::*;

/// The keys sequoia itself finds fit to sign at a moment.
fn fit(name: &str, at: &str) -> Vec<String> {
    let when = std::time::SystemTime::from(time(at));
    let policy = &StandardPolicy::at(when);
    let cert = Cert::from_bytes(load(name).certificate()).unwrap();
    let Ok(valid) = cert.with_policy(policy, when) else {
        return Vec::new();
    };
    if valid.alive().is_err() || matches!(valid.revocation_status(), RevocationStatus::Revoked(_)) {
        return Vec::new();
    }
    valid
        .keys()
        .supported()
        .alive()
        .revoked(false)
        .for_signing()
        .map(|key| key.key().fingerprint().to_hex())
        .collect()
}

#[test]
fn good_keys_can_sign() {
    for name in names() {
        let fit = fit(name, SIGNED);
        let bad = [
            "young",
            "not-signing",
            "authentication-only",
            "unbound-subkey",
            "no-backsig",
            "sha1-binding",
            "sha1-subkey-binding",
            "rsa1024",
            "revoked-hard",
            "subkey-revoked-hard",
            "primary-signs-revoked-hard",
        ];
        if bad.contains(&name) {
            assert!(fit.is_empty(), "{name} can sign: {fit:?}");
        } else {
            assert_eq!(fit, [load(name).signing_fingerprint()], "{name}");
        }
    }
}

#[test]
fn expired_and_revoked_keys_cannot_sign_now() {
    for name in [
        "expired",
        "subkey-expired",
        "revoked-hard",
        "revoked-soft",
        "subkey-revoked-hard",
        "subkey-revoked-soft",
        "primary-signs-expired",
        "primary-signs-revoked-hard",
        "primary-signs-revoked-soft",
    ] {
        assert!(fit(name, NOW).is_empty(), "{name}");
    }
    assert!(!fit("young", NOW).is_empty());
}

#[test]
fn signatures_are_reproducible_and_good() {
    for name in names() {
        let key = load(name);
        let options = RawOptions::at(SIGNED).binary();
        let signature = raw_sign(&key, b"hello\n", &options);
        let random = ["p256", "p384", "p521", "dsa"];
        if !random.iter().any(|part| name.contains(part)) {
            assert_eq!(signature, raw_sign(&key, b"hello\n", &options), "{name}");
        }
        let packet = Packet::from_bytes(&signature).unwrap();
        let Packet::Signature(signature) = packet else {
            panic!("{name}: not a signature");
        };
        let public = match key.signing_subkey() {
            Some(subkey) => subkey.clone().role_into_unspecified(),
            None => key.primary.clone().role_into_unspecified(),
        };
        if name != "young" {
            signature
                .verify_message(&public, b"hello\n")
                .unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}

#[test]
fn every_digest_signs() {
    let key = load("good-rsa2048");
    for hash in [
        Hash::Md5,
        Hash::Sha1,
        Hash::Sha224,
        Hash::Sha256,
        Hash::Sha384,
        Hash::Sha512,
    ] {
        let signature = raw_sign(&key, b"hello\n", &RawOptions::at(SIGNED).hash(hash));
        assert!(
            signature.starts_with(b"-----BEGIN PGP SIGNATURE-----\n"),
            "{hash:?}"
        );
    }
}
