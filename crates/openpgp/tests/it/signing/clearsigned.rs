//! Clearsigned messages, as clients read them.

use pkgseal_openpgp::{Certificate, Certificates, Object, Profile, Verifier};
use pkgseal_testkit::peers::apt;

use super::*;

const TEXT: &[u8] = b"Origin: Test\nSuite: stable\n\n- a dash\n-----\nFrom here\n\ttab\n";

fn sign(text: &[u8]) -> Result<Vec<u8>, Error> {
    cleartext::sign(&[signer("good")], text, time(SIGNED))
}

#[test]
fn the_layout_is_the_one_every_client_reads() {
    let message = String::from_utf8(sign(TEXT).unwrap()).unwrap();
    let expected = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n\
        Origin: Test\nSuite: stable\n\n- - a dash\n- -----\nFrom here\n\ttab\n\
        -----BEGIN PGP SIGNATURE-----\n\n";
    assert!(message.starts_with(expected), "{message}");
    assert!(message.ends_with("\n-----END PGP SIGNATURE-----\n"));
}

#[test]
fn a_missing_final_newline_changes_nothing() {
    let without = &TEXT[..TEXT.len() - 1];
    assert_eq!(sign(TEXT).unwrap(), sign(without).unwrap());
}

#[test]
fn gpgv_accepts_it_and_gives_the_text_back() {
    for name in V4 {
        let signers = [signer(name)];
        let message = cleartext::sign(&signers, TEXT, time(SIGNED)).unwrap();
        let certificate = keys::load(name).certificate_binary();
        if let Some(run) = gnupg::gpgv(&certificate, &message, None) {
            assert!(run.expect_ok().text.contains("GOODSIG"), "{name}");
        }
    }
    // An empty line at the end, and one line only.
    for text in [&b"a\n\n"[..], b"a", b"\na\n", b"-\n"] {
        let certificate = keys::load("good").certificate_binary();
        if let Some(run) = gnupg::gpgv(&certificate, &sign(text).unwrap(), None) {
            run.expect_ok();
        }
    }
}

/// apt's sqv method splits the message and verifies a detached text signature.
#[test]
fn sqv_accepts_the_split_message() {
    let signers = ["good-rsa4096", "good-ed25519"].map(signer);
    let message = cleartext::sign(&signers, TEXT, time(SIGNED)).unwrap();
    let at = message
        .windows(29)
        .position(|w| w == b"-----BEGIN PGP SIGNATURE-----")
        .unwrap();
    let keyring = keys::load("good").certificate_binary();
    let covered = &TEXT[..TEXT.len() - 1];
    if let Some(run) = sequoia::sqv(&keyring, &message[at..], covered) {
        run.expect_ok();
    }
    assert!(library_accepts(
        &[keyring, keys::load("good-rsa4096").certificate_binary()],
        &message[at..],
        covered
    ));
}

#[test]
fn all_signatures_stand_in_one_block_and_one_header_lists_the_digests() {
    let signers = ["good-mldsa65", "good-p384", "good-rsa4096"].map(signer);
    let message =
        String::from_utf8(cleartext::sign(&signers, TEXT, time(SIGNED)).unwrap()).unwrap();
    assert_eq!(message.matches("BEGIN PGP SIGNATURE").count(), 1);
    assert!(
        message.contains("\nHash: SHA256,SHA384,SHA512\n\n"),
        "{message}"
    );
    let keyring = keys::load("good-rsa4096").certificate_binary();
    if let Some(run) = gnupg::gpgv(&keyring, message.as_bytes(), None) {
        assert_eq!(run.text.matches("GOODSIG").count(), 1, "{run}");
    }
}

#[test]
fn text_that_clients_would_read_differently_is_refused() {
    for (text, reason) in [
        (&b""[..], "line 1: there is no text"),
        (b"\n", "line 1: there is no text"),
        (b"a\nb \n", "line 2: blanks at its end"),
        (b"a\t\nb\n", "line 1: blanks at its end"),
        (b"a\r\n", "line 1: CRLF"),
        (b"a\nb\r", "line 2: CRLF"),
        (b"a\rb\n", "line 1: a control character"),
        (b"a\n\x0c\n", "line 2: a control character"),
        (b"a\x0bb\n", "line 1: a control character"),
        (b"a\0b\n", "line 1: a control character"),
        (b"a\x1b[2Jb\n", "line 1: a control character"),
        (b"a\x7f\n", "line 1: a control character"),
        (b"a\n\xc2\x85\n", "line 2: a control character"),
        (b"a\nb\xff\n", "line 2: not UTF-8"),
        (&[b'a'; 70_000], "line 1: longer than"),
    ] {
        let message = sign(text).unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
    assert!(cleartext::sign(&[], TEXT, time(SIGNED)).is_err());
}

#[test]
fn what_is_written_is_read_back() {
    use proptest::prelude::*;
    let signer = [signer("good")];
    let line = "[-a \\t\\r\\x0c\u{85}é]{0,6}|- x|-----BEGIN PGP SIGNATURE-----|From x";
    let text = proptest::collection::vec(line, 0..5).prop_map(|lines| lines.join("\n"));
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(500)
    };
    proptest!(config, |(text in text)| {
        let Ok(message) = cleartext::sign(&signer, text.as_bytes(), time(SIGNED)) else {
            return Ok(());
        };
        let read = cleartext::split(&message).unwrap();
        let mut expected = text.into_bytes();
        if !expected.ends_with(b"\n") {
            expected.push(b'\n');
        }
        prop_assert_eq!(read.text, expected);
        prop_assert_eq!(read.signatures.len(), 1);
    });
}

#[test]
fn the_verifier_accepts_every_algorithm_and_seals_the_text() {
    for name in V4.iter().chain(V6) {
        let message = cleartext::sign(&[signer(name)], TEXT, time(SIGNED)).unwrap();
        let (certificates, _) = Certificate::parse_all(keys::load(name).certificate());
        let verifier = Verifier::new(
            Certificates::new(certificates),
            Profile::strict(),
            time(SIGNED),
        );
        let (text, report) = verifier.cleartext(Object::Repository, &message).accept();
        assert!(report.is_accepted(), "{name}: {report:?}");
        assert_eq!(text.unwrap().into_inner(), TEXT, "{name}");
    }
}

/// gpgv knows no v6 signature; apt with gpgv must read past it, several of them.
#[test]
fn apt_accepts_a_message_that_is_also_signed_for_tomorrow() {
    let release = "Date: Sat, 01 Mar 2025 00:00:00 UTC\nSHA256:\n \
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 Packages\n";
    let names = [
        "good-mldsa87",
        "good-v6-ed25519",
        "good-ed25519",
        "good-rsa4096",
    ];
    let message = cleartext::sign(&names.map(signer), release.as_bytes(), time(SIGNED)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("InRelease"), message).unwrap();
    std::fs::write(folder.path().join("Packages"), "").unwrap();
    let keyring = keys::load("good-ed25519").certificate_binary();
    if let Some(run) = apt::update(folder.path(), "./", "", &keyring) {
        run.expect_ok();
    }
    let stranger = keys::load("stranger").certificate_binary();
    if let Some(run) = apt::update(folder.path(), "./", "", &stranger) {
        assert!(!run.accepted(), "{run}");
    }
}
