//! `pkgseal rpm sign`, `unsign` and `recover` as users meet them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::Command;

use pkgseal_testkit::peers::strace::{self, Went};
use serde_json::Value;

use crate::run::{Run, find, listing, pkgseal, private_key, repository};

struct Shelf {
    folder: tempfile::TempDir,
}

impl Shelf {
    /// Two unsigned packages, and keys beside them.
    fn new() -> Self {
        let shelf = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for key in ["good-ed25519.key.asc", "good-rsa2048.key.asc"] {
            private_key(shelf.folder.path(), key);
        }
        fs::create_dir(shelf.packages()).unwrap();
        let from = find(&repository("testdata/yum"), ".x86_64.rpm");
        for name in ["a.rpm", "b.rpm"] {
            fs::copy(&from, shelf.package(name)).unwrap();
            shelf.run("unsign", name, &[]);
        }
        shelf
    }

    fn packages(&self) -> PathBuf {
        self.folder.path().join("packages")
    }

    fn package(&self, name: &str) -> PathBuf {
        self.packages().join(name)
    }

    fn key(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.key.asc"))
    }

    fn run(&self, verb: &str, name: &str, options: &[&str]) -> Run {
        pkgseal(["rpm", verb])
            .args(options)
            .arg(self.package(name))
            .run()
    }

    fn sign(&self, key: &str, options: &[&str]) -> Run {
        pkgseal(["rpm", "sign", "--time", "2025-03-01", "--key"])
            .arg(self.key(key))
            .args(options)
            .arg(self.package("a.rpm"))
            .arg(self.package("b.rpm"))
            .run()
    }

    fn verify(&self, name: &str) -> Run {
        let keyring = repository("testdata/keys/good-ed25519.cert.asc");
        pkgseal(["verify", "--time", "2025-03-02", "--keyring"])
            .arg(keyring)
            .arg(self.package(name))
            .run()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.package(name)).unwrap()
    }
}

#[test]
fn packages_are_signed_where_they_stand_and_unsigned_again() {
    for write in ["auto", "in-place", "copy"] {
        let shelf = Shelf::new();
        let before = shelf.bytes("a.rpm");
        let inode = fs::metadata(shelf.package("a.rpm")).unwrap().ino();
        let options = ["--write", write, "--keep-time", "--rpmv3", "--rpmv6"];
        shelf.sign("good-ed25519", &options).expect(0);
        shelf.verify("a.rpm").expect(0);
        shelf.verify("b.rpm").expect(0);
        let kept = fs::metadata(shelf.package("a.rpm")).unwrap().ino() == inode;
        assert!(kept || write == "copy", "{write}");
        shelf.run("unsign", "a.rpm", &["--write", write]).expect(0);
        assert!(shelf.bytes("a.rpm") == before, "{write}");
        assert_eq!(listing(&shelf.packages()), ["a.rpm", "b.rpm"]);
        // There is none of the kind that was asked for.
        let none = shelf.run("unsign", "b.rpm", &["--what", "files"]).expect(2);
        none.complains("no such signature");
    }
}

#[test]
fn hard_links_are_what_the_user_says() {
    let shelf = Shelf::new();
    fs::remove_file(shelf.package("b.rpm")).unwrap();
    fs::hard_link(shelf.package("a.rpm"), shelf.package("b.rpm")).unwrap();
    let before = shelf.bytes("a.rpm");
    let refused = shelf
        .sign("good-ed25519", &["--hard-links", "refuse"])
        .expect(2);
    refused.complains("2 names");
    refused.complains("--hard-links follow");
    assert!(shelf.bytes("a.rpm") == before);
    let one = pkgseal([
        "rpm",
        "sign",
        "--time",
        "2025-03-01",
        "--hard-links",
        "follow",
        "--key",
    ])
    .arg(shelf.key("good-ed25519"))
    .arg(shelf.package("a.rpm"))
    .run();
    one.expect(0);
    assert!(shelf.bytes("b.rpm") == shelf.bytes("a.rpm") && shelf.bytes("a.rpm") != before);
}

/// A signing that is killed when it has written the head of the first package.
fn interrupted(shelf: &Shelf) -> Option<()> {
    let strace = strace::strace()?;
    let mut sign = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
    sign.args(["rpm", "sign", "--time", "2025-03-01", "--key"])
        .arg(shelf.key("good-ed25519"))
        .args([shelf.package("a.rpm"), shelf.package("b.rpm")]);
    let log = shelf.folder.path().join("log");
    let went = strace::inject(&strace, &sign, "pwrite64", "signal=KILL", 2, &log);
    assert_eq!(went, Went::Wrong);
    assert_eq!(listing(&shelf.packages()).len(), 3);
    Some(())
}

#[test]
fn what_was_interrupted_is_named_and_completed() {
    for how in ["text", "json", "sign"] {
        let shelf = Shelf::new();
        let old = shelf.bytes("b.rpm");
        if interrupted(&shelf).is_none() {
            return;
        }
        // Half of the second head reached the disk as well.
        let new = shelf.bytes("a.rpm");
        assert!(shelf.bytes("b.rpm") == old && new != old);
        fs::write(shelf.package("b.rpm"), [&new[..300], &old[300..]].concat()).unwrap();
        let torn = shelf.verify("b.rpm").expect(1);
        torn.prints("[rpm.signing-unfinished]");
        torn.prints("pkgseal rpm recover");
        let recover = |options: &[&str]| {
            let mut call = pkgseal(["rpm", "recover"]);
            call = call.args(options);
            call.arg(shelf.packages()).run().expect(0)
        };
        match how {
            "text" => {
                let run = recover(&[]);
                assert!(run.stdout.starts_with("completed "), "{}", run.stdout);
                run.prints("b.rpm");
                let again = recover(&[]);
                assert!(again.stdout.starts_with("unchanged "), "{}", again.stdout);
            }
            "json" => {
                let document: Value = serde_json::from_str(&recover(&["--json"]).stdout).unwrap();
                let outputs = document["objects"][0]["outputs"].as_array().unwrap();
                assert_eq!(outputs.len(), 2, "{document}");
            }
            _ => {
                let run = shelf.sign("good-ed25519", &[]).expect(0);
                run.complains("rpm.signing-completed");
            }
        }
        assert!(shelf.bytes("a.rpm") == new && shelf.bytes("b.rpm") == new);
        shelf.verify("b.rpm").expect(0);
        assert_eq!(listing(&shelf.packages()), ["a.rpm", "b.rpm"]);
    }
    pkgseal(["rpm", "recover", "/nonexistent"]).run().expect(2);
}
