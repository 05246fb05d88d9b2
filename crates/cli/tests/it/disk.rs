//! A full disk, a read-only target, a killed run: the old file is whole, there is no
//! litter, and the exit status is 2.
//!
//! The first two need a mount of their own; `unshare --mount` gives one to root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{find, listing, private_key, repository};

/// A workshop with a private copy of a test key and the samples' Release, .deb and .rpm.
struct Bench {
    directory: tempfile::TempDir,
}

const KEY: &str = "good-ed25519.key.asc";

const OBJECTS: &[(&str, &[&str])] = &[
    ("Release", &["InRelease", "Release.gpg"]),
    ("package.deb", &["package.deb"]),
    ("package.rpm", &["package.rpm"]),
    ("repomd.xml", &["repomd.xml.asc", "repomd.xml.key"]),
    ("notes.txt", &["notes.txt.asc"]),
];

impl Bench {
    fn new() -> Self {
        let bench = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        private_key(bench.directory.path(), KEY);
        let input = bench.path("input");
        fs::create_dir(&input).unwrap();
        let copy = |from: PathBuf, name: &str| {
            fs::copy(from, input.join(name)).unwrap();
        };
        copy(repository("testdata/apt/dists/stable/Release"), "Release");
        copy(repository("testdata/yum/repodata/repomd.xml"), "repomd.xml");
        copy(
            find(&repository("testdata/apt/pool"), ".deb"),
            "package.deb",
        );
        copy(find(&repository("testdata/yum"), ".rpm"), "package.rpm");
        fs::write(input.join("notes.txt"), "notes\n").unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Signs `object` in a fresh mount made by `prepare`, and gives the exit status, the
    /// messages, and what lies in the directory afterwards with its SHA-256.
    fn sign_mounted(&self, object: &str, prepare: &str) -> Option<(i32, String, String)> {
        let script = format!(
            r#"mkdir -p "$W/disk" && {prepare} || exit 77
               cd "$W/disk" && ls -A | sort | xargs -r sha256sum > "$W/before"
               "$PKGSEAL" sign --time 2025-06-15 --key "$W/$KEY" "$OBJECT" 2> "$W/messages"
               echo $? > "$W/status"
               ls -A | sort | xargs -r sha256sum > "$W/after""#
        );
        let run = pkgseal_testkit::peers::have("unshare")?
            .command()
            .args(["--mount", "sh", "-c", &script])
            .env("W", self.directory.path())
            .env("PKGSEAL", env!("CARGO_BIN_EXE_pkgseal"))
            .env("KEY", KEY)
            .env("OBJECT", object)
            .output()
            .unwrap();
        if !run.status.success() {
            let why = String::from_utf8_lossy(&run.stderr);
            assert!(
                std::env::var_os("CI").is_none(),
                "no mounts of our own: {why}"
            );
            println!("SKIP: no mounts of our own: {why}");
            return None;
        }
        let text = |name: &str| fs::read_to_string(self.path(name)).unwrap();
        let (before, after) = (text("before"), text("after"));
        assert_eq!(before, after, "{object}: the directory changed");
        Some((
            text("status").trim().parse().unwrap(),
            text("messages"),
            after,
        ))
    }
}

#[test]
fn a_full_disk() {
    // The object fits, and an old output beside it; what is left is filled to the brim.
    let prepare = r#"mount -t tmpfs -o size=256k tmpfs "$W/disk" &&
        cp "$W/input/$OBJECT" "$W/disk/" &&
        for old in InRelease Release.gpg repomd.xml.asc repomd.xml.key notes.txt.asc; do
            case "$old" in "$OBJECT"*|InRelease|Release.gpg) echo old > "$W/disk/$old";; esac
        done &&
        { dd if=/dev/zero of="$W/disk/filler" bs=4k 2>/dev/null; true; }"#;
    for (object, _) in OBJECTS {
        let bench = Bench::new();
        let Some((status, messages, _)) = bench.sign_mounted(object, prepare) else {
            return;
        };
        assert_eq!(status, 2, "{object}: {messages}");
        assert!(messages.contains("No space left"), "{object}: {messages}");
    }
}

#[test]
fn a_read_only_target() {
    let prepare = r#"mount -t tmpfs -o size=1m tmpfs "$W/disk" &&
        cp "$W/input/$OBJECT" "$W/disk/" && mount -o remount,ro "$W/disk""#;
    for (object, _) in OBJECTS {
        let bench = Bench::new();
        let Some((status, messages, _)) = bench.sign_mounted(object, prepare) else {
            return;
        };
        assert_eq!(status, 2, "{object}: {messages}");
        assert!(messages.contains("Read-only"), "{object}: {messages}");
    }
}

/// Kills the run at ever later moments until it gets through, for every kind of object.
#[test]
fn a_killed_run() {
    for (object, outputs) in OBJECTS {
        let bench = Bench::new();
        let input = bench.path("input");
        // What belongs to a publisher goes with the next run.
        let listing = |folder: &Path| {
            let mut names = listing(folder);
            names.retain(|name| name != ".pkgseal" && !name.ends_with(".rpm-journal"));
            names
        };
        let old: Vec<Option<Vec<u8>>> = outputs
            .iter()
            .map(|name| fs::read(input.join(name)).ok())
            .collect();
        let names = listing(&input);
        let mut delay = Duration::ZERO;
        let (mut killed, mut littered) = (0, 0);
        loop {
            let mut child = Command::new(env!("CARGO_BIN_EXE_pkgseal"))
                .args(["sign", "--time", "2025-06-15", "--key"])
                .arg(bench.path(KEY))
                .arg(input.join(object))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let started = Instant::now();
            while started.elapsed() < delay {
                std::hint::spin_loop();
            }
            let _ = child.kill();
            if child.wait().unwrap().success() {
                break;
            }
            killed += 1;
            // Either still the old state, or (killed after the rename) the new one.
            let now: Vec<Option<Vec<u8>>> = outputs
                .iter()
                .map(|name| fs::read(input.join(name)).ok())
                .collect();
            if now != old {
                delay += Duration::from_micros(250);
                // Two files, or one that is written to: the next run completes what was
                // under way.
                if matches!(*object, "Release" | "package.rpm") {
                    continue;
                }
                break;
            }
            // Between giving the finished file a name and renaming it to the target lie two
            // system calls: a kill just there leaves the finished file under its own name.
            if listing(&input) != names {
                littered += 1;
                let mut left = listing(&input);
                left.retain(|name| !names.contains(name));
                let staged =
                    |name: &String| name.starts_with(".pkgseal-") && name.ends_with(".tmp");
                assert!(left.iter().all(staged), "{object}: {left:?}");
                sweep(&input, &names);
            }
            delay += Duration::from_micros(250);
        }
        assert!(killed > 0, "{object}: no run was ever killed");
        assert!(
            littered <= 1 + killed / 4,
            "{object}: litter after {littered} of {killed}"
        );
        assert!(!input.join(".pkgseal/next").exists(), "{object}");
        let left = crate::run::listing(&input);
        assert!(
            !left.iter().any(|name| name.ends_with("-journal")),
            "{left:?}"
        );
        let verified = Command::new(env!("CARGO_BIN_EXE_pkgseal"))
            .args(["verify", "--time", "2025-06-16", "--keyring"])
            .arg(repository("testdata/keys/good-ed25519.cert.asc"))
            .arg(input.join(object))
            .output()
            .unwrap();
        assert!(
            verified.status.success(),
            "{object}: {}",
            String::from_utf8_lossy(&verified.stdout)
        );
    }
}

fn sweep(directory: &Path, keep: &[String]) {
    for name in listing(directory) {
        if !keep.contains(&name) {
            fs::remove_file(directory.join(name)).unwrap();
        }
    }
}
