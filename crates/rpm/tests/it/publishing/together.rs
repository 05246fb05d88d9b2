//! Several publishers at once, and a reader that forgives nothing.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use pkgseal_openpgp::{Object, Verified};
use pkgseal_repo::{
    CheckOptions, Compression, Decompressor, Limits, NoProgress, publication::Lock,
    publication::Retention,
};
use pkgseal_rpm::yum::{
    self, Drafted, IndexOptions, Placing, Primary, PublishOptions, Repomd, RepositoryOptions,
};
use pkgseal_testkit::build::Digest;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::keys;

use crate::common::{assert_accepted, signed, trusting};
use crate::index::{folder, index, verify};

/// Names the repository a child process publishes in, and its number.
const CHILD: &str = "PKGSEAL_YUM_TOGETHER";
const NUMBER: &str = "PKGSEAL_YUM_NUMBER";

const PUBLISHERS: u32 = 3;
const EACH: u32 = 6;
const KEEP: usize = 40;

fn options() -> PublishOptions {
    PublishOptions {
        keep: Retention {
            generations: KEEP,
            ..Retention::default()
        },
        wait: Duration::from_secs(600),
        ..PublishOptions::default()
    }
}

/// Adds a package, lists it, and signs everything.
fn publish(root: &Path, name: &str) {
    let rpm = Rpm::new(name, "1.0", "noarch", Format::V4);
    // As an upload does it: no half file is ever visible.
    let hidden = root.join(format!(".{name}"));
    fs::write(&hidden, rpm.build()).unwrap();
    fs::rename(hidden, root.join(rpm.file_name())).unwrap();
    let signers = [keys::signer("good", signed())];
    let check = CheckOptions::default();
    let wait = options().wait;
    let drafted = yum::index(
        root,
        &IndexOptions::default(),
        signed(),
        wait,
        &check,
        &NoProgress,
    );
    match drafted.unwrap() {
        Drafted::Changed(draft) => {
            draft
                .publish(&signers, &options(), &check, &NoProgress)
                .unwrap();
        }
        // Another publisher has listed it.
        Drafted::Current(_) => {}
        Drafted::Refused(found) => panic!("{:?}", found.report.findings),
    }
    let apart = RepositoryOptions {
        placing: Placing::Apart,
        ..RepositoryOptions::default()
    };
    yum::sign_repository(
        root,
        &signers,
        signed(),
        &apart,
        &options(),
        &check,
        &NoProgress,
    )
    .unwrap();
}

/// Does nothing unless it is the child.
#[test]
fn child() {
    if let Some(root) = std::env::var_os(CHILD) {
        let number = std::env::var(NUMBER).unwrap();
        for round in 0..EACH {
            publish(Path::new(&root), &format!("p{number}r{round}"));
        }
    }
}

fn publishers(root: &Path) -> Vec<Child> {
    let one = |number: u32| {
        Command::new(std::env::current_exe().unwrap())
            .args(["publishing::together::child", "--exact", "--test-threads=1"])
            .env(CHILD, root)
            .env(NUMBER, number.to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    (0..PUBLISHERS).map(one).collect()
}

/// Reads as a client does: the root, its signature, the metadata by name, every package.
/// `None` where the root changed between two requests; the revision and the number of
/// packages otherwise.
fn poll(root: &Path) -> Option<(i64, usize)> {
    let read =
        |name: &str| fs::read(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = read("repodata/repomd.xml");
    let signature = read("repodata/repomd.xml.asc");
    if read("repodata/repomd.xml") != text {
        return None;
    }
    let verifier = trusting(&["good"]);
    let judged = verifier.detached_bytes(Object::Repository, text, &signature);
    let (sealed, report) = judged.accept();
    let sealed: Verified<Vec<u8>> = sealed.unwrap_or_else(|| panic!("{:?}", report.verdict));
    let limits = Limits::default();
    let repomd = Repomd::parse(sealed, &limits).unwrap();
    let mut packages = 0;
    for data in &repomd.get().data {
        let stored = read(data.location.as_str());
        let algorithm = pkgseal_repo::DigestAlgorithm::Sha256;
        let expected = data.checksum.hex(algorithm).unwrap();
        assert_eq!(Digest::Sha256.hex(&stored), expected, "{}", data.location);
        if data.kind != "primary" {
            continue;
        }
        let primary = repomd
            .clone()
            .map(|_| Decompressor::new(stored.as_slice(), Compression::Gzip, 1 << 30).unwrap());
        let primary = Primary::read(primary, "primary", &limits).unwrap();
        for package in &primary.get().packages {
            let bytes = read(package.location.as_str());
            let expected = package.checksum.hex(algorithm).unwrap();
            assert_eq!(Digest::Sha256.hex(&bytes), expected, "{}", package.location);
            packages += 1;
        }
    }
    let revision = repomd.get().revision.as_ref().unwrap().parse().unwrap();
    Some((revision, packages))
}

#[test]
fn no_publication_is_lost_and_no_reader_finds_a_mix() {
    let folder = folder();
    let root = folder.path();
    let rpm = Rpm::new("first", "1.0", "noarch", Format::V4);
    fs::write(root.join(rpm.file_name()), rpm.build()).unwrap();
    index(root, &IndexOptions::default());
    let (done, polls, mixed) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut newest = 0;
            while !done.load(Ordering::Relaxed) {
                match poll(root) {
                    Some((revision, _)) => {
                        assert!(revision >= newest, "{revision} after {newest}");
                        newest = revision;
                        polls.fetch_add(1, Ordering::Relaxed);
                    }
                    None => {
                        mixed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        });
        let came: Vec<bool> = publishers(root)
            .into_iter()
            .map(|mut child| child.wait().unwrap().success())
            .collect();
        done.store(true, Ordering::Relaxed);
        reading.join().unwrap();
        assert!(came.iter().all(|came| *came));
    });
    let (_, packages) = poll(root).unwrap();
    assert_eq!(packages, 1 + (PUBLISHERS * EACH) as usize);
    assert_accepted(&verify(root));
    println!(
        "{} publications by {PUBLISHERS} processes, {} polls, {} of them asked twice",
        PUBLISHERS * EACH * 2,
        polls.load(Ordering::Relaxed),
        mixed.load(Ordering::Relaxed)
    );
    assert!(polls.load(Ordering::Relaxed) > 3);
    drop(Lock::take(root, Duration::ZERO, signed()).unwrap());
}
