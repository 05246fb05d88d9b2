//! apt: InRelease, Release.gpg, and trees.

use super::shared::{self, By, Format, Kind, by};
use super::{Case, Files};
use crate::build::{Compression, Digest, apt::Repository, deb::Deb};
use crate::keys::{RawOptions, SIGNED, clearsigned, hash_header, load, raw_sign, sign_text};

const FORMAT: &str = "inrelease";

fn repository() -> Repository {
    let mut repository = Repository::new(
        "stable",
        vec![("main", Deb::new("alpha", "1.0-1", "amd64"))],
    );
    repository.variants = vec![Compression::None, Compression::Gzip];
    repository
}

fn release() -> String {
    repository().release()
}

fn inrelease(text: &str, signers: &[By]) -> Vec<u8> {
    if signers.is_empty() {
        return text.into();
    }
    let packets: Vec<u8> = signers
        .iter()
        .flat_map(|by| {
            let text = if by.elsewhere {
                text.replace("alpha", "other").replace("stable", "other")
            } else {
                text.to_owned()
            };
            sign_text(&load(by.key), &text, &by.options)
        })
        .collect();
    let loaded: Vec<_> = signers.iter().map(|by| load(by.key)).collect();
    let signers: Vec<_> = loaded
        .iter()
        .zip(signers)
        .map(|(key, by)| (key, by.options.clone()))
        .collect();
    clearsigned(text, &hash_header(&signers), &packets)
}

fn good(text: &str) -> String {
    String::from_utf8(inrelease(text, &[by("good-ed25519", SIGNED)])).unwrap()
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = shared::cases(&Format {
        name: FORMAT,
        unsigned: "cleartext.malformed",
        kind: Kind::Repository,
        subject: "InRelease",
        signed: &|signers| vec![("InRelease".into(), inrelease(&release(), signers))],
        tampered: &|signers| {
            let message = String::from_utf8(inrelease(&release(), signers)).unwrap();
            let message = message.replace("Suite: stable", "Suite: stabbe");
            vec![("InRelease".into(), message.into())]
        },
    });
    cases.extend(cleartext());
    cases.extend(release_fields());
    cases.extend(detached());
    cases.extend(trees());
    cases
}

/// Attacks on the clearsigned form.
fn cleartext() -> Vec<Case> {
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

/// What the signed text says.
fn release_fields() -> Vec<Case> {
    let text = release();
    let line = |name: &str| {
        text.lines()
            .find(|line| line.ends_with(name))
            .unwrap()
            .to_owned()
    };
    let packages = line("main/binary-amd64/Packages");
    let other = packages.replacen(&packages[1..65], &"0".repeat(64), 1);
    let changed = |from: &str, to: &str| {
        let new = text.replacen(from, to, 1);
        assert_ne!(new, text, "{from}");
        new
    };
    let until = |date: &str| {
        changed(
            "Architectures:",
            &format!("Valid-Until: {date}\nArchitectures:"),
        )
    };
    let list: Vec<(&str, &str, &str, String)> = vec![
        (
            "valid-until-passed",
            "apt.release.expired",
            "Valid-Until has passed: a frozen mirror",
            until("Sat, 08 Mar 2025 00:00:00 UTC"),
        ),
        (
            "valid-until-unreadable",
            "apt.release.malformed",
            "Valid-Until is no date",
            until("soon"),
        ),
        (
            "dated-in-the-future",
            "apt.release.not-yet-valid",
            "Date is four months from now",
            changed("Sat, 01 Mar 2025", "Thu, 01 Jan 2026"),
        ),
        (
            "date-unreadable",
            "apt.release.malformed",
            "Date is no date",
            changed("Sat, 01 Mar 2025", "Yesterday"),
        ),
        (
            "duplicate-field",
            "apt.release.malformed",
            "Suite stands twice; readers differ on which one counts",
            changed("Codename:", "Suite: other\nCodename:"),
        ),
        (
            "duplicate-field-in-another-case",
            "apt.release.malformed",
            "suite and Suite are the same field",
            changed("Codename:", "suite: other\nCodename:"),
        ),
        (
            "second-paragraph",
            "apt.release.malformed",
            "a second paragraph after the first",
            format!("{text}\nSuite: other\n"),
        ),
        (
            "conflicting-hash-lines",
            "apt.release.malformed",
            "one file is listed with two digests",
            changed(&packages, &format!("{packages}\n{other}")),
        ),
        (
            "hash-line-cut-short",
            "apt.release.malformed",
            "a digest is too short",
            changed(&packages, &packages.replacen(&packages[1..9], "", 1)),
        ),
        (
            "hash-line-without-size",
            "apt.release.malformed",
            "a listed file has no size",
            changed(
                &packages,
                &format!(" {} main/binary-amd64/Packages", &packages[1..65]),
            ),
        ),
        (
            "path-escape",
            "path.unsafe",
            "a listed path climbs out of the repository",
            changed("main/binary-amd64/Packages\n", "../../../etc/passwd\n"),
        ),
        (
            "path-absolute",
            "path.unsafe",
            "a listed path is absolute",
            changed("main/binary-amd64/Packages\n", "/etc/passwd\n"),
        ),
        (
            "weak-hashes-only",
            "apt.release.weak",
            "files are bound by MD5 only",
            repository().digests(&[Digest::Md5]).release(),
        ),
        (
            "no-hashes",
            "apt.release.weak",
            "no file is bound at all",
            text[..text.find("SHA256:").unwrap()].to_owned(),
        ),
    ];
    list.into_iter()
        .map(|(name, code, why, text)| {
            Case::rejected(FORMAT, name, code, why)
                .files("InRelease", vec![("InRelease".into(), good(&text).into())])
        })
        .collect()
}

fn release_gpg(signature: impl Into<Vec<u8>>) -> Files {
    vec![
        ("Release".into(), release().into()),
        ("Release.gpg".into(), signature.into()),
    ]
}

/// `Release` beside `Release.gpg`.
fn detached() -> Vec<Case> {
    let text = release();
    let sign = |key: &str| raw_sign(&load(key), text.as_bytes(), &RawOptions::at(SIGNED));
    let good = String::from_utf8(sign("good-ed25519")).unwrap();
    let second = String::from_utf8(sign("good-rsa4096")).unwrap();
    let deb = Deb::new("evil", "1.0", "amd64").build();
    let mut cases = vec![
        Case::accepted(
            FORMAT,
            "release-gpg-good",
            "Release with its detached signature",
        )
        .files("Release", release_gpg(good.clone())),
        Case::accepted(
            FORMAT,
            "release-gpg-two-blocks",
            "one armored block after the other, as apt accepts them",
        )
        .files("Release", release_gpg(format!("{good}{second}")))
        .trusting(&["good-ed25519", "good-rsa4096"]),
        Case::rejected(
            FORMAT,
            "release-gpg-tampered",
            "signature.bad",
            "Release was changed after signing",
        )
        .files(
            "Release",
            vec![
                ("Release".into(), text.replace("stable", "stabbe").into()),
                ("Release.gpg".into(), good.clone().into()),
            ],
        ),
        Case::rejected(
            FORMAT,
            "release-gpg-empty",
            "signature.none",
            "an empty signature file",
        )
        .files("Release", release_gpg(Vec::new())),
        Case::rejected(
            FORMAT,
            "release-unsigned",
            "signature.none",
            "Release without any signature",
        )
        .files("Release", vec![("Release".into(), text.clone().into())]),
    ];
    let list: Vec<(&str, &str, Vec<u8>)> = vec![
        (
            "release-gpg-text-before",
            "text before the signature",
            format!("hello\n{good}").into(),
        ),
        (
            "release-gpg-text-after",
            "text after the signature",
            format!("{good}hello\n").into(),
        ),
        (
            "release-gpg-text-between",
            "text between two signatures",
            format!("{good}hello\n{good}").into(),
        ),
        (
            "release-gpg-package-before",
            "a package smuggled in before the signature",
            [&deb[..], good.as_bytes()].concat(),
        ),
        (
            "release-gpg-clearsigned",
            "a clearsigned message in place of a detached signature",
            inrelease(&text, &[by("good-ed25519", SIGNED)]),
        ),
        (
            "release-gpg-certificate",
            "a certificate in place of a signature",
            load("good-ed25519").certificate().to_vec(),
        ),
    ];
    cases.extend(list.into_iter().map(|(name, why, signature)| {
        Case::rejected(FORMAT, name, "signature.malformed", why)
            .files("Release", release_gpg(signature))
    }));
    cases
}

/// Trees from InRelease down to the pool.
fn trees() -> Vec<Case> {
    let whole = |repository: &Repository| -> Files {
        let folder = tempfile::tempdir().unwrap();
        repository.write(folder.path());
        let mut files = crate::generate::read_tree(folder.path());
        for (path, _) in &mut files {
            *path = format!("tree/{path}");
        }
        let message = inrelease(&repository.release(), &[by("good-ed25519", SIGNED)]);
        let release = repository.folder();
        files.push((
            match &*release {
                "." => "tree/InRelease".into(),
                release => format!("tree/{release}/InRelease"),
            },
            message,
        ));
        files
    };
    let base = repository();
    let deb = "tree/pool/main/a/alpha/alpha_1.0-1_amd64.deb";
    let packages = "tree/dists/stable/main/binary-amd64/Packages";
    let changed = |change: &dyn Fn(&mut Vec<u8>), of: &str| -> Files {
        let mut files = whole(&base);
        let file = files.iter_mut().find(|(path, _)| path == of).unwrap();
        change(&mut file.1);
        files
    };
    let without = |of: &str| -> Files {
        let mut files = whole(&base);
        files.retain(|(path, _)| !path.starts_with(of));
        files
    };
    // An index whose signed entry points elsewhere.
    let index = |from: &str, to: &str| -> Files {
        let mut files = whole(&base);
        let text = String::from_utf8(
            files
                .iter()
                .find(|(path, _)| path == packages)
                .unwrap()
                .1
                .clone(),
        )
        .unwrap();
        let text = text.replacen(from, to, 1);
        let stored = Compression::Gzip.compress(text.as_bytes());
        let mut release = "Suite: stable\nCodename: stable\nDate: Sat, 01 Mar 2025 00:00:00 UTC\n\
             Architectures: amd64\nComponents: main\nSHA256:\n"
            .to_owned();
        for (suffix, content) in [("", text.as_bytes()), (".gz", &stored)] {
            release.push_str(&format!(
                " {} {} main/binary-amd64/Packages{suffix}\n",
                Digest::Sha256.hex(content),
                content.len()
            ));
        }
        for (path, content) in &mut files {
            match &path["tree/dists/stable/".len().min(path.len())..] {
                "main/binary-amd64/Packages" => *content = text.clone().into(),
                "main/binary-amd64/Packages.gz" => *content = stored.clone(),
                "Release" => *content = release.clone().into(),
                "InRelease" => *content = good(&release).into(),
                _ => {}
            }
        }
        files
    };
    let mut cases = vec![
        Case::accepted(
            FORMAT,
            "tree-good",
            "every listed file is there and as listed",
        )
        .files("tree", whole(&base)),
        Case::accepted(FORMAT, "tree-by-hash", "indices under by-hash too").files(
            "tree",
            whole(
                &repository()
                    .digests(&[Digest::Md5, Digest::Sha256, Digest::Sha512])
                    .by_hash(),
            ),
        ),
        Case::accepted(FORMAT, "tree-flat", "a flat repository").files(
            "tree",
            whole(&Repository::flat(vec![Deb::new("alpha", "1.0-1", "amd64")])),
        ),
        Case::accepted(
            FORMAT,
            "tree-plain-packages-absent",
            "Packages is listed but only Packages.gz is published: normal for a mirror",
        )
        .files("tree", {
            let mut files = whole(&base);
            files.retain(|(path, _)| path != packages);
            files
        }),
    ];
    let sha256 = Digest::Sha256.hex(&Deb::new("alpha", "1.0-1", "amd64").build());
    let list: Vec<(&str, &str, &str, Files)> = vec![
        (
            "tree-package-changed",
            "file.digest-mismatch",
            "a byte of a package was changed",
            changed(&|bytes| *bytes.last_mut().unwrap() ^= 1, deb),
        ),
        (
            "tree-package-longer",
            "file.size-mismatch",
            "bytes were appended to a package",
            changed(&|bytes| bytes.extend(b"more"), deb),
        ),
        (
            "tree-package-cut-short",
            "file.size-mismatch",
            "a package was cut short, as by an interrupted mirror run",
            changed(&|bytes| bytes.truncate(bytes.len() / 2), deb),
        ),
        (
            "tree-package-missing",
            "file.missing",
            "a listed package is not there",
            without(deb),
        ),
        (
            "tree-index-changed",
            "file.digest-mismatch",
            "the index is not the signed one",
            changed(&|bytes| bytes[9] ^= 1, packages),
        ),
        (
            "tree-indices-missing",
            "file.missing",
            "no variant of a listed index is there",
            without(packages),
        ),
        (
            "tree-release-differs",
            "apt.release.differs",
            "Release beside InRelease says something else",
            changed(
                &|bytes| bytes.extend(b"Extra: field\n"),
                "tree/dists/stable/Release",
            ),
        ),
        (
            "tree-inrelease-tampered",
            "signature.bad",
            "InRelease was changed after signing",
            changed(
                &|bytes| {
                    let text = String::from_utf8(bytes.clone()).unwrap();
                    *bytes = text.replacen("Suite: stable", "Suite: stabbe", 1).into();
                },
                "tree/dists/stable/InRelease",
            ),
        ),
        (
            "tree-unsigned",
            "signature.none",
            "neither InRelease nor Release.gpg",
            without("tree/dists/stable/InRelease"),
        ),
        (
            "tree-filename-escapes",
            "path.unsafe",
            "a signed Filename climbs out of the repository",
            index(
                "Filename: pool/main/a/alpha/alpha_1.0-1_amd64.deb",
                "Filename: ../../etc/passwd",
            ),
        ),
        (
            "tree-package-bound-by-nothing",
            "file.weak-digest",
            "a package is listed without any digest",
            index(&format!("SHA256: {sha256}\n"), ""),
        ),
        (
            "tree-package-bound-by-md5",
            "file.weak-digest",
            "a package is bound by MD5 only",
            index(
                &format!("SHA256: {sha256}\n"),
                &format!(
                    "MD5sum: {}\n",
                    Digest::Md5.hex(&Deb::new("alpha", "1.0-1", "amd64").build())
                ),
            ),
        ),
        (
            "tree-package-duplicate-field",
            "apt.index.malformed",
            "a package lists two digests of one kind",
            index(
                "Description:",
                &format!("SHA256: {}\nDescription:", "0".repeat(64)),
            ),
        ),
    ];
    cases.extend(list.into_iter().map(|(name, code, why, files)| {
        Case::rejected(FORMAT, name, code, why).files("tree", files)
    }));
    cases
}
