//! A full disk and a killed run while signing: the old files are whole, and no litter.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pkgseal_repo::{CheckOptions, Destination, NoProgress};
use pkgseal_rpm::package::{self, Existing, SignOptions};
use pkgseal_rpm::yum;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::yum::Repository;
use pkgseal_testkit::keys;

use crate::common::{assert_accepted, limits, signed, trusting};

const PACKAGE: &str = "Packages/hello-1.0-1.noarch.rpm";

/// Runs this test binary again as a child that signs, started by `shell`.
fn child(scenario: &str, tree: &Path, out: &Path, shell: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", shell])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "faults::child_process", "--nocapture"])
        .env("PKGSEAL_FAULT", scenario)
        .env("PKGSEAL_TREE", tree)
        .env("PKGSEAL_OUT", out)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Not a test of its own: the child of the next ones.
#[test]
fn child_process() {
    let Ok(scenario) = std::env::var("PKGSEAL_FAULT") else {
        return;
    };
    let tree = PathBuf::from(std::env::var_os("PKGSEAL_TREE").unwrap());
    let out = PathBuf::from(std::env::var_os("PKGSEAL_OUT").unwrap());
    let package = tree.join(PACKAGE);
    let time = signed();
    let sign_package = |key: &str| {
        let options = SignOptions {
            existing: Existing::Replace,
            ..SignOptions::default()
        };
        let signer = keys::signer(key, time);
        package::sign_with(
            &package,
            &[signer],
            time,
            &Destination::Beside,
            &limits(),
            &options,
        )
    };
    let sign_tree = |destination: &Destination| {
        let signers = [keys::signer("good", time)];
        let options = CheckOptions::default();
        yum::sign_tree(&tree, &signers, time, destination, &options, &NoProgress)
    };
    if scenario == "killed" {
        loop {
            for key in ["good-rsa2048", "good-ed25519"] {
                sign_package(key).unwrap();
                println!("written");
                std::io::stdout().flush().unwrap();
            }
        }
    }
    for result in [
        sign_package("good"),
        sign_tree(&Destination::Beside),
        sign_tree(&Destination::Directory(out)),
    ] {
        println!(
            "result: {}",
            result.map_or_else(|error| error.to_string(), |_| "signed".to_owned())
        );
    }
}

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    Repository::new(vec![Rpm::new("hello", "1.0", "noarch", Format::V4)]).write(folder.path());
    folder
}

/// Every file below a folder, with its content.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_full_disk_changes_nothing() {
    let tree = repository();
    let out = tempfile::tempdir().unwrap();
    let before = contents(tree.path());
    // A file size limit of nothing stands in for a full disk: it stops root too.
    let shell = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
    let output = child("full", tree.path(), &out.path().join("new"), shell)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.matches("result: cannot write ").count(), 3, "{said}");
    assert!(contents(tree.path()) == before);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0, "no litter");
}

#[test]
fn a_killed_run_leaves_a_whole_package() {
    for round in 1..=5 {
        let tree = repository();
        let mut child = child("killed", tree.path(), tree.path(), "exec \"$0\" \"$@\"")
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut output = String::new();
        while output.matches("written").count() < round {
            let mut piece = [0; 16];
            let count = stdout.read(&mut piece).unwrap();
            assert_ne!(count, 0, "{output}");
            output.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
        // Somewhere in the middle of the next one.
        child.kill().unwrap();
        child.wait().unwrap();
        let verifier = trusting(&["good-rsa2048", "good-ed25519"]);
        let found = package::verify(&tree.path().join(PACKAGE), &verifier, &limits()).unwrap();
        assert_accepted(&found);
        let nameless = fs::read_dir(tree.path().join("Packages")).unwrap().count() == 1;
        if !nameless {
            println!("SKIP: no O_TMPFILE here, or killed between its two names");
        }
    }
}

#[test]
fn output_inside_the_repository_is_refused() {
    let tree = repository();
    let before = contents(tree.path());
    let signers = [keys::signer("good", signed())];
    for inside in ["out", "Packages", "a/b"] {
        let error = yum::sign_tree(
            tree.path(),
            &signers,
            signed(),
            &Destination::Directory(tree.path().join(inside)),
            &CheckOptions::default(),
            &NoProgress,
        )
        .unwrap_err();
        assert!(
            matches!(
                &error,
                pkgseal_rpm::Error::Repo(pkgseal_repo::Error::Write { .. })
            ),
            "{error}"
        );
    }
    assert!(contents(tree.path()) == before);
}
