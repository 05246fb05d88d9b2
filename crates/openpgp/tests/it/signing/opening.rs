//! Opening secret keys: which key signs, and why another does not.

use pkgseal_testkit::keys::NOW;
use pkgseal_testkit::peers::run;

use super::*;

fn refusal(name: &str, day: &str) -> String {
    open(name, day).unwrap_err().to_string()
}

#[test]
fn a_protected_key_opens_with_its_passphrase_only() {
    let key = keys::load("protected");
    let open =
        |passphrase: &str| Signer::open(key.secret(), || Ok(passphrase.into()), time(SIGNED));
    let signature = Signer::detached(
        &[open(keys::PASSPHRASE).unwrap()],
        DATA,
        Armor::Binary,
        time(SIGNED),
    )
    .unwrap();
    assert!(library_accepts(
        &[key.certificate_binary()],
        &signature,
        DATA
    ));
    let message = open("wrong").unwrap_err().to_string();
    assert!(message.ends_with("the passphrase is wrong"), "{message}");
    let message = open("").unwrap_err().to_string();
    assert!(message.ends_with("the passphrase is empty"), "{message}");
    let none = Signer::open(
        key.secret(),
        || {
            Err(Error::Key {
                key: "protected.key.asc".to_owned(),
                reason: "no passphrase is given".to_owned(),
            })
        },
        time(SIGNED),
    );
    let message = none.unwrap_err().to_string();
    assert_eq!(message, "key protected.key.asc: no passphrase is given");
}

#[test]
fn an_open_key_asks_for_no_passphrase() {
    let key = keys::load("good");
    let opened = Signer::open(key.secret(), || panic!("asked"), time(SIGNED));
    assert!(opened.is_ok());
    assert!(Signer::open(&key_binary(&key), || panic!("asked"), time(SIGNED)).is_ok());
}

fn key_binary(key: &keys::TestKey) -> Vec<u8> {
    let cert = openpgp::Cert::from_bytes(key.secret()).unwrap();
    cert.as_tsk().to_vec().unwrap()
}

#[test]
fn a_key_that_cannot_sign_says_why_and_since_when() {
    let cases = [
        (
            "expired",
            NOW,
            "expired with its certificate at 2025-06-01T00:00:00Z",
        ),
        ("subkey-expired", NOW, "expired at 2025-06-01T00:00:00Z"),
        (
            "revoked-hard",
            NOW,
            "is revoked with its certificate since 2025-07-01",
        ),
        (
            "revoked-soft",
            NOW,
            "is revoked with its certificate since 2025-07-01",
        ),
        ("subkey-revoked-hard", NOW, "is revoked since 2025-07-01"),
        ("subkey-revoked-soft", NOW, "is revoked since 2025-07-01"),
        ("not-signing", SIGNED, "may not sign"),
        ("authentication-only", SIGNED, "may not sign"),
        ("no-backsig", SIGNED, "is not bound to its certificate"),
        ("unbound-subkey", SIGNED, "is not bound to its certificate"),
        ("sha1-binding", NOW, "has no self-signature that counts"),
        (
            "sha1-subkey-binding",
            NOW,
            "is not bound to its certificate",
        ),
        (
            "good-ed25519",
            "2024-12-31",
            "was made later, at 2025-01-01",
        ),
    ];
    for (name, day, reason) in cases {
        let message = refusal(name, day);
        assert!(message.contains(reason), "{name}: {message}");
        assert!(
            message.contains(&keys::load(name).fingerprint()),
            "{name}: {message}"
        );
    }
}

#[test]
fn a_key_still_alive_then_signs_though_it_is_not_now() {
    for name in [
        "expired",
        "subkey-expired",
        "revoked-soft",
        "subkey-revoked-soft",
    ] {
        assert!(open(name, SIGNED).is_ok(), "{name}");
    }
    // A compromised key never signs again, whatever the clock is set to.
    assert!(open("revoked-hard", SIGNED).is_err());
    assert!(open("subkey-revoked-hard", SIGNED).is_err());
}

#[test]
fn what_is_no_single_secret_key_is_refused() {
    let refuse = |bytes: &[u8]| {
        let opened = Signer::open(bytes, || panic!("asked"), time(SIGNED));
        opened.unwrap_err().to_string()
    };
    let key = keys::load("good");
    assert!(refuse(key.certificate()).contains("only its public part"));
    assert!(refuse(b"").contains("key file: "));
    assert!(refuse(b"no key at all").contains("key file: "));
    assert!(refuse(&[0xff; 100]).contains("key file: "));
    assert!(refuse(b"(21:protected-private-key(3:rsa").contains("--export-secret-keys"));
    assert!(refuse(b"\0\0\0\x20\x01\x01\0\x02KBXf\0\0\0\0").contains("keybox"));
    let two = [key_binary(&key), key_binary(&keys::load("stranger"))].concat();
    assert!(refuse(&two).contains("several keys"));
    let trailing = [key_binary(&key), b"trailing".to_vec()].concat();
    assert!(refuse(&trailing).contains("key"));
}

#[test]
fn a_key_cut_anywhere_never_panics() {
    let whole = key_binary(&keys::load("good"));
    for length in 0..whole.len() {
        let _ = Signer::open(&whole[..length], || Ok(b"x".to_vec()), time(SIGNED));
    }
}

#[test]
fn a_stub_says_where_its_secret_is() {
    let cert = openpgp::Cert::from_bytes(keys::load("primary-signs").secret()).unwrap();
    let stub = cert
        .as_tsk()
        .set_filter(|_| false)
        .emit_secret_key_stubs(true);
    let opened = Signer::open(&stub.to_vec().unwrap(), || panic!("asked"), time(SIGNED));
    let message = opened.unwrap_err().to_string();
    assert!(message.contains("stub"), "{message}");
}

#[test]
fn an_offline_primary_does_not_keep_its_subkey_from_signing() {
    let cert = openpgp::Cert::from_bytes(keys::load("good").secret()).unwrap();
    let primary = cert.fingerprint();
    let stub = cert
        .as_tsk()
        .set_filter(|key| key.fingerprint() != primary)
        .emit_secret_key_stubs(true);
    let opened = Signer::open(&stub.to_vec().unwrap(), || panic!("asked"), time(SIGNED));
    assert_ne!(opened.unwrap().key().as_str(), primary.to_hex());
}

/// A key file whose public numbers were exchanged would make signatures that betray the
/// secret ones.
#[test]
fn a_secret_part_under_another_public_part_is_refused() {
    use openpgp::packet::Key;
    use openpgp::packet::key::{Key4, PrimaryRole, SecretParts};
    let good = openpgp::Cert::from_bytes(keys::load("primary-signs").secret()).unwrap();
    let other = openpgp::Cert::from_bytes(keys::load("stranger").secret()).unwrap();
    let stranger = other
        .primary_key()
        .key()
        .clone()
        .parts_into_secret()
        .unwrap();
    let public = good.primary_key().key();
    let swapped: Key<SecretParts, PrimaryRole> = Key4::with_secret(
        public.creation_time(),
        public.pk_algo(),
        public.mpis().clone(),
        stranger.secret().clone(),
    )
    .unwrap()
    .into();
    let mut packets: Vec<Packet> = good.clone().into_packets().collect();
    packets[0] = Packet::SecretKey(swapped);
    let bytes = openpgp::Cert::from_packets(packets.into_iter())
        .unwrap()
        .as_tsk()
        .to_vec()
        .unwrap();
    let opened = Signer::open(&bytes, || panic!("asked"), time(SIGNED));
    let message = opened.unwrap_err().to_string();
    assert!(
        message.contains("does not belong to its public part"),
        "{message}"
    );
}

#[test]
fn the_newest_signing_subkey_alive_is_chosen() {
    use openpgp::cert::prelude::*;
    let cert = Cert::from_bytes(keys::load("good").secret()).unwrap();
    let old = signer("good").key();
    let made = std::time::SystemTime::from(time("2025-02-01"));
    let policy = StandardPolicy::at(made);
    let valid = cert.with_policy(&policy, made).unwrap();
    let cert = KeyBuilder::new(openpgp::types::KeyFlags::empty().set_signing())
        .set_creation_time(made)
        .subkey(valid)
        .unwrap()
        .set_key_validity_period(std::time::Duration::from_secs(120 * 86_400))
        .unwrap()
        .attach_cert()
        .unwrap();
    let bytes = cert.as_tsk().to_vec().unwrap();
    let chosen = |day| {
        Signer::open(&bytes, || panic!("asked"), time(day))
            .unwrap()
            .key()
    };
    assert_eq!(chosen("2025-01-15"), old, "the new one was not made yet");
    assert_ne!(chosen(SIGNED), old);
    assert_eq!(chosen(NOW), old, "the new one has expired");
}

#[test]
fn a_primary_signs_where_no_subkey_can() {
    let chosen = signer("primary-signs").key();
    assert_eq!(chosen.as_str(), keys::load("primary-signs").fingerprint());
}

/// Secret keys as gpg exports them: protected its way, and with an offline primary.
#[test]
fn what_gpg_exports_opens() {
    for algorithm in ["ed25519", "rsa2048"] {
        let Some(home) = gnupg::Home::new(&[]) else {
            return;
        };
        let gpg = |arguments: &[&str]| run(home.command().args(arguments)).expect_ok();
        let clock = ["--faked-system-time", "20250201T000000!"];
        let user_id = "gpg TEST <gpg@test.invalid>";
        gpg(&[
            &clock[..],
            &["--quick-gen-key", user_id, algorithm, "cert", "0"],
        ]
        .concat());
        let listed = gpg(&["--with-colons", "--list-keys"]).text;
        let primary = listed
            .lines()
            .find_map(|line| line.strip_prefix("fpr:::::::::")?.strip_suffix(':'))
            .unwrap();
        gpg(&[
            &clock[..],
            &["--quick-add-key", primary, algorithm, "sign", "0"],
        ]
        .concat());
        let file = home.path().join("exported");
        let file = file.to_str().unwrap();
        gpg(&["--output", file, "--export"]);
        let certificate = std::fs::read(file).unwrap();
        for export in ["--export-secret-keys", "--export-secret-subkeys"] {
            for armor in ["--armor", "--no-armor"] {
                gpg(&[armor, "--output", file, export]);
                let exported = std::fs::read(file).unwrap();
                let open = |words: &str| Signer::open(&exported, || Ok(words.into()), time(SIGNED));
                let signer = open(keys::PASSPHRASE).unwrap();
                assert_ne!(signer.key().as_str(), primary);
                let made = Signer::detached(&[signer], DATA, Armor::Armored, time(SIGNED)).unwrap();
                let check = gnupg::gpgv(&certificate, &made, Some(DATA));
                assert!(check.unwrap().expect_ok().text.contains("GOODSIG"));
                let message = open("wrong").unwrap_err().to_string();
                assert!(message.ends_with("the passphrase is wrong"), "{message}");
            }
        }
    }
}
