//! Every byte of the real signed packages flipped, read strictly: nothing is accepted but
//! changes to bytes that are listed here, with the reason why nothing covers them.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkgseal_openpgp::{Certificate, Certificates, Profile, Verifier};
use pkgseal_repo::Outcome;
use pkgseal_rpm::package::{self, Reading, VerifyOptions};
use pkgseal_testkit::keys;
use rayon::prelude::*;

use crate::common::{limits, vectors};

/// A range of bytes and why it is free.
type Free = (Range<usize>, &'static str);

const ISSUER: &str = "the unhashed area of a signature: hints to its issuer";

fn word(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// Where the main header and the payload begin.
fn parts(bytes: &[u8]) -> (usize, usize) {
    let blob = |at: usize| 16 + 16 * word(bytes, at + 8) + word(bytes, at + 12);
    let main = (96 + blob(96)).next_multiple_of(8);
    (main, main + blob(main))
}

/// Tag and data of each entry of the signature header, as ranges of the file.
fn entries(bytes: &[u8]) -> Vec<(usize, Range<usize>)> {
    let count = word(bytes, 104);
    let data = 112 + 16 * count;
    (0..count)
        .map(|entry| {
            let at = 112 + 16 * entry;
            let start = data + word(bytes, at + 8);
            let count = word(bytes, at + 12);
            let length = match word(bytes, at + 4) {
                4 => 4 * count,
                5 => 8 * count,
                7 => count,
                _ => {
                    let ends = bytes[start..].iter().enumerate();
                    let ends = ends.filter(|(_, byte)| **byte == 0).map(|(at, _)| at);
                    ends.take(count).last().unwrap() + 1
                }
            };
            (word(bytes, at), start..start + length)
        })
        .collect()
}

/// The unhashed subpackets of a signature packet; nothing in one of version 3.
fn unhashed(packet: &[u8]) -> Range<usize> {
    let body = match (packet[0] & 0xc0, packet[1]) {
        (0xc0, 0..=191) => 2,
        (0xc0, 192..=223) => 3,
        (0xc0, _) => 6,
        _ => 2 + (usize::from(packet[0] & 3)) % 3,
    };
    let number = |at: usize, width: usize| {
        packet[at..at + width]
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let width = match packet[body] {
        4 => 2,
        6 => 4,
        _ => return 0..0,
    };
    let at = body + 4;
    let next = at + width + number(at, width);
    // Its length counts too: what it counts is not hashed.
    next + width..next + width + number(next, width)
}

fn free(bytes: &[u8]) -> Vec<Free> {
    let nothing = "a number in the lead, which nothing signed determines";
    let mut free: Vec<Free> = vec![(8..10, nothing), (76..78, nothing)];
    for (tag, range) in entries(bytes) {
        match tag {
            // Key ID and algorithms; the other signature still vouches for the package.
            267 | 268 if bytes[range.start + 3] == 3 => {
                let hints = "what a signature of version 3 does not hash: whose it is";
                free.push((range.start + 10..range.start + 18, hints));
            }
            267 | 268 | 1002 | 1005 => {
                let area = unhashed(&bytes[range.clone()]);
                free.push((range.start + area.start..range.start + area.end, ISSUER));
            }
            278 => {
                let mut start = range.start;
                for element in bytes[range].split(|byte| *byte == 0) {
                    if let Ok(packet) = STANDARD.decode(element)
                        && !packet.is_empty()
                    {
                        let area = unhashed(&packet);
                        let (from, to) = (area.start * 4 / 3, area.end * 4 / 3 + 1);
                        free.push((start + from..start + to, ISSUER));
                    }
                    start += element.len() + 1;
                }
            }
            274..=277 => free.push((range, "per-file signatures, which are not verified")),
            271 | 1007 => free.push((range, "the size of the uncompressed payload")),
            _ => {}
        }
    }
    free
}

/// Flips one bit of each of these bytes, some files at a time; gives the offsets where the
/// change was accepted.
fn accepted(package: &Path, offsets: &[usize], verifier: &Verifier) -> Vec<usize> {
    let bytes = std::fs::read(package).unwrap();
    let options = VerifyOptions {
        reading: Reading::Strict,
        ..VerifyOptions::default()
    };
    let work = |part: &[usize]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("package.rpm");
        std::fs::write(&path, &bytes).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        let is_accepted = || {
            let found = package::verify_with(&path, verifier, &limits(), options).unwrap();
            found.outcome() == Outcome::Accepted
        };
        assert!(is_accepted(), "{}", package.display());
        let changed = part.iter().copied().filter(|&at| {
            file.write_all_at(&[bytes[at] ^ (1 << (at % 8))], at as u64)
                .unwrap();
            let accepted = is_accepted();
            file.write_all_at(&bytes[at..=at], at as u64).unwrap();
            accepted
        });
        changed.collect::<Vec<_>>()
    };
    let size = offsets.len().div_ceil(8).max(1);
    offsets.par_chunks(size).flat_map_iter(work).collect()
}

fn only_free(package: &Path, offsets: &[usize], verifier: &Verifier) {
    let free = free(&std::fs::read(package).unwrap());
    let found = accepted(package, offsets, verifier);
    let strays: Vec<_> = found
        .iter()
        .filter(|at| !free.iter().any(|(range, _)| range.contains(at)))
        .collect();
    let name = package.display();
    assert!(
        strays.is_empty(),
        "{name}: accepted with {strays:?} changed"
    );
}

fn certificates(files: &[PathBuf]) -> Certificates {
    let all = files.iter().map(|file| std::fs::read(file).unwrap());
    Certificates::new(all.flat_map(|bytes| Certificate::parse_all(&bytes).0))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == extension))
        .collect();
    files.sort();
    files
}

#[test]
fn every_byte_of_the_signed_packages_of_rpm_rs() {
    let Some(folder) = vectors("rpm-rs") else {
        return;
    };
    let mut seen = 0;
    for version in ["v4", "v6"] {
        let keyring = files(&folder.join("signing_keys").join(version), "asc");
        let now = keys::time("2026-11-01");
        let verifier = Verifier::new(certificates(&keyring), Profile::strict(), now);
        for package in files(&folder.join("RPMS").join(version).join("signed"), "rpm") {
            let length = std::fs::read(&package).unwrap().len();
            let all: Vec<usize> = (0..length).collect();
            only_free(&package, &all, &verifier);
            seen += 1;
        }
    }
    assert_eq!(seen, 8);
}

/// A package of Fedora 16, whose header alone is a megabyte: every byte before that, and
/// of what is signed every 1999th, since one hash covers all of it. It has no payload
/// digest, and signatures of version 3: `legacy` accepts those.
#[test]
fn a_real_package_of_2011() {
    let (Some(folder), Some(keyring)) =
        (vectors("yum/signed-repo"), vectors("certs/distributions"))
    else {
        return;
    };
    let Some(key) = fedora_16(&keyring) else {
        println!("SKIP: the certificate of Fedora 16 is not there");
        return;
    };
    let package = folder.join("filesystem-2.4.44-1.fc16.i686.rpm");
    let profile = Profile::named("legacy").unwrap();
    let verifier = Verifier::new(certificates(&[key]), profile, keys::time("2026-11-01"));
    let bytes = std::fs::read(&package).unwrap();
    let (main, payload) = parts(&bytes);
    let mut offsets: Vec<usize> = (0..main + 64).collect();
    offsets.extend((main + 64..bytes.len()).step_by(1999));
    offsets.extend([payload - 1, payload, bytes.len() - 1]);
    only_free(&package, &offsets, &verifier);
}

fn fedora_16(keyring: &Path) -> Option<PathBuf> {
    let mut folders = vec![keyring.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.contains("fedora-16-primary") {
                return Some(path);
            }
        }
    }
    None
}
