//! `pkgseal keyring forecast`: what it says, in each form, and with which exit status.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::apt::Repository;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::keys::{self, RawOptions, SIGNED};

use crate::run::{Run, pkgseal, repository};

const NOW: &str = "2025-03-02T00:00:00Z";

fn certificate(name: &str) -> PathBuf {
    repository("testdata/keys").join(format!("{name}.cert.asc"))
}

/// The forecast of a path, with a keyring.
fn forecast(keyring: &Path, more: &[&str], path: &Path) -> Run {
    pkgseal(["keyring", "forecast", "--time", NOW, "--keyring"])
        .arg(keyring)
        .args(more)
        .arg(path)
        .run()
}

/// The forecast of a keyring.
fn of_keyring(name: &str, more: &[&str]) -> Run {
    pkgseal(["keyring", "forecast", "--time", NOW])
        .args(more)
        .arg(certificate(name))
        .run()
}

/// Writes a suite signed by these keys, and the keyring of them.
fn suite(root: &Path, suite: &str, signers: &[&str], valid_until: Option<&str>) -> PathBuf {
    let debs = vec![("main", Deb::new("hello", "1.0", "amd64"))];
    let mut repository = match suite {
        "" => Repository::flat(vec![Deb::new("hello", "1.0", "amd64")]),
        suite => Repository::new(suite, debs),
    };
    repository.valid_until = valid_until.map(str::to_owned);
    repository.write(root);
    let folder = root.join(repository.folder());
    let names = signers;
    let signers: Vec<_> = names.iter().map(|name| keys::load(name)).collect();
    let signers: Vec<_> = signers
        .iter()
        .map(|key| (key, RawOptions::at(SIGNED)))
        .collect();
    let message = keys::raw_clearsign(&signers, &repository.release());
    fs::write(folder.join("InRelease"), message).unwrap();
    fs::remove_file(folder.join("Release")).unwrap();
    let keyring = root.with_extension("keyring.gpg");
    fs::write(&keyring, keys::keyring(names)).unwrap();
    keyring
}

/// A repository of one suite.
fn one(folder: &Path, signers: &[&str], valid_until: Option<&str>) -> (PathBuf, PathBuf) {
    let root = folder.join("repository");
    let keyring = suite(&root, "stable", signers, valid_until);
    (root, keyring)
}

#[test]
fn who_breaks_and_who_does_not_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = one(folder.path(), &["expired"], None);
    let clients = ["--client", "bookworm", "--client", "trixie"];
    let run = forecast(&keyring, &clients, &root).expect(0);
    let published = |line: &&str| line.contains("breaks") && line.contains("dists/stable");
    let line = run.stdout.lines().find(published).unwrap();
    assert!(
        line.contains("2025-06-01T00:00:00Z  (in 91 days)"),
        "{line}"
    );
    let after: Vec<&str> = run
        .stdout
        .lines()
        .skip_while(|line| !published(line))
        .take(4)
        .collect();
    // What is signed already goes on with sqv; what is signed from then on does not.
    assert_eq!(after[1].trim(), "for:     bookworm");
    assert!(after[2].contains("[forecast.key-expires]"), "{}", after[2]);
    run.prints("pkgseal key extend");
    let new = |line: &&str| line.contains("breaks") && line.contains("signs from then on");
    let new: Vec<&str> = run
        .stdout
        .lines()
        .skip_while(|line| !new(line))
        .take(2)
        .collect();
    assert_eq!(new[1].trim(), "for:     bookworm, trixie", "{}", run.stdout);
}

#[test]
fn the_exit_status_is_for_monitoring() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = one(folder.path(), &["expired"], None);
    let at = |length: &str| {
        let more = ["--client", "bookworm", "--within", length];
        forecast(&keyring, &more, &root)
    };
    at("90d").expect(0);
    at("91d").expect(1);
    at("0s").expect(0);
    at("5000w").expect(1);
    // What is broken already counts, whatever the time asked for.
    let late = |more: &[&str]| {
        pkgseal(["keyring", "forecast", "--time", "2026-01-01", "--keyring"])
            .arg(&keyring)
            .args(["--client", "bookworm"])
            .args(more)
            .arg(&root)
            .run()
    };
    late(&["--within", "0s"]).expect(1);
    let run = late(&[]).expect(0);
    run.prints("already:");
    run.prints("(214 days ago)");
}

#[test]
fn each_suite_has_its_own_dates() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repository");
    suite(&root, "stable", &["good"], None);
    suite(
        &root,
        "stable-security",
        &["good"],
        Some("Sat, 08 Mar 2025 00:00:00 UTC"),
    );
    suite(
        &root,
        "old",
        &["good"],
        Some("Sat, 01 Mar 2025 12:00:00 UTC"),
    );
    let run = forecast(&certificate("good-ed25519"), &["--client", "trixie"], &root).expect(0);
    let line = |name: &str| {
        let breaks = |line: &&str| line.contains("breaks") && line.ends_with(name);
        run.stdout.lines().find(breaks).map(str::trim)
    };
    assert!(
        line("dists/stable-security")
            .unwrap()
            .starts_with("2025-03-08T00:00:01Z"),
        "{}",
        run.stdout
    );
    assert!(
        line("dists/old")
            .unwrap()
            .starts_with("2025-03-01T12:00:01Z"),
        "{}",
        run.stdout
    );
    assert_eq!(line("dists/stable"), None);
    run.prints("pkgseal apt refresh --key KEY --suite stable-security");
}

#[test]
fn a_client_of_a_file_may_bound_valid_until() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = one(
        folder.path(),
        &["good"],
        Some("Sat, 08 Mar 2025 00:00:00 UTC"),
    );
    for (rule, expected) in [
        ("max-valid-seconds = 172800", "2025-03-03T00:00:01Z"),
        ("min-valid-seconds = 864000", "2025-03-11T00:00:01Z"),
    ] {
        let file = folder.path().join("client.toml");
        let text = format!("based-on = \"trixie\"\nname = \"ours\"\n[release]\n{rule}\n");
        fs::write(&file, text).unwrap();
        let run = forecast(&keyring, &["--client", file.to_str().unwrap()], &root).expect(0);
        run.prints(expected);
        run.prints("forecast.valid-until");
    }
    let missing = folder.path().join("missing.toml");
    forecast(&keyring, &["--client", missing.to_str().unwrap()], &root).expect(2);
}

#[test]
fn a_flat_repository_is_one_too() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("flat");
    let keyring = suite(&root, "", &["subkey-expired"], None);
    let run = forecast(&keyring, &["--client", "noble"], &root).expect(0);
    run.prints("2025-06-01T00:00:00Z");
    run.prints("the subkey ");
}

#[test]
fn a_key_beside_which_another_signed_breaks_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = one(folder.path(), &["expired", "good"], None);
    let run = forecast(&keyring, &["--client", "bookworm", "--json"], &root).expect(0);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let published = |one: &&serde_json::Value| one["subject"]["scope"] == "published";
    let events = document["events"].as_array().unwrap();
    assert_eq!(events.iter().filter(published).count(), 0, "{document:#}");
    let quiet = document["quiet"].as_array().unwrap();
    assert_eq!(quiet.iter().filter(published).count(), 1, "{document:#}");
    // What the one signs alone from then on does break.
    assert_eq!(events.len(), 1, "{document:#}");
    assert_eq!(events[0]["cause"]["code"], "forecast.key-expires");
    assert_eq!(document["outcome"], "accepted");
}

#[test]
fn a_policy_names_its_line_and_the_self_signature() {
    let run = of_keyring("sha1-binding", &["--client", "trixie"]).expect(0);
    for words in [
        "2026-02-01T00:00:00Z",
        "digest.sha1.self-signature = \"2026-02-01\"",
        "forecast.policy",
        "pkgseal key doctor --fix",
        "self-signature of 2025-01-01",
    ] {
        run.prints(words);
    }
    // It is warned of already.
    run.prints("already:");
    let run = of_keyring("good-rsa2048", &["--client", "trixie"]).expect(0);
    let day = |happens: &str| {
        let line = run.stdout.lines().find(|line| line.contains(happens));
        line.unwrap().trim().split(' ').next().unwrap().to_owned()
    };
    assert_eq!(day("warns"), "2029-02-01T00:00:00Z");
    assert_eq!(day("breaks"), "2030-02-01T00:00:00Z");
    run.prints("pkgseal key rotate plan");
}

#[test]
fn a_keyring_without_dates_breaks_never() {
    let run = of_keyring("good-rsa4096", &["--within", "5000w"]).expect(0);
    assert!(
        run.stdout
            .ends_with("0 broken already, 0 to break, 0 of them all within the time asked for\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn what_cannot_be_decided_is_2() {
    let folder = tempfile::tempdir().unwrap();
    let (root, _) = one(folder.path(), &["good"], None);
    // Nobody's certificate, the wrong one, none in the file, no such path.
    let run = pkgseal(["keyring", "forecast"]).arg(&root).run().expect(2);
    run.complains("no certificate is known");
    let run = forecast(&certificate("good-rsa4096"), &["--within", "30d"], &root).expect(2);
    run.prints("forecast.unknown-signer");
    let empty = folder.path().join("empty.gpg");
    fs::write(&empty, "").unwrap();
    pkgseal(["keyring", "forecast"]).arg(&empty).run().expect(2);
    pkgseal(["keyring", "forecast", "/nowhere/at/all"])
        .run()
        .expect(2);
    let nothing = folder.path().join("nothing");
    fs::create_dir(&nothing).unwrap();
    forecast(&certificate("good-ed25519"), &[], &nothing).expect(2);
    for wrong in [
        ["--client", "wheezy"],
        ["--target", "el5"],
        ["--target", "el7"],
        ["--within", "soon"],
        ["--format", "xml"],
        ["--time", "yesterday"],
    ] {
        of_keyring("good-ed25519", &wrong).expect(2);
    }
    of_keyring("good-ed25519", &["--json", "--format", "ical"]).expect(2);
}

#[test]
fn an_unknown_signer_beside_a_known_one_is_a_note() {
    let folder = tempfile::tempdir().unwrap();
    let (root, _) = one(folder.path(), &["good", "stranger"], None);
    let run = forecast(&certificate("good-ed25519"), &["--client", "trixie"], &root).expect(0);
    run.prints("note: ");
    run.prints("forecast.unknown-signer");
}

#[test]
fn an_unsigned_suite_has_always_been_broken() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = one(folder.path(), &["good"], None);
    let debs = vec![("main", Deb::new("hello", "1.0", "amd64"))];
    Repository::new("unsigned", debs).write(&root);
    let more = ["--client", "bookworm", "--within", "1d"];
    let run = forecast(&keyring, &more, &root).expect(1);
    run.prints("always so");
    run.prints("dists/unsigned");
}

#[test]
fn hostile_dates_foretell_what_clients_make_of_them() {
    let day = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let (root, keyring) = one(folder.path(), &["good"], Some(text));
        forecast(&keyring, &["--client", "bookworm", "--json"], &root)
    };
    for text in [
        "Sat, 01 Feb 2200 00:00:00 UTC",
        "Sat, 01 Feb 9999 23:59:59 UTC",
    ] {
        let run = day(text).expect(0);
        run.prints("\"events\": []");
    }
    // No date at all to apt, which rejects the suite for it.
    for text in [
        "Sat, 01 Feb 99999999999999999999 00:00:00 UTC",
        "never",
        "\u{202e}2099",
        "-1",
    ] {
        let run = day(text).expect(0);
        run.prints("\"happens\": \"breaks\"");
        run.prints("\"at\": null");
        let monitored = {
            let folder = tempfile::tempdir().unwrap();
            let (root, keyring) = one(folder.path(), &["good"], Some(text));
            forecast(&keyring, &["--client", "bookworm", "--within", "1d"], &root)
        };
        let monitored = monitored.expect(1);
        assert!(!monitored.stdout.contains('\u{202e}'));
    }
}

#[test]
fn the_clock_may_stand_anywhere() {
    for time in ["1970-01-01", "2106-02-08", "9999-12-01", "@-5"] {
        for form in ["text", "ical", "prometheus"] {
            pkgseal(["keyring", "forecast", "--time", time, "--format", form])
                .args(["--client", "trixie", "--client", "rpm-4.20"])
                .arg(certificate("expired"))
                .run()
                .expect(0);
        }
    }
}

#[test]
fn forms_for_calendars_and_monitoring() {
    let run = of_keyring("expired", &["--client", "bookworm", "--format", "ical"]).expect(0);
    assert!(
        run.stdout.starts_with("BEGIN:VCALENDAR\r\n"),
        "{}",
        run.stdout
    );
    run.prints("\r\nDTSTART:20250601T000000Z\r\n");
    run.prints("\r\nDTSTAMP:20250302T000000Z\r\n");
    let more = ["--client", "bookworm", "--format", "prometheus"];
    let run = of_keyring("expired", &more).expect(0);
    let sample = run
        .stdout
        .lines()
        .find(|line| line.starts_with("pkgseal_break_timestamp_seconds{"))
        .unwrap();
    assert!(sample.contains("consumer=\"bookworm\""), "{sample}");
    assert!(sample.ends_with("} 1748736000"), "{sample}");
}

#[test]
fn a_file_is_written_whole_and_nothing_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pkgseal.prom");
    fs::write(&file, "old").unwrap();
    let write = |key: &str, to: &Path| {
        let to = to.to_str().unwrap();
        let more = [
            "--client",
            "trixie",
            "--format",
            "prometheus",
            "--output",
            to,
        ];
        of_keyring(key, &more)
    };
    let run = write("expired", &file).expect(0);
    assert_eq!(run.stdout, "");
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.contains("pkgseal_forecast_timestamp_seconds 1740873600"));
    // Failing, it leaves what was there.
    fs::write(folder.path().join("empty.gpg"), "").unwrap();
    pkgseal(["keyring", "forecast", "--output"])
        .arg(&file)
        .arg(folder.path().join("empty.gpg"))
        .run()
        .expect(2);
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
    write("expired", folder.path()).expect(2);
    write("expired", &folder.path().join("no/such/folder")).expect(2);
    assert_eq!(
        crate::run::listing(folder.path()),
        ["empty.gpg", "pkgseal.prom"]
    );
}

#[test]
fn targets_narrow_to_their_readers() {
    let run = of_keyring("expired", &["--target", "el9", "--json"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let present = document["present"].as_array().unwrap();
    let names: Vec<&str> = present
        .iter()
        .map(|one| one["consumer"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["dnf-el9", "rpm-4.18"]);
}

#[test]
fn we_can_be_asked_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (root, keyring) = one(folder.path(), &["expired"], None);
    let run = forecast(&keyring, &["--client", "pkgseal", "--json"], &root).expect(0);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    for event in document["events"].as_array().unwrap() {
        assert_eq!(event["at"], "2025-06-01T00:00:00Z");
        assert_eq!(event["consumers"][0]["name"], "pkgseal");
    }
    assert_eq!(document["events"].as_array().unwrap().len(), 2);
}
