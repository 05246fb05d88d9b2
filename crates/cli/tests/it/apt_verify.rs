//! The options of `pkgseal apt verify`.

use std::fs;
use std::path::Path;

use pkgseal_testkit::build::mirror::Mirror;

use crate::run::{Run, pkgseal, private_key, repository};

/// A mirror that `pkgseal sign` signed in place.
struct Signed(tempfile::TempDir);

impl Signed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = private_key(folder.path(), "good-ed25519-2.key.asc");
        Mirror::new(0).write(&folder.path().join("mirror"));
        pkgseal(["sign", "--time", "2025-03-01", "--key"])
            .arg(key)
            .arg(folder.path().join("mirror"))
            .run()
            .expect(0);
        Self(folder)
    }

    fn root(&self) -> std::path::PathBuf {
        self.0.path().join("mirror")
    }

    fn verify(&self, options: &[&str]) -> Run {
        pkgseal(["apt", "verify", "--time", "2025-03-02", "--keyring"])
            .arg(repository("testdata/keys/good-ed25519-2.cert.asc"))
            .args(options)
            .arg(self.root())
            .run()
    }

    /// The codes in a rejection.
    #[track_caller]
    fn rejects(&self, options: &[&str], code: &str) {
        let run = self.verify(options).expect(1);
        run.prints(&format!("[{code}]"));
    }

    fn policy(&self, text: &str) -> String {
        let path = self.0.path().join("policy.toml");
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn levels_find_what_they_look_at() {
    let signed = Signed::new();
    let all = ["signatures", "indices", "existence", "content", "control"];
    for level in all {
        signed.verify(&["--level", level]).expect(0);
    }
    let package = "pool/main/p/package001/package001_1.0_amd64.deb";
    flip(&signed.root().join(package));
    for (level, status) in all.into_iter().zip([0, 0, 0, 1, 1]) {
        signed.verify(&["--level", level]).expect(status);
    }
    fs::remove_file(signed.root().join(package)).unwrap();
    for (level, status) in all.into_iter().zip([0, 0, 1, 1, 1]) {
        signed.verify(&["--level", level]).expect(status);
    }
    flip(&signed.root().join("dists/stable/main/Contents-amd64.gz"));
    for (level, status) in all.into_iter().zip([0, 1, 1, 1, 1]) {
        signed.verify(&["--level", level]).expect(status);
    }
    signed.verify(&["--level", "everything"]).expect(2);
}

#[test]
fn a_part_is_asked_for() {
    let signed = Signed::new();
    let contrib = "pool/contrib/p/package008/package008_1.0_all.deb";
    fs::remove_file(signed.root().join(contrib)).unwrap();
    signed.rejects(&[], "file.missing");
    signed.rejects(&["--component", "contrib"], "file.missing");
    signed.rejects(&["--arch", "amd64"], "file.missing");
    signed.verify(&["--component", "main"]).expect(0);
    signed.verify(&["--arch", "source"]).expect(0);
    signed.verify(&["--suite", "*-updates"]).expect(0);
    signed.rejects(&["--suite", "stable"], "file.missing");
    signed.rejects(
        &["--suite", "stable-updates", "--suite", "sid"],
        "apt.tree.suite-missing",
    );
    signed.rejects(&["--component", "non-free"], "apt.tree.part-missing");
    signed.rejects(&["--arch", "riscv64"], "apt.tree.part-missing");
    // Listed, and not mirrored.
    signed.rejects(&["--arch", "i386"], "apt.index.missing");
}

#[test]
fn ages_are_asked_for() {
    let signed = Signed::new();
    // Dated 2025-02-01; it is 2025-03-02.
    signed.verify(&["--max-age", "29d"]).expect(0);
    signed.rejects(&["--max-age", "4w"], "apt.release.too-old");
    signed.rejects(&["--max-valid-time", "28d"], "apt.release.expired");
    signed
        .verify(&["--min-valid-time", "1d", "--clock-skew", "1h"])
        .expect(0);
    for text in ["", "4", "-1d", "soon"] {
        signed.verify(&["--max-age", text]).expect(2);
    }
}

#[test]
fn names_are_asked_for() {
    let signed = Signed::new();
    let one = |options: &[&str]| signed.verify(&[&["--suite", "stable"], options].concat());
    one(&["--expect-suite", "stable", "--expect-codename", "stable"]).expect(0);
    one(&["--expect-origin", "Debian", "--expect-label", "Debian"]).expect(0);
    one(&["--expect-component", "main"]).expect(0);
    for option in ["suite", "codename", "origin", "label", "component"] {
        let run = one(&[&format!("--expect-{option}"), "other"]).expect(1);
        assert!(run.stdout.contains("[apt.release.identity]"), "{option}");
    }
}

#[test]
fn a_policy_file_says_it_for_each_suite() {
    let signed = Signed::new();
    let policy = signed.policy(
        "[[suite]]\norigin = \"Debian\"\n\n[[suite]]\nname = \"testing\"\n\
         codename = \"testing\"\nmax-age = \"30d\"\n",
    );
    signed.verify(&["--policy", &policy]).expect(0);
    let policy = signed.policy("[[suite]]\nname = \"testing\"\nmax-age = \"1d\"\n");
    let run = signed.verify(&["--policy", &policy]).expect(1);
    run.prints("dists/testing/InRelease");
    assert_eq!(run.stdout.matches("[apt.release.too-old]").count(), 1);
    for text in ["[[suites]]\n", "[[suite]]\nmax-age = 1\n", "nonsense"] {
        let policy = signed.policy(text);
        let run = signed.verify(&["--policy", &policy]).expect(2);
        run.complains("policy.toml");
    }
    signed
        .verify(&["--policy", "/nowhere/policy.toml"])
        .expect(2);
}
