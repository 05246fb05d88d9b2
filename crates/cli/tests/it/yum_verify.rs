//! `pkgseal yum verify` and `pkgseal yum metalink`.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::Digest;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::yum::Repository;

use crate::run::{Run, find, pkgseal, private_key, repository};

/// A repository that `pkgseal sign` signed in place; its packages are not signed.
struct Signed(tempfile::TempDir);

const PACKAGE: &str = "Packages/alpha-1.0-1.noarch.rpm";

impl Signed {
    fn new() -> Self {
        let signed = Self(tempfile::tempdir().unwrap());
        Repository::new(vec![Rpm::new("alpha", "1.0", "noarch", Format::V4)]).write(&signed.root());
        signed.sign("2025-03-01");
        signed
    }

    fn sign(&self, time: &str) {
        let key = private_key(self.0.path(), "good-ed25519-2.key.asc");
        pkgseal(["sign", "--time", time, "--key"])
            .arg(&key)
            .arg(self.root())
            .run()
            .expect(0);
        fs::remove_file(key).unwrap();
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("repository")
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn verify(&self, options: &[&str]) -> Run {
        pkgseal(["yum", "verify", "--time", "2025-03-03", "--keyring"])
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

    /// A metalink whose current generation is `current`, and one older.
    fn metalink(&self, current: &[u8], older: &[u8]) -> PathBuf {
        let version = |bytes: &[u8], timestamp: u64| {
            format!(
                "<mm0:timestamp>{timestamp}</mm0:timestamp><size>{}</size><verification>\
                 <hash type=\"sha256\">{}</hash></verification>",
                bytes.len(),
                Digest::Sha256.hex(bytes)
            )
        };
        let path = self.beside("metalink.xml");
        let text = format!(
            "<metalink><files><file name=\"repomd.xml\">{}<mm0:alternates><mm0:alternate>{}\
             </mm0:alternate></mm0:alternates></file></files></metalink>",
            version(current, 1_740_787_200),
            version(older, 1_740_000_000)
        );
        fs::write(&path, text).unwrap();
        path
    }

    fn repomd(&self) -> Vec<u8> {
        fs::read(self.root().join("repodata/repomd.xml")).unwrap()
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
    let all = ["signatures", "indices", "existence", "content", "packages"];
    let statuses = |expected: [i32; 5]| {
        for (level, status) in all.into_iter().zip(expected) {
            signed.verify(&["--level", level]).expect(status);
        }
    };
    statuses([0, 0, 0, 0, 1]);
    signed.rejects(&["--level", "packages"], "rpm.unsigned");
    flip(&signed.root().join(PACKAGE));
    statuses([0, 0, 0, 1, 1]);
    fs::remove_file(signed.root().join(PACKAGE)).unwrap();
    statuses([0, 0, 1, 1, 1]);
    flip(&find(&signed.root().join("repodata"), "other.xml.gz"));
    statuses([0, 1, 1, 1, 1]);
    flip(&signed.root().join("repodata/repomd.xml"));
    statuses([1, 1, 1, 1, 1]);
    signed.verify(&["--level", "everything"]).expect(2);
}

#[test]
fn age_is_judged() {
    let signed = Signed::new();
    signed.verify(&["--max-age", "2d"]).expect(0);
    signed.rejects(&["--max-age", "47h"], "yum.repomd.too-old");
    signed.verify(&["--max-age", "long"]).expect(2);
    // Its files are of February; before that it is of the future.
    signed.verify(&["--clock-skew", "0s"]).expect(0);
}

#[test]
fn a_state_file_remembers() {
    let signed = Signed::new();
    let state = signed.beside("state");
    let with_state = ["--state", state.to_str().unwrap()];
    let old = ["repomd.xml", "repomd.xml.asc"].map(|name| {
        let path = signed.root().join("repodata").join(name);
        let bytes = fs::read(&path).unwrap();
        (path, bytes)
    });
    signed.verify(&with_state).expect(0);
    let first = fs::read_to_string(&state).unwrap();
    assert!(first.starts_with("pkgseal-yum-state 1\n\nseen 2025-03-03T00:00:00Z\nrepomd "));
    signed.verify(&with_state).expect(0);
    assert_eq!(
        fs::read_to_string(&state).unwrap(),
        first,
        "the same, seen first"
    );

    // The next generation, then the old one again.
    let (xml, bytes) = &old[0];
    let next = String::from_utf8(bytes.clone()).unwrap();
    fs::write(xml, next.replace("<revision>1", "<revision>2")).unwrap();
    signed.sign("2025-03-02");
    signed.verify(&with_state).expect(0);
    let second = fs::read_to_string(&state).unwrap();
    assert_eq!(second.matches("seen ").count(), 2);
    for (path, bytes) in &old {
        fs::write(path, bytes).unwrap();
    }
    signed.rejects(&with_state, "yum.repomd.rollback");
    assert_eq!(
        fs::read_to_string(&state).unwrap(),
        second,
        "what is rejected is not remembered"
    );
    signed.verify(&[]).expect(0);

    let root = signed.root();
    let several = signed.verify(&[with_state[0], with_state[1], root.to_str().unwrap()]);
    assert!(several.expect(2).stderr.contains("one repository"));
    fs::write(&state, "nonsense\n").unwrap();
    assert!(
        signed
            .verify(&with_state)
            .expect(2)
            .stderr
            .contains("is no state file")
    );
    signed
        .verify(&["--state", "/no/such/folder/state"])
        .expect(2);
}

#[test]
fn a_metalink_vouches() {
    let signed = Signed::new();
    let repomd = signed.repomd();
    let metalink = |current: &[u8], older: &[u8], options: &[&str], status: i32| {
        let file = signed.metalink(current, older);
        let also = ["--metalink", file.to_str().unwrap()];
        let both = signed.verify(&[options, &also].concat()).expect(status);
        let alone = pkgseal(["yum", "metalink", "--time", "2025-03-03"])
            .args(options)
            .arg(&file)
            .arg(signed.root())
            .run()
            .expect(status);
        (both.stdout, alone.stdout)
    };
    metalink(&repomd, b"older", &[], 0);
    let (both, alone) = metalink(b"newer", &repomd, &[], 0);
    for said in [both, alone] {
        assert!(said.contains("[yum.metalink.older-generation]") && said.contains("9 days behind"));
    }
    let (both, alone) = metalink(b"newer", b"older", &[], 1);
    for said in [both, alone] {
        assert!(said.contains("[yum.metalink.mismatch]"), "{said}");
    }
    let (_, alone) = metalink(&repomd, b"older", &["--max-age", "1d"], 1);
    assert!(alone.contains("[yum.repomd.too-old]"), "{alone}");

    // The metalink alone needs no signature, and looks as deep.
    fs::remove_file(signed.root().join("repodata/repomd.xml.asc")).unwrap();
    let file = signed.metalink(&repomd, b"older");
    let alone = |level: &str| {
        pkgseal(["yum", "metalink", "--time", "2025-03-03", "--level", level])
            .arg(&file)
            .arg(signed.root())
            .run()
    };
    alone("content").expect(0);
    assert!(alone("packages").expect(2).stderr.contains("no keyring"));
    flip(&signed.root().join(PACKAGE));
    alone("content").expect(1);
    alone("existence").expect(0);
    fs::write(&file, "<metalink/>").unwrap();
    assert!(
        alone("content")
            .expect(1)
            .stdout
            .contains("[yum.metalink.malformed]")
    );
    fs::remove_file(&file).unwrap();
    alone("content").expect(2);
}

#[test]
fn json_says_who_signed_the_packages() {
    let signed = Signed::new();
    let key = private_key(signed.0.path(), "good-ed25519-2.key.asc");
    let package = signed.root().join(PACKAGE);
    pkgseal(["sign", "--time", "2025-03-01", "--key"])
        .arg(&key)
        .arg(&package)
        .run()
        .expect(0);
    let rpm = Rpm::new("alpha", "1.0", "noarch", Format::V4);
    let mut again = Repository::new(vec![rpm]);
    again.packages[0].1 = fs::read(&package).unwrap();
    fs::remove_dir_all(signed.root().join("repodata")).unwrap();
    again.write(&signed.root());
    signed.sign("2025-03-01");
    let run = signed.verify(&["--level", "packages", "--json"]).expect(0);
    run.prints("packages signed");
    run.prints("\"1 by ");
}
