//! What the models say of the certificates of distributions, and what the real programs
//! say: rpm imports them, gpg shows them, sqv is asked about every key in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::peers::trixie::Room;
use pkgseal_testkit::peers::{self, have};
use serde_json::Value;

use super::{assert_explained, audit, distributions, json, list, text};

const NOW: &str = "2026-11-01T00:00:00Z";

/// The audit, and its certificates by the files they are in.
struct Audited {
    document: Value,
}

impl Audited {
    fn new(folder: &Path, clients: &[&str]) -> Self {
        let mut arguments = vec!["--time", NOW, "--json"];
        arguments.extend(clients.iter().flat_map(|client| ["--client", *client]));
        let document = json(&audit(&arguments, &[folder]));
        assert_explained(&document);
        Self { document }
    }

    /// What a client says of each certificate in a file.
    fn in_file<'a>(&'a self, path: &Path, client: &str) -> Vec<&'a Value> {
        let path = path.to_str().unwrap();
        let certificates = list(&self.document, "certificates").iter();
        certificates
            .filter(|one| list(one, "files").iter().any(|file| file == path))
            .map(|one| said(one, client))
            .collect()
    }
}

fn said<'a>(certificate: &'a Value, client: &str) -> &'a Value {
    let mut clients = list(certificate, "clients").iter();
    clients.find(|one| one["client"] == client).unwrap()
}

/// The key ID by which rpm names a key.
fn key_id(fingerprint: &str) -> String {
    let id = if fingerprint.len() == 64 {
        &fingerprint[..16]
    } else {
        &fingerprint[fingerprint.len() - 16..]
    };
    id.to_lowercase()
}

fn names(reasons: &Value, code: &str) -> bool {
    list(reasons, "reasons")
        .iter()
        .any(|reason| reason["code"] == code)
}

/// Imports every file into a database of its own; what is provided then, in one line each.
const IMPORT: &str = r#"
while read -r file; do
    rm -rf db; mkdir db
    rpmkeys --dbpath "$PWD/db" --import "$file" > /dev/null 2>&1
    printf '%s' "$file"
    rpm --dbpath "$PWD/db" -qa gpg-pubkey --qf '[\t%{providename}]' 2> /dev/null
    echo
done
"#;

/// Key IDs of the keys imported, by file.
fn imported(lines: &str) -> BTreeMap<PathBuf, BTreeSet<String>> {
    let id = |name: &str| {
        let id = name.strip_prefix("gpg(")?.strip_suffix(')')?;
        let hex = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| id.to_owned())
    };
    lines
        .lines()
        .map(|line| {
            let mut fields = line.split('\t');
            let path = PathBuf::from(fields.next().unwrap());
            (path, fields.filter_map(id).collect())
        })
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Paths below a folder, a line each.
fn lines_of(files: &[PathBuf], folder: &Path) -> String {
    let below = |path: &PathBuf| path.strip_prefix(folder).unwrap().display().to_string();
    files.iter().map(|path| below(path) + "\n").collect()
}

#[test]
fn rpm_4_18_imports_the_very_keys() {
    let (Some(corpus), Some(rpm)) = (distributions(), have("rpmkeys")) else {
        return;
    };
    let version = rpm.run(["--version"]).text;
    if !version.contains("4.18") {
        println!("SKIP: rpmkeys is {version}");
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let files = files(&corpus);
    let paths: String = files
        .iter()
        .map(|path| format!("{}\n", path.display()))
        .collect();
    fs::write(scratch.path().join("list"), paths).unwrap();
    let script = format!("exec < list\n{IMPORT}");
    let run = peers::run(
        have("sh")
            .unwrap()
            .command()
            .args(["-c", &script])
            .current_dir(scratch.path()),
    )
    .expect_ok();
    let real = imported(&String::from_utf8_lossy(&run.stdout));
    assert_eq!(real.len(), files.len());
    let audited = Audited::new(&corpus, &["rpm-4.18"]);
    let mut keys = 0;
    for path in files {
        let mut ours = BTreeSet::new();
        for certificate in audited.in_file(&path, "rpm-4.18") {
            for key in list(certificate, "keys")
                .iter()
                .filter(|key| key["answer"] == "accepts")
            {
                ours.insert(key_id(text(key, "fingerprint")));
            }
        }
        keys += ours.len();
        assert_eq!(real[&path], ours, "{}", path.display());
    }
    assert!(keys > 500, "{keys}");
}

#[test]
fn rpm_4_20_imports_the_same_certificates() {
    let (Some(corpus), Some(room)) = (distributions(), Room::new()) else {
        return;
    };
    if !room.has("rpmkeys") {
        println!("SKIP: rpmkeys is not in the chroot");
        return;
    }
    let files = files(&corpus);
    for path in &files {
        let below = path.strip_prefix(&corpus).unwrap();
        room.put(below.to_str().unwrap(), fs::read(path).unwrap());
    }
    room.put("list", lines_of(&files, &corpus));
    let script = format!("exec < list\n{IMPORT}");
    let run = room.run("sh", ["-c", &script]).expect_ok();
    let real = imported(&String::from_utf8_lossy(&run.stdout));
    let audited = Audited::new(&corpus, &["rpm-4.20"]);
    let certificates = list(&audited.document, "certificates").iter();
    let post_quantum: BTreeSet<&str> = certificates
        .filter(|one| text(&list(one, "keys")[0], "algorithm").starts_with("ML-DSA"))
        .map(|one| text(one, "fingerprint"))
        .collect();
    let (mut taken, mut refused) = (0, 0);
    for path in files {
        let real = &real[path.strip_prefix(&corpus).unwrap()];
        for certificate in audited.in_file(&path, "rpm-4.20") {
            let primary = text(&list(certificate, "keys")[0], "fingerprint");
            // Debian builds rpm-sequoia with Nettle, which knows no ML-DSA; others count it.
            if post_quantum.contains(primary) {
                assert!(!real.contains(&key_id(primary)), "{primary}");
                continue;
            }
            // Of what is revoked that is said, whether it is imported or not.
            if names(certificate, "consumer.revoked") {
                continue;
            }
            let form = names(certificate, "consumer.form");
            let ours = !form && !names(certificate, "consumer.not-imported");
            *if ours { &mut taken } else { &mut refused } += 1;
            let theirs = real.contains(&key_id(primary));
            assert_eq!(
                theirs,
                ours,
                "{primary} in {}: {certificate}",
                path.display()
            );
        }
    }
    assert!(taken > 200 && refused > 150, "{taken} {refused}");
}

/// A line of gpg's for a key: its validity, and what it may do.
fn shown(lines: &str) -> BTreeMap<String, BTreeSet<(String, bool)>> {
    let mut keys = BTreeMap::<String, BTreeSet<_>>::new();
    let mut last = None;
    for line in lines.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        match fields[0] {
            "pub" | "sub" => last = Some((fields[1].to_owned(), fields[11].contains('s'))),
            "fpr" => {
                if let Some(said) = last.take() {
                    keys.entry(fields[9].to_owned()).or_default().insert(said);
                }
            }
            _ => {}
        }
    }
    keys
}

#[test]
fn gpg_shows_the_same_states() {
    let (Some(corpus), Some(gpg)) = (distributions(), have("gpg")) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let run = peers::run(
        gpg.command()
            .arg("--homedir")
            .arg(home.path())
            .args(["--faked-system-time", "20261101T000000"])
            .args(["--batch", "--with-colons", "--show-keys"])
            .args(files(&corpus)),
    );
    let real = shown(&String::from_utf8_lossy(&run.stdout));
    assert!(real.len() > 500);
    let audited = Audited::new(&corpus, &["gpg", "bookworm"]);
    for certificate in list(&audited.document, "certificates") {
        for client in ["gpg", "bookworm"] {
            let said = said(certificate, client);
            for key in list(said, "keys")
                .iter()
                .filter(|key| !names(key, "consumer.form"))
            {
                let fingerprint = text(key, "fingerprint");
                let ours = text(key, "answer");
                let Some(theirs) = real.get(fingerprint) else {
                    assert!(
                        fingerprint.len() == 64 && names(key, "consumer.not-imported"),
                        "{key}"
                    );
                    continue;
                };
                // Several copies of a certificate may differ.
                let fits = theirs
                    .iter()
                    .any(|(validity, signs)| match validity.as_str() {
                        _ if !signs => matches!(ours, "not-asked" | "rejects"),
                        "e" | "r" if client == "gpg" => ours == "warns",
                        "e" | "r" => ours == "rejects",
                        _ => matches!(ours, "accepts" | "warns"),
                    });
                assert!(
                    fits,
                    "{client} of {fingerprint}: {ours}, gpg {theirs:?}: {key}"
                );
            }
        }
    }
}

/// A signature by nobody that names this key: it tells what a verifier makes of the key
/// before it looks at the numbers.
fn forged(fingerprint: &str, algorithm: &str, made: u32) -> Option<Vec<u8>> {
    let number = |bits: usize| {
        let mut number = vec![0x5a_u8; bits.div_ceil(8)];
        let top = (bits - 1) % 8;
        number[0] = number[0] & ((1 << top) - 1) | 1 << top;
        let mut mpi = u16::try_from(bits).unwrap().to_be_bytes().to_vec();
        mpi.extend(number);
        mpi
    };
    let pair = |bits: usize| [number(bits - 2), number(bits - 3)].concat();
    let (public_key, numbers) = match algorithm {
        _ if fingerprint.len() != 40 => return None,
        "Ed25519" => (22, pair(256)),
        "P-256" => (19, pair(256)),
        _ => match (algorithm.strip_prefix("RSA"), algorithm.starts_with("DSA")) {
            (Some(bits), _) => (1, number(bits.parse::<usize>().ok()? - 2)),
            (None, true) => (17, pair(160)),
            (None, false) => return None,
        },
    };
    let hex = |at: usize| u8::from_str_radix(&fingerprint[at..at + 2], 16).unwrap();
    let octets: Vec<u8> = (0..40).step_by(2).map(hex).collect();
    let hashed = [&[5, 2][..], &made.to_be_bytes(), &[22, 33, 4], &octets].concat();
    let unhashed = [&[9, 16][..], &octets[12..]].concat();
    let length = |part: &[u8]| u16::try_from(part.len()).unwrap().to_be_bytes();
    let body = [
        &[4, 0, public_key, 10][..],
        &length(&hashed),
        &hashed,
        &length(&unhashed),
        &unhashed,
        &[0x12, 0x34],
        &numbers,
    ]
    .concat();
    let size = u32::try_from(body.len()).unwrap().to_be_bytes();
    Some([&[0xc2, 0xff][..], &size, &body].concat())
}

#[test]
fn sqv_under_apts_policy_says_the_same_of_every_key() {
    let (Some(corpus), Some(room)) = (distributions(), Room::new()) else {
        return;
    };
    if !room.has("sqv") || !room.has("faketime") {
        println!("SKIP: sqv or faketime is not in the chroot");
        return;
    }
    let now: jiff::Timestamp = NOW.parse().unwrap();
    let made = u32::try_from(now.as_second() - 60).unwrap();
    let audited = Audited::new(&corpus, &["trixie"]);
    room.put("data", "data");
    let (mut questions, mut expected) = (String::new(), BTreeMap::new());
    for (row, certificate) in list(&audited.document, "certificates").iter().enumerate() {
        let path = PathBuf::from(list(certificate, "files")[0].as_str().unwrap());
        let keyring = format!("keyring-{row}");
        room.put(&keyring, fs::read(&path).unwrap());
        let facts = list(certificate, "keys");
        for (key, facts) in list(said(certificate, "trixie"), "keys").iter().zip(facts) {
            let fingerprint = text(key, "fingerprint");
            let Some(signature) = forged(fingerprint, text(facts, "algorithm"), made) else {
                continue;
            };
            let name = format!("{row}-{fingerprint}.sig");
            room.put(&name, signature);
            questions.push_str(&format!("{keyring} {name}\n"));
            expected.insert(name, key);
        }
    }
    room.put("list", questions);
    let script = r#"
        export SEQUOIA_CRYPTO_POLICY=/usr/share/apt/default-sequoia.config
        while read -r keyring signature; do
            printf '%s\t' "$signature"
            sqv --keyring "$keyring" "$signature" data 2>&1 | tr '\n\t' '  '
            echo
        done < list
    "#;
    let run = peers::run(room.command_at(now, "sh").args(["-c", script])).expect_ok();
    let answers = String::from_utf8_lossy(&run.stdout);
    let mut accepted = 0;
    for line in answers.lines() {
        let (name, words) = line.split_once('\t').unwrap();
        let key = expected.remove(name).unwrap();
        // What it cannot read is a matter of files.
        if names(key, "consumer.form") {
            continue;
        }
        let theirs = words.contains("Message has been manipulated");
        let ours = matches!(text(key, "answer"), "accepts" | "warns");
        accepted += usize::from(ours);
        assert_eq!(theirs, ours, "{name}: {words}\n{key}");
    }
    assert!(expected.is_empty(), "{expected:?}");
    assert!(accepted > 180, "{accepted}");
}
