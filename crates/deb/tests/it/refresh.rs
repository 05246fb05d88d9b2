//! New dates for suites that have not changed.

use std::fs;
use std::path::Path;

use jiff::SignedDuration;
use pkgseal_deb::apt::{self, PublishOptions, RefreshOptions};
use pkgseal_deb::{Error, Result};
use pkgseal_openpgp::{Fingerprint, Signed};
use pkgseal_repo::{CheckOptions, NoProgress};
use pkgseal_testkit::{keys, peers};

use crate::common::{accepted, codes, folder, verifier_at, verify_tree};
use crate::publish::{generation, numbered, pool, publish, publish_number};

const LATER: &str = "2025-04-01";

fn refresh(root: &Path, time: &str, options: &RefreshOptions) -> Result<Signed> {
    refresh_with(root, &["good"], &["good"], time, options)
}

fn refresh_with(
    root: &Path,
    trusted: &[&str],
    signers: &[&str],
    time: &str,
    options: &RefreshOptions,
) -> Result<Signed> {
    let now = keys::time(time);
    let signers: Vec<_> = signers.iter().map(|name| keys::signer(name, now)).collect();
    let verifier = verifier_at(trusted, time);
    let check = CheckOptions::default();
    apt::refresh(root, &verifier, &signers, now, options, &check, &NoProgress)
}

fn days(days: i64) -> Option<SignedDuration> {
    Some(SignedDuration::from_hours(days * 24))
}

fn text(root: &Path) -> String {
    fs::read_to_string(root.join("dists/stable/Release")).unwrap()
}

#[track_caller]
fn refused(result: Result<Signed>, code: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert!(error.to_string().contains(code), "{code}: {error}");
}

#[test]
fn only_the_dates_change() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 1);
    let old = text(root);
    let options = RefreshOptions {
        valid_for: days(10),
        ..RefreshOptions::default()
    };
    let done = refresh(root, LATER, &options).unwrap();
    accepted(&done.examination);
    assert_eq!(codes(&done.examination), ["apt.refresh.dates"]);
    let new = text(root);
    let expected = old.replace(
        "Date: Sat, 01 Mar 2025 00:00:00 UTC\n",
        "Date: Tue, 01 Apr 2025 00:00:00 UTC\nValid-Until: Fri, 11 Apr 2025 00:00:00 UTC\n",
    );
    assert_eq!(new, expected);
    let at = |time| {
        let verifier = verifier_at(&["good"], time);
        apt::verify_tree(root, &verifier, &CheckOptions::default(), &NoProgress).unwrap()
    };
    accepted(&at("2025-04-11"));
    assert_eq!(codes(&at("2025-04-12")), ["apt.release.expired"]);

    // Once more, past its end: it keeps the span it had.
    refresh(root, "2025-05-01", &RefreshOptions::default()).unwrap();
    assert!(text(root).contains("Valid-Until: Sun, 11 May 2025 00:00:00 UTC\n"));
    accepted(&at("2025-05-11"));
}

#[test]
fn young_suites_are_left_alone() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 1);
    publish_number(root, "testing", 1);
    let only = RefreshOptions {
        suites: vec!["testing".into()],
        ..RefreshOptions::default()
    };
    let old = text(root);
    let done = refresh(root, LATER, &only).unwrap();
    assert_eq!(done.outputs.len(), 3);
    assert_eq!(text(root), old);
    let old_ones = RefreshOptions {
        if_older_than: days(7),
        ..RefreshOptions::default()
    };
    let done = refresh(root, "2025-04-02", &old_ones).unwrap();
    assert_eq!(
        codes(&done.examination),
        ["apt.refresh.dates", "apt.refresh.young"]
    );
    assert_ne!(text(root), old);
    let done = refresh(root, "2025-04-03", &old_ones).unwrap();
    assert_eq!(codes(&done.examination), ["apt.refresh.young"]);
    assert!(done.outputs.is_empty());
    let none = RefreshOptions {
        suites: vec!["unstable".into()],
        ..RefreshOptions::default()
    };
    refused(refresh(root, LATER, &none), "apt.tree.no-suite");
}

#[test]
fn what_does_not_hold_is_not_dated_anew() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 1);
    let options = RefreshOptions::default();
    // By a key nobody named.
    let foreign = refresh_with(root, &["good-rsa4096"], &["good"], LATER, &options);
    refused(foreign, "signature.");
    let ahead = numbered("testing", 1);
    let mut generation = generation(&ahead);
    let words = String::from_utf8(generation.release).unwrap();
    generation.release = words.replace("00:00:00 UTC", "00:00:05 UTC").into_bytes();
    pool(root, &ahead);
    publish(
        root,
        vec![generation],
        &["good"],
        &PublishOptions::default(),
    )
    .unwrap();
    let backwards = refresh(root, "2025-03-01T00:00:01Z", &options);
    refused(backwards, "apt.refresh.backwards");
    let no_signer = refresh_with(root, &["good"], &[], LATER, &options);
    assert!(matches!(no_signer, Err(Error::NoSigner)));

    let release = root.join("dists/stable/Release");
    let kept = fs::read(&release).unwrap();
    fs::write(&release, [&kept[..], b"Label: other\n"].concat()).unwrap();
    refused(refresh(root, LATER, &options), "apt.release.texts-differ");
    fs::write(&release, &kept).unwrap();

    let folder = root.join("dists/stable/main/binary-amd64");
    let index = fs::read(folder.join("Packages")).unwrap();
    fs::write(folder.join("Packages"), "changed").unwrap();
    refused(refresh(root, LATER, &options), "file.size-mismatch");
    fs::write(folder.join("Packages"), index).unwrap();
    for name in ["Packages", "Packages.gz", "Packages.xz"] {
        fs::remove_file(folder.join(name)).unwrap();
    }
    refused(refresh(root, LATER, &options), "apt.index.missing");
}

#[test]
fn a_new_key_takes_over_and_several_sign_in_one_block() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 1);
    let signers = ["good-v6-ed25519", "good-rsa4096", "good"];
    let options = RefreshOptions::default();
    refresh_with(root, &["good"], &signers, LATER, &options).unwrap();
    for name in ["InRelease", "Release.gpg"] {
        let message = fs::read_to_string(root.join("dists/stable").join(name)).unwrap();
        assert_eq!(
            message.matches("-----BEGIN PGP SIGNATURE-----").count(),
            1,
            "{name}"
        );
        assert_eq!(
            message.matches("-----END PGP SIGNATURE-----").count(),
            1,
            "{name}"
        );
    }
    let found = verify_tree(root, &signers);
    accepted(&found);
    for object in &found.signatures {
        let versions: Vec<u8> = object.report.signatures.iter().map(|s| s.version).collect();
        assert_eq!(versions, [4, 4, 6], "{}", object.object);
    }
    for key in signers {
        accepted(&verify_tree(root, &[key]));
    }
}

#[test]
fn apt_takes_what_was_dated_anew() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 1);
    let options = RefreshOptions::default();
    refresh(root, LATER, &options).unwrap();
    let keyring = keys::keyring(&["good"]);
    let Some(run) = peers::apt::update(root, "stable", "main contrib", &keyring) else {
        return;
    };
    run.expect_ok();
    assert_eq!(numbered("stable", 1).folder(), "dists/stable");
}

/// A suite whose Release ends on 2025-03-15 and says this of its signers.
fn pinned(root: &Path, field: &str) {
    let repository = numbered("stable", 1);
    pool(root, &repository);
    let mut made = generation(&repository);
    let text = String::from_utf8(made.release).unwrap();
    let more = format!("Valid-Until: Sat, 15 Mar 2025 00:00:00 UTC\n{field}Suite:");
    made.release = text.replacen("Suite:", &more, 1).into_bytes();
    publish(root, vec![made], &["good"], &PublishOptions::default()).unwrap();
}

#[test]
fn a_release_names_other_signers_where_that_is_asked_for() {
    let [good, other] = ["good", "good-rsa4096"].map(|name| keys::load(name).fingerprint());
    let both: Vec<_> = [&good, &other]
        .map(|text| Fingerprint::parse(text).unwrap())
        .into();
    for field in [
        format!("Signed-By: {good}\n"),
        format!("Signed-By:\n {good}\n\t{good}\n"),
    ] {
        let folder = folder();
        let root = folder.path();
        pinned(root, &field);
        let old = text(root);
        assert!(old.contains(&field));
        // Unasked, it stays as it is.
        refresh(root, "2025-03-02", &RefreshOptions::default()).unwrap();
        assert!(text(root).contains(&field));

        let options = RefreshOptions {
            signed_by: Some(both.clone()),
            ..RefreshOptions::default()
        };
        let now = keys::time("2025-03-03");
        let signers = ["good", "good-rsa4096"].map(|name| keys::signer(name, now));
        let verifier = verifier_at(&["good"], "2025-03-03");
        let check = CheckOptions::default();
        let before = text(root);
        let draft = apt::draft_refresh(root, &verifier, &signers, now, &options, &check).unwrap();
        let suites: Vec<_> = draft.suites().collect();
        assert_eq!(suites.len(), 1);
        assert_eq!(suites[0].pinned_until, Some(keys::time("2025-03-16")));
        let drafted = String::from_utf8(suites[0].release.to_vec()).unwrap();
        assert!(suites[0].inrelease.starts_with(b"-----BEGIN PGP SIGNED"));
        // Nobody sees it, and nobody else publishes.
        assert_eq!(text(root), before);
        let second = apt::draft_refresh(root, &verifier, &signers, now, &options, &check);
        assert!(matches!(second, Err(Error::Locked { .. })));
        draft.publish(&signers, &check, &NoProgress).unwrap();
        assert_eq!(text(root), drafted);
        let expected = before
            .replace(&field, &format!("Signed-By: {good}, {other}\n"))
            .replace("Date: Sun, 02 Mar", "Date: Mon, 03 Mar")
            .replace("Sun, 16 Mar", "Mon, 17 Mar");
        assert_eq!(drafted, expected);
        let verifier = verifier_at(&["good", "good-rsa4096"], "2025-03-04");
        accepted(&apt::verify_tree(root, &verifier, &check, &NoProgress).unwrap());
    }
}

#[test]
fn a_draft_that_is_dropped_leaves_no_trace() {
    let folder = folder();
    let root = folder.path();
    publish_number(root, "stable", 1);
    let before = text(root);
    let now = keys::time(LATER);
    let verifier = verifier_at(&["good"], LATER);
    let options = RefreshOptions {
        // It has no such field, and gets none.
        signed_by: Some(Vec::new()),
        ..RefreshOptions::default()
    };
    let signers = [keys::signer("good", now)];
    let check = CheckOptions::default();
    let draft = apt::draft_refresh(root, &verifier, &signers, now, &options, &check).unwrap();
    assert!(draft.suites().all(|suite| suite.pinned_until.is_none()));
    drop(draft);
    assert_eq!(text(root), before);
    refresh(root, LATER, &options).unwrap();
    assert!(!text(root).contains("Signed-By"));
}
