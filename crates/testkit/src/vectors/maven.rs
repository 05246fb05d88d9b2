//! Maven repositories: every artifact with its `.asc`.

use super::{Case, Files};
use crate::build::{Digest, maven::Artifact};
use crate::keys::{RawOptions, SIGNED, load, raw_sign};

const FORMAT: &str = "maven";
const FOLDER: &str = "tree/org/example/lib/1.0";

/// A signed repository of one version, with SHA-1 files as Central wants them.
fn tree(key: &str) -> Files {
    let key = load(key);
    let mut files = Files::new();
    for (path, content) in Artifact::new("org.example", "lib", "1.0").files() {
        let path = format!("tree/{path}");
        let signature = raw_sign(&key, &content, &RawOptions::at(SIGNED));
        files.push((format!("{path}.sha1"), Digest::Sha1.hex(&content).into()));
        files.push((format!("{path}.asc"), signature));
        files.push((path, content));
    }
    files
}

fn changed(name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Files {
    let mut files = tree("good-ed25519");
    let path = format!("{FOLDER}/{name}");
    let file = files.iter_mut().find(|(of, _)| *of == path).unwrap();
    change(&mut file.1);
    files
}

fn without(name: &str) -> Files {
    let mut files = tree("good-ed25519");
    files.retain(|(path, _)| *path != format!("{FOLDER}/{name}"));
    files
}

fn moved(from: &str, to: &str) -> Files {
    let mut files = tree("good-ed25519");
    for (path, _) in &mut files {
        *path = path.replace(from, to);
    }
    files
}

pub(super) fn cases() -> Vec<Case> {
    let jar = "lib-1.0.jar";
    let mut cases = vec![
        Case::accepted(
            FORMAT,
            "good",
            "every file is signed and as its checksum says",
        )
        .files("tree", tree("good-ed25519")),
        Case::accepted(
            FORMAT,
            "expired-now",
            "signed while the certificate was alive: published artifacts outlive their keys",
        )
        .files("tree", tree("expired"))
        .trusting(&["expired"]),
        Case::accepted(
            FORMAT,
            "signature-without-file",
            "a signature and a checksum of a file that is not there: a warning, as nothing lists it",
        )
        .files("tree", without(jar)),
        Case::rejected(
            FORMAT,
            "unknown-signer",
            "signature.missing-certificate",
            "signed by somebody whose certificate is not at hand",
        )
        .files("tree", tree("stranger")),
        Case::rejected(
            FORMAT,
            "revoked-hard",
            "signature.key-revoked",
            "revoked as compromised: nothing it ever signed counts",
        )
        .files("tree", tree("revoked-hard"))
        .trusting(&["revoked-hard"]),
    ];
    let list: Vec<(&str, &str, &str, Files)> = vec![
        (
            "jar-tampered",
            "signature.bad",
            "a byte of the jar was changed",
            changed(jar, |bytes| bytes[40] ^= 1),
        ),
        (
            "jar-unsigned",
            "signature.none",
            "the jar has no signature",
            without("lib-1.0.jar.asc"),
        ),
        (
            "sources-unsigned",
            "signature.none",
            "the sources have no signature, the rest has",
            without("lib-1.0-sources.jar.asc"),
        ),
        (
            "pom-tampered",
            "signature.bad",
            "the POM names another version than was signed",
            changed("lib-1.0.pom", |bytes| {
                let text = String::from_utf8(bytes.clone()).unwrap();
                *bytes = text.replacen("<version>1.0", "<version>1.1", 1).into();
            }),
        ),
        (
            "signatures-swapped",
            "signature.bad",
            "the jar carries the signature of the POM",
            {
                let files = tree("good-ed25519");
                let pom = format!("{FOLDER}/lib-1.0.pom.asc");
                let pom = files
                    .iter()
                    .find(|(path, _)| *path == pom)
                    .unwrap()
                    .1
                    .clone();
                changed("lib-1.0.jar.asc", |bytes| *bytes = pom)
            },
        ),
        (
            "checksum-wrong",
            "maven.checksum-mismatch",
            "the signature is good, the checksum is of something else",
            changed("lib-1.0.jar.sha1", |bytes| {
                *bytes = Digest::Sha1.hex(b"other").into();
            }),
        ),
        (
            "moved-to-another-version",
            "maven.pom-mismatch",
            "signed files of 1.0 under the names of 2.0: their POM says 1.0",
            {
                let mut files = moved("lib/1.0/lib-1.0", "lib/2.0/lib-2.0");
                files.sort();
                files
            },
        ),
        (
            "name-of-another-artifact",
            "maven.coordinates-mismatch",
            "a jar of another artifact in this one's folder",
            moved("1.0/lib-1.0.jar", "1.0/other-1.0.jar"),
        ),
    ];
    cases.extend(list.into_iter().map(|(name, code, why, files)| {
        Case::rejected(FORMAT, name, code, why).files("tree", files)
    }));
    cases
}
