//! Plans that are refused, and steps that would strand somebody.

use std::fs;

use pkgseal_testkit::keys;

use super::rotation::{Rotation, WINDOW, content, refused};
use crate::run::private_key;

#[test]
fn the_naive_order_is_refused() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    rotation.planned(&[], &[&root]);
    let before = (content(&root), fs::read(rotation.file()).unwrap());
    let both = rotation.both();
    // The new key at once.
    let run = rotation.step("2025-03-03", &[rotation.new], &["--step", "hand-over"]);
    refused(
        &run,
        &[
            "announce and dual-sign comes first",
            "trixie with the old keyring",
            "is not announced",
        ],
    );
    // Out of the keyrings first.
    let run = rotation.step("2025-09-03", &[], &["--step", "drop"]);
    refused(&run, &["[rotate.order]"]);
    // Nobody is given up by mistake.
    let run = rotation.step("2025-03-03", &both, &["--strand", "bookworm/old"]);
    assert_eq!(run.status, 2, "{}", run.stdout);
    for keyed in [&[][..], &[rotation.new], &[rotation.old]] {
        assert_eq!(
            rotation.step("2025-03-03", keyed, &[]).status,
            2,
            "{keyed:?}"
        );
    }
    let stranger = private_key(&rotation.path("."), "stranger.key.asc");
    let run = rotation
        .step_call("2025-03-03", &both, &[])
        .arg("--key")
        .arg(stranger)
        .run();
    assert_eq!(run.status, 2);
    run.complains("neither the old nor the new key");
    rotation
        .step("2025-03-03", &both, &["--simulate"])
        .expect(0);
    assert!(before == (content(&root), fs::read(rotation.file()).unwrap()));
    assert!(!rotation.path("rotation.d").exists());
}

#[test]
fn a_key_that_clients_cannot_read_is_refused_before_anybody_gets_it() {
    let rotation = Rotation::new("good-rsa4096", "good-v6-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let run = rotation.plan(WINDOW, &[&root]);
    refused(&run, &["[rotate.unfit-key]", "bookworm"]);
    let before = content(&root);
    let run = rotation.step("2025-03-03", &rotation.both(), &[]);
    refused(
        &run,
        &["bookworm with both certificates", "hides those behind it"],
    );
    assert!(content(&root) == before && !rotation.path("rotation.d").exists());
    // Where nobody reads it with gpgv it is as good as any.
    fs::remove_file(rotation.file()).unwrap();
    rotation.plan(&["--client", "trixie"], &[&root]).expect(0);
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
    rotation.step("2025-03-04", &rotation.both(), &[]).expect(0);
    let message = fs::read(root.join("dists/stable/InRelease")).unwrap();
    let message = pkgseal_openpgp::cleartext::split(&message).unwrap();
    let certificates = keys::certificates(&rotation.both());
    let verifier = pkgseal_openpgp::Verifier::new(
        certificates,
        pkgseal_openpgp::Profile::strict(),
        keys::time("2025-03-04"),
    );
    let mut hashes = verifier.plan([&message.signatures]).start();
    hashes.update(message.text.strip_suffix(b"\n").unwrap());
    let report = verifier.hashed(
        pkgseal_openpgp::Object::Repository,
        &message.signatures,
        &hashes,
    );
    let versions: Vec<_> = report
        .signatures
        .iter()
        .map(|facts| facts.version)
        .collect();
    assert_eq!(versions, [4, 6]);
}

#[test]
fn an_old_key_that_expires_too_soon_stops_the_plan() {
    let rotation = Rotation::new("expired", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    let run = rotation.plan(&["--window", "180d"], &[&root]);
    refused(&run, &["[rotate.expires-too-soon]", "--window 91d"]);
    refused(
        &rotation.step("2025-03-03", &rotation.both(), &[]),
        &["[rotate.expires-too-soon]"],
    );
    fs::remove_file(rotation.file()).unwrap();
    rotation.plan(&["--window", "60d"], &[&root]).expect(0);
    rotation.step("2025-03-03", &rotation.both(), &[]).expect(0);
}

#[test]
fn plans_for_nothing_are_refused() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.new, &[]);
    refused(
        &rotation.plan(&[], &[&root]),
        &["[rotate.signed-otherwise]"],
    );
    // Not over a plan that was begun.
    assert_eq!(rotation.plan(&[], &[&root]).status, 2);
    fs::remove_file(rotation.file()).unwrap();
    let elsewhere = rotation.path("nowhere");
    for (options, path) in [
        (&["--client", "el9"][..], &root),
        (&["--client", "rpm-4.18"], &root),
        (&["--client", "gpg"], &root),
        (&["--window", "soon"], &root),
        (&["--url", "https://example.org"], &root),
        (&["--url", "/tmp=https://example.org"], &root),
        (&[], &elsewhere),
    ] {
        let run = rotation.plan(options, &[path]);
        assert_eq!(run.status, 2, "{options:?}: {}", run.stdout);
        assert!(!rotation.file().exists(), "{options:?}");
    }
    let same = Rotation::new("good-rsa4096", "good-rsa4096");
    assert_eq!(same.plan(&[], &[&root]).status, 2);
    fs::write(rotation.file(), "version = 1\n").unwrap();
    for run in [
        rotation.status("2025-03-03"),
        rotation.step("2025-03-03", &[], &[]),
    ] {
        assert_eq!(run.status, 2);
        run.complains("rotation plan: syntax");
    }
}
