//! What we sign, others accept; what others sign, we accept.

use std::fs;

use pkgseal_maven::artifact;
use pkgseal_repo::{Destination, Limits};
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::gnupg::{Home, gpgv};
use pkgseal_testkit::peers::sequoia::sqv;

use crate::{assert_accepted, folder, plus, verifier};

const CONTENT: &[u8] = b"the content of an artifact\n";

fn signed(names: &[&str]) -> Vec<u8> {
    let time = keys::time(keys::SIGNED);
    let (_dir, path) = folder("lib-1.0.jar", CONTENT);
    let signers: Vec<_> = names.iter().map(|name| keys::signer(name, time)).collect();
    let limits = Limits::default();
    artifact::sign(&path, &signers, time, &Destination::Beside, &limits).unwrap();
    fs::read(plus(&path, ".asc")).unwrap()
}

/// Algorithms of GnuPG 2.2 and of OpenPGP before RFC 9580.
const CLASSIC: [&str; 6] = [
    "good",
    "good-rsa2048",
    "good-rsa4096",
    "good-p256",
    "good-p384",
    "good-p521",
];

#[test]
fn gpgv_accepts_what_we_sign() {
    for name in CLASSIC {
        let Some(run) = gpgv(&keys::keyring(&[name]), &signed(&[name]), Some(CONTENT)) else {
            return;
        };
        let run = run.expect_ok();
        assert!(run.says("GOODSIG"), "{name}: {run}");
    }
}

#[test]
fn gpgv_accepts_a_v4_signature_before_v6_ones() {
    let both = signed(&["good-v6-ed25519", "good"]);
    let Some(run) = gpgv(&keys::keyring(&["good"]), &both, Some(CONTENT)) else {
        return;
    };
    assert!(run.says("GOODSIG"), "{run}");
}

#[test]
fn gpgv_rejects_what_we_reject() {
    let Some(run) = gpgv(
        &keys::keyring(&["good"]),
        &signed(&["good"]),
        Some(b"other"),
    ) else {
        return;
    };
    assert!(run.expect_failure().says("BADSIG"));
}

#[test]
fn sqv_accepts_what_we_sign() {
    for name in CLASSIC {
        let Some(run) = sqv(&keys::keyring(&[name]), &signed(&[name]), CONTENT) else {
            return;
        };
        run.expect_ok();
    }
    if let Some(run) = sqv(&keys::keyring(&["good"]), &signed(&["good"]), b"other") {
        run.expect_failure();
    }
}

#[test]
fn we_accept_what_gpg_signs() {
    let classic = CLASSIC.map(keys::load);
    let Some(home) = Home::new(&classic.each_ref()) else {
        return;
    };
    let time = keys::time(keys::SIGNED);
    let check = |names: &[&str], signature: &[u8]| {
        let (_dir, path) = folder("lib-1.0.jar", CONTENT);
        fs::write(plus(&path, ".asc"), signature).unwrap();
        let limits = Limits::default();
        assert_accepted(&artifact::verify(&path, &verifier(names), &limits).unwrap());
        fs::write(&path, "other").unwrap();
        let other = artifact::verify(&path, &verifier(names), &limits).unwrap();
        crate::assert_rejected(&other, pkgseal_openpgp::codes::BAD);
    };
    for key in &classic {
        let signature = home.detach_sign(&[key], CONTENT, time);
        check(&[key.name()], &signature);
    }
    let several = home.detach_sign(&[&classic[0], &classic[1]], CONTENT, time);
    check(&[classic[0].name(), classic[1].name()], &several);
}
