//! Many publishers at once, and readers all the while.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use pkgseal_deb::apt::{Lock, PublishOptions};
use pkgseal_repo::publication::Retention;
use pkgseal_repo::{CheckOptions, NoProgress};
use pkgseal_testkit::{keys, peers};

use super::reader::{Fault, Reader};
use super::{generation, numbered, pool, publish_number};
use crate::common::{accepted, folder, verify_tree};

/// Names the repository a child process publishes in, and how often.
const CHILD: &str = "PKGSEAL_PUBLISH_TOGETHER";
const TIMES: &str = "PKGSEAL_PUBLISH_TIMES";
const KEEP: &str = "PKGSEAL_PUBLISH_KEEP";

/// Publishers at once, and generations by each.
const PUBLISHERS: u32 = 8;
const EACH: u32 = 12;

/// Publishes the generation that follows the one it finds: what it looks at and what it
/// makes of it are one step, under the lock.
fn publish_next(root: &Path, keep: usize) -> u32 {
    let time = keys::time(keys::SIGNED);
    let lock = Lock::take(root, Duration::from_secs(600), time).unwrap();
    let reader = Reader::of(root.join("dists/stable"));
    let seen = reader.root().unwrap();
    let next = numbered("stable", reader.by_hash(&seen).unwrap() + 1);
    pool(root, &next);
    let signers = [keys::signer("good", time)];
    lock.publish(
        vec![generation(&next)],
        &signers,
        time,
        &PublishOptions {
            keep: Retention {
                generations: keep,
                ..Retention::default()
            },
            ..PublishOptions::default()
        },
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap();
    let seen = reader.root().unwrap();
    reader.by_hash(&seen).unwrap()
}

/// Does nothing unless it is the child.
#[test]
fn child() {
    if let Some(root) = std::env::var_os(CHILD) {
        let number = |name| std::env::var(name).unwrap().parse::<u32>().unwrap();
        let (times, keep) = (number(TIMES), number(KEEP));
        for _ in 0..times {
            publish_next(Path::new(&root), keep as usize);
        }
    }
}

fn publishers(root: &Path, count: u32, times: u32, keep: u32) -> Vec<std::process::Child> {
    let one = |_| {
        Command::new(std::env::current_exe().unwrap())
            .args(["publish::together::child", "--exact", "--test-threads=1"])
            .env(CHILD, root)
            .env(TIMES, times.to_string())
            .env(KEEP, keep.to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    (0..count).map(one).collect()
}

/// What a reader counted.
#[derive(Default)]
struct Counted {
    polls: AtomicU32,
    /// Generations were published faster than it could read: more than are kept.
    overtaken: AtomicU32,
    by_name: AtomicU32,
}

/// Reads until `done`. A miss counts as overtaken only where so many generations passed
/// meanwhile that the one it was reading need not be there any more.
fn read(directory: PathBuf, done: &AtomicBool, counted: &Counted) {
    let reader = Reader::of(directory);
    let mut newest = 0;
    while !done.load(Ordering::Relaxed) {
        let seen = reader.root().unwrap();
        counted.polls.fetch_add(1, Ordering::Relaxed);
        match reader.by_hash(&seen) {
            Ok(number) => {
                assert!(number >= newest, "{number} after {newest}");
                newest = number;
            }
            Err(Fault::Miss(path)) => {
                let now = reader.root().unwrap();
                let number = reader.by_hash(&now);
                assert!(
                    !matches!(number, Ok(number) if number < newest + 3),
                    "{path} of {newest} is missing at {number:?}"
                );
                counted.overtaken.fetch_add(1, Ordering::Relaxed);
            }
            Err(mix) => panic!("{mix:?}"),
        }
        match reader.by_name(&seen) {
            Ok(same) => {
                counted
                    .by_name
                    .fetch_add(u32::from(same), Ordering::Relaxed);
            }
            Err(fault) => panic!("by name: {fault:?}"),
        }
    }
}

#[test]
fn no_publication_is_lost_and_no_reader_finds_a_mix() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 0);
    let (done, counted) = (AtomicBool::new(false), Counted::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| read(root.join("dists/stable"), &done, &counted));
        }
        let children = publishers(root, PUBLISHERS, EACH, 3);
        let came = children
            .into_iter()
            .map(|mut child| child.wait().unwrap().success())
            .collect::<Vec<_>>();
        done.store(true, Ordering::Relaxed);
        assert!(came.iter().all(|came| *came));
    });
    let reader = Reader::of(root.join("dists/stable"));
    let seen = reader.root().unwrap();
    assert_eq!(reader.by_hash(&seen), Ok(PUBLISHERS * EACH));
    accepted(&verify_tree(root, &["good"]));
    let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
    println!(
        "{} publications by {PUBLISHERS} processes; {} polls, 0 misses, 0 mixes, \
         {} overtaken; {} times all by name of one generation",
        PUBLISHERS * EACH,
        count(&counted.polls),
        count(&counted.overtaken),
        count(&counted.by_name),
    );
    assert!(count(&counted.polls) > 20 && count(&counted.by_name) > 0);
}

#[test]
fn a_flat_repository_is_read_by_digest_all_the_while() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "", 0);
    let done = AtomicBool::new(false);
    let polls = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let reader = Reader::of(root.to_owned());
            let (mut newest, mut polls) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                let before = newest;
                let seen = reader.root().unwrap();
                match reader.by_hash(&seen) {
                    Ok(number) => newest = number,
                    Err(fault) => {
                        let now = reader.root().unwrap();
                        let number = reader.by_hash(&now);
                        assert!(
                            !matches!(number, Ok(number) if number < before + 3),
                            "{fault:?} of {before}, at {number:?}"
                        );
                    }
                }
                polls += 1;
            }
            polls
        });
        for number in 1..=30 {
            publish_number(root, "", number);
        }
        done.store(true, Ordering::Relaxed);
        reading.join().unwrap()
    });
    assert!(polls > 10, "{polls}");
}

/// Generations published in one update at most: with the one that apt read first, one
/// less than are kept.
const PER_UPDATE: u32 = 30;

/// apt, while generation follows generation many times a second: of an InRelease that it
/// read it finds every index by digest. It is the publishers that wait for apt: no more
/// generations pass in one of its updates than are kept.
#[test]
fn apt_updates_while_others_publish() {
    if peers::have("apt-get").is_none() {
        return;
    }
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 0);
    let keyring = keys::keyring(&["good"]);
    let (mut updates, mut meanwhile) = (0, 0);
    while updates < 4 {
        let (done, begun) = (AtomicBool::new(false), AtomicU32::new(0));
        let (started, start) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                let started = started.clone();
                let (done, begun) = (&done, &begun);
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed)
                        && begun.fetch_add(1, Ordering::Relaxed) < PER_UPDATE
                    {
                        publish_next(root, PER_UPDATE as usize + 2);
                        let _ = started.send(());
                    }
                });
            }
            // Both are at it when apt begins.
            for _ in 0..2 {
                start.recv().unwrap();
            }
            let before = begun.load(Ordering::Relaxed);
            let run = peers::apt::update(root, "stable", "main contrib", &keyring).unwrap();
            meanwhile += begun.load(Ordering::Relaxed).min(PER_UPDATE) - before.min(PER_UPDATE);
            done.store(true, Ordering::Relaxed);
            run.expect_ok();
        });
        updates += 1;
    }
    println!("{meanwhile} publications during {updates} updates");
    assert!(meanwhile > 0);
}
