//! Which files there are, and what stands around the signed text in them.

use pkgseal_testkit::keys;

use crate::agreement::case::{Case, signed_then, text, with};

const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----\n";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----\n";
const END: &str = "-----END PGP SIGNATURE-----\n";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = layouts();
    cases.extend(inrelease());
    cases.extend(detached());
    cases
}

fn layouts() -> Vec<Case> {
    let (good, other) = (keys::load("good"), keys::load("good-rsa4096"));
    let text = text();
    let changed = with("X-Changed: yes\n", "");
    let signers = &[(&good, signed_then())][..];
    let of = |name: &str| Case::new("layouts", name, &["good"]);
    let message = keys::raw_clearsign(signers, &text);
    let bad = String::from_utf8(message).unwrap();
    let bad = bad.replace("Suite: stable", "Suite: stabl");
    vec![
        of("flat, InRelease").flat().inline(signers, &text),
        of("flat, Release.gpg").flat().detached(signers, &text),
        of("both, one text")
            .inline(signers, &text)
            .detached(signers, &text),
        of("both, other texts")
            .inline(signers, &text)
            .detached(signers, &changed),
        of("both, a bad InRelease")
            .inrelease(bad.clone())
            .detached(signers, &text),
        of("both, a bad Release.gpg")
            .inline(signers, &text)
            .detached(signers, &text)
            .release(changed.as_str()),
        of("both, InRelease by a stranger")
            .inline(&[(&other, signed_then())], &text)
            .detached(signers, &text),
        of("both, Release.gpg by a stranger")
            .inline(signers, &text)
            .detached(&[(&other, signed_then())], &text),
        of("both, an unsigned InRelease")
            .inrelease(text.as_str())
            .detached(signers, &text),
        of("both, an empty InRelease")
            .inrelease("")
            .detached(signers, &text),
        of("InRelease and an unsigned Release")
            .inline(signers, &text)
            .release(text.as_str()),
        of("InRelease and another unsigned Release")
            .inline(signers, &text)
            .release(changed.as_str()),
        of("InRelease and a lone Release.gpg")
            .detached(signers, &text)
            .inline(signers, &text)
            .without_release(),
        of("a bad InRelease alone").inrelease(bad),
        of("an unsigned InRelease").inrelease(text.as_str()),
        of("an empty InRelease").inrelease(""),
        of("an unsigned Release").release(text.as_str()),
        of("an empty Release.gpg")
            .release(text.as_str())
            .signature(""),
        of("a lone Release.gpg")
            .detached(signers, &text)
            .without_release(),
        of("nothing"),
        of("a page of a captive portal").inrelease("<html><body>Log in</body></html>\n"),
    ]
}

fn inrelease() -> Vec<Case> {
    let good = keys::load("good");
    let second = keys::load("good-ed25519-2");
    let text = text();
    let message = String::from_utf8(keys::raw_clearsign(&[(&good, signed_then())], &text)).unwrap();
    let header = "Hash: SHA256\n";
    let packets = keys::sign_text(&good, &text, &signed_then());
    let again = keys::sign_text(&second, &text, &signed_then());
    let block = String::from_utf8(keys::armor(&again)).unwrap();
    let headed =
        |header: &str| String::from_utf8(keys::clearsigned(&text, header, &packets)).unwrap();
    let first_line = "Origin: pkgseal TEST\n";
    let replaced = |from: &str, to: &str| {
        assert!(message.contains(from), "{from:?}");
        message.replacen(from, to, 1)
    };
    let base64_line = message
        .lines()
        .skip_while(|line| *line != SIGNATURE.trim_end())
        .find(|line| line.len() == 64)
        .unwrap();
    let changes: Vec<(&str, String)> = vec![
        ("text in front", format!("Suite: evil\n\n{message}")),
        ("an empty line in front", format!("\n{message}")),
        ("a byte order mark in front", format!("\u{feff}{message}")),
        ("text behind", format!("{message}Suite: evil\n")),
        ("an empty line behind", format!("{message}\n")),
        ("blanks behind", format!("{message} ")),
        ("no line end at the end", message.trim_end().to_owned()),
        ("CRLF", message.replace('\n', "\r\n")),
        ("CRLF in the signed text", {
            let (head, tail) = message.split_once(SIGNATURE).unwrap();
            format!("{}{SIGNATURE}{tail}", head.replace('\n', "\r\n"))
        }),
        (
            "blanks at a line's end",
            replaced(first_line, "Origin: pkgseal TEST  \t\n"),
        ),
        (
            "a form feed at a line's end",
            replaced(first_line, "Origin: pkgseal TEST\u{c}\n"),
        ),
        (
            "a lone CR at a line's end",
            replaced(first_line, "Origin: pkgseal TEST\r \n"),
        ),
        (
            "a NUL in the text",
            replaced(first_line, "Origin: pkgseal\0TEST\n"),
        ),
        ("no Hash header", headed("")),
        ("a wrong Hash header", headed("Hash: SHA1\n")),
        ("an unknown Hash header", headed("Hash: SHA9\n")),
        ("two Hash headers", headed("Hash: SHA256\nHash: SHA512\n")),
        ("a Comment header", headed("Hash: SHA256\nComment: x\n")),
        (
            "a NotDashEscaped header",
            headed("Hash: SHA256\nNotDashEscaped: yes\n"),
        ),
        (
            "a header that hides text",
            headed("Hash: SHA256\nSuite: evil\n"),
        ),
        (
            "a header line that begins with a dash",
            headed("Hash: SHA256\n-x: y\n"),
        ),
        (
            "blanks in the line after the headers",
            replaced("SHA256\n\n", "SHA256\n \t\n"),
        ),
        (
            "no empty line after the headers",
            replaced("SHA256\n\n", "SHA256\n"),
        ),
        (
            "two empty lines after the headers",
            replaced("SHA256\n\n", "SHA256\n\n\n"),
        ),
        (
            "a needless dash-escape",
            replaced(first_line, "- Origin: pkgseal TEST\n"),
        ),
        ("every line dash-escaped", {
            let (head, tail) = message.split_once(SIGNATURE).unwrap();
            let (top, body) = head.split_once("\n\n").unwrap();
            let body: String = body.lines().map(|line| format!("- {line}\n")).collect();
            format!("{top}\n\n{body}{SIGNATURE}{tail}")
        }),
        (
            "a dash that is not escaped",
            replaced(first_line, "-Origin: pkgseal TEST\n"),
        ),
        (
            "blanks at the end of the first line",
            replaced(BEGIN, "-----BEGIN PGP SIGNED MESSAGE-----  \n"),
        ),
        (
            "blanks at the end of the signature's first line",
            replaced(SIGNATURE, "-----BEGIN PGP SIGNATURE----- \n"),
        ),
        (
            "blanks before the signature's first line",
            replaced(SIGNATURE, " -----BEGIN PGP SIGNATURE-----\n"),
        ),
        (
            "an empty line before the signature",
            replaced(SIGNATURE, "\n-----BEGIN PGP SIGNATURE-----\n"),
        ),
        ("two blocks", format!("{message}{block}")),
        (
            "two blocks, text between them",
            format!("{message}Suite: evil\n{block}"),
        ),
        (
            "two blocks, an empty line between them",
            format!("{message}\n{block}"),
        ),
        ("two messages", format!("{message}{message}")),
        (
            "a Version header in the block",
            replaced(SIGNATURE, "-----BEGIN PGP SIGNATURE-----\nVersion: x\n"),
        ),
        (
            "no empty line in the block",
            replaced("SIGNATURE-----\n\n", "SIGNATURE-----\n"),
        ),
        (
            "a blank line in the block",
            replaced(base64_line, &format!("{base64_line}\n")),
        ),
        (
            "a dash in the block",
            replaced(base64_line, &format!("-\n{base64_line}")),
        ),
        (
            "garbage in the block",
            replaced(base64_line, &format!("{base64_line}\n!!!!")),
        ),
        (
            "cut in the text",
            message[..message.find("SHA256:").unwrap()].to_owned(),
        ),
        (
            "cut in the block",
            message[..message.find(base64_line).unwrap() + 20].to_owned(),
        ),
        ("cut before the end line", message.replace(END, "")),
        ("a wrong checksum of the armor", {
            let at = message.rfind("\n=").unwrap() + 2;
            let first = if &message[at..=at] == "A" { "B" } else { "A" };
            format!("{}{first}{}", &message[..at], &message[at + 1..])
        }),
        ("no checksum of the armor", {
            let at = message.rfind("\n=").unwrap();
            format!("{}{}", &message[..at], &message[at + 6..])
        }),
        (
            "an empty block",
            headed(header).replace(&message[message.find(base64_line).unwrap()..], END),
        ),
        (
            "no block",
            message[..message.find(SIGNATURE).unwrap()].to_owned(),
        ),
        ("another kind of block", {
            message.replace("PGP SIGNATURE", "PGP MESSAGE")
        }),
    ];
    let two = format!("{message}{block}");
    let of = |name: &str, trusted: &[&str]| {
        Case::new("InRelease, tampered", format!("InRelease: {name}"), trusted)
    };
    let mut cases: Vec<_> = changes
        .into_iter()
        .map(|(name, message)| of(name, &["good", "good-ed25519-2"]).inrelease(message))
        .collect();
    for length in [19_993, 19_994, 60_000] {
        let long = with(&format!("Description: {}\n", "x".repeat(length - 13)), "");
        cases.push(
            of(&format!("a line of {length} bytes"), &["good"])
                .inline(&[(&good, signed_then())], &long),
        );
    }
    cases.push(of("two blocks, trusting the first", &["good"]).inrelease(two.as_str()));
    cases.push(of("two blocks, trusting the second", &["good-ed25519-2"]).inrelease(two));
    cases
}

fn detached() -> Vec<Case> {
    let (good, second) = (keys::load("good"), keys::load("good-ed25519-2"));
    let text = text();
    let options = signed_then();
    let sign = |key| String::from_utf8(keys::raw_sign(key, text.as_bytes(), &options)).unwrap();
    let (block, other) = (sign(&good), sign(&second));
    let binary = keys::raw_sign(&good, text.as_bytes(), &options.clone().binary());
    let message = keys::raw_clearsign(&[(&good, options.clone())], &text);
    let changes: Vec<(&str, Vec<u8>)> = vec![
        ("binary", binary),
        ("text in front", format!("x\n{block}").into()),
        ("an empty line in front", format!("\n{block}").into()),
        ("text behind", format!("{block}x\n").into()),
        ("an empty line behind", format!("{block}\n").into()),
        ("no line end at the end", block.trim_end().into()),
        ("CRLF", block.replace('\n', "\r\n").into()),
        (
            "blanks at the end of the first line",
            block.replacen("-----\n", "----- \n", 1).into(),
        ),
        ("two blocks", format!("{block}{other}").into()),
        (
            "two blocks, an empty line between them",
            format!("{block}\n{other}").into(),
        ),
        (
            "two blocks, text between them",
            format!("{block}x\n{other}").into(),
        ),
        (
            "a comment header",
            block.replacen('\n', "\nComment: x\n", 1).into(),
        ),
        ("cut", block.as_bytes()[..block.len() / 2].to_vec()),
        ("cut before the end line", block.replace(END, "").into()),
        ("a clearsigned message", message),
        (
            "another kind of block",
            block.replace("PGP SIGNATURE", "PGP MESSAGE").into(),
        ),
    ];
    let mut cases: Vec<_> = changes
        .into_iter()
        .map(|(name, signature)| {
            Case::new(
                "Release.gpg, tampered",
                format!("Release.gpg: {name}"),
                &["good", "good-ed25519-2"],
            )
            .release(text.as_str())
            .signature(signature)
        })
        .collect();
    let two = format!("{block}{other}");
    for (which, trusted) in [("first", "good"), ("second", "good-ed25519-2")] {
        let name = format!("Release.gpg: two blocks, trusting the {which}");
        cases.push(
            Case::new("Release.gpg, tampered", name, &[trusted])
                .release(text.as_str())
                .signature(two.as_str()),
        );
    }
    for (name, changed) in [
        (
            "Release without its last line end",
            text.trim_end().to_owned(),
        ),
        ("Release with an empty line behind", format!("{text}\n")),
        ("Release with CRLF", text.replace('\n', "\r\n")),
    ] {
        cases.push(
            Case::new("Release.gpg, tampered", name, &["good"])
                .release(changed)
                .signature(block.as_str()),
        );
    }
    cases
}
