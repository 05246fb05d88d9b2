//! Certificates of OpenPGP versions 4 and 6 in one file: what gpg loses of it is said, the
//! hint mends it, and whatever is written for clients has the old ones first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::yum;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::gnupg;

use crate::run::{pkgseal, private_key};

const CODE: &str = "[keyring.v6-hides-others]";

/// By fingerprint, the one of version 6 is neither first nor last.
const MIXED: [&str; 4] = ["good-rsa4096", "good-v6-ed25519", "good", "good-mldsa65"];

fn certificates(names: &[&str]) -> Vec<PathBuf> {
    let path = |name: &&str| keys::load(name).certificate_path();
    names.iter().map(path).collect()
}

/// A keyring with version 6 first.
fn backwards(folder: &Path) -> PathBuf {
    let path = folder.join("backwards.asc");
    let mut names = MIXED;
    names.sort_by_key(|name| !name.contains("v6"));
    let all: Vec<u8> = names
        .iter()
        .flat_map(|name| keys::load(name).certificate().to_vec())
        .collect();
    fs::write(&path, all).unwrap();
    path
}

/// Versions of the certificates in armored or binary bytes, in order.
fn versions(bytes: &[u8]) -> Vec<u8> {
    let (found, errors) = pkgseal_openpgp::Certificate::parse_all(bytes);
    assert_eq!(errors, []);
    found.iter().map(|one| one.version()).collect()
}

/// How many certificates gpg imports of a file, and whether it says that it read it all.
fn imported(file: &Path) -> Option<(usize, bool)> {
    let home = gnupg::Home::new(&[])?;
    let run = home.command().arg("--import").arg(file).output().unwrap();
    let status = String::from_utf8_lossy(&run.stdout).into_owned();
    Some((
        status.matches("[GNUPG:] IMPORT_OK ").count(),
        run.status.success(),
    ))
}

/// The commands of a hint, run by a shell that finds `pkgseal`.
fn obey(folder: &Path, output: &str) {
    let hint = output
        .lines()
        .find_map(|line| line.trim().strip_prefix("hint: "))
        .unwrap();
    assert!(hint.starts_with("pkgseal keyring filter "), "{hint}");
    let binary = Path::new(env!("CARGO_BIN_EXE_pkgseal"));
    let run = Command::new("sh")
        .args(["-ec", hint])
        .current_dir(folder)
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", binary.parent().unwrap().display()),
        )
        .output()
        .unwrap();
    assert!(run.status.success(), "{hint} {run:?}");
}

#[test]
fn merging_says_what_gpg_loses_and_the_hint_parts_them() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["all.gpg", "all.asc"] {
        let output = folder.path().join(name);
        let run = pkgseal(["keyring", "merge", "--output"])
            .arg(&output)
            .args(certificates(&MIXED))
            .run()
            .expect(0);
        assert!(run.stdout.contains(CODE), "{}", run.stdout);
        assert_eq!(versions(&fs::read(&output).unwrap()), [4, 4, 6, 6]);
        obey(folder.path(), &run.stdout);
        let (stem, extension) = name.split_once('.').unwrap();
        let [old, new] =
            ["4", "6"].map(|version| folder.path().join(format!("{stem}-v{version}.{extension}")));
        assert_eq!(versions(&fs::read(&old).unwrap()), [4, 4]);
        assert_eq!(versions(&fs::read(&new).unwrap()), [6, 6]);
        let Some(mixed) = imported(&output) else {
            continue;
        };
        assert_eq!(
            mixed,
            (1, false),
            "{name}: gpg lost none: the finding is out of date"
        );
        assert_eq!(imported(&old), Some((2, true)), "{name}");
    }
    // Of one version there is nothing to say.
    let run = pkgseal(["keyring", "merge", "--output"])
        .arg(folder.path().join("old.gpg"))
        .args(certificates(&["good", "good-rsa4096"]))
        .run()
        .expect(0);
    assert!(!run.stdout.contains(CODE), "{}", run.stdout);
}

#[test]
fn every_form_of_one_file_says_it_and_has_the_old_ones_first() {
    let folder = tempfile::tempdir().unwrap();
    let input = backwards(folder.path());
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    for (form, file) in [
        ("apt-gpg", "acme.gpg"),
        ("asc", "acme.asc"),
        ("repomd-key", "repomd.xml.key"),
        ("keys", "KEYS"),
    ] {
        let run = pkgseal([
            "keyring", "export", "--form", form, "--name", "acme", "--output",
        ])
        .arg(&out)
        .arg(&input)
        .run()
        .expect(0);
        assert!(run.stdout.contains(CODE), "{form} {}", run.stdout);
        assert_eq!(
            versions(&fs::read(out.join(file)).unwrap()),
            [4, 4, 6, 6],
            "{form}"
        );
    }
    let run = pkgseal(["keyring", "export", "--form", "deb822"])
        .arg(&input)
        .run()
        .expect(0);
    assert!(run.stderr.contains(CODE), "{}", run.stderr);
    // One certificate a file, or one address.
    for form in ["rpm-gpg-key", "wkd", "cert-d"] {
        let run = pkgseal([
            "keyring", "export", "--form", form, "--name", "acme", "--output",
        ])
        .arg(folder.path().join(form))
        .arg(&input)
        .run()
        .expect(0);
        assert!(!run.stdout.contains(CODE), "{form} {}", run.stdout);
    }
}

#[test]
fn what_clients_get_has_the_old_ones_first() {
    let folder = tempfile::tempdir().unwrap();
    let input = backwards(folder.path());
    for (form, file) in [("deb822", "kit.sources"), ("list", "kit.gpg")] {
        let out = folder.path().join(form);
        fs::create_dir(&out).unwrap();
        pkgseal([
            "apt",
            "sources",
            "--time",
            keys::NOW,
            "https://deb.example.org/debian",
        ])
        .args(["--suite", "stable", "--component", "main", "--name", "kit"])
        .args(["--form", form, "--keyring"])
        .arg(&input)
        .arg("--output")
        .arg(&out)
        .run()
        .expect(0);
        let loaded = pkgseal_keyring::open(&out.join(file), &Default::default()).unwrap();
        assert_eq!(loaded.certificates.len(), 4, "{form}");
        let bytes = fs::read(out.join(file)).unwrap();
        if form == "list" {
            assert_eq!(versions(&bytes), [4, 4, 6, 6]);
        } else {
            let plain: String = String::from_utf8(bytes)
                .unwrap()
                .lines()
                .filter_map(|line| line.strip_prefix(' '))
                .map(|line| format!("{}\n", if line == "." { "" } else { line }))
                .collect();
            assert_eq!(versions(plain.as_bytes()), [4, 4, 6, 6]);
        }
    }
    let out = folder.path().join("yum");
    fs::create_dir(&out).unwrap();
    pkgseal(["yum", "repo-file", "--time", keys::NOW, "--id", "acme"])
        .arg("https://rpm.example.org/el9")
        .arg("--keyring")
        .arg(&input)
        .arg("--output")
        .arg(&out)
        .run()
        .expect(0);
    assert_eq!(
        versions(&fs::read(out.join("RPM-GPG-KEY-acme")).unwrap()),
        [4, 4, 6, 6]
    );
}

#[test]
fn the_key_file_of_two_signers_has_the_old_one_first() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("yum");
    yum::Repository::new(vec![Rpm::new("hello", "1.0", "noarch", Format::V4)]).write(&root);
    let mut call = pkgseal([
        "yum",
        "index",
        "--several-signatures",
        "--time",
        keys::SIGNED,
    ])
    .arg(&root);
    for name in ["good-v6-ed25519", "good-rsa4096"] {
        call = call
            .arg("--key")
            .arg(private_key(folder.path(), &format!("{name}.key.asc")));
    }
    call.run().expect(0);
    let repodata = root.join("repodata");
    assert_eq!(
        versions(&fs::read(repodata.join("repomd.xml.key")).unwrap()),
        [4, 6]
    );
}
