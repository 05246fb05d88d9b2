//! Any file with a detached `.asc`, and its checksum files.

use super::shared::{self, By, Format, Kind, by};
use super::{Case, Files};
use crate::build::Digest;
use crate::keys::{RawOptions, SIGNED, armor, load, raw_clearsign, raw_sign};

const FORMAT: &str = "artifact";
const SUBJECT: &str = "lib-1.0.jar";
const CONTENT: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

fn block(signers: &[By]) -> Option<Vec<u8>> {
    let packets: Vec<u8> = signers
        .iter()
        .flat_map(|by| {
            let data = if by.elsewhere {
                b"something else"
            } else {
                CONTENT
            };
            raw_sign(&load(by.key), data, &by.options.clone().binary())
        })
        .collect();
    (!packets.is_empty()).then(|| armor(&packets))
}

fn pair(content: &[u8], signature: Option<Vec<u8>>) -> Files {
    let mut files: Files = vec![(SUBJECT.into(), content.into())];
    files.extend(signature.map(|signature| (format!("{SUBJECT}.asc"), signature)));
    files
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = shared::cases(&Format {
        name: FORMAT,
        unsigned: "signature.none",
        kind: Kind::Lasting,
        subject: SUBJECT,
        signed: &|signers| pair(CONTENT, block(signers)),
        tampered: &|signers| {
            pair(
                &CONTENT.iter().map(|b| b ^ 1).collect::<Vec<_>>(),
                block(signers),
            )
        },
    });
    let good = String::from_utf8(block(&[by("good-ed25519", SIGNED)]).unwrap()).unwrap();
    let second = String::from_utf8(block(&[by("good-rsa4096", SIGNED)]).unwrap()).unwrap();
    let key = load("good-ed25519");
    let packet = raw_sign(&key, CONTENT, &RawOptions::at(SIGNED).binary());
    let certificate = String::from_utf8(key.certificate().to_vec()).unwrap();
    let checksum = |digest: Digest| digest.hex(CONTENT).into_bytes();
    let with = |files: &[(Digest, Vec<u8>)]| -> Files {
        let mut all = pair(CONTENT, Some(good.clone().into()));
        all.extend(
            files
                .iter()
                .map(|(digest, text)| (format!("{SUBJECT}.{}", digest.suffix()), text.clone())),
        );
        all
    };

    cases.push(
        Case::accepted(
            FORMAT,
            "two-blocks",
            "two armored blocks, one after the other",
        )
        .files(
            SUBJECT,
            pair(CONTENT, Some(format!("{good}{second}").into())),
        )
        .trusting(&["good-ed25519", "good-rsa4096"]),
    );
    cases.push(
        Case::accepted(FORMAT, "good-v6-ed25519", "a v6 signature")
            .files(
                SUBJECT,
                pair(CONTENT, block(&[by("good-v6-ed25519", SIGNED)])),
            )
            .trusting(&["good-v6-ed25519"]),
    );
    cases.push(
        Case::accepted(FORMAT, "good-v6-ed448", "a v6 signature by Ed448")
            .files(
                SUBJECT,
                pair(CONTENT, block(&[by("good-v6-ed448", SIGNED)])),
            )
            .trusting(&["good-v6-ed448"]),
    );
    let every = [Digest::Md5, Digest::Sha1, Digest::Sha256, Digest::Sha512];
    cases.push(
        Case::accepted(
            FORMAT,
            "good-checksums",
            "the checksum files beside it agree",
        )
        .files(
            SUBJECT,
            with(&every.map(|digest| (digest, checksum(digest)))),
        ),
    );
    cases.push(
        Case::accepted(
            FORMAT,
            "good-checksums-with-names",
            "checksum files that name the file, as sha256sum writes them",
        )
        .files(
            SUBJECT,
            with(&[(
                Digest::Sha256,
                format!("{}  {SUBJECT}\n", Digest::Sha256.hex(CONTENT)).into(),
            )]),
        ),
    );
    for digest in every {
        cases.push(
            Case::rejected(
                FORMAT,
                &format!("wrong-{}-neighbour", digest.suffix()),
                "maven.checksum-mismatch",
                "the signature is good, the checksum file beside it says something else",
            )
            .files(SUBJECT, with(&[(digest, digest.hex(b"other").into())])),
        );
    }
    cases.push(
        Case::rejected(
            FORMAT,
            "checksum-of-wrong-length",
            "maven.checksum-malformed",
            "the checksum file holds no SHA-256",
        )
        .files(SUBJECT, with(&[(Digest::Sha256, b"abc".to_vec())])),
    );
    cases.push(
        Case::rejected(
            FORMAT,
            "checksum-empty",
            "maven.checksum-malformed",
            "an empty checksum file",
        )
        .files(SUBJECT, with(&[(Digest::Sha1, Vec::new())])),
    );

    let list: Vec<(&str, &str, &str, Vec<u8>)> = vec![
        (
            "inline-signed",
            "signature.malformed",
            "a clearsigned message in place of a detached signature",
            raw_clearsign(&[(&key, RawOptions::at(SIGNED))], "hello\n"),
        ),
        (
            "certificate-as-signature",
            "signature.malformed",
            "a certificate in place of a signature",
            certificate.clone().into(),
        ),
        (
            "secret-key-as-signature",
            "signature.malformed",
            "a secret key in place of a signature",
            key.secret().to_vec(),
        ),
        (
            "empty-signature",
            "signature.none",
            "an empty signature file",
            Vec::new(),
        ),
        (
            "text-as-signature",
            "signature.malformed",
            "a web page in place of a signature",
            b"<html>404</html>\n".to_vec(),
        ),
        (
            "text-before",
            "signature.malformed",
            "text before the signature",
            format!("hello\n{good}").into(),
        ),
        (
            "text-after",
            "signature.malformed",
            "text after the signature",
            format!("{good}hello\n").into(),
        ),
        (
            "text-between",
            "signature.malformed",
            "text between two signatures",
            format!("{good}hello\n{second}").into(),
        ),
        (
            "certificate-after",
            "signature.malformed",
            "a certificate after the signature",
            format!("{good}{certificate}").into(),
        ),
        (
            "armor-cut-short",
            "signature.malformed",
            "the armor's last line is missing",
            good.replace("-----END PGP SIGNATURE-----\n", "").into(),
        ),
        (
            "armor-damaged",
            "signature.malformed",
            "a character in the armor that is not base64",
            good.replacen("\n\n", "\n\n!", 1).into(),
        ),
        (
            "packet-cut-short",
            "signature.malformed",
            "the signature packet is shorter than it says",
            armor(&packet[..packet.len() - 3]),
        ),
        (
            "bytes-after-packet",
            "signature.malformed",
            "bytes after the signature packet",
            armor(&[&packet[..], b"trailing"].concat()),
        ),
        (
            "literal-packet",
            "signature.malformed",
            "a whole message in place of a detached signature",
            armor(b"\xcb\x0bb\x00\0\0\0\0hello"),
        ),
        (
            "signature-of-its-checksum",
            "signature.bad",
            "the signature is of the checksum file",
            raw_sign(
                &key,
                Digest::Sha256.hex(CONTENT).as_bytes(),
                &RawOptions::at(SIGNED),
            ),
        ),
        (
            "second-block-bad",
            "signature.bad",
            "a good block, and one by the same key over other content",
            [
                good.clone().into_bytes(),
                raw_sign(&key, b"other", &RawOptions::at(SIGNED)),
            ]
            .concat(),
        ),
    ];
    cases.extend(list.into_iter().map(|(name, code, why, signature)| {
        Case::rejected(FORMAT, name, code, why).files(SUBJECT, pair(CONTENT, Some(signature)))
    }));
    cases
}
