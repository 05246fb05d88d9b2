//! Real Maven: it resolves from a repository we signed, with the checksums we wrote, and
//! we sign and verify the local repository it wrote.

use std::fs;
use std::path::Path;
use std::process::Command;

use pkgseal_maven::tree::{self, Existing, SignOptions};
use pkgseal_maven::trust::{self, Form, Trust};
use pkgseal_maven::{Selection, codes};
use pkgseal_openpgp::codes as signature;
use pkgseal_repo::{CheckOptions, Destination, DigestAlgorithm, NoProgress};
use pkgseal_testkit::build::{Digest, put};
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::{Run, have, run, trixie};

use crate::{assert_accepted, assert_rejected, contents, has};

const PARENT: &str = "org/example/parent/1.0/parent-1.0.pom";

fn pom(inner: &str) -> String {
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         {inner}<packaging>pom</packaging></project>"
    )
}

fn sign(path: &Path, wanted: &SignOptions) {
    let time = keys::time(keys::SIGNED);
    tree::sign_with(
        path,
        &[keys::signer("good", time)],
        time,
        &Destination::Beside,
        wanted,
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap();
}

/// `mvn validate` of a child whose parent comes from `repository`; it fails on a wrong
/// checksum.
fn validate(folder: &Path, repository: &Path) -> Option<Run> {
    let maven = have("mvn")?;
    Some(validate_by(maven.command(), folder, repository, &[]))
}

/// The same by another Maven, and with other options.
fn validate_by(mut maven: Command, folder: &Path, repository: &Path, options: &[String]) -> Run {
    let child = pom(
        "<parent><groupId>org.example</groupId><artifactId>parent</artifactId>\
         <version>1.0</version><relativePath/></parent><artifactId>child</artifactId>",
    );
    put(folder, "project/pom.xml", child);
    let settings = format!(
        "<settings><localRepository>{}</localRepository><mirrors><mirror><id>signed</id>\
         <mirrorOf>*</mirrorOf><url>file://{}</url></mirror></mirrors></settings>",
        folder.join("local").display(),
        repository.display()
    );
    put(folder, "settings.xml", settings);
    maven
        .current_dir(folder.join("project"))
        .env("HOME", folder)
        .args([
            "-B",
            "--strict-checksums",
            "-s",
            "../settings.xml",
            "validate",
        ])
        .args(options);
    run(&mut maven)
}

#[test]
fn maven_resolves_from_what_we_signed_and_we_verify_what_it_keeps() {
    let dir = tempfile::tempdir().unwrap();
    let repository = dir.path().join("repository");
    let parent =
        "<groupId>org.example</groupId><artifactId>parent</artifactId><version>1.0</version>";
    put(&repository, PARENT, pom(parent));
    sign(
        &repository,
        &SignOptions {
            existing: Existing::Keep,
            checksums: vec![DigestAlgorithm::Md5, DigestAlgorithm::Sha1],
            ..SignOptions::default()
        },
    );
    let Some(built) = validate(dir.path(), &repository) else {
        return;
    };
    assert!(built.expect_ok().says("BUILD SUCCESS"));

    // What Maven keeps is unsigned; a set of coordinates is signed in place.
    let local = dir.path().join("local");
    assert_rejected(&crate::tree_verify::verify(&local), signature::NONE);
    sign(
        &local,
        &SignOptions {
            existing: Existing::Keep,
            coordinates: vec![Selection::parse("org.example:parent:1.0").unwrap()],
            ..SignOptions::default()
        },
    );
    let judged = crate::tree_verify::verify(&local);
    assert_accepted(&judged);
    assert!(
        has(&judged, codes::OUTSIDE),
        "its own notes are no artifacts"
    );
    let names: Vec<String> = contents(&local).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&format!("{PARENT}.asc")), "{names:?}");

    // Maven refuses what our check refuses.
    fs::remove_dir_all(&local).unwrap();
    let wrong = "0".repeat(40);
    put(&repository, &format!("{PARENT}.sha1"), wrong);
    assert_rejected(
        &crate::tree_verify::verify(&repository),
        codes::CHECKSUM_MISMATCH,
    );
    let refused = validate(dir.path(), &repository).unwrap().expect_failure();
    assert!(refused.says("Checksum validation failed"), "{refused}");
}

/// The resolver of Maven 3.9 refuses what the checksums that we learned do not know, though
/// whoever has the repository made its own checksums agree.
#[test]
fn maven_believes_the_checksums_we_learned() {
    let Some(path) = trixie::maven() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let repository = dir.path().join("repository");
    let parent =
        "<groupId>org.example</groupId><artifactId>parent</artifactId><version>1.0</version>";
    let replace = |text: String| {
        put(
            &repository,
            &format!("{PARENT}.sha1"),
            Digest::Sha1.hex(text.as_bytes()),
        );
        put(&repository, PARENT, text);
    };
    replace(pom(parent));
    sign(&repository, &SignOptions::default());
    let (judged, checksums) = tree::verify_and_digest(
        &repository,
        &crate::verifier(&["good"]),
        &tree::Policy::default(),
        &[DigestAlgorithm::Sha256],
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap();
    assert_accepted(&judged);
    let trust = Trust {
        checksums,
        ..Trust::default()
    };
    let form = Form::Checksums(DigestAlgorithm::Sha256);
    let known = pkgseal_openpgp::Certificates::default();
    let (text, lost) = trust::convert(&trust, form, &known, None, keys::time(keys::NOW));
    assert_eq!(lost, []);
    put(dir.path(), "trusted/checksums.sha256", &text);

    let processor = "-Daether.artifactResolver.postProcessor.trustedChecksums";
    let summary = "-Daether.trustedChecksumsSource.summaryFile";
    let options = [
        format!("{processor}=true"),
        format!("{processor}.checksumAlgorithms=SHA-256"),
        format!("{processor}.failIfMissing=true"),
        format!("{summary}=true"),
        format!("{summary}.basedir={}", dir.path().join("trusted").display()),
        format!("{summary}.originAware=false"),
    ];
    let build = |options: &[String]| {
        let _ = fs::remove_dir_all(dir.path().join("local"));
        let mut maven = Command::new(&path);
        maven
            .env("LC_ALL", "C.UTF-8")
            .stdin(std::process::Stdio::null());
        validate_by(maven, dir.path(), &repository, options)
    };
    assert!(build(&options).expect_ok().says("BUILD SUCCESS"));

    // Another POM, with the checksum that fits it.
    replace(pom(&format!("{parent}<name>not what was signed</name>")));
    build(&[]).expect_ok();
    let refused = build(&options).expect_failure();
    assert!(refused.says("trusted checksum"), "{refused}");
    assert_rejected(&crate::tree_verify::verify(&repository), signature::BAD);
    // And one that the file does not know.
    put(dir.path(), "trusted/checksums.sha256", "");
    build(&options).expect_failure();
}
