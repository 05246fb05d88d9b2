//! yum: `repomd.xml` with its `.asc`, and trees.

use super::shared::{self, By, Format, Kind, by};
use super::{Case, Files};
use crate::build::rpm::{Format as PackageFormat, Rpm};
use crate::build::yum::{Metadata, Repository};
use crate::build::{Compression, Digest};
use crate::keys::{RawOptions, SIGNED, load, raw_clearsign, raw_sign};

const FORMAT: &str = "repomd";

fn repository() -> Repository {
    Repository::new(vec![
        Rpm::new("alpha", "1.0", "noarch", PackageFormat::V4).reserve(Some(256)),
    ])
}

fn repomd() -> String {
    let repository = repository();
    repository.repomd(&repository.metadata())
}

/// One armored block of all signatures; nothing without any.
fn block(text: &str, signers: &[By]) -> Option<Vec<u8>> {
    let packets: Vec<u8> = signers
        .iter()
        .flat_map(|by| {
            let data = if by.elsewhere { "something else" } else { text };
            raw_sign(&load(by.key), data.as_bytes(), &by.options.clone().binary())
        })
        .collect();
    (!packets.is_empty()).then(|| crate::keys::armor(&packets))
}

fn pair(text: &str, signature: Option<Vec<u8>>) -> Files {
    let mut files: Files = vec![("repomd.xml".into(), text.into())];
    files.extend(signature.map(|signature| ("repomd.xml.asc".into(), signature)));
    files
}

pub(super) fn cases() -> Vec<Case> {
    let text = repomd();
    let mut cases = shared::cases(&Format {
        name: FORMAT,
        unsigned: "yum.unsigned",
        kind: Kind::Repository,
        subject: "repomd.xml",
        signed: &|signers| pair(&repomd(), block(&repomd(), signers)),
        tampered: &|signers| {
            pair(
                &repomd().replace("<revision>1", "<revision>2"),
                block(&repomd(), signers),
            )
        },
    });
    let good = String::from_utf8(block(&text, &[by("good-ed25519", SIGNED)]).unwrap()).unwrap();
    let list: Vec<(&str, &str, &str, Vec<u8>)> = vec![
        (
            "asc-of-previous-generation",
            "signature.bad",
            "the signature of the previous repomd.xml: a race or a stale file",
            block(
                &text.replace("1738368000", "1738281600"),
                &[by("good-ed25519", SIGNED)],
            )
            .unwrap(),
        ),
        (
            "asc-text-before",
            "signature.malformed",
            "text before the signature",
            format!("hello\n{good}").into(),
        ),
        (
            "asc-text-after",
            "signature.malformed",
            "text after the signature",
            format!("{good}hello\n").into(),
        ),
        (
            "asc-empty",
            "signature.none",
            "an empty signature file",
            Vec::new(),
        ),
        (
            "asc-clearsigned",
            "signature.malformed",
            "a clearsigned message in place of a detached signature",
            raw_clearsign(
                &[(&load("good-ed25519"), RawOptions::at(SIGNED))],
                "hello\n",
            ),
        ),
        (
            "asc-certificate",
            "signature.malformed",
            "a certificate in place of a signature",
            load("good-ed25519").certificate().to_vec(),
        ),
    ];
    cases.extend(list.into_iter().map(|(name, code, why, signature)| {
        Case::rejected(FORMAT, name, code, why).files("repomd.xml", pair(&text, Some(signature)))
    }));
    cases.extend(documents());
    cases.extend(trees());
    cases
}

/// Signed repomd.xml files that say what none should.
fn documents() -> Vec<Case> {
    let text = repomd();
    let changed = |from: &str, to: &str| {
        let new = text.replacen(from, to, 1);
        assert_ne!(new, text, "{from}");
        new
    };
    let primary = &text[text.find("  <data type=\"primary\">").unwrap()
        ..text.find("  <data type=\"filelists\">").unwrap()];
    let entity = "<!DOCTYPE repomd [<!ENTITY e \"boom\">]>\n<repomd";
    let list: Vec<(&str, &str, &str, String)> = vec![
        (
            "path-escape",
            "path.unsafe",
            "a location climbs out of the repository",
            changed("href=\"repodata/", "href=\"../../repodata/"),
        ),
        (
            "path-absolute",
            "path.unsafe",
            "a location is absolute",
            changed("href=\"repodata/", "href=\"/repodata/"),
        ),
        (
            "path-with-scheme",
            "path.unsafe",
            "a location is a URL",
            changed("href=\"repodata/", "href=\"https://evil.invalid/"),
        ),
        (
            "path-encoded-newline",
            "path.unsafe",
            "a location holds a newline",
            changed("href=\"repodata/", "href=\"repodata/&#10;"),
        ),
        (
            "path-encoded-escape",
            "path.unsafe",
            "a location climbs out, spelled as a character reference",
            changed("href=\"repodata/", "href=\"&#46;&#46;/repodata/"),
        ),
        (
            "document-type",
            "yum.repomd.malformed",
            "a document type with an entity",
            changed("<repomd", entity),
        ),
        (
            "duplicate-data-type",
            "yum.repomd.malformed",
            "primary is listed twice; readers differ on which one counts",
            text.replacen(primary, &format!("{primary}{primary}"), 1),
        ),
        (
            "no-primary",
            "yum.no-primary",
            "primary is not listed",
            text.replacen(primary, "", 1),
        ),
        (
            "two-locations",
            "yum.repomd.malformed",
            "a data element with two locations",
            changed(
                "    <timestamp>",
                "    <location href=\"repodata/other\"/>\n    <timestamp>",
            ),
        ),
        (
            "not-xml",
            "yum.repomd.malformed",
            "not XML at all",
            "hello\n".into(),
        ),
        (
            "another-root",
            "yum.repomd.malformed",
            "the root is not repomd",
            text.replace("repomd xmlns=", "other xmlns=")
                .replace("</repomd>", "</other>"),
        ),
        (
            "unclosed",
            "yum.repomd.malformed",
            "the document is cut short",
            text[..text.len() - 30].to_owned(),
        ),
        (
            "text-after-root",
            "yum.repomd.malformed",
            "a second document follows",
            format!("{text}{}", &text[39..]),
        ),
        (
            "checksum-of-wrong-length",
            "yum.repomd.malformed",
            "a checksum is too short",
            changed("<checksum type=\"sha256\">", "<checksum type=\"sha512\">"),
        ),
        (
            "checksum-type-unknown",
            "yum.repomd.malformed",
            "a checksum of an unknown kind",
            changed("<checksum type=\"sha256\">", "<checksum type=\"crc32\">"),
        ),
        (
            "size-negative",
            "yum.repomd.malformed",
            "a size is negative",
            changed("<size>", "<size>-"),
        ),
    ];
    list.into_iter()
        .map(|(name, code, why, text)| {
            let signature = block(&text, &[by("good-ed25519", SIGNED)]);
            Case::rejected(FORMAT, name, code, why)
                .files("repomd.xml", pair(&text, signature))
                .pinned("repomd")
        })
        .collect()
}

const PACKAGE: &str = "tree/Packages/alpha-1.0-1.noarch.rpm";

/// A tree whose signed repomd.xml lists `metadata`.
fn tree(repository: &Repository, metadata: &[Metadata]) -> Files {
    let text = repository.repomd(metadata);
    let mut files: Files = repository
        .packages
        .iter()
        .map(|(rpm, bytes)| (format!("tree/Packages/{}", rpm.file_name()), bytes.clone()))
        .collect();
    for file in metadata {
        files.push((format!("tree/repodata/{}", file.name), file.stored.clone()));
    }
    files.push(("tree/repodata/repomd.xml".into(), text.clone().into()));
    let signature = block(&text, &[by("good-ed25519", SIGNED)]).unwrap();
    files.push(("tree/repodata/repomd.xml.asc".into(), signature));
    files
}

/// Trees from repomd.xml down to the packages.
fn trees() -> Vec<Case> {
    let base = repository();
    let metadata = base.metadata();
    let whole = || tree(&base, &metadata);
    let changed = |part: &str, change: &dyn Fn(&mut Vec<u8>)| -> Files {
        let mut files = whole();
        let file = files
            .iter_mut()
            .find(|(path, _)| path.contains(part))
            .unwrap();
        change(&mut file.1);
        files
    };
    let without = |part: &str| -> Files {
        let mut files = whole();
        files.retain(|(path, _)| !path.contains(part));
        files
    };
    // A signed primary.xml that says something else.
    let primary = |from: &str, to: &str| -> Files {
        let text = base.primary();
        let new = text.replacen(from, to, 1);
        assert_ne!(new, text, "{from}");
        let mut metadata = base.metadata();
        metadata[0] = base.stored("primary", new);
        tree(&base, &metadata)
    };
    // A tree whose signed repomd.xml says something else.
    let saying = |change: &dyn Fn(String) -> String| -> Files {
        let text = change(base.repomd(&metadata));
        let signature = block(&text, &[by("good-ed25519", SIGNED)]).unwrap();
        let mut files = whole();
        for (path, content) in &mut files {
            match &**path {
                "tree/repodata/repomd.xml" => *content = text.clone().into(),
                "tree/repodata/repomd.xml.asc" => *content = signature.clone(),
                _ => {}
            }
        }
        files
    };
    let mut cases = vec![
        Case::rejected(
            FORMAT,
            "tree-package-count-wrong",
            "yum.primary.count",
            "primary holds another number of packages than it says",
        )
        .files("tree", primary("packages=\"1\"", "packages=\"2\"")),
        Case::accepted(
            FORMAT,
            "tree-good",
            "every listed file is there and as listed",
        )
        .files("tree", whole()),
    ];
    for (name, compression) in [
        ("tree-xz", Compression::Xz),
        ("tree-zst", Compression::Zstd),
        ("tree-plain", Compression::None),
    ] {
        let repository = Repository {
            compression,
            ..repository()
        };
        cases.push(
            Case::accepted(FORMAT, name, "another compression of the metadata")
                .files("tree", tree(&repository, &repository.metadata())),
        );
    }
    let sha256 = Digest::Sha256.hex(&base.packages[0].1);
    let md5 = Digest::Md5.hex(&base.packages[0].1);
    let list: Vec<(&str, &str, &str, Files)> = vec![
        (
            "swapped-primary",
            "file.digest-mismatch",
            "primary was replaced by another generation's",
            {
                let other = Repository::new(vec![
                    Rpm::new("alphb", "1.0", "noarch", PackageFormat::V4).reserve(Some(256)),
                ]);
                let stored = other.metadata().remove(0).stored;
                let mut files = whole();
                let file = files
                    .iter_mut()
                    .find(|(path, _)| path.contains("-primary"))
                    .unwrap();
                // Of the listed size, as an attacker would see to.
                file.1 = {
                    let mut bytes = stored;
                    bytes.resize(metadata[0].stored.len(), 0);
                    bytes
                };
                files
            },
        ),
        (
            "tree-primary-cut-short",
            "file.size-mismatch",
            "primary is cut short",
            changed("-primary", &|bytes| bytes.truncate(100)),
        ),
        (
            "tree-primary-missing",
            "file.missing",
            "primary is not there",
            without("-primary"),
        ),
        (
            "tree-filelists-missing",
            "file.missing",
            "filelists is not there",
            without("-filelists"),
        ),
        (
            "tree-package-changed",
            "file.digest-mismatch",
            "a byte of a package was changed",
            changed("Packages/", &|bytes| *bytes.last_mut().unwrap() ^= 1),
        ),
        (
            "tree-package-cut-short",
            "file.size-mismatch",
            "a package is cut short",
            changed("Packages/", &|bytes| bytes.truncate(500)),
        ),
        (
            "tree-package-missing",
            "file.missing",
            "a listed package is not there",
            without(&PACKAGE[5..]),
        ),
        (
            "tree-unsigned",
            "yum.unsigned",
            "repomd.xml has no signature",
            without("repomd.xml.asc"),
        ),
        (
            "tree-repomd-tampered",
            "signature.bad",
            "repomd.xml was changed after signing",
            changed("repomd.xml", &|bytes| {
                let at = bytes.len() - 60;
                bytes[at] ^= 1;
            }),
        ),
        (
            "tree-open-checksum-wrong",
            "yum.open-checksum-mismatch",
            "primary is as listed, but does not decompress to what is listed",
            {
                let mut metadata = base.metadata();
                metadata[0].open = metadata[0].open.iter().map(|byte| byte ^ 1).collect();
                tree(&base, &metadata)
            },
        ),
        (
            "tree-open-size-wrong",
            "yum.open-size-mismatch",
            "primary decompresses to more than listed",
            {
                let mut metadata = base.metadata();
                let open = base.primary().into_bytes();
                metadata[0].open = open[..open.len() - 1].to_vec();
                tree(&base, &metadata)
            },
        ),
        (
            "tree-package-path-escape",
            "path.unsafe",
            "a package's location climbs out of the repository",
            primary("href=\"Packages/", "href=\"../../Packages/"),
        ),
        (
            "tree-package-md5",
            "file.weak-digest",
            "a package is bound by MD5 only",
            primary(
                &format!("<checksum type=\"sha256\" pkgid=\"YES\">{sha256}"),
                &format!("<checksum type=\"md5\" pkgid=\"YES\">{md5}"),
            ),
        ),
        (
            "tree-no-primary",
            "yum.no-primary",
            "primary is not listed: nothing vouches for the packages",
            saying(&|text| {
                let from = text.find("  <data type=\"primary\">").unwrap();
                let to = text.find("  <data type=\"filelists\">").unwrap();
                [&text[..from], &text[to..]].concat()
            }),
        ),
        (
            "tree-md5-checksums",
            "file.weak-digest",
            "the metadata is bound by MD5 only",
            saying(&|mut text| {
                for file in &metadata {
                    text = text.replacen(
                        &format!(
                            "<checksum type=\"sha256\">{}",
                            Digest::Sha256.hex(&file.stored)
                        ),
                        &format!("<checksum type=\"md5\">{}", Digest::Md5.hex(&file.stored)),
                        1,
                    );
                }
                text
            }),
        ),
        (
            "tree-package-without-checksum",
            "yum.primary.malformed",
            "a package without a checksum",
            primary(
                &format!("  <checksum type=\"sha256\" pkgid=\"YES\">{sha256}</checksum>\n"),
                "",
            ),
        ),
        (
            "tree-primary-document-type",
            "yum.primary.malformed",
            "primary has a document type with an entity",
            primary(
                "<metadata",
                "<!DOCTYPE metadata [<!ENTITY e \"boom\">]>\n<metadata",
            ),
        ),
    ];
    cases.extend(list.into_iter().map(|(name, code, why, files)| {
        Case::rejected(FORMAT, name, code, why).files("tree", files)
    }));
    cases
}
