//! Every byte flipped, every length cut: nothing is accepted but what is listed here.

use std::ops::Range;
use std::path::Path;

use pkgseal_deb::{apt, package};
use pkgseal_openpgp::Examination;
use pkgseal_repo::{Limits, Outcome};
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::apt::Repository;
use pkgseal_testkit::build::deb::{self, Deb};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};
use pkgseal_testkit::tamper::{cuts, flips};

use crate::common::{accepted, folder, sign_tree, verifier};

/// Offsets where a flipped bit is accepted, and lengths where a cut is.
fn accepted_damage(path: &Path, judge: &dyn Fn(&Path) -> Examination) -> (Vec<usize>, Vec<usize>) {
    let good = std::fs::read(path).unwrap();
    accepted(&judge(path));
    let holds = |damaged: &[u8]| {
        std::fs::write(path, damaged).unwrap();
        judge(path).outcome() != Outcome::Rejected
    };
    let flipped = flips(&good)
        .filter(|(_, damaged)| holds(damaged))
        .map(|(at, _)| at)
        .collect();
    let cut = cuts(&good)
        .filter(|damaged| holds(damaged))
        .map(<[u8]>::len)
        .collect();
    std::fs::write(path, good).unwrap();
    (flipped, cut)
}

fn release() -> tempfile::TempDir {
    let folder = folder();
    Repository {
        variants: vec![Compression::None],
        ..Repository::new("stable", vec![("main", Deb::new("hello", "1.0", "amd64"))])
    }
    .write(folder.path());
    sign_tree(folder.path(), &["good"]);
    folder
}

#[test]
fn inrelease_alone() {
    let folder = release();
    let suite = folder.path().join("dists/stable");
    std::fs::remove_file(suite.join("Release")).unwrap();
    std::fs::remove_file(suite.join("Release.gpg")).unwrap();
    let (verifier, limits) = (verifier(&["good"]), Limits::default());
    let judge = |path: &Path| apt::verify_release(path, &verifier, &limits).unwrap();
    let (flipped, cut) = accepted_damage(&suite.join("InRelease"), &judge);
    assert_eq!((flipped, cut), (vec![], vec![]));
}

#[test]
fn release_with_its_detached_signature() {
    let folder = release();
    let suite = folder.path().join("dists/stable");
    std::fs::remove_file(suite.join("InRelease")).unwrap();
    let (verifier, limits) = (verifier(&["good"]), Limits::default());
    let release = suite.join("Release");
    let judge = |_: &Path| apt::verify_release(&release, &verifier, &limits).unwrap();
    assert_eq!(accepted_damage(&release, &judge), (vec![], vec![]));
    let signature = suite.join("Release.gpg");
    let length = std::fs::read(&signature).unwrap().len();
    // The newline after the armor's last line: there or not, the armor is complete.
    assert_eq!(
        accepted_damage(&signature, &judge),
        (vec![], vec![length - 1])
    );
}

/// What a package's signature does not cover and its structure does not fix.
fn unsigned(bytes: &[u8]) -> Vec<(&'static str, Range<usize>)> {
    let mut ranges = Vec::new();
    let mut at = 8;
    while at < bytes.len() {
        // Modification time, user, group and mode: no reader of packages uses them.
        ranges.push(("times and owners", at + 16..at + 48));
        let header = &bytes[at..at + 60];
        let size: usize = std::str::from_utf8(&header[48..58])
            .unwrap()
            .trim_end()
            .parse()
            .unwrap();
        if header.starts_with(b"_gpg") {
            // Signatures do not cover whom they speak for.
            ranges.push(("role", at + 4..at + 16));
            ranges.extend(hints(&bytes[at + 60..at + 60 + size], at + 60));
        }
        at += 60 + size + size % 2;
    }
    ranges
}

/// The unhashed subpackets of a v4 signature packet with a one-byte length: hints.
fn hints(packet: &[u8], at: usize) -> Option<(&'static str, Range<usize>)> {
    assert_eq!((packet[0], packet[2]), (0xc2, 4));
    let hashed = usize::from(u16::from_be_bytes([packet[6], packet[7]]));
    let length = 8 + hashed;
    let unhashed = usize::from(u16::from_be_bytes([packet[length], packet[length + 1]]));
    Some(("hints", at + length + 2..at + length + 2 + unhashed))
}

#[test]
fn packages() {
    for (control, data) in [
        (Compression::Gzip, Compression::Gzip),
        (Compression::Xz, Compression::Zstd),
    ] {
        let package = Deb::new("a", "1", "all").compressed(control, data);
        let signature = raw_sign(
            &keys::load("good"),
            &deb::signed_data(&package.members()),
            &RawOptions::at(keys::SIGNED).binary(),
        );
        let mut bytes = package.build();
        deb::append_signature(&mut bytes, "origin", &signature);
        let folder = folder();
        let path = crate::common::write(folder.path(), "a.deb", &bytes);
        let verifier = verifier(&["good"]);
        let limits = Limits::default();
        let judge = |path: &Path| package::verify(path, &verifier, &limits).unwrap();
        let ranges = unsigned(&bytes);
        let mut used = std::collections::BTreeSet::new();
        let (flipped, cut) = accepted_damage(&path, &judge);
        assert_eq!(cut, [0; 0]);
        for at in flipped {
            let range = ranges.iter().find(|(_, range)| range.contains(&at));
            let Some((name, _)) = range else {
                panic!("byte {at} is not signed, and nothing says why");
            };
            used.insert(*name);
        }
        println!("accepted within: {used:?}");
        assert!(used.contains("times and owners"));
    }
}

/// What is accepted after a flip is still the same package to dpkg.
#[test]
fn unsigned_bytes_change_nothing_that_dpkg_reads() {
    let package = Deb::new("a", "1", "all");
    let mut members = package.members();
    for member in &mut members {
        member.mtime = "0".into();
        member.mode = "100600".into();
    }
    let data = deb::signed_data(&members);
    let signature = raw_sign(
        &keys::load("good"),
        &data,
        &RawOptions::at(keys::SIGNED).binary(),
    );
    let mut bytes = deb::archive(&members);
    deb::append_signature(&mut bytes, "origin", &signature);
    let folder = folder();
    let path = crate::common::write(folder.path(), "a.deb", &bytes);
    accepted(&crate::common::verify_deb(&path, &["good"]));
    let other = crate::common::write(folder.path(), "b.deb", &package.build());
    let (Some(one), Some(two)) = (
        pkgseal_testkit::peers::deb::dpkg_deb_reads(&path),
        pkgseal_testkit::peers::deb::dpkg_deb_reads(&other),
    ) else {
        return;
    };
    assert_eq!(one.expect_ok().text, two.expect_ok().text);
}
