//! A full disk and a killed run while signing: the old files are whole, and no litter.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pkgseal_maven::{artifact, tree};
use pkgseal_repo::{CheckOptions, Destination, Limits, NoProgress, Progress};
use pkgseal_testkit::keys;

use crate::tree_verify::{repository, verify};
use crate::{assert_accepted, contents, plus};

const ARTIFACT: &str = "org/example/lib/1.0/lib-1.0.jar";
/// Later than the signatures that are there, so that new ones differ.
const LATER: &str = "2025-04-01";

/// Runs this test binary again as a child that signs the tree, started by `shell`.
fn child(scenario: &str, tree: &Path, out: &Path, shell: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", shell])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "faults::child_process", "--nocapture"])
        .env("PKGSEAL_FAULT", scenario)
        .env("PKGSEAL_TREE", tree)
        .env("PKGSEAL_OUT", out)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Stops at the second file, until someone kills us.
struct Stop;

impl Progress for Stop {
    fn file(&self) {
        println!("written");
        std::io::stdout().flush().unwrap();
        let _ = std::io::stdin().read(&mut [0]);
    }
}

/// Not a test of its own: the child of the next ones.
#[test]
fn child_process() {
    let Ok(scenario) = std::env::var("PKGSEAL_FAULT") else {
        return;
    };
    let tree = PathBuf::from(std::env::var_os("PKGSEAL_TREE").unwrap());
    let out = PathBuf::from(std::env::var_os("PKGSEAL_OUT").unwrap());
    let time = keys::time(LATER);
    let signers = [keys::signer("good", time)];
    let options = CheckOptions::default();
    let sign = |destination: &Destination, progress: &dyn Progress| {
        tree::sign(&tree, &signers, time, destination, &options, progress)
    };
    let results = match scenario.as_str() {
        "full" => {
            let artifact = tree.join(ARTIFACT);
            let limits = Limits::default();
            vec![
                artifact::sign(&artifact, &signers, time, &Destination::Beside, &limits),
                sign(&Destination::Beside, &NoProgress),
                sign(&Destination::Directory(out), &NoProgress),
            ]
        }
        "killed" => vec![sign(&Destination::Directory(out), &Stop)],
        other => panic!("{other}"),
    };
    for result in results {
        println!(
            "result: {}",
            result.map_or_else(|error| error.to_string(), |_| "signed".to_owned())
        );
    }
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
    assert!(contents(out.path()).is_empty());
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn a_killed_run_changes_nothing() {
    let tree = repository();
    let out = tempfile::tempdir().unwrap();
    let before = contents(tree.path());
    let mut child = child("killed", tree.path(), out.path(), "exec \"$0\" \"$@\"")
        .spawn()
        .unwrap();
    let mut output = String::new();
    let mut stdout = child.stdout.take().unwrap();
    while !output.contains("written") {
        let mut piece = [0; 256];
        let count = stdout.read(&mut piece).unwrap();
        assert_ne!(count, 0, "{output}");
        output.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(contents(tree.path()) == before);
    assert_accepted(&verify(tree.path()));
    // Folders were made; of files there is none, under any name.
    let left = contents(out.path());
    let nameless = plus(out.path(), "/probe");
    let probe = pkgseal_repo::StagedFile::create(&nameless).unwrap();
    if std::fs::read_dir(out.path()).unwrap().count() == 1 {
        assert!(left.is_empty(), "{left:?}");
    } else {
        println!("SKIP: no O_TMPFILE here");
    }
    drop(probe);
}
