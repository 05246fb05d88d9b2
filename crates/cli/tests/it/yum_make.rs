//! `pkgseal yum index`, `yum sign` and `yum recover`: exit statuses, what is said, and when
//! keys are opened.

use std::fs;
use std::path::Path;

use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::keys;

use crate::run::{Run, find, pkgseal, private_key};

fn folder() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for name in ["alpha", "beta"] {
        add(root.path(), name);
    }
    root
}

fn add(root: &Path, name: &str) {
    let rpm = Rpm::new(name, "1.0", "noarch", Format::V4);
    fs::write(root.join(rpm.file_name()), rpm.build()).unwrap();
}

fn run(root: &Path, command: &str, options: &[&str]) -> Run {
    pkgseal(["yum", command, "--time", "2025-03-01"])
        .args(options)
        .arg(root)
        .run()
}

/// `--key` and a file.
fn key(root: &Path, name: &str) -> [String; 2] {
    let folder = root.join(".keys");
    fs::create_dir_all(&folder).unwrap();
    let path = private_key(&folder, &format!("{name}.key.asc"));
    ["--key".to_owned(), path.to_str().unwrap().to_owned()]
}

fn verify(root: &Path, level: &str) -> Run {
    pkgseal(["yum", "verify", "--time", "2025-03-02", "--level", level])
        .arg("--keyring")
        .arg(keys::load("good").certificate_path())
        .arg(root)
        .run()
}

#[test]
fn a_folder_becomes_a_repository_and_is_signed_as_one() {
    let root = folder();
    let root = root.path();
    let [option, file] = key(root, "good-ed25519");
    let made = run(root, "index", &[]).expect(0);
    assert!(made.stdout.starts_with("made "), "{}", made.stdout);
    let again = run(root, "index", &[]).expect(0);
    again.prints("[yum.make.nothing-changed]");
    let signed = run(root, "index", &["--compress", "zst", &option, &file]).expect(0);
    assert!(signed.stdout.starts_with("signed "), "{}", signed.stdout);
    find(&root.join("repodata"), "-primary.xml.zst");
    verify(root, "content").expect(0);
    verify(root, "packages").expect(1);

    let signed = run(root, "sign", &[&option, &file]).expect(0);
    signed.prints("alpha-1.0-1.noarch.rpm");
    verify(root, "packages").expect(0);
    let again = run(root, "sign", &[&option, &file]).expect(0);
    again.prints("[yum.make.nothing-changed]");
    let apart = ["--packages", "all", "--place", "apart", &option, &file];
    run(root, "sign", &apart).expect(0);
    verify(root, "packages").expect(0);
    run(root, "recover", &[]).expect(0);
}

#[test]
fn what_is_refused_is_said_and_changes_nothing() {
    let root = folder();
    let root = root.path();
    let [option, file] = key(root, "good-ed25519");
    run(root, "sign", &[&option, &file]).expect(2);
    run(root, "sign", &[]).expect(2);
    run(root, "index", &[&option, &file]).expect(0);
    let repomd = fs::read(root.join("repodata/repomd.xml")).unwrap();
    let broken = root.join("broken.rpm");
    fs::write(&broken, "no package").unwrap();
    let refused = run(root, "index", &[&option, &file]).expect(1);
    refused.prints("[rpm.not-a-package]");
    fs::remove_file(broken).unwrap();
    // Signed metadata give way to signed metadata only.
    add(root, "gamma");
    let unsigned = run(root, "index", &[]).expect(2);
    unsigned.complains("yum.publish.unsigned");
    let [_, second] = key(&root.join(".keys"), "good-rsa4096");
    let two = ["--key", &file, "--key", &second];
    let refused = run(root, "index", &two).expect(2);
    refused.complains("exactly one key");
    assert_eq!(fs::read(root.join("repodata/repomd.xml")).unwrap(), repomd);
    let several = [&two[..], &["--several-signatures"]].concat();
    run(root, "index", &several).expect(0);
    verify(root, "content").expect(0);
    for options in [
        &["--metadata", "group"][..],
        &["--compress", "lzma"],
        &["--place", "nowhere"],
        &["--changelog-limit", "-1"],
    ] {
        run(root, "index", options).expect(2);
    }
}

/// Where nothing changed nobody is asked for a passphrase.
#[test]
fn keys_are_opened_where_something_is_signed() {
    let root = folder();
    let root = root.path();
    let [option, file] = key(root, "good-ed25519");
    run(root, "index", &[&option, &file]).expect(0);
    // Of the same size and time, and no key: it is not looked into.
    let found = fs::metadata(&file).unwrap();
    let text = vec![b'x'; usize::try_from(found.len()).unwrap()];
    fs::write(&file, text).unwrap();
    let opened = fs::File::options().write(true).open(&file).unwrap();
    opened.set_modified(found.modified().unwrap()).unwrap();
    let current = run(root, "index", &[&option, &file]).expect(0);
    current.prints("[yum.make.nothing-changed]");
    add(root, "gamma");
    run(root, "index", &[&option, &file]).expect(2);
}
