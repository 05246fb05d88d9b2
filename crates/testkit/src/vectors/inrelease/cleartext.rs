//! The clearsigned form: text around the message, odd armor, odd lines.

use super::{Case, FORMAT, by, good, inrelease, release};
use crate::keys::{RawOptions, SIGNED, clearsigned, load, sign_text};

/// Attacks on the clearsigned form.
pub(super) fn cases() -> Vec<Case> {
    let message = good(&release());
    let (text, block) = message
        .split_once("-----BEGIN PGP SIGNATURE-----\n")
        .unwrap();
    let block = format!("-----BEGIN PGP SIGNATURE-----\n{block}");
    let evil = "Origin: evil\nSuite: stable\n";
    let header = |extra: &str| message.replacen("Hash: SHA256\n", extra, 1);
    // A body line that is not as it was signed, or was signed as no line should be.
    let line = |from: &str, to: &str| message.replacen(from, to, 1);
    let signed_line = |from: &str, to: &str| good(&release().replacen(from, to, 1));
    let key = String::from_utf8(load("good-ed25519").certificate().to_vec()).unwrap();
    let crc = |block: &str| {
        let at = block.rfind("\n=").unwrap();
        format!("{}\n=AAAA{}", &block[..at], &block[at + 6..])
    };
    let list: Vec<(&str, &str, String)> = vec![
        (
            "text-before",
            "text before the message",
            format!("{evil}\n{message}"),
        ),
        (
            "blank-line-before",
            "an empty line before the message",
            format!("\n{message}"),
        ),
        (
            "byte-order-mark",
            "a byte order mark before the message",
            format!("\u{feff}{message}"),
        ),
        (
            "text-after",
            "text after the signature",
            format!("{message}{evil}"),
        ),
        (
            "blank-line-after",
            "an empty line after the signature",
            format!("{message}\n"),
        ),
        (
            "two-messages",
            "a second message follows",
            format!("{message}{message}"),
        ),
        (
            "unsigned-message-before",
            "an unsigned paragraph and armor before the message",
            format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{evil}{message}"),
        ),
        (
            "two-armor-blocks",
            "a second signature block follows",
            format!("{message}{block}"),
        ),
        (
            "text-between-text-and-signature",
            "an empty line and text between signature blocks",
            format!("{text}{block}\n{evil}{block}"),
        ),
        (
            "unknown-armor-header",
            "an armor header that is not Hash",
            header("Hash: SHA256\nComment: hello\n"),
        ),
        (
            "not-dash-escaped-header",
            "the header NotDashEscaped changes what is signed",
            header("NotDashEscaped: GnuPG\nHash: SHA256\n"),
        ),
        (
            "header-without-colon",
            "a line among the armor headers that is no header",
            header("Hash: SHA256\nOrigin\n"),
        ),
        (
            "blank-separator",
            "blanks in the line that ends the armor headers",
            message.replacen("Hash: SHA256\n\n", "Hash: SHA256\n \t\n", 1),
        ),
        (
            "wrong-hash-header",
            "the Hash header does not name the digest of the signature",
            header("Hash: SHA512\n"),
        ),
        (
            "trailing-blanks",
            "blanks at the end of a line, which the signature does not cover",
            line("Suite: stable", "Suite: stable \t"),
        ),
        (
            "formfeed",
            "a form feed at the end of a line, which some verifiers cut off",
            line("Suite: stable", "Suite: stable\u{c}"),
        ),
        (
            "vertical-tab",
            "a vertical tab in a signed line",
            signed_line("Suite: stable", "Suite: stable\u{b}x"),
        ),
        (
            "nul-byte",
            "a NUL byte in a signed line",
            signed_line("Suite: stable", "Suite: stable\0x"),
        ),
        (
            "escape-sequence",
            "a terminal escape sequence in a signed line",
            signed_line("Label: pkgseal", "Label: \u{1b}[31mpkgseal"),
        ),
        (
            "lone-carriage-return",
            "a carriage return inside a line",
            line("Suite: stable", "Suite: sta\rble"),
        ),
        ("crlf", "CRLF line ends", message.replace('\n', "\r\n")),
        (
            "needless-dash-escape",
            "a dash-escape where none is needed",
            line("Suite: stable", "- Suite: stable"),
        ),
        (
            "missing-dash-escape",
            "a line that begins with a dash and is not escaped",
            line("Suite: stable\n", "Suite: stable\n-Suite: stable\n"),
        ),
        (
            "nested-message",
            "the header of a message inside the message",
            line(
                "Suite: stable\n",
                "Suite: stable\n-----BEGIN PGP SIGNED MESSAGE-----\n",
            ),
        ),
        (
            "signature-missing",
            "a message that ends with its text",
            text.to_owned(),
        ),
        (
            "signature-unterminated",
            "the signature's last line is missing",
            message.replacen("-----END PGP SIGNATURE-----\n", "", 1),
        ),
        (
            "no-final-newline",
            "no newline at the end of the file",
            message.trim_end().to_owned(),
        ),
        (
            "key-instead-of-signature",
            "a certificate where the signature should be",
            format!("{text}{key}"),
        ),
        ("overlong-armor-line", "base64 in one long line", {
            let mut lines: Vec<&str> = block.lines().collect();
            let end = lines.pop().unwrap();
            let crc = lines.pop().unwrap();
            format!(
                "{text}{}\n\n{}\n{crc}\n{end}\n",
                lines[0],
                lines[2..].concat()
            )
        }),
    ];
    let mut cases: Vec<Case> = list
        .into_iter()
        .map(|(name, why, message)| {
            Case::rejected(FORMAT, name, "cleartext.malformed", why)
                .files("InRelease", vec![("InRelease".into(), message.into())])
        })
        .collect();
    for (name, code, why, message) in [
        (
            "line-added",
            "signature.bad",
            "a line was added to the text",
            line("Suite: stable\n", "Suite: stable\nCodename: evil\n"),
        ),
        (
            "line-separator",
            "signature.bad",
            "a Unicode line separator at the end of a line",
            line("Suite: stable", "Suite: stable\u{2028}"),
        ),
        (
            "blank-lines-added",
            "signature.bad",
            "empty lines added at the end of the text",
            message.replacen("-----BEGIN PGP SIGNATURE", "\n-----BEGIN PGP SIGNATURE", 1),
        ),
        (
            "crc-wrong",
            "cleartext.malformed",
            "the armor's checksum is wrong",
            format!("{text}{}", crc(&block)),
        ),
        (
            "base64-damaged",
            "cleartext.malformed",
            "a character in the armor that is not base64",
            format!("{text}{}", block.replacen("\n\n", "\n\n!", 1)),
        ),
        (
            "literal-packet-instead-of-signature",
            "cleartext.malformed",
            "a literal data packet in the signature's armor",
            String::from_utf8(clearsigned(
                &release(),
                "Hash: SHA256\n",
                b"\xcb\x0bb\x00\0\0\0\0hello",
            ))
            .unwrap(),
        ),
        (
            "packet-cut-short",
            "cleartext.malformed",
            "the signature packet is shorter than it says",
            {
                let packet = sign_text(&load("good-ed25519"), &release(), &RawOptions::at(SIGNED));
                String::from_utf8(clearsigned(
                    &release(),
                    "Hash: SHA256\n",
                    &packet[..packet.len() - 5],
                ))
                .unwrap()
            },
        ),
    ] {
        cases.push(
            Case::rejected(FORMAT, name, code, why)
                .files("InRelease", vec![("InRelease".into(), message.into())]),
        );
    }
    let commented = message.replacen(
        "SIGNATURE-----\n\n",
        "SIGNATURE-----\nVersion: hello\n\n",
        1,
    );
    cases.push(
        Case::accepted(
            FORMAT,
            "signature-armor-header",
            "a comment in the signature's armor, as old signers write it: it says nothing of the text",
        )
        .files("InRelease", vec![("InRelease".into(), commented.into())]),
    );
    // v6 signatures after v4 ones, as apt on gpgv needs it; and the other order.
    let signers = [by("good-ed25519", SIGNED), by("good-v6-ed25519", SIGNED)];
    cases.push(
        Case::accepted(FORMAT, "v4-then-v6", "a v4 and a v6 signature in one block")
            .files(
                "InRelease",
                vec![("InRelease".into(), inrelease(&release(), &signers))],
            )
            .trusting(&["good-ed25519", "good-v6-ed25519"]),
    );
    cases
}
