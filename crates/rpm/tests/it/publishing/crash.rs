//! Publishers that are killed before any one of their system calls, or for whom any one of
//! them fails: readers see one generation or the other, no package is ever broken, the next
//! run completes what was under way, and nothing is left lying about.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use pkgseal_openpgp::Examination;
use pkgseal_repo::{CheckOptions, NoProgress, Outcome};
use pkgseal_rpm::yum::{
    self, IndexOptions, Level, Packages, Placing, RepositoryOptions, TreeRequest,
};
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::peers::strace::{CHANGING, Went, inject, strace};

use crate::common::{assert_accepted, signed, trusting};
use crate::index::{content, documents, folder, index, revision, verify};
use crate::resign::sign;

/// Names the repository a child process works in, and what it does there.
const CHILD: &str = "PKGSEAL_YUM_IN";
const WORK: &str = "PKGSEAL_YUM_WORK";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Index,
    Sign,
    Apart,
}

impl Work {
    const ALL: [Self; 3] = [Self::Index, Self::Sign, Self::Apart];

    fn run(self, root: &Path) {
        match self {
            Self::Index => {
                index(root, &IndexOptions::default());
            }
            Self::Sign => {
                sign(root, "good", &RepositoryOptions::default()).unwrap();
            }
            Self::Apart => {
                let apart = RepositoryOptions {
                    placing: Placing::Apart,
                    packages: Packages::Missing,
                    ..RepositoryOptions::default()
                };
                sign(root, "good", &apart).unwrap();
            }
        }
    }
}

/// Does nothing unless it is the child.
#[test]
fn child() {
    if let Some(root) = std::env::var_os(CHILD) {
        let work = std::env::var(WORK).unwrap();
        let work = Work::ALL.into_iter().find(|w| format!("{w:?}") == work);
        work.unwrap().run(Path::new(&root));
    }
}

fn put(root: &Path, name: &str) {
    let rpm = Rpm::new(name, "1.0", "noarch", Format::V4);
    fs::create_dir_all(root.join("Packages")).unwrap();
    fs::write(root.join("Packages").join(rpm.file_name()), rpm.build()).unwrap();
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.unwrap().success());
}

/// What others see, and the generations; what only speeds the next run up is left out.
fn visible(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = content(root);
    for private in ["lock", "packages", "repomd"] {
        all.remove(&format!(".pkgseal/{private}"));
    }
    all
}

fn changed(root: &Path, expected: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let found = visible(root);
    let names: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let differs = |name: &&String| found.get(*name) != expected.get(*name);
    names.into_iter().filter(differs).cloned().collect()
}

fn indices(root: &Path) -> Examination {
    yum::verify_tree_with(
        root,
        &trusting(&["good"]),
        &TreeRequest {
            level: Level::Indices,
            ..TreeRequest::default()
        },
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap()
    .examination
}

/// What a reader finds after a run that did not come through: metadata of one generation,
/// signed; packages of that generation, or where the journal stands of either.
fn judge(
    root: &Path,
    before: &BTreeMap<String, Vec<u8>>,
    after: &BTreeMap<String, Vec<u8>>,
    what: &str,
) {
    let found = indices(root);
    assert_eq!(
        found.outcome(),
        Outcome::Accepted,
        "{what}: {:#?}",
        found.report.findings
    );
    if !root.join(".pkgseal/journal").exists() {
        let found = verify(root);
        assert_eq!(
            found.outcome(),
            Outcome::Accepted,
            "{what}: {:#?}",
            found.report.findings
        );
    }
    for (name, bytes) in visible(root) {
        if name.ends_with(".rpm") && !name.starts_with(".pkgseal") {
            let known = [before, after].map(|all| all.get(&name) == Some(&bytes));
            assert!(
                known.contains(&true),
                "{what}: {name} is neither old nor new"
            );
        }
    }
    for name in before.keys().filter(|name| name.ends_with(".rpm")) {
        assert!(root.join(name).exists(), "{what}: {name} is gone");
    }
}

/// Done again afterwards, it is as if nothing had happened.
fn mend(root: &Path, work: Work, after: &BTreeMap<String, Vec<u8>>, what: &str) {
    let done = yum::recover(root, std::time::Duration::ZERO, signed()).unwrap();
    for left in ["next", "journal"] {
        let left = root.join(".pkgseal").join(left);
        assert!(!left.exists(), "{what}: {} is still there", left.display());
    }
    if !done.outputs.is_empty() {
        assert_eq!(changed(root, after), [""; 0], "{what}: completed wrongly");
    }
    assert_accepted(&verify(root));
    if work == Work::Index {
        // The same metadata once more, where only our own notes of it were lost.
        let again = yum::index(
            root,
            &IndexOptions::default(),
            signed(),
            std::time::Duration::ZERO,
            &CheckOptions::default(),
            &NoProgress,
        );
        // The draft holds the lock until it is dropped.
        let changed = matches!(again.unwrap(), yum::Drafted::Changed(_));
        if changed {
            index(root, &IndexOptions::default());
        }
        assert_accepted(&verify(root));
        return;
    }
    work.run(root);
    assert_eq!(changed(root, after), [""; 0], "{what}");
}

/// Every call of a run, one after the other.
fn at_every_call(work: Work, what: &str) {
    let Some(strace) = strace() else {
        return;
    };
    let folder = folder();
    let start = folder.path().join("before");
    for name in ["alpha", "beta"] {
        put(&start, name);
    }
    index(&start, &IndexOptions::default());
    if work == Work::Index {
        put(&start, "gamma");
    }
    let before = visible(&start);
    let root = folder.path().join("repository");
    copy(&start, &root);
    work.run(&root);
    let (after, lists) = (visible(&root), documents(&root));
    assert_eq!(revision(&root), revision(&start) + 1);
    let (mut well, mut old, mut new) = (0, 0, 0);
    for call in CHANGING {
        for number in 1.. {
            copy(&start, &root);
            let place = format!("{work:?} {what} at {call} {number}");
            let mut program = Command::new(std::env::current_exe().unwrap());
            program
                .args(["publishing::crash::child", "--exact", "--test-threads=1"])
                .env(CHILD, &root)
                .env(WORK, format!("{work:?}"));
            let log = root.with_extension("trace");
            match inject(&strace, &program, call, what, number, &log) {
                Went::Through => break,
                Went::Well => {
                    well += 1;
                    assert_eq!(changed(&root, &after), [""; 0], "{place}");
                    continue;
                }
                Went::Wrong => {}
            }
            judge(&root, &before, &after, &place);
            if root.join(".pkgseal/journal").exists() || changed(&root, &after).is_empty() {
                new += 1;
            } else {
                old += 1;
            }
            mend(&root, work, &after, &place);
            assert_eq!(documents(&root), lists, "{place}");
        }
    }
    println!("{work:?} {what}: {old} stopped before the journal, {new} after, {well} not at all");
    assert!(old > 10 && new > 3, "{old} {new}");
}

#[test]
fn a_kill_before_any_call_while_signing() {
    at_every_call(Work::Sign, "signal=KILL");
}

#[test]
fn any_call_fails_while_signing() {
    at_every_call(Work::Sign, "error=ENOSPC");
}

#[test]
fn a_kill_before_any_call_while_signing_apart() {
    at_every_call(Work::Apart, "signal=KILL");
}

#[test]
fn a_kill_before_any_call_while_indexing() {
    at_every_call(Work::Index, "signal=KILL");
}

#[test]
fn any_call_fails_while_indexing() {
    at_every_call(Work::Index, "error=ENOSPC");
}
