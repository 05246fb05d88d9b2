//! `Release` with `Release.gpg`.

use super::{Case, FORMAT, Files, by, inrelease, release};
use crate::build::deb::Deb;
use crate::keys::{RawOptions, SIGNED, load, raw_sign};

fn release_gpg(signature: impl Into<Vec<u8>>) -> Files {
    vec![
        ("Release".into(), release().into()),
        ("Release.gpg".into(), signature.into()),
    ]
}

pub(super) fn cases() -> Vec<Case> {
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
            "apt.release.unsigned",
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
