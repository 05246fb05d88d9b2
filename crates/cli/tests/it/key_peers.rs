//! Keys that were changed, as gpg, sq, apt, rpm and debsig-verify take them: the releases
//! of Debian 12, and of Debian 13 in its chroot. They read the machine's clock, so the keys
//! here are a few days old: one that expired yesterday and was extended today.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan as _};
use pkgseal_openpgp::Certificate;
use pkgseal_testkit::build::apt::Repository;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::peers::trixie::Room;
use pkgseal_testkit::peers::{apt, deb, gnupg, have, rpm, run, sequoia};
use serde_json::Value;

use crate::run::{find, pkgseal};

/// `HOURS` before now.
fn ago(hours: i64) -> String {
    (Timestamp::now() - hours.hours()).to_string()
}

struct Road {
    folder: tempfile::TempDir,
}

impl Road {
    /// A key three days old that lived two days, and notes it signed on its first.
    fn new(arguments: &[&str]) -> Self {
        let road = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        pkgseal([
            "key",
            "generate",
            "--expires",
            "2d",
            "--time",
            &ago(72),
            "--output",
        ])
        .arg(road.path("keys"))
        .args(["--user-id", "TEST life <life@test.invalid>"])
        .args(arguments)
        .run()
        .expect(0);
        fs::write(road.path("notes"), "notes\n").unwrap();
        road.sign("notes", 71);
        road
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn key(&self) -> PathBuf {
        find(&self.path("keys"), ".key.asc")
    }

    /// The certificate, armored.
    fn armored(&self) -> Vec<u8> {
        fs::read(find(&self.path("keys"), ".cert.asc")).unwrap()
    }

    /// The certificate as packets.
    fn binary(&self) -> Vec<u8> {
        let (certificates, errors) = Certificate::parse_all(&self.armored());
        assert!(errors.is_empty(), "{errors:?}");
        certificates[0].to_binary()
    }

    fn sign(&self, name: &str, hours_ago: i64) {
        pkgseal(["sign", "--time", &ago(hours_ago), "--key"])
            .arg(self.key())
            .arg(self.path(name))
            .run()
            .expect(0);
    }

    /// `pkgseal key …` so many hours ago.
    fn change(&self, command: &[&str], hours_ago: i64) -> Value {
        let run = pkgseal(["key"])
            .args(command)
            .args(["--json", "--time", &ago(hours_ago)])
            .arg(self.key())
            .run()
            .expect(0);
        serde_json::from_str(&run.stdout).unwrap()
    }

    fn fingerprints(&self) -> Vec<String> {
        let run = pkgseal(["keyring", "list", "--json"])
            .arg(find(&self.path("keys"), ".cert.asc"))
            .run();
        let listed: Value = serde_json::from_str(&run.stdout).unwrap();
        let keys = listed["certificates"][0]["keys"].as_array().unwrap();
        keys.iter()
            .map(|key| key["fingerprint"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The notes signed on the first day, by everybody who verifies detached signatures;
    /// whether they say the same.
    fn old_signature(&self, accepted: bool) {
        let (data, signature) = (b"notes\n", fs::read(self.path("notes.asc")).unwrap());
        let keyring = self.binary();
        let ours = pkgseal(["verify", "--keyring"])
            .arg(find(&self.path("keys"), ".cert.asc"))
            .arg(self.path("notes"))
            .run();
        assert_eq!(ours.status == 0, accepted, "{}", ours.stdout);
        if let Some(run) = gnupg::gpgv(&keyring, &signature, Some(data)) {
            assert_eq!(run.says("GOODSIG"), accepted, "{run}");
        }
        if let Some(run) = sequoia::sqv(&keyring, &signature, data) {
            assert_eq!(run.accepted(), accepted, "{run}");
        }
        if let Some(room) = Room::new() {
            let keyring = room.put("keyring.pgp", &keyring);
            let signature = room.put("notes.asc", &signature);
            let data = room.put("notes", data);
            let sqv = room.run("sqv", [Path::new("--keyring"), &keyring, &signature, &data]);
            assert_eq!(sqv.accepted(), accepted, "{sqv}");
        }
    }

    /// Both sq: nothing wrong with the certificate, and the signature verifies.
    fn sq(&self) {
        let certificate = self.path("armored");
        fs::write(&certificate, self.armored()).unwrap();
        if let Some(sq) = have("sq") {
            let inspected = sq.run([Path::new("inspect"), &certificate]).expect_ok();
            for wrong in ["Invalid", "expired", "Expired"] {
                assert!(!inspected.says(wrong), "{inspected}");
            }
            let mut command = sq.command();
            command.arg("verify").arg("--signer-cert").arg(&certificate);
            command
                .arg("--detached")
                .arg(self.path("notes.asc"))
                .arg(self.path("notes"));
            run(&mut command).expect_ok();
        }
        if let Some(room) = Room::new() {
            if !room.has("sq") {
                assert!(std::env::var_os("CI").is_none(), "the chroot has no sq");
                println!("SKIP: the chroot has no sq");
                return;
            }
            room.put("cert.asc", self.armored());
            room.put("notes", "notes\n");
            room.put("notes.asc", fs::read(self.path("notes.asc")).unwrap());
            let script = "sq --home=none cert lint --cert-file cert.asc \
                 && sq --home=none inspect cert.asc \
                 && sq --home=none verify --signer-file cert.asc \
                      --signature-file notes.asc notes";
            let run = room.run("sh", ["-c", script]).expect_ok();
            // The linter counts what it found: of a live certificate, nothing.
            for good in [
                "0 of the linted certificates were expired",
                "(0%) have at least one",
            ] {
                assert!(run.says(good), "{run}");
            }
            assert!(!run.says("Invalid"), "{run}");
        }
    }

    /// apt of both releases, with a repository signed so many hours ago.
    fn apt(&self, hours_ago: i64) {
        let packages = vec![("main", Deb::new("hello", "1.0-1", "amd64"))];
        let repository = self.path("repository");
        let _ = fs::remove_dir_all(&repository);
        Repository::new("stable", packages).write(&repository);
        self.sign("repository/dists/stable/Release", hours_ago);
        let keyring = self.binary();
        for which in apt::Which::ALL {
            if let Some(run) = apt::update_by(which, &repository, "stable", "main", &keyring) {
                run.expect_ok();
            }
        }
    }

    /// rpm of both releases, with a package signed so many hours ago.
    fn rpm(&self, hours_ago: i64) {
        let package = self.path("hello.rpm");
        fs::write(
            &package,
            Rpm::new("hello", "1.0", "noarch", Format::V4).build(),
        )
        .unwrap();
        self.sign("hello.rpm", hours_ago);
        if let Some(database) = rpm::Database::new(&[]) {
            database.import(&self.armored()).expect_ok();
            database.check(&package).expect_ok();
        }
        if let Some(room) = Room::new() {
            room.put("hello.rpm", fs::read(&package).unwrap());
            room.put("cert.asc", self.armored());
            let script = "rpmkeys --dbpath $PWD/db --import cert.asc \
                 && rpmkeys --dbpath $PWD/db --define '_pkgverify_level all' -Kv hello.rpm";
            room.run("sh", ["-c", script]).expect_ok();
        }
    }

    /// debsig-verify of both releases, with a package signed so many hours ago. That of
    /// Debian 12 finds primary keys only.
    fn debsig(&self, hours_ago: i64, primary_signs: bool) {
        let package = self.path("hello.deb");
        fs::write(&package, Deb::new("hello", "1.0-1", "amd64").build()).unwrap();
        self.sign("hello.deb", hours_ago);
        let (keyring, keys) = (self.binary(), self.fingerprints());
        if primary_signs
            && let Some(run) = deb::debsig_verify_by(&package, &["origin"], &keyring, &keys)
        {
            run.expect_ok();
        }
        if let Some(room) = Room::new() {
            let bytes = fs::read(&package).unwrap();
            deb::debsig_verify_in(&room, &bytes, &["origin"], &keyring, &keys).expect_ok();
        }
    }

    /// gpg takes key and certificate, knows their expiry, and signs.
    fn gpg(&self) {
        let Some(home) = gnupg::Home::new(&[]) else {
            return;
        };
        home.import(&self.armored());
        home.import(&fs::read(self.key()).unwrap());
        let listed = run(home.command().args(["--with-colons", "-k"])).expect_ok();
        for wrong in ["pub:e:", "pub:r:", "sub:e:"] {
            assert!(!listed.says(wrong), "{listed}");
        }
        let signature = self.path("by-gpg.sig");
        let mut command = home.command();
        command
            .args(["--detach-sign", "--output"])
            .arg(&signature)
            .arg(self.path("notes"));
        run(&mut command).expect_ok();
        let signature = fs::read(signature).unwrap();
        let verified = gnupg::gpgv(&self.binary(), &signature, Some(b"notes\n")).unwrap();
        assert!(verified.says("GOODSIG"), "{verified}");
    }
}

#[test]
fn an_expired_key_that_was_extended_is_good_for_everybody() {
    for (arguments, primary_signs) in [
        (&[][..], false),
        (&["--algorithm", "rsa3072"], false),
        (&["--for", "maven", "--algorithm", "rsa3072"], true),
    ] {
        let road = Road::new(arguments);
        let before = road.fingerprints();
        // Yesterday it expired, and gpgv says so of what it signed before.
        if let Some(run) = gnupg::gpgv(
            &road.binary(),
            &fs::read(road.path("notes.asc")).unwrap(),
            Some(b"notes\n"),
        ) {
            assert!(run.says("EXPKEYSIG"), "{run}");
        }
        road.change(&["extend", "--expires", "1y"], 3);
        assert_eq!(road.fingerprints(), before);
        road.old_signature(true);
        road.sq();
        road.gpg();
        road.apt(2);
        road.rpm(2);
        road.debsig(2, primary_signs);
    }
}

#[test]
fn a_new_subkey_is_good_for_everybody_and_the_old_one_for_what_it_signed() {
    let road = Road::new(&[]);
    road.change(&["extend", "--expires", "1y"], 6);
    let told = road.change(
        &["subkey", "replace", "--retire", "90d", "--expires", "300d"],
        5,
    );
    let new = told["changes"][0]["key"].as_str().unwrap().to_owned();
    assert!(road.fingerprints().contains(&new));
    road.old_signature(true);
    road.sq();
    road.gpg();
    road.apt(2);
    road.rpm(2);
    road.debsig(2, false);
    let shown = pkgseal(["inspect", "--json"])
        .arg("--keyring")
        .arg(find(&road.path("keys"), ".cert.asc"))
        .arg(road.path("repository/dists/stable/InRelease"))
        .run();
    shown.prints(&new);
}

#[test]
fn a_parted_key_goes_on_signing_for_everybody() {
    let road = Road::new(&["--algorithm", "rsa3072"]);
    road.change(&["extend", "--expires", "1y"], 6);
    let offline = road.path("offline").display().to_string();
    road.change(&["split", "--offline", &offline], 5);
    road.old_signature(true);
    road.gpg();
    road.apt(2);
    road.rpm(2);
}

#[test]
fn a_hard_revocation_reaches_everybody() {
    let road = Road::new(&[]);
    road.change(&["extend", "--expires", "1y"], 6);
    road.old_signature(true);
    road.apt(5);
    let repository = road.path("repository");
    road.change(&["revoke", "--whole", "--reason", "compromised"], 2);
    road.old_signature(false);
    let keyring = road.binary();
    for which in apt::Which::ALL {
        if let Some(run) = apt::update_by(which, &repository, "stable", "main", &keyring) {
            run.expect_failure();
        }
    }
}

/// Clients of Debian 12 know no OpenPGP v6; Debian 13's sq knows it, and no post-quantum
/// algorithm.
#[test]
fn v6_keys_are_read_by_the_sq_that_knows_them() {
    for (purpose, known) in [("rfc9580", true), ("pqc", false)] {
        let road = Road::new(&["--for", purpose]);
        road.change(&["extend", "--expires", "1y"], 6);
        road.change(&["subkey", "add", "--expires", "300d"], 5);
        let ours = pkgseal(["verify", "--keyring"])
            .arg(find(&road.path("keys"), ".cert.asc"))
            .arg(road.path("notes"))
            .run();
        ours.expect(0);
        let Some(room) = Room::new().filter(|room| room.has("sq") && known) else {
            continue;
        };
        room.put("cert.asc", road.armored());
        room.put("notes", "notes\n");
        room.put("notes.asc", fs::read(road.path("notes.asc")).unwrap());
        let script = "sq --home=none cert lint --cert-file cert.asc \
             && sq --home=none verify --signer-file cert.asc --signature-file notes.asc notes";
        room.run("sh", ["-c", script]).expect_ok();
    }
}
