//! Publishers that are killed before any one of their system calls, or for whom any one
//! of them fails: readers see one generation or the other, the next run completes what
//! was under way, and nothing is left lying about.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use pkgseal_testkit::peers::Peer;
use pkgseal_testkit::peers::strace::{CHANGING, Went, inject, strace};

use super::reader::Reader;
use super::{content, numbered, pool, publish_indices, publish_number};
use crate::common::{accepted, folder, verify_tree};

/// Names the repository a child process publishes in, and the suite.
const CHILD: &str = "PKGSEAL_PUBLISH_IN";
const SUITE: &str = "PKGSEAL_PUBLISH_SUITE";

/// Does nothing unless it is the child.
#[test]
fn child() {
    if let Some(root) = std::env::var_os(CHILD) {
        let suite = std::env::var(SUITE).unwrap();
        publish_indices(Path::new(&root), &suite, 2);
    }
}

/// Publishes generation 2 in a child, and does `what` to its `number`th `call`.
fn traced(strace: &Peer, root: &Path, suite: &str, call: &str, what: &str, number: u32) -> Went {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program
        .args(["publish::crash::child", "--exact", "--test-threads=1"])
        .env(CHILD, root)
        .env(SUITE, suite);
    let log = root.with_extension("trace");
    inject(strace, &program, call, what, number, &log)
}

/// What is not as in `expected`. Who owned the lock last makes no difference.
fn changed(root: &Path, expected: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let found = content(root);
    let names = found.keys().chain(expected.keys()).cloned();
    let names: BTreeSet<String> = names.filter(|name| name != ".pkgseal/lock").collect();
    let differs = |name: &String| found.get(name) != expected.get(name);
    names.into_iter().filter(differs).collect()
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.unwrap().success());
}

/// What a reader finds after a run that did not come through.
fn judge(root: &Path, suite: &str, what: &str) {
    let directory = numbered(suite, 0).folder();
    let reader = Reader::of(root.join(&directory));
    let seen = reader
        .root()
        .unwrap_or_else(|fault| panic!("{what}: {fault:?}"));
    let number = reader.by_hash(&seen);
    assert!(matches!(number, Ok(1 | 2)), "{what}: {number:?}");
    if suite.is_empty() {
        // File by file: what is read by name may be of two generations until the next run.
        return;
    }
    assert_eq!(reader.by_name(&seen), Ok(true), "{what}");
    accepted(&verify_tree(root, &["good"]));
}

/// What is published anew afterwards is as if nothing had happened.
fn mend(root: &Path, suite: &str, after: &BTreeMap<String, Vec<u8>>, what: &str) {
    let time = pkgseal_testkit::keys::time(pkgseal_testkit::keys::SIGNED);
    let lock = pkgseal_deb::apt::Lock::take(root, std::time::Duration::ZERO, time).unwrap();
    let completed = lock.completed().to_vec();
    drop(lock);
    let state = root.join(".pkgseal");
    for left in ["next", "journal"] {
        assert!(!state.join(left).exists(), "{what}: {left} is still there");
    }
    if !completed.is_empty() {
        assert_eq!(changed(root, after), [""; 0], "{what}: completed wrongly");
    }
    accepted(&verify_tree(root, &["good"]));
    publish_number(root, suite, 2);
    assert_eq!(changed(root, after), [""; 0], "{what}");
}

/// Every call of a publication, one after the other.
fn at_every_call(suite: &str, what: &str, calls: &[&str]) {
    let Some(strace) = strace() else {
        return;
    };
    let folder = folder();
    let before = folder.path().join("before");
    publish_number(&before, suite, 1);
    pool(&before, &numbered(suite, 2));
    let root = folder.path().join("repository");
    copy(&before, &root);
    publish_number(&root, suite, 2);
    let after = content(&root);
    let (mut well, mut old, mut new) = (0, 0, 0);
    for call in calls {
        for number in 1.. {
            copy(&before, &root);
            let place = format!("{suite:?} {what} at {call} {number}");
            match traced(&strace, &root, suite, call, what, number) {
                Went::Through => break,
                Went::Well => {
                    well += 1;
                    assert_eq!(changed(&root, &after), [""; 0], "{place}");
                    continue;
                }
                Went::Wrong => {}
            }
            judge(&root, suite, &place);
            if root.join(".pkgseal/journal").exists() || changed(&root, &after).is_empty() {
                new += 1;
            } else {
                old += 1;
            }
            mend(&root, suite, &after, &place);
        }
    }
    println!("{suite:?} {what}: {old} stopped before the journal, {new} after, {well} not at all");
    assert!(old > 10 && new > 3, "{old} {new}");
}

#[test]
fn a_kill_before_any_call_that_changes_anything() {
    at_every_call("stable", "signal=KILL", &CHANGING);
}

/// A failure that is told, of everything that needs room or a disk that works.
#[test]
fn any_call_that_changes_anything_fails() {
    at_every_call("stable", "error=ENOSPC", &CHANGING);
}

#[test]
fn any_call_fails_in_a_flat_repository() {
    at_every_call("", "error=EIO", &CHANGING);
}

#[test]
fn a_kill_before_any_call_in_a_flat_repository() {
    at_every_call("", "signal=KILL", &CHANGING);
}
