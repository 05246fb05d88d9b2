//! dnf and zypper.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::yum;
use pkgseal_testkit::keys::{self, RawOptions, SIGNED};
use pkgseal_testkit::peers;

use super::{ACCEPTS, Foretold, REJECTS, assert_none, at, differ, forecast, moments};

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
