//! `pkgseal rpm verify`: levels, strict reading, clients, rpmkeys' words.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag, tag};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};
use pkgseal_testkit::peers::rpm::Database;
use pkgseal_testkit::peers::{self, Run as PeerRun};

use crate::run::{Run, pkgseal};

const TIME: &str = "2025-09-01";
const KEY: &str = "good-ed25519";

fn parts() -> Parts {
    Parts::read(&Rpm::new("hello", "1.0", "noarch", Format::V4).build())
}

fn signed() -> Parts {
    let parts = parts();
    let options = RawOptions::at(keys::SIGNED).binary();
    let packet = raw_sign(&keys::load(KEY), &parts.header, &options);
    parts.with(Tag::binary(tag::DSA, &packet))
}

/// A folder with a good package, an unsigned one, a changed one, and none.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    put("good.rpm", signed().build());
    put("unsigned.rpm", parts().build());
    let mut changed = signed();
    changed.payload[20] ^= 1;
    put("changed.rpm", changed.build());
    put("none.rpm", b"no package at all".to_vec());
    folder
}

const FILES: [&str; 4] = ["good.rpm", "unsigned.rpm", "changed.rpm", "none.rpm"];

fn verify(folder: &Path, options: &[&str], files: &[&str]) -> Run {
    let paths: Vec<PathBuf> = files.iter().map(|file| folder.join(file)).collect();
    pkgseal(["rpm", "verify", "--time", TIME])
        .args(options)
        .args(paths)
        .run()
}

fn certificate() -> String {
    keys::load(KEY)
        .certificate_path()
        .to_string_lossy()
        .into_owned()
}

#[test]
fn levels() {
    let place = place();
    let keyring = certificate();
    let with = ["--keyring", &keyring];
    for (file, level, status) in [
        ("good.rpm", "all", 0),
        ("unsigned.rpm", "all", 1),
        ("unsigned.rpm", "signature", 1),
        ("unsigned.rpm", "digest", 0),
        ("unsigned.rpm", "none", 0),
        ("changed.rpm", "none", 1),
        ("none.rpm", "none", 1),
    ] {
        let options = [&with[..], &["--level", level]].concat();
        verify(place.path(), &options, &[file]).expect(status);
    }
    // Where no signature is asked for, no certificate is either.
    let run = verify(place.path(), &["--level", "digest"], &["good.rpm"]).expect(0);
    run.prints("accepted");
    verify(place.path(), &[], &["good.rpm"]).expect(2);
}

#[test]
fn strict_rejects_what_else_is_a_warning() {
    let place = place();
    let path = place.path().join("good.rpm");
    let mut bytes = fs::read(&path).unwrap();
    bytes[12] = b'x';
    fs::write(&path, bytes).unwrap();
    let keyring = certificate();
    let run = verify(place.path(), &["--keyring", &keyring], &["good.rpm"]).expect(0);
    run.prints("rpm.lead.not-canonical");
    let strict = ["--keyring", &keyring, "--strict"];
    let run = verify(place.path(), &strict, &["good.rpm"]).expect(1);
    run.prints("rpm.lead.not-canonical");
}

#[test]
fn clients_are_asked_and_differences_named() {
    let place = place();
    let keyring = certificate();
    let with = ["--keyring", &keyring, "--client", "all"];
    let run = verify(place.path(), &with, &["good.rpm"]).expect(0);
    for name in ["rpm-4.18", "rpm-4.20", "rpm-6"] {
        let line = format!("{name} accepts it");
        run.prints(&line);
    }
    // Unsigned packages are for rpm 6 alone to reject.
    let level = ["--level", "digest", "--client", "rpm-4.18"];
    verify(place.path(), &level, &["unsigned.rpm"]).expect(0);
    let run = verify(place.path(), &with, &["unsigned.rpm"]).expect(1);
    run.prints("we reject what rpm-4.18 accepts");
    run.prints_no("what rpm-6 accepts");
    let nobody = ["--keyring", &keyring, "--client", "rpm-3"];
    let run = verify(place.path(), &nobody, &["good.rpm"]).expect(2);
    run.complains("rpm-4.18, rpm-4.20, rpm-6");
}

#[test]
fn clients_and_profiles_are_listed_and_shown() {
    let list = pkgseal(["rpm", "clients"]).run().expect(0).stdout;
    for name in ["rpm-4.18", "rpm-4.20", "rpm-6"] {
        assert!(list.contains(name), "{list}");
        let shown = pkgseal(["rpm", "clients", name]).run().expect(0).stdout;
        assert!(shown.contains(&format!("name = \"{name}\"")), "{shown}");
    }
    let list = pkgseal(["profile", "list"]).run().expect(0).stdout;
    for name in ["rpm-4.18", "rpm-6"] {
        assert!(list.contains(name), "{list}");
        let shown = pkgseal(["profile", "show", name]).run().expect(0).stdout;
        assert!(shown.contains(&format!("name = \"{name}\"")), "{shown}");
    }
}

/// A key that had expired when it signed: each profile says what its rpm says.
#[test]
fn profiles_say_what_their_rpm_says_of_a_signature() {
    let folder = tempfile::tempdir().unwrap();
    let parts = parts();
    let late = RawOptions::at("2025-08-15").binary();
    let packet = raw_sign(&keys::load("expired"), &parts.header, &late);
    let package = parts.with(Tag::binary(tag::DSA, &packet)).build();
    fs::write(folder.path().join("late.rpm"), package).unwrap();
    let keyring = keys::load("expired").certificate_path();
    let keyring = keyring.to_string_lossy();
    for (profile, status) in [("rpm-4.18", 0), ("rpm-6", 1), ("strict", 1)] {
        let with = ["--keyring", &keyring, "--profile", profile];
        verify(folder.path(), &with, &["late.rpm"]).expect(status);
        // The client of that name agrees.
        if profile != "strict" {
            let with = [&with[..], &["--rpmkeys"]].concat();
            verify(folder.path(), &with, &["late.rpm"]).expect(status);
        }
    }
}

fn rpmkeys(folder: &Path, options: &[&str]) -> Option<PeerRun> {
    let database = Database::new(&[&keys::load(KEY)])?;
    let mut command = database.command("rpmkeys");
    let paths = FILES.iter().map(|file| folder.join(file));
    Some(peers::run(command.args(options).args(paths)))
}

/// Byte for byte on standard output, and the exit status.
#[test]
fn rpmkeys_is_answered_for_as_rpmkeys_answers() {
    let place = place();
    let keyring = certificate();
    for options in [
        &["-K"][..],
        &["-Kv"],
        &["-K", "--define", "_pkgverify_level all"],
        &["-Kv", "-D", "_pkgverify_level all"],
        &["--checksig", "--verbose", "--nosignature"],
        &["-Kv", "--nodigest"],
        &["-K", "--nodigest", "--nosignature"],
    ] {
        let Some(real) = rpmkeys(place.path(), options) else {
            return;
        };
        let ours = ["--rpmkeys", "--keyring", &keyring, "--profile", "rpm-4.18"];
        let run = verify(place.path(), &[&ours, options].concat(), &FILES);
        assert_eq!(run.stdout.as_bytes(), real.stdout, "{options:?}\n{real}");
        assert_eq!(run.status, real.status, "{options:?}\n{real}");
        // A file at a time says the same.
        let one_job = [&ours[..], options, &["--jobs", "1"]].concat();
        assert_eq!(verify(place.path(), &one_job, &FILES).stdout, run.stdout);
    }
}

#[test]
fn rpmkeys_of_version_6_in_its_own_words() {
    let place = place();
    let keyring = certificate();
    let with = ["--rpmkeys", "-Kv", "--keyring", &keyring];
    let run = verify(place.path(), &with, &["good.rpm"]).expect(0);
    let fingerprint = keys::load(KEY).fingerprint().to_lowercase();
    let path = place.path().join("good.rpm");
    assert_eq!(
        run.stdout,
        format!(
            "{}:\n    Header OpenPGP V4 EdDSA/SHA256 signature, key fingerprint: {fingerprint}: OK\n\
             \x20   Header SHA256 digest: OK\n    Payload SHA256 digest: OK\n",
            path.display()
        )
    );
    let with = ["--rpmkeys", "-K", "--keyring", &keyring];
    let run = verify(place.path(), &with, &["unsigned.rpm"]).expect(1);
    assert!(
        run.stdout.ends_with(": digests SIGNATURES NOT OK\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn rpmkeys_counts_failures_up_to_254() {
    let place = place();
    let with = ["--rpmkeys", "-K"];
    let three = ["unsigned.rpm", "none.rpm", "absent.rpm"];
    let run = verify(place.path(), &with, &three).expect(3);
    run.complains("absent.rpm: open failed: No such file or directory");
    for (count, status) in [(254, 254), (255, 254), (300, 254)] {
        verify(place.path(), &with, &vec!["none.rpm"; count]).expect(status);
    }
    // Another macro would be silently wrong.
    verify(
        place.path(),
        &["--rpmkeys", "-D", "_dbpath /tmp"],
        &["good.rpm"],
    )
    .expect(2);
    verify(
        place.path(),
        &["--rpmkeys", "-D", "_pkgverify_level some"],
        &["good.rpm"],
    )
    .expect(2);
    verify(
        place.path(),
        &["--rpmkeys", "--client", "all"],
        &["good.rpm"],
    )
    .expect(2);
    // These are rpmkeys' alone.
    verify(place.path(), &["--nodigest"], &["good.rpm"]).expect(2);
}

/// Names and digests come from strangers: nothing they hold reaches a terminal.
#[test]
fn rpmkeys_escapes_what_strangers_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let name = "a\u{1b}[31m.rpm";
    fs::write(folder.path().join(name), parts().build()).unwrap();
    let run = verify(folder.path(), &["--rpmkeys", "-Kv"], &[name]).expect(1);
    assert!(!run.stdout.contains('\u{1b}'), "{:?}", run.stdout);
}
