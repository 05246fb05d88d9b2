//! What is refused, with nothing written.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use jiff::Timestamp;
use pkgseal_keyring::lifecycle::{
    Changed, KeyFile, Replaced, Revocable, SubkeyRequest, Which, add_subkey, extend, join, protect,
    replace_subkey, revoke, split,
};
use pkgseal_keyring::{Algorithm, Error, Result};
use pkgseal_openpgp::edit::Reason;
use pkgseal_openpgp::{Certificates, Fingerprint};
use pkgseal_repo::Destination;
use pkgseal_testkit::keys;

use super::bench::{Bench, lifetime, new_subkey, now, subkey, why};

#[test]
fn what_cannot_be_changed_is_refused_and_nothing_is_written() {
    type Doing = fn(&Bench) -> Result<Changed>;
    fn extended(bench: &Bench, expires: &str) -> Result<Changed> {
        bench.extend(&Which::All, expires)
    }
    fn revoked(bench: &Bench, what: Revocable, reason: Reason) -> Result<Changed> {
        revoke(
            &bench.open(),
            Some(&bench.words()),
            &what,
            &why(reason),
            now(),
        )
    }
    let cases: &[(&str, Doing, &str)] = &[
        ("good", |b| extended(b, "2025-02-28"), "not after now"),
        ("good", |b| extended(b, "2025-03-01"), "not after now"),
        ("good", |b| extended(b, "1999-01-01"), "not after now"),
        ("good", |b| extended(b, "90y"), "until 2106"),
        ("good", |b| extended(b, "9000y"), "too far"),
        (
            "good",
            |b| b.extend(&Which::Subkeys(vec![keys_other()]), "2y"),
            "no subkey",
        ),
        (
            "good",
            |b| {
                let primary = b.open().certificate().fingerprint();
                b.extend(&Which::Subkeys(vec![primary]), "2y")
            },
            "no subkey",
        ),
        ("revoked-hard", |b| extended(b, "2y"), "is revoked"),
        (
            "revoked-soft",
            |b| extend(&b.open(), None, &Which::Primary, lifetime("2y"), late()),
            "is revoked",
        ),
        (
            "subkey-revoked-hard",
            |b| {
                let revoked = subkey(&b.open().certificate(), 1);
                b.extend(&Which::Subkeys(vec![revoked]), "2y")
            },
            "is revoked",
        ),
        (
            "revoked-soft",
            |b| add_subkey(&b.open(), None, &new_subkey("1y"), late()),
            "is revoked",
        ),
        (
            "good",
            |b| add_subkey(&b.open(), None, &new_subkey("2025-01-01"), now()),
            "not after now",
        ),
        (
            "good",
            |b| {
                add_subkey(
                    &b.open(),
                    None,
                    &SubkeyRequest {
                        algorithm: Some(Algorithm::Ed448),
                        ..new_subkey("1y")
                    },
                    now(),
                )
            },
            "OpenPGP v6",
        ),
        (
            "good-v6-ed25519",
            |b| {
                add_subkey(
                    &b.open(),
                    None,
                    &SubkeyRequest {
                        algorithm: Some(Algorithm::Rsa3072),
                        ..new_subkey("1y")
                    },
                    now(),
                )
            },
            "OpenPGP v4",
        ),
        (
            "good",
            |b| add_subkey(&b.open(), None, &new_subkey("1y"), keys::time("2024-12-31")),
            "before key",
        ),
        (
            "primary-signs",
            |b| {
                replace_subkey(
                    &b.open(),
                    None,
                    &new_subkey("1y"),
                    None,
                    Replaced::Keep,
                    now(),
                )
            },
            "no subkey signs",
        ),
        (
            "not-signing",
            |b| {
                replace_subkey(
                    &b.open(),
                    None,
                    &new_subkey("1y"),
                    None,
                    Replaced::Keep,
                    now(),
                )
            },
            "no subkey signs",
        ),
        (
            "not-signing",
            |b| {
                let encrypts = subkey(&b.open().certificate(), 1);
                replace_subkey(
                    &b.open(),
                    None,
                    &new_subkey("1y"),
                    Some(&encrypts),
                    Replaced::Keep,
                    now(),
                )
            },
            "does not sign",
        ),
        (
            "good",
            |b| {
                let retire = Replaced::Expire(lifetime("2025-01-02"));
                replace_subkey(&b.open(), None, &new_subkey("1y"), None, retire, now())
            },
            "retire: ",
        ),
        (
            "revoked-hard",
            |b| revoked(b, Revocable::Key, Reason::Compromised),
            "revoked already",
        ),
        (
            "good",
            |b| revoked(b, Revocable::Subkey(keys_other()), Reason::Retired),
            "no subkey",
        ),
        (
            "good",
            |b| revoked(b, Revocable::UserId("Eve".into()), Reason::UserIdInvalid),
            "no user ID",
        ),
        (
            "good",
            |b| revoked(b, Revocable::Key, Reason::UserIdInvalid),
            "only a user ID",
        ),
        (
            "protected",
            |b| extend(&b.open(), None, &Which::All, lifetime("2y"), now()),
            "no passphrase",
        ),
        (
            "protected",
            |b| {
                b.put("words", b"wrong");
                extended(b, "2y")
            },
            "passphrase is wrong",
        ),
        (
            "protected",
            |b| {
                b.put("words", b"");
                extended(b, "2y")
            },
            "it is empty",
        ),
        (
            "protected",
            |b| {
                b.put("words", b"wrong");
                protect(&b.open(), Some(&b.words()), None, now())
            },
            "passphrase is wrong",
        ),
        (
            "good",
            |b| {
                b.put("words", b"");
                protect(&b.open(), None, Some(&b.words()), now())
            },
            "it is empty",
        ),
        (
            "good",
            |b| {
                let same = b.open();
                join(&same, std::slice::from_ref(&same), now())
            },
            "no secret part that is missing",
        ),
        (
            "good",
            |b| {
                b.put("other.key.asc", keys::load("stranger").secret());
                join(&b.open(), &[b.open_file("other.key.asc")], now())
            },
            "another certificate",
        ),
    ];
    for (number, (name, doing, reason)) in cases.iter().enumerate() {
        let bench = Bench::new(name);
        let before = fs::read(bench.path("test.key.asc")).unwrap();
        let message = match doing(&bench) {
            Err(error) => error.to_string(),
            Ok(changed) => panic!("{number} {name}: {changed:?}"),
        };
        assert!(message.contains(reason), "{number} {name}: {message}");
        assert_eq!(fs::read(bench.path("test.key.asc")).unwrap(), before);
        assert!(!bench.path("test.cert.asc").exists());
    }
}

/// After what is revoked was.
fn late() -> Timestamp {
    keys::time(keys::NOW)
}

/// A subkey of somebody else.
fn keys_other() -> Fingerprint {
    Fingerprint::parse(&keys::load("stranger").signing_fingerprint()).unwrap()
}

#[test]
fn files_that_are_not_what_they_should_be_are_refused() {
    let open = |bench: &Bench| KeyFile::open(&bench.path("test.key.asc"), &Certificates::default());
    let cert = |name: &str| keys::load(name).certificate().to_vec();
    let several = [cert("good"), cert("stranger")].concat();
    for (bytes, reason) in [
        (cert("stranger"), "another certificate"),
        (several, "several certificates"),
        (b"notes".to_vec(), "not a certificate"),
        (Vec::new(), "not a certificate"),
    ] {
        let bench = Bench::new("good");
        bench.put("test.cert.asc", &bytes);
        let refused = open(&bench).unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
    }
    for (bytes, reason) in [
        (cert("good"), "only its public part"),
        (b"notes".to_vec(), "not an OpenPGP key"),
        (Vec::new(), ""),
        (
            [keys::load("good").secret(), keys::load("stranger").secret()].concat(),
            "several keys",
        ),
    ] {
        let bench = Bench::new("good");
        bench.put("test.key.asc", &bytes);
        let refused = open(&bench).unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
    }
    let bench = Bench::new("good");
    let stranger = keys::certificates(&["stranger"]);
    let refused = KeyFile::open(&bench.path("test.key.asc"), &stranger).unwrap_err();
    assert!(
        refused.to_string().contains("not that of this key"),
        "{refused}"
    );
    for mode in [0o640, 0o604, 0o644, 0o660] {
        let private = fs::Permissions::from_mode(mode);
        fs::set_permissions(bench.path("test.key.asc"), private).unwrap();
        assert!(matches!(open(&bench), Err(Error::ReadableByOthers { .. })));
    }
}

#[test]
fn nothing_is_overwritten_elsewhere() {
    for name in ["test.key.asc", "test.cert.asc"] {
        let bench = Bench::new("good");
        let changed = bench.extend(&Which::All, "2y").unwrap();
        let output = Destination::Directory(bench.path("out"));
        let written = bench.open().write(&changed, &output).unwrap();
        assert!(written.iter().all(|path| path.exists()));
        assert!(!bench.path("test.cert.asc").exists());
        fs::remove_dir_all(bench.path("out")).unwrap();
        fs::create_dir(bench.path("out")).unwrap();
        bench.put(&format!("out/{name}"), b"mine");
        let refused = bench.open().write(&changed, &output).unwrap_err();
        assert!(matches!(refused, Error::Exists { .. }), "{refused}");
        assert_eq!(fs::read(bench.path("out").join(name)).unwrap(), b"mine");
        assert_eq!(fs::read_dir(bench.path("out")).unwrap().count(), 1);
    }
    let bench = Bench::new("good");
    let offline = bench.put("there", b"mine");
    let refused = split(&bench.open(), &offline, &Destination::Beside, now()).unwrap_err();
    assert!(matches!(refused, Error::Exists { .. }), "{refused}");
    assert!(
        split(
            &bench.open(),
            &bench.path("no/where"),
            &Destination::Beside,
            now()
        )
        .is_err()
    );
    let single = Bench::new("primary-signs");
    let refused = split(
        &single.open(),
        &single.path("off"),
        &Destination::Beside,
        now(),
    );
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("nothing would be left")
    );
    assert!(!single.path("off").exists());
}
