//! The strict grammar of clearsigned messages: one test for each clause, and the
//! messages other readers were fooled by.

use std::sync::LazyLock;

use pkgseal_openpgp::{Object, Profile, Status, Verifier, cleartext};
use pkgseal_testkit::keys::{self, Form, Hash, RawOptions};
use pkgseal_testkit::tamper;

mod fooled;

const TEXT: &str = "Origin: Test\nSuite: stable\n\n- an item\nSHA256:\n 0123 9 main/Packages\n";

fn verifier() -> Verifier {
    static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
        Verifier::new(
            keys::certificates(&["good", "good-ed25519-2", "good-v6-ed25519"]),
            Profile::strict(),
            keys::time(keys::NOW),
        )
    });
    VERIFIER.clone()
}

/// Signed over whatever text, however unfit.
fn signed(text: &str) -> String {
    let key = keys::load("good");
    let message = keys::raw_clearsign(&[(&key, RawOptions::at(keys::SIGNED))], text);
    String::from_utf8(message).unwrap()
}

fn good() -> String {
    signed(TEXT)
}

/// Rejected before any signature is looked at, in these words.
#[track_caller]
fn refuses(message: impl AsRef<[u8]>, words: &str) {
    let message = message.as_ref();
    let finding = cleartext::split(message).expect_err("was split");
    assert_eq!(finding.code.id, "cleartext.malformed");
    assert!(finding.hint.is_some());
    assert!(
        finding.detail.contains(words),
        "{words}: {}",
        finding.detail
    );
    let (sealed, report) = verifier().cleartext(Object::Repository, message).accept();
    assert!(sealed.is_none());
    assert!(report.signatures.is_empty());
}

fn replaced(from: &str, to: &str) -> String {
    let message = good();
    assert!(message.contains(from), "{from}");
    message.replacen(from, to, 1)
}

#[test]
fn the_text_is_what_was_signed() {
    let (sealed, report) = verifier()
        .cleartext(Object::Repository, good().as_bytes())
        .accept();
    let sealed = sealed.expect("accepted");
    assert_eq!(sealed.get(), TEXT.as_bytes());
    assert_eq!(sealed.signers(), report.accepted_signers().unwrap());
    assert_eq!(report.signatures[0].form, "text");
}

#[test]
fn several_signers_in_one_block() {
    let (one, two, six) = (
        keys::load("good"),
        keys::load("good-ed25519-2"),
        keys::load("good-v6-ed25519"),
    );
    let at = || RawOptions::at(keys::SIGNED);
    let message = keys::raw_clearsign(&[(&one, at()), (&two, at()), (&six, at())], TEXT);
    let judged = verifier().cleartext(Object::Repository, &message);
    assert_eq!(judged.report().accepted_signers().unwrap().len(), 3);
}

// 1. The first line, and nothing before it.

#[test]
fn nothing_before_the_message() {
    for before in [
        "\n",
        " ",
        "x\n",
        "\u{feff}",
        "-----BEGIN PGP SIGNED MESSAGE-----\n",
    ] {
        let message = format!("{before}{}", good());
        assert!(cleartext::split(message.as_bytes()).is_err(), "{before:?}");
    }
    refuses(
        format!("\n{}", good()),
        "line 1: a clearsigned message begins with",
    );
    refuses(b"", "line 1");
    refuses(TEXT, "line 1");
}

#[test]
fn the_first_line_is_exact() {
    for (from, to) in [
        ("MESSAGE-----\n", "MESSAGE----- \n"),
        ("MESSAGE-----\n", "MESSAGE-----\r\n"),
        ("MESSAGE-----\n", "MESSAGE------\n"),
        ("-----BEGIN PGP SIGNED", "----BEGIN PGP SIGNED"),
        ("SIGNED MESSAGE", "signed message"),
    ] {
        refuses(replaced(from, to), "line 1");
    }
}

// 2. Hash headers and one empty line.

#[test]
fn hash_headers_only() {
    for header in [
        "NotDashEscaped: You need GnuPG to verify this message",
        "Comment: x",
        "Version: x",
        "Charset: utf-8",
        "hash: SHA256",
        "Hash:SHA256",
        "Hash: SHA256 ",
        "X",
        " ",
    ] {
        refuses(replaced("\n\n", &format!("\n{header}\n\n")), "line 3: ");
    }
}

#[test]
fn known_digests_only() {
    for list in [
        "SHA256,",
        "SHA256, SHA512",
        "SHA-256",
        "SHA257",
        "",
        "sha256",
        "SHA256\t",
    ] {
        refuses(
            replaced("Hash: SHA256", &format!("Hash: {list}")),
            "line 2: the Hash header names an unknown digest",
        );
    }
}

#[test]
fn at_most_four_hash_headers() {
    let four = "Hash: SHA256\n".repeat(4);
    let message = replaced("Hash: SHA256\n", &four);
    assert!(cleartext::split(message.as_bytes()).is_ok());
    let five = "Hash: SHA256\n".repeat(5);
    refuses(
        replaced("Hash: SHA256\n", &five),
        "line 6: more than 4 Hash headers",
    );
}

#[test]
fn the_hash_header_tells_the_truth() {
    refuses(
        replaced("Hash: SHA256", "Hash: SHA512"),
        "uses SHA-256, which no Hash header names",
    );
    // RFC 9580 lets it be left out.
    let message = replaced("Hash: SHA256\n", "");
    let judged = verifier().cleartext(Object::Repository, message.as_bytes());
    assert!(judged.report().is_accepted());
}

#[test]
fn one_truly_empty_line_ends_the_headers() {
    for line in [" \n", "\t\n", "\r\n"] {
        refuses(
            replaced("SHA256\n\n", &format!("SHA256\n{line}")),
            "line 3: neither a Hash header nor the empty line",
        );
    }
    refuses(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n",
        "ends in its headers",
    );
    refuses(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256",
        "ends in its headers",
    );
}

#[test]
fn a_second_empty_line_belongs_to_the_text() {
    let message = replaced("SHA256\n\n", "SHA256\n\n\n");
    let judged = verifier().cleartext(Object::Repository, message.as_bytes());
    assert_eq!(judged.report().signatures[0].status, Status::Bad);
}

// 3. What a line may hold.

#[test]
fn no_control_characters() {
    for control in [
        '\0', '\u{1}', '\u{8}', '\u{b}', '\u{c}', '\r', '\u{1b}', '\u{1f}', '\u{7f}', '\u{85}',
        '\u{9b}',
    ] {
        refuses(
            signed(&format!("a{control}b\n")),
            "line 4: a control character",
        );
        // At the end of a line, where other readers strip it: /formfeed, CVE-2025-68972.
        let message = good().replacen("Origin: Test\n", &format!("Origin: Test{control}\n"), 1);
        refuses(message, "line 4: a control character");
    }
    assert!(cleartext::split(signed("a\tb\n").as_bytes()).is_ok());
}

#[test]
fn carriage_returns_nowhere() {
    refuses(good().replace('\n', "\r\n"), "line 1");
    refuses(
        replaced("Suite: stable\n", "Suite: stable\r\n"),
        "line 5: a control character",
    );
    let armor = good().replacen("SIGNATURE-----\n", "SIGNATURE-----\r\n", 1);
    refuses(armor, "a dash that is not escaped");
    let end = good().replacen("END PGP SIGNATURE-----\n", "END PGP SIGNATURE-----\r\n", 1);
    refuses(end, "");
}

#[test]
fn utf8_only() {
    let mut message = good().into_bytes();
    let at = message.windows(4).position(|w| w == b"Test").unwrap();
    for bytes in [&b"\xff"[..], b"\xc3(", b"\xed\xa0\x80", b"\xc0\x80"] {
        let mut broken = message.clone();
        broken.splice(at..at, bytes.iter().copied());
        refuses(broken, "line 4: not UTF-8");
    }
    message.extend(b"\xff");
    refuses(message, "not UTF-8");
    let (sealed, _) = verifier()
        .cleartext(
            Object::Artifact,
            signed("Description: Zürich, 東京\n").as_bytes(),
        )
        .accept();
    assert!(sealed.is_some());
}

#[test]
fn a_message_has_an_end() {
    refuses(vec![b'x'; 10_000_001], "longer than 10000000 bytes");
}

#[test]
fn lines_have_an_end() {
    let longest = "x".repeat(19_993);
    assert!(cleartext::split(signed(&format!("{longest}\n")).as_bytes()).is_ok());
    refuses(
        signed(&format!("{longest}x\n")),
        "line 4: longer than 19993 bytes",
    );
}

// 4. Dash-escapes.

#[test]
fn dashes_are_escaped_where_needed_and_nowhere_else() {
    assert!(good().contains("\n- - an item\n"));
    refuses(
        replaced("- - an item", "- an item"),
        "line 7: a dash-escape where none is needed",
    );
    refuses(
        replaced("- - an item", "-an item"),
        "line 7: a dash that is not escaped",
    );
    refuses(
        replaced("Suite", "- Suite"),
        "line 5: a dash-escape where none is needed",
    );
    // RFC 9580 recommends it for mail.
    let message = signed("From here\n").replacen("From here", "- From here", 1);
    let (sealed, _) = verifier()
        .cleartext(Object::Artifact, message.as_bytes())
        .accept();
    assert_eq!(sealed.unwrap().get(), b"From here\n");
}

#[test]
fn armor_lines_do_not_hide_in_the_text() {
    // Escaped, they are text.
    let text = "-----BEGIN PGP SIGNATURE-----\n\nx\n";
    let (sealed, _) = verifier()
        .cleartext(Object::Artifact, signed(text).as_bytes())
        .accept();
    assert_eq!(sealed.unwrap().get(), text.as_bytes());
    for line in [
        "-----BEGIN PGP SIGNED MESSAGE-----",
        "-----BEGIN PGP MESSAGE-----",
        "-----END PGP SIGNATURE-----",
        "-----BEGIN PGP SIGNATURE----- ",
        "-",
        "--",
    ] {
        refuses(
            replaced("Suite: stable", line),
            "line 5: a dash that is not escaped",
        );
    }
}

// 5. Trailing blanks are not covered by a clearsignature.

#[test]
fn no_trailing_blanks() {
    for blanks in [" ", "\t", "  \t "] {
        refuses(
            replaced("Suite: stable\n", &format!("Suite: stable{blanks}\n")),
            "line 5: blanks at its end",
        );
    }
    refuses(signed("a\n \nb\n"), "line 5: blanks at its end");
}

#[test]
fn something_must_be_signed() {
    refuses(signed(""), "nothing is signed");
    refuses(signed("\n"), "nothing is signed");
}

#[test]
fn an_empty_last_line_is_signed_too() {
    // As in a .dsc, where gpg keeps the file's last empty line.
    let (sealed, _) = verifier()
        .cleartext(Object::Artifact, signed("Format: 1.0\n\n").as_bytes())
        .accept();
    assert_eq!(sealed.unwrap().get(), b"Format: 1.0\n\n");
    let message = signed("Format: 1.0\n\n").replacen("1.0\n\n", "1.0\n", 1);
    let judged = verifier().cleartext(Object::Artifact, message.as_bytes());
    assert_eq!(judged.report().signatures[0].status, Status::Bad);
}

// 6. One armored block, and the end of the file.

#[test]
fn nothing_after_the_message() {
    for after in [
        "\n",
        " ",
        "x",
        "x\n",
        "\0",
        "-----BEGIN PGP SIGNATURE-----\n",
    ] {
        let message = format!("{}{after}", good());
        assert!(cleartext::split(message.as_bytes()).is_err(), "{after:?}");
    }
    refuses(format!("{}\n", good()), "something follows the signature");
    refuses(good() + &good(), "something follows the signature");
    refuses(good().trim_end(), "does not end with a line feed");
}

#[test]
fn one_block_only() {
    let message = good();
    let at = message.find("-----BEGIN PGP SIGNATURE").unwrap();
    refuses(
        format!("{message}{}", &message[at..]),
        "something follows the signature",
    );
    refuses(&message[..at], "the message has no signature");
}

#[test]
fn the_armor_is_checked() {
    let message = good();
    let crc = message.lines().find(|line| line.starts_with('=')).unwrap();
    refuses(message.replace(crc, "=AAAA"), "the armor checksum");
    refuses(message.replace(crc, "=A"), "a malformed armor checksum");
    assert!(cleartext::split(message.replace(&format!("{crc}\n"), "").as_bytes()).is_ok());
    let body = message
        .lines()
        .skip_while(|line| *line != "-----BEGIN PGP SIGNATURE-----")
        .nth(2)
        .unwrap();
    for broken in [format!("{body}!"), format!(" {body}"), format!("{body} ")] {
        assert!(cleartext::split(message.replace(body, &broken).as_bytes()).is_err());
    }
    refuses(message.replace(&format!("{body}\n"), ""), "");
    let long = message.replace(&format!("{body}\n"), body);
    assert!(long.lines().any(|line| line.len() > 76), "{long}");
    refuses(long, "an empty or overlong line");
}

#[test]
fn armor_headers_are_limited() {
    let with = |header: &str| {
        good().replacen(
            "-----BEGIN PGP SIGNATURE-----\n",
            &format!("-----BEGIN PGP SIGNATURE-----\n{header}"),
            1,
        )
    };
    assert!(cleartext::split(with("Version: GnuPG v2\nComment: hello\n").as_bytes()).is_ok());
    refuses(
        with(&"Comment: x\n".repeat(9)),
        "too many or too long armor headers",
    );
    refuses(
        with(&format!("Comment: {}\n", "x".repeat(300))),
        "too many or too long",
    );
    refuses(with("Comment: \u{1b}[2J\n"), "control characters");
    refuses(
        with("no header\n"),
        "neither an armor header nor the empty line",
    );
}

// 7. Text signatures and nothing else.

#[test]
fn only_text_signatures() {
    let key = keys::load("good");
    let binary = RawOptions::at(keys::SIGNED).form(Form::Binary);
    // Over the very bytes a text signature would cover.
    let signed = TEXT.trim_end().replace('\n', "\r\n");
    let packets = keys::raw_sign(&key, signed.as_bytes(), &binary);
    let message = good();
    let at = message.find("-----BEGIN PGP SIGNATURE").unwrap();
    let message = format!("{}{}", &message[..at], String::from_utf8(packets).unwrap());
    let judged = verifier().cleartext(Object::Repository, message.as_bytes());
    assert_eq!(judged.report().signatures[0].status, Status::Malformed);
    assert!(!judged.report().is_accepted());
}

#[test]
fn only_signature_packets() {
    let message = good();
    let at = message.find("-----BEGIN PGP SIGNATURE").unwrap();
    let key = keys::load("good");
    let mut packets = keys::raw_sign(
        &key,
        TEXT.as_bytes(),
        &RawOptions::at(keys::SIGNED).binary(),
    );
    for (extra, words) in [
        (
            &b"\xcb\x06b\0\0\0\0\0"[..],
            "a whole signed message (packet 11",
        ),
        (b"\xca\x03PGP", "packet 10 at byte"),
        (b"\xd5\x01\0", "packet 21 at byte"),
        (b"\0", "no whole OpenPGP packet at byte"),
        (
            b"\xc2\xff\xff\xff\xff\xff",
            "no whole OpenPGP packet at byte",
        ),
    ] {
        let length = packets.len();
        packets.extend(extra);
        let armored = String::from_utf8(keys::armor(&packets)).unwrap();
        packets.truncate(length);
        refuses(format!("{}{armored}", &message[..at]), words);
    }
}

/// Every byte counts: text and header by the grammar and the signature, the armor by its
/// checksum (which covers the packet's unsigned parts too).
#[test]
fn every_flip_is_noticed() {
    let verifier = verifier();
    let message = good().into_bytes();
    for at in 0..message.len() {
        for bit in 0..8 {
            let mut damaged = message.clone();
            damaged[at] ^= 1 << bit;
            let judged = verifier.cleartext(Object::Repository, &damaged);
            assert!(!judged.report().is_accepted(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn every_cut_is_noticed() {
    let verifier = verifier();
    for cut in tamper::cuts(good().as_bytes()) {
        let judged = verifier.cleartext(Object::Repository, cut);
        assert!(!judged.report().is_accepted(), "{} bytes", cut.len());
    }
}

/// What dpkg wrote before 2015: the signature holds, and the blanks are in neither text.
#[test]
fn trailing_blanks_can_be_left_out() {
    use cleartext::TrailingBlanks;
    let message = signed("Files: \n 0123 9 x\t\n\n");
    refuses(&message, "blanks at its end");
    let with = |blanks| {
        let judged = verifier().cleartext_with(Object::Package, message.as_bytes(), blanks);
        judged.accept().0
    };
    assert!(with(TrailingBlanks::Reject).is_none());
    let text = with(TrailingBlanks::Drop).expect("accepted").into_inner();
    assert_eq!(text, b"Files:\n 0123 9 x\n\n");
    // Nothing else is forgiven.
    for (from, to) in [
        ("Files: ", "Files:\u{c}"),
        ("Files", "Flies"),
        (" 0123", "-0123"),
    ] {
        let changed = message.replacen(from, to, 1);
        let judged =
            verifier().cleartext_with(Object::Package, changed.as_bytes(), TrailingBlanks::Drop);
        assert!(judged.accept().0.is_none(), "{from}");
    }
}
