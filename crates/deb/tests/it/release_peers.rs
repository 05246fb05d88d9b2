//! Releases beside gpgv, sqv, gpg and apt.

use std::path::Path;

use pkgseal_deb::apt;
use pkgseal_repo::{Destination, Limits};
use pkgseal_testkit::peers::apt::Which;
use pkgseal_testkit::{keys, peers};

use crate::common::{
    accepted, folder, repository, sign_tree, signed_repository, verify_release, verify_tree, write,
};

#[test]
fn gpgv_and_sqv_accept_what_we_sign() {
    let time = keys::time(keys::SIGNED);
    for names in [
        &["good"][..],
        &["good-rsa4096"],
        &["good-p256"],
        &["good", "good-rsa4096"],
    ] {
        let folder = folder();
        let path = write(folder.path(), "Release", repository().release().as_bytes());
        let signers: Vec<_> = names.iter().map(|name| keys::signer(name, time)).collect();
        apt::sign_release(
            &path,
            &signers,
            time,
            &Destination::Beside,
            &Limits::default(),
        )
        .unwrap();
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        let (text, block, message) = (read("Release"), read("Release.gpg"), read("InRelease"));
        let keyring = keys::keyring(names);
        if let Some(run) = peers::gnupg::gpgv(&keyring, &block, Some(&text)) {
            run.expect_ok();
        }
        if let Some(run) = peers::gnupg::gpgv(&keyring, &message, None) {
            run.expect_ok();
        }
        if let Some(run) = peers::sequoia::sqv(&keyring, &block, &text) {
            run.expect_ok();
        }
    }
}

/// `apt-get update` of a repository with both components, by one of the apts.
fn update(which: Which, repository: &Path, key: &str) -> Option<peers::Run> {
    let keyring = keys::keyring(&[key]);
    peers::apt::update_by(which, repository, "stable", "main contrib", &keyring)
}

#[test]
fn apt_updates_from_what_we_sign() {
    for which in Which::ALL {
        for key in ["good", "good-rsa4096", "good-p256"] {
            let folder = folder();
            repository().write(folder.path());
            sign_tree(folder.path(), &[key]);
            let Some(run) = update(which, folder.path(), key) else {
                continue;
            };
            run.expect_ok();
            // And from Release with Release.gpg alone.
            std::fs::remove_file(folder.path().join("dists/stable/InRelease")).unwrap();
            update(which, folder.path(), key).unwrap().expect_ok();
        }
    }
}

#[test]
fn apt_takes_v6_beside_v4() {
    let folder = folder();
    repository().write(folder.path());
    sign_tree(folder.path(), &["good-v6-ed25519", "good-mldsa65", "good"]);
    for which in Which::ALL {
        if let Some(run) = update(which, folder.path(), "good") {
            run.expect_ok();
        }
    }
}

#[test]
fn apt_refuses_the_wrong_key_as_we_do() {
    let folder = signed_repository();
    for which in Which::ALL {
        if let Some(run) = update(which, folder.path(), "stranger") {
            run.expect_failure();
        }
    }
    assert!(!crate::common::reasons(&verify_tree(folder.path(), &["stranger"])).is_empty());
}

#[test]
fn we_accept_what_gpg_signs() {
    let signers = [&keys::load("good"), &keys::load("good-rsa4096")];
    let Some(home) = peers::gnupg::Home::new(&signers) else {
        return;
    };
    let text = repository().release();
    let time = keys::time(keys::SIGNED);
    let folder = folder();
    let message = home.clearsign(&signers, text.as_bytes(), time);
    let path = write(folder.path(), "InRelease", &message);
    accepted(&verify_release(&path, &["good"]));
    let block = home.detach_sign(&signers, text.as_bytes(), time);
    write(folder.path(), "Release", text.as_bytes());
    write(folder.path(), "Release.gpg", &block);
    let examination = verify_release(&path, &["good", "good-rsa4096"]);
    accepted(&examination);
    assert_eq!(examination.signatures.len(), 2);
    assert_eq!(examination.signatures[1].report.signatures.len(), 2);
}

/// apt-ftparchive makes the indices and the Release; the rest is ours.
#[test]
fn what_apt_ftparchive_makes_is_signed_and_accepted() {
    let folder = folder();
    let repository = repository();
    repository.write(folder.path());
    let dists = folder.path().join("dists");
    std::fs::remove_dir_all(&dists).unwrap();
    let below = "dists/stable/main/binary-amd64";
    std::fs::create_dir_all(folder.path().join(below)).unwrap();
    let Some(run) = peers::deb::apt_ftparchive(folder.path(), &["packages", "pool"]) else {
        return;
    };
    let packages = run.expect_ok().text;
    let start = packages.find("Package:").unwrap();
    write(
        folder.path(),
        &format!("{below}/Packages"),
        &packages.as_bytes()[start..],
    );
    let run = peers::deb::apt_ftparchive(
        folder.path(),
        &[
            "-o",
            "APT::FTPArchive::Release::Suite=stable",
            "-o",
            "APT::FTPArchive::Release::Components=main",
            "-o",
            "APT::FTPArchive::Release::Architectures=amd64",
            "release",
            "dists/stable",
        ],
    );
    let release = run.unwrap().expect_ok().text;
    let start = release.find("Architectures:").unwrap();
    let date = release
        .lines()
        .find(|line| line.starts_with("Date:"))
        .unwrap();
    let release = release[start..].replace(date, "Date: Sat, 01 Mar 2025 00:00:00 +0000");
    write(folder.path(), "dists/stable/Release", release.as_bytes());
    sign_tree(folder.path(), &["good"]);
    let examination = verify_tree(folder.path(), &["good"]);
    accepted(&examination);
    assert_eq!(examination.report.files, 4);
    let keyring = keys::keyring(&["good"]);
    if let Some(run) = peers::apt::update(folder.path(), "stable", "main", &keyring) {
        run.expect_ok();
    }
}
