//! `apt index` and `apt release`: exit statuses, what is said, and when keys are opened.

use std::fs;
use std::path::Path;

use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::put;
use pkgseal_testkit::keys;

use crate::run::{Run, pkgseal, private_key};

fn pool() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (component, deb) in [
        ("main", Deb::new("hello", "1.0", "amd64")),
        ("main", Deb::new("common", "2.0", "all")),
        ("contrib", Deb::new("extra", "3.0", "arm64")),
    ] {
        let path = format!("pool/{component}/{}", deb.file_name());
        put(root.path(), &path, deb.build());
    }
    root
}

fn index(root: &Path, options: &[&str]) -> Run {
    pkgseal(["apt", "index", "--time", "2025-03-01"])
        .args(options)
        .arg(root)
        .run()
}

/// `--key` and a file.
fn key(root: &Path) -> [String; 2] {
    let folder = root.join(".keys");
    fs::create_dir_all(&folder).unwrap();
    let path = private_key(&folder, "good-ed25519.key.asc");
    ["--key".to_owned(), path.to_str().unwrap().to_owned()]
}

fn verify(root: &Path) -> Run {
    pkgseal(["apt", "verify", "--time", "2025-03-02", "--keyring"])
        .arg(keys::load("good").certificate_path())
        .arg(root)
        .run()
}

#[test]
fn a_pool_becomes_a_signed_repository() {
    let root = pool();
    let [option, file] = key(root.path());
    let signed = index(root.path(), &["--suite", "stable", &option, &file]).expect(0);
    assert!(signed.stdout.starts_with("signed "), "{}", signed.stdout);
    assert!(root.path().join("dists/stable/InRelease").exists());
    verify(root.path()).expect(0);
    let release = fs::read_to_string(root.path().join("dists/stable/Release")).unwrap();
    assert!(release.contains("\nArchitectures: amd64 arm64\nComponents: main contrib\n"));
}

#[test]
fn every_option_of_the_release_is_written() {
    let root = pool();
    let fingerprint = keys::load("good").fingerprint();
    let options = "--suite s --origin o --label l --codename c --release-version 12 \
                   --description d --valid-for 2w --automatic upgrades \
                   --digest sha512 --compress none,zst --arch amd64 --component main";
    let mut options: Vec<&str> = options.split_whitespace().collect();
    options.extend(["--signed-by", &fingerprint]);
    index(root.path(), &options).expect(0);
    let release = fs::read_to_string(root.path().join("dists/s/Release")).unwrap();
    let expected = format!(
        "Origin: o\nLabel: l\nSuite: s\nVersion: 12\nCodename: c\n\
         Date: Sat, 01 Mar 2025 00:00:00 UTC\nValid-Until: Sat, 15 Mar 2025 00:00:00 UTC\n\
         NotAutomatic: yes\nButAutomaticUpgrades: yes\nAcquire-By-Hash: yes\n\
         Architectures: amd64\nComponents: main\nDescription: d\nSigned-By: {fingerprint}\n\
         SHA256:\n "
    );
    assert!(release.starts_with(&expected), "{release}");
    assert!(release.contains("\nSHA512:\n ") && !release.contains("contrib"));
    assert!(release.contains(" main/binary-amd64/Packages.zst\n"));
    assert!(!release.contains(".xz"));
}

#[test]
fn a_listed_file_of_packages_is_all_that_goes_in() {
    let root = pool();
    let list = root.path().join("list");
    fs::write(&list, "pool/main/hello_1.0_amd64.deb\n\n").unwrap();
    let list = list.to_str().unwrap();
    let options = [
        "--suite",
        "s",
        "--compress",
        "none",
        "--packages-from",
        list,
    ];
    index(root.path(), &options).expect(0);
    let text = root.path().join("dists/s/main/binary-amd64/Packages");
    let text = fs::read_to_string(text).unwrap();
    assert!(text.contains("Package: hello\n") && !text.contains("common"));
    fs::write(list, "../outside.deb\n").unwrap();
    index(root.path(), &options).expect(2);
    fs::write(list, "pool/main/gone.deb\n").unwrap();
    let refused = index(root.path(), &options).expect(1);
    refused.prints("[file.missing]");
}

#[test]
fn what_is_wrong_with_a_pool_is_a_rejection() {
    let root = pool();
    let [option, file] = key(root.path());
    let options = ["--suite", "stable", &option, &file];
    index(root.path(), &options).expect(0);
    let before = fs::read(root.path().join("dists/stable/InRelease")).unwrap();
    put(root.path(), "pool/main/bad.deb", "no package at all");
    let refused = index(root.path(), &options).expect(1);
    assert!(refused.stdout.starts_with("refused "), "{}", refused.stdout);
    refused.prints("pool/main/bad.deb");
    refused.prints("[deb.not-an-archive]");
    let as_json = index(root.path(), &[&options[..], &["--json"]].concat()).expect(1);
    let document: serde_json::Value = serde_json::from_str(&as_json.stdout).unwrap();
    assert_eq!(document["outcome"], "rejected");
    let after = fs::read(root.path().join("dists/stable/InRelease")).unwrap();
    assert_eq!(before, after);
    fs::remove_file(root.path().join("pool/main/bad.deb")).unwrap();
    verify(root.path()).expect(0);
}

#[test]
fn what_cannot_be_meant_is_an_error() {
    let root = pool();
    for options in [
        &[][..],
        &["--flat", "--component", "main"],
        &["--suite", "../stable"],
        &["--suite", "stable", "--pool", "/pool"],
        &["--suite", "stable", "--compress", "lz4"],
        &["--suite", "stable", "--digest", "crc32"],
        &["--suite", "stable", "--valid-for", "soon"],
        &["--suite", "stable", "--signed-by", "ABCD"],
        &["--suite", "stable", "--key", "/no/such/key"],
        // Clients would ignore it.
        &[
            "--suite",
            "stable",
            "--signed-by",
            "0123456789ABCDEF0123456789ABCDEF01234567",
        ],
    ] {
        index(root.path(), options).expect(2);
        assert!(!root.path().join("dists").exists(), "{options:?}");
    }
}

#[test]
fn where_nothing_changed_no_key_is_opened() {
    let root = pool();
    let [option, key] = key(root.path());
    let options = ["--suite", "stable", &option, &key];
    index(root.path(), &options).expect(0);
    // A key that can no longer be read, with the size and the time it had.
    let file = fs::OpenOptions::new().write(true).open(&key).unwrap();
    let (size, time) = (
        file.metadata().unwrap().len(),
        file.metadata().unwrap().modified().unwrap(),
    );
    let zeros = vec![0; usize::try_from(size).unwrap()];
    std::os::unix::fs::FileExt::write_all_at(&file, &zeros, 0).unwrap();
    file.set_modified(time).unwrap();
    let unchanged = index(root.path(), &options).expect(0);
    assert!(
        unchanged.stdout.starts_with("unchanged "),
        "{}",
        unchanged.stdout
    );
    unchanged.prints("[apt.make.nothing-changed]");
    index(root.path(), &[&options[..], &["--redate"]].concat()).expect(2);
    verify(root.path()).expect(0);
}

#[test]
fn a_release_is_made_for_indices_that_are_there() {
    let root = pool();
    index(
        root.path(),
        &["--suite", "stable", "--acquire-by-hash", "off"],
    )
    .expect(0);
    fs::remove_file(root.path().join("dists/stable/Release")).unwrap();
    let release = |options: &[&str]| {
        pkgseal(["apt", "release", "--time", "2025-03-01"])
            .args(options)
            .arg(root.path())
            .run()
    };
    let [option, file] = key(root.path());
    let signed = release(&["--suite", "stable", &option, &file]).expect(0);
    assert!(signed.stdout.starts_with("signed "), "{}", signed.stdout);
    verify(root.path()).expect(0);
    let refused = release(&["--suite", "other"]).expect(1);
    refused.prints("[apt.make.nothing-to-index]");
    release(&["--flat"]).expect(1);
    release(&[]).expect(2);
}

#[test]
fn a_flat_repository_needs_no_pool() {
    let root = tempfile::tempdir().unwrap();
    let deb = Deb::new("hello", "1.0", "amd64");
    put(root.path(), &deb.file_name(), deb.build());
    let [option, file] = key(root.path());
    index(root.path(), &["--flat", &option, &file]).expect(0);
    verify(root.path()).expect(0);
    assert!(root.path().join("Packages.xz").exists());
}
