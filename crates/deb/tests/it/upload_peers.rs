//! Uploads beside the programs Debian's developers use.

use std::path::Path;

use pkgseal_deb::upload::{self, Existing};
use pkgseal_openpgp::{Examination, Profile, Signed, Verifier, cleartext};
use pkgseal_repo::{CheckOptions, Destination, NoProgress};
use pkgseal_testkit::build::upload::Upload;
use pkgseal_testkit::keys::{self, RawOptions};
use pkgseal_testkit::peers::{devscripts, gnupg, have};

use crate::common::{accepted, folder, rejected, verifier, write};

const CHANGES: &str = "hello_1.0-1_amd64.changes";
const DOCUMENTS: [&str; 3] = ["hello_1.0-1.dsc", "hello_1.0-1_amd64.buildinfo", CHANGES];

fn sign(path: &Path, key: &str) -> Signed {
    let time = keys::time(keys::SIGNED);
    upload::sign(
        path,
        &[keys::signer(key, time)],
        time,
        &Destination::Beside,
        Existing::Keep,
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap()
}

fn verify(path: &Path, verifier: &Verifier) -> Examination {
    let options = CheckOptions::default();
    upload::verify(path, verifier, None, &options, &NoProgress).unwrap()
}

/// Built by dpkg, signed by us: every verifier takes every document.
#[test]
fn peers_accept_what_we_sign() {
    for name in ["good-ed25519", "good-rsa4096"] {
        let Some(built) = devscripts::build_upload() else {
            return;
        };
        let key = keys::load(name);
        let signed = sign(&built.path().join(CHANGES), name);
        accepted(&signed.examination);
        let keyring = keys::keyring(&[name]);
        for document in DOCUMENTS {
            let path = built.path().join(document);
            accepted(&verify(&path, &verifier(&[name])));
            let Some(run) = devscripts::dscverify(&path, &keyring) else {
                return;
            };
            let run = run.expect_ok();
            assert!(run.says("All files validated successfully"), "{run}");
            assert!(!run.says("skipping"), "{run}");
            let message = std::fs::read(&path).unwrap();
            if let Some(home) = gnupg::Home::new(&[]) {
                home.import(key.certificate());
                let run = home.verify(&message, None).expect_ok();
                assert!(run.says("GOODSIG"), "{run}");
            }
            if let Some(sq) = have("sq") {
                let run = sq.run([
                    Path::new("verify"),
                    Path::new("--signer-cert"),
                    &key.certificate_path(),
                    &path,
                ]);
                let run = run.expect_ok();
                let text = cleartext::split(&message).unwrap().text;
                // sq leaves the last line end to the signature, as the specification does.
                assert!(text.starts_with(run.stdout.trim_ascii_end()), "{document}");
            }
        }
        if let Some(run) = devscripts::dpkg_source(&built.path().join(DOCUMENTS[0]), &keyring) {
            run.expect_ok();
        }
        let stranger = keys::keyring(&["stranger"]);
        if let Some(run) = devscripts::dpkg_source(&built.path().join(DOCUMENTS[0]), &stranger) {
            run.expect_failure();
        }
    }
}

/// Signed by debsign: we take it.
#[test]
fn we_accept_what_debsign_signs() {
    let Some(built) = devscripts::build_upload() else {
        return;
    };
    let key = keys::load("good-rsa4096");
    let Some(run) = devscripts::debsign(&built.path().join(CHANGES), &key) else {
        return;
    };
    run.expect_ok();
    // debsign takes the time of the clock.
    let judge = Verifier::new(
        keys::certificates(&["good-rsa4096"]),
        Profile::strict(),
        keys::time("2100-01-01"),
    );
    for document in DOCUMENTS {
        let options = CheckOptions::default();
        let path = built.path().join(document);
        let age = Some(jiff::SignedDuration::from_hours(24 * 365 * 200));
        let found = upload::verify(&path, &judge, age, &options, &NoProgress).unwrap();
        accepted(&found);
    }
}

/// Lines of a paragraph, with what depends on signatures taken out.
fn comparable(message: &[u8]) -> Vec<String> {
    let text = cleartext::split(message).unwrap().text;
    let text = String::from_utf8(text).unwrap();
    text.lines()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["", _, _, rest @ ..] if line.ends_with(".dsc") || line.ends_with(".buildinfo") => {
                    format!(" HEX SIZE {}", rest.join(" "))
                }
                _ => line.to_owned(),
            }
        })
        .collect()
}

/// The same upload signed by debsign and by us: no byte differs but signatures, and the
/// digests and sizes of what they stand in.
#[test]
fn nothing_differs_from_debsign_but_signatures() {
    let Some(built) = devscripts::build_upload() else {
        return;
    };
    let copy = folder();
    for (name, content) in pkgseal_testkit::generate::read_tree(built.path()) {
        write(copy.path(), &name, &content);
    }
    let key = keys::load("good-rsa4096");
    let Some(run) = devscripts::debsign(&built.path().join(CHANGES), &key) else {
        return;
    };
    run.expect_ok();
    sign(&copy.path().join(CHANGES), "good-rsa4096");
    let read = |folder: &Path, name: &str| std::fs::read(folder.join(name)).unwrap();
    for (name, _) in pkgseal_testkit::generate::read_tree(copy.path()) {
        let (theirs, ours) = (read(built.path(), &name), read(copy.path(), &name));
        if !DOCUMENTS.contains(&name.as_str()) {
            assert!(theirs == ours, "{name}");
            continue;
        }
        assert_eq!(comparable(&theirs), comparable(&ours), "{name}");
        let head = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.split("\nHash:").next().unwrap().to_owned()
        };
        assert_eq!(head(&theirs), head(&ours));
        // Ours changes nothing in theirs when it signs it again.
    }
    let path = built.path().join(CHANGES);
    let time = keys::time(keys::SIGNED);
    upload::sign(
        &path,
        &[keys::signer("good-rsa4096", time)],
        time,
        &Destination::Beside,
        Existing::Replace,
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap();
    for name in DOCUMENTS {
        let (again, ours) = (read(built.path(), name), read(copy.path(), name));
        assert!(
            again == ours,
            "{name}: signing anew gives what signing first gave"
        );
    }
}

/// dscverify takes any signature that is mathematically right; keys that have expired or
/// are revoked make no difference to it.
#[test]
fn dscverify_is_wrong_about_dead_keys() {
    for (key, code) in [
        ("expired", "signature.key-expired"),
        ("revoked-hard", "signature.key-revoked"),
        ("revoked-soft", "signature.key-retired"),
    ] {
        let folder = folder();
        let signer = keys::load(key);
        let files = Upload::new().files(&|draft| {
            keys::raw_clearsign(
                &[(&signer, RawOptions::at(keys::SIGNED))],
                &format!("{}\n", draft.text),
            )
        });
        for (name, content) in files {
            write(folder.path(), &name, &content);
        }
        let path = folder.path().join(CHANGES);
        rejected(&verify(&path, &verifier(&[key])), &[code]);
        let Some(run) = devscripts::dscverify(&path, &keys::keyring(&[key])) else {
            return;
        };
        let run = run.expect_ok();
        assert!(run.says("All files validated successfully"), "{run}");
    }
}

/// dscverify passes over files that are not there; and both see what is changed.
#[test]
fn dscverify_passes_over_what_is_missing() {
    let folder = folder();
    let signer = keys::load("good");
    let files = Upload::new().files(&|draft| {
        keys::raw_clearsign(
            &[(&signer, RawOptions::at(keys::SIGNED))],
            &format!("{}\n", draft.text),
        )
    });
    for (name, content) in files {
        write(folder.path(), &name, &content);
    }
    let path = folder.path().join(CHANGES);
    let deb = folder.path().join("hello_1.0-1_all.deb");
    let mut bytes = std::fs::read(&deb).unwrap();
    bytes[30] ^= 1;
    std::fs::write(&deb, bytes).unwrap();
    rejected(
        &verify(&path, &verifier(&["good"])),
        &["file.digest-mismatch"],
    );
    let keyring = keys::keyring(&["good"]);
    let Some(run) = devscripts::dscverify(&path, &keyring) else {
        return;
    };
    run.expect_failure();
    std::fs::remove_file(&deb).unwrap();
    rejected(&verify(&path, &verifier(&["good"])), &["file.missing"]);
    if let Some(run) = devscripts::dscverify(&path, &keyring) {
        assert!(run.expect_ok().says("skipping"));
    }
}

/// Real source packages: a folder of .dsc files with what they list, named by
/// `PKGSEAL_SOURCES` (`apt-get source --download-only PACKAGE…`).
#[test]
fn real_sources_verify() {
    let Some(sources) = std::env::var_os("PKGSEAL_SOURCES") else {
        println!("SKIP: PKGSEAL_SOURCES names no folder of source packages");
        return;
    };
    let keyring = Path::new("/usr/share/keyrings/debian-keyring.gpg");
    if !keyring.exists() {
        println!("SKIP: debian-keyring is not installed");
        return;
    }
    let (certificates, _) =
        pkgseal_openpgp::Certificate::parse_all(&std::fs::read(keyring).unwrap());
    let judge = Verifier::new(
        pkgseal_openpgp::Certificates::new(certificates),
        Profile::named("legacy").unwrap(),
        keys::time("2026-01-01"),
    );
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    let mut accepted = 0;
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "dsc") {
            continue;
        }
        let found = verify(&path, &judge);
        let reasons = crate::common::reasons(&found);
        // Where only .dsc files were fetched, their tarballs are missing.
        let reasons: Vec<_> = reasons
            .into_iter()
            .filter(|code| *code != "file.missing")
            .collect();
        for reason in &reasons {
            assert!(
                reason.starts_with("signature."),
                "{}: {:#?}",
                path.display(),
                found.report.findings
            );
        }
        accepted += usize::from(reasons.is_empty());
        *seen.entry(reasons.join(" ")).or_default() += 1;
    }
    println!("{seen:#?}");
    assert!(accepted > 0, "{seen:?}");
}
