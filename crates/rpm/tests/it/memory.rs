//! A package of 2 GiB is verified in the memory of a small one.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use pkgseal_repo::{DigestAlgorithm, MultiHasher, Outcome};
use pkgseal_rpm::package::{self, Reading, VerifyOptions};
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag, tag};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};

use crate::common::{limits, rejections, trusting};

const PAYLOAD: u64 = 2 << 30;

/// The most memory verifying may take, the program itself included.
const MOST_KIB: u64 = 64 << 10;

/// A signed package whose payload is a hole in the file.
fn write(path: &Path) {
    let mut hasher = MultiHasher::new([DigestAlgorithm::Sha256]);
    let zeros = vec![0; 1 << 20];
    for _ in 0..PAYLOAD >> 20 {
        hasher.update(&zeros);
    }
    let digest = hasher.finish().hex(DigestAlgorithm::Sha256).unwrap();
    let mut parts = Parts::read(&Rpm::new("huge", "1.0", "noarch", Format::V4).build());
    let old = pkgseal_testkit::build::Digest::Sha256.hex(&parts.payload);
    let at = parts
        .header
        .windows(64)
        .position(|window| window == old.as_bytes())
        .unwrap();
    parts.header[at..at + 64].copy_from_slice(digest.as_bytes());
    parts.payload.clear();
    let sha256 = pkgseal_testkit::build::Digest::Sha256.hex(&parts.header);
    let options = RawOptions::at(keys::SIGNED).binary();
    let packet = raw_sign(&keys::load("good-ed25519"), &parts.header, &options);
    let package = parts
        .without(tag::SHA1)
        .without(tag::SIZE)
        .with(Tag::string(tag::SHA256, &sha256))
        .with(Tag::binary(tag::MD5, &[0; 16]))
        .with(Tag::binary(tag::DSA, &packet))
        .build();
    let file = File::create(path).unwrap();
    file.write_all_at(&package, 0).unwrap();
    file.set_len(package.len() as u64 + PAYLOAD).unwrap();
}

/// Not a test of its own: the child of the next one.
#[test]
fn child_process() {
    let Some(path) = std::env::var_os("PKGSEAL_HUGE").map(PathBuf::from) else {
        return;
    };
    let verifier = trusting(&["good-ed25519"]);
    let found = package::verify(&path, &verifier, &limits()).unwrap();
    assert_eq!(found.outcome(), Outcome::Accepted, "{:#?}", found.report);
    // With every digest, the MD5 among them, which is that of another payload.
    let options = VerifyOptions {
        reading: Reading::Strict,
        ..VerifyOptions::default()
    };
    let found = package::verify_with(&path, &verifier, &limits(), options).unwrap();
    assert_eq!(rejections(&found), ["rpm.payload.digest-mismatch"]);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| {
        let number = line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?;
        number.trim().parse::<u64>().ok()
    });
    let peak = peak.unwrap();
    println!("peak {peak} KiB");
    assert!(peak < MOST_KIB, "{peak} KiB");
}

#[test]
fn memory_does_not_depend_on_the_payload() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.rpm");
    write(&path);
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::child_process", "--nocapture"])
        .env("PKGSEAL_HUGE", &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}{errors}");
    let peak = said.lines().find(|line| line.contains("peak"));
    println!("{}", peak.unwrap());
}
