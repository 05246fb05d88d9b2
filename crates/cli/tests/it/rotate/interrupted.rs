//! What comes in between: an interruption, a change by another hand, a key that died.

use std::fs;

use pkgseal_testkit::keys;

use super::rotation::{Rotation, refused};
use crate::run::pkgseal;

#[test]
fn an_interrupted_step_is_done_again() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let keyring = rotation.path("example.asc");
    fs::write(&keyring, keys::load(rotation.old).certificate()).unwrap();
    let published = ["--published", keyring.to_str().unwrap()];
    rotation.planned(&published, &[&root]);
    let both = rotation.both();
    rotation.step("2025-03-03", &both, &[]).expect(0);
    // In the middle: the suite is signed, and nothing can be written beside the plan.
    let folder = rotation.path("rotation.d");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    assert_eq!(rotation.step("2025-03-04", &both, &[]).status, 2);
    let status = rotation.status("2025-03-04").expect(0);
    status.prints("begun 2025-03-04T00:00:00Z and not ended");
    // Nothing else goes before it.
    let run = rotation.step("2025-09-01", &[rotation.new], &["--step", "hand-over"]);
    refused(&run, &["dual-sign was interrupted"]);
    fs::remove_file(&folder).unwrap();
    rotation.step("2025-03-05", &both, &[]).expect(0);
    rotation.status("2025-03-06").expect(0);
    assert!(folder.join("keyring.gpg").exists());
}

#[test]
fn what_went_otherwise_is_seen() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let keyring = rotation.path("example.gpg");
    fs::write(&keyring, keys::keyring(&[rotation.old])).unwrap();
    let published = ["--published", keyring.to_str().unwrap()];
    rotation.planned(&published, &[&root]);
    let both = rotation.both();
    rotation.step("2025-03-03", &both, &[]).expect(0);
    rotation.step("2025-03-04", &both, &[]).expect(0);
    // The nightly job knows one key only.
    pkgseal(["apt", "refresh", "--time", "2025-03-05", "--key"])
        .arg(rotation.key(rotation.old))
        .arg("--keyring")
        .arg(keys::load(rotation.old).certificate_path())
        .arg(&root)
        .run()
        .expect(0);
    refused(
        &rotation.status("2025-03-06"),
        &["[rotate.signed-otherwise]"],
    );
    // Somebody restored the keyring from a backup.
    fs::write(&keyring, keys::keyring(&[rotation.old])).unwrap();
    let run = rotation.step("2025-07-01", &[rotation.new], &[]);
    refused(&run, &["[rotate.keyring-not-published]"]);
}

#[test]
fn an_old_key_that_died_meanwhile_does_not_stop_the_hand_over() {
    let rotation = Rotation::new("expired", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    rotation.plan(&["--window", "60d"], &[&root]).expect(0);
    let both = rotation.both();
    rotation.step("2025-03-03", &both, &[]).expect(0);
    rotation.step("2025-03-04", &both, &[]).expect(0);
    // It expired on 2025-06-01.
    rotation.step("2025-06-10", &[rotation.new], &[]).expect(0);
    rotation.status("2025-06-11").expect(0);
}
