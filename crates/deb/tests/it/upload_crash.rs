//! Signers that are killed before any one of their system calls, or for whom any one of
//! them fails: the documents are all signed or none is, at the latest when the next
//! signer comes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use pkgseal_deb::upload::{self, Existing};
use pkgseal_openpgp::Examination;
use pkgseal_repo::{CheckOptions, Destination, NoProgress, Outcome, complete, unfinished};
use pkgseal_testkit::build::upload::Upload;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::strace::{CHANGING, Went, inject, strace};

use crate::common::{accepted, codes, folder, verifier, write};

const CHANGES: &str = "hello_1.0-1_amd64.changes";

/// Names the folder a child process signs in.
const CHILD: &str = "PKGSEAL_SIGN_UPLOAD_IN";

fn sign(root: &Path) -> pkgseal_deb::Result<()> {
    let time = keys::time(keys::SIGNED);
    upload::sign(
        &root.join(CHANGES),
        &[keys::signer("good", time)],
        time,
        &Destination::Beside,
        Existing::Replace,
        &CheckOptions::default(),
        &NoProgress,
    )
    .map(drop)
}

/// Does nothing unless it is the child.
#[test]
fn child() {
    if let Some(root) = std::env::var_os(CHILD) {
        sign(Path::new(&root)).unwrap();
    }
}

/// What is there, but for names that nobody reads.
fn content(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if !name.starts_with('.') {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    files
}

fn litter(root: &Path) -> usize {
    fs::read_dir(root).unwrap().count() - content(root).len()
}

fn verify(root: &Path) -> Examination {
    let (options, verifier) = (CheckOptions::default(), verifier(&["good"]));
    upload::verify(&root.join(CHANGES), &verifier, None, &options, &NoProgress).unwrap()
}

fn at_every_call(what: &str) {
    let Some(strace) = strace() else {
        return;
    };
    let files = Upload::new().unsigned();
    let fill = |root: &Path| {
        let _ = fs::remove_dir_all(root);
        fs::create_dir(root).unwrap();
        files.iter().for_each(|(name, bytes)| {
            write(root, name, bytes);
        });
    };
    let folder = folder();
    let root = folder.path().join("upload");
    let log = folder.path().join("trace");
    fill(&root);
    let before = content(&root);
    sign(&root).unwrap();
    let after = content(&root);
    accepted(&verify(&root));

    let (mut old, mut new, mut between, mut left) = (0, 0, 0, 0);
    for call in CHANGING {
        for number in 1.. {
            fill(&root);
            let place = format!("{what} at {call} {number}");
            let mut program = Command::new(std::env::current_exe().unwrap());
            program
                .args(["upload_crash::child", "--exact", "--test-threads=1"])
                .env(CHILD, &root);
            match inject(&strace, &program, call, what, number, &log) {
                Went::Through => break,
                Went::Well => assert!(content(&root) == after, "{place}"),
                Went::Wrong => {}
            }
            if unfinished(&root) {
                between += 1;
                let found = codes(&verify(&root));
                assert!(found.contains(&"upload.unfinished"), "{place}: {found:?}");
                complete(&root).unwrap();
                assert!(content(&root) == after, "{place}");
            }
            let found = content(&root);
            if found == before {
                old += 1;
            } else {
                assert!(found == after, "{place}: some are signed and some are not");
                accepted(&verify(&root));
                new += 1;
            }
            // Only a kill between the calls that name files leaves names behind.
            let names = litter(&root);
            assert!(names == 0 || what.starts_with("signal"), "{place}: {names}");
            left += usize::from(names > 0);
            sign(&root).unwrap();
            assert!(content(&root) == after, "{place}");
        }
    }
    println!("{what}: {old} old, {new} new, {between} of them between, {left} with litter");
    assert!(old > 5 && between > 3, "{old} {between}");
}

#[test]
fn a_kill_before_any_call_that_changes_anything() {
    at_every_call("signal=KILL");
}

#[test]
fn any_call_that_changes_anything_fails() {
    at_every_call("error=ENOSPC");
    at_every_call("error=EIO");
}

/// Who signs again after a crash is told what was completed, and it is not signed twice.
#[test]
fn signing_again_completes() {
    let Some(strace) = strace() else {
        return;
    };
    let folder = folder();
    let root = folder.path().join("upload");
    fs::create_dir(&root).unwrap();
    for (name, bytes) in Upload::new().unsigned() {
        write(&root, &name, &bytes);
    }
    let mut program = Command::new(std::env::current_exe().unwrap());
    program
        .args(["upload_crash::child", "--exact", "--test-threads=1"])
        .env(CHILD, &root);
    let log = folder.path().join("trace");
    let went = inject(&strace, &program, "rename", "signal=KILL", 2, &log);
    assert_eq!(went, Went::Wrong);
    assert!(unfinished(&root));
    let time = keys::time(keys::SIGNED);
    let signed = upload::sign(
        &root.join(CHANGES),
        &[keys::signer("good", time)],
        time,
        &Destination::Beside,
        Existing::Keep,
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap();
    assert_eq!(signed.outputs.len(), 2, "{:?}", signed.outputs);
    assert_eq!(signed.examination.outcome(), Outcome::Accepted);
    accepted(&verify(&root));
    assert_eq!(litter(&root), 0);
}
