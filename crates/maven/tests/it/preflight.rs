//! What Maven Central would say, and what it would not.

use std::fs;
use std::path::Path;

use pkgseal_maven::preflight::{bundle, check};
use pkgseal_maven::tree::{self, Existing, SignOptions};
use pkgseal_maven::{codes, zip};
use pkgseal_openpgp::{Certificates, Examination, Profile, Verifier, codes as signature};
use pkgseal_repo::{
    CheckOptions, Code, Destination, DigestAlgorithm, NoProgress, Outcome, codes as repo_codes,
};
use pkgseal_testkit::build::{Digest, maven, put, zip::stored};
use pkgseal_testkit::keys::{self, Hash, RawOptions, raw_sign};

use crate::{assert_accepted, contents, verifier};

const FOLDER: &str = "org/example/lib/1.0";

/// A release of one library, with Gradle metadata, not yet signed.
fn release() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in maven::Artifact::new("org.example", "lib", "1.0").files() {
        put(dir.path(), &path, content);
    }
    put(dir.path(), &format!("{FOLDER}/lib-1.0.module"), "{}");
    dir
}

fn sign(dir: &Path) {
    let time = keys::time(keys::SIGNED);
    tree::sign_with(
        dir,
        &[keys::signer("good", time)],
        time,
        &Destination::Beside,
        &SignOptions {
            existing: Existing::Replace,
            checksums: vec![DigestAlgorithm::Md5, DigestAlgorithm::Sha1],
            ..SignOptions::default()
        },
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap();
}

fn signed() -> tempfile::TempDir {
    let dir = release();
    sign(dir.path());
    dir
}

fn judge(path: &Path, verifier: &Verifier) -> Examination {
    check(path, verifier, &CheckOptions::default(), &NoProgress).unwrap()
}

/// The folder as a zip archive, whatever is in it.
fn zipped(dir: &Path) -> Vec<u8> {
    let files = contents(dir);
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(n, c)| (n.as_str(), c.as_slice()))
        .collect();
    stored(&files)
}

fn judge_zip(bytes: &[u8], verifier: &Verifier) -> Examination {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bundle.zip");
    fs::write(&path, bytes).unwrap();
    judge(&path, verifier)
}

type Change = fn(&Path);

/// A change of a release, made before or after it is signed, and what is said of it.
struct Case {
    name: &'static str,
    before: Change,
    after: Change,
    code: Code,
    /// Central's words, or those that say it does not ask.
    words: &'static str,
}

const NOTHING: Change = |_| {};
const UNASKED: &str = "Maven Central does not check this";

fn at(dir: &Path, name: &str) -> std::path::PathBuf {
    dir.join(FOLDER).join(name)
}

fn remove(dir: &Path, name: &str) {
    fs::remove_file(at(dir, name)).unwrap();
}

fn write(dir: &Path, name: &str, content: impl AsRef<[u8]>) {
    put(dir, &format!("{FOLDER}/{name}"), content);
}

/// Takes an element out of the POM, or puts another in its place.
fn pom(dir: &Path, from: &str, to: &str) {
    let path = at(dir, "lib-1.0.pom");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

const LICENSES: &str = "<licenses><license><name>MIT</name></license></licenses>";
const DEVELOPERS: &str =
    "<developers><developer><name>pkgseal TEST</name></developer></developers>";
const URL: &str = "<url>https://test.invalid/</url>";

/// Signs a file of the release by another key or at another time.
fn resign(dir: &Path, name: &str, key: &str, options: &RawOptions) {
    let content = fs::read(at(dir, name)).unwrap();
    let signature = raw_sign(&keys::load(key), &content, options);
    write(dir, &format!("{name}.asc"), signature);
}

fn before(name: &'static str, before: Change, code: Code, words: &'static str) -> Case {
    Case {
        name,
        before,
        after: NOTHING,
        code,
        words,
    }
}

fn after(name: &'static str, after: Change, code: Code, words: &'static str) -> Case {
    Case {
        name,
        before: NOTHING,
        after,
        code,
        words,
    }
}

fn cases() -> Vec<Case> {
    vec![
        // Checksums.
        after(
            "no md5",
            |d| remove(d, "lib-1.0.jar.md5"),
            codes::CENTRAL_CHECKSUM_MISSING,
            "Missing md5 checksum for file: lib-1.0.jar",
        ),
        after(
            "no sha1",
            |d| remove(d, "lib-1.0.pom.sha1"),
            codes::CENTRAL_CHECKSUM_MISSING,
            "Missing sha1 checksum for file: lib-1.0.pom",
        ),
        after(
            "sha256 replaces nothing",
            |d| {
                let jar = fs::read(at(d, "lib-1.0.jar")).unwrap();
                write(d, "lib-1.0.jar.sha256", Digest::Sha256.hex(&jar));
                remove(d, "lib-1.0.jar.sha1");
            },
            codes::CENTRAL_CHECKSUM_MISSING,
            "Missing sha1 checksum for file: lib-1.0.jar",
        ),
        after(
            "no checksum of Gradle metadata",
            |d| remove(d, "lib-1.0.module.md5"),
            codes::CENTRAL_CHECKSUM_MISSING,
            "Missing md5 checksum for file: lib-1.0.module",
        ),
        after(
            "wrong md5",
            |d| write(d, "lib-1.0.jar.md5", Digest::Md5.hex(b"other")),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid md5 checksum for file: lib-1.0.jar",
        ),
        after(
            "wrong sha1",
            |d| write(d, "lib-1.0-sources.jar.sha1", Digest::Sha1.hex(b"other")),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid sha1 checksum for file: lib-1.0-sources.jar",
        ),
        after(
            "wrong sha256",
            |d| write(d, "lib-1.0.jar.sha256", Digest::Sha256.hex(b"other")),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid sha256 checksum for file: lib-1.0.jar",
        ),
        after(
            "wrong sha512",
            |d| write(d, "lib-1.0.jar.sha512", Digest::Sha512.hex(b"other")),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid sha512 checksum for file: lib-1.0.jar",
        ),
        after(
            "empty md5",
            |d| write(d, "lib-1.0.jar.md5", ""),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid md5 checksum for file: lib-1.0.jar",
        ),
        after(
            "a web page for a checksum",
            |d| write(d, "lib-1.0.jar.sha1", "<html>404</html>"),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid sha1 checksum for file: lib-1.0.jar",
        ),
        after(
            "the checksum of another file",
            |d| {
                let pom = fs::read(at(d, "lib-1.0.pom")).unwrap();
                write(
                    d,
                    "lib-1.0.jar.md5",
                    format!("{}  lib-1.0.pom", Digest::Md5.hex(&pom)),
                );
            },
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid md5 checksum for file: lib-1.0.jar",
        ),
        after(
            "the file changed after its checksums",
            |d| write(d, "lib-1.0.module", "{\"new\":1}"),
            codes::CENTRAL_CHECKSUM_INVALID,
            "Invalid sha1 checksum for file: lib-1.0.module",
        ),
        // Signatures.
        after(
            "unsigned jar",
            |d| remove(d, "lib-1.0.jar.asc"),
            codes::CENTRAL_SIGNATURE_MISSING,
            "Missing signature for file: lib-1.0.jar",
        ),
        after(
            "unsigned POM",
            |d| remove(d, "lib-1.0.pom.asc"),
            codes::CENTRAL_SIGNATURE_MISSING,
            "Missing signature for file: lib-1.0.pom",
        ),
        after(
            "unsigned Gradle metadata",
            |d| remove(d, "lib-1.0.module.asc"),
            codes::CENTRAL_SIGNATURE_MISSING,
            "Missing signature for file: lib-1.0.module",
        ),
        after(
            "unsigned sources",
            |d| remove(d, "lib-1.0-sources.jar.asc"),
            codes::CENTRAL_SIGNATURE_MISSING,
            "Missing signature for file: lib-1.0-sources.jar",
        ),
        after(
            "empty signature",
            |d| write(d, "lib-1.0.jar.asc", ""),
            codes::CENTRAL_SIGNATURE_INVALID,
            "Invalid signature for file: lib-1.0.jar",
        ),
        after(
            "no signature at all",
            |d| write(d, "lib-1.0.jar.asc", "hello"),
            codes::CENTRAL_SIGNATURE_INVALID,
            "Invalid signature for file: lib-1.0.jar",
        ),
        after(
            "a binary signature",
            |d| {
                let asc = fs::read(at(d, "lib-1.0.jar.asc")).unwrap();
                write(d, "lib-1.0.jar.asc", [&[0x88][..], &asc].concat());
            },
            codes::CENTRAL_SIGNATURE_INVALID,
            "Invalid signature for file: lib-1.0.jar",
        ),
        after(
            "half a signature",
            |d| {
                let asc = fs::read(at(d, "lib-1.0.jar.asc")).unwrap();
                write(d, "lib-1.0.jar.asc", asc.split_at(asc.len() / 2).0);
            },
            codes::CENTRAL_SIGNATURE_INVALID,
            "Invalid signature for file: lib-1.0.jar",
        ),
        after(
            "the signature of another file",
            |d| {
                let asc = fs::read(at(d, "lib-1.0.pom.asc")).unwrap();
                write(d, "lib-1.0.jar.asc", asc);
            },
            codes::CENTRAL_SIGNATURE_INVALID,
            "Invalid signature for file: lib-1.0.jar",
        ),
        after(
            "a signature over an older file",
            |d| {
                write(d, "lib-1.0.module", "{\"new\":1}");
                for (digest, name) in [(Digest::Md5, "md5"), (Digest::Sha1, "sha1")] {
                    write(
                        d,
                        &format!("lib-1.0.module.{name}"),
                        digest.hex(b"{\"new\":1}"),
                    );
                }
            },
            codes::CENTRAL_SIGNATURE_INVALID,
            "Invalid signature for file: lib-1.0.module",
        ),
        after(
            "an unpublished key",
            |d| {
                resign(d, "lib-1.0.jar", "stranger", &RawOptions::at(keys::SIGNED));
            },
            codes::CENTRAL_KEY_NOT_FOUND,
            "Invalid signature for file: lib-1.0.jar.asc - Could not find a public key by the key fingerprint",
        ),
        // What belongs to a release.
        before(
            "no sources",
            |d| remove(d, "lib-1.0-sources.jar"),
            codes::CENTRAL_SOURCES,
            "Sources must be provided but not found in entries",
        ),
        before(
            "no javadoc",
            |d| remove(d, "lib-1.0-javadoc.jar"),
            codes::CENTRAL_JAVADOC,
            "Javadocs must be provided but not found in entries",
        ),
        before(
            "no jar",
            |d| remove(d, "lib-1.0.jar"),
            codes::CENTRAL_MAIN,
            "the files that the packaging promises",
        ),
        before(
            "a war that is none",
            |d| pom(d, ">jar<", ">war<"),
            codes::CENTRAL_MAIN,
            "the files that the packaging promises",
        ),
        before(
            "no POM",
            |d| remove(d, "lib-1.0.pom"),
            codes::CENTRAL_POM_MISSING,
            "a POM for every component",
        ),
        before(
            "an executable jar",
            |d| write(d, "lib-1.0.jar", "#!/bin/sh\nexec java -jar $0\n"),
            codes::CENTRAL_ARCHIVE,
            "No Archiver found for the stream signature",
        ),
        before(
            "a jar that is none",
            |d| write(d, "lib-1.0-javadoc.jar", "TBD"),
            codes::CENTRAL_ARCHIVE,
            "No Archiver found for the stream signature",
        ),
        after(
            "a list of versions",
            |d| put(d, "org/example/lib/maven-metadata.xml", "<metadata/>"),
            codes::CENTRAL_METADATA,
            "maven-metadata.xml is made by the server",
        ),
        after(
            "a file at the root",
            |d| put(d, "README.md", "hello"),
            codes::CENTRAL_SURPLUS,
            "a bundle follows the repository layout",
        ),
        after(
            "a file of another name",
            |d| write(d, "other-1.0.jar", "x"),
            codes::CENTRAL_SURPLUS,
            "a bundle follows the repository layout",
        ),
        after(
            "a signature without its file",
            |d| write(d, "lib-1.0.war.asc", "x"),
            codes::CENTRAL_SURPLUS,
            "a bundle follows the repository layout",
        ),
        after(
            "a Finder's droppings",
            |d| write(d, ".DS_Store", "x"),
            codes::CENTRAL_SURPLUS,
            "a bundle follows the repository layout",
        ),
        after(
            "a signed checksum",
            |d| write(d, "lib-1.0.jar.md5.asc", "x"),
            codes::CENTRAL_SURPLUS,
            "no signature is asked for checksums and signatures",
        ),
        after(
            "a signed signature",
            |d| write(d, "lib-1.0.jar.asc.asc", "x"),
            codes::CENTRAL_SURPLUS,
            "no signature is asked for checksums and signatures",
        ),
        // What the POM says.
        before(
            "no name",
            |d| pom(d, "<name>test artifact</name>", ""),
            codes::CENTRAL_NAME,
            "Project name is missing",
        ),
        before(
            "an empty name",
            |d| pom(d, "<name>test artifact</name>", "<name> </name>"),
            codes::CENTRAL_NAME,
            "Project name is missing",
        ),
        before(
            "no description",
            |d| pom(d, "<description>It holds nothing of use.</description>", ""),
            codes::CENTRAL_DESCRIPTION,
            "Project description is missing",
        ),
        before(
            "no url",
            |d| pom(d, &format!("  {URL}\n  <licenses>"), "  <licenses>"),
            codes::CENTRAL_URL,
            "Project URL is not defined",
        ),
        before(
            "no license",
            |d| pom(d, LICENSES, ""),
            codes::CENTRAL_LICENSE,
            "License information is missing",
        ),
        before(
            "a license without a name",
            |d| pom(d, LICENSES, "<licenses><license/></licenses>"),
            codes::CENTRAL_LICENSE,
            "License information is missing",
        ),
        before(
            "no developers",
            |d| pom(d, DEVELOPERS, ""),
            codes::CENTRAL_DEVELOPERS,
            "Developers information is missing",
        ),
        before(
            "an empty list of developers",
            |d| pom(d, DEVELOPERS, "<developers/>"),
            codes::CENTRAL_DEVELOPERS,
            "Developers information is missing",
        ),
        before(
            "no scm url",
            |d| pom(d, &format!("    {URL}\n  </scm>"), "  </scm>"),
            codes::CENTRAL_SCM,
            "SCM URL is not defined",
        ),
        before(
            "no scm connection",
            |d| {
                pom(
                    d,
                    "<connection>scm:git:https://test.invalid/</connection>",
                    "",
                );
            },
            codes::CENTRAL_SCM,
            "scm with connection, developerConnection and url",
        ),
        before(
            "a dependency without a version",
            |d| {
                let dependency = "<dependencies><dependency><groupId>g</groupId>\
                <artifactId>a</artifactId></dependency></dependencies></project>";
                pom(d, "</project>", dependency);
            },
            codes::CENTRAL_DEPENDENCY,
            "every dependency has a version",
        ),
        before(
            "a POM of another version",
            |d| pom(d, "<version>1.0</version>", "<version>1.1</version>"),
            codes::CENTRAL_POM_INVALID,
            "coordinates in the POM are those of the path",
        ),
        before(
            "a POM of another group",
            |d| pom(d, "org.example", "org.other"),
            codes::CENTRAL_POM_INVALID,
            "coordinates in the POM are those of the path",
        ),
        before(
            "a POM that cannot be read",
            |d| pom(d, "</project>", ""),
            codes::CENTRAL_POM_INVALID,
            "coordinates in the POM are those of the path",
        ),
        before(
            "a POM with a document type",
            |d| {
                pom(
                    d,
                    "<project xmlns",
                    "<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]><project xmlns",
                );
            },
            codes::CENTRAL_POM_INVALID,
            "coordinates in the POM are those of the path",
        ),
        before(
            "a snapshot",
            |d| {
                let folder = "org/example/lib/2.0-SNAPSHOT";
                let pom = fs::read_to_string(at(d, "lib-1.0.pom")).unwrap();
                let pom = pom
                    .replace("1.0<", "2.0-SNAPSHOT<")
                    .replace(">jar<", ">pom<");
                put(d, &format!("{folder}/lib-2.0-SNAPSHOT.pom"), pom);
            },
            codes::CENTRAL_SNAPSHOT,
            "the version does not end in -SNAPSHOT",
        ),
        // What Central does not ask.
        after(
            "a key expired since",
            |d| {
                resign(d, "lib-1.0.jar", "expired", &RawOptions::at(keys::SIGNED));
            },
            signature::KEY_EXPIRED_NOW,
            UNASKED,
        ),
        after(
            "a key expired when it signed",
            |d| {
                resign(d, "lib-1.0.jar", "expired", &RawOptions::at("2025-06-15"));
            },
            signature::KEY_EXPIRED_AT_SIGNING,
            UNASKED,
        ),
        after(
            "a subkey expired under a live certificate",
            |d| {
                resign(
                    d,
                    "lib-1.0.jar",
                    "subkey-expired",
                    &RawOptions::at("2025-06-15"),
                );
            },
            signature::KEY_EXPIRED_AT_SIGNING,
            UNASKED,
        ),
        after(
            "a revoked key",
            |d| {
                resign(
                    d,
                    "lib-1.0.jar",
                    "revoked-hard",
                    &RawOptions::at(keys::SIGNED),
                );
            },
            signature::KEY_REVOKED,
            UNASKED,
        ),
        after(
            "a retired key",
            |d| {
                resign(
                    d,
                    "lib-1.0.jar",
                    "revoked-soft",
                    &RawOptions::at("2025-08-01"),
                );
            },
            signature::KEY_REVOKED_SOFT,
            UNASKED,
        ),
        after(
            "SHA-1",
            |d| {
                let options = RawOptions::at(keys::SIGNED).hash(Hash::Sha1);
                resign(d, "lib-1.0.jar", "good-rsa2048", &options);
            },
            signature::WEAK_DIGEST,
            UNASKED,
        ),
        after(
            "a key of 1024 bits",
            |d| {
                resign(d, "lib-1.0.jar", "rsa1024", &RawOptions::at(keys::SIGNED));
            },
            signature::WEAK_KEY,
            UNASKED,
        ),
        after(
            "a certificate bound by SHA-1",
            |d| {
                resign(
                    d,
                    "lib-1.0.jar",
                    "sha1-binding",
                    &RawOptions::at(keys::SIGNED),
                );
            },
            signature::WEAK_BINDING,
            UNASKED,
        ),
        after(
            "a primary key where a subkey should",
            |d| {
                let options = RawOptions::at(keys::SIGNED).with(keys::With::Primary);
                resign(d, "lib-1.0.jar", "good", &options);
            },
            codes::PRIMARY_SIGNED,
            UNASKED,
        ),
        after(
            "a subkey that did not sign back",
            |d| {
                resign(
                    d,
                    "lib-1.0.jar",
                    "no-backsig",
                    &RawOptions::at(keys::SIGNED),
                );
            },
            signature::KEY_UNBOUND,
            UNASKED,
        ),
    ]
}

const KNOWN: [&str; 9] = [
    "good",
    "good-rsa2048",
    "expired",
    "subkey-expired",
    "revoked-hard",
    "revoked-soft",
    "rsa1024",
    "sha1-binding",
    "no-backsig",
];

/// What a case should have found and did not.
fn fault(case: &Case, judged: &Examination, what: &str) -> Option<String> {
    let right = judged.report.findings.iter().any(|finding| {
        let words = finding
            .cause
            .as_ref()
            .is_some_and(|cause| cause.contains(case.words));
        finding.code == case.code && words
    });
    (!right).then(|| format!("{} ({what}): {:#?}", case.name, judged.report.findings))
}

#[test]
fn every_case_is_found_in_centrals_words() {
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    let verifier = verifier(&KNOWN);
    let mut faults = Vec::new();
    for case in &cases {
        let dir = release();
        (case.before)(dir.path());
        sign(dir.path());
        (case.after)(dir.path());
        faults.extend(fault(case, &judge(dir.path(), &verifier), "folder"));
        faults.extend(fault(
            case,
            &judge_zip(&zipped(dir.path()), &verifier),
            "bundle",
        ));
    }
    println!("{} cases", cases.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_good_release_is_accepted() {
    let dir = signed();
    for judged in [
        judge(dir.path(), &verifier(&["good"])),
        judge_zip(&zipped(dir.path()), &verifier(&["good"])),
    ] {
        assert_accepted(&judged);
        assert_eq!(judged.signatures.len(), 5);
        assert!(
            judged.report.findings.is_empty(),
            "{:#?}",
            judged.report.findings
        );
    }
}

#[test]
fn under_centrals_own_profile_it_only_mentions_what_central_lets_pass() {
    let central = Verifier::new(
        keys::certificates(&KNOWN),
        Profile::named("maven-central").unwrap(),
        keys::time(keys::NOW),
    );
    let sha1 = RawOptions::at(keys::SIGNED).hash(Hash::Sha1);
    for (key, options, code) in [
        (
            "expired",
            RawOptions::at(keys::SIGNED),
            signature::KEY_EXPIRED_NOW,
        ),
        (
            "expired",
            RawOptions::at("2025-06-15"),
            signature::KEY_EXPIRED_AT_SIGNING,
        ),
        ("good-rsa2048", sha1, signature::WEAK_NOW),
    ] {
        let dir = signed();
        resign(dir.path(), "lib-1.0.jar", key, &options);
        let judged = judge(dir.path(), &central);
        assert_accepted(&judged);
        assert!(crate::has(&judged, code), "{code}: {judged:#?}");
        assert_eq!(
            judge(dir.path(), &verifier(&KNOWN)).outcome(),
            Outcome::Rejected
        );
    }
    // A key revoked as compromised never counts.
    let dir = signed();
    resign(
        dir.path(),
        "lib-1.0.jar",
        "revoked-hard",
        &RawOptions::at(keys::SIGNED),
    );
    crate::assert_rejected(&judge(dir.path(), &central), signature::KEY_REVOKED);
}

#[test]
fn without_a_keyring_it_is_not_decided() {
    let dir = signed();
    let nobody = Verifier::new(
        Certificates::default(),
        Profile::strict(),
        keys::time(keys::NOW),
    );
    let judged = judge(dir.path(), &nobody);
    assert_eq!(judged.outcome(), Outcome::Undecided);
    assert!(crate::has(&judged, codes::CENTRAL_SIGNATURE_UNCHECKED));
    fs::remove_file(at(dir.path(), "lib-1.0.jar.md5")).unwrap();
    assert_eq!(judge(dir.path(), &nobody).outcome(), Outcome::Rejected);
}

#[test]
fn a_parent_in_the_release_is_inherited_from() {
    let dir = release();
    let text = fs::read_to_string(at(dir.path(), "lib-1.0.pom")).unwrap();
    let parent = text
        .replace("<artifactId>lib<", "<artifactId>parent<")
        .replace(">jar<", ">pom<");
    let child = "<project><parent><groupId>org.example</groupId><artifactId>parent</artifactId>\
        <version>1.0</version></parent><artifactId>lib</artifactId><name>lib</name></project>";
    write(dir.path(), "lib-1.0.pom", child);
    put(dir.path(), "org/example/parent/1.0/parent-1.0.pom", &parent);
    sign(dir.path());
    assert_accepted(&judge(dir.path(), &verifier(&["good"])));
    // The name is not inherited; a parent elsewhere leaves the rest open.
    write(
        dir.path(),
        "lib-1.0.pom",
        child
            .replace("<name>lib</name>", "")
            .replace("parent<", "other<"),
    );
    for suffix in ["md5", "sha1"] {
        remove(dir.path(), &format!("lib-1.0.pom.{suffix}"));
    }
    sign(dir.path());
    let judged = judge(dir.path(), &verifier(&["good"]));
    assert!(crate::has(&judged, codes::CENTRAL_NAME));
    assert!(crate::has(&judged, codes::CENTRAL_PARENT));
    assert!(!crate::has(&judged, codes::CENTRAL_URL));
}

#[test]
fn nothing_and_no_archive_are_not_accepted() {
    let dir = tempfile::tempdir().unwrap();
    crate::assert_rejected(&judge(dir.path(), &verifier(&["good"])), codes::EMPTY);
    for bytes in [&b""[..], b"PK", b"\x1f\x8b\x08 a tarball"] {
        crate::assert_rejected(
            &judge_zip(bytes, &verifier(&["good"])),
            codes::BUNDLE_MALFORMED,
        );
    }
    crate::assert_rejected(&judge_zip(&stored(&[]), &verifier(&["good"])), codes::EMPTY);
    let climbing = stored(&[("../evil", b"x")]);
    crate::assert_rejected(
        &judge_zip(&climbing, &verifier(&["good"])),
        repo_codes::PATH_UNSAFE,
    );
}

fn make(dir: &Path, output: &Path) -> pkgseal_maven::Result<Examination> {
    let options = CheckOptions::default();
    bundle(dir, output, &verifier(&["good"]), &options, &NoProgress)
}

#[test]
fn a_bundle_is_the_same_from_run_to_run() {
    let out = tempfile::tempdir().unwrap();
    let [first, second] = ["1.zip", "2.zip"].map(|name| {
        let dir = signed();
        put(
            dir.path(),
            "org/example/lib/maven-metadata-local.xml",
            "<metadata/>",
        );
        put(dir.path(), &format!("{FOLDER}/_remote.repositories"), name);
        put(
            dir.path(),
            &format!("{FOLDER}/lib-1.0.jar.asc.md5"),
            "not needed",
        );
        let path = out.path().join(name);
        assert_accepted(&make(dir.path(), &path).unwrap());
        fs::read(path).unwrap()
    });
    assert!(first == second);
    let archive = zip::Archive::open(&out.path().join("1.zip"))
        .unwrap()
        .unwrap();
    let names: Vec<String> = archive.files().map(|(path, _)| path.to_string()).collect();
    assert_eq!(names.len(), 5 * 4, "{names:#?}");
    assert!(names.iter().all(|name| name.starts_with(FOLDER)));
}

#[test]
fn two_bundles_differ_in_signatures_only() {
    let out = tempfile::tempdir().unwrap();
    let files = ["2025-03-01", "2025-03-02"].map(|day| {
        let dir = signed();
        for name in ["lib-1.0.jar", "lib-1.0.pom"] {
            resign(dir.path(), name, "good", &RawOptions::at(day));
        }
        let path = out.path().join(format!("{day}.zip"));
        assert_accepted(&make(dir.path(), &path).unwrap());
        let archive = zip::Archive::open(&path).unwrap().unwrap();
        let read = |(path, _): (&pkgseal_repo::SafePath, u64)| {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut archive.read(path).unwrap(), &mut bytes).unwrap();
            (path.to_string(), bytes)
        };
        archive.files().map(read).collect::<Vec<_>>()
    });
    let [first, second] = &files;
    let differ: Vec<&str> = first
        .iter()
        .zip(second)
        .filter(|(a, b)| a != b)
        .map(|(a, _)| a.0.as_str())
        .collect();
    assert_eq!(differ.len(), 2);
    assert!(
        differ.iter().all(|name| name.ends_with(".asc")),
        "{differ:?}"
    );
}

#[test]
fn a_rejected_bundle_is_not_written() {
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("bundle.zip");
    let dir = signed();
    remove(dir.path(), "lib-1.0.jar.asc");
    let judged = make(dir.path(), &path).unwrap();
    crate::assert_rejected(&judged, codes::CENTRAL_SIGNATURE_MISSING);
    for strange in ["other-1.0.jar", "lib-1.0.war.asc"] {
        let dir = signed();
        write(dir.path(), strange, "x");
        let error = make(dir.path(), &path).unwrap_err();
        assert!(error.to_string().contains(strange), "{error}");
    }
    let empty = tempfile::tempdir().unwrap();
    assert!(make(empty.path(), &path).is_err());
    assert!(contents(out.path()).is_empty(), "nothing was left behind");
}

#[test]
fn other_programs_read_our_bundle() {
    let Some(unzip) =
        pkgseal_testkit::peers::have("jar").or_else(|| pkgseal_testkit::peers::have("unzip"))
    else {
        return;
    };
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("bundle.zip");
    let dir = signed();
    assert_accepted(&make(dir.path(), &path).unwrap());
    let mut command = unzip.command();
    let arguments: &[&str] = if unzip.path().ends_with("jar") {
        &["--extract", "--file"]
    } else {
        &["-q"]
    };
    let target = out.path().join("unpacked");
    fs::create_dir(&target).unwrap();
    command.current_dir(&target).args(arguments).arg(&path);
    pkgseal_testkit::peers::run(&mut command).expect_ok();
    assert_eq!(contents(&target), contents(dir.path()));
}
