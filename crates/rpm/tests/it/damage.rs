//! Every byte flipped and every length cut: no panic, and nothing accepted but changes to
//! bytes that are listed here, with the reason why nothing covers them.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkgseal_openpgp::Verifier;
use pkgseal_repo::Outcome;
use pkgseal_rpm::package::{self, Reading, VerifyOptions};
use pkgseal_rpm::yum;
use pkgseal_testkit::build::rpm::{Format, Rpm, tag};
use pkgseal_testkit::build::yum::Repository;
use pkgseal_testkit::keys;

use crate::common::{assert_accepted, limits, signed, trusting};
use crate::signing::Fixture;

/// A range of bytes and why it is free.
type Unsigned = (Range<usize>, &'static str);

/// Flips a bit of every byte of a file; gives the offsets where the change was accepted.
fn accepted_flips(path: &Path, accepted: impl Fn() -> bool) -> Vec<usize> {
    let bytes = std::fs::read(path).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    let mut found = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        for mask in [1 << (at % 8), 0xff] {
            file.write_all_at(&[byte ^ mask], at as u64).unwrap();
            if accepted() && found.last() != Some(&at) {
                found.push(at);
            }
        }
        file.write_all_at(&[*byte], at as u64).unwrap();
    }
    found
}

/// Cuts a file at every length; gives the lengths that were accepted.
fn accepted_cuts(path: &Path, accepted: impl Fn() -> bool) -> Vec<usize> {
    let bytes = std::fs::read(path).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    let mut found = Vec::new();
    for length in (0..bytes.len()).rev() {
        file.set_len(length as u64).unwrap();
        if accepted() {
            found.push(length);
        }
    }
    std::fs::write(path, bytes).unwrap();
    found
}

fn only_within(found: &[usize], unsigned: &[Unsigned]) {
    let strays: Vec<_> = found
        .iter()
        .filter(|at| !unsigned.iter().any(|(range, _)| range.contains(at)))
        .collect();
    assert!(
        strays.is_empty(),
        "accepted with changed bytes at {strays:?}"
    );
}

/// The data of a signature-header tag, as a range of the file.
fn entry(bytes: &[u8], tag: u32) -> Option<Range<usize>> {
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let entries = word(96 + 8);
    let data = 96 + 16 + 16 * entries;
    let at = (0..entries)
        .map(|n| 96 + 16 + 16 * n)
        .find(|&at| word(at) == tag as usize)?;
    let start = data + word(at + 8);
    Some(match word(at + 4) {
        4 => start..start + 4 * word(at + 12),
        7 => start..start + word(at + 12),
        _ => start..start + bytes[start..].iter().position(|&b| b == 0).unwrap(),
    })
}

/// The unhashed subpackets of a version 4 signature packet with a length of one byte.
fn unhashed(packet: &[u8]) -> Range<usize> {
    assert_eq!((packet[0] & 0xc0, packet[2]), (0xc0, 4));
    let word = |at: usize| usize::from(packet[at]) << 8 | usize::from(packet[at + 1]);
    let at = 8 + word(6);
    at + 2..at + 2 + word(at)
}

const ISSUER: &str =
    "the signature's unhashed area: hints to its issuer, which no signature covers";

fn package_accepted(path: &Path, verifier: &Verifier) -> bool {
    let options = VerifyOptions {
        reading: Reading::Strict,
        ..VerifyOptions::default()
    };
    let found = package::verify_with(path, verifier, &limits(), options).unwrap();
    found.outcome() == Outcome::Accepted
}

fn check_package(format: Format, key: &str, unsigned: impl Fn(&[u8]) -> Vec<Unsigned>) {
    let rpm = Rpm::new("hello", "1.0", "noarch", format).reserve(Some(512));
    let fixture = Fixture::new(&rpm);
    fixture.sign(&[key]).unwrap();
    let verifier = trusting(&[key]);
    let accepted = || package_accepted(&fixture.path, &verifier);
    assert!(accepted());
    let mut free: Vec<Unsigned> = vec![
        (
            8..10,
            "the lead's architecture number, which nothing signed determines",
        ),
        (
            76..78,
            "the lead's system number, which nothing signed determines",
        ),
    ];
    free.extend(unsigned(&fixture.bytes()));
    only_within(&accepted_flips(&fixture.path, accepted), &free);
    assert_eq!(accepted_cuts(&fixture.path, accepted), [0usize; 0]);
    assert!(accepted(), "the file is whole again");
}

#[test]
fn a_version_4_package_with_a_header_signature() {
    check_package(Format::V4, "good-ed25519", |bytes| {
        let packet = entry(bytes, tag::DSA).unwrap();
        let area = unhashed(&bytes[packet.clone()]);
        let mut free = vec![(packet.start + area.start..packet.start + area.end, ISSUER)];
        free.extend(entry(bytes, tag::PAYLOADSIZE).map(|range| {
            let why = "the size of the uncompressed payload, which is informative";
            (range, why)
        }));
        free
    });
}

#[test]
fn a_version_6_package() {
    check_package(Format::V6, "good-ed25519", |bytes| {
        let element = entry(bytes, tag::OPENPGP).unwrap();
        let packet = STANDARD.decode(&bytes[element.clone()]).unwrap();
        let area = unhashed(&packet);
        let at = |byte: usize| element.start + byte * 4 / 3;
        vec![(at(area.start)..at(area.end) + 1, ISSUER)]
    });
}

#[test]
fn a_version_6_package_with_a_version_6_signature() {
    check_package(Format::V6, "good-v6-ed25519", |_| Vec::new());
}

#[test]
fn repomd_and_its_signature() {
    let folder = tempfile::tempdir().unwrap();
    let rpm = Rpm::new("hello", "1.0", "noarch", Format::V4);
    Repository::new(vec![rpm]).write(folder.path());
    let xml = folder.path().join("repodata/repomd.xml");
    let asc = folder.path().join("repodata/repomd.xml.asc");
    let signer = keys::signer("good-ed25519", signed());
    let beside = pkgseal_repo::Destination::Beside;
    let done = yum::sign_repomd(&xml, &[signer], signed(), &beside, &limits()).unwrap();
    assert_accepted(&done.examination);
    let verifier = trusting(&["good-ed25519"]);
    let accepted = || {
        let found = yum::verify_repomd(&xml, &verifier, &limits()).unwrap();
        found.outcome() == Outcome::Accepted
    };
    assert!(accepted());
    assert_eq!(accepted_flips(&xml, accepted), [0usize; 0]);
    assert_eq!(accepted_cuts(&xml, accepted), [0usize; 0]);
    assert_eq!(accepted_flips(&asc, accepted), [0usize; 0]);
    let length = std::fs::read(&asc).unwrap().len();
    let last = (length - 1..length, "the line end after the armor");
    only_within(&accepted_cuts(&asc, accepted), &[last]);
}
