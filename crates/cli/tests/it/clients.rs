//! `pkgseal apt verify --client`, and `pkgseal apt clients`.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::apt::Repository;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::keys;

use crate::run::{Run, pkgseal};

/// A repository signed by these keys, and a keyring of them.
fn signed(folder: &Path, names: &[&str]) -> (PathBuf, PathBuf) {
    let root = folder.join("repository");
    let debs = vec![("main", Deb::new("hello", "1.0", "amd64"))];
    let repository = Repository::new("stable", debs);
    repository.write(&root);
    let text = repository.release();
    let keys: Vec<_> = names.iter().map(|name| keys::load(name)).collect();
    let options = keys::RawOptions::at(keys::SIGNED);
    let signers: Vec<_> = keys.iter().map(|key| (key, options.clone())).collect();
    let message = keys::raw_clearsign(&signers, &text);
    fs::write(root.join("dists/stable/InRelease"), message).unwrap();
    fs::remove_file(root.join("dists/stable/Release")).unwrap();
    let keyring = folder.join("keyring.gpg");
    fs::write(&keyring, keys::keyring(names)).unwrap();
    (root, keyring)
}

fn ask(root: &Path, keyring: &Path, day: &str, clients: &[&str], more: &[&str]) -> Run {
    let clients = clients.iter().flat_map(|client| ["--client", client]);
    pkgseal(["apt", "verify", "--time", day, "--keyring"])
        .arg(keyring)
        .args(clients)
        .args(more)
        .arg(root)
        .run()
}

#[test]
fn clients_that_agree_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = signed(folder.path(), &["good-rsa4096"]);
    let run = ask(&root, &keyring, keys::NOW, &["all"], &[]).expect(0);
    for name in ["bullseye", "bookworm", "trixie", "forky", "jammy", "noble"] {
        run.prints(&format!("{name} accepts it"));
    }
    run.prints_no("apt.client.differs");
}

#[test]
fn a_client_that_takes_what_we_reject_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = signed(folder.path(), &["expired"]);
    let run = ask(&root, &keyring, keys::NOW, &["bookworm", "trixie"], &[]).expect(1);
    for words in [
        "bookworm: EXPKEYSIG",
        "trixie accepts it",
        "we reject what trixie accepts",
        "signature.key-expired",
    ] {
        run.prints(words);
    }
}

#[test]
fn a_client_that_rejects_what_we_accept_decides_the_status() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = signed(folder.path(), &["good-v6-ed25519"]);
    ask(&root, &keyring, keys::NOW, &[], &[]).expect(0);
    ask(&root, &keyring, keys::NOW, &["trixie"], &[]).expect(0);
    let run = ask(&root, &keyring, keys::NOW, &["bookworm"], &[]).expect(1);
    run.prints("we accept what bookworm rejects");
}

#[test]
fn clients_are_asked_about_the_suites_that_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = signed(folder.path(), &["good-ed25519"]);
    let debs = vec![("main", Deb::new("hello", "1.0", "amd64"))];
    Repository::new("testing", debs).write(&root);
    let run = ask(
        &root,
        &keyring,
        keys::NOW,
        &["trixie"],
        &["--suite", "stable"],
    );
    run.prints("trixie accepts it");
    run.prints_no("dists/testing");
}

#[test]
fn time_travel_finds_the_day_a_policy_bites() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = signed(folder.path(), &["good-rsa2048"]);
    for (day, says, status) in [
        ("2028-06-01", "trixie accepts it", 0),
        ("2029-06-01", "trixie accepts it with a warning", 0),
        ("2030-06-01", "trixie rejects it", 1),
    ] {
        let run = ask(&root, &keyring, day, &["trixie"], &[]).expect(status);
        run.prints(says);
    }
}

#[test]
fn the_form_of_the_keyring_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (root, _) = signed(folder.path(), &["good-ed25519"]);
    let armored = folder.path().join("armored.gpg");
    fs::write(&armored, keys::load("good-ed25519").certificate()).unwrap();
    let run = ask(&root, &armored, keys::NOW, &["bookworm"], &[]).expect(1);
    run.prints("apt.client.key-file");
    ask(&root, &armored, keys::NOW, &["trixie"], &[]).expect(0);
}

#[test]
fn json_has_it_all() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = signed(folder.path(), &["expired"]);
    let run = ask(&root, &keyring, keys::NOW, &["trixie"], &["--json"]).expect(1);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = document["objects"][0]["findings"].as_array().unwrap();
    for code in ["apt.client.verdict", "apt.client.differs"] {
        let found = findings
            .iter()
            .find(|finding| finding["code"] == code)
            .unwrap();
        assert_eq!(found["subject"], "dists/stable");
        assert!(found["detail"].as_str().unwrap().contains("trixie"));
    }
}

#[test]
fn a_client_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = signed(folder.path(), &["good-ed25519"]);
    let file = folder.path().join("ours.toml");
    let text = "based-on = \"bookworm\"\nname = \"ours\"\n\n[release]\nmax-valid-seconds = 3600\n";
    fs::write(&file, text).unwrap();
    let run = ask(
        &root,
        &keyring,
        keys::NOW,
        &[&file.display().to_string()],
        &[],
    )
    .expect(1);
    run.prints("ours rejects it");
    run.prints("apt.client.expired");
    fs::write(&file, "nonsense = 1\n").unwrap();
    ask(
        &root,
        &keyring,
        keys::NOW,
        &[&file.display().to_string()],
        &[],
    )
    .expect(2);
}

#[test]
fn unknown_clients_are_undecided_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = signed(folder.path(), &["good-ed25519"]);
    let run = ask(&root, &keyring, keys::NOW, &["buster"], &[]).expect(2);
    run.complains("pkgseal apt clients");
}

#[test]
fn clients_are_listed_and_shown() {
    let run = pkgseal(["apt", "clients"]).run().expect(0);
    run.prints("trixie");
    run.prints("not run itself");
    let run = pkgseal(["apt", "clients", "trixie"]).run().expect(0);
    run.prints("1127595");
    pkgseal(["apt", "clients", "buster"]).run().expect(2);
}
