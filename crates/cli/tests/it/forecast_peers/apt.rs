//! apt with gpgv and apt with sqv.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use pkgseal_testkit::build::apt::Repository;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::keys::{self, Hash, RawOptions, SIGNED};
use pkgseal_testkit::peers::{self, apt, trixie};

use super::{ACCEPTS, Foretold, REJECTS, WARNS, assert_none, differ, forecast, moments};
use crate::run::pkgseal;

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

/// The suites of a real mirror, each in a repository of its own, and a day on which all of
/// them are valid.
fn real_suites(mirror: &Path, folder: &Path) -> (Vec<(String, String, PathBuf)>, Timestamp) {
    let mut suites = Vec::new();
    let mut newest = Timestamp::UNIX_EPOCH;
    let mut names: Vec<_> = fs::read_dir(mirror.join("dists"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in names {
        let suite = mirror.join("dists").join(&name);
        let component = ["main", "contrib"].into_iter().find(|component| {
            let packages = suite.join(component).join("binary-amd64/Packages.xz");
            packages.is_file() && suite.join("InRelease").is_file()
        });
        let Some(component) = component else {
            continue;
        };
        let root = folder.join(format!("{:04}", suites.len()));
        fs::create_dir_all(root.join("dists")).unwrap();
        let mut copy = std::process::Command::new("cp");
        copy.arg("--archive").arg(&suite).arg(root.join("dists"));
        peers::run(&mut copy).expect_ok();
        let text = fs::read_to_string(suite.join("InRelease")).unwrap();
        let date = text.lines().find_map(|line| line.strip_prefix("Date: "));
        let date = date.unwrap().replace(" UTC", " +0000");
        let date = jiff::fmt::rfc2822::parse(&date).unwrap().timestamp();
        newest = newest.max(date);
        suites.push((name, component.to_owned(), root));
    }
    (suites, newest + SignedDuration::from_hours(1))
}

/// Debian's own suites, with Debian's own keys.
#[test]
fn debian_breaks_on_the_days_foretold() {
    const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let Some(mirror) = std::env::var_os("PKGSEAL_MIRROR").map(PathBuf::from) else {
        println!("SKIP: PKGSEAL_MIRROR names no mirror of Debian");
        return;
    };
    if !Path::new(KEYRING).is_file() || trixie::root().is_none() {
        println!("SKIP: Debian's keyring is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (suites, now) = real_suites(&mirror, folder.path());
    assert!(!suites.is_empty(), "no suite in the mirror");
    fs::copy(KEYRING, folder.path().join("debian.gpg")).unwrap();
    let mut differences = Vec::new();
    for (which, consumer) in [
        (apt::Which::Installed, "bookworm"),
        (apt::Which::Trixie, "trixie"),
    ] {
        let foretold: Vec<Foretold> = suites
            .iter()
            .map(|(.., root)| {
                let time = now.to_string();
                let run = pkgseal(["keyring", "forecast", "--json", "--keyring", KEYRING])
                    .args(["--time", &time, "--client", consumer])
                    .arg(root)
                    .run()
                    .expect(0);
                let document = serde_json::from_str(&run.stdout).unwrap();
                Foretold::of(&document, "published", consumer)
            })
            .collect();
        let mut all = moments(foretold.iter());
        all.retain(|moment| *moment > now);
        all.insert(now);
        for moment in all {
            let Some(root) = apt::Root::of(which, "") else {
                return;
            };
            let seen = root.bring(folder.path());
            let names: Vec<String> = (0..suites.len())
                .map(|number| format!("{}/{number:04}", seen.display()))
                .collect();
            let sources: Vec<String> = names
                .iter()
                .zip(&suites)
                .map(|(name, (suite, component, _))| {
                    format!(
                        "Types: deb\nURIs: file:{name}\nSuites: {suite}\n\
                         Components: {component}\nSigned-By: {}/debian.gpg\n",
                        seen.display()
                    )
                })
                .collect();
            root.sources(&sources.join("\n"));
            let Some(came) = root.update_at(moment, &names) else {
                return;
            };
            for (((suite, ..), foretold), came) in suites.iter().zip(&foretold).zip(came) {
                let real = if came.accepted { ACCEPTS } else { REJECTS };
                let name = format!("{consumer}, {suite}");
                differences.extend(differ(&name, moment, foretold, real, &came.words));
            }
        }
    }
    assert_none(&differences);
}
