//! `pkgseal yum repo-file`: what it writes works with dnf, and what would not is refused.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::yum::Repository;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::yum;

use crate::run::{Call, listing, pkgseal, sign_with};

const KEY: &str = "good-rsa4096";

fn repo_file(key: &str) -> Call {
    pkgseal([
        "yum",
        "repo-file",
        "--time",
        keys::NOW,
        "--id",
        "example",
        "--keyring",
    ])
    .arg(keys::load(key).certificate_path())
}

fn published(folder: &Path) -> PathBuf {
    let root = folder.join("repository");
    let rpm = Rpm::new("hello", "1.0", "noarch", Format::V4);
    Repository::new(vec![rpm]).write(&root);
    sign_with(folder, KEY, &root);
    root
}

/// The files as written, with the certificate where the entry says it is.
fn kit(folder: &Path, root: &Path, key: &str) -> String {
    let output = folder.join(format!("kit-{key}"));
    fs::create_dir(&output).unwrap();
    repo_file(key)
        .args(["--title", "Example Packages", "--key-url"])
        .arg(format!("file://{}/RPM-GPG-KEY-example", output.display()))
        .args(["--target", "debian-rpm4.18", "--output"])
        .arg(&output)
        .arg(format!("file://{}", root.display()))
        .run()
        .expect(0);
    assert_eq!(listing(&output), ["RPM-GPG-KEY-example", "example.repo"]);
    fs::read_to_string(output.join("example.repo")).unwrap()
}

#[test]
fn dnf_reads_a_signed_repository_by_it_and_refuses_another_signer() {
    let folder = tempfile::tempdir().unwrap();
    let root = published(folder.path());
    let Some(run) = yum::dnf_by(&kit(folder.path(), &root, KEY)) else {
        return;
    };
    assert!(run.expect_ok().says("hello"));
    let other = kit(folder.path(), &root, "good-ed25519");
    yum::dnf_by(&other).unwrap().expect_failure();
}

#[test]
fn the_entry_checks_signatures_of_packages_and_metadata() {
    let run = repo_file(KEY)
        .arg("https://example.org/x/$basearch")
        .run()
        .expect(0);
    for line in [
        "[example]",
        "name=example",
        "baseurl=https://example.org/x/$basearch",
        "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-example",
        "gpgcheck=1",
        "repo_gpgcheck=1",
    ] {
        assert!(
            run.stdout.lines().any(|one| one == line),
            "{line}: {}",
            run.stdout
        );
    }
    for (option, field) in [
        ("--metalink-url", "metalink="),
        ("--mirrorlist-url", "mirrorlist="),
    ] {
        let run = repo_file(KEY)
            .args([option, "https://example.org/m"])
            .run()
            .expect(0);
        run.prints(field);
    }
}

#[test]
fn what_clients_would_read_otherwise_is_refused() {
    for url in [
        "https://user:secret@example.org/x",
        "https://example.org/../x",
        "https://example.org/a b",
        "example.org",
    ] {
        let run = repo_file(KEY).arg(url).run().expect(1);
        run.complains("[yum.repo-file.value]");
        assert!(run.stdout.is_empty());
    }
    let run = repo_file(KEY)
        .args(["--title", "a\nsslverify=0", "https://example.org/x"])
        .run()
        .expect(1);
    run.complains("[yum.repo-file.value]");
    // Two places, or none, are a matter of usage.
    repo_file(KEY)
        .args([
            "--metalink-url",
            "https://example.org/m",
            "https://example.org/x",
        ])
        .run()
        .expect(2);
    repo_file(KEY).run().expect(2);
}

#[test]
fn a_certificate_that_a_named_target_refuses_is_not_handed_out() {
    let url = "https://example.org/x";
    let run = repo_file("good-p256")
        .args(["--target", "el9", url])
        .run()
        .expect(1);
    run.complains("[rpm.lint.nist-curve]");
    assert!(run.stdout.is_empty());
    // Where none is named, it is a warning.
    let run = repo_file("good-p256").arg(url).run().expect(0);
    run.complains("[rpm.lint.nist-curve]");
}

#[test]
fn a_folder_that_is_not_there_gets_no_half_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    repo_file(KEY)
        .arg("--output")
        .arg(&missing)
        .arg("https://example.org/x")
        .run()
        .expect(2);
    assert!(!missing.exists());
}
