//! Keys through their life on the command line: what is said, what is written, and what a
//! killed run or a full disk leaves.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use pkgseal_testkit::peers::strace::{CHANGING, Went, inject, strace};
use serde_json::Value;

use crate::run::{Run, listing, pkgseal, private_key};

const MADE: &str = "2025-03-01";
const LATER: &str = "2025-06-01";

/// A folder with the protected test key, its passphrase in `words`.
struct Bench {
    directory: tempfile::TempDir,
}

impl Bench {
    fn new(name: &str) -> Self {
        let bench = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        let key = private_key(bench.directory.path(), &format!("{name}.key.asc"));
        fs::rename(key, bench.key()).unwrap();
        bench.put("words", "test passphrase\n");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn key(&self) -> PathBuf {
        self.path("test.key.asc")
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// `pkgseal key COMMAND… KEYFILE` with the passphrase.
    fn key_command(&self, command: &[&str], time: &str) -> Run {
        pkgseal(["key"])
            .args(command)
            .args(["--time", time, "--passphrase-file"])
            .arg(self.path("words"))
            .arg(self.key())
            .run()
    }
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn what_was_changed_is_told() {
    let bench = Bench::new("protected");
    let run = bench
        .key_command(&["extend", "--expires", "2y"], MADE)
        .expect(0);
    for words in [
        "extended ",
        "primary key ",
        "subkey ",
        "expires 2027-03-01T00:00:00Z (was: never)",
        "[key.shortened]",
        "test.key.asc (secret)",
        "publish ",
        "next: pkgseal keyring list ",
    ] {
        run.prints(words);
    }
    let run = bench
        .key_command(&["extend", "--expires", "2028-01-01", "--json"], LATER)
        .expect(0);
    let told = json(&run);
    let changes = told["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2, "{told}");
    for change in changes {
        assert_eq!(change["change"], "expiry");
        assert_eq!(change["from"], "2027-03-01T00:00:00Z");
        assert_eq!(change["to"], "2028-01-01T00:00:00Z");
    }
    assert_eq!(
        told["publish"],
        bench.path("test.cert.asc").display().to_string()
    );
    assert_eq!(told["outputs"].as_array().unwrap().len(), 2);

    let run = bench
        .key_command(
            &["subkey", "replace", "--revoke", "--expires", "1y", "--json"],
            LATER,
        )
        .expect(0);
    let told = json(&run);
    assert_eq!(told["changes"][0]["change"], "added");
    assert_eq!(told["changes"][1]["part"], "subkey");
    assert_eq!(told["changes"][1]["hard"], false);

    let user_id = "pkgseal TEST key protected <protected@test.invalid>";
    let known = pkgseal(["keyring", "list", "--json"])
        .arg(bench.path("test.cert.asc"))
        .run()
        .expect(0);
    let known = json(&known)["certificates"][0]["user_ids"][0]["text"].clone();
    let user_id = known.as_str().unwrap_or(user_id).to_owned();
    let revoke = [
        "revoke",
        "--user-id",
        &user_id,
        "--reason",
        "invalid",
        "--json",
    ];
    let told = json(&bench.key_command(&revoke, "2025-06-02").expect(0));
    assert_eq!(told["changes"][0]["part"], "user-id");
    let revoke = [
        "revoke",
        "--whole",
        "--reason",
        "compromised",
        "--message",
        "lost",
    ];
    let run = bench.key_command(&revoke, "2025-06-03").expect(0);
    run.prints("(hard: also what it signed before)");
    bench.key_command(&revoke, "2025-06-04").expect(2);
    assert_eq!(
        listing(bench.directory.path()),
        ["test.cert.asc", "test.key.asc", "words"]
    );
}

#[test]
fn a_passphrase_is_set_by_file_and_removed() {
    let bench = Bench::new("protected");
    let old = fs::read(bench.key()).unwrap();
    bench.put("new", "battery staple");
    let new = bench.path("new").display().to_string();
    bench
        .key_command(&["passphrase", "--new-passphrase-file", &new], LATER)
        .expect(0);
    assert_ne!(fs::read(bench.key()).unwrap(), old);
    let failed = bench
        .key_command(&["extend", "--expires", "2y"], LATER)
        .expect(2);
    failed.complains("passphrase is wrong");
    bench.put("words", "battery staple");
    let run = bench
        .key_command(&["passphrase", "--remove"], LATER)
        .expect(0);
    run.prints("without a passphrase");
    run.prints_no("battery");
    bench.put("words", "wrong");
    bench
        .key_command(&["extend", "--expires", "2y"], LATER)
        .expect(0);
}

#[test]
fn split_and_join_on_the_command_line() {
    let bench = Bench::new("good-ed25519");
    let offline = bench.path("offline.key.asc");
    let run = bench
        .key_command(
            &["split", "--offline", &offline.display().to_string()],
            LATER,
        )
        .expect(0);
    run.prints("keep it offline");
    run.prints_no("publish");
    let mode = fs::metadata(&offline).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let failed = bench
        .key_command(&["extend", "--expires", "2y"], LATER)
        .expect(2);
    failed.complains("primary key is not here");
    let run = pkgseal(["key", "join", "--time", LATER])
        .arg(bench.key())
        .arg(&offline)
        .run()
        .expect(0);
    run.prints("secret parts taken over");
    bench
        .key_command(&["extend", "--expires", "2y"], LATER)
        .expect(0);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_written() {
    let bench = Bench::new("good-ed25519");
    let stranger = crate::run::repository("testdata/keys/stranger.cert.asc");
    let stranger = stranger.display().to_string();
    let cases: &[(&[&str], &str)] = &[
        (&["extend"], "--expires"),
        (
            &["extend", "--expires", "soon"],
            "expected a length of time",
        ),
        (&["extend", "--expires", "-1y"], "value"),
        (&["extend", "--expires", "2025-01-01"], "not after now"),
        (
            &["extend", "--expires", "2y", "--primary", "--subkey", "X"],
            "cannot be used with",
        ),
        (
            &["extend", "--expires", "2y", "--subkey", "DEADBEEF"],
            "no full fingerprint",
        ),
        (
            &["extend", "--expires", "2y", "--certificate", &stranger],
            "not that of this key",
        ),
        (
            &["extend", "--expires", "2y", "--certificate", "/nowhere"],
            "cannot read",
        ),
        (&["subkey", "add", "--algorithm", "ed448"], "OpenPGP v6"),
        (&["subkey", "add", "--algorithm", "dsa"], "invalid value"),
        (
            &["subkey", "replace", "--revoke", "--retire", "30d"],
            "cannot be used with",
        ),
        (&["revoke", "--reason", "retired"], "required"),
        (&["revoke", "--whole"], "--reason"),
        (
            &["revoke", "--whole", "--subkey", "X", "--reason", "retired"],
            "cannot be used with",
        ),
        (&["revoke", "--whole", "--reason", "bored"], "invalid value"),
        (
            &["revoke", "--whole", "--reason", "invalid"],
            "only a user ID",
        ),
        (
            &["revoke", "--user-id", "Eve", "--reason", "invalid"],
            "no user ID",
        ),
        (
            &[
                "revoke",
                "--whole",
                "--reason",
                "retired",
                "--message",
                "a\u{1b}[2J",
            ],
            "control",
        ),
        (&["passphrase"], "required"),
        (
            &["passphrase", "--new-passphrase-file", "/nowhere"],
            "cannot read",
        ),
        (
            &["passphrase", "--new-passphrase-credential", "x"],
            "CREDENTIALS_DIRECTORY",
        ),
        (&["split"], "--offline"),
        (&["join"], "required"),
    ];
    let before = fs::read(bench.key()).unwrap();
    for (command, words) in cases {
        let run = bench.key_command(command, LATER);
        assert_eq!(run.status, 2, "{command:?}: {}", run.stdout);
        assert!(run.stderr.contains(words), "{command:?}: {}", run.stderr);
        assert!(!run.stderr.contains('\u{1b}'), "{command:?}");
        assert_eq!(fs::read(bench.key()).unwrap(), before);
        assert_eq!(listing(bench.directory.path()), ["test.key.asc", "words"]);
    }
    let others = fs::Permissions::from_mode(0o644);
    fs::set_permissions(bench.key(), others).unwrap();
    let run = bench
        .key_command(&["extend", "--expires", "2y"], LATER)
        .expect(2);
    run.complains("chmod 600");
}

#[test]
fn keys_are_generated_for_their_purpose() {
    let folder = tempfile::tempdir().unwrap();
    let generate = |arguments: &[&str]| {
        pkgseal(["key", "generate", "--time", MADE, "--output"])
            .arg(folder.path())
            .args(arguments)
            .run()
    };
    let who = ["--user-id", "TEST <life@test.invalid>"];
    for (arguments, words) in [
        (
            &["--for", "maven", "--algorithm", "ed448"][..],
            "cannot name keys of OpenPGP v6",
        ),
        (
            &["--for", "maven", "--subkey-expires", "1y"],
            "no signing subkey",
        ),
        (&["--for", "pqc", "--algorithm", "rsa4096"], "quantum"),
        (
            &["--for", "rfc9580", "--algorithm", "ed25519"],
            "OpenPGP v4",
        ),
        (&["--for", "debian"], "invalid value"),
        (&["--expires", "2025-01-01"], "not after now"),
        (
            &["--expires", "1y", "--subkey-expires", "2y"],
            "longer than the primary",
        ),
        (&["--expires", "365"], "expected a length of time"),
    ] {
        let run = generate(&[&who[..], arguments].concat()).expect(2);
        assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
    }
    let run = generate(&["--user-id", "TEST", "--for", "maven"]).expect(2);
    run.complains("mail address");
    assert!(listing(folder.path()).is_empty());
    for (arguments, keys) in [
        (&["--expires", "never", "--subkey-expires", "18mo"][..], 2),
        (
            &[
                "--for",
                "maven",
                "--algorithm",
                "rsa3072",
                "--expires",
                "2030-01-01",
            ],
            1,
        ),
        (&["--for", "rfc9580"], 2),
        (&["--for", "pqc"], 2),
    ] {
        let run = generate(&[&who[..], arguments, &["--json"]].concat()).expect(0);
        let fingerprint = json(&run)["fingerprint"].as_str().unwrap().to_owned();
        let certificate = folder.path().join(format!("{fingerprint}.cert.asc"));
        let listed = pkgseal(["keyring", "list", "--json", "--time", MADE])
            .arg(certificate)
            .run()
            .expect(0);
        let listed = json(&listed);
        let made = listed["certificates"][0]["keys"].as_array().unwrap();
        assert_eq!(made.len(), keys, "{listed}");
    }
}

/// Every call that changes the disk, killed and failing with a full disk: the old pair of
/// files or the new one, and the next run goes on from there.
#[test]
fn an_interrupted_change_is_old_or_new() {
    let Some(strace) = strace() else {
        return;
    };
    let log = tempfile::tempdir().unwrap();
    let log = log.path().join("log");
    // A certificate stands beside the key already.
    let made = Bench::new("good-ed25519");
    made.key_command(&["extend", "--expires", "1y"], MADE)
        .expect(0);
    let before = pair(&made);
    for what in ["signal=KILL", "error=ENOSPC"] {
        for call in CHANGING {
            for number in 1..64 {
                let bench = Bench::new("good-ed25519");
                for name in ["test.key.asc", "test.cert.asc"] {
                    fs::copy(made.path(name), bench.path(name)).unwrap();
                }
                let mut run = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
                run.args(["key", "extend", "--expires", "2y", "--time", LATER]);
                run.arg(bench.key());
                let went = inject(&strace, &run, call, what, number, &log);
                whole(&bench, &before, went, &format!("{call} {number} {what}"));
                if went == Went::Through {
                    break;
                }
            }
        }
    }
}

fn pair(bench: &Bench) -> (Vec<u8>, Vec<u8>) {
    let read = |path: &Path| fs::read(path).unwrap();
    (read(&bench.key()), read(&bench.path("test.cert.asc")))
}

fn whole(bench: &Bench, before: &(Vec<u8>, Vec<u8>), went: Went, at: &str) {
    // The next change completes what was begun; refused, it writes nothing itself.
    let refused = ["extend", "--expires", "2025-01-01"];
    bench.key_command(&refused, LATER).expect(2);
    let after = pair(bench);
    let (secret_changed, certificate_changed) = (after.0 != before.0, after.1 != before.1);
    assert_eq!(secret_changed, certificate_changed, "{at}");
    if went != Went::Wrong {
        assert!(secret_changed, "{at}");
    }
    let mode = fs::metadata(bench.key()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{at}");
    // Whatever litter a killed process left is as private as the key.
    for name in listing(bench.directory.path()) {
        let known = ["test.cert.asc", "test.key.asc", "words"].contains(&name.as_str());
        assert!(known || went == Went::Wrong, "{at}: {name}");
        if !known && name.ends_with(".tmp") {
            let bytes = fs::read(bench.path(&name)).unwrap();
            let secret = bytes.starts_with(b"-----BEGIN PGP PRIVATE");
            let mode = fs::metadata(bench.path(&name))
                .unwrap()
                .permissions()
                .mode()
                & 0o077;
            assert!(!secret || mode == 0, "{at}: {name}");
        }
    }
    bench
        .key_command(&["extend", "--expires", "3y"], LATER)
        .expect(0);
}
