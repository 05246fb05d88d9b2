//! A full disk, a killed run, a target that cannot be written: the old file is whole,
//! and nothing is left lying about.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use pkgseal_deb::package::{self, SignOptions};
use pkgseal_deb::{Error, apt, upload};
use pkgseal_repo::{CheckOptions, Destination, Limits, NoProgress, Root};
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::upload::Upload;
use pkgseal_testkit::keys;

use crate::common::{folder, repository, sign_tree, write};

const CHANGES: &str = "hello_1.0-1_amd64.changes";

/// Names the folder a child process signs in.
const CHILD: &str = "PKGSEAL_TROUBLE";

fn sign(root: &Path, destination: &Destination) -> pkgseal_deb::Result<()> {
    let time = keys::time(keys::SIGNED);
    let signers = [
        keys::signer("good-rsa4096", time),
        keys::signer("good", time),
    ];
    if root.join("hello.deb").exists() {
        let path = root.join("hello.deb");
        package::sign(
            &path,
            &SignOptions::default(),
            &signers,
            time,
            destination,
            &Limits::default(),
        )?;
    } else if root.join(CHANGES).exists() {
        upload::sign(
            &root.join(CHANGES),
            &signers,
            time,
            destination,
            upload::Existing::Replace,
            &CheckOptions::default(),
            &NoProgress,
        )?;
    } else {
        let options = CheckOptions::default();
        apt::sign_tree(root, &signers, time, destination, &options, &NoProgress)?;
    }
    Ok(())
}

/// Does nothing unless it is the child.
#[test]
fn child() {
    if let Some(root) = std::env::var_os(CHILD) {
        sign(Path::new(&root), &Destination::Beside).unwrap();
    }
}

/// Signs in a child that may write no file longer than `blocks` of 512 bytes. With the
/// signal ignored, writing fails as on a full disk; else the child is killed.
fn limited(root: &Path, blocks: u32, trap: &str) -> bool {
    let script = format!("ulimit -c 0; ulimit -f {blocks}; {trap} exec \"$0\" \"$@\"");
    let status = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(["trouble::child", "--exact", "--test-threads=1"])
        .env(CHILD, root)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    status.success()
}

/// What readers see: all but what belongs to the publisher, and goes with the next run.
fn content(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = Root::open(root).unwrap().walk(None).unwrap();
    files.retain(|(path, _)| !path.as_ref().unwrap().as_str().starts_with(".pkgseal/"));
    let read = |(path, _): (pkgseal_repo::Result<pkgseal_repo::SafePath>, u64)| {
        let path = path.unwrap().to_string();
        let bytes = std::fs::read(root.join(&path)).unwrap();
        (path, bytes)
    };
    files.into_iter().map(read).collect()
}

fn big_package() -> Vec<u8> {
    let mut noise = Vec::new();
    let mut state = 1_u32;
    while noise.len() < 40_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.extend(state.to_be_bytes());
    }
    Deb::new("hello", "1.0", "amd64")
        .file("noise", &noise)
        .build()
}

#[test]
fn a_package_survives_a_full_disk_and_a_kill() {
    for trap in ["trap '' XFSZ;", ""] {
        for blocks in [0, 1, 30, 60] {
            let folder = folder();
            write(folder.path(), "hello.deb", &big_package());
            let before = content(folder.path());
            assert!(!limited(folder.path(), blocks, trap), "{blocks} {trap}");
            assert_eq!(content(folder.path()), before, "{blocks} {trap}");
        }
    }
    let folder = folder();
    write(folder.path(), "hello.deb", &big_package());
    assert!(limited(folder.path(), 1000, ""));
}

#[test]
fn a_repository_survives_a_full_disk_and_a_kill() {
    for trap in ["trap '' XFSZ;", ""] {
        for blocks in [0, 1] {
            let folder = folder();
            repository().write(folder.path());
            sign_tree(folder.path(), &["good"]);
            let before = content(folder.path());
            assert!(!limited(folder.path(), blocks, trap), "{blocks} {trap}");
            assert_eq!(content(folder.path()), before, "{blocks} {trap}");
        }
    }
}

/// The .dsc would still fit, the .changes would not: then neither changes.
#[test]
fn an_upload_survives_a_full_disk_and_a_kill() {
    let changes = "Changes-Long:\n".to_owned() + &" x\n".repeat(2000);
    let upload = Upload {
        fields: changes,
        ..Upload::new()
    };
    for trap in ["trap '' XFSZ;", ""] {
        for blocks in [0, 1, 4, 8, 12] {
            let folder = folder();
            for (name, content) in upload.unsigned() {
                write(folder.path(), &name, &content);
            }
            let before = content(folder.path());
            assert!(!limited(folder.path(), blocks, trap), "{blocks} {trap}");
            assert_eq!(content(folder.path()), before, "{blocks} {trap}");
        }
    }
    let folder = folder();
    for (name, content) in upload.unsigned() {
        write(folder.path(), &name, &content);
    }
    assert!(limited(folder.path(), 1000, ""));
    // A directory where the copy of one file would go: nothing becomes visible.
    let out = tempfile::tempdir().unwrap();
    std::fs::create_dir(out.path().join("hello_1.0-1_all.deb")).unwrap();
    let destination = Destination::Directory(out.path().to_owned());
    let error = sign(folder.path(), &destination).unwrap_err();
    assert!(matches!(error, Error::Repo(_)), "{error}");
    assert!(content(out.path()).is_empty());
}

#[test]
fn a_target_that_cannot_be_written_is_an_error() {
    let folder = folder();
    write(folder.path(), "hello.deb", &big_package());
    let before = content(folder.path());
    let nowhere = Destination::Directory("/proc/self/none".into());
    let error = sign(folder.path(), &nowhere).unwrap_err();
    assert!(matches!(error, Error::Repo(_)), "{error}");
    assert_eq!(content(folder.path()), before);
}

#[test]
fn a_key_that_died_meanwhile_signs_nothing() {
    let folder = folder();
    repository().write(folder.path());
    let before = content(folder.path());
    let signers = [keys::signer("expired", keys::time(keys::SIGNED))];
    let time = keys::time(keys::NOW);
    let error = apt::sign_tree(
        folder.path(),
        &signers,
        time,
        &Destination::Beside,
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert_eq!(content(folder.path()), before);
}
