//! Packages beside debsigs, debsig-verify and dpkg-deb.

use std::path::Path;

use pkgseal_deb::package::{self, Role, SignOptions};
use pkgseal_openpgp::Examination;
use pkgseal_repo::{Destination, Limits};
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::{keys, peers};

use crate::common::{accepted, folder, rejected, verifier_at, verify_deb, write};

const PAIRS: [(Compression, Compression); 5] = [
    (Compression::Xz, Compression::Xz),
    (Compression::Gzip, Compression::Gzip),
    (Compression::Zstd, Compression::Zstd),
    (Compression::None, Compression::None),
    (Compression::Gzip, Compression::Bzip2),
];

/// debsigs signs at the machine's time, so "now" is far ahead.
fn verify_later(path: &Path, key: &str) -> Examination {
    let verifier = verifier_at(&[key], "2040-01-01");
    package::verify(path, &verifier, &Limits::default()).unwrap()
}

fn in_role(role: Role) -> SignOptions {
    SignOptions {
        role,
        ..SignOptions::default()
    }
}

#[test]
fn debsig_verify_and_dpkg_accept_what_we_sign() {
    let time = keys::time(keys::SIGNED);
    for key in ["primary-signs", "primary-signs-rsa3072"] {
        for (control, data) in PAIRS {
            let folder = folder();
            let package = Deb::new("hello", "1.0", "amd64").compressed(control, data);
            let path = write(folder.path(), "hello.deb", &package.build());
            for role in [Role::ORIGIN, Role::MAINT] {
                package::sign(
                    &path,
                    &in_role(role),
                    &[keys::signer(key, time)],
                    time,
                    &Destination::Beside,
                    &Limits::default(),
                )
                .unwrap();
            }
            let Some(read) = peers::deb::dpkg_deb_reads(&path) else {
                return;
            };
            read.expect_ok();
            let key = keys::load(key);
            let Some(run) = peers::deb::debsig_verify(&path, &["origin", "maint"], &key) else {
                return;
            };
            run.expect_ok();
        }
    }
}

#[test]
fn we_accept_what_debsigs_signs_where_it_works() {
    for (control, data) in [
        (Compression::Xz, Compression::Xz),
        (Compression::Gzip, Compression::Gzip),
    ] {
        let folder = folder();
        let package = Deb::new("hello", "1.0", "amd64").compressed(control, data);
        let path = write(folder.path(), "hello.deb", &package.build());
        let Some(run) = peers::deb::debsigs(&path, "origin", &keys::load("good")) else {
            return;
        };
        run.expect_ok();
        // debsigs signs at the machine's time.
        accepted(&verify_later(&path, "good"));
        // And debsig-verify still reads what both of us signed.
        let time = keys::time(keys::SIGNED);
        package::sign(
            &path,
            &in_role(Role::ARCHIVE),
            &[keys::signer("good", time)],
            time,
            &Destination::Beside,
            &Limits::default(),
        )
        .unwrap();
        peers::deb::dpkg_deb_reads(&path).unwrap().expect_ok();
    }
}

/// debsigs 0.1.26 signs with SHA-1 for RSA keys.
#[test]
fn we_reject_what_debsigs_signs_with_sha1() {
    let folder = folder();
    let path = write(
        folder.path(),
        "hello.deb",
        &Deb::new("hello", "1.0", "amd64").build(),
    );
    let Some(run) = peers::deb::debsigs(&path, "origin", &keys::load("good-rsa4096")) else {
        return;
    };
    run.expect_ok();
    rejected(
        &verify_later(&path, "good-rsa4096"),
        &["signature.weak-digest"],
    );
}

/// debsigs 0.1.26 signs `debian-binary` alone where members are zst, and exits 0.
#[test]
fn we_reject_what_debsigs_signs_of_zst_packages() {
    let folder = folder();
    let package =
        Deb::new("hello", "1.0", "amd64").compressed(Compression::Zstd, Compression::Zstd);
    let path = write(folder.path(), "hello.deb", &package.build());
    let Some(run) = peers::deb::debsigs(&path, "origin", &keys::load("good")) else {
        return;
    };
    run.expect_ok();
    rejected(&verify_later(&path, "good"), &["signature.bad"]);
}

/// debsig-verify and dpkg choose members by different rules; we accept none of these.
#[test]
fn where_debsig_verify_is_fooled_we_are_not() {
    use pkgseal_testkit::keys::{RawOptions, raw_sign};
    let key = keys::load("primary-signs");
    let package = Deb::new("hello", "1.0", "amd64");
    let sign = |data: &[u8]| raw_sign(&key, data, &RawOptions::at(keys::SIGNED).binary());
    let folder = folder();
    let mut fooled = Vec::new();
    for case in pkgseal_testkit::build::deb::malformed(&package, &sign) {
        let path = write(folder.path(), "hello.deb", &case.bytes);
        let Some(run) = peers::deb::debsig_verify(&path, &["origin"], &key) else {
            return;
        };
        if run.accepted() {
            fooled.push(case.name);
        }
        let examination = verify_deb(&path, &["primary-signs"]);
        assert_eq!(
            examination.outcome(),
            pkgseal_repo::Outcome::Rejected,
            "{}",
            case.name
        );
    }
    println!("debsig-verify accepts, and pkgseal rejects: {fooled:?}");
    assert!(!fooled.is_empty());
}
