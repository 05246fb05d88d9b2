//! One passphrase for several keys, and a person who mistypes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pkgseal_testkit::keys;

use crate::pinentry::Fake;
use crate::run::{find, listing, pkgseal, private_key};

/// A key file protected with this passphrase.
fn protected(folder: &Path, name: &str, words: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let passphrase = folder.join(format!("{name}.words"));
    fs::write(&passphrase, words).unwrap();
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).unwrap();
    let made = folder.join(name);
    pkgseal(["key", "generate", "--time", "2025-01-01", "--user-id"])
        .arg(format!("{name} <{name}@example.org>"))
        .arg("--passphrase-file")
        .arg(passphrase)
        .arg("--output")
        .arg(&made)
        .run()
        .expect(0);
    find(&made, ".key.asc")
}

/// Signs a file with these keys, the passphrase coming through a pipe.
fn sign_by_pipe(work: &Path, keys: &[&Path]) -> Output {
    let mut command = Command::new("sh");
    command
        .args(["-c", "printf %s \"$WORDS\" | \"$0\" \"$@\""])
        .env("WORDS", keys::PASSPHRASE)
        .arg(env!("CARGO_BIN_EXE_pkgseal"))
        .args(["sign", "--time", keys::SIGNED, "--passphrase-fd", "0"]);
    for key in keys {
        command.arg("--key").arg(key);
    }
    command.arg(work.join("notes.txt")).output().unwrap()
}

#[test]
fn one_pipe_opens_every_key_that_has_its_passphrase() {
    let (folder, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(work.path().join("notes.txt"), "notes\n").unwrap();
    let first = private_key(folder.path(), "protected.key.asc");
    let same = protected(folder.path(), "same", keys::PASSPHRASE);
    let other = protected(folder.path(), "other", "another passphrase");

    let run = sign_by_pipe(work.path(), &[&first, &other]);
    let stderr = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(2), "{stderr}");
    let listed = pkgseal(["keyring", "list", "--json"])
        .arg(find(other.parent().unwrap(), ".cert.asc"))
        .run()
        .expect(0);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    let keys = listed["certificates"][0]["keys"].as_array().unwrap();
    let named = keys
        .iter()
        .any(|key| stderr.contains(key["fingerprint"].as_str().unwrap()));
    assert!(
        named && stderr.contains("the passphrase is wrong"),
        "{stderr}"
    );
    assert_eq!(listing(work.path()), ["notes.txt"]);

    let run = sign_by_pipe(work.path(), &[&first, &same]);
    assert!(run.status.success(), "{run:?}");
    assert_eq!(listing(work.path()), ["notes.txt", "notes.txt.asc"]);
}

#[test]
fn a_person_who_mistypes_is_asked_again() {
    let (folder, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(work.path().join("notes.txt"), "notes\n").unwrap();
    let key = private_key(folder.path(), "protected.key.asc");
    let sign = |pinentry: &Fake| {
        pkgseal([
            "sign",
            "--time",
            keys::SIGNED,
            "--passphrase-pinentry",
            "--key",
        ])
        .env("PINENTRY_PROGRAM", pinentry.path())
        .arg(&key)
        .arg(work.path().join("notes.txt"))
        .run()
    };
    // Each entry is a pinentry of its own: the entries are counted in a file.
    let answer = |right: usize| {
        let count = folder.path().join(format!("count-{right}"));
        fs::write(&count, "").unwrap();
        let count = count.display();
        format!(
            "echo >> {count}; if [ $(wc -l < {count}) -ge {right} ]; then echo 'D {}'; \
             else echo 'D mistyped'; fi; echo OK",
            keys::PASSPHRASE
        )
    };
    let never = Fake::answering(&folder, &answer(4));
    let run = sign(&never).expect(2);
    assert!(
        run.stderr.contains("the passphrase is wrong"),
        "{}",
        run.stderr
    );
    let heard = never.heard();
    assert_eq!(heard.matches("GETPIN").count(), 3, "{heard}");
    assert!(
        heard.contains("(try 2 of 3)") && heard.contains("(try 3 of 3)"),
        "{heard}"
    );
    assert_eq!(listing(work.path()), ["notes.txt"]);

    let third = Fake::answering(&folder, &answer(3));
    sign(&third).expect(0);
    assert_eq!(third.heard().matches("GETPIN").count(), 3);
    assert_eq!(listing(work.path()), ["notes.txt", "notes.txt.asc"]);

    // A key that is to be changed is opened the same way.
    let second = Fake::answering(&folder, &answer(2));
    pkgseal([
        "key",
        "extend",
        "--time",
        keys::SIGNED,
        "--expires",
        "2y",
        "--passphrase-pinentry",
    ])
    .env("PINENTRY_PROGRAM", second.path())
    .arg(&key)
    .run()
    .expect(0);
    assert_eq!(second.heard().matches("GETPIN").count(), 2);
}
