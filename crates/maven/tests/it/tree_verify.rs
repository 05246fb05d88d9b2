//! Verifying a repository.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use pkgseal_maven::{codes, tree};
use pkgseal_openpgp::{Examination, codes as signature};
use pkgseal_repo::{
    CheckOptions, Destination, NoProgress, Outcome, Root, SafePath, codes as repo_codes,
};
use pkgseal_testkit::build::{Digest, maven, put};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};

use crate::{assert_accepted, assert_rejected, contents, has, plus, verifier};

const FOLDER: &str = "org/example/lib/1.0";
const JAR: &str = "org/example/lib/1.0/lib-1.0.jar";

/// A signed repository of three artifacts.
pub(crate) fn repository() -> tempfile::TempDir {
    let dir = unsigned();
    let time = keys::time(keys::SIGNED);
    tree::sign(
        dir.path(),
        &[keys::signer("good", time)],
        time,
        &Destination::Beside,
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap();
    dir
}

/// The same, not signed.
pub(crate) fn unsigned() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    maven::write(
        dir.path(),
        &[
            maven::Artifact::new("org.example", "lib", "1.0"),
            maven::Artifact::new("org.example", "lib", "1.1"),
            maven::Artifact::new("org.example.deep", "my-tool", "2.0-beta-1"),
        ],
    );
    dir
}

pub(crate) fn verify(path: &Path) -> Examination {
    let options = CheckOptions::default();
    tree::verify(path, &verifier(&["good"]), &options, &NoProgress).unwrap()
}

/// Changes a signed repository, and says what is thought of it then.
fn after(change: impl FnOnce(&Path)) -> Examination {
    let dir = repository();
    change(dir.path());
    verify(dir.path())
}

#[test]
fn a_signed_repository_is_accepted() {
    let dir = repository();
    let examination = verify(dir.path());
    assert_accepted(&examination);
    assert_eq!(examination.kind, "maven");
    assert_eq!(examination.signatures.len(), 12);
    // Two maven-metadata.xml have checksums only.
    assert_eq!(examination.report.files, 14);
    let first = &examination.signatures[0].object;
    assert!(first.starts_with("org/example/deep/my-tool/2.0-beta-1/my-tool-2.0-beta-1"));
    assert!(has(&examination, codes::METADATA_UNSIGNED));
    assert!(tree::recognise(&Root::open(dir.path()).unwrap()).unwrap());
}

#[test]
fn any_changed_file_rejects() {
    let dir = repository();
    for (name, content) in contents(dir.path()) {
        let path = dir.path().join(&name);
        let mut changed = content.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        fs::write(&path, &changed).unwrap();
        assert_eq!(verify(dir.path()).outcome(), Outcome::Rejected, "{name}");
        fs::write(&path, content).unwrap();
    }
    assert_accepted(&verify(dir.path()));
}

#[test]
fn an_unsigned_artifact_rejects() {
    let examination =
        after(|root| fs::remove_file(root.join(JAR).with_extension("jar.asc")).unwrap());
    assert_rejected(&examination, signature::NONE);
    let examination = after(|root| put(root, &format!("{FOLDER}/lib-1.0-extra.zip"), "new"));
    assert_rejected(&examination, signature::NONE);
    // A new version, a snapshot, another group.
    for path in [
        "org/example/lib/1.2/lib-1.2.jar",
        "org/example/lib/1.2-SNAPSHOT/lib-1.2-20250301.120000-1.jar",
        "evil/lib/1.0/lib-1.0.pom",
        ".hidden/lib/1.0/lib-1.0.pom",
    ] {
        let examination = after(|root| put(root, path, "new"));
        assert_rejected(&examination, signature::NONE);
    }
}

#[test]
fn a_checksum_that_is_wrong_rejects() {
    for suffix in [".md5", ".sha1", ".sha256", ".sha512"] {
        let path = format!("{JAR}{suffix}");
        let other = fs::read_to_string;
        let examination = after(|root| {
            let pom = format!("{FOLDER}/lib-1.0.pom{suffix}");
            let of_pom = other(root.join(pom)).unwrap();
            put(root, &path, of_pom);
        });
        assert_rejected(&examination, codes::CHECKSUM_MISMATCH);
        let examination = after(|root| put(root, &path, "nonsense"));
        assert_rejected(&examination, codes::CHECKSUM_MALFORMED);
    }
    // Of a signature, and of the metadata.
    let examination = after(|root| put(root, &format!("{JAR}.asc.md5"), Digest::Md5.hex(b"x")));
    assert_rejected(&examination, codes::CHECKSUM_MISMATCH);
    let examination = after(|root| {
        let metadata = "org/example/lib/maven-metadata.xml";
        put(root, metadata, "<metadata/>");
    });
    assert_rejected(&examination, codes::CHECKSUM_MISMATCH);
}

#[test]
fn a_name_that_disagrees_with_its_folder_rejects() {
    let examination = after(|root| {
        for suffix in ["", ".asc"] {
            fs::rename(
                root.join(format!("{JAR}{suffix}")),
                root.join(format!("{FOLDER}/evil-1.0.jar{suffix}")),
            )
            .unwrap();
        }
    });
    assert_rejected(&examination, codes::COORDINATES);
    // Its checksums stayed behind.
    assert!(has(&examination, codes::ORPHAN));
}

#[test]
fn a_signed_pom_of_another_version_rejects() {
    // A downgrade: the old, well-signed files under the new names.
    let examination = after(|root| {
        for suffix in ["", ".asc", ".md5", ".sha1", ".sha256", ".sha512"] {
            fs::copy(
                root.join(format!("org/example/lib/1.0/lib-1.0.pom{suffix}")),
                root.join(format!("org/example/lib/1.1/lib-1.1.pom{suffix}")),
            )
            .unwrap();
        }
    });
    assert_rejected(&examination, codes::POM_MISMATCH);
    let findings = &examination.report.findings;
    assert_eq!(
        findings[0].detail, "its version is 1.0, its path says 1.1",
        "{findings:?}"
    );
}

#[test]
fn a_signed_pom_that_is_none_rejects() {
    let examination = after(|root| {
        let pom = format!("{FOLDER}/lib-1.0.pom");
        for suffix in [".md5", ".sha1", ".sha256", ".sha512"] {
            fs::remove_file(root.join(format!("{pom}{suffix}"))).unwrap();
        }
        let text = b"<!DOCTYPE project><project/>";
        let asc = raw_sign(&keys::load("good"), text, &RawOptions::at(keys::SIGNED));
        put(root, &pom, text);
        put(root, &format!("{pom}.asc"), asc);
    });
    assert_rejected(&examination, codes::POM_MALFORMED);
    // One whose signature is bad is not even parsed.
    let examination = after(|root| put(root, &format!("{FOLDER}/lib-1.0.pom"), "<x"));
    assert_rejected(&examination, signature::BAD);
    assert!(!has(&examination, codes::POM_MALFORMED));
    // And one that is too large is not kept.
    let dir = repository();
    let mut options = CheckOptions::default();
    options.limits.pom = 100;
    let examination =
        tree::verify(dir.path(), &verifier(&["good"]), &options, &NoProgress).unwrap();
    assert_rejected(&examination, repo_codes::LIMIT);
}

#[test]
fn orphans_are_warned_of() {
    let examination = after(|root| fs::remove_file(root.join(JAR)).unwrap());
    assert_accepted(&examination);
    let orphans = examination.report.findings.iter();
    assert_eq!(orphans.filter(|f| f.code == codes::ORPHAN).count(), 5);
}

#[test]
fn signed_metadata_is_judged_as_a_repository() {
    let metadata = "org/example/lib/maven-metadata.xml";
    let signed = |name: &str, root: &Path| {
        let content = fs::read(root.join(metadata)).unwrap();
        let signature = raw_sign(&keys::load(name), &content, &RawOptions::at(keys::SIGNED));
        put(root, &format!("{metadata}.asc"), signature);
    };
    let examination = after(|root| signed("good", root));
    assert_accepted(&examination);
    assert_eq!(examination.signatures.len(), 13);
    let examination = after(|root| {
        signed("good", root);
        put(root, metadata, "<metadata/>");
    });
    assert_rejected(&examination, signature::BAD);
    // Expired since: fine for an artifact, not for a list of versions.
    let dir = repository();
    signed("expired", dir.path());
    let known = verifier(&["good", "expired"]);
    let examination =
        tree::verify(dir.path(), &known, &CheckOptions::default(), &NoProgress).unwrap();
    assert_rejected(&examination, signature::KEY_EXPIRED_NOW);
}

#[test]
fn links_out_and_links_to_folders_reject() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("evil"), "evil").unwrap();
    let examination = after(|root| {
        let jar = root.join(JAR);
        fs::remove_file(&jar).unwrap();
        symlink(outside.path().join("evil"), jar).unwrap();
    });
    assert_rejected(&examination, repo_codes::PATH_UNSAFE);
    let examination = after(|root| {
        symlink("1.0", root.join("org/example/lib/3.0")).unwrap();
    });
    assert_rejected(&examination, codes::LINKED_FOLDER);
    let examination = after(|root| {
        symlink(outside.path(), root.join("org/example/lib/3.0")).unwrap();
    });
    assert_rejected(&examination, repo_codes::PATH_UNSAFE);
    // A link to a file inside is that file.
    let examination = after(|root| {
        for suffix in ["", ".asc"] {
            let link = root.join(format!("{FOLDER}/lib-1.0-alias.jar{suffix}"));
            symlink(format!("lib-1.0.jar{suffix}"), link).unwrap();
        }
    });
    assert_accepted(&examination);
    // A signature that leads out.
    let examination = after(|root| {
        let asc = root.join(format!("{JAR}.asc"));
        fs::rename(&asc, outside.path().join("asc")).unwrap();
        symlink(outside.path().join("asc"), asc).unwrap();
    });
    assert_rejected(&examination, repo_codes::PATH_UNSAFE);
}

#[test]
fn names_with_control_characters_reject() {
    let examination = after(|root| put(root, &format!("{FOLDER}/lib-1.0-\u{1b}[2J.jar"), ""));
    assert_rejected(&examination, repo_codes::PATH_UNSAFE);
}

#[test]
fn what_is_no_repository_is_not_accepted() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "some/file.txt", "x");
    assert!(!tree::recognise(&Root::open(dir.path()).unwrap()).unwrap());
    assert_rejected(&verify(dir.path()), codes::EMPTY);
    let absent = dir.path().join("absent");
    let options = CheckOptions::default();
    assert!(tree::verify(&absent, &verifier(&["good"]), &options, &NoProgress).is_err());
    // A POM at the wrong place makes no repository.
    put(dir.path(), "org/example/lib/1.0/lib-1.1.pom", "");
    put(dir.path(), "lib-1.0.pom", "");
    assert!(!tree::recognise(&Root::open(dir.path()).unwrap()).unwrap());
}

#[test]
fn too_many_files_reject() {
    let dir = repository();
    let mut options = CheckOptions::default();
    options.limits.entries = 10;
    let examination =
        tree::verify(dir.path(), &verifier(&["good"]), &options, &NoProgress).unwrap();
    assert_rejected(&examination, repo_codes::LIMIT);
    assert!(examination.signatures.is_empty());
}

#[test]
fn what_maven_keeps_for_itself_is_no_artifact() {
    let examination = after(|root| {
        put(root, &format!("{FOLDER}/_remote.repositories"), "x");
        put(root, &format!("{JAR}.lastUpdated"), "x");
        put(root, &format!("{JAR}.sigstore.json"), "{}");
        put(root, &format!("{FOLDER}/.DS_Store"), "x");
        put(root, "index.html", "x");
    });
    assert_accepted(&examination);
    assert!(has(&examination, codes::OUTSIDE));
}

#[test]
fn the_report_is_the_same_for_any_number_of_threads() {
    let dir = repository();
    put(dir.path(), JAR, "changed");
    put(dir.path(), "org/example/lib/1.2/lib-1.2.jar", "new");
    let reports: Vec<_> = [1, 2, 8]
        .into_iter()
        .map(|jobs| {
            let options = CheckOptions {
                jobs,
                ..CheckOptions::default()
            };
            let found =
                tree::verify(dir.path(), &verifier(&["good"]), &options, &NoProgress).unwrap();
            let objects: Vec<_> = found.signatures.into_iter().map(|s| s.object).collect();
            (found.report, objects)
        })
        .collect();
    assert!(reports.iter().all(|report| *report == reports[0]));
}

#[test]
fn an_expired_key_signs_nothing_new_in_a_tree() {
    let dir = unsigned();
    for (name, content) in contents(dir.path()) {
        let path = SafePath::new(&name).unwrap();
        if pkgseal_maven::Coordinates::of(&path).is_some() && !is_checksum(&name) {
            let key = keys::load("expired");
            let asc = raw_sign(&key, &content, &RawOptions::at("2025-06-15"));
            fs::write(plus(&dir.path().join(&name), ".asc"), asc).unwrap();
        }
    }
    let known = verifier(&["expired"]);
    let examination =
        tree::verify(dir.path(), &known, &CheckOptions::default(), &NoProgress).unwrap();
    assert_rejected(&examination, signature::KEY_EXPIRED_AT_SIGNING);
    assert_eq!(examination.signatures.len(), 12);
}

fn is_checksum(name: &str) -> bool {
    let extension = PathBuf::from(name);
    let extension = extension.extension().unwrap().to_str().unwrap();
    ["md5", "sha1", "sha256", "sha512"].contains(&extension)
}
