//! Uploads signed by us, judged by us: from the inside out, and all or nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use pkgseal_deb::Error;
use pkgseal_deb::upload::{self, Existing};
use pkgseal_openpgp::{Examination, Profile, Signed, Signer, Verifier};
use pkgseal_repo::{CheckOptions, Destination, NoProgress, Severity};
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::upload::{Draft, Upload};
use pkgseal_testkit::keys::{self, RawOptions};

use crate::common::{accepted, codes, folder, rejected, verifier, verifier_at, write};

const CHANGES: &str = "hello_1.0-1_amd64.changes";
const BUILDINFO: &str = "hello_1.0-1_amd64.buildinfo";
const DSC: &str = "hello_1.0-1.dsc";
const DOCUMENTS: [&str; 3] = [DSC, BUILDINFO, CHANGES];

fn put(files: Vec<(String, Vec<u8>)>) -> tempfile::TempDir {
    let folder = folder();
    for (name, content) in files {
        write(folder.path(), &name, &content);
    }
    folder
}

fn unsigned() -> tempfile::TempDir {
    put(Upload::new().unsigned())
}

fn by(draft: &Draft<'_>, key: &str) -> Vec<u8> {
    let key = keys::load(key);
    keys::raw_clearsign(
        &[(&key, RawOptions::at(keys::SIGNED))],
        &format!("{}\n", draft.text),
    )
}

fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    pkgseal_testkit::generate::read_tree(folder)
        .into_iter()
        .collect()
}

fn signers(names: &[&str]) -> Vec<Signer> {
    let time = keys::time(keys::SIGNED);
    names.iter().map(|name| keys::signer(name, time)).collect()
}

fn sign_as(
    path: &Path,
    names: &[&str],
    destination: &Destination,
    existing: Existing,
) -> pkgseal_deb::Result<Signed> {
    upload::sign(
        path,
        &signers(names),
        keys::time(keys::SIGNED),
        destination,
        existing,
        &CheckOptions::default(),
        &NoProgress,
    )
}

fn sign(folder: &Path, name: &str) -> pkgseal_deb::Result<Signed> {
    let path = folder.join(name);
    sign_as(&path, &["good"], &Destination::Beside, Existing::Keep)
}

fn verify_by(path: &Path, verifier: &Verifier) -> Examination {
    let options = CheckOptions::default();
    upload::verify(path, verifier, None, &options, &NoProgress).unwrap()
}

fn verify(path: &Path) -> Examination {
    verify_by(path, &verifier(&["good"]))
}

/// Refused for these codes, and nothing in the folder changed.
#[track_caller]
fn refused(folder: &Path, existing: Existing, expected: &[&str]) {
    let before = content(folder);
    let path = folder.join(CHANGES);
    match sign_as(&path, &["good"], &Destination::Beside, existing) {
        Err(Error::Refused { findings, .. }) => {
            let mut found: Vec<_> = findings
                .iter()
                .filter(|finding| finding.severity == Severity::Reject)
                .map(|finding| finding.code.id)
                .collect();
            found.sort_unstable();
            found.dedup();
            assert_eq!(found, expected, "{findings:#?}");
        }
        other => panic!("{other:?}"),
    }
    assert!(content(folder) == before, "something was written");
}

/// The paragraph of a clearsigned document, with the empty line behind it.
fn paragraph(message: &[u8]) -> String {
    String::from_utf8(pkgseal_openpgp::cleartext::split(message).unwrap().text).unwrap()
}

#[test]
fn an_upload_is_signed_from_the_inside_out() {
    let folder = unsigned();
    let before = content(folder.path());
    let signed = sign(folder.path(), CHANGES).unwrap();
    accepted(&signed.examination);
    let names: Vec<_> = signed
        .outputs
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, DOCUMENTS, "the .changes last");

    let found = verify(&folder.path().join(CHANGES));
    accepted(&found);
    assert_eq!(codes(&found), [""; 0]);
    assert_eq!(found.kind, "changes");
    assert_eq!(found.signatures.len(), 3);
    assert_eq!(found.report.files, 5, "every listed file once");
    for document in [DSC, BUILDINFO] {
        accepted(&verify(&folder.path().join(document)));
    }

    // Only the lines of documents that were signed changed.
    let after = content(folder.path());
    assert_eq!(before.len(), after.len());
    for (name, old) in &before {
        let new = &after[name];
        if !DOCUMENTS.contains(&name.as_str()) {
            assert!(old == new, "{name}");
            continue;
        }
        let old = std::str::from_utf8(old).unwrap();
        let new = paragraph(new);
        assert!(new.ends_with("\n\n"), "{name}");
        let (old, new): (Vec<_>, Vec<_>) =
            (old.lines().collect(), new.trim_end().lines().collect());
        assert_eq!(old.len(), new.len());
        for (old, new) in old.iter().zip(new) {
            let listed = old.ends_with(DSC) || old.ends_with(BUILDINFO);
            assert_eq!(*old != new, listed, "{name}: {old}");
        }
    }
}

#[test]
fn the_same_upload_is_signed_to_the_same_bytes() {
    let (one, two) = (unsigned(), unsigned());
    sign(one.path(), CHANGES).unwrap();
    sign(two.path(), CHANGES).unwrap();
    assert!(content(one.path()) == content(two.path()));
}

#[test]
fn one_document_by_itself() {
    for name in [DSC, BUILDINFO] {
        let folder = unsigned();
        let before = content(folder.path());
        let signed = sign(folder.path(), name).unwrap();
        assert_eq!(signed.outputs.len(), 1);
        accepted(&verify(&folder.path().join(name)));
        let after = content(folder.path());
        for (other, old) in &before {
            assert_eq!(old != &after[other], other == name, "{other}");
        }
        // A .changes made before can still be signed: it listed what is now signed.
        if name == DSC {
            sign(folder.path(), CHANGES).unwrap();
            accepted(&verify(&folder.path().join(CHANGES)));
            let dsc = std::fs::read(folder.path().join(DSC)).unwrap();
            assert!(dsc == after[DSC], "it stays as it was");
        }
    }
}

/// Killed between two renames: the documents inside are signed, the .changes is not.
#[test]
fn what_was_interrupted_can_be_finished() {
    for existing in [Existing::Keep, Existing::Replace] {
        let folder = unsigned();
        let path = folder.path().join(CHANGES);
        let old = std::fs::read(&path).unwrap();
        sign(folder.path(), CHANGES).unwrap();
        let whole = content(folder.path());
        std::fs::write(&path, &old).unwrap();
        rejected(&verify(&path), &["upload.unsigned"]);
        sign_as(&path, &["good"], &Destination::Beside, existing).unwrap();
        assert!(content(folder.path()) == whole);

        // What else changed in between is no work of a signer.
        std::fs::write(&path, &old).unwrap();
        let buildinfo = folder.path().join(BUILDINFO);
        let text = paragraph(&std::fs::read(&buildinfo).unwrap());
        let key = keys::load("good");
        let options = RawOptions::at(keys::SIGNED);
        let changed = keys::raw_clearsign(&[(&key, options)], &text.replace("TEST", "FAKE"));
        std::fs::write(&buildinfo, changed).unwrap();
        refused(folder.path(), existing, &["file.digest-mismatch"]);
    }
}

#[test]
fn several_keys_sign_everything() {
    let folder = unsigned();
    let path = folder.path().join(CHANGES);
    let keys = ["good-rsa4096", "good-v6-ed25519"];
    sign_as(&path, &keys, &Destination::Beside, Existing::Keep).unwrap();
    for key in keys {
        let found = verify_by(&path, &verifier(&[key]));
        accepted(&found);
        assert_eq!(found.signatures.len(), 3);
    }
}

#[test]
fn what_is_signed_already_stays_unless_told() {
    let folder = unsigned();
    sign(folder.path(), CHANGES).unwrap();
    let before = content(folder.path());
    for name in DOCUMENTS {
        let error = sign(folder.path(), name).unwrap_err();
        assert!(matches!(error, Error::SignedAlready { .. }), "{error}");
    }
    assert!(content(folder.path()) == before);

    let path = folder.path().join(CHANGES);
    let replace = |key| sign_as(&path, &[key], &Destination::Beside, Existing::Replace);
    replace("good").unwrap();
    assert!(
        content(folder.path()) == before,
        "the same key at the same time"
    );
    replace("good-rsa4096").unwrap();
    accepted(&verify_by(&path, &verifier(&["good-rsa4096"])));
    rejected(&verify(&path), &["signature.missing-certificate"]);
    for name in DOCUMENTS {
        let text = String::from_utf8(content(folder.path())[name].clone()).unwrap();
        assert_eq!(text.matches("BEGIN PGP SIGNATURE").count(), 1, "{name}");
    }
}

#[test]
fn a_document_inside_that_is_signed_has_to_be_by_the_same_key() {
    let mixed = |key: &'static str| {
        put(Upload::new().files(&|draft| match draft.kind {
            "dsc" => by(draft, key),
            _ => draft.text.into(),
        }))
    };
    let own = mixed("good");
    let dsc = content(own.path())[DSC].clone();
    sign(own.path(), CHANGES).unwrap();
    accepted(&verify(&own.path().join(CHANGES)));
    assert!(content(own.path())[DSC] == dsc);

    let foreign = mixed("good-rsa4096");
    refused(
        foreign.path(),
        Existing::Keep,
        &["signature.missing-certificate"],
    );
    let path = foreign.path().join(CHANGES);
    sign_as(&path, &["good"], &Destination::Beside, Existing::Replace).unwrap();
    accepted(&verify(&path));
}

#[test]
fn what_would_be_rejected_is_not_signed() {
    let change = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let folder = unsigned();
        let path = folder.path().join(name);
        let mut content = std::fs::read(&path).unwrap();
        change(&mut content);
        std::fs::write(&path, content).unwrap();
        folder
    };
    let replaced = |name: &str, from: &str, to: &str| {
        change(name, &|content| {
            let text = String::from_utf8(content.clone()).unwrap();
            assert!(text.contains(from));
            *content = text.replacen(from, to, 1).into();
        })
    };
    let deb = "hello_1.0-1_all.deb";
    for (folder, code) in [
        (
            change(deb, &|content| content[30] ^= 1),
            "file.digest-mismatch",
        ),
        (
            change(deb, &|content| content.push(0)),
            "file.size-mismatch",
        ),
        (
            change("hello_1.0-1.debian.tar.xz", &|content| content[30] ^= 1),
            "file.digest-mismatch",
        ),
        // A .dsc that somebody changed would be covered up by its new digests.
        (
            replaced(DSC, "misc optional", "misc required"),
            "file.digest-mismatch",
        ),
        (replaced(BUILDINFO, "TEST", "FAKE"), "file.digest-mismatch"),
        (
            replaced(CHANGES, "Urgency: medium", "Checksums-Sha512:\n 00 1 x"),
            "upload.unknown-checksums",
        ),
        (
            replaced(CHANGES, "Source: hello", "Source: other"),
            "upload.fields-differ",
        ),
        (
            replaced(
                CHANGES,
                "Distribution: unstable",
                "Distribution: unstable stable",
            ),
            "upload.distribution",
        ),
        (
            replaced(CHANGES, "Urgency: medium", "Source: other"),
            "upload.duplicate-field",
        ),
        (
            replaced(CHANGES, "Binary: hello", "Binary: goodbye"),
            "upload.not-announced",
        ),
        (
            replaced(CHANGES, " hello_1.0-1.dsc", " ../hello_1.0-1.dsc"),
            "upload.file-name",
        ),
    ] {
        let expected: Vec<&str> = match code {
            "upload.fields-differ" => vec![
                "upload.fields-differ",
                "upload.name-mismatch",
                "upload.package-mismatch",
            ],
            // Binary of the .changes says nothing of the .buildinfo.
            code => vec![code],
        };
        refused(folder.path(), Existing::Keep, &expected);
    }
    for missing in [deb, DSC, "hello_1.0.orig.tar.xz"] {
        let folder = unsigned();
        std::fs::remove_file(folder.path().join(missing)).unwrap();
        refused(folder.path(), Existing::Keep, &["file.missing"]);
    }
}

#[test]
fn another_key_than_the_upload_needs_signs_nothing() {
    let folder = unsigned();
    let before = content(folder.path());
    let path = folder.path().join(CHANGES);
    let signers = [keys::signer("expired", keys::time(keys::SIGNED))];
    let error = upload::sign(
        &path,
        &signers,
        keys::time(keys::NOW),
        &Destination::Beside,
        Existing::Keep,
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    let none = sign_as(&path, &[], &Destination::Beside, Existing::Keep).unwrap_err();
    assert!(matches!(none, Error::NoSigner));
    assert!(content(folder.path()) == before);
}

#[test]
fn into_another_directory_the_whole_upload_goes() {
    let upload = Upload::new().upstream(&|content| {
        keys::raw_sign(
            &keys::load("stranger"),
            content,
            &RawOptions::at(keys::SIGNED),
        )
    });
    let folder = put(upload.unsigned());
    let before = content(folder.path());
    let path = folder.path().join(CHANGES);
    let out = folder.path().parent().unwrap().join(format!(
        "{}-out/deep",
        folder.path().file_name().unwrap().to_str().unwrap()
    ));
    let signed = sign_as(
        &path,
        &["good"],
        &Destination::Directory(out.clone()),
        Existing::Keep,
    )
    .unwrap();
    assert_eq!(
        signed.outputs.last().unwrap(),
        &out.join(CHANGES).canonicalize().unwrap()
    );
    assert_eq!(signed.outputs.len(), before.len());
    assert!(content(folder.path()) == before);
    accepted(&verify(&out.join(CHANGES)));
    let copied = content(&out);
    assert_eq!(copied.len(), before.len());
    for (name, old) in &before {
        assert_eq!(
            old != &copied[name],
            DOCUMENTS.contains(&name.as_str()),
            "{name}"
        );
    }

    // The folder it stands in is no other one.
    let same = Destination::Directory(folder.path().join("."));
    sign_as(&path, &["good"], &same, Existing::Keep).unwrap();
    accepted(&verify(&path));
    std::fs::remove_dir_all(out.parent().unwrap()).unwrap();
}

#[test]
fn nothing_goes_elsewhere_that_is_not_right() {
    let folder = unsigned();
    let deb = folder.path().join("hello_1.0-1_all.deb");
    let mut bytes = std::fs::read(&deb).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&deb, bytes).unwrap();
    let out = tempfile::tempdir().unwrap();
    let destination = Destination::Directory(out.path().to_owned());
    let path = folder.path().join(CHANGES);
    let refused = sign_as(&path, &["good"], &destination, Existing::Keep);
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    assert!(content(out.path()).is_empty());
}

fn full() -> tempfile::TempDir {
    put(Upload::new().files(&|draft| by(draft, "good")))
}

#[test]
fn age_is_a_matter_of_policy() {
    let folder = full();
    let path = folder.path().join(CHANGES);
    let judge = |verifier: &Verifier, age: Option<SignedDuration>| {
        let options = CheckOptions::default();
        upload::verify(&path, verifier, age, &options, &NoProgress).unwrap()
    };
    let day = |days: i64| Some(SignedDuration::from_hours(24 * days));
    // 184 days after it was signed.
    accepted(&judge(&verifier(&["good"]), None));
    accepted(&judge(&verifier(&["good"]), day(184)));
    let old = judge(&verifier(&["good"]), day(183));
    rejected(&old, &["upload.too-old"]);
    assert!(
        old.report.findings[0]
            .cause
            .as_ref()
            .unwrap()
            .contains("--max-age")
    );
    let later = verifier_at(&["good"], "2040-01-01");
    let old = judge(&later, None);
    rejected(&old, &["upload.too-old"]);
    let cause = old.report.findings[0].cause.clone().unwrap();
    assert!(cause.contains("upload.max-age-days = 365"), "{cause}");
    accepted(&judge(&later, day(10_000)));
    let legacy = Verifier::new(
        keys::certificates(&["good"]),
        Profile::named("legacy").unwrap(),
        keys::time("2040-01-01"),
    );
    accepted(&judge(&legacy, None));
    // From the future.
    rejected(
        &judge(&verifier_at(&["good"], "2025-02-28"), None),
        &["signature.not-yet-valid"],
    );
    // A source package has no age.
    accepted(&verify_by(&folder.path().join(DSC), &later));
}

#[test]
fn a_signature_is_recognised_when_it_comes_again() {
    let (one, two) = (full(), full());
    let ids = |folder: &Path| -> Vec<_> {
        let found = verify(&folder.join(CHANGES));
        let facts = found
            .signatures
            .iter()
            .flat_map(|object| &object.report.signatures);
        facts
            .map(|facts| (facts.key.clone(), facts.digest.clone().unwrap()))
            .collect()
    };
    assert_eq!(ids(one.path()), ids(two.path()));
    let mut seen = ids(one.path());
    seen.sort_by(|a, b| a.1.cmp(&b.1));
    seen.dedup();
    assert_eq!(seen.len(), 3, "one for each document");
    let other = put(Upload {
        fields: "Closes: 1\n".into(),
        ..Upload::new()
    }
    .files(&|draft| by(draft, "good")));
    assert_ne!(ids(one.path()).first(), ids(other.path()).first());
}

#[test]
fn whom_to_trust_with_uploads_says_nothing_of_upstream() {
    let upload = Upload::new().upstream(&|content| {
        keys::raw_sign(
            &keys::load("good-rsa4096"),
            content,
            &RawOptions::at(keys::SIGNED),
        )
    });
    let folder = put(upload.files(&|draft| by(draft, "good")));
    let path = folder.path().join(CHANGES);
    let uploader = verifier(&["good"])
        .certificates()
        .iter()
        .next()
        .unwrap()
        .fingerprint();
    let strict = Verifier::new(
        keys::certificates(&["good", "good-rsa4096"]),
        Profile::strict().allowing(vec![uploader]),
        keys::time(keys::NOW),
    );
    let found = verify_by(&path, &strict);
    accepted(&found);
    assert_eq!(found.signatures.len(), 4);
    // Without upstream's certificate it is a note, and nothing more.
    let found = verify(&path);
    accepted(&found);
    assert_eq!(codes(&found), ["upload.upstream-not-judged"]);
    // The other way round upstream's key uploads nothing.
    rejected(
        &verify_by(&path, &verifier(&["good-rsa4096"])),
        &["signature.missing-certificate"],
    );
}

#[test]
fn packages_built_and_not_uploaded_are_a_note() {
    let name = "hello_1.0-1_all.deb";
    let upload = Upload::new();
    let files = upload.files(&|draft| {
        let text: String = match draft.kind {
            "changes" => draft
                .text
                .split_inclusive('\n')
                .filter(|line| !line.trim_end().ends_with(name))
                .collect::<String>()
                .replace(
                    "Binary: hello\nArchitecture: source all",
                    "Architecture: source amd64",
                ),
            _ => draft.text.into(),
        };
        by(
            &Draft {
                text: &text,
                ..*draft
            },
            "good",
        )
    });
    let folder = put(files);
    std::fs::remove_file(folder.path().join(name)).unwrap();
    let found = verify(&folder.path().join(CHANGES));
    accepted(&found);
    assert_eq!(codes(&found), ["upload.not-included"]);
    // By itself, a .buildinfo wants to see what it speaks of.
    rejected(&verify(&folder.path().join(BUILDINFO)), &["file.missing"]);
    // Where it stands there, it is looked at.
    write(folder.path(), name, b"something else");
    rejected(
        &verify(&folder.path().join(CHANGES)),
        &["file.size-mismatch"],
    );
}

#[test]
fn rebuilt_binaries_name_their_source() {
    let rebuilt = |source: &str| {
        let upload = Upload {
            version: "1:1.0-1+b1".into(),
            debs: vec![Deb::new("hello", "1:1.0-1+b1", "amd64").field("Source", source)],
            ..Upload::new()
        };
        let dsc = upload.dsc_name();
        let changes = upload.changes_name();
        let folder = put(upload.files(&|draft| {
            let text: String = draft
                .text
                .split_inclusive('\n')
                .filter(|line| !line.contains(&dsc) && !line.contains(".tar."))
                .collect();
            let text = text
                .replace("Source: hello\n", "Source: hello (1:1.0-1)\n")
                .replace("Architecture: source amd64", "Architecture: amd64");
            by(
                &Draft {
                    text: &text,
                    ..*draft
                },
                "good",
            )
        }));
        let found = verify(&folder.path().join(changes));
        (folder, found)
    };
    accepted(&rebuilt("hello (1:1.0-1)").1);
    rejected(&rebuilt("hello").1, &["upload.package-mismatch"]);
    rejected(&rebuilt("hello (1.0-1)").1, &["upload.package-mismatch"]);
    rejected(&rebuilt("hello_x").1, &["upload.package-mismatch"]);
}

#[test]
fn names_of_builds() {
    for (named, good) in [
        ("amd64", true),
        ("amd64-buildd", true),
        ("all", true),
        ("source", true),
        ("arm64", true),
        ("AMD64", false),
        ("", false),
        ("multi", true),
    ] {
        // All its packages are for all architectures: dpkg names it after the machine.
        let upload = Upload {
            named: named.into(),
            buildinfo: false,
            ..Upload::new()
        };
        let folder = put(upload.files(&|draft| by(draft, "good")));
        let found = verify(&folder.path().join(upload.changes_name()));
        assert_eq!(
            codes(&found).is_empty(),
            good,
            "{named}: {:?}",
            codes(&found)
        );
        // Packages of one architecture are not built under another's name.
        let upload = Upload {
            debs: vec![Deb::new("hello", "1:1.0-1", "amd64")],
            ..upload
        };
        let folder = put(upload.files(&|draft| by(draft, "good")));
        let found = verify(&folder.path().join(upload.changes_name()));
        let good = matches!(named, "amd64" | "amd64-buildd" | "source" | "multi");
        assert_eq!(
            codes(&found).is_empty(),
            good,
            "{named}: {:?}",
            codes(&found)
        );
    }
}

#[test]
fn what_is_no_document_is_an_error() {
    let folder = full();
    let refused = |name: &str| {
        let options = CheckOptions::default();
        let path: PathBuf = folder.path().join(name);
        upload::verify(&path, &verifier(&["good"]), None, &options, &NoProgress).unwrap_err()
    };
    for name in ["hello_1.0-1_all.deb", "none.changes", "", "none/none.dsc"] {
        let error = refused(name);
        assert!(matches!(error, Error::Repo(_)), "{name}: {error}");
    }
    std::fs::create_dir(folder.path().join("x.changes")).unwrap();
    assert!(matches!(refused("x.changes"), Error::Repo(_)));
}

/// A link in place of a file must not lead out of the folder.
#[test]
fn links_do_not_lead_out() {
    let folder = full();
    for name in ["hello_1.0-1_all.deb", DSC] {
        let path = folder.path().join(name);
        let elsewhere = tempfile::tempdir().unwrap();
        let target = write(elsewhere.path(), name, &std::fs::read(&path).unwrap());
        let kept = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(target, &path).unwrap();
        rejected(&verify(&folder.path().join(CHANGES)), &["path.unsafe"]);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, kept).unwrap();
    }
    accepted(&verify(&folder.path().join(CHANGES)));
}
