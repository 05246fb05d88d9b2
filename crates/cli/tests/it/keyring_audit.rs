//! `pkgseal keyring audit` as its users meet it, over the certificates of distributions and
//! Debian's keyrings.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::keys;
use serde_json::Value;

use crate::run::{Run, pkgseal};

mod peers;

/// About 500 files, where they are at hand.
fn distributions() -> Option<PathBuf> {
    let path = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/vectors/certs/distributions"
    ));
    if path.is_dir() {
        return Some(path.to_owned());
    }
    println!("SKIP: {} is not there", path.display());
    None
}

fn audit(arguments: &[&str], paths: &[&Path]) -> Run {
    pkgseal(["keyring", "audit"])
        .args(arguments)
        .args(paths)
        .run()
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

/// Every answer that is no plain yes has a reason, in words, with a code that the manual
/// knows; and the end of every answer too. How many answers there are.
fn assert_explained(document: &Value) -> usize {
    let mut answers = 0;
    let explained = |opinion: &Value, whose: &str| {
        let reasons = list(opinion, "reasons");
        let plain = ["accepts", "not-asked"].contains(&text(opinion, "answer"));
        assert!(plain || !reasons.is_empty(), "{whose}: {opinion}");
        for reason in reasons {
            assert!(!text(reason, "detail").is_empty(), "{whose}: {opinion}");
            assert!(!text(reason, "code").is_empty(), "{whose}: {opinion}");
            assert!(reason["cause"].is_string(), "{whose}: {reason}");
        }
        if opinion["until"].is_string() {
            let mut ends = list(opinion, "changes").iter();
            let end = ends
                .find(|change| change["at"] == opinion["until"])
                .unwrap();
            assert_eq!(text(end, "to"), "rejects");
            assert!(!list(end, "reasons").is_empty(), "{whose}: {opinion}");
        }
    };
    for certificate in list(document, "certificates") {
        let fingerprint = text(certificate, "fingerprint");
        assert!(!list(certificate, "files").is_empty());
        for client in list(certificate, "clients") {
            let whose = format!("{fingerprint} of {}", text(client, "client"));
            explained(client, &whose);
            assert_ne!(text(client, "answer"), "not-asked", "{whose}");
            let keys = list(client, "keys");
            assert_eq!(keys.len(), list(certificate, "keys").len());
            for key in keys {
                explained(key, &whose);
            }
            answers += 1 + keys.len();
        }
    }
    for file in list(document, "files") {
        let silent = list(file, "findings").is_empty();
        let empty = file["certificates"] == 0;
        assert!(
            !(silent && empty),
            "nothing is said of {}",
            text(file, "path")
        );
    }
    answers
}

/// Answers of a client, by what it says first.
fn counts(document: &Value, client: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for certificate in list(document, "certificates") {
        let mut clients = list(certificate, "clients").iter();
        let said = clients.find(|one| one["client"] == client).unwrap();
        let word = match text(said, "answer") {
            "rejects" => {
                let mut reasons = list(said, "reasons").iter();
                let decides = reasons
                    .find(|reason| reason["severity"] == "reject")
                    .unwrap();
                text(decides, "code").to_owned()
            }
            _ if said["until"].is_string() => "until".to_owned(),
            answer => answer.to_owned(),
        };
        *counts.entry(word).or_default() += 1;
    }
    counts
}

#[test]
fn certificates_of_distributions() {
    let Some(path) = distributions() else {
        return;
    };
    let run = audit(
        &["--time", "2026-11-01", "--client", "all", "--json"],
        &[&path],
    )
    .expect(1);
    assert_eq!(run.stderr, "");
    let document = json(&run);
    assert_eq!(list(&document, "files").len(), 511);
    assert_eq!(list(&document, "certificates").len(), CERTIFICATES);
    assert_eq!(list(&document, "clients").len(), 18);
    assert!(assert_explained(&document) > 15_000);
    for (client, expected) in COUNTS {
        let counts = counts(&document, client);
        let expected: BTreeMap<String, usize> = expected
            .iter()
            .map(|(word, number)| ((*word).to_owned(), *number))
            .collect();
        assert_eq!(counts, expected, "{client}");
    }
    // The same by one thread as by many, byte for byte.
    let again = audit(
        &["--time", "2026-11-01", "--client", "all", "--json"],
        &[&path],
    );
    assert!(
        again.stdout == run.stdout,
        "another run says something else"
    );
}

#[test]
fn one_table_for_all_of_them() {
    let Some(path) = distributions() else {
        return;
    };
    let run = audit(&["--time", "2026-11-01"], &[&path]).expect(1);
    let rows: Vec<&str> = run
        .stdout
        .lines()
        .take_while(|line| !line.is_empty())
        .collect();
    assert!(rows.len() > 380, "{}", rows.len());
    let header = rows
        .iter()
        .position(|row| row.starts_with("certificate"))
        .unwrap();
    let cells = |row: &str| {
        let words: Vec<&str> = row
            .split("  ")
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .collect();
        words.len()
    };
    let columns = cells(rows[header]);
    for row in &rows[header + 1..] {
        assert_eq!(cells(row), columns, "{row}");
    }
    assert!(run.stdout.contains("382 certificates in 511 files") || CERTIFICATES != 382);
    assert!(
        run.stdout
            .ends_with("not ok: see above who refuses what, or comes to\n")
    );
}

#[test]
fn keyrings_of_debian() {
    let folder = Path::new("/usr/share/keyrings");
    for (name, at_least) in [
        ("debian-keyring.gpg", 800),
        ("debian-maintainers.gpg", 150),
        ("debian-nonupload.gpg", 20),
        ("debian-role-keys.gpg", 5),
        ("debian-archive-keyring.gpg", 5),
        ("debian-archive-removed-keys.gpg", 5),
    ] {
        let path = folder.join(name);
        if !path.is_file() {
            println!("SKIP: {} is not there", path.display());
            continue;
        }
        let run = audit(&["--time", "2026-11-01", "--json"], &[&path]);
        assert!(matches!(run.status, 0 | 1), "{name}: {}", run.stderr);
        let document = json(&run);
        let certificates = list(&document, "certificates").len();
        assert!(certificates >= at_least, "{name}: {certificates}");
        assert!(assert_explained(&document) >= certificates * 15);
    }
}

fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// A copy of a test key's certificate.
fn copy(folder: &Path, name: &str, key: &str) -> PathBuf {
    put(folder, name, keys::load(key).certificate())
}

#[test]
fn exit_statuses() {
    let folder = tempfile::tempdir().unwrap();
    let good = copy(folder.path(), "good.asc", "good-rsa4096");
    let ends = copy(folder.path(), "ends.asc", "expired");
    let run = audit(&["--time", "2025-03-01"], &[&good]).expect(0);
    run.prints("ok: everybody asked takes every certificate");
    audit(&["--time", "2025-03-01", "--client", "trixie"], &[&ends]).expect(0);
    audit(
        &[
            "--time",
            "2025-03-01",
            "--client",
            "trixie",
            "--within",
            "92d",
        ],
        &[&ends],
    )
    .expect(1);
    let run = audit(
        &["--time", "2025-09-01", "--client", "trixie"],
        &[&good, &ends],
    )
    .expect(1);
    run.prints("consumer.expired");
    audit(&["--time", "2025-09-01", "--client", "rpm-4.18"], &[&ends]).expect(0);
    // Nothing can be said.
    for (arguments, path) in [
        (&["--client", "trixie"][..], folder.path().join("never.asc")),
        (&["--client", "wheezy"], good.clone()),
        (&["--within", "soon"], good.clone()),
        (&["--client"], good),
    ] {
        let run = audit(arguments, &[&path]).expect(2);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty());
    }
    let link = folder.path().join("link.asc");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let run = audit(&["--client", "trixie"], &[&link]).expect(2);
    run.prints("keyring.dangling-link");
}

#[test]
fn files_in_forms_that_apt_does_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let key = keys::load("good-rsa4096");
    let armored = String::from_utf8(key.certificate().to_vec()).unwrap();
    let binary = key.certificate_binary();
    let six = [
        keys::keyring(&["good-rsa4096"]),
        keys::keyring(&["good-v6-ed25519"]),
    ]
    .concat();
    for (name, bytes, [bookworm, trixie, rpm]) in [
        ("a.asc", armored.clone().into_bytes(), [0, 0, 0]),
        ("b.gpg", binary.clone(), [0, 0, 1]),
        ("c.gpg", armored.clone().into_bytes(), [1, 0, 0]),
        ("d.asc", binary, [1, 0, 1]),
        (
            "e.asc",
            armored.replace('\n', "\r\n").into_bytes(),
            [1, 0, 0],
        ),
        ("f.gpg", six, [1, 0, 1]),
    ] {
        let path = put(folder.path(), name, bytes);
        for (client, status) in [
            ("bookworm", bookworm),
            ("trixie", trixie),
            ("rpm-4.18", rpm),
        ] {
            let run = audit(&["--time", "2025-03-01", "--client", client], &[&path]);
            assert_eq!(run.status, status, "{client} of {name}: {}", run.stdout);
            let says = run.stdout.contains("consumer.form");
            assert_eq!(says, status == 1, "{client} of {name}: {}", run.stdout);
        }
    }
}

#[test]
fn the_name_of_a_file_moves_no_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "\u{1b}[2J\u{202e}.asc", "<!DOCTYPE html>");
    let run = audit(&[], &[&path]).expect(1);
    run.prints("keyring.web-page");
    assert!(
        !run.stdout.contains(['\u{1b}', '\u{202e}']),
        "{:?}",
        run.stdout
    );
    let key = keys::load("expired");
    let path = put(folder.path(), "\u{1b}[1m.asc", key.certificate());
    let run = audit(&["--time", "2025-09-01"], &[&path]).expect(1);
    assert!(!run.stdout.contains('\u{1b}'), "{:?}", run.stdout);
}

#[test]
fn clients_that_agree_share_a_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = copy(folder.path(), "good.asc", "good-rsa4096");
    let clients = [
        "--client", "bookworm", "--client", "jammy", "--client", "trixie",
    ];
    let arguments = [&["--time", "2025-03-01"][..], &clients].concat();
    let run = audit(&arguments, &[&path]).expect(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0].trim(), "bookworm");
    assert_eq!(lines[1].trim(), "jammy");
    assert!(lines[2].starts_with("certificate") && lines[2].ends_with("trixie"));
    assert!(lines[3].starts_with(&keys::load("good-rsa4096").fingerprint()));
    assert!(lines[3].ends_with("ok"), "{}", lines[3]);
}

const CERTIFICATES: usize = 382;

/// What each client says first of how many certificates of distributions, on 2026-11-01.
const COUNTS: &[(&str, &[(&str, usize)])] = &[
    (
        "bullseye",
        &[
            ("accepts", 253),
            ("consumer.expired", 38),
            ("consumer.form", 61),
            ("consumer.revoked", 2),
            ("until", 28),
        ],
    ),
    (
        "bookworm",
        &[
            ("accepts", 253),
            ("consumer.expired", 38),
            ("consumer.form", 61),
            ("consumer.revoked", 2),
            ("until", 28),
        ],
    ),
    (
        "trixie",
        &[
            ("accepts", 152),
            ("consumer.expired", 18),
            ("consumer.revoked", 2),
            ("consumer.weak-key", 36),
            ("consumer.weak-self-signature", 127),
            ("until", 47),
        ],
    ),
    (
        "forky",
        &[
            ("accepts", 152),
            ("consumer.expired", 18),
            ("consumer.revoked", 2),
            ("consumer.weak-key", 36),
            ("consumer.weak-self-signature", 127),
            ("until", 47),
        ],
    ),
    (
        "jammy",
        &[
            ("accepts", 253),
            ("consumer.expired", 38),
            ("consumer.form", 61),
            ("consumer.revoked", 2),
            ("until", 28),
        ],
    ),
    (
        "noble",
        &[
            ("accepts", 234),
            ("consumer.expired", 30),
            ("consumer.form", 61),
            ("consumer.revoked", 2),
            ("consumer.weak-key", 27),
            ("until", 28),
        ],
    ),
    (
        "rpm-4.18",
        &[("accepts", 375), ("consumer.not-imported", 7)],
    ),
    (
        "rpm-4.20",
        &[
            ("accepts", 179),
            ("consumer.expired", 18),
            ("consumer.revoked", 2),
            ("consumer.weak-key", 34),
            ("consumer.weak-self-signature", 127),
            ("until", 22),
        ],
    ),
    (
        "rpm-6",
        &[
            ("accepts", 181),
            ("consumer.expired", 18),
            ("consumer.revoked", 2),
            ("consumer.weak-key", 32),
            ("consumer.weak-self-signature", 127),
            ("until", 22),
        ],
    ),
    (
        "dnf-el8",
        &[
            ("accepts", 310),
            ("consumer.not-imported", 7),
            ("rpm.lint.eddsa", 65),
        ],
    ),
    (
        "dnf-el9",
        &[
            ("accepts", 146),
            ("consumer.not-imported", 7),
            ("rpm.lint.eddsa", 65),
            ("rpm.lint.sha1-self-signature", 164),
        ],
    ),
    (
        "dnf-el10",
        &[
            ("accepts", 179),
            ("consumer.expired", 18),
            ("consumer.revoked", 2),
            ("consumer.weak-key", 32),
            ("consumer.weak-self-signature", 127),
            ("until", 22),
            ("warns", 2),
        ],
    ),
    (
        "dnf-fedora",
        &[
            ("accepts", 181),
            ("consumer.expired", 18),
            ("consumer.revoked", 2),
            ("consumer.weak-key", 32),
            ("consumer.weak-self-signature", 127),
            ("until", 22),
        ],
    ),
    (
        "zypper-suse",
        &[
            ("accepts", 310),
            ("consumer.not-imported", 7),
            ("warns", 65),
        ],
    ),
    (
        "maven-central",
        &[("accepts", 337), ("consumer.revoked", 2), ("warns", 43)],
    ),
    ("gradle", &[("accepts", 382)]),
    (
        "sequoia",
        &[
            ("accepts", 181),
            ("consumer.expired", 18),
            ("consumer.revoked", 2),
            ("consumer.weak-key", 32),
            ("consumer.weak-self-signature", 127),
            ("until", 22),
        ],
    ),
    (
        "gpg",
        &[
            ("accepts", 335),
            ("consumer.not-imported", 2),
            ("warns", 45),
        ],
    ),
];
