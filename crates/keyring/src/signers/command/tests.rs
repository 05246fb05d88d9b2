use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Armor, Object, Profile, Signer, Verifier};
use pkgseal_testkit::keys::{SIGNED, certificates, load, time};
use pkgseal_testkit::peers::signing_command::SigningCommand;

use super::super::{KeySource, open_source};
use super::CommandKey;

fn opened(place: &Path, keys: &[&str]) -> crate::Result<Signer> {
    let source = KeySource::parse(format!("command:{}", place.display()).as_ref()).unwrap();
    open_source(&source, &certificates(keys), None, time(SIGNED))
}

/// What is said when a key is opened, and what is advised.
fn refused(place: &Path, keys: &[&str]) -> (String, String) {
    let error = opened(place, keys).expect_err("a refusal");
    // What the holder said is the cause.
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        words.push_str(&format!(": {next}"));
        cause = next.source();
    }
    let hint = error.hint().unwrap_or_default().to_owned();
    (words, hint)
}

/// A program of this text, and a file of settings that names it.
fn program(folder: &Path, text: &str, settings: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let program = folder.join("program");
    // Written under another name first: a file that is open for writing cannot be run.
    let written = folder.join("written");
    std::fs::write(&written, format!("#!/bin/bash\n{text}\n")).unwrap();
    std::fs::set_permissions(&written, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(&written, &program).unwrap();
    let file = folder.join("signer.toml");
    let text = format!(
        "version = 1\nprogram = \"{}\"\n{settings}",
        program.display()
    );
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn commands_are_named_by_path_or_name() {
    for text in ["/usr/bin/sign", "kms-sign", "/etc/pkgseal/signer.toml"] {
        assert_eq!(CommandKey::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn what_is_no_command_is_refused() {
    for (text, reason) in [
        ("", "names no program"),
        ("kms-sign --key 1", "arguments go into a file"),
        ("/usr/bin/sign -k", "arguments go into a file"),
        ("bin/sign", "relative"),
        ("./sign", "relative"),
        ("../sign", "relative"),
        ("etc/signer.toml", "relative"),
        ("signer.toml", "written from / on"),
        ("a\u{7}b", "arguments"),
        ("a\nb", "arguments"),
    ] {
        let words = CommandKey::parse(text).unwrap_err();
        assert!(words.contains(reason), "{text}: {words}");
    }
}

#[test]
fn every_kind_of_key_signs_through_a_command() {
    for name in [
        "good-rsa2048",
        "good-p256",
        "good-p384",
        "good-p521",
        "good-ed25519",
        "good-v6-ed25519",
    ] {
        let Some(command) = SigningCommand::new(&load(name)) else {
            return;
        };
        let signer = opened(&command.program(), &[name]).unwrap();
        let signature = Signer::detached(&[signer], b"data", Armor::Binary, time(SIGNED)).unwrap();
        let profile = Profile::named("strict").unwrap();
        let verifier = Verifier::new(certificates(&[name]), profile, time(SIGNED));
        let report = verifier.detached(Object::Artifact, &b"data"[..], &signature);
        assert!(report.unwrap().is_accepted(), "{name}");
    }
}

#[test]
fn a_session_is_one_process_for_any_number_of_signatures() {
    let Some(command) = SigningCommand::new(&load("good-p256")) else {
        return;
    };
    for (mode, processes) in [("session", 1), ("each", 6)] {
        let settings = command.settings(&format!("mode = \"{mode}\""));
        let signer = opened(&settings, &["good-p256"]).unwrap();
        for _ in 0..5 {
            let signers = std::slice::from_ref(&signer);
            Signer::detached(signers, b"data", Armor::Binary, time(SIGNED)).unwrap();
        }
        // The first of them signed the probe.
        assert_eq!(command.processes(), processes, "{mode}");
        std::fs::remove_file(command.count_file()).unwrap();
    }
}

#[test]
fn certificates_have_to_tell_whose_key_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = program(folder.path(), "exit 1", "");
    let (words, hint) = refused(&file, &[]);
    assert!(
        words.contains("certificate of its key is not known"),
        "{words}"
    );
    assert!(hint.contains("--certificate"));
    let (words, hint) = refused(&file, &["good-p256", "good-p384"]);
    assert!(words.contains("several certificates"), "{words}");
    assert!(hint.contains("fingerprint = "));
    // Named, and not among them.
    let other = load("good-p521").fingerprint();
    let file = program(
        folder.path(),
        "exit 1",
        &format!("fingerprint = \"{other}\""),
    );
    let (words, _) = refused(&file, &["good-p256", "good-p384"]);
    assert!(words.contains("is not known"), "{words}");
    // Named, and chosen: only then is it run.
    let named = load("good-p384").fingerprint();
    let file = program(
        folder.path(),
        "exit 1",
        &format!("fingerprint = \"{named}\""),
    );
    let (words, _) = refused(&file, &["good-p256", "good-p384"]);
    assert!(words.contains("it failed"), "{words}");
    let (words, _) = refused(&file, &["good-v6-ed448", "good-p384"]);
    assert!(words.contains("it failed"), "{words}");
}

#[test]
fn keys_that_commands_do_not_sign_with_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = program(folder.path(), "exit 1", "");
    for name in ["good-brainpool-p256", "good-v6-ed448", "good-mldsa65"] {
        let (words, _) = refused(&file, &[name]);
        assert!(words.contains("key file or gpg-agent only"), "{words}");
    }
}

#[test]
fn a_program_that_cannot_be_run_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (words, _) = refused(Path::new("/no/such/program"), &["good-p256"]);
    assert!(words.contains("/no/such/program"), "{words}");
    let (words, _) = refused(Path::new("pkgseal-no-such-program"), &["good-p256"]);
    assert!(words.contains("there is no program"), "{words}");
    let text = folder.path().join("text");
    std::fs::write(&text, "no program").unwrap();
    let (words, _) = refused(&text, &["good-p256"]);
    assert!(words.contains("may not be run"), "{words}");
    let (words, _) = refused(folder.path(), &["good-p256"]);
    assert!(words.contains("no file"), "{words}");
    let (words, _) = refused(&folder.path().join("none.toml"), &["good-p256"]);
    assert!(words.contains("none.toml"), "{words}");
}

/// Programs that answer with these lines, whatever they are asked, and what is said of them.
const ANSWERS: &[(&str, &str)] = &[
    ("", "is not one of the protocol's"),
    ("signature", "is not one of the protocol's"),
    ("[]", "is not one of the protocol's"),
    ("{}", "missing field `version`"),
    ("{\"version\":\"1\",\"signature\":\"AA==\"}", "invalid type"),
    ("{\"version\":2,\"signature\":\"AA==\"}", "version 2"),
    ("{\"version\":1}", "neither signature nor error"),
    (
        "{\"version\":1,\"signature\":null}",
        "neither signature nor error",
    ),
    (
        "{\"version\":1,\"signature\":\"AA==\",\"error\":\"no\"}",
        "a signature and an error",
    ),
    (
        "{\"version\":1,\"error\":\"the key is disabled\"}",
        "does not sign: the key is disabled",
    ),
    ("{\"version\":1,\"sig\":\"AA==\"}", "unknown field `sig`"),
    (
        "{\"version\":1,\"version\":1,\"signature\":\"AA==\"}",
        "duplicate field",
    ),
    (
        "{\"version\":1,\"signature\":\"AA==\"} {}",
        "trailing characters",
    ),
    ("{\"version\":1,\"signature\":\"\"}", "64 are right"),
    ("{\"version\":1,\"signature\":\"AA==\"}", "64 are right"),
    ("{\"version\":1,\"signature\":\"A\"}", "is not base64"),
    ("{\"version\":1,\"signature\":\"!!!!\"}", "is not base64"),
    ("{\"version\":1,\"signature\":\"AA-_\"}", "is not base64"),
    (
        "{\"version\":1,\"encoding\":\"base64url\",\"signature\":\"AA+/\"}",
        "is not base64url",
    ),
    (
        "{\"version\":1,\"encoding\":\"hex\",\"signature\":\"0\"}",
        "is not hexadecimal",
    ),
    (
        "{\"version\":1,\"encoding\":\"hex\",\"signature\":\"zz\"}",
        "is not hexadecimal",
    ),
    (
        "{\"version\":1,\"encoding\":\"hex\",\"signature\":\"00ff\"}",
        "64 are right",
    ),
    (
        "{\"version\":1,\"encoding\":\"utf8\",\"signature\":\"AA==\"}",
        "unknown variant",
    ),
    (
        "{\"version\":1,\"form\":\"pem\",\"signature\":\"AA==\"}",
        "unknown variant",
    ),
    (
        "{\"version\":1,\"form\":\"der\",\"signature\":\"AA==\"}",
        "no DER sequence",
    ),
    (
        "{\"version\":1,\"digest\":\"5a\",\"signature\":\"AA==\"}",
        "for another digest",
    ),
];

#[test]
fn an_answer_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (answer, reason) in ANSWERS {
        let text = format!("read -r request; echo '{answer}'");
        for mode in ["each", "session"] {
            let file = program(folder.path(), &text, &format!("mode = \"{mode}\""));
            let (words, hint) = refused(&file, &["good-p256"]);
            assert!(words.contains(reason), "{answer} ({mode}): {words}");
            assert!(hint.contains("by hand"), "{hint}");
        }
    }
    // Numbers that are well formed, and no signature.
    let text = format!(
        "read -r request; echo '{{\"version\":1,\"encoding\":\"hex\",\"signature\":\"{}\"}}'",
        "11".repeat(64)
    );
    let file = program(folder.path(), &text, "");
    let (words, _) = refused(&file, &["good-p256"]);
    assert!(words.contains("not by key"), "{words}");
    // Bytes that are no text.
    let file = program(folder.path(), "printf '\\xff\\xfe\\n'", "");
    let (words, _) = refused(&file, &["good-p256"]);
    assert!(words.contains("is not one of the protocol's"), "{words}");
}

#[test]
fn a_program_that_misbehaves_is_ended_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let started = std::time::Instant::now();
    for (text, mode, reason) in [
        ("exec sleep 600", "each", "did not answer within 1 s"),
        ("exec sleep 600", "session", "did not answer within 1 s"),
        // Its output is closed, and it goes on.
        ("exec >&-; exec sleep 600", "each", "closed its output"),
        ("exec >&-; exec sleep 600", "session", "closed its output"),
        // Answers, and does not end.
        (
            "echo '{}'; exec sleep 600",
            "each",
            "did not answer within 1 s",
        ),
        ("exec tr '\\0' a </dev/zero", "each", "longer than 64 KiB"),
        (
            "exec tr '\\0' a </dev/zero",
            "session",
            "longer than 64 KiB",
        ),
        ("yes '{}'", "each", "more than one line"),
        ("exit 0", "each", "ended without an answer"),
        ("exit 0", "session", "ended without an answer"),
        ("exit 3", "each", "it failed (exit status: 3)"),
        ("echo '{}'; exit 3", "each", "it failed (exit status: 3)"),
        ("kill -9 $$", "session", "it failed (signal: 9"),
        ("printf '{\"version\":1'", "session", "breaks off"),
        (
            "printf '{\"version\":1'",
            "each",
            "is not one of the protocol's",
        ),
        (
            "echo 'no  credentials' >&2; exit 3",
            "each",
            "(exit status: 3); it said: no credentials",
        ),
    ] {
        let settings = format!("mode = \"{mode}\"\ntimeout = \"1s\"");
        let file = program(folder.path(), text, &settings);
        let (words, _) = refused(&file, &["good-p256"]);
        assert!(words.contains(reason), "{text} ({mode}): {words}");
    }
    // Nobody waits for what sleeps.
    assert!(started.elapsed().as_secs() < 100);
}

#[test]
fn what_a_program_says_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let text = "yes 'the same again' | head -c 1000000 >&2; exit 3";
    let file = program(folder.path(), text, "");
    let (words, _) = refused(&file, &["good-p256"]);
    assert!(words.contains("the same again") && words.len() < 4096);
}

#[test]
fn the_environment_is_not_passed_on() {
    // Cargo sets CARGO_PKG_NAME for a test.
    let folder = tempfile::tempdir().unwrap();
    let text = "echo \"[${CARGO_PKG_NAME:-}]\" >&2; exit 3";
    let file = program(folder.path(), text, "");
    let (words, _) = refused(&file, &["good-p256"]);
    assert!(words.ends_with("it said: []"), "{words}");
    let file = program(folder.path(), text, "environment = [\"CARGO_PKG_NAME\"]");
    let (words, _) = refused(&file, &["good-p256"]);
    assert!(words.ends_with("it said: [pkgseal-keyring]"), "{words}");
}

#[test]
fn arguments_are_handed_over_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = program(
        folder.path(),
        "printf '<%s>' \"$@\" >&2; exit 3",
        "arguments = [\"--key\", \"a b; $(exit)\", \"\"]",
    );
    let (words, _) = refused(&file, &["good-p256"]);
    assert!(words.ends_with("<--key><a b; $(exit)><>"), "{words}");
}

#[test]
fn the_request_says_what_the_manual_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = program(folder.path(), "cat >&2; exit 3", "");
    for (name, parts) in [
        (
            "good-rsa2048",
            &[
                "\"algorithm\":\"rsa\"",
                "\"public_key\":{\"n\":\"",
                "\"e\":\"010001\"",
            ][..],
        ),
        (
            "good-p384",
            &[
                "\"algorithm\":\"ecdsa\"",
                "\"hash\":\"SHA384\"",
                "{\"curve\":\"P-384\",\"point\":\"04",
            ],
        ),
        (
            "good-ed25519",
            &[
                "\"algorithm\":\"ed25519\"",
                "\"hash\":\"SHA256\"",
                "{\"point\":\"",
            ],
        ),
    ] {
        let (words, _) = refused(&file, &[name]);
        let (_, request) = words.split_once("it said: ").unwrap();
        assert!(
            request.starts_with("{\"version\":1,\"operation\":\"sign\","),
            "{request}"
        );
        let key = load(name);
        let fingerprints = format!(
            "\"fingerprint\":\"{}\",\"certificate\":\"{}\"",
            key.signing_fingerprint(),
            key.fingerprint()
        );
        assert!(request.contains(&fingerprints), "{request}");
        assert!(
            request.contains(&format!("\"digest\":\"{}", "5a".repeat(32))),
            "{request}"
        );
        for part in parts {
            assert!(request.contains(part), "{request}");
        }
    }
}
