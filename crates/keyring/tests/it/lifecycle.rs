//! Changes of key files: what is on the disk before and after, and what is refused.

mod bench;
mod refusals;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::ToSpan as _;
use pkgseal_keyring::lifecycle::{
    Changed, KeyFile, Replaced, Revocable, Step, SubkeyRequest, Which, add_subkey,
    certificate_path, extend, join, protect, replace_subkey, revoke, split,
};
use pkgseal_keyring::{Algorithm, Passphrase, open_signer};
use pkgseal_openpgp::edit::{Reason, SecretForm};
use pkgseal_openpgp::{Armor, Certificates, KeyState, Object, Profile, Signer, Verifier};
use pkgseal_repo::Destination;
use pkgseal_testkit::keys;

use bench::{Bench, codes, expiries, lifetime, new_subkey, now, read, subkey, why};

#[test]
fn both_files_are_replaced_and_the_secret_stays_private() {
    for name in [
        "good",
        "good-rsa2048",
        "protected",
        "good-v6-ed25519",
        "good-mldsa65",
    ] {
        let bench = Bench::new(name);
        let changed = bench.extend(&Which::All, "2y").unwrap();
        assert!(!bench.path("test.cert.asc").exists());
        let written = bench.write(&changed);
        assert_eq!(
            written,
            [bench.path("test.key.asc"), bench.path("test.cert.asc")]
        );
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&written[0]), 0o600, "{name}");
        assert_ne!(mode(&written[1]) & 0o044, 0, "{name}");
        let end = lifetime("2y").end(now()).unwrap();
        assert_eq!(expiries(&bench.certificate()), [end, end], "{name}");
        let signer = open_signer(&written[0], Some(&bench.words()), now()).unwrap();
        assert_eq!(*signer.certificate(), bench.certificate(), "{name}");
        let text = fs::read_to_string(&written[1]).unwrap();
        assert!(
            text.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"),
            "{name}"
        );
        assert_eq!(
            fs::read_dir(bench.folder.path()).unwrap().count(),
            3,
            "{name}"
        );
    }
}

#[test]
fn a_file_keeps_its_form() {
    let bench = Bench::new("good");
    let binary = bench.open().key().to_binary().unwrap();
    bench.put("form.gpg", &binary);
    bench.put("form.cert.asc", &bench.open().certificate().to_binary());
    let file = bench.open_file("form.gpg");
    let changed = extend(&file, None, &Which::All, lifetime("2y"), now()).unwrap();
    let written = file.write(&changed, &Destination::Beside).unwrap();
    for path in written {
        assert_ne!(fs::read(path).unwrap()[0] & 0x80, 0);
    }
}

#[test]
fn what_was_published_since_is_never_lost() {
    let bench = Bench::new("good");
    let old_secret = fs::read(bench.path("test.key.asc")).unwrap();
    bench.write(&bench.extend(&Which::All, "5y").unwrap());
    let published = bench.certificate();

    // The key file from the backup, and the certificate beside it.
    bench.put("test.key.asc", &old_secret);
    assert_eq!(bench.open().certificate(), published);
    // Or named.
    fs::remove_file(bench.path("test.cert.asc")).unwrap();
    let named = Certificates::new([published.clone()]);
    let file = KeyFile::open(&bench.path("test.key.asc"), &named).unwrap();
    assert_eq!(file.certificate(), published);
    let changed = revoke(
        &file,
        None,
        &Revocable::Subkey(subkey(&published, 1)),
        &why(Reason::Superseded),
        now() + 1.hour(),
    )
    .unwrap();
    assert_eq!(expiries(&changed.after), expiries(&published));

    // With nothing but a certificate, the key file learns of it.
    let changed = join(&file, &[], now()).unwrap();
    assert_eq!(changed.steps, [Step::Merged]);
    assert_eq!(changed.key().unwrap().certificate(), published);
}

#[test]
fn what_is_extended_is_what_was_meant() {
    let end = |text: &str| lifetime(text).end(now()).unwrap();
    let bench = Bench::new("subkey-expired");
    // 2025-06-01 the subkey expires; half a year later nothing signs.
    let late = keys::time("2025-09-01");
    let primary = extend(&bench.open(), None, &Which::Primary, lifetime("2y"), late).unwrap();
    assert!(
        codes(&primary).contains(&"key.left-expired"),
        "{:?}",
        primary.findings
    );
    assert_eq!(primary.steps.len(), 1);
    let all = extend(&bench.open(), None, &Which::All, lifetime("2y"), late);
    // The primary never expires: that is longer already.
    let all = all.unwrap();
    assert!(!codes(&all).contains(&"key.left-expired"));
    assert!(matches!(
        &all.steps[..],
        [Step::Expiry { primary: false, .. }]
    ));

    let bench = Bench::new("good");
    let both = bench.extend(&Which::Primary, "2y").unwrap();
    assert_eq!(expiries(&both.after), [end("2y"), None]);
    assert!(codes(&both).contains(&"key.shortened"));
    bench.write(&both);
    let one = Which::Subkeys(vec![subkey(&bench.certificate(), 1)]);
    let longer = bench.extend(&one, "5y").unwrap();
    assert_eq!(expiries(&longer.after), [end("2y"), end("5y")]);
    assert!(codes(&longer).contains(&"key.outlives-primary"));
    // All: nobody's life is cut short by the way.
    bench.write(&longer);
    let all = bench.extend(&Which::All, "3y").unwrap();
    assert_eq!(expiries(&all.after), [end("3y"), end("5y")]);
    let never = bench.extend(&Which::All, "never").unwrap();
    assert_eq!(expiries(&never.after), [None, None]);
    bench.write(&all);
    for shorter in ["1y", "2y", "3y"] {
        let refused = bench.extend(&Which::All, shorter).unwrap_err();
        assert!(
            refused.to_string().contains("that long already"),
            "{refused}"
        );
    }
    bench.write(&never);
    let refused = bench.extend(&Which::All, "never").unwrap_err();
    assert!(
        refused.to_string().contains("that long already"),
        "{refused}"
    );
    // Where nothing has an end, one is what is asked for.
    let ended = bench.extend(&Which::All, "9y").unwrap();
    assert_eq!(expiries(&ended.after), [end("9y"), end("9y")]);
}

#[test]
fn a_signature_of_before_verifies_after_every_change() {
    let bench = Bench::new("good");
    let signature = |bench: &Bench| {
        let signer = open_signer(&bench.path("test.key.asc"), None, now()).unwrap();
        Signer::detached(&[signer], b"data", Armor::Binary, now()).unwrap()
    };
    let old = signature(&bench);
    let changes: [fn(&Bench) -> Changed; 4] = [
        |bench| bench.extend(&Which::All, "2y").unwrap(),
        |bench| add_subkey(&bench.open(), None, &new_subkey("1y"), now() + 1.hour()).unwrap(),
        |bench| {
            let old = subkey(&bench.certificate(), 1);
            let replaced = Replaced::Revoke;
            let at = now() + 2.hours();
            replace_subkey(
                &bench.open(),
                None,
                &new_subkey("1y"),
                Some(&old),
                replaced,
                at,
            )
            .unwrap()
        },
        |bench| {
            let why = why(Reason::Retired);
            revoke(
                &bench.open(),
                None,
                &Revocable::Key,
                &why,
                now() + 3.hours(),
            )
            .unwrap()
        },
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let changed = change(&bench);
        bench.write(&changed);
        let certificates = Certificates::new([bench.certificate()]);
        let verifier = Verifier::new(certificates, Profile::strict(), now() + 4.hours());
        let report = verifier.detached(Object::Artifact, &b"data"[..], &old);
        assert!(report.unwrap().is_accepted(), "change {index}");
    }
    // A hard revocation is what takes it away.
    let changed = revoke(
        &bench.open(),
        None,
        &Revocable::Key,
        &why(Reason::Compromised),
        now() + 4.hours(),
    )
    .unwrap();
    assert_eq!(codes(&changed), ["key.hard-revocation"]);
    let verifier = Verifier::new(
        Certificates::new([changed.after]),
        Profile::strict(),
        now() + 5.hours(),
    );
    let report = verifier.detached(Object::Artifact, &b"data"[..], &old);
    assert!(!report.unwrap().is_accepted());
}

#[test]
fn a_new_subkey_is_like_the_others_and_signs_from_now_on() {
    for (name, algorithm) in [
        ("good", "Ed25519"),
        ("protected", "Ed25519"),
        ("good-p256", "P-256"),
        ("good-v6-ed25519", "Ed25519"),
        ("good-mldsa65", "ML-DSA-65+Ed25519"),
    ] {
        let bench = Bench::new(name);
        let words = bench.words();
        let at = now() + 1.hour();
        let changed = add_subkey(&bench.open(), Some(&words), &new_subkey("1y"), at).unwrap();
        let Step::Added {
            key,
            algorithm: made,
            expires,
        } = &changed.steps[0]
        else {
            panic!("{:?}", changed.steps);
        };
        assert_eq!(made, algorithm, "{name}");
        assert_eq!(*expires, lifetime("1y").end(at).unwrap(), "{name}");
        let locked = changed
            .key()
            .unwrap()
            .parts()
            .iter()
            .all(|part| part.form == SecretForm::Locked);
        assert_eq!(locked, name == "protected");
        bench.write(&changed);
        let signer = open_signer(&bench.path("test.key.asc"), Some(&words), at).unwrap();
        assert_eq!(signer.key(), *key, "{name}");
    }
    // Another algorithm, and a key of a kind that is not made any more.
    let bench = Bench::new("good-rsa2048");
    let refused = add_subkey(&bench.open(), None, &new_subkey("1y"), now()).unwrap_err();
    assert!(refused.to_string().starts_with("algorithm: "), "{refused}");
    let request = SubkeyRequest {
        algorithm: Some(Algorithm::Ed25519),
        ..new_subkey("never")
    };
    let changed = add_subkey(&bench.open(), None, &request, now()).unwrap();
    assert_eq!(expiries(&changed.after), [None, None, None]);
}

#[test]
fn a_replaced_subkey_stays_expires_or_is_revoked() {
    let replace = |replaced| {
        let bench = Bench::new("good");
        let at = now() + 1.hour();
        replace_subkey(&bench.open(), None, &new_subkey("1y"), None, replaced, at).unwrap()
    };
    let states = |changed: &Changed, days: i64| -> Vec<KeyState> {
        let at = now() + (24 * days).hours();
        let keys = changed.after.keys(&Profile::strict(), at);
        keys.into_iter().skip(1).map(|key| key.state).collect()
    };
    let kept = replace(Replaced::Keep);
    assert_eq!(states(&kept, 200), [KeyState::Live, KeyState::Live]);
    let retired = replace(Replaced::Expire(lifetime("90d")));
    assert_eq!(states(&retired, 30), [KeyState::Live, KeyState::Live]);
    let at_last = states(&retired, 100);
    assert!(
        at_last
            .iter()
            .any(|state| matches!(state, KeyState::Expired { .. }))
    );
    assert!(at_last.contains(&KeyState::Live));
    let revoked = replace(Replaced::Revoke);
    let at_once = states(&revoked, 1);
    let soft = |state: &KeyState| matches!(state, KeyState::Revoked(found) if !found.hard);
    assert!(at_once.iter().any(soft) && at_once.contains(&KeyState::Live));
}

#[test]
fn parted_and_joined_through_files() {
    for name in ["good", "protected", "good-v6-ed25519"] {
        let bench = Bench::new(name);
        let words = bench.words();
        let offline = bench.path("offline.key.asc");
        let before = bench.open().certificate();
        let (changed, written) =
            split(&bench.open(), &offline, &Destination::Beside, now()).unwrap();
        assert_eq!(changed.after, before);
        let mode = fs::metadata(&offline).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        // It signs, and changes nothing.
        open_signer(&written[0], Some(&words), now()).unwrap();
        let refused = bench.extend(&Which::All, "2y").unwrap_err();
        assert!(
            refused.to_string().contains("primary key is not here"),
            "{refused}"
        );
        // The offline one changes, and signs nothing.
        assert!(
            open_signer(&offline, Some(&words), now()).is_err(),
            "{name}"
        );
        let file = bench.open_file("offline.key.asc");
        let changed = extend(&file, Some(&words), &Which::All, lifetime("2y"), now()).unwrap();
        file.write(&changed, &Destination::Beside).unwrap();

        // What was published reaches the online file, whose secrets stay what they are.
        let named = Certificates::new([read(&certificate_path(&offline))]);
        let online = KeyFile::open(&bench.path("test.key.asc"), &named).unwrap();
        let changed = join(&online, &[], now()).unwrap();
        bench.write(&changed);
        assert!(bench.extend(&Which::All, "3y").is_err());

        // A new subkey made offline goes to the online file, the primary does not.
        let file = bench.open_file("offline.key.asc");
        let at = now() + 1.hour();
        let changed = add_subkey(&file, Some(&words), &new_subkey("1y"), at).unwrap();
        file.write(&changed, &Destination::Beside).unwrap();
        let vault = bench.path("vault.key.asc");
        split(
            &bench.open_file("offline.key.asc"),
            &vault,
            &Destination::Beside,
            at,
        )
        .unwrap();
        let changed = join(&bench.open(), &[bench.open_file("offline.key.asc")], at).unwrap();
        assert!(matches!(&changed.steps[..], [Step::Joined { keys }] if keys.len() == 1));
        bench.write(&changed);
        let there: Vec<_> = bench.open().key().parts();
        let there: Vec<_> = there.iter().map(|part| part.form.is_there()).collect();
        assert_eq!(there, [false, true, true], "{name}");
        let changed = join(&bench.open(), &[bench.open_file("vault.key.asc")], at).unwrap();
        bench.write(&changed);
        assert!(
            bench
                .open()
                .key()
                .parts()
                .iter()
                .all(|part| part.form.is_there())
        );
        let words = Some(&words);
        let whole = bench.open();
        extend(&whole, words, &Which::All, lifetime("4y"), at + 1.hour()).unwrap();
    }
}

#[test]
fn a_passphrase_changes_in_the_file() {
    let bench = Bench::new("protected");
    let words = bench.words();
    let new = Passphrase::File(bench.put("new", b"battery staple\n"));
    let before = bench.open().certificate();
    let changed = protect(&bench.open(), Some(&words), Some(&new), now()).unwrap();
    assert_eq!(changed.after, before);
    bench.write(&changed);
    assert!(open_signer(&bench.path("test.key.asc"), Some(&words), now()).is_err());
    assert!(open_signer(&bench.path("test.key.asc"), Some(&new), now()).is_ok());
    let changed = protect(&bench.open(), Some(&new), None, now()).unwrap();
    assert_eq!(
        changed.steps,
        [Step::Protected {
            parts: 2,
            locked: false
        }]
    );
    bench.write(&changed);
    assert!(open_signer(&bench.path("test.key.asc"), None, now()).is_ok());
}
