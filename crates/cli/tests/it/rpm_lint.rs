//! `pkgseal rpm lint`, `pkgseal yum lint` and `pkgseal inspect` of packages.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag};
use pkgseal_testkit::build::yum::Repository;
use pkgseal_testkit::keys;

use crate::run::{pkgseal, sign_with};

fn signed(folder: &Path, key: &str) -> PathBuf {
    let rpm = Rpm::new("hello", "1.0", "noarch", Format::V4).reserve(Some(4096));
    let path = folder.join(rpm.file_name());
    fs::write(&path, rpm.build()).unwrap();
    sign_with(folder, key, &path);
    path
}

#[test]
fn a_target_decides_what_is_a_rejection() {
    let folder = tempfile::tempdir().unwrap();
    let package = signed(folder.path(), "good-ed25519");
    let lint = |target: &str| {
        pkgseal(["rpm", "lint", "--time", keys::NOW, "--target", target]).arg(&package)
    };
    let run = lint("el9").run().expect(1);
    for words in ["[rpm.lint.eddsa]", "by: el9: ", "patchman", "hint: "] {
        run.prints(words);
    }
    lint("fedora").run().expect(0);
    lint("debian-rpm4.18").run().expect(0);
    let json = lint("el8").arg("--json").run().expect(1);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["objects"][0]["findings"][0]["code"], "rpm.lint.eddsa");
    // All of them, where none is named.
    let run = pkgseal(["rpm", "lint"]).arg(&package).run().expect(1);
    run.prints("by: el7: ");
    let run = lint("el5").run().expect(2);
    run.complains("debian-rpm4.18");
    pkgseal(["explain", "rpm.lint.eddsa"]).run().expect(0);
}

#[test]
fn certificates_are_linted_without_a_package() {
    let certificate = |name: &str| keys::load(name).certificate_path();
    let lint = || {
        pkgseal([
            "rpm",
            "lint",
            "--time",
            keys::NOW,
            "--target",
            "el9",
            "--keyring",
        ])
    };
    let run = lint().arg(certificate("good-p256")).run().expect(1);
    run.prints("[rpm.lint.nist-curve]");
    lint().arg(certificate("good-rsa4096")).run().expect(0);
    // Nothing to lint is a usage error.
    pkgseal(["rpm", "lint"]).run().expect(2);
}

#[test]
fn a_target_may_be_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let package = signed(folder.path(), "good-rsa4096");
    let target = folder.path().join("ours.toml");
    let write = |rule: &str| {
        let text = format!("name = \"ours\"\nsummary = \"x\"\nchecked = \"x\"\n{rule}");
        fs::write(&target, text).unwrap();
    };
    let lint = || {
        pkgseal(["rpm", "lint", "--target"])
            .arg(&target)
            .arg("--keyring")
            .arg(keys::load("good-rsa4096").certificate_path())
            .arg(&package)
            .run()
    };
    write("[package.subkey]\nweight = \"reject\"\nwhy = \"we say so\"\nsource = \"us\"\n");
    let run = lint().expect(1);
    run.prints("ours: we say so (us)");
    write("[package.subkye]\nweight = \"reject\"\nwhy = \"x\"\nsource = \"x\"\n");
    let run = lint().expect(2);
    run.complains("no trait is called");
}

#[test]
fn repositories_are_linted() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repository");
    let rpm = Rpm::new("hello", "1.0", "noarch", Format::V4);
    Repository::new(vec![rpm]).write(&root);
    let lint = |target: &str| {
        pkgseal(["yum", "lint", "--target", target])
            .arg(&root)
            .run()
    };
    let run = lint("el9").expect(1);
    for code in ["[yum.lint.unsigned]", "[rpm.lint.unsigned]"] {
        run.prints(code);
    }
    let run = lint("suse").expect(0);
    run.prints("[yum.lint.no-key-file]");
}

#[test]
fn inspect_shows_what_a_package_is_made_of() {
    let folder = tempfile::tempdir().unwrap();
    let package = signed(folder.path(), "good-ed25519");
    let files = ["030204deadbeef0002aabb".to_owned()];
    let parts = Parts::read(&fs::read(&package).unwrap());
    let header = pkgseal_testkit::build::Digest::Sha256.hex(&parts.header);
    fs::write(&package, parts.with(Tag::strings(274, &files)).build()).unwrap();
    let run = pkgseal(["inspect", "--time", keys::NOW])
        .arg(&package)
        .run()
        .expect(0);
    for words in [
        "hello-1.0-1.noarch",
        "format:        4: ",
        &format!("SHA256 (273) of the main header: {header}"),
        "PAYLOADSHA256 (5092) of the payload: ",
        "DSA (267) on the main header: OpenPGP v4, EdDSA, SHA-256",
        "RESERVEDSPACE (1008): ",
        "1 of 1 files: 1 by key deadbeef with SHA-256",
    ] {
        run.prints(words);
    }
    let json = pkgseal(["inspect", "--json"]).arg(&package).run().expect(0);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let details = json["objects"][0]["details"].as_array().unwrap();
    assert!(
        details
            .iter()
            .any(|detail| detail["name"] == "ima-signatures")
    );
}

/// Whatever a package says of itself reaches no terminal as it is.
#[test]
fn inspect_escapes_what_packages_say() {
    let folder = tempfile::tempdir().unwrap();
    let package = signed(folder.path(), "good-ed25519");
    let mut bytes = fs::read(&package).unwrap();
    let at = bytes.windows(5).position(|w| w == b"gzip\0").unwrap();
    bytes[at..at + 4].copy_from_slice(b"\x1b[2J");
    let name = bytes.windows(6).rposition(|w| w == b"hello\0").unwrap();
    bytes[name..name + 5].copy_from_slice(b"\x1b]0;x");
    fs::write(&package, bytes).unwrap();
    for json in [false, true] {
        let mut call = pkgseal(["inspect"]).arg(&package);
        if json {
            call = call.arg("--json");
        }
        let run = call.run().expect(0);
        assert!(
            !run.stdout.contains('\u{1b}'),
            "{}",
            run.stdout.escape_debug()
        );
        run.prints("1b");
    }
}
