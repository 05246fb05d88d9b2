//! What keeps a key that is no file from being changed: said, and nothing is written.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::keys::{self, load};
use pkgseal_testkit::peers::gnupg::Home;
use pkgseal_testkit::peers::signing_command::SigningCommand;
use pkgseal_testkit::peers::softhsm::{Beside, SoftHsm};
use pkgseal_testkit::peers::{have, run};

use super::{Bench, EXTENDED, Keeper, secret};
use crate::run::{Call, listing, pkgseal, repository};

/// `pkgseal key extend`.
fn extend() -> Call {
    pkgseal(["key", "extend", "--expires", "2y", "--time", EXTENDED])
}

/// It fails with these words, in a folder that stays as it is.
#[track_caller]
fn refused(bench: &Bench, call: Call, words: &[&str]) {
    let state = || {
        let certificate = fs::read(bench.certificate()).unwrap();
        (listing(bench.folder.path()), certificate)
    };
    let before = state();
    let run = call.run().expect(2);
    for words in words {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert_eq!(state(), before, "nothing is written");
}

fn certificate(name: &str) -> PathBuf {
    repository("testdata/keys").join(format!("{name}.cert.asc"))
}

fn with_agent(home: &Home, name: &str) -> Call {
    extend()
        .env("GNUPGHOME", home.path())
        .env("GPG_TTY", "")
        .arg(format!("gpg-agent:{name}"))
        .arg("--certificate")
}

#[test]
fn an_agent_that_lacks_the_primary_key() {
    let Some(bench) = Bench::new("agent", "good-ed25519") else {
        return;
    };
    let Keeper::Agent(home) = &bench.keeper else {
        return;
    };
    let primary = bench.key.fingerprint();
    // The subkey's name, where the primary key has to sign.
    let subkey = bench.key.signing_fingerprint();
    let call = with_agent(home, &subkey).arg(bench.certificate());
    refused(&bench, call, &["it is a subkey", "gpg-agent:", &primary]);
    // The certificate of somebody else, the key of somebody else, and a key ID.
    let call = with_agent(home, &primary).arg(certificate("stranger"));
    refused(&bench, call, &["is not known", "--certificate FILE"]);
    let call = with_agent(home, &load("stranger").fingerprint()).arg(bench.certificate());
    refused(&bench, call, &["is not known"]);
    let call = with_agent(home, "DEADBEEF").arg(bench.certificate());
    refused(&bench, call, &["no full fingerprint"]);

    // An agent that has the subkeys only, as `gpg --export-secret-subkeys` gives them.
    let exported = home.path().join("subkeys");
    let mut export = home.command();
    export.arg("--output").arg(&exported);
    run(export.args(["--export-secret-subkeys", &primary])).expect_ok();
    let Some(near) = Home::new(&[]) else { return };
    near.import(&fs::read(&exported).unwrap());
    let call = with_agent(&near, &primary).arg(bench.certificate());
    refused(
        &bench,
        call,
        &["has no secret part", "gpg --list-secret-keys"],
    );
    // One that has nothing.
    let Some(empty) = Home::new(&[]) else { return };
    let call = with_agent(&empty, &primary).arg(bench.certificate());
    refused(&bench, call, &["has no secret part", &primary]);
    let call = extend()
        .env("GNUPGHOME", empty.path())
        .arg(format!("gpg-agent:{primary}"));
    refused(&bench, call, &["neither given nor known to gpg"]);
}

#[test]
fn an_agent_that_is_locked() {
    let key = load("protected");
    let Some(home) = Home::new(&[&key]) else {
        return;
    };
    let Some(bench) = Bench::new("agent", "good-ed25519") else {
        return;
    };
    let settings = home.path().join("gpg-agent.conf");
    fs::write(settings, "pinentry-program /bin/false\n").unwrap();
    if let Some(gpgconf) = have("gpgconf") {
        let mut kill = gpgconf.command();
        kill.arg("--homedir").arg(home.path());
        run(kill.args(["--kill", "gpg-agent"])).expect_ok();
    }
    fs::write(bench.certificate(), key.certificate()).unwrap();
    let locked = || with_agent(&home, &key.fingerprint()).arg(bench.certificate());
    refused(&bench, locked(), &["could ask nobody", "--passphrase-file"]);
    let words = tempfile::tempdir().unwrap();
    let wrong = secret(words.path(), "wrong", "not that one");
    let call = locked().arg("--passphrase-file").arg(wrong);
    refused(&bench, call, &["passphrase is wrong"]);
    let right = secret(words.path(), "right", keys::PASSPHRASE);
    let call = locked().arg("--passphrase-file").arg(right);
    call.run().expect(0);
}

fn with_token(hsm: &SoftHsm, uri: &str) -> Call {
    extend()
        .env("SOFTHSM2_CONF", hsm.settings())
        .env("PKGSEAL_PKCS11_MODULE", hsm.module())
        .arg(format!("pkcs11:{uri}"))
}

#[test]
fn a_token_that_lacks_the_primary_key_or_wants_another_pin() {
    let Some(bench) = Bench::new("token", "primary-signs") else {
        return;
    };
    let Keeper::Token(hsm) = &bench.keeper else {
        return;
    };
    let with = |uri: &str, pin: &Path, certificate: &Path| {
        with_token(hsm, uri)
            .arg("--passphrase-file")
            .arg(pin)
            .arg("--certificate")
            .arg(certificate)
    };
    let words = tempfile::tempdir().unwrap();
    let wrong = secret(words.path(), "wrong", "00000000");
    let own = bench.certificate();
    let call = with("object=archive", &wrong, &own);
    refused(&bench, call, &["the PIN is wrong"]);
    let call = with_token(hsm, "object=archive");
    let call = call.arg("--certificate").arg(&own);
    refused(&bench, call, &["it wants a PIN and none is given"]);
    let pin = hsm.pin_file();
    let call = with("object=nothing", &pin, &own);
    refused(
        &bench,
        call,
        &["no private key of that name", "pkcs11-tool"],
    );
    let call = with("token=other", &pin, &own);
    refused(&bench, call, &["no such token"]);
    // The certificate is not known, is somebody else's, or there are several.
    let call = with_token(hsm, "object=archive");
    let call = call.arg("--passphrase-file").arg(&pin);
    refused(&bench, call, &["is not known", "--certificate FILE"]);
    let stranger = load("stranger").fingerprint();
    let call = with("object=archive", &pin, &certificate("stranger"));
    refused(&bench, call, &["none of its keys is", &stranger]);
    let call = with("object=archive", &pin, &own);
    let call = call.arg("--certificate").arg(certificate("stranger"));
    refused(&bench, call, &["several certificates are known"]);

    // A subkey alone is on the token: it cannot certify.
    let Some(other) = SoftHsm::new() else { return };
    let key = load("good-ed25519");
    other.import(&key, "subkey", "b2", Beside::Public);
    fs::write(bench.certificate(), key.certificate()).unwrap();
    let call = with_token(&other, "object=subkey")
        .arg("--passphrase-file")
        .arg(other.pin_file())
        .arg("--certificate")
        .arg(bench.certificate());
    refused(&bench, call, &["none of its keys is", &key.fingerprint()]);
}

#[test]
fn a_command_that_refuses_lies_or_has_a_subkey() {
    let Some(bench) = Bench::new("command", "primary-signs-rsa3072") else {
        return;
    };
    let Keeper::Command(command) = &bench.keeper else {
        return;
    };
    let call = |command: &SigningCommand, settings: &str, mood: &str| {
        let settings = command.settings(settings);
        extend()
            .env("MOOD", mood)
            .arg(format!("command:{}", settings.display()))
            .arg("--certificate")
            .arg(bench.certificate())
    };
    for (mood, words) in [
        ("refuse", "does not sign: the key is disabled"),
        ("wrong", "is not by key"),
        ("garbage", "not one of the protocol's"),
        ("fail", "no credentials found"),
        ("other-digest", "for another digest"),
        // The probe is signed, the change is not.
        ("die-after-1", "it failed (exit status: 4)"),
    ] {
        let call = call(command, "mode = \"session\"", mood);
        refused(&bench, call, &[words, "hint: "]);
    }
    // It signs with a subkey, by its settings.
    let key = load("good-rsa2048");
    let Some(other) = SigningCommand::new(&key) else {
        return;
    };
    fs::write(bench.certificate(), key.certificate()).unwrap();
    let settings = format!("fingerprint = \"{}\"", key.signing_fingerprint());
    let words = ["not with", &key.fingerprint(), "primary key"];
    refused(&bench, call(&other, &settings, ""), &words);
    // It is said to have the primary key, and has the subkey.
    refused(&bench, call(&other, "", ""), &["is not by key"]);
}

/// Where the result cannot go is said before anybody signs.
#[test]
fn a_certificate_that_cannot_be_written() {
    let Some(bench) = Bench::new("command", "primary-signs") else {
        return;
    };
    let Keeper::Command(command) = &bench.keeper else {
        return;
    };
    let asked = command.processes();
    let own = bench.certificate();
    let ring = bench.path("ring.asc");
    let both = [
        fs::read(&own).unwrap(),
        load("stranger").certificate().to_vec(),
    ];
    fs::write(&ring, both.concat()).unwrap();
    let settings = command.settings(&format!("fingerprint = \"{}\"", bench.key.fingerprint()));
    let call = |certificate: &Path| {
        extend()
            .arg(format!("command:{}", settings.display()))
            .arg("--certificate")
            .arg(certificate)
    };
    let words = ["other certificates are in the same file", "--output DIR"];
    refused(&bench, call(&ring), &words);
    let several = call(&own)
        .arg("--certificate")
        .arg(bench.key.certificate_path());
    refused(&bench, several, &["several files", "--output DIR"]);
    let out = bench.path("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("archive.asc"), "somebody's\n").unwrap();
    let taken = call(&own).arg("--output").arg(&out);
    refused(&bench, taken, &["is there already"]);
    assert_eq!(command.processes(), asked, "nobody was asked to sign");
    call(&ring).arg("--output").arg(&out).run().expect(0);
    let mut names = [
        format!("{}.cert.asc", bench.key.fingerprint()),
        "archive.asc".to_owned(),
    ];
    names.sort();
    assert_eq!(listing(&out), names);
}

/// What concerns the secret part itself is for files.
#[test]
fn secret_parts_of_others_are_not_touched() {
    let Some(bench) = Bench::new("agent", "good-ed25519") else {
        return;
    };
    let name = bench.keeper.name(&bench.key);
    let offline = bench.path("offline").display().to_string();
    let commands: &[&[&str]] = &[
        &["passphrase", "--remove"],
        &["split", "--offline", &offline],
    ];
    for command in commands {
        let call = pkgseal(["key"]).args(*command).arg(&name);
        refused(&bench, call, &["only a file's can be"]);
    }
    let diagnose = pkgseal(["key", "doctor"]).arg(&name);
    refused(&bench, diagnose, &["add --fix"]);
    let unfixed = pkgseal(["key", "doctor", "--key", &name]).arg(bench.certificate());
    refused(&bench, unfixed, &["add --fix"]);
}
