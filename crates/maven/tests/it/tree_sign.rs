//! Signing a repository.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use jiff::Timestamp;
use pkgseal_maven::{Error, Result, tree};
use pkgseal_openpgp::Signed;
use pkgseal_repo::{CheckOptions, Destination, NoProgress};
use pkgseal_testkit::build::put;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::gnupg::gpgv;

use crate::tree_verify::{repository, unsigned, verify};
use crate::{assert_accepted, contents};

fn sign_at(path: &Path, time: Timestamp, destination: &Destination) -> Result<Signed> {
    tree::sign(
        path,
        &[keys::signer("good", keys::time(keys::SIGNED))],
        time,
        destination,
        &CheckOptions::default(),
        &NoProgress,
    )
}

fn sign(path: &Path, destination: &Destination) -> Result<Signed> {
    sign_at(path, keys::time(keys::SIGNED), destination)
}

#[test]
fn signing_beside_adds_signatures_and_changes_nothing_else() {
    let dir = unsigned();
    let before = contents(dir.path());
    let signed = sign(dir.path(), &Destination::Beside).unwrap();
    assert_accepted(&signed.examination);
    assert_eq!(signed.outputs.len(), 12);
    assert_eq!(signed.examination.signatures.len(), 12);
    let after = contents(dir.path());
    assert_eq!(after.len(), before.len() + 12);
    let others: Vec<_> = after
        .into_iter()
        .filter(|(name, _)| !name.ends_with(".asc"))
        .collect();
    assert_eq!(others, before);
    for output in &signed.outputs {
        let name = output.display().to_string();
        assert!(
            !name.contains("metadata") && !name.contains(".md5"),
            "{name}"
        );
    }
}

#[test]
fn signing_into_a_directory_makes_the_whole_tree() {
    let dir = repository();
    put(
        dir.path(),
        "org/example/lib/1.0/lib-1.0.jar.sigstore.json",
        "{}",
    );
    put(
        dir.path(),
        "org/example/lib/1.0/lib-1.0.jar.asc.md5",
        "stale",
    );
    put(dir.path(), "org/example/lib/1.0/_remote.repositories", "x");
    let before = contents(dir.path());
    let out = tempfile::tempdir().unwrap();
    let target = out.path().join("signed/tree");
    let signed = sign_at(
        dir.path(),
        keys::time("2025-04-01"),
        &Destination::Directory(target.clone()),
    )
    .unwrap();
    assert_eq!(contents(dir.path()), before, "the input is untouched");
    assert_accepted(&verify(&target));
    let made = contents(&target);
    assert_eq!(made.len(), signed.outputs.len());
    // All but the stale checksum and Maven's own note.
    assert_eq!(made.len(), before.len() - 2);
    for (name, content) in &before {
        let copied = made.iter().find(|(other, _)| other == name);
        if name.ends_with(".asc") {
            assert_ne!(&copied.unwrap().1, content, "{name}");
        } else if !name.ends_with(".asc.md5") && !name.ends_with("_remote.repositories") {
            assert_eq!(&copied.unwrap().1, content, "{name}");
        }
    }
}

#[test]
fn signatures_are_reproducible() {
    let made = [unsigned(), unsigned()].map(|dir| {
        sign(dir.path(), &Destination::Beside).unwrap();
        contents(dir.path())
    });
    assert!(made[0] == made[1]);
}

#[test]
fn every_signature_satisfies_gpgv() {
    let dir = repository();
    let keyring = keys::keyring(&["good"]);
    for (name, signature) in contents(dir.path()) {
        if let Some(artifact) = name.strip_suffix(".asc") {
            let data = fs::read(dir.path().join(artifact)).unwrap();
            let Some(run) = gpgv(&keyring, &signature, Some(&data)) else {
                return;
            };
            assert!(run.expect_ok().says("GOODSIG"));
        }
    }
}

/// Signing this fails, and leaves input and output as they were.
#[track_caller]
fn refused(dir: &Path, words: &str) {
    let before = contents(dir);
    let out = tempfile::tempdir().unwrap();
    for destination in [
        Destination::Beside,
        Destination::Directory(out.path().join("new/tree")),
    ] {
        let error = sign(dir, &destination).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(contents(dir) == before, "the input changed");
        let left: Vec<_> = fs::read_dir(out.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn one_damaged_artifact_stops_everything() {
    let dir = unsigned();
    put(dir.path(), "org/example/lib/1.1/lib-1.1.jar", "damaged");
    refused(dir.path(), "the checksum file says");
}

#[test]
fn strange_trees_are_not_signed() {
    let dir = unsigned();
    put(dir.path(), "org/example/lib/1.0/evil-1.0.jar", "x");
    refused(dir.path(), "evil-1.0.jar");
    let dir = unsigned();
    symlink(
        "/etc/passwd",
        dir.path().join("org/example/lib/1.0/lib-1.0.war"),
    )
    .unwrap();
    refused(dir.path(), "leads out");
    let dir = unsigned();
    symlink("1.0", dir.path().join("org/example/lib/2.0")).unwrap();
    refused(dir.path(), "link to a folder");
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "just/some/file.txt", "x");
    refused(dir.path(), "holds no artifact");
}

#[test]
fn a_key_that_is_not_fit_signs_nothing() {
    let dir = unsigned();
    let before = contents(dir.path());
    let result = tree::sign(
        dir.path(),
        &[keys::signer("expired", keys::time(keys::SIGNED))],
        keys::time("2025-06-15"),
        &Destination::Beside,
        &CheckOptions::default(),
        &NoProgress,
    );
    assert!(
        matches!(result, Err(Error::SelfVerification { .. })),
        "{result:?}"
    );
    let none = tree::sign(
        dir.path(),
        &[],
        keys::time(keys::SIGNED),
        &Destination::Beside,
        &CheckOptions::default(),
        &NoProgress,
    );
    assert!(matches!(none, Err(Error::NoSigner)));
    assert!(contents(dir.path()) == before);
}

#[test]
fn an_output_that_cannot_be_written_changes_nothing() {
    // The last signature's place is taken by a folder: staging it fails.
    let dir = unsigned();
    let taken = dir.path().join("org/example/lib/1.1/lib-1.1.pom.asc");
    fs::create_dir(&taken).unwrap();
    let before = contents(dir.path());
    let error = sign(dir.path(), &Destination::Beside).unwrap_err();
    assert!(matches!(error, Error::Repo(_)), "{error:?}");
    assert!(contents(dir.path()) == before);
    // An output folder below a file.
    let out = tempfile::tempdir().unwrap();
    fs::write(out.path().join("file"), "x").unwrap();
    let dir = unsigned();
    // Below a file, and where nobody can write, root included.
    for below in [out.path().join("file/below"), "/proc/pkgseal".into()] {
        let below = Destination::Directory(below);
        assert!(matches!(
            sign(dir.path(), &below),
            Err(Error::Repo(pkgseal_repo::Error::Write { .. }))
        ));
    }
}

#[test]
fn an_output_folder_inside_the_repository_is_refused() {
    let dir = unsigned();
    let before = contents(dir.path());
    fs::create_dir(dir.path().join("there")).unwrap();
    for inside in ["out", "there", "org/example/new/deep", "there/../org"] {
        let inside = Destination::Directory(dir.path().join(inside));
        let error = sign(dir.path(), &inside).unwrap_err();
        assert!(
            matches!(&error, Error::Repo(pkgseal_repo::Error::Write { .. })),
            "{error}"
        );
        assert!(contents(dir.path()) == before);
    }
    // The repository itself, by another name, is signed in place.
    let same = Destination::Directory(dir.path().join("there/.."));
    assert_eq!(sign(dir.path(), &same).unwrap().outputs.len(), 12);
}
