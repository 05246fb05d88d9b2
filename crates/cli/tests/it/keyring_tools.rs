//! `pkgseal keyring merge`, `filter`, `diff`, `export`: the real clients take what they write,
//! and what would hurt somebody is refused.

mod package;

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::yum;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::{self, apt, gnupg, rpm, trixie};

use crate::run::{Call, Run, listing, pkgseal, private_key, sign_with};
use crate::sources::published;

const KEY: &str = "good-rsa4096";

fn certificate(name: &str) -> PathBuf {
    keys::load(name).certificate_path()
}

fn keyring(command: &str) -> Call {
    pkgseal(["keyring", command])
}

/// A file with these certificates, armored.
fn put(folder: &Path, file: &str, names: &[&str]) -> PathBuf {
    let path = folder.join(file);
    let all: Vec<u8> = names
        .iter()
        .flat_map(|name| keys::load(name).certificate().to_vec())
        .collect();
    fs::write(&path, all).unwrap();
    path
}

fn export(form: &str, output: &Path, names: &[&str]) -> Run {
    keyring("export")
        .args(["--form", form, "--name", "acme", "--output"])
        .arg(output)
        .args(names.iter().map(|name| certificate(name)))
        .run()
}

#[test]
fn merging_says_what_it_wrote_and_keeps_a_revocation() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("all.gpg");
    let run = keyring("merge")
        .arg("--output")
        .arg(&output)
        .args([certificate("good"), certificate("revoked-soft")])
        .run()
        .expect(0);
    run.prints("revoked, and that is kept");
    run.prints(&keys::load("good").fingerprint());
    let once = fs::read(&output).unwrap();
    assert!(
        matches!(once.first(), Some(0x98 | 0x99 | 0xc6)),
        "apt goes by the first byte"
    );
    keyring("merge")
        .arg("--output")
        .arg(&output)
        .args([certificate("revoked-soft"), certificate("good")])
        .run()
        .expect(0);
    assert_eq!(fs::read(&output).unwrap(), once);
    let armored = folder.path().join("all.asc");
    keyring("merge")
        .arg("--output")
        .arg(&armored)
        .arg(&output)
        .run()
        .expect(0);
    assert!(
        fs::read_to_string(&armored)
            .unwrap()
            .starts_with("-----BEGIN PGP PUBLIC KEY BLOCK")
    );
}

#[test]
fn an_empty_keyring_is_refused_unless_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("none.gpg");
    let filter = || {
        keyring("filter")
            .args(["--only", "can-sign", "--time", keys::NOW, "--output"])
            .arg(&output)
            .arg(certificate("expired"))
    };
    let run = filter().run().expect(1);
    run.prints("[keyring.empty]");
    assert!(!output.exists());
    fs::write(&output, b"the old one").unwrap();
    filter().run().expect(1);
    assert_eq!(fs::read(&output).unwrap(), b"the old one");
    filter().arg("--allow-empty").run().expect(0);
    assert_eq!(fs::read(&output).unwrap(), b"");
}

#[test]
fn wrong_words_are_usage() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("x.gpg");
    let good = certificate("good");
    for arguments in [
        vec!["filter", "--certificate", "4F25E3B6"],
        vec!["filter", "--domain", "*.org"],
        vec!["filter", "--drop", "everything"],
        vec!["export", "--form", "keybox"],
        vec!["export", "--form", "rpm-gpg-key", "--name", "../x"],
        vec!["export", "--form", "voa"],
        vec!["export", "--form", "voa", "--voa", "../x/y"],
        vec!["export", "--form", "wkd", "--domain", "a/b"],
    ] {
        let run = pkgseal(["keyring"])
            .args(&arguments)
            .arg("--output")
            .arg(&output)
            .arg(&good)
            .run();
        assert_eq!(run.status, 2, "{arguments:?} {} {}", run.stdout, run.stderr);
    }
    assert_eq!(listing(folder.path()), [""; 0]);
    // Where apt would take it for something else.
    for (form, name) in [
        ("apt-gpg", "acme.asc"),
        ("asc", "acme.gpg"),
        ("apt-gpg", "acme"),
    ] {
        export(form, &folder.path().join(name), &["good"]).expect(2);
    }
    keyring("export")
        .args(["--form", "apt-gpg"])
        .arg(&good)
        .run()
        .expect(2);
    assert_eq!(listing(folder.path()), [""; 0]);
}

#[test]
fn differences_are_told_by_the_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    let one = put(folder.path(), "one.asc", &["good"]);
    let two = put(folder.path(), "two.asc", &["good", "stranger"]);
    let diff = |old: &Path, new: &Path| {
        keyring("diff")
            .args(["--time", keys::NOW])
            .arg(old)
            .arg(new)
            .run()
    };
    assert_eq!(diff(&one, &one).expect(0).stdout, "same: nothing changed\n");
    let run = diff(&one, &two).expect(2);
    run.prints("needs eyes: new certificate");
    let run = diff(&two, &one).expect(1);
    assert!(run.stdout.ends_with("breaks\n"), "{}", run.stdout);
    let json = keyring("diff")
        .args(["--json", "--time", keys::NOW])
        .arg(&two)
        .arg(&one)
        .run()
        .expect(1);
    let read: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(read["schema"], 1);
    assert_eq!(read["outcome"], "rejected");
    assert_eq!(read["changes"][0]["safety"], "breaks");
    assert_eq!(read["changes"][0]["code"], "keyring.diff.certificate-gone");
}

/// `apt-get update` with the certificates in a form; others beside the signer's.
fn apt_updates(which: apt::Which, form: &str, names: &[&str]) -> Option<peers::Run> {
    let folder = tempfile::tempdir().unwrap();
    let root = published(folder.path());
    let client = apt::Root::of(which, "")?;
    let entry = format!(
        "Types: deb\nURIs: file:{}\nSuites: stable\nComponents: main\n",
        client.bring(&root).display()
    );
    let keyrings = client.path().join("etc/apt/keyrings");
    fs::create_dir_all(&keyrings).unwrap();
    if form == "deb822" {
        let run = keyring("export")
            .args(["--form", "deb822"])
            .args(names.iter().map(|name| certificate(name)))
            .run()
            .expect(0);
        client.sources(&format!("{entry}{}", run.stdout));
    } else {
        export(form, &keyrings, names).expect(0);
        let file = listing(&keyrings).remove(0);
        let named = client.named(&format!("etc/apt/keyrings/{file}"));
        client.sources(&format!("{entry}Signed-By: {}\n", named.display()));
    }
    Some(client.update())
}

#[test]
fn apt_of_bookworm_and_trixie_takes_every_form() {
    for which in apt::Which::ALL {
        for form in ["apt-gpg", "asc", "deb822"] {
            // The signer's is the second in each of them.
            let names = ["good", KEY, "stranger"];
            let Some(run) = apt_updates(which, form, &names) else {
                continue;
            };
            assert!(run.accepted(), "{which:?} {form}: {run}");
            let run = apt_updates(which, form, &["good", "stranger"]).unwrap();
            assert!(!run.accepted(), "{which:?} {form}: {run}");
        }
    }
}

#[test]
fn rpm_imports_every_key_of_an_export() {
    let folder = tempfile::tempdir().unwrap();
    let names = [KEY, "good", "primary-signs-rsa3072"];
    export("rpm-gpg-key", folder.path(), &names).expect(0);
    let files = listing(folder.path());
    assert_eq!(files.len(), names.len());
    if let Some(database) = rpm::Database::new(&[]) {
        for file in &files {
            let bytes = fs::read(folder.path().join(file)).unwrap();
            database.import(&bytes).expect_ok();
        }
        let known = database
            .command("rpm")
            .args(["-q", "gpg-pubkey"])
            .output()
            .unwrap();
        let known = String::from_utf8(known.stdout).unwrap();
        assert_eq!(known.lines().count(), names.len(), "{known}");
        // One block a certificate: an armored file of several is read to its end.
        let several = rpm::Database::new(&[]).unwrap();
        let all = folder.path().join("all.asc");
        export("asc", &all, &names).expect(0);
        several.import(&fs::read(&all).unwrap()).expect_ok();
        let known = several
            .command("rpm")
            .args(["-q", "gpg-pubkey"])
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8(known.stdout).unwrap().lines().count(),
            names.len()
        );
    }
    if let Some(room) = trixie::Room::new() {
        let database = format!("--dbpath={}/db", room.inside().display());
        for file in &files {
            let inside = room.put(file, fs::read(folder.path().join(file)).unwrap());
            let inside = inside.display().to_string();
            room.run("rpmkeys", [&*database, "--import", &inside])
                .expect_ok();
        }
        let known = room.run("rpmkeys", [&*database, "--list"]).expect_ok();
        for name in names {
            let fingerprint = keys::load(name).fingerprint().to_lowercase();
            // It lists what is left of the fingerprint in the name of a package.
            assert!(known.says(&fingerprint[32..]), "{name}: {known}");
        }
    }
}

#[test]
fn dnf_takes_the_keys_of_an_export() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("yum");
    let hello = Rpm::new("hello", "1.0", "noarch", Format::V4);
    yum::Repository::new(vec![hello]).write(&root);
    sign_with(folder.path(), KEY, &root);
    let entry = |file: &Path| {
        format!(
            "[test]\nname=TEST\nbaseurl=file://{}\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\ngpgkey=file://{}\n",
            root.display(),
            file.display()
        )
    };
    let several = folder.path().join("several.asc");
    export("asc", &several, &["good", KEY]).expect(0);
    let one = folder.path().join("one");
    export("rpm-gpg-key", &one, &[KEY]).expect(0);
    let repomd = folder.path().join("repomd");
    fs::create_dir(&repomd).unwrap();
    export("repomd-key", &repomd, &[KEY]).expect(0);
    for file in [
        one.join("RPM-GPG-KEY-acme"),
        repomd.join("repomd.xml.key"),
        several,
    ] {
        let Some(run) = peers::yum::dnf_by(&entry(&file)) else {
            return;
        };
        assert!(run.expect_ok().says("hello"), "{}", file.display());
    }
    let other = folder.path().join("other.asc");
    export("asc", &other, &["good", "stranger"]).expect(0);
    peers::yum::dnf_by(&entry(&other)).unwrap().expect_failure();
}

#[test]
fn a_keys_file_is_read_by_gpg() {
    let names = ["good", KEY, "expired"];
    let run = keyring("export")
        .args(["--form", "keys"])
        .args(names.iter().map(|name| certificate(name)))
        .run()
        .expect(0);
    let Some(home) = gnupg::Home::new(&[]) else {
        return;
    };
    home.import(run.stdout.as_bytes());
    let listed = peers::run(home.command().args(["--with-colons", "--list-keys"])).expect_ok();
    for name in names {
        assert!(
            listed.says(&keys::load(name).fingerprint()),
            "{name}: {listed}"
        );
    }
}

#[test]
fn secrets_stay_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let secret = private_key(folder.path(), "good-ed25519.key.asc");
    for (form, file) in [
        ("asc", "a.asc"),
        ("keys", "KEYS"),
        ("repomd-key", "repomd.xml.key"),
    ] {
        let path = folder.path().join(file);
        keyring("export")
            .args(["--form", form, "--output"])
            .arg(&path)
            .arg(&secret)
            .run()
            .expect(0);
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("PUBLIC KEY") && !text.contains("PRIVATE"),
            "{form}"
        );
    }
    let run = keyring("export")
        .args(["--form", "deb822"])
        .arg(&secret)
        .run()
        .expect(0);
    run.prints_no("PRIVATE");
    run.complains("[keyring.secret-key]");
}
