//! rpm with its own parser and with rpm-sequoia, and sqv.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag};
use pkgseal_testkit::keys::{self, RawOptions, SIGNED};
use pkgseal_testkit::peers::{self, trixie};

use super::{ACCEPTS, Foretold, NOW, REJECTS, assert_none, at, differ, forecast, moments};

/// Packages, each signed by one key.
fn rpm_cases(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    [
        "good",
        "expired",
        "subkey-expired",
        "primary-signs-expired",
        "dsa2048",
        "good-rsa2048",
    ]
    .into_iter()
    .map(|name| {
        let package = Rpm::new(name, "1.0", "noarch", Format::V4);
        let path = folder.join(package.file_name());
        // 267 is the tag of DSA and EdDSA, 268 that of RSA; both sign the main header.
        let tag = if name.contains("rsa") { 268 } else { 267 };
        let parts = Parts::read(&package.build());
        let signed = parts.header.clone();
        let options = RawOptions::at(SIGNED).binary();
        let signature = keys::raw_sign(&keys::load(name), &signed, &options);
        fs::write(&path, parts.with(Tag::binary(tag, &signature)).build()).unwrap();
        (name, path)
    })
    .collect()
}

fn rpm_foretold(packages: &[(&'static str, PathBuf)], consumer: &str) -> Vec<Foretold> {
    packages
        .iter()
        .map(|(name, path)| {
            let keyring = keys::load(name).certificate_path();
            let document = forecast(&[path], &keyring, &[consumer]);
            Foretold::of(&document, "published", consumer)
        })
        .collect()
}

/// The days on which a key of a package expires, which rpm is asked about though nothing
/// is foretold, and every other.
fn rpm_moments(foretold: &[Foretold]) -> BTreeSet<Timestamp> {
    let mut all = moments(foretold.iter());
    all.extend(["2025-05-31T23:59:00Z", "2025-06-01T00:01:00Z"].map(at));
    all
}

/// rpm 4.18 asks keys for no age.
#[test]
fn rpm_with_its_own_parser_breaks_on_no_day() {
    let Some(rpmkeys) = peers::have("rpmkeys") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let packages = rpm_cases(folder.path());
    assert!(packages.len() >= 4);
    let foretold = rpm_foretold(&packages, "rpm-4.18");
    let mut differences = Vec::new();
    for moment in rpm_moments(&foretold) {
        let Some(rpmkeys) = rpmkeys.clone().at(moment) else {
            return;
        };
        for ((name, path), foretold) in packages.iter().zip(&foretold) {
            let database = peers::rpm::Database::new(&[&keys::load(name)]).unwrap();
            let run = peers::run(
                rpmkeys
                    .command()
                    .arg("--dbpath")
                    .arg(database.path().join("db"))
                    .args(["--define", "_keyring rpmdb", "--checksig", "--verbose"])
                    .arg(path),
            );
            let real = if run.accepted() { ACCEPTS } else { REJECTS };
            differences.extend(differ(name, moment, foretold, real, &run.text));
        }
    }
    assert_none(&differences);
}

/// rpm 4.20 with rpm-sequoia asks keys for their age when they signed.
#[test]
fn rpm_with_sequoia_breaks_on_the_days_foretold() {
    let Some(room) = trixie::Room::new() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let packages = rpm_cases(folder.path());
    let foretold = rpm_foretold(&packages, "rpm-4.20");
    let mut differences = Vec::new();
    for (number, (name, path)) in packages.iter().enumerate() {
        let certificate = room.put(&format!("{number}.asc"), keys::load(name).certificate());
        let package = room.put(&format!("{number}.rpm"), fs::read(path).unwrap());
        let db = room.inside().join(format!("db{number}"));
        let run = |moment: Timestamp, arguments: &[&str], file: &Path| {
            let mut command = room.command_at(moment, "rpmkeys");
            command.arg("--dbpath").arg(&db).args(arguments).arg(file);
            peers::run(&mut command)
        };
        run(at(NOW), &["--import"], &certificate).expect_ok();
        for moment in rpm_moments(&foretold) {
            let checked = run(moment, &["--checksig", "--verbose"], &package);
            let real = if checked.accepted() { ACCEPTS } else { REJECTS };
            differences.extend(differ(name, moment, &foretold[number], real, &checked.text));
        }
    }
    assert_none(&differences);
}

/// sqv has a clock for its policy alone: `--policy-as-of`.
#[test]
fn sqv_breaks_on_the_days_foretold() {
    let Some(room) = trixie::Room::new() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut differences = Vec::new();
    let mut flips = 0;
    // Signed before the days of the policy, so that the key was alive.
    for name in ["good", "good-rsa2048", "expired", "sha1-binding", "dsa2048"] {
        let data = b"an artifact\n";
        let key = keys::load(name);
        let signature = keys::armor(&keys::raw_sign(
            &key,
            data,
            &RawOptions::at(SIGNED).binary(),
        ));
        let tree = folder.path().join(name);
        fs::create_dir(&tree).unwrap();
        fs::write(tree.join("artifact"), data).unwrap();
        fs::write(tree.join("artifact.asc"), &signature).unwrap();
        let document = forecast(&[&tree], &key.certificate_path(), &["sequoia"]);
        let foretold = Foretold::of(&document, "published", "sequoia");
        flips += foretold.changes.len();
        let keyring = room.put(&format!("{name}.asc"), key.certificate());
        let signature = room.put(&format!("{name}.sig"), &signature);
        let file = room.put(name, data);
        for moment in moments([&foretold].into_iter()) {
            let run = peers::run(
                room.command("sqv")
                    .args(["--policy-as-of", &moment.to_string(), "--keyring"])
                    .arg(&keyring)
                    .arg(&signature)
                    .arg(&file),
            );
            let real = if run.accepted() { ACCEPTS } else { REJECTS };
            differences.extend(differ(name, moment, &foretold, real, &run.text));
        }
    }
    assert!(flips > 0);
    assert_none(&differences);
}
