//! `pkgseal key doctor` and `pkgseal key prove`: what they say of certificates, and what is on
//! the disk afterwards.

mod clients;
mod request;
mod ward;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use pkgseal_testkit::keys::{self, Back, Hash, Recast, Says};
use pkgseal_testkit::peers;

use crate::run::{listing, pkgseal};

use ward::{MENDED, WHO, Ward, says, uniform};

#[test]
fn a_diagnosis_names_whom_it_breaks_and_since_when() {
    let ward = Ward::new(uniform("good-ed25519", Hash::Sha1));
    let run = pkgseal(["key", "doctor", "--time", MENDED])
        .arg(ward.path("published.asc"))
        .run()
        .expect(1);
    for words in [
        "ailing",
        "[doctor.weak-self-signature]",
        "[doctor.weak-binding]",
        "[doctor.weak-back-signature]",
        "trixie since 2026-02-01",
        "dnf-fedora, sequoia",
        "pkgseal key doctor --fix KEYFILE",
    ] {
        run.prints(words);
    }
    run.prints_no("bookworm since");

    // A year before, apt was not bitten yet, and the day is known.
    let run = pkgseal(["key", "doctor", "--time", "2025-06-01", "--json"])
        .arg(ward.path("published.asc"))
        .run()
        .expect(1);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["objects"][0]["kind"], "certificate");
    let findings = document["objects"][0]["findings"].as_array().unwrap();
    let cause = findings
        .iter()
        .find(|finding| finding["code"] == "doctor.weak-self-signature")
        .and_then(|finding| finding["cause"].as_str())
        .unwrap();
    assert!(cause.contains("trixie since 2026-02-01"), "{cause}");

    ward.mended();
    let run = pkgseal(["key", "doctor", "--time", MENDED])
        .arg(ward.path("sick.cert.asc"))
        .run()
        .expect(0);
    assert!(run.stdout.starts_with("sound "), "{}", run.stdout);

    // The published copy is the one that clients have.
    let run = pkgseal(["key", "doctor", "--time", MENDED, "--certificate"])
        .arg(ward.path("published.asc"))
        .arg(ward.path("sick.cert.asc"))
        .run()
        .expect(1);
    run.prints("[doctor.unpublished]");
}

#[test]
fn half_a_mend_needs_to_be_asked_for() {
    let ward = Ward::new(uniform("good-ed25519", Hash::Sha1).without_subkey_secret());
    let before = fs::read(ward.path("sick.key.asc")).unwrap();
    let names = listing(ward.folder.path());
    let run = ward.doctor(&["--fix"]).run().expect(2);
    run.complains("mended by half");
    run.complains(&ward.cast.signing_fingerprint());
    assert_eq!(fs::read(ward.path("sick.key.asc")).unwrap(), before);
    assert_eq!(listing(ward.folder.path()), names);

    let run = ward.doctor(&["--fix", "--partial"]).run().expect(1);
    for words in [
        "left: subkey",
        "[doctor.half-mended]",
        "signed-anew: user ID",
    ] {
        run.prints(words);
    }
    let text = String::from_utf8(fs::read(ward.path("sick.cert.asc")).unwrap()).unwrap();
    assert!(text.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
}

#[test]
fn what_cannot_be_mended_changes_nothing() {
    let refuse = |ward: &Ward, words: &str| {
        let names = listing(ward.folder.path());
        let before = fs::read(ward.path("sick.key.asc")).unwrap();
        let run = ward.doctor(&["--fix"]).run().expect(2);
        run.complains(words);
        assert_eq!(fs::read(ward.path("sick.key.asc")).unwrap(), before);
        assert_eq!(listing(ward.folder.path()), names);
    };
    let sha1 = || uniform("good-ed25519", Hash::Sha1);
    refuse(&Ward::new(sha1().without_primary_secret()), "primary key");
    refuse(
        &Ward::new(sha1().revoked(Hash::Sha512, "2025-07-01")),
        "revoked",
    );
    // The certificate alone: the holder has to be asked.
    let ward = Ward::new(sha1());
    ward.put("sick.key.asc", &ward.cast.certificate());
    refuse(&ward, "only its public part is here");
    let run = ward.doctor(&["--fix"]).run().expect(2);
    run.complains("--request");
    // Somebody else's certificate.
    let ward = Ward::new(sha1());
    let stranger = keys::load("stranger").certificate_path();
    let run = ward.doctor(&["--fix", "--certificate"]).run().expect(2);
    run.complains("PATH");
    let run = pkgseal(["key", "doctor", "--fix", "--certificate"])
        .arg(stranger)
        .arg(ward.path("sick.key.asc"))
        .run()
        .expect(2);
    run.complains("is not that of this key");
    // Two keys at once, a key that others may read, nothing at all.
    ward.doctor(&["--fix"])
        .arg(ward.path("published.asc"))
        .run()
        .expect(2);
    fs::set_permissions(ward.path("sick.key.asc"), fs::Permissions::from_mode(0o644)).unwrap();
    refuse(&ward, "chmod 600");
    pkgseal(["key", "doctor"])
        .arg(ward.path("none"))
        .run()
        .expect(2);
}

#[test]
fn a_user_id_cannot_write_on_the_terminal() {
    let cast = keys::load("good")
        .recast()
        .user_id("evil\u{1b}[2J\nExit status: 0", &[says(Hash::Sha1)])
        .binding(says(Hash::Sha1), Back::By(Hash::Sha1));
    let ward = Ward::new(cast);
    for more in [&[][..], &["--request", "-"]] {
        let run = pkgseal(["key", "doctor", "--time", MENDED])
            .args(more)
            .arg(ward.path("published.asc"))
            .run()
            .expect(1);
        assert!(!run.stdout.contains('\u{1b}'), "{}", run.stdout);
    }
}

#[test]
fn no_proof_for_a_certificate_that_loses_signatures() {
    let whole = uniform("good-ed25519", Hash::Sha512);
    let ward = Ward::new(whole);
    let root = ward.everything_signed("good-ed25519");
    let lossy = |name: &str, cast: &Recast| ward.put(name, &cast.certificate());
    lossy(
        "other-subkey.asc",
        &keys::load("good")
            .recast()
            .user_id(WHO, &[says(Hash::Sha512)])
            .with_new_subkey()
            .binding(says(Hash::Sha512), Back::Missing),
    );
    lossy(
        "revoked.asc",
        &uniform("good-ed25519", Hash::Sha512).revoked(Hash::Sha512, "2025-06-01"),
    );
    lossy(
        "late.asc",
        &keys::load("good")
            .recast()
            .user_id(WHO, &[says(Hash::Sha512)])
            .binding(
                Says {
                    expires: Some("2025-06-01"),
                    ..says(Hash::Sha512)
                },
                Back::By(Hash::Sha512),
            ),
    );
    ward.put("stranger.asc", keys::load("stranger").certificate());
    for (new, codes) in [
        (
            "other-subkey.asc",
            &["prove.part-lost", "prove.signature-lost"][..],
        ),
        (
            "revoked.asc",
            &["prove.signature-lost", "prove.consumer-lost"],
        ),
        ("late.asc", &["prove.signature-lost"]),
        (
            "stranger.asc",
            &["prove.certificate-lost", "prove.signature-lost"],
        ),
    ] {
        let run = ward.prove(new, &[&root]).run().expect(1);
        assert!(run.stdout.starts_with("not proven"), "{}", run.stdout);
        for code in codes {
            assert!(run.stdout.contains(code), "{new}: {code}\n{}", run.stdout);
        }
        for file in ["InRelease", "hello.rpm", "hello.deb", "notes.txt.asc"] {
            assert!(run.stdout.contains(file), "{new}: {file}\n{}", run.stdout);
        }
    }
    // The same certificate serves as well as itself.
    let run = ward.prove("published.asc", &[&root]).run().expect(0);
    run.prints("strict: 5 verify with both, 0 are lost");
    let run = ward
        .prove("published.asc", &[&root])
        .arg("--json")
        .run()
        .expect(0);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["outcome"], "accepted");

    // Nothing signed proves nothing, and neither does what another key signed.
    let empty = ward.path("empty");
    fs::create_dir(&empty).unwrap();
    let run = ward.prove("published.asc", &[&empty]).run().expect(2);
    run.prints("[prove.nothing]");
    let other = ward.put("other/notes.txt", b"notes\n");
    ward.sign("good-ed25519-2", &[&other]);
    ward.prove("published.asc", &[&ward.path("other")])
        .run()
        .expect(2);
    ward.prove("published.asc", &[&ward.path("nowhere")])
        .run()
        .expect(2);
    ward.prove("nowhere.asc", &[&root]).run().expect(2);
}

/// A run that is killed before any of its changes leaves key and certificate as they were,
/// or, once the journal stands, both new after the next run.
#[test]
fn a_killed_mend_leaves_both_files_or_neither() {
    let Some(strace) = peers::strace::strace() else {
        return;
    };
    let ward = Ward::new(uniform("good-ed25519", Hash::Sha1));
    ward.put("sick.cert.asc", &ward.cast.certificate());
    let old = (
        fs::read(ward.path("sick.key.asc")).unwrap(),
        fs::read(ward.path("sick.cert.asc")).unwrap(),
    );
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_pkgseal"));
    program
        .args(["key", "doctor", "--fix", "--time", MENDED])
        .arg(ward.path("sick.key.asc"));
    let put_back = || {
        for entry in fs::read_dir(ward.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with('.') {
                fs::remove_file(path).unwrap();
            }
        }
        ward.put("sick.key.asc", &old.0);
        ward.put("sick.cert.asc", &old.1);
    };
    let mut tried = 0;
    for (call, what) in [
        ("linkat", "signal=KILL"),
        ("renameat", "signal=KILL"),
        ("rename", "signal=KILL"),
        ("renameat2", "signal=KILL"),
        ("fsync", "signal=KILL"),
        ("write", "error=ENOSPC"),
        ("fsync", "error=ENOSPC"),
    ] {
        for number in 1..=12 {
            put_back();
            let went = peers::strace::inject(&strace, &program, call, what, number, log.path());
            if went == peers::strace::Went::Through {
                break;
            }
            tried += 1;
            // What stands is one of the two, never a piece.
            let keyed = fs::read(ward.path("sick.key.asc")).unwrap();
            let public = fs::read(ward.path("sick.cert.asc")).unwrap();
            for bytes in [&keyed, &public] {
                let (certificates, errors) = pkgseal_openpgp::Certificate::parse_all(bytes);
                assert!(
                    errors.is_empty() && certificates.len() == 1,
                    "{call} {number}"
                );
            }
            // The next run completes or begins anew; either way both are mended then.
            ward.doctor(&["--fix"]).run().expect(0);
            let run = pkgseal(["key", "doctor", "--time", MENDED])
                .arg(ward.path("sick.cert.asc"))
                .arg(ward.path("sick.key.asc"))
                .run()
                .expect(0);
            assert_eq!(run.stdout.matches("sound ").count(), 2, "{}", run.stdout);
        }
    }
    assert!(tried > 5, "{tried} faults injected");
}
