//! Each peer accepts what is good and refuses what is not: else it is no oracle.

use pkgseal_testkit::keys::{self, RawOptions, SIGNED, load, raw_clearsign, raw_sign};
use pkgseal_testkit::peers::{self, apt, gnupg, sequoia, trixie};

const TEXT: &str = "Origin: test\n- dash\ntrailing \n";

#[test]
fn gpgv_and_sqv_verify_raw_signatures() {
    for name in [
        "good-ed25519",
        "good-rsa2048",
        "good-rsa4096",
        "good-p256",
        "good-p384",
        "good-p521",
    ] {
        let key = load(name);
        let signature = raw_sign(&key, b"data", &RawOptions::at(SIGNED));
        let keyring = keys::keyring(&[name]);
        if let Some(run) = gnupg::gpgv(&keyring, &signature, Some(b"data")) {
            assert!(run.expect_ok().says("GOODSIG"));
        }
        if let Some(run) = gnupg::gpgv(&keyring, &signature, Some(b"date")) {
            assert!(run.expect_failure().says("BADSIG"));
        }
        if let Some(run) = sequoia::sqv(&keyring, &signature, b"data") {
            assert!(run.expect_ok().says(&key.fingerprint()));
        }
        if let Some(run) = sequoia::sqv(&keyring, &signature, b"date") {
            run.expect_failure();
        }
    }
}

#[test]
fn gpgv_verifies_raw_clearsigned_text() {
    let (one, two) = (load("good"), load("good-rsa2048"));
    let options = RawOptions::at(SIGNED);
    let message = raw_clearsign(&[(&one, options.clone()), (&two, options)], TEXT);
    let keyring = keys::keyring(&["good", "good-rsa2048"]);
    let Some(run) = gnupg::gpgv(&keyring, &message, None) else {
        return;
    };
    assert_eq!(run.expect_ok().text.matches("GOODSIG").count(), 2);
}

#[test]
fn gpgv_exits_0_for_expired_and_revoked_keys() {
    for (name, says) in [
        ("expired", "EXPKEYSIG"),
        ("subkey-expired", "EXPKEYSIG"),
        ("revoked-hard", "REVKEYSIG"),
        ("revoked-soft", "REVKEYSIG"),
    ] {
        let signature = raw_sign(&load(name), b"data", &RawOptions::at(SIGNED));
        let Some(run) = gnupg::gpgv(&keys::keyring(&[name]), &signature, Some(b"data")) else {
            return;
        };
        assert!(run.expect_ok().says(says));
    }
}

#[test]
fn gpgv_takes_the_time_it_is_given() {
    let signature = raw_sign(&load("expired"), b"data", &RawOptions::at(SIGNED));
    let keyring = keys::keyring(&["expired"]);
    let Some(run) = gnupg::gpgv_at(
        keys::time("2025-04-01"),
        &keyring,
        &signature,
        Some(b"data"),
    ) else {
        return;
    };
    assert!(run.expect_ok().says("GOODSIG"));
}

#[test]
fn gpg_signs_and_gpgv_verifies() {
    let (one, two) = (load("good"), load("protected"));
    let Some(home) = gnupg::Home::new(&[&one, &two]) else {
        return;
    };
    let time = keys::time(SIGNED);
    let message = home.clearsign(&[&one, &two], TEXT.as_bytes(), time);
    let keyring = keys::keyring(&["good", "protected"]);
    if let Some(run) = gnupg::gpgv(&keyring, &message, None) {
        assert_eq!(run.expect_ok().text.matches("GOODSIG").count(), 2);
    }
    let signature = home.detach_sign(&[&one], b"data", time);
    home.verify(&signature, Some(b"data")).expect_ok();
    home.verify(&signature, Some(b"date")).expect_failure();
}

#[test]
fn debian_serves_an_inrelease() {
    for suite in [
        "bookworm",
        "bookworm-updates",
        "bookworm-security",
        "trixie",
        "sid",
    ] {
        let Some(message) = apt::debian_inrelease(suite) else {
            continue;
        };
        assert!(
            message.starts_with(b"-----BEGIN PGP SIGNED MESSAGE-----\n"),
            "{suite}"
        );
    }
}

#[test]
fn trixie_is_debian_13() {
    let Some(room) = trixie::Room::new() else {
        return;
    };
    let version = room.run("apt-get", ["--version"]).expect_ok();
    assert!(version.text.starts_with("apt 3."), "{version}");
    assert!(room.has("sqv") && room.has("faketime"));
    assert!(!room.has("pkgseal"));
    let day = room
        .command_at(keys::time("2031-02-03"), "date")
        .arg("+%F")
        .output()
        .unwrap();
    assert_eq!(day.stdout, b"2031-02-03\n");
}

#[test]
fn trixies_sqv_and_gpgv_verify_raw_signatures() {
    let Some(room) = trixie::Room::new() else {
        return;
    };
    let key = load("good");
    let keyring = room.put("keyring.pgp", keys::keyring(&["good"]));
    let signature = room.put("sig", raw_sign(&key, b"data", &RawOptions::at(SIGNED)));
    room.put("good", b"data");
    room.put("bad", b"date");
    for program in ["sqv", "gpgv"] {
        let check = |data: &str| {
            let mut command = room.command(program);
            command.arg("--keyring").arg(&keyring);
            peers::run(command.arg(&signature).arg(room.inside().join(data)))
        };
        check("good").expect_ok();
        check("bad").expect_failure();
    }
}
