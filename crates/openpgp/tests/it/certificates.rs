//! Reading certificates, finding them by the keys in them, and what is wrong with them.

use std::path::{Path, PathBuf};

use pkgseal_openpgp::{
    Certificate, CertificateError, Certificates, Fingerprint, KeyState, Object, Profile, Verifier,
};
use pkgseal_testkit::keys::{self, Issuer, RawOptions, With};
use pkgseal_testkit::tamper;

fn one(bytes: &[u8]) -> Certificate {
    let (mut certificates, errors) = Certificate::parse_all(bytes);
    assert_eq!(errors, []);
    assert_eq!(certificates.len(), 1);
    certificates.remove(0)
}

fn refused(bytes: &[u8]) -> CertificateError {
    let (certificates, mut errors) = Certificate::parse_all(bytes);
    assert!(certificates.is_empty());
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

fn load(name: &str) -> Certificate {
    one(keys::load(name).certificate())
}

#[test]
fn armored_or_binary_one_or_several() {
    let (good, other) = (keys::load("good"), keys::load("good-v6-ed25519"));
    assert_eq!(one(good.certificate()), one(&good.certificate_binary()));
    let binary = [good.certificate_binary(), other.certificate_binary()].concat();
    let armored = [
        b"a key:\n",
        good.certificate(),
        b"\n\nanother:\n",
        other.certificate(),
    ]
    .concat();
    for bytes in [binary, armored] {
        let (found, errors) = Certificate::parse_all(&bytes);
        assert_eq!(errors, []);
        let found: Vec<_> = found.iter().map(|c| c.fingerprint().to_string()).collect();
        assert_eq!(found, [good.fingerprint(), other.fingerprint()]);
    }
}

#[test]
fn written_and_read_again() {
    for name in keys::names() {
        let certificate = load(name);
        assert_eq!(one(&certificate.to_binary()), certificate, "{name}");
        let armored = certificate.to_armored();
        assert_eq!(one(&armored), certificate, "{name}");
        assert!(!armored.windows(8).any(|bytes| bytes == b"Comment:"));
    }
}

#[test]
fn secret_keys_lose_their_secret() {
    let key = keys::load("good");
    let certificate = one(key.secret());
    assert_eq!(certificate.fingerprint().as_str(), key.fingerprint());
    let (kept, _) = Certificate::parse_all(&certificate.to_binary());
    assert_eq!(kept[0], certificate);
    assert!(
        !certificate
            .to_armored()
            .windows(7)
            .any(|bytes| bytes == b"PRIVATE")
    );
    // Tags 5 and 7 are secret keys.
    assert!(matches!(certificate.to_binary()[0], 0xc6 | 0x98 | 0x99));
}

#[test]
fn what_is_no_certificate_is_named() {
    for (bytes, words) in [
        (&b""[..], "the file is empty"),
        (b"hello\n", "there is no OpenPGP certificate in it"),
        (b"-----BEGIN CERTIFICATE-----\n", "X.509"),
        (b"\x30\x82\x01\x0a", "X.509"),
        (b"-----BEGIN PUBLIC KEY-----\n", "apk"),
        (b"\0\0\0\x20\x01\x01\0\x02KBXf\0\0", "`gpg --export`"),
        (
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxx",
            "without its last line",
        ),
    ] {
        let reason = refused(bytes).reason;
        assert!(reason.contains(words), "{words}: {reason}");
    }
    let signature = keys::raw_sign(
        &keys::load("good"),
        b"",
        &RawOptions::at(keys::SIGNED).binary(),
    );
    refused(&signature);
}

#[test]
fn a_broken_one_does_not_hide_its_neighbours() {
    let good = keys::load("good").certificate_binary();
    let broken = b"\xc6\x05\x09\0\0\0\0\xcd\x01x";
    let (found, errors) = Certificate::parse_all(&[&good, &broken[..], &good].concat());
    assert_eq!((found.len(), errors.len()), (2, 1), "{errors:?}");
    assert_eq!(errors[0].index, 1);
    let armored = [
        keys::load("good").certificate(),
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!!\n-----END PGP PUBLIC KEY BLOCK-----\n",
        keys::load("good-p256").certificate(),
    ]
    .concat();
    let (found, errors) = Certificate::parse_all(&armored);
    assert_eq!((found.len(), errors.len()), (2, 1), "{errors:?}");
}

#[test]
fn damage_never_panics() {
    let key = keys::load("good");
    let now = keys::time(keys::NOW);
    for bytes in [key.certificate_binary(), key.certificate().to_vec()] {
        for damaged in tamper::flips(&bytes).map(|(_, damaged)| damaged) {
            for certificate in Certificate::parse_all(&damaged).0 {
                certificate.keys(&Profile::strict(), now);
                certificate.user_ids(now);
                certificate.lint(&Profile::strict(), now);
            }
        }
        for cut in tamper::cuts(&bytes) {
            Certificate::parse_all(cut);
        }
    }
}

#[test]
fn many_armored_blocks_are_read_in_one_pass() {
    let mut bytes = Vec::new();
    for _ in 0..20_000 {
        bytes.extend(
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n",
        );
        bytes.extend(b"-----BEGIN PGP MESSAGE-----\n");
    }
    bytes.extend(keys::load("good").certificate());
    let (found, _) = Certificate::parse_all(&bytes);
    assert_eq!(found.len(), 1);
}

/// A certificate with `count` signatures of this kind after its user ID, each made up.
fn flooded(certificate: &[u8], count: usize, by: &str, kind: u8) -> Vec<u8> {
    let options = RawOptions::at(keys::SIGNED).with(With::Primary).binary();
    let model = keys::raw_sign(&keys::load(by), b"", &options);
    let user_id = certificate
        .windows(7)
        .position(|bytes| bytes == b"invalid")
        .unwrap();
    let at = user_id + b"invalid>".len();
    let mut flooded = certificate[..at].to_vec();
    for number in 0..u32::try_from(count).unwrap() {
        let start = flooded.len();
        flooded.extend(&model);
        flooded[start + 3] = kind;
        let end = flooded.len();
        flooded[end - 12..end - 8].copy_from_slice(&number.to_be_bytes());
    }
    flooded.extend(&certificate[at..]);
    flooded
}

#[test]
fn a_flood_of_certifications_is_dropped() {
    // CVE-2019-13050.
    let clean = keys::load("good").certificate_binary();
    let poisoned = one(&flooded(&clean, 10_000, "stranger", 0x10));
    assert!(poisoned.to_binary().len() < 2 * clean.len());
    let facts = &poisoned.keys(&Profile::strict(), keys::time(keys::NOW))[1];
    assert_eq!(facts.state, KeyState::Live);
    // A few are kept.
    let few = one(&flooded(&clean, 10, "stranger", 0x10));
    assert!(few.to_binary().len() > clean.len() + 10 * 100);
}

#[test]
fn a_flood_in_the_owners_name_is_refused_and_hides_nobody() {
    let poisoned = flooded(
        &keys::load("good").certificate_binary(),
        5_000,
        "good",
        0x13,
    );
    let neighbour = keys::load("good-p256").certificate_binary();
    let (found, errors) = Certificate::parse_all(&[poisoned, neighbour].concat());
    assert_eq!(found.len(), 1);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].reason.contains("flooded"), "{}", errors[0].reason);
    assert_eq!(
        errors[0].fingerprint.as_ref().unwrap().as_str(),
        keys::load("good").fingerprint()
    );
}

#[test]
fn made_up_self_signatures_change_nothing() {
    for kind in [0x13, 0x18, 0x1f, 0x20, 0x28, 0x30] {
        let clean = keys::load("good").certificate_binary();
        let poisoned = one(&flooded(&clean, 50, "good", kind));
        let facts = poisoned.keys(&Profile::strict(), keys::time(keys::NOW));
        assert_eq!(facts[1].state, KeyState::Live, "{kind:#x}");
    }
}

#[test]
fn found_by_fingerprint_and_merged() {
    let names = ["good", "good-p256", "expired"];
    let certificates = keys::certificates(&names);
    assert_eq!(certificates.len(), 3);
    let sorted: Vec<_> = certificates.iter().map(Certificate::fingerprint).collect();
    assert!(sorted.is_sorted());
    let good = Fingerprint::parse(&keys::load("good").fingerprint()).unwrap();
    assert_eq!(certificates.get(&good).unwrap(), &load("good"));
    let absent = Fingerprint::parse(&keys::load("stranger").fingerprint()).unwrap();
    assert!(certificates.get(&absent).is_none());
    assert_eq!(certificates.only(&[good.clone(), absent]).len(), 1);
    assert!(Certificates::default().is_empty());
    let twice = Certificates::new([load("good"), load("good")]);
    assert_eq!(twice.len(), 1);
    let error = load("good").merge(load("expired")).unwrap_err().to_string();
    assert!(error.contains(good.as_str()), "{error}");
}

#[test]
fn the_certificate_of_a_subkey_is_found() {
    let certificates = keys::certificates(&["good", "expired"]);
    let key = keys::load("good");
    let signature = keys::raw_sign(&key, b"x", &RawOptions::at(keys::SIGNED));
    let verifier = Verifier::new(certificates, Profile::strict(), keys::time(keys::NOW));
    let report = verifier
        .detached(Object::Artifact, &b"x"[..], &signature)
        .unwrap();
    assert_eq!(
        report.accepted_signers().unwrap()[0].as_str(),
        key.fingerprint(),
        "the certificate's, not the subkey's"
    );
    let none = RawOptions::at(keys::SIGNED).issuer(Issuer::Absent);
    let signature = keys::raw_sign(&key, b"x", &none);
    let report = verifier
        .detached(Object::Artifact, &b"x"[..], &signature)
        .unwrap();
    assert!(!report.is_accepted());
}

#[test]
fn facts_of_the_keys() {
    let now = keys::time(keys::NOW);
    let keys_of = |name: &str| load(name).keys(&Profile::strict(), now);
    let good = keys_of("good");
    assert!(good[0].primary && !good[1].primary);
    assert_eq!(good[0].capabilities, ["certify"]);
    assert_eq!(good[1].capabilities, ["sign"]);
    assert_eq!(good[0].state, KeyState::NotForSigning);
    assert_eq!(good[1].state, KeyState::Live);
    assert_eq!(good[1].algorithm, "Ed25519");
    assert_eq!(good[1].created, keys::time(keys::CREATED));
    assert_eq!(good[1].expires, None);
    // The certificate's expiry is the subkey's.
    let expires = Some(keys::time(keys::EXPIRES));
    assert_eq!(keys_of("expired")[1].expires, expires);
    assert_eq!(keys_of("subkey-expired")[0].expires, None);
    assert_eq!(keys_of("subkey-expired")[1].expires, expires);
    assert_eq!(keys_of("not-signing")[1].state, KeyState::NotForSigning);
    assert_eq!(keys_of("not-signing")[1].capabilities, ["encrypt"]);
    assert_eq!(load("good").version(), 4);
    assert_eq!(load("good-v6-ed448").version(), 6);
}

#[test]
fn facts_of_the_user_ids() {
    let key = keys::load("sha1-binding");
    let facts = load("sha1-binding").user_ids(keys::time(keys::NOW));
    assert_eq!(facts.len(), 1);
    assert_eq!(facts[0].text, key.user_id());
    assert!(facts[0].primary && !facts[0].revoked);
    assert_eq!(facts[0].self_signature_digest.as_deref(), Some("SHA-1"));
    assert_eq!(
        load("good").user_id().as_deref(),
        Some(keys::load("good").user_id())
    );
}

#[test]
fn lint_says_what_to_mend() {
    let codes = |name: &str, now: &str| {
        let findings = load(name).lint(&Profile::strict(), keys::time(now));
        for finding in &findings {
            assert_eq!(finding.subject, keys::load(name).fingerprint());
        }
        findings.iter().map(|f| f.code.id).collect::<Vec<_>>()
    };
    assert_eq!(codes("good", keys::NOW), ["certificate.no-expiry"]);
    assert_eq!(codes("expired", keys::NOW), ["certificate.cannot-sign"]);
    assert_eq!(codes("expired", keys::SIGNED), Vec::<&str>::new());
    assert_eq!(codes("expired", "2025-03-20"), ["certificate.expires-soon"]);
    assert_eq!(
        codes("revoked-hard", keys::NOW),
        ["certificate.cannot-sign"]
    );
    assert_eq!(codes("not-signing", keys::NOW), ["certificate.cannot-sign"]);
    assert_eq!(
        codes("good-rsa2048", keys::NOW),
        ["signature.weak-key", "certificate.no-expiry"]
    );
    assert_eq!(
        codes("sha1-subkey-binding", keys::NOW)[..2],
        ["certificate.cannot-sign", "signature.weak-binding"]
    );
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Every certificate that distributions and Maven publish is read, or refused with a
/// reason; and each of its keys has a state under each profile.
#[test]
fn published_certificates() {
    let mut found = Vec::new();
    for folder in ["certs/distributions", "maven/local-repo/pgpkeys-cache"] {
        files(&vectors().join(folder), &mut found);
    }
    files(Path::new("/usr/share/keyrings"), &mut found);
    if found.is_empty() {
        println!("SKIP: no published certificates here");
    }
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    let mut unusable = 0;
    for path in &found {
        let (certificates, errors) = Certificate::parse_all(&std::fs::read(path).unwrap());
        assert!(!certificates.is_empty() || !errors.is_empty());
        for error in errors {
            assert!(!error.reason.is_empty());
            unusable += 1;
        }
        for certificate in certificates {
            for (name, _) in Profile::embedded() {
                let profile = Profile::named(name).unwrap();
                assert!(!certificate.keys(&profile, now).is_empty());
                certificate.lint(&profile, now);
            }
            assert_eq!(
                one(&certificate.to_armored()).fingerprint(),
                certificate.fingerprint()
            );
        }
    }
    assert!(
        unusable <= found.len() / 20,
        "{unusable} of {}",
        found.len()
    );
}
