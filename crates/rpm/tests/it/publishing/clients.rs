//! Clients that install from what we make: dnf with both checks on, zypper, createrepo_c.

use std::fs;
use std::path::Path;

use pkgseal_repo::Compression;
use pkgseal_rpm::yum::{IndexOptions, Placing, RepositoryOptions};
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::http::Server;
use pkgseal_testkit::{keys, peers};

use crate::index::{documents, folder, index};
use crate::resign::sign;

fn repository(root: &Path, form: Compression, placing: Placing, signer: &str) {
    for name in ["alpha", "beta"] {
        let rpm = Rpm::new(name, "1.0", "noarch", Format::V4);
        let place = root.join("Packages/a");
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join(rpm.file_name()), rpm.build()).unwrap();
    }
    let options = IndexOptions {
        compress: form,
        ..IndexOptions::default()
    };
    index(root, &options);
    let options = RepositoryOptions {
        placing,
        ..RepositoryOptions::default()
    };
    sign(root, signer, &options).unwrap();
}

#[test]
fn dnf_installs_with_every_check_on() {
    for (form, placing, signer) in [
        (Compression::Gzip, Placing::InPlace, "good"),
        (Compression::Xz, Placing::Apart, "good-rsa4096"),
        (Compression::Bzip2, Placing::InPlace, "good-rsa2048"),
    ] {
        let folder = folder();
        repository(folder.path(), form, placing, signer);
        let key = keys::load(signer);
        let server = Server::of(folder.path());
        for url in [format!("file://{}", folder.path().display()), server.url()] {
            let Some(dnf) = peers::yum::Dnf::new(&url, &key) else {
                return;
            };
            dnf.run(&["install", "alpha"]).expect_ok();
            let installed = dnf.root().join("usr/share/doc/alpha/README");
            assert!(installed.exists(), "{url}");
        }
        assert!(
            server
                .log()
                .iter()
                .any(|request| request.path.contains("alpha-1.0-1"))
        );
        // Another key: neither metadata nor packages are taken.
        let stranger = keys::load("stranger");
        let url = format!("file://{}", folder.path().display());
        let dnf = peers::yum::Dnf::new(&url, &stranger).unwrap();
        dnf.run(&["install", "alpha"]).expect_failure();
    }
}

#[test]
fn zypper_refreshes_from_what_we_sign() {
    let folder = folder();
    repository(
        folder.path(),
        Compression::Gzip,
        Placing::InPlace,
        "good-rsa4096",
    );
    let key = keys::load("good-rsa4096");
    let server = Server::of(folder.path());
    for url in [format!("dir:{}", folder.path().display()), server.url()] {
        let Some(run) = peers::yum::zypper(&url, &key) else {
            return;
        };
        let run = run.expect_ok();
        assert!(run.says("alpha") && run.says("beta"), "{run}");
    }
    let asc = folder.path().join("repodata/repomd.xml.asc");
    let other = sign_with_stranger(folder.path());
    fs::write(asc, other).unwrap();
    let url = format!("dir:{}", folder.path().display());
    peers::yum::zypper(&url, &key).unwrap().expect_failure();
}

/// A signature of repomd.xml by a key that nobody trusts.
fn sign_with_stranger(root: &Path) -> Vec<u8> {
    let time = crate::common::signed();
    let signers = [keys::signer("stranger", time)];
    let text = fs::read(root.join("repodata/repomd.xml")).unwrap();
    let armored = pkgseal_openpgp::Armor::Armored;
    pkgseal_openpgp::Signer::detached(&signers, &text, armored, time).unwrap()
}

/// createrepo_c takes our metadata for its own: with --update it reads no package anew, and
/// what it writes is what we wrote.
#[test]
fn createrepo_c_goes_on_from_what_we_make() {
    let folder = folder();
    let root = folder.path();
    repository(root, Compression::Gzip, Placing::InPlace, "good");
    let before = documents(root);
    // Not to be read: only what the metadata says of it is left.
    let package = root.join("Packages/a/alpha-1.0-1.noarch.rpm");
    let found = fs::metadata(&package).unwrap();
    fs::write(&package, vec![0; usize::try_from(found.len()).unwrap()]).unwrap();
    let file = fs::File::options().write(true).open(&package).unwrap();
    file.set_modified(found.modified().unwrap()).unwrap();
    let Some(run) = peers::yum::createrepo_c(root, &["--update"]) else {
        return;
    };
    run.expect_ok();
    assert_eq!(documents(root), before);
}
