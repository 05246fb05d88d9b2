//! Levels, and what packages hold.

use pkgseal_rpm::client::Without;
use pkgseal_rpm::package::Level;
use pkgseal_testkit::build::rpm::{Format, Parts, tag};

use super::super::case::{Case, Slot, parts, signed, wholly_signed, without_payload_digest};

const KEY: &str = "good-ed25519";

fn packages() -> Vec<(&'static str, Parts)> {
    let old = || parts(Format::V4);
    let new = || parts(Format::V6);
    let bare = || {
        old()
            .without(tag::SHA1)
            .without(tag::SHA256)
            .without(tag::MD5)
    };
    vec![
        ("version 4, unsigned", old()),
        ("version 4, signed", signed(old(), KEY, Slot::Old)),
        ("version 4, signed in 278", signed(old(), KEY, Slot::New)),
        (
            "version 4, signed in both",
            signed(signed(old(), KEY, Slot::Old), KEY, Slot::New),
        ),
        (
            "version 4, signed on header and payload only",
            wholly_signed(old(), KEY),
        ),
        (
            "version 4, signed on the header, and on header and payload",
            wholly_signed(signed(old(), KEY, Slot::Old), KEY),
        ),
        ("version 4, no header digests, unsigned", bare()),
        (
            "version 4, no header digests, signed",
            signed(bare(), KEY, Slot::Old),
        ),
        (
            "version 4, SHA-1 and MD5 only, unsigned",
            without_payload_digest().without(tag::SHA256),
        ),
        ("no payload digest, unsigned", without_payload_digest()),
        (
            "no payload digest, signed on the header",
            signed(without_payload_digest(), KEY, Slot::Old),
        ),
        (
            "no payload digest, signed on header and payload",
            wholly_signed(without_payload_digest(), KEY),
        ),
        (
            "no payload digest, no MD5, signed on the header",
            signed(without_payload_digest().without(tag::MD5), KEY, Slot::Old),
        ),
        ("version 6, unsigned", new()),
        ("version 6, signed in 278", signed(new(), KEY, Slot::New)),
        (
            "version 6, signed in 278 and 267",
            signed(signed(new(), KEY, Slot::New), KEY, Slot::Old),
        ),
        (
            "version 6, signed in 267 only",
            signed(new(), KEY, Slot::Old),
        ),
        (
            "version 6, signed on header and payload only",
            wholly_signed(new(), KEY),
        ),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, parts) in packages() {
        let package = parts.build();
        for level in [Level::None, Level::Digest, Level::Signature, Level::All] {
            let word = format!("{level:?}").to_lowercase();
            cases.push(
                Case::new("levels", format!("{name}, level {word}"), package.clone()).level(level),
            );
        }
        cases.push(
            Case::new("levels", format!("{name}, key unknown"), package.clone()).trusting(&[]),
        );
        for (word, without) in [
            (
                "no digests",
                Without {
                    digests: true,
                    signatures: false,
                },
            ),
            (
                "no signatures",
                Without {
                    digests: false,
                    signatures: true,
                },
            ),
        ] {
            let name = format!("{name}, asked for {word}");
            cases.push(Case::new("levels", name, package.clone()).without(without));
        }
    }
    cases
}
