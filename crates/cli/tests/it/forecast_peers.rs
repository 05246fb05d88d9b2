//! Forecasts beside the real programs, with their clocks moved: every answer that is
//! foretold is asked for a minute before and a minute after each date that is named, and on
//! days on which nothing is foretold.
//!
//! A minute, because a program takes its time to start, and its clock runs meanwhile. rpm
//! and sqv tolerate signatures of five and of thirty minutes ahead; no date named here is
//! nearer to the time of a signature.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use pkgseal_testkit::build::apt::Repository;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag};
use pkgseal_testkit::build::yum;
use pkgseal_testkit::keys::{self, Hash, RawOptions, SIGNED};
use pkgseal_testkit::peers::{self, apt, trixie};
use serde_json::Value;

use crate::run::pkgseal;

/// The day on which it is foretold: the day after everything was signed.
const NOW: &str = "2025-03-02T00:00:00Z";

/// Days on which nothing happens, asked about too.
const PLAIN: &[&str] = &[
    "2025-04-01T00:00:00Z",
    "2025-12-24T00:00:00Z",
    "2028-03-01T00:00:00Z",
    "2031-01-01T00:00:00Z",
];

const ACCEPTS: &str = "accepts";
const WARNS: &str = "warns";
const REJECTS: &str = "rejects";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What is foretold of one subject for one consumer.
#[derive(Debug)]
struct Foretold {
    present: String,
    changes: BTreeMap<Timestamp, &'static str>,
}

impl Foretold {
    /// Reads it from JSON.
    fn of(document: &Value, scope: &str, consumer: &str) -> Self {
        let ours = |subject: &Value| subject["scope"] == scope;
        let present = document["present"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| ours(&one["subject"]) && one["consumer"] == consumer)
            .unwrap_or_else(|| panic!("{consumer} was not asked: {document:#}"));
        let mut changes = BTreeMap::new();
        for event in document["events"].as_array().unwrap() {
            let consumers = event["consumers"].as_array().unwrap();
            let asked = consumers.iter().any(|one| one["name"] == consumer);
            if !ours(&event["subject"]) || !asked || event["already"] == true {
                continue;
            }
            let to = match event["happens"].as_str().unwrap() {
                "breaks" => REJECTS,
                "warns" => WARNS,
                _ => ACCEPTS,
            };
            changes.insert(at(event["at"].as_str().unwrap()), to);
        }
        Self {
            present: present["answer"].as_str().unwrap().to_owned(),
            changes,
        }
    }

    fn at(&self, moment: Timestamp) -> &str {
        let last = self.changes.range(..=moment).next_back();
        last.map_or(&self.present, |(_, to)| to)
    }
}

fn forecast(paths: &[&Path], keyring: &Path, consumers: &[&str]) -> Value {
    let clients = consumers.iter().flat_map(|name| ["--client", name]);
    let run = pkgseal(["keyring", "forecast", "--json", "--time", NOW, "--keyring"])
        .arg(keyring)
        .args(clients)
        .args(paths)
        .run()
        .expect(0);
    serde_json::from_str(&run.stdout).unwrap()
}

/// A minute before and after each change that is foretold to anybody, and the plain days.
fn moments<'a>(all: impl Iterator<Item = &'a Foretold>) -> BTreeSet<Timestamp> {
    let minute = SignedDuration::from_mins(1);
    let named: BTreeSet<Timestamp> = all.flat_map(|one| one.changes.keys().copied()).collect();
    let around = named
        .iter()
        .flat_map(|date| [*date - minute, *date + minute]);
    around.chain(PLAIN.iter().map(|day| at(day))).collect()
}

/// What is not as foretold.
fn differ(
    name: &str,
    moment: Timestamp,
    foretold: &Foretold,
    real: &str,
    words: &str,
) -> Option<String> {
    let expected = foretold.at(moment);
    (expected != real).then(|| format!("{name} at {moment}: foretold {expected}, {real}: {words}"))
}

fn assert_none(differences: &[String]) {
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// An apt repository, its signed root and who signed it.
struct AptCase {
    name: &'static str,
    signers: Vec<&'static str>,
    options: RawOptions,
    valid_until: Option<&'static str>,
}

fn apt_cases() -> Vec<AptCase> {
    let signed = |name, signers: &[&'static str], options| AptCase {
        name,
        signers: signers.to_vec(),
        options,
        valid_until: None,
    };
    let plain = || RawOptions::at(SIGNED);
    let mut cases: Vec<AptCase> = [
        "good",
        "good-rsa4096",
        "good-rsa2048",
        "expired",
        "subkey-expired",
        "primary-signs-expired",
        "revoked-hard",
        "revoked-soft",
        "subkey-revoked-soft",
        "sha1-binding",
        "sha1-subkey-binding",
        "dsa2048",
        "rsa1024",
        "good-brainpool-p256",
        "young",
    ]
    .into_iter()
    .map(|name| signed(name, &[name], plain()))
    .collect();
    cases.extend([
        signed("one of two expires", &["expired", "good"], plain()),
        signed("two expire", &["expired", "subkey-expired"], plain()),
        signed("one is weak", &["sha1-binding", "good"], plain()),
        signed("SHA-224", &["good-rsa4096"], plain().hash(Hash::Sha224)),
        signed("it expires", &["good"], plain().expires_in(86_400 * 45)),
        AptCase {
            valid_until: Some("Mon, 10 Mar 2025 06:07:08 UTC"),
            ..signed("valid for days", &["good"], plain())
        },
        AptCase {
            valid_until: Some("Fri, 01 Aug 2025 00:00:00 UTC"),
            ..signed("valid beyond its key", &["expired"], plain())
        },
        AptCase {
            valid_until: Some("Sat, 01 Feb 2200 00:00:00 UTC"),
            ..signed("valid for ever", &["good"], plain())
        },
    ]);
    cases
}

/// Writes a case as a repository, and its keyring.
fn write_apt(case: &AptCase, folder: &Path) -> PathBuf {
    let debs = vec![("main", Deb::new("hello", "1.0", "amd64"))];
    let mut repository = Repository::new("stable", debs);
    repository.valid_until = case.valid_until.map(str::to_owned);
    repository.write(folder);
    let signers: Vec<_> = case.signers.iter().map(|name| keys::load(name)).collect();
    let signers: Vec<_> = signers
        .iter()
        .map(|key| (key, case.options.clone()))
        .collect();
    let message = keys::raw_clearsign(&signers, &repository.release());
    fs::write(folder.join("dists/stable/InRelease"), message).unwrap();
    fs::remove_file(folder.join("dists/stable/Release")).unwrap();
    let keyring = folder.join("keyring.gpg");
    fs::write(&keyring, keys::keyring(&case.signers)).unwrap();
    keyring
}

/// Asks the apt that a consumer is a model of.
fn apt_agrees(which: apt::Which, consumer: &str) {
    let folder = tempfile::tempdir().unwrap();
    let cases = apt_cases();
    let foretold: Vec<Foretold> = cases
        .iter()
        .enumerate()
        .map(|(number, case)| {
            let root = folder.path().join(format!("{number:04}"));
            fs::create_dir(&root).unwrap();
            let keyring = write_apt(case, &root);
            let document = forecast(&[&root], &keyring, &[consumer]);
            Foretold::of(&document, "published", consumer)
        })
        .collect();
    assert!(foretold.iter().any(|one| !one.changes.is_empty()));
    let mut differences = Vec::new();
    for moment in moments(foretold.iter()) {
        let Some(root) = apt::Root::of(which, "") else {
            return;
        };
        let seen = root.bring(folder.path());
        let names: Vec<String> = (0..cases.len())
            .map(|number| format!("{}/{number:04}", seen.display()))
            .collect();
        let sources: Vec<String> = names
            .iter()
            .map(|name| {
                format!(
                    "Types: deb\nURIs: file:{name}\nSuites: stable\nComponents: main\n\
                     Signed-By: {name}/keyring.gpg\n"
                )
            })
            .collect();
        root.sources(&sources.join("\n"));
        let Some(came) = root.update_at(moment, &names) else {
            return;
        };
        for ((case, foretold), came) in cases.iter().zip(&foretold).zip(came) {
            let real = match (came.accepted, came.warned) {
                (false, _) => REJECTS,
                (true, true) => WARNS,
                (true, false) => ACCEPTS,
            };
            differences.extend(differ(case.name, moment, foretold, real, &came.words));
        }
    }
    assert_none(&differences);
}

/// apt 2.6 with gpgv: keys by its own clock.
#[test]
fn apt_with_gpgv_breaks_on_the_days_foretold() {
    let Some(apt) = peers::have("apt-get") else {
        return;
    };
    let version = apt.run(["--version"]).text;
    if !version.starts_with("apt 2.6.") {
        println!("SKIP: apt here is not of Debian 12: {version}");
        return;
    }
    apt_agrees(apt::Which::Installed, "bookworm");
}

/// apt 3 with sqv: policies by its own clock, keys by the time of the signature.
#[test]
fn apt_with_sqv_breaks_on_the_days_foretold() {
    if trixie::root().is_none() {
        return;
    }
    apt_agrees(apt::Which::Trixie, "trixie");
}

/// A yum repository signed by these keys; its name.
fn yum_cases() -> Vec<(&'static str, Vec<&'static str>, RawOptions)> {
    let plain = || RawOptions::at(SIGNED).binary();
    let mut cases: Vec<_> = [
        "good",
        "good-rsa4096",
        "expired",
        "subkey-expired",
        "primary-signs-expired",
        "revoked-hard",
        "revoked-soft",
        "sha1-binding",
        "dsa2048",
    ]
    .into_iter()
    .map(|name| (name, vec![name], plain()))
    .collect();
    cases.push(("one of two expires", vec!["expired", "good"], plain()));
    cases.push(("two expire", vec!["expired", "subkey-expired"], plain()));
    cases.push(("it expires", vec!["good"], plain().expires_in(86_400 * 45)));
    cases
}

fn write_yum(folder: &Path, signers: &[&str], options: &RawOptions) -> PathBuf {
    let rpm = Rpm::new("hello", "1.0", "x86_64", Format::V4);
    yum::Repository::new(vec![rpm]).write(folder);
    let repomd = fs::read(folder.join("repodata/repomd.xml")).unwrap();
    let packets: Vec<u8> = signers
        .iter()
        .flat_map(|name| keys::raw_sign(&keys::load(name), &repomd, options))
        .collect();
    fs::write(
        folder.join("repodata/repomd.xml.asc"),
        keys::armor(&packets),
    )
    .unwrap();
    let keyring = folder.join("keyring.asc");
    let all: Vec<u8> = signers
        .iter()
        .flat_map(|name| keys::load(name).certificate().to_vec())
        .collect();
    fs::write(&keyring, all).unwrap();
    keyring
}

/// dnf 4 with repo_gpgcheck=1: gpg asks keys by its own clock.
#[test]
fn dnf_breaks_on_the_days_foretold() {
    if peers::have("dnf").is_none() || peers::have("faketime").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cases = yum_cases();
    let mut repositories = Vec::new();
    let mut foretold = Vec::new();
    for (number, (_, signers, options)) in cases.iter().enumerate() {
        let root = folder.path().join(format!("r{number:02}"));
        fs::create_dir(&root).unwrap();
        let keyring = write_yum(&root, signers, options);
        let document = forecast(&[&root], &keyring, &["dnf-el9"]);
        foretold.push(Foretold::of(&document, "published", "dnf-el9"));
        repositories.push((format!("r{number:02}"), root, keyring));
    }
    assert!(foretold.iter().any(|one| !one.changes.is_empty()));
    let mut differences = Vec::new();
    for moment in moments(foretold.iter()) {
        let Some(taken) = peers::yum::dnf_takes(&repositories, moment) else {
            return;
        };
        for (((id, ..), foretold), (name, ..)) in repositories.iter().zip(&foretold).zip(&cases) {
            let real = if taken.contains(id) { ACCEPTS } else { REJECTS };
            differences.extend(differ(name, moment, foretold, real, "dnf"));
        }
    }
    assert_none(&differences);
}

/// zypper: libzypp asks gpg, and takes what gpg calls good.
#[test]
fn zypper_breaks_on_the_days_foretold() {
    if peers::have("zypper").is_none() || peers::have("faketime").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut differences = Vec::new();
    for (number, name) in ["good-rsa4096", "expired", "subkey-expired"]
        .into_iter()
        .enumerate()
    {
        let root = folder.path().join(format!("r{number:02}"));
        fs::create_dir(&root).unwrap();
        let keyring = write_yum(&root, &[name], &RawOptions::at(SIGNED).binary());
        let document = forecast(&[&root], &keyring, &["zypper-suse"]);
        let foretold = Foretold::of(&document, "published", "zypper-suse");
        let url = format!("file://{}", root.display());
        let mut all = moments([&foretold].into_iter());
        all.retain(|moment| *moment < at("2026-01-01T00:00:00Z"));
        for moment in all {
            let Some(run) = peers::yum::zypper_at(moment, &url, &keyring) else {
                return;
            };
            let found = run.accepted() && run.says("hello");
            let real = if found { ACCEPTS } else { REJECTS };
            differences.extend(differ(name, moment, &foretold, real, &run.text));
        }
    }
    assert_none(&differences);
}

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
