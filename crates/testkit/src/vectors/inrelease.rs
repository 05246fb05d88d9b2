//! apt: InRelease, Release.gpg, and trees.

mod cleartext;
mod detached;
mod tree;

use super::shared::{self, By, Format, Kind, by};
use super::{Case, Files};
use crate::build::{Compression, Digest, apt::Repository, deb::Deb};
use crate::keys::{SIGNED, clearsigned, hash_header, load, sign_text};

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
    cases.extend(cleartext::cases());
    cases.extend(release_fields());
    cases.extend(detached::cases());
    cases.extend(tree::cases());
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
            "apt.release.date",
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
            "apt.release.date",
            "Date is no date",
            changed("Sat, 01 Mar 2025", "Yesterday"),
        ),
        (
            "duplicate-field",
            "apt.release.duplicate-field",
            "Suite stands twice; readers differ on which one counts",
            changed("Codename:", "Suite: other\nCodename:"),
        ),
        (
            "duplicate-field-in-another-case",
            "apt.release.field-case",
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
            "apt.release.duplicate-hash",
            "one file is listed with two digests",
            changed(&packages, &format!("{packages}\n{other}")),
        ),
        (
            "hash-line-cut-short",
            "apt.release.hash-line",
            "a digest is too short",
            changed(&packages, &packages.replacen(&packages[1..9], "", 1)),
        ),
        (
            "hash-line-without-size",
            "apt.release.hash-line",
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
            "apt.release.weak-hashes",
            "files are bound by MD5 only",
            repository().digests(&[Digest::Md5]).release(),
        ),
        (
            "no-hashes",
            "apt.release.weak-hashes",
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
