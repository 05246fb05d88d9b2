//! Signatures of several roles: added, replaced, removed, every other byte kept.

use std::path::Path;

use pkgseal_deb::Error;
use pkgseal_deb::package::{self, Existing, Role, SignOptions};
use pkgseal_repo::{Destination, Limits};
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::deb::{self, Deb};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};
use proptest::prelude::*;

use crate::common::{accepted, codes, folder, rejected, verify_deb, write};

fn sign(path: &Path, role: &str, existing: Existing, key: &str) -> pkgseal_deb::Result<()> {
    let time = keys::time(keys::SIGNED);
    let options = SignOptions {
        role: role.parse().unwrap(),
        existing,
    };
    let signers = [keys::signer(key, time)];
    let limits = Limits::default();
    package::sign(
        path,
        &options,
        &signers,
        time,
        &Destination::Beside,
        &limits,
    )
    .map(|_| ())
}

fn unsign(path: &Path, role: Option<&str>) -> pkgseal_deb::Result<()> {
    let role = role.map(|role| role.parse::<Role>().unwrap());
    package::unsign(
        path,
        role.as_ref(),
        &Destination::Beside,
        &Limits::default(),
    )
    .map(|_| ())
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// Offset and length, header and padding included, of the member of this name.
fn place(bytes: &[u8], name: &str) -> std::ops::Range<usize> {
    let mut at = 8;
    loop {
        let header = std::str::from_utf8(&bytes[at..at + 60]).unwrap();
        let size: usize = header[48..58].trim_end().parse().unwrap();
        let next = at + 60 + size + size % 2;
        if header[..16].trim_end().trim_end_matches('/') == name {
            return at..next;
        }
        at = next;
    }
}

#[test]
fn a_replaced_signature_takes_the_place_of_the_old_one() {
    let folder = folder();
    let package = Deb::new("hello", "1.0", "amd64").build();
    let path = write(folder.path(), "hello.deb", &package);
    for (role, key) in [
        ("origin", "good"),
        ("qa", "good-rsa4096"),
        ("archive", "good-p256"),
    ] {
        sign(&path, role, Existing::Keep, key).unwrap();
    }
    let before = read(&path);
    sign(&path, "qa", Existing::Replace, "good-ed25519-2").unwrap();
    let after = read(&path);
    let (old, new) = (place(&before, "_gpgqa"), place(&after, "_gpgqa"));
    assert_eq!(old.start, new.start);
    assert_ne!(before[old.clone()], after[new.clone()]);
    assert_eq!(before[..old.start], after[..new.start]);
    assert_eq!(before[old.end..], after[new.end..]);
    accepted(&verify_deb(&path, &["good", "good-p256", "good-ed25519-2"]));
    // The one that gave way is gone.
    let examination = verify_deb(&path, &["good-rsa4096"]);
    rejected(&examination, &["signature.missing-certificate"]);
}

#[test]
fn replacing_what_is_not_there_appends() {
    let folder = folder();
    let package = Deb::new("hello", "1.0", "amd64").build();
    let one = write(folder.path(), "one.deb", &package);
    let two = write(folder.path(), "two.deb", &package);
    sign(&one, "release", Existing::Replace, "good").unwrap();
    sign(&two, "release", Existing::Keep, "good").unwrap();
    assert_eq!(read(&one), read(&two));
}

/// A weak or broken signature can be mended, as long as it is the one that is replaced.
#[test]
fn a_bad_signature_can_be_replaced() {
    let folder = folder();
    let package = Deb::new("hello", "1.0", "amd64");
    let mut bytes = package.build();
    let options = RawOptions::at(keys::SIGNED).binary();
    let bad = raw_sign(&keys::load("good"), b"something else", &options);
    deb::append_signature(&mut bytes, "origin", &bad);
    let path = write(folder.path(), "hello.deb", &bytes);
    rejected(&verify_deb(&path, &["good"]), &["signature.bad"]);
    // Beside it, nothing of the same certificate is written.
    let error = sign(&path, "maint", Existing::Keep, "good").unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert_eq!(read(&path), bytes);
    sign(&path, "origin", Existing::Replace, "good").unwrap();
    accepted(&verify_deb(&path, &["good"]));
}

#[test]
fn one_role_or_all_are_removed() {
    let folder = folder();
    let package = Deb::new("hello", "1.0", "amd64").build();
    let path = write(folder.path(), "hello.deb", &package);
    sign(&path, "origin", Existing::Keep, "good").unwrap();
    let first = read(&path);
    sign(&path, "maint", Existing::Keep, "good-rsa4096").unwrap();
    unsign(&path, Some("maint")).unwrap();
    assert_eq!(read(&path), first);
    sign(&path, "maint", Existing::Keep, "good-rsa4096").unwrap();
    unsign(&path, None).unwrap();
    assert_eq!(read(&path), package);
    rejected(&verify_deb(&path, &["good"]), &["deb.unsigned"]);
}

#[test]
fn what_is_not_there_is_not_removed() {
    let folder = folder();
    let package = Deb::new("hello", "1.0", "amd64").build();
    let path = write(folder.path(), "hello.deb", &package);
    let error = unsign(&path, None).unwrap_err();
    assert!(matches!(error, Error::NotSigned { .. }), "{error}");
    sign(&path, "origin", Existing::Keep, "good").unwrap();
    let signed = read(&path);
    let error = unsign(&path, Some("archive")).unwrap_err();
    assert!(error.to_string().contains("_gpgarchive"), "{error}");
    assert_eq!(read(&path), signed);
}

#[test]
fn removing_says_what_it_removed_and_leaves_the_input() {
    let (from, to) = (folder(), folder());
    let package = Deb::new("hello", "1.0", "amd64").build();
    let path = write(from.path(), "hello.deb", &package);
    sign(&path, "origin", Existing::Keep, "good").unwrap();
    let signed = read(&path);
    let destination = Destination::Directory(to.path().join("new"));
    let done = package::unsign(&path, None, &destination, &Limits::default()).unwrap();
    assert_eq!(codes(&done.examination), ["deb.signature-removed"]);
    assert!(
        done.examination.report.findings[0]
            .detail
            .contains("_gpgorigin")
    );
    assert_eq!(read(&path), signed);
    assert_eq!(read(&done.outputs[0]), package);
}

/// From an archive that readers see differently nothing is removed.
#[test]
fn malformed_archives_are_left_alone() {
    let folder = folder();
    let package = Deb::new("hello", "1.0", "amd64");
    let sign = |data: &[u8]| {
        let options = RawOptions::at(keys::SIGNED).binary();
        raw_sign(&keys::load("good"), data, &options)
    };
    for case in deb::malformed(&package, &sign) {
        let path = write(folder.path(), "hello.deb", &case.bytes);
        let removed = unsign(&path, None);
        if case.name.starts_with("swapped-") {
            removed.unwrap();
            continue;
        }
        assert!(
            matches!(removed, Err(Error::Refused { .. })),
            "{}: {removed:?}",
            case.name
        );
        assert_eq!(read(&path), case.bytes, "{}", case.name);
    }
}

fn compression() -> impl Strategy<Value = Compression> {
    prop_oneof![
        Just(Compression::None),
        Just(Compression::Gzip),
        Just(Compression::Xz),
        Just(Compression::Zstd)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Adding signatures and removing them, in any order, gives the package back.
    #[test]
    fn adding_and_removing_is_nothing(
        control in compression(),
        data in compression(),
        content in proptest::collection::vec(any::<u8>(), 0..300),
        slashes in any::<bool>(),
        roles in proptest::collection::btree_set("[a-z][a-z0-9]{0,9}", 1..5),
        order in any::<prop::sample::Index>(),
    ) {
        let mut members = Deb::new("hello", "1.0", "amd64")
            .compressed(control, data)
            .file("usr/share/x", &content)
            .members();
        if slashes {
            for member in &mut members {
                member.name.push('/');
            }
        }
        let package = deb::archive(&members);
        let folder = folder();
        let path = write(folder.path(), "hello.deb", &package);
        let mut roles: Vec<_> = roles.into_iter().filter(|role| role != "builder").collect();
        prop_assume!(!roles.is_empty());
        for role in &roles {
            sign(&path, role, Existing::Keep, "good").unwrap();
        }
        accepted(&verify_deb(&path, &["good"]));
        let turn = order.index(roles.len());
        roles.rotate_left(turn);
        for role in &roles {
            unsign(&path, Some(role)).unwrap();
        }
        prop_assert_eq!(read(&path), package);
    }
}
