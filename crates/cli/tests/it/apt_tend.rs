//! `apt refresh`, `apt recover` and `apt lint`: what is said, and exit statuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use pkgseal_deb::apt::Lock;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::put;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::strace::strace;
use serde_json::Value;

use crate::run::{Call, Run, find, listing, pkgseal, private_key};

const MADE: &str = "2025-03-01";
const LATER: &str = "2025-03-08";

/// A signed repository with the suite stable, valid for two weeks, and the key beside it.
struct Tended(tempfile::TempDir);

impl Tended {
    fn new() -> Self {
        let tended = Self(tempfile::tempdir().unwrap());
        private_key(tended.0.path(), "good-ed25519.key.asc");
        let deb = Deb::new("hello", "1.0", "amd64");
        put(
            &tended.root(),
            &format!("pool/main/{}", deb.file_name()),
            deb.build(),
        );
        tended.index(MADE, "stable").run().expect(0);
        tended
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("repository")
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("good-ed25519.key.asc")
    }

    fn index(&self, time: &str, suite: &str) -> Call {
        pkgseal(["apt", "index", "--suite", suite, "--time", time])
            .args(["--origin", "o", "--valid-for", "2w", "--key"])
            .arg(self.key())
            .arg(self.root())
    }

    fn refresh(&self, time: &str, options: &[&str]) -> Run {
        pkgseal(["apt", "refresh", "--time", time, "--key"])
            .arg(self.key())
            .args(options)
            .arg(self.root())
            .run()
    }

    fn recover(&self, options: &[&str]) -> Run {
        pkgseal(["apt", "recover", "--time", LATER])
            .args(options)
            .arg(self.root())
            .run()
    }

    fn release(&self) -> String {
        fs::read_to_string(self.root().join("dists/stable/Release")).unwrap()
    }

    fn verify(&self, time: &str) -> Run {
        pkgseal(["apt", "verify", "--time", time, "--keyring"])
            .arg(keys::load("good").certificate_path())
            .arg(self.root())
            .run()
    }
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

/// The codes of an object in a JSON document.
fn codes(document: &Value, object: usize) -> Vec<&str> {
    let findings = document["objects"][object]["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

#[test]
fn a_refreshed_suite_has_other_dates_and_nothing_else() {
    let tended = Tended::new();
    let old = tended.release();
    // It expired long ago, which is no reason against giving it new dates.
    let run = tended
        .refresh("2025-04-01", &["--valid-for", "10d"])
        .expect(0);
    let root = tended.root();
    assert!(
        run.stdout
            .starts_with(&format!("signed {}", root.display())),
        "{}",
        run.stdout
    );
    run.prints("/InRelease\n");
    run.prints("[apt.refresh.dates]");
    assert_eq!(run.stderr, "");
    let expected = old
        .replace("Sat, 01 Mar 2025 00:00:00", "Tue, 01 Apr 2025 00:00:00")
        .replace("Sat, 15 Mar 2025 00:00:00", "Fri, 11 Apr 2025 00:00:00");
    assert_eq!(tended.release(), expected);
    tended.verify("2025-04-10").expect(0);
    tended.verify("2025-04-12").expect(1);
    // As long as before, where nothing else is asked for.
    let run = tended.refresh("2025-04-02", &["--json"]).expect(0);
    let document = json(&run);
    assert_eq!(document["outcome"], "accepted");
    assert_eq!(document["failed"], 0);
    assert_eq!(codes(&document, 0), ["apt.refresh.dates"]);
    let outputs = document["objects"][0]["outputs"].as_array().unwrap();
    assert!(
        outputs
            .last()
            .unwrap()
            .as_str()
            .unwrap()
            .ends_with("stable/InRelease")
    );
    assert!(
        tended
            .release()
            .contains("Valid-Until: Sat, 12 Apr 2025 00:00:00 UTC")
    );
}

#[test]
fn a_young_suite_is_left_alone() {
    let tended = Tended::new();
    let old = fs::read(tended.root().join("dists/stable/InRelease")).unwrap();
    let run = tended.refresh(LATER, &["--if-older-than", "8d"]).expect(0);
    assert!(run.stdout.starts_with("unchanged "), "{}", run.stdout);
    run.prints("[apt.refresh.young]");
    let run = tended
        .refresh(LATER, &["--if-older-than", "8d", "--json"])
        .expect(0);
    assert_eq!(json(&run)["objects"][0]["outputs"], Value::Array(vec![]));
    assert_eq!(codes(&json(&run), 0), ["apt.refresh.young"]);
    assert_eq!(
        fs::read(tended.root().join("dists/stable/InRelease")).unwrap(),
        old
    );
    tended.refresh(LATER, &["--if-older-than", "7d"]).expect(0);
    assert_ne!(
        fs::read(tended.root().join("dists/stable/InRelease")).unwrap(),
        old
    );
}

#[test]
fn one_suite_of_two_is_refreshed() {
    let tended = Tended::new();
    tended.index(MADE, "testing").run().expect(0);
    let old = tended.release();
    tended.refresh(LATER, &["--suite", "testing"]).expect(0);
    assert_eq!(tended.release(), old);
    let run = tended.refresh(LATER, &["--suite", "unstable"]).expect(2);
    run.complains("apt.tree.no-suite");
}

/// What cannot be refreshed stays as it is, and no other repository suffers for it.
#[test]
fn more_than_dates_is_refused() {
    let tended = Tended::new();
    let root = tended.root();
    let suite = root.join("dists/stable");
    let refused = |options: &[&str], code: &str| {
        let old = tended.release();
        let run = tended.refresh(LATER, options).expect(2);
        run.complains("was not refreshed");
        run.complains(code);
        assert_eq!(run.stdout, "");
        assert_eq!(tended.release(), old);
    };
    let changed = |path: &Path, code: &str| {
        let old = fs::read(path).unwrap();
        let mut new = old.clone();
        let middle = new.len() / 2;
        new[middle] ^= 1;
        fs::write(path, new).unwrap();
        refused(&[], code);
        fs::write(path, old).unwrap();
    };
    changed(
        &find(&suite.join("main/binary-amd64"), "Packages.xz"),
        "file.digest-mismatch",
    );
    changed(&suite.join("InRelease"), "signature.");
    let stranger = keys::load("good-rsa4096").certificate_path();
    refused(&["--keyring", stranger.to_str().unwrap()], "signature.");
    refused(&["--threshold", "2"], "signature.");

    let nothing = tempfile::tempdir().unwrap();
    let run = pkgseal(["apt", "refresh", "--json", "--time", LATER, "--key"])
        .arg(tended.key())
        .arg(nothing.path())
        .arg(&root)
        .run()
        .expect(2);
    let document = json(&run);
    assert_eq!(document["failed"], 1);
    assert_eq!(document["outcome"], "undecided");
    assert_eq!(codes(&document, 0), ["apt.refresh.dates"]);
    assert_eq!(listing(nothing.path()), [""; 0]);

    // The clock is behind what it is to sign anew.
    let behind = tended.refresh(MADE, &[]).expect(2);
    behind.complains("signature.not-yet-valid");
    let keyless = pkgseal(["apt", "refresh"]).arg(&root).run().expect(2);
    keyless.complains("--key");
}

#[test]
fn where_nothing_was_interrupted_nothing_is_done() {
    let tended = Tended::new();
    let left = listing(&tended.root().join(".pkgseal"));
    let run = tended.recover(&[]).expect(0);
    let subject = tended.root().display().to_string();
    assert!(
        run.stdout.starts_with(&format!("unchanged {subject}")),
        "{}",
        run.stdout
    );
    assert_eq!(run.stdout.lines().count(), 1);
    let document = json(&tended.recover(&["--json"]).expect(0));
    assert_eq!(document["outcome"], "accepted");
    assert_eq!(document["objects"][0]["outputs"], Value::Array(vec![]));
    assert_eq!(listing(&tended.root().join(".pkgseal")), left);
    let empty = tempfile::tempdir().unwrap();
    pkgseal(["apt", "recover"])
        .arg(empty.path())
        .run()
        .expect(0);
    assert_eq!(listing(empty.path()), [""; 0]);
    pkgseal(["apt", "recover"])
        .arg(empty.path().join("absent"))
        .run()
        .expect(2);
}

/// A refresh that is killed once its journal stands.
fn interrupted() -> Option<Tended> {
    let strace = strace()?;
    let tended = Tended::new();
    let killed = strace
        .command()
        .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=?renameat2"])
        .args(["-e", "inject=?renameat2:signal=KILL:when=1"])
        .arg(env!("CARGO_BIN_EXE_pkgseal"))
        .args(["apt", "refresh", "--time", LATER, "--key"])
        .arg(tended.key())
        .arg(tended.root())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!killed.success());
    assert!(tended.root().join(".pkgseal/journal").exists());
    Some(tended)
}

#[test]
fn what_was_interrupted_is_completed() {
    for format in ["text", "json"] {
        let Some(tended) = interrupted() else {
            return;
        };
        let suite = tended.root().join("dists/stable").display().to_string();
        if format == "text" {
            let run = tended.recover(&[]).expect(0);
            assert!(run.stdout.starts_with("completed "), "{}", run.stdout);
            run.prints(&suite);
            run.prints("[apt.publish.completed]");
        } else {
            let document = json(&tended.recover(&["--json"]).expect(0));
            assert_eq!(document["objects"][0]["outputs"][0], Value::String(suite));
            assert_eq!(codes(&document, 0), ["apt.publish.completed"]);
        }
        assert!(tended.release().contains("Date: Sat, 08 Mar 2025"));
        tended.verify("2025-03-20").expect(0);
        let left = listing(&tended.root().join(".pkgseal"));
        assert!(
            !left.iter().any(|name| name == "journal" || name == "next"),
            "{left:?}"
        );
        let again = tended.recover(&[]).expect(0);
        assert!(again.stdout.starts_with("unchanged "), "{}", again.stdout);
    }
}

#[test]
fn what_cannot_be_completed_is_named() {
    let tended = Tended::new();
    let journal = tended.root().join(".pkgseal/journal");
    fs::write(&journal, "pkgseal publication 1\n").unwrap();
    for run in [tended.recover(&[]), tended.refresh(LATER, &[])] {
        let run = run.expect(2);
        run.complains(".pkgseal/journal");
    }
    fs::remove_file(&journal).unwrap();
    let lock = Lock::take(&tended.root(), Duration::ZERO, keys::time(MADE)).unwrap();
    for run in [tended.recover(&[]), tended.refresh(LATER, &[])] {
        let run = run.expect(2);
        let owner = format!("process {}", std::process::id());
        run.complains(&owner);
    }
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| tended.recover(&["--wait", "300s"]));
        drop(lock);
        waiting.join().unwrap().expect(0);
    });
}

#[test]
fn lint_warns_and_rejects() {
    let tended = Tended::new();
    let lint =
        |options: &[&str], path: &Path| pkgseal(["apt", "lint"]).args(options).arg(path).run();
    let clean = lint(&[], &tended.root()).expect(0);
    assert!(clean.stdout.starts_with("accepted "), "{}", clean.stdout);
    clean.prints_no("[apt.");

    let release = tended.0.path().join("Release");
    let odd = tended
        .release()
        .replace("Acquire-By-Hash: yes", "Acquire-By-Hash: true");
    fs::write(&release, &odd).unwrap();
    let run = lint(&[], &release).expect(0);
    run.prints("warning: ");
    run.prints("[apt.lint.by-hash]");
    run.prints("    hint: ");
    let document = json(&lint(&["--json"], &release).expect(0));
    assert_eq!(document["outcome"], "accepted");
    assert_eq!(codes(&document, 0), ["apt.lint.by-hash"]);
    assert_eq!(document["objects"][0]["findings"][0]["severity"], "warning");

    fs::write(&release, format!("Signed-By: somebody\n{odd}")).unwrap();
    let run = lint(&[], &release).expect(1);
    assert!(run.stdout.starts_with("rejected "), "{}", run.stdout);
    run.prints("[apt.lint.fingerprint]");
    let document = json(&lint(&["--json"], &release).expect(1));
    assert_eq!(document["outcome"], "rejected");
    assert!(codes(&document, 0).contains(&"apt.lint.fingerprint"));

    let empty = tempfile::tempdir().unwrap();
    lint(&[], empty.path()).expect(1);
    let other = tended.key();
    let run = lint(&[], &other).expect(2);
    run.complains("neither Release nor InRelease");
    let run = lint(&[], &empty.path().join("Release")).expect(2);
    assert_eq!(run.stdout, "");
    // Several paths: the worst decides, and each is told.
    let run = pkgseal(["apt", "lint"])
        .args([&release, &other, &tended.root()])
        .run()
        .expect(1);
    run.prints("1 accepted, 1 rejected");
    let run = pkgseal(["apt", "lint"])
        .args([&other, &tended.root()])
        .run()
        .expect(2);
    assert!(run.stdout.starts_with("accepted "), "{}", run.stdout);
}
