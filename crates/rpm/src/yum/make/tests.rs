use std::fs;
use std::time::Duration;

use pkgseal_repo::NoProgress;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::keys;

use super::*;
use crate::yum::publish::PublishOptions;

fn time() -> Timestamp {
    keys::time(keys::SIGNED)
}

/// Makes and publishes, unsigned, on a file system that counts time without steps.
fn make(root: &Path) -> Drafted {
    let check = CheckOptions::default();
    at_step(
        root,
        &IndexOptions::default(),
        time(),
        Duration::ZERO,
        &check,
        &NoProgress,
        0,
    )
    .unwrap()
}

fn publish(drafted: Drafted) {
    let Drafted::Changed(draft) = drafted else {
        panic!("{drafted:?}");
    };
    let publish = PublishOptions::default();
    draft
        .publish(&[], &publish, &CheckOptions::default(), &NoProgress)
        .unwrap();
}

fn package(root: &Path, name: &str) {
    let rpm = Rpm::new(name, "1.0", "noarch", Format::V4);
    fs::write(root.join(rpm.file_name()), rpm.build()).unwrap();
}

fn texts(root: &Path) -> String {
    let mut texts = String::new();
    let standing = fs::read(root.join(REPOMD)).unwrap();
    let standing = Standing::parse(&standing, &pkgseal_repo::Limits::default()).unwrap();
    for data in &standing.repomd.data {
        let stored = fs::read(root.join(&data.location)).unwrap();
        Decompressor::new(stored.as_slice(), Compression::Gzip, 1 << 30)
            .unwrap()
            .read_to_string(&mut texts)
            .unwrap();
    }
    texts
}

/// What is remembered is what is written: a package that was not touched is not read again.
#[test]
fn untouched_packages_are_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    package(root, "one");
    package(root, "two");
    publish(make(root));
    let state = root.join(FOLDER);
    let pool = pool::walk(root).unwrap().packages;
    let mut known = Known::open(&state, 10).unwrap();
    let mut learnt = Learnt::create(&state, 10).unwrap();
    for found in &pool {
        let mut facts = known.of(found).unwrap().expect("it is remembered");
        facts.chunks.primary = facts.chunks.primary.replace("test package", "remembered");
        learnt.add(&found.path, &facts).unwrap();
    }
    learnt.commit().unwrap();
    package(root, "three");
    publish(make(root));
    let text = texts(root);
    assert_eq!(text.matches("remembered").count(), 2);
    assert_eq!(text.matches("<summary>test package</summary>").count(), 1);
    // One that was touched is.
    package(root, "two");
    publish(make(root));
    assert_eq!(texts(root).matches("remembered").count(), 1);
}

#[test]
fn where_nothing_changed_nobody_takes_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    package(root, "one");
    publish(make(root));
    let lock = Lock::take(root, Duration::ZERO, time()).unwrap();
    assert!(matches!(make(root), Drafted::Current(_)));
    drop(lock);
    assert!(matches!(make(root), Drafted::Current(_)));
    package(root, "two");
    assert!(matches!(make(root), Drafted::Changed(_)));
}

/// Files touched within a step of the file system's time may be touched again unseen.
#[test]
fn young_packages_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    package(root, "one");
    let check = CheckOptions::default();
    let options = IndexOptions::default();
    let day = 86_400_000_000_000;
    let wait = Duration::ZERO;
    publish(at_step(root, &options, time(), wait, &check, &NoProgress, day).unwrap());
    let pool = pool::walk(root).unwrap().packages;
    let mut known = Known::open(&root.join(FOLDER), 10).unwrap();
    assert!(known.of(&pool[0]).unwrap().is_none());
    let (state, _) = State::read(&root.join(FOLDER)).unwrap();
    assert!(state.unwrap().inputs.is_empty());
}

#[test]
fn damaged_state_is_not_believed() {
    let state = State {
        inputs: vec![1, 2],
        signing: vec!["a".to_owned()],
        made: vec![SafePath::new("repodata/x").unwrap()],
        kept: vec!["group".to_owned()],
        outputs: vec![(SafePath::new("repodata/x").unwrap(), Stat::default())],
    };
    let folder = tempfile::tempdir().unwrap();
    state.write(folder.path()).unwrap();
    assert_eq!(State::read(folder.path()).unwrap(), (Some(state), None));
    let path = folder.path().join("repomd");
    let bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 1;
        fs::write(&path, &other).unwrap();
        let (state, note) = State::read(folder.path()).unwrap();
        assert!(state.is_none() && note.is_some(), "{at}");
    }
    assert!(!State::default().stands(folder.path()));
}
