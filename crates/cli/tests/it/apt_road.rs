//! The whole road of an apt repository, from nothing to a client that installs: a key is
//! made, a pool indexed and signed, verified, refreshed, its sources entry written, and apt
//! updates from it. Only what apt itself asks is asked here: the clock is the machine's.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan as _};
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::put;
use pkgseal_testkit::http::Server;
use pkgseal_testkit::peers::apt;
use serde_json::Value;

use crate::run::{Run, find, pkgseal};

struct Road {
    folder: tempfile::TempDir,
}

impl Road {
    /// A key two hours old, and two packages without an index.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let road = Self { folder };
        let user = ["--user-id", "TEST road <road@test.invalid>"];
        pkgseal(["key", "generate"])
            .args(user)
            .args(["--time", &ago(2)])
            .arg("--output")
            .arg(road.path("keys"))
            .run()
            .expect(0);
        road.add(&Deb::new("hello", "1.0-1", "amd64").field("Depends", "common"));
        road.add(&Deb::new("common", "2.0-1", "all"));
        road
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn repository(&self) -> PathBuf {
        self.path("repository")
    }

    fn add(&self, deb: &Deb) {
        let pool = self.repository().join("pool/main");
        put(&pool, &deb.file_name(), deb.build());
    }

    fn key(&self, suffix: &str) -> PathBuf {
        find(&self.path("keys"), suffix)
    }

    /// `pkgseal apt COMMAND…` with the secret key, at that time.
    fn signs(&self, command: &[&str], time: &str) -> Run {
        pkgseal(["apt"])
            .args(command)
            .args(["--time", time, "--key"])
            .arg(self.key(".key.asc"))
            .arg(self.repository())
            .run()
    }

    fn index(&self, hours_ago: i64) -> Run {
        let suite = ["index", "--suite", "stable", "--valid-for", "3d"];
        self.signs(&suite, &ago(hours_ago)).expect(0)
    }

    fn verify(&self, options: &[&str]) -> Run {
        pkgseal(["apt", "verify"])
            .args(options)
            .arg("--keyring")
            .arg(self.key(".cert.asc"))
            .arg(self.repository())
            .run()
    }

    fn inrelease(&self) -> String {
        fs::read_to_string(self.repository().join("dists/stable/InRelease")).unwrap()
    }
}

/// So many hours before this moment.
fn ago(hours: i64) -> String {
    (Timestamp::now() - hours.hours()).to_string()
}

/// The lines of a signed text that no refresh may change.
fn lasting(inrelease: &str) -> Vec<&str> {
    inrelease
        .lines()
        .take_while(|line| *line != "-----BEGIN PGP SIGNATURE-----")
        .filter(|line| !line.starts_with("Date: ") && !line.starts_with("Valid-Until: "))
        .collect()
}

#[test]
fn from_a_key_to_a_client_that_installs() {
    let road = Road::new();
    road.index(1);
    let again = road.index(1);
    assert!(again.stdout.starts_with("unchanged "), "{}", again.stdout);

    let verified = road.verify(&[]).expect(0);
    assert!(
        verified.stdout.starts_with("accepted "),
        "{}",
        verified.stdout
    );

    let before = road.inrelease();
    road.signs(&["refresh"], &ago(0)).expect(0);
    let after = road.inrelease();
    assert_ne!(before, after);
    assert_eq!(lasting(&before), lasting(&after));
    road.verify(&[]).expect(0);

    let server = Server::of(&road.repository());
    let sources = pkgseal(["apt", "sources", "--suite", "stable", "--component", "main"])
        .arg("--keyring")
        .arg(road.key(".cert.asc"))
        // Those that are asked below; older ones take no certificate inside an entry.
        .args(["--client", "bookworm", "--client", "trixie"])
        .arg(server.url())
        .run()
        .expect(0);
    assert_eq!(sources.stderr, "");
    for which in apt::Which::ALL {
        let Some(client) = apt::Root::of(which, &sources.stdout) else {
            continue;
        };
        let run = client.update().expect_ok();
        assert!(!run.says("W:") && !run.says("E:"), "{run}");
        client.download(&["hello"]).expect_ok();
        assert_eq!(client.downloaded().len(), 2);
    }

    // A package that comes later reaches the same clients by the same entry.
    road.add(&Deb::new("later", "1", "amd64"));
    road.index(0);
    road.verify(&[]).expect(0);
    for which in apt::Which::ALL {
        let Some(client) = apt::Root::of(which, &sources.stdout) else {
            continue;
        };
        client.update().expect_ok();
        client.download(&["later"]).expect_ok();
        damage(&find(&road.repository(), "common_2.0-1_all.deb"), || {
            client.download(&["hello"]).expect_failure();
            let rejected = road.verify(&[]).expect(1);
            rejected.prints("common_2.0-1_all.deb");
        });
    }
}

/// Runs something while one byte of a file is another.
fn damage(path: &Path, meanwhile: impl FnOnce()) {
    let good = fs::read(path).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    fs::write(path, bad).unwrap();
    meanwhile();
    fs::write(path, good).unwrap();
}

#[test]
fn every_step_tells_a_program_too() {
    let road = Road::new();
    let document = |run: Run, status: i32| -> Value {
        let run = run.expect(status);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(document["schema"], 1, "{}", run.stdout);
        document
    };
    let time = ago(1);
    let index = ["index", "--json", "--suite", "stable"];
    let made = document(road.signs(&index, &time), 0);
    assert_eq!(made["outcome"], "accepted");
    let outputs = made["objects"][0]["outputs"].as_array().unwrap();
    let written = |name: &str| {
        outputs
            .iter()
            .any(|path| path.as_str().unwrap().ends_with(name))
    };
    assert!(written("dists/stable/InRelease"), "{made}");
    assert!(written("Packages.xz"), "{made}");

    let unchanged = document(road.signs(&index, &time), 0);
    let outputs = unchanged["objects"][0]["outputs"].as_array();
    assert!(outputs.is_none_or(Vec::is_empty), "{unchanged}");

    let verified = document(road.verify(&["--json"]), 0);
    assert_eq!(verified["outcome"], "accepted");

    let refreshed = document(road.signs(&["refresh", "--json"], &ago(0)), 0);
    assert_eq!(refreshed["outcome"], "accepted");

    damage(&find(&road.repository(), "hello_1.0-1_amd64.deb"), || {
        let rejected = document(road.verify(&["--json"]), 1);
        assert_eq!(rejected["outcome"], "rejected");
        let codes: Vec<_> = rejected["objects"][0]["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["code"].as_str().unwrap().to_owned())
            .collect();
        assert!(codes.contains(&"file.digest-mismatch".into()), "{codes:?}");
    });
}
