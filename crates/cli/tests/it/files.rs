//! Plain folders: `pkgseal files`, and what sign and verify make of them.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::put;
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};
use pkgseal_testkit::peers::gnupg::Home;
use pkgseal_testkit::peers::run;

use crate::run::{Call, listing, pkgseal, private_key};

struct Folder {
    directory: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        put(directory.path(), "dl/a.iso", "an image");
        put(directory.path(), "dl/src/b.tar.gz", "a source");
        Self { directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("dl")
    }

    fn signing(&self, command: &str) -> Call {
        pkgseal(command.split(' '))
            .args(["--time", keys::SIGNED, "--key"])
            .arg(private_key(self.directory.path(), "good-ed25519.key.asc"))
    }

    fn verifying(&self, command: &str) -> Call {
        pkgseal(command.split(' '))
            .args(["--time", keys::NOW, "--keyring"])
            .arg(keys::load("good").certificate_path())
    }
}

#[test]
fn a_folder_signed_file_by_file() {
    let folder = Folder::new();
    // Nothing says yet what it is.
    let unknown = folder
        .verifying("verify")
        .arg(folder.path())
        .run()
        .expect(2);
    unknown.complains("--as files");
    folder
        .signing("sign --as files")
        .arg(folder.path())
        .run()
        .expect(0);
    let good = folder
        .verifying("verify")
        .arg(folder.path())
        .run()
        .expect(0);
    assert!(
        good.stdout.contains("(plain folder, 2 files"),
        "{}",
        good.stdout
    );
    let words = "  vouched for: src/b.tar.gz: b.tar.gz.asc, by ";
    good.prints(words);
    folder
        .signing("files sign")
        .arg(folder.path())
        .run()
        .expect(0);
}

#[test]
fn a_folder_with_a_signed_list() {
    let folder = Folder::new();
    let path = folder.path();
    folder.signing("sign --as sums").arg(&path).run().expect(0);
    assert_eq!(
        listing(&path),
        ["SHA256SUMS", "SHA256SUMS.asc", "a.iso", "src"]
    );
    for (subject, kind) in [("", "files"), ("SHA256SUMS", "sums"), ("a.iso", "file")] {
        let subject = path.join(subject);
        let good = folder
            .verifying("verify --json")
            .arg(subject)
            .run()
            .expect(0);
        let document: serde_json::Value = serde_json::from_str(&good.stdout).unwrap();
        let object = &document["objects"][0];
        assert_eq!(object["kind"], kind);
        let vouched = object["details"][0]["value"].as_str().unwrap();
        let by = format!("SHA256SUMS, signed by {}", keys::load("good").fingerprint());
        assert_eq!(vouched, format!("a.iso: {by}"));
    }
    // Signed again by itself, once it agrees with the files.
    folder
        .signing("sign")
        .arg(path.join("SHA256SUMS"))
        .run()
        .expect(0);
    put(&path, "README", "x");
    fs::remove_file(path.join("a.iso")).unwrap();
    let refused = folder
        .signing("sign")
        .arg(path.join("SHA256SUMS"))
        .run()
        .expect(2);
    refused.complains("a.iso");
    let bad = folder.verifying("verify").arg(&path).run().expect(1);
    for words in [
        "README: the signed list does not name it",
        "[file.surplus]",
        "a.iso: it is listed, and not there [file.missing]",
        "by: SHA256SUMS, signed by",
    ] {
        bad.prints(words);
    }
    let passing = "files verify --unsigned note --missing warn";
    let passed = folder.verifying(passing).arg(&path).run().expect(0);
    passed.prints("warning: a.iso");
    passed.prints("note: README");
}

#[test]
fn lists_of_both_kinds_in_the_form_of_bsd() {
    let folder = Folder::new();
    let path = folder.path();
    let out = folder.directory.path().join("out");
    let command = "files sign --list sha256,sha512 --tag";
    folder
        .signing(command)
        .arg("--output")
        .arg(&out)
        .arg(&path)
        .run()
        .expect(0);
    let list = fs::read_to_string(out.join("SHA512SUMS")).unwrap();
    assert!(list.starts_with("SHA512 (a.iso) = "), "{list}");
    folder.verifying("files verify").arg(&out).run().expect(0);
    assert_eq!(listing(&path), ["a.iso", "src"]);
}

fn standing(keyring: &Path, profile: &str, key: &str, made: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let signature = raw_sign(&keys::load(key), b"x", &RawOptions::at(made));
    put(folder.path(), "lib.jar", "x");
    put(folder.path(), "lib.jar.asc", signature);
    let told = pkgseal(["verify", "--json", "--time", keys::NOW])
        .args(["--profile", profile, "--keyring"])
        .arg(keyring)
        .arg(folder.path().join("lib.jar"))
        .run();
    let document: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    let signature = &document["objects"][0]["signatures"][0]["signatures"][0];
    signature["standing"].as_str().unwrap().to_owned()
}

#[test]
fn json_says_how_a_signature_stands() {
    let of =
        |key: &str, made: &str| standing(&keys::load(key).certificate_path(), "strict", key, made);
    for (key, made, expected) in [
        ("good", keys::SIGNED, "valid-at-signing"),
        ("expired", keys::SIGNED, "valid-at-signing"),
        ("expired", "2025-06-15", "signed-after-expiry"),
        ("revoked-soft", keys::SIGNED, "retired-later"),
        ("revoked-hard", keys::SIGNED, "revoked"),
        ("not-signing", keys::SIGNED, "wrong-key"),
        ("rsa1024", keys::SIGNED, "weak"),
        ("good", "2019-01-01", "signed-before-creation"),
        ("good", "2039-01-01", "future"),
    ] {
        assert_eq!(of(key, made), expected, "{key} {made}");
    }
    let stranger = keys::load("stranger").certificate_path();
    assert_eq!(
        standing(&stranger, "strict", "good", keys::SIGNED),
        "unknown"
    );
    // A profile under which the digest counted until a day after.
    let folder = tempfile::tempdir().unwrap();
    let dated = folder.path().join("dated.toml");
    let strict = pkgseal(["profile", "show", "strict"])
        .run()
        .expect(0)
        .stdout;
    let mut text = strict.clone();
    for digest in ["sha256", "sha512"] {
        let from = format!("[digest.{digest}]\ndata = \"always\"");
        assert!(strict.contains(&from), "{from}");
        text = text.replace(&from, &from.replace("always", "2025-06-05"));
    }
    fs::write(&dated, text).unwrap();
    let keyring = keys::load("good").certificate_path();
    let now = standing(&keyring, &dated.to_string_lossy(), "good", keys::SIGNED);
    assert_eq!(now, "weak-now");
}

/// The key that expired is extended by gpg, whose copy forgets that it ever had: only both
/// copies together tell.
#[test]
fn json_says_that_a_key_was_extended_later() {
    let key = keys::load("expired");
    let Some(home) = Home::new(&[&key]) else {
        return;
    };
    let fingerprint = key.fingerprint();
    let later = ["--faked-system-time", "20250801T000000!"];
    for subkeys in [&[][..], &["*"]] {
        let mut command = home.command();
        command
            .args(later)
            .args(["--quick-set-expire", &fingerprint, "5y"]);
        run(command.args(subkeys)).expect_ok();
    }
    let exported = run(home.command().args(["--armor", "--export"]));
    let folder = tempfile::tempdir().unwrap();
    let keyring = folder.path().join("extended.asc");
    let extended = exported.expect_ok().stdout;
    fs::write(&keyring, [key.certificate(), &extended].concat()).unwrap();
    for profile in ["strict", "maven-central"] {
        let standing = standing(&keyring, profile, "expired", "2025-06-15");
        assert_eq!(standing, "signed-in-gap", "{profile}");
    }
}
