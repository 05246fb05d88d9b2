//! New keys, as we and the peers take them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use jiff::Timestamp;
use openpgp::Packet;
use openpgp::parse::{PacketParser, PacketParserResult, Parse};
use openpgp::types::{HashAlgorithm, SignatureType};
use pkgseal_keyring::{
    Algorithm, Error, GenerateRequest, Generated, PRIMARY_VALIDITY, SUBKEY_VALIDITY, generate,
    open, write_generated,
};
use pkgseal_openpgp::{Armor, KeyState, Profile, Signer};
use pkgseal_repo::Limits;
use pkgseal_testkit::peers::{gnupg, have, sequoia};
use sequoia_openpgp as openpgp;
use zeroize::Zeroizing;

const USER_ID: &str = "Example TEST Archive <archive@example.org>";

/// A fixed moment in the past, for peers read their own clock.
fn now() -> Timestamp {
    "2025-03-01T12:34:56Z".parse().unwrap()
}

fn request(algorithm: Algorithm) -> GenerateRequest {
    GenerateRequest::new(USER_ID, algorithm)
}

fn make(algorithm: Algorithm) -> Generated {
    generate(&request(algorithm), now()).unwrap()
}

fn signer(generated: &Generated) -> Signer {
    Signer::open(&generated.secret_key, || panic!("asked"), now()).unwrap()
}

fn after(duration: Duration) -> Timestamp {
    now() + jiff::SignedDuration::try_from(duration).unwrap()
}

#[test]
fn every_algorithm_makes_a_certifying_primary_and_a_signing_subkey() {
    let names = [
        (Algorithm::Ed25519, "Ed25519", 4),
        (Algorithm::Rsa3072, "RSA3072", 4),
        (Algorithm::NistP256, "P-256", 4),
        (Algorithm::NistP384, "P-384", 4),
        (Algorithm::NistP521, "P-521", 4),
        (Algorithm::Ed25519V6, "Ed25519", 6),
        (Algorithm::Ed448, "Ed448", 6),
        (Algorithm::MlDsa65Ed25519, "ML-DSA-65+Ed25519", 6),
        (Algorithm::MlDsa87Ed448, "ML-DSA-87+Ed448", 6),
    ];
    for (algorithm, _, version) in names {
        let generated = make(algorithm);
        let certificate = &generated.certificate;
        assert_eq!(certificate.version(), version, "{algorithm}");
        assert_eq!(certificate.user_id().as_deref(), Some(USER_ID));
        let keys = certificate.keys(&Profile::strict(), now());
        let [primary, subkey] = &keys[..] else {
            panic!("{algorithm}: {keys:?}");
        };
        assert_eq!(primary.capabilities, ["certify"], "{algorithm}");
        assert_eq!(subkey.capabilities, ["sign"], "{algorithm}");
        assert_eq!(subkey.state, KeyState::Live, "{algorithm}");
        assert_eq!(subkey.fingerprint, generated.signing_key);
        assert_eq!(primary.algorithm, subkey.algorithm);
        assert_eq!((primary.created, subkey.created), (now(), now()));
        assert_eq!(primary.expires, Some(after(PRIMARY_VALIDITY)));
        assert_eq!(subkey.expires, Some(after(SUBKEY_VALIDITY)));
        let text = String::from_utf8(generated.armored.clone()).unwrap();
        let checksums = text.lines().filter(|line| line.starts_with('=')).count();
        assert_eq!(checksums, usize::from(version == 4), "{algorithm}");
        let data = b"signed by a new key";
        let signature =
            Signer::detached(&[signer(&generated)], data, Armor::Binary, now()).unwrap();
        assert!(!signature.is_empty());
    }
}

#[test]
fn no_signature_in_a_new_key_uses_less_than_sha512() {
    for algorithm in [
        Algorithm::Ed25519,
        Algorithm::NistP256,
        Algorithm::MlDsa65Ed25519,
    ] {
        let generated = make(algorithm);
        let mut next = PacketParser::from_bytes(&generated.binary).unwrap();
        let mut signatures = 0;
        while let PacketParserResult::Some(parser) = next {
            let (packet, rest) = parser.next().unwrap();
            next = rest;
            let Packet::Signature(signature) = packet else {
                continue;
            };
            for signature in std::iter::once(&signature).chain(signature.embedded_signatures()) {
                signatures += 1;
                assert_eq!(signature.hash_algo(), HashAlgorithm::SHA512, "{algorithm}");
                assert_eq!(signature.signature_creation_time(), Some(now().into()));
            }
        }
        // User ID, binding, back-signature; v6 keeps its metadata in one more.
        let expected = if generated.certificate.version() == 4 {
            3
        } else {
            4
        };
        assert_eq!(signatures, expected, "{algorithm}");
    }
}

#[test]
fn a_key_without_expiry_is_made_on_request_only() {
    let generated = generate(
        &GenerateRequest {
            primary_validity: None,
            subkey_validity: None,
            ..request(Algorithm::Ed25519)
        },
        now(),
    )
    .unwrap();
    let keys = generated.certificate.keys(&Profile::strict(), now());
    assert!(keys.iter().all(|key| key.expires.is_none()));
}

#[test]
fn a_passphrase_protects_both_secret_parts() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Ed25519V6] {
        let protected = GenerateRequest {
            passphrase: Some(Zeroizing::new(b"correct horse".to_vec())),
            ..request(algorithm)
        };
        assert!(!format!("{protected:?}").contains("horse"));
        let generated = generate(&protected, now()).unwrap();
        let open = |words: &str| Signer::open(&generated.secret_key, || Ok(words.into()), now());
        assert!(open("correct horse").is_ok());
        assert!(
            open("battery staple")
                .unwrap_err()
                .to_string()
                .contains("wrong")
        );
        let cert = openpgp::Cert::from_bytes(&generated.secret_key[..]).unwrap();
        assert_eq!(cert.keys().secret().count(), 2);
        assert_eq!(cert.keys().unencrypted_secret().count(), 0);
        if algorithm == Algorithm::Ed25519
            && let Some(home) = gnupg::Home::new(&[])
        {
            home.import(&generated.secret_key);
            let listed = pkgseal_testkit::peers::run(home.command().arg("-K")).expect_ok();
            assert!(
                listed
                    .text
                    .contains(generated.certificate.fingerprint().as_str())
            );
        }
    }
}

#[test]
fn what_cannot_be_made_is_refused_by_field() {
    let day = Duration::from_secs(86_400);
    let base = || request(Algorithm::Ed25519);
    let user_id = |text: &str| GenerateRequest {
        user_id: text.to_owned(),
        ..base()
    };
    let cases = [
        (user_id(""), "user ID: it is empty"),
        (user_id("  "), "user ID: it is empty"),
        (user_id(" x"), "user ID: blanks"),
        (user_id("a\nb"), "user ID: control character"),
        (user_id("a\x1b[0m"), "user ID: control character"),
        (user_id(&"a".repeat(513)), "user ID: longer"),
        (
            GenerateRequest {
                primary_validity: Some(Duration::ZERO),
                ..base()
            },
            "validity of the primary key: less than a second",
        ),
        (
            GenerateRequest {
                subkey_validity: Some(Duration::from_millis(999)),
                ..base()
            },
            "validity of the subkey: less than a second",
        ),
        (
            GenerateRequest {
                primary_validity: Some(day),
                subkey_validity: Some(2 * day),
                ..base()
            },
            "validity of the subkey: longer than the primary",
        ),
        (
            GenerateRequest {
                primary_validity: Some(40_000 * day),
                ..base()
            },
            "validity of the primary key: OpenPGP counts time until 2106",
        ),
        (
            GenerateRequest {
                primary_validity: Some(Duration::MAX),
                ..base()
            },
            "validity of the primary key: OpenPGP counts time until 2106",
        ),
        (
            GenerateRequest {
                passphrase: Some(Zeroizing::default()),
                ..base()
            },
            "passphrase: it is empty",
        ),
    ];
    for (request, reason) in cases {
        let message = generate(&request, now()).unwrap_err().to_string();
        assert!(message.starts_with(reason), "{message}");
    }
    for moment in ["1969-12-31T00:00:00Z", "2106-03-01T00:00:00Z"] {
        let message = generate(&base(), moment.parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(message.starts_with("time: "), "{message}");
    }
    let message = "dsa1024".parse::<Algorithm>().unwrap_err().to_string();
    assert!(message.contains("ed25519, rsa3072"), "{message}");
    for (name, algorithm) in Algorithm::ALL {
        assert_eq!(name.parse::<Algorithm>().unwrap(), *algorithm);
        assert_eq!(algorithm.to_string(), *name);
    }
}

#[test]
fn files_appear_together_and_secret_ones_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let generated = make(Algorithm::Ed25519);
    let written = write_generated(folder.path(), &generated).unwrap();
    let fingerprint = generated.certificate.fingerprint();
    let name = |kind: &str| format!("{fingerprint}.{kind}.asc");
    let names: Vec<_> = written
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, [name("rev"), name("key"), name("cert")]);
    let mode = |kind: &str| {
        let metadata = fs::metadata(folder.path().join(name(kind))).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!((mode("rev"), mode("key")), (0o600, 0o600));
    assert_eq!(mode("cert") & 0o400, 0o400);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);

    // The guarded revocation and the secret key do no harm in a keyring directory.
    let loaded = open(folder.path(), &Limits::default()).unwrap();
    assert_eq!(loaded.certificates.len(), 1);
    let keys = loaded.certificates.iter().next().unwrap();
    let states = keys.keys(&Profile::strict(), now());
    assert_eq!(states[1].state, KeyState::Live);
}

#[test]
fn a_file_in_the_way_is_never_overwritten() {
    let generated = make(Algorithm::Ed25519);
    let fingerprint = generated.certificate.fingerprint();
    for kind in ["rev", "key", "cert"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{fingerprint}.{kind}.asc"));
        fs::write(&path, "mine").unwrap();
        let failed = write_generated(folder.path(), &generated).unwrap_err();
        assert!(matches!(failed, Error::Exists { .. }), "{failed}");
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join(format!("{fingerprint}.key.asc"));
    std::os::unix::fs::symlink("/nowhere/at/all", &link).unwrap();
    assert!(write_generated(folder.path(), &generated).is_err());
    assert!(write_generated(&folder.path().join("missing"), &generated).is_err());
}

#[test]
fn the_revocation_revokes_once_its_colon_is_gone() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Ed25519V6] {
        let generated = make(algorithm);
        let text = String::from_utf8(generated.revocation.clone()).unwrap();
        assert!(text.contains(generated.certificate.fingerprint().as_str()));
        assert!(
            text.contains("\n\n:-----BEGIN PGP PUBLIC KEY BLOCK-----\n"),
            "{text}"
        );
        let begin = text.find(":-----BEGIN").unwrap() + 1;
        let Some(Packet::Signature(revocation)) =
            openpgp::PacketPile::from_bytes(&text.as_bytes()[begin..])
                .unwrap()
                .into_children()
                .next()
        else {
            panic!("no signature");
        };
        assert_eq!(revocation.typ(), SignatureType::KeyRevocation);
        assert_eq!(revocation.hash_algo(), HashAlgorithm::SHA512);
        let cert = openpgp::Cert::from_bytes(&generated.binary).unwrap();
        let revoked = cert.insert_packets(Packet::from(revocation)).unwrap().0;
        let bytes = openpgp::serialize::SerializeInto::to_vec(&revoked).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("revoked.pgp");
        fs::write(&path, bytes).unwrap();
        let loaded = open(&path, &Limits::default()).unwrap();
        let certificate = loaded.certificates.iter().next().unwrap();
        for key in certificate.keys(&Profile::strict(), now()) {
            let KeyState::Revoked(revocation) = &key.state else {
                panic!("{algorithm}: {:?}", key.state);
            };
            assert!(revocation.hard);
        }
    }
}

#[test]
fn gpg_imports_key_and_certificate_and_takes_the_revocation() {
    for algorithm in [
        Algorithm::Ed25519,
        Algorithm::Rsa3072,
        Algorithm::NistP256,
        Algorithm::NistP384,
        Algorithm::NistP521,
    ] {
        let generated = make(algorithm);
        let Some(home) = gnupg::Home::new(&[]) else {
            return;
        };
        home.import(&generated.armored);
        home.import(&generated.secret_key);
        let list = || {
            let mut command = home.command();
            command.args(["--with-colons", "--list-keys"]);
            pkgseal_testkit::peers::run(&mut command).expect_ok().text
        };
        let listed = list();
        assert!(
            listed.contains(generated.certificate.fingerprint().as_str()),
            "{listed}"
        );
        assert!(listed.contains(generated.signing_key.as_str()), "{listed}");
        let data = b"data";
        let signature =
            Signer::detached(&[signer(&generated)], data, Armor::Armored, now()).unwrap();
        // On the day it was made: by the clock of some later year the key has expired.
        let [signed, detached] =
            [("data", &data[..]), ("data.sig", &signature)].map(|(name, bytes)| {
                let path = home.path().join(name);
                fs::write(&path, bytes).unwrap();
                path
            });
        let mut command = home.command();
        command
            .args([
                "--faked-system-time",
                "20250302T000000",
                "--status-fd",
                "1",
                "--verify",
            ])
            .args([detached, signed]);
        let verified = pkgseal_testkit::peers::run(&mut command).expect_ok();
        assert!(verified.text.contains("GOODSIG"), "{}", verified.text);

        // As it is, gpg finds nothing to import in it.
        let guarded = home.path().join("guarded.asc");
        fs::write(&guarded, &generated.revocation).unwrap();
        let mut command = home.command();
        command.arg("--import").arg(&guarded);
        pkgseal_testkit::peers::run(&mut command);
        assert!(!list().contains("pub:r:"), "imported by accident");
        let text = String::from_utf8(generated.revocation.clone()).unwrap();
        let revocation = home.path().join("revocation.asc");
        fs::write(&revocation, text.replace(":-----BEGIN", "-----BEGIN")).unwrap();
        // gpg takes it, then wants to update a trust database that is not there.
        let mut command = home.command();
        command.arg("--import").arg(&revocation);
        pkgseal_testkit::peers::run(&mut command);
        assert!(list().contains("pub:r:"), "{}", list());
    }
}

#[test]
fn gpgv_and_sqv_accept_what_a_new_key_signs() {
    let data = b"data";
    for algorithm in [Algorithm::Ed25519, Algorithm::Rsa4096, Algorithm::NistP256] {
        let generated = make(algorithm);
        let signature =
            Signer::detached(&[signer(&generated)], data, Armor::Armored, now()).unwrap();
        if let Some(run) = gnupg::gpgv_at(now(), &generated.binary, &signature, Some(data)) {
            assert!(run.expect_ok().text.contains("GOODSIG"), "{algorithm}");
        }
        if let Some(run) = sequoia::sqv(&generated.binary, &signature, data) {
            run.expect_ok();
        }
    }
}

#[test]
fn rpm_imports_the_certificate() {
    let Some(rpmkeys) = have("rpmkeys") else {
        return;
    };
    for algorithm in [Algorithm::Ed25519, Algorithm::Rsa3072, Algorithm::Rsa4096] {
        let generated = make(algorithm);
        let folder = tempfile::tempdir().unwrap();
        let certificate = folder.path().join("cert.asc");
        fs::write(&certificate, &generated.armored).unwrap();
        let mut command = rpmkeys.command();
        command
            .arg("--dbpath")
            .arg(folder.path().join("db"))
            .arg("--import")
            .arg(&certificate);
        pkgseal_testkit::peers::run(&mut command).expect_ok();
    }
}

#[test]
fn sq_reads_the_certificate() {
    let Some(sq) = have("sq").and_then(|sq| sq.at(now())) else {
        return;
    };
    for algorithm in [Algorithm::Ed25519, Algorithm::Rsa3072, Algorithm::NistP521] {
        let generated = make(algorithm);
        let folder = tempfile::tempdir().unwrap();
        let certificate = folder.path().join("cert.asc");
        fs::write(&certificate, &generated.armored).unwrap();
        let run = sq.run([std::ffi::OsStr::new("inspect"), certificate.as_os_str()]);
        let text = run.expect_ok().text;
        assert!(
            text.contains(generated.certificate.fingerprint().as_str()),
            "{text}"
        );
        assert!(!text.contains("Invalid"), "{text}");
    }
}
