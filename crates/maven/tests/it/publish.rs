//! Signing what Central wants signed, and nothing twice.

use std::fs;
use std::path::Path;

use pkgseal_maven::tree::{self, Existing, Metadata, SignOptions};
use pkgseal_maven::{Result, Selection, codes};
use pkgseal_openpgp::Signed;
use pkgseal_repo::{CheckOptions, Destination, DigestAlgorithm, NoProgress};
use pkgseal_testkit::build::{Digest, maven, put};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};

use crate::{assert_accepted, contents, has};

const JAR: &str = "org/example/lib/1.0/lib-1.0.jar";
const POM: &str = "org/example/lib/1.0/lib-1.0.pom";

/// Two versions of an artifact, without any checksum or signature.
fn bare() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for version in ["1.0", "2.0"] {
        for (path, content) in maven::Artifact::new("org.example", "lib", version).files() {
            put(dir.path(), &path, content);
        }
    }
    put(dir.path(), "org/example/lib/1.0/lib-1.0.module", "{}");
    put(
        dir.path(),
        "org/example/lib/maven-metadata.xml",
        "<metadata/>",
    );
    dir
}

fn keep() -> SignOptions {
    SignOptions {
        existing: Existing::Keep,
        ..SignOptions::default()
    }
}

fn sign_by(names: &[&str], path: &Path, to: &Destination, wanted: &SignOptions) -> Result<Signed> {
    let time = keys::time(keys::SIGNED);
    let signers: Vec<_> = names.iter().map(|name| keys::signer(name, time)).collect();
    let options = CheckOptions::default();
    tree::sign_with(path, &signers, time, to, wanted, &options, &NoProgress)
}

fn sign(path: &Path, wanted: &SignOptions) -> Result<Signed> {
    sign_by(&["good"], path, &Destination::Beside, wanted)
}

/// What changed, by name relative to the folder.
fn written(signed: &Signed, path: &Path) -> Vec<String> {
    let mut names: Vec<String> = signed
        .outputs
        .iter()
        .map(|output| output.strip_prefix(path).unwrap().display().to_string())
        .collect();
    names.sort();
    names
}

#[track_caller]
fn refused(dir: &Path, wanted: &SignOptions, words: &str) {
    let before = contents(dir);
    let error = sign(dir, wanted).unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
    assert_eq!(contents(dir), before, "nothing was written");
}

#[test]
fn good_signatures_are_left_as_they_are() {
    let dir = bare();
    let first = sign(dir.path(), &keep()).unwrap();
    assert_eq!(first.outputs.len(), 9);
    assert!(
        first
            .outputs
            .iter()
            .any(|path| path.ends_with("lib-1.0.module.asc"))
    );
    let before = contents(dir.path());
    let second = sign(dir.path(), &keep()).unwrap();
    assert!(second.outputs.is_empty(), "{:?}", second.outputs);
    assert_accepted(&second.examination);
    assert!(has(&second.examination, codes::ALREADY_SIGNED));
    assert_eq!(second.examination.signatures.len(), 9);
    assert_eq!(contents(dir.path()), before);
}

#[test]
fn only_what_needs_it_is_signed_anew() {
    let dir = bare();
    sign(dir.path(), &keep()).unwrap();
    let weak = RawOptions::at(keys::SIGNED).hash(keys::Hash::Sha1);
    let key = keys::load("good");
    let damage: [(&str, Vec<u8>); 5] = [
        ("lib-1.0.jar.asc", b"no signature".to_vec()),
        ("lib-1.0.pom.asc", Vec::new()),
        (
            "lib-1.0-sources.jar.asc",
            raw_sign(&key, b"older", &RawOptions::at(keys::SIGNED)),
        ),
        ("lib-1.0-javadoc.jar.asc", raw_sign(&key, b"", &weak)),
        ("lib-1.0.module", b"{\"changed\": true}".to_vec()),
    ];
    for (name, content) in &damage {
        put(dir.path(), &format!("org/example/lib/1.0/{name}"), content);
    }
    let signed = sign(dir.path(), &keep()).unwrap();
    let names: Vec<String> = written(&signed, dir.path());
    let mut expected: Vec<String> = damage
        .iter()
        .map(|(name, _)| format!("org/example/lib/1.0/{}.asc", name.trim_end_matches(".asc")))
        .collect();
    expected.sort();
    assert_eq!(names, expected);
    assert_accepted(&crate::tree_verify::verify(dir.path()));
}

#[test]
fn a_signature_by_somebody_else_is_not_lost() {
    let dir = bare();
    let jar = fs::read(dir.path().join(JAR)).unwrap();
    let by_stranger = raw_sign(&keys::load("stranger"), &jar, &RawOptions::at(keys::SIGNED));
    put(dir.path(), &format!("{JAR}.asc"), by_stranger);
    let stranger = keys::load("stranger").signing_fingerprint();
    refused(
        dir.path(),
        &keep(),
        &format!("carries a signature by {stranger}"),
    );
    // Asked for, it gives way.
    sign(dir.path(), &SignOptions::default()).unwrap();
    assert_accepted(&crate::tree_verify::verify(dir.path()));
}

#[test]
fn every_signer_must_have_signed_for_a_signature_to_be_kept() {
    let dir = bare();
    sign(dir.path(), &keep()).unwrap();
    let both = ["good", "good-rsa2048"];
    let signed = sign_by(&both, dir.path(), &Destination::Beside, &keep()).unwrap();
    assert_eq!(signed.outputs.len(), 9);
    let again = sign_by(&both, dir.path(), &Destination::Beside, &keep()).unwrap();
    assert!(again.outputs.is_empty());
}

#[test]
fn checksums_are_written_where_they_are_wanted_and_missing() {
    let dir = bare();
    put(dir.path(), &format!("{POM}.md5"), {
        let pom = fs::read(dir.path().join(POM)).unwrap();
        format!("{}  lib-1.0.pom\n", Digest::Md5.hex(&pom))
    });
    let wanted = SignOptions {
        checksums: vec![DigestAlgorithm::Md5, DigestAlgorithm::Sha512],
        ..keep()
    };
    let signed = sign(dir.path(), &wanted).unwrap();
    let names = written(&signed, dir.path());
    assert_eq!(names.len(), 9 + 9 + 8, "{names:#?}");
    let jar = fs::read(dir.path().join(JAR)).unwrap();
    for (suffix, digest) in [(".md5", Digest::Md5), (".sha512", Digest::Sha512)] {
        let sum = fs::read_to_string(dir.path().join(format!("{JAR}{suffix}"))).unwrap();
        assert_eq!(sum, digest.hex(&jar));
    }
    for absent in [".sha1", ".sha256", ".asc.md5", ".md5.asc"] {
        assert!(
            !dir.path().join(format!("{JAR}{absent}")).exists(),
            "{absent}"
        );
    }
    let pom = fs::read_to_string(dir.path().join(format!("{POM}.md5"))).unwrap();
    assert!(
        pom.ends_with("lib-1.0.pom\n"),
        "one that agrees stays: {pom}"
    );
    assert_accepted(&crate::tree_verify::verify(dir.path()));
    assert!(sign(dir.path(), &wanted).unwrap().outputs.is_empty());
}

#[test]
fn a_wrong_checksum_stops_everything() {
    let dir = bare();
    put(
        dir.path(),
        &format!("{POM}.sha1"),
        Digest::Sha1.hex(b"other"),
    );
    refused(dir.path(), &keep(), "the checksum file says");
}

#[test]
fn metadata_is_signed_only_when_asked() {
    let list = "org/example/lib/maven-metadata.xml.asc";
    let dir = bare();
    sign(dir.path(), &keep()).unwrap();
    assert!(!dir.path().join(list).exists());
    let wanted = SignOptions {
        metadata: Metadata::Sign,
        ..keep()
    };
    let signed = sign(dir.path(), &wanted).unwrap();
    assert_eq!(written(&signed, dir.path()), [list]);
    assert!(!has(
        &crate::tree_verify::verify(dir.path()),
        codes::METADATA_UNSIGNED
    ));
    let out = tempfile::tempdir().unwrap();
    let to = Destination::Directory(out.path().to_owned());
    sign_by(&["good"], dir.path(), &to, &wanted).unwrap();
    assert_eq!(
        contents(out.path()),
        contents(dir.path()),
        "kept ones travel"
    );
}

#[test]
fn coordinates_pick_what_is_signed() {
    for (coordinates, count) in [
        ("org.example:lib:1.0", 5),
        ("org.example:lib:jar:2.0", 1),
        ("org.example:lib:jar:sources:2.0", 1),
    ] {
        let dir = bare();
        // What is strange elsewhere does not matter.
        put(dir.path(), "org/example/other/3.0/other-3.0.jar", "x");
        put(dir.path(), "org/example/other/3.0/misnamed-4.0.jar", "x");
        let wanted = SignOptions {
            coordinates: vec![Selection::parse(coordinates).unwrap()],
            ..keep()
        };
        let signed = sign(dir.path(), &wanted).unwrap();
        assert_eq!(signed.outputs.len(), count, "{coordinates}");
        let out = tempfile::tempdir().unwrap();
        let to = Destination::Directory(out.path().to_owned());
        sign_by(&["good"], dir.path(), &to, &wanted).unwrap();
        let copied: Vec<String> = contents(out.path())
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let list = usize::from(
            copied
                .iter()
                .any(|name| name.ends_with("maven-metadata.xml")),
        );
        assert_eq!(copied.len(), 2 * count + list, "{coordinates}: {copied:?}");
    }
}

#[test]
fn coordinates_that_name_nothing_stop_the_run() {
    let dir = bare();
    for coordinates in ["org.example:lib:3.0", "org.example:lib:war:1.0"] {
        let selections = ["org.example:lib:1.0", coordinates];
        let wanted = SignOptions {
            coordinates: selections
                .map(|text| Selection::parse(text).unwrap())
                .to_vec(),
            ..keep()
        };
        refused(dir.path(), &wanted, &format!("no artifact {coordinates}"));
    }
}

#[test]
fn signatures_for_checksums_are_not_made_but_do_not_disturb() {
    let dir = bare();
    put(
        dir.path(),
        &format!("{JAR}.md5"),
        Digest::Md5.hex(&fs::read(dir.path().join(JAR)).unwrap()),
    );
    put(dir.path(), &format!("{JAR}.md5.asc"), "by some other tool");
    put(dir.path(), &format!("{JAR}.sigstore.json"), "{}");
    let signed = sign(dir.path(), &keep()).unwrap();
    assert_eq!(signed.outputs.len(), 9, "{:?}", signed.outputs);
}
