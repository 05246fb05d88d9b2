//! One file and its signature.

use std::fs;

use pkgseal_maven::{Error, artifact, codes};
use pkgseal_openpgp::codes as signature;
use pkgseal_repo::{Destination, Limits, codes as repo_codes};
use pkgseal_testkit::build::Digest;
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};

use crate::{assert_accepted, assert_rejected, contents, folder, has, plus, verifier, verify};

const CONTENT: &[u8] = b"the content of an artifact\n";

/// `lib-1.0.jar` and its good signature.
fn signed() -> (tempfile::TempDir, std::path::PathBuf) {
    let (dir, path) = folder("lib-1.0.jar", CONTENT);
    let signers = [keys::signer("good", keys::time(keys::SIGNED))];
    let signed = artifact::sign(
        &path,
        &signers,
        keys::time(keys::SIGNED),
        &Destination::Beside,
        &Limits::default(),
    )
    .unwrap();
    let asc = plus(&path.canonicalize().unwrap(), ".asc");
    assert_eq!(signed.outputs, [asc]);
    assert_accepted(&signed.examination);
    (dir, path)
}

#[test]
fn what_is_signed_verifies_by_either_name() {
    let (dir, path) = signed();
    for name in [&path, &plus(&path, ".asc")] {
        let examination = verify(name);
        assert_accepted(&examination);
        assert_eq!(examination.kind, "file");
        assert_eq!(examination.signatures.len(), 1);
        assert!(
            examination.signatures[0]
                .object
                .ends_with("lib-1.0.jar (lib-1.0.jar.asc)")
        );
        assert_eq!(examination.report.files, 1);
        assert_eq!(examination.report.bytes, CONTENT.len() as u64);
    }
    assert_eq!(contents(dir.path()).len(), 2);
    let asc = fs::read_to_string(plus(&path, ".asc")).unwrap();
    assert!(asc.starts_with("-----BEGIN PGP SIGNATURE-----\n"), "{asc}");
}

#[test]
fn a_missing_signature_rejects() {
    let (_dir, path) = folder("lib-1.0.jar", CONTENT);
    assert_rejected(&verify(&path), signature::NONE);
    fs::write(plus(&path, ".asc"), "").unwrap();
    assert_rejected(&verify(&path), signature::NONE);
}

#[test]
fn an_unusable_signature_rejects() {
    let (_dir, path) = signed();
    for nonsense in [
        &b"not a signature"[..],
        b"-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n",
        b"\0",
        keys::load("good").certificate(),
    ] {
        fs::write(plus(&path, ".asc"), nonsense).unwrap();
        assert_eq!(
            verify(&path).outcome(),
            pkgseal_repo::Outcome::Rejected,
            "{nonsense:?}"
        );
    }
    fs::write(plus(&path, ".asc"), vec![b'x'; 2 << 20]).unwrap();
    assert_rejected(&verify(&path), repo_codes::LIMIT);
}

#[test]
fn changed_content_rejects() {
    let (_dir, path) = signed();
    fs::write(&path, [CONTENT, b"x"].concat()).unwrap();
    assert_rejected(&verify(&path), signature::BAD);
    fs::write(&path, "").unwrap();
    assert_rejected(&verify(&path), signature::BAD);
}

#[test]
fn another_files_signature_rejects() {
    let (_dir, path) = signed();
    let other = raw_sign(&keys::load("good"), b"other", &RawOptions::at(keys::SIGNED));
    fs::write(plus(&path, ".asc"), other).unwrap();
    assert_rejected(&verify(&path), signature::BAD);
}

#[test]
fn a_good_signature_beside_a_bad_one_rejects() {
    let (_dir, path) = signed();
    let packet = |name, data: &[u8]| {
        raw_sign(
            &keys::load(name),
            data,
            &RawOptions::at(keys::SIGNED).binary(),
        )
    };
    let both = [packet("good", CONTENT), packet("good-ed25519-2", b"other")].concat();
    fs::write(plus(&path, ".asc"), keys::armor(&both)).unwrap();
    let known = verifier(&["good", "good-ed25519-2"]);
    let examination = artifact::verify(&path, &known, &Limits::default()).unwrap();
    assert_rejected(&examination, signature::BAD);
    assert_eq!(examination.signatures[0].report.signatures.len(), 2);
}

#[test]
fn binary_signatures_and_other_suffixes_are_found() {
    let binary = raw_sign(
        &keys::load("good"),
        CONTENT,
        &RawOptions::at(keys::SIGNED).binary(),
    );
    for suffix in artifact::SIGNATURE_SUFFIXES {
        let (_dir, path) = folder("lib-1.0.jar", CONTENT);
        fs::write(plus(&path, suffix), &binary).unwrap();
        assert_accepted(&verify(&path));
        assert_accepted(&verify(&plus(&path, suffix)));
    }
    // .asc comes first.
    let (_dir, path) = folder("lib-1.0.jar", CONTENT);
    fs::write(plus(&path, ".sig"), &binary).unwrap();
    fs::write(plus(&path, ".asc"), "nonsense").unwrap();
    assert_rejected(&verify(&path), signature::MALFORMED);
}

#[test]
fn a_pair_may_be_named() {
    let (dir, path) = signed();
    let elsewhere = dir.path().join("elsewhere");
    fs::rename(plus(&path, ".asc"), &elsewhere).unwrap();
    let run = |file, signature| {
        artifact::verify_with(file, signature, &verifier(&["good"]), &Limits::default())
    };
    assert_accepted(&run(&path, &elsewhere).unwrap());
    // The wrong way round.
    let swapped = run(&elsewhere, &path).unwrap();
    assert_rejected(&swapped, signature::MALFORMED);
    assert!(run(&path, &dir.path().join("absent")).is_err());
}

#[test]
fn a_signature_of_a_signed_keyring_is_told_from_a_keyring() {
    // `keys.gpg` is data here, although its name could be a signature's.
    let (_dir, path) = folder("keys.gpg", CONTENT);
    let binary = raw_sign(&keys::load("good"), CONTENT, &RawOptions::at(keys::SIGNED));
    fs::write(plus(&path, ".asc"), binary).unwrap();
    assert_accepted(&verify(&path));
}

#[test]
fn files_that_are_not_there_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["absent", "absent.asc", ".asc"] {
        let path = dir.path().join(name);
        let result = artifact::verify(&path, &verifier(&["good"]), &Limits::default());
        assert!(matches!(result, Err(Error::Repo(_))), "{name}: {result:?}");
    }
    let (_dir, path) = folder("lonely.jar.asc", b"x");
    let result = artifact::verify(&path, &verifier(&["good"]), &Limits::default());
    assert!(result.unwrap_err().to_string().contains("lonely.jar"));
    let result = artifact::verify(dir.path(), &verifier(&["good"]), &Limits::default());
    assert!(result.is_err());
}

#[test]
fn every_checksum_beside_it_counts() {
    for digest in [Digest::Md5, Digest::Sha1, Digest::Sha256, Digest::Sha512] {
        let (_dir, path) = signed();
        let checksum = plus(&path, &format!(".{}", digest.suffix()));
        fs::write(&checksum, digest.hex(CONTENT)).unwrap();
        assert_accepted(&verify(&path));
        fs::write(&checksum, format!("{}  lib-1.0.jar\n", digest.hex(CONTENT))).unwrap();
        assert_accepted(&verify(&path));
        fs::write(&checksum, digest.hex(b"other")).unwrap();
        let examination = verify(&path);
        assert_rejected(&examination, codes::CHECKSUM_MISMATCH);
        let finding = &examination.report.findings[0];
        assert!(
            finding.detail.contains(&digest.hex(b"other")),
            "{finding:?}"
        );
        assert!(finding.detail.contains(&digest.hex(CONTENT)), "{finding:?}");
        for wrong in ["", "nonsense", &digest.hex(CONTENT)[1..]] {
            fs::write(&checksum, wrong).unwrap();
            assert_rejected(&verify(&path), codes::CHECKSUM_MALFORMED);
        }
        fs::write(&checksum, vec![b'0'; 2 << 20]).unwrap();
        assert_rejected(&verify(&path), repo_codes::LIMIT);
    }
}

#[test]
fn a_checksum_replaces_no_signature() {
    let (_dir, path) = folder("lib-1.0.jar", CONTENT);
    fs::write(plus(&path, ".sha512"), Digest::Sha512.hex(CONTENT)).unwrap();
    assert_rejected(&verify(&path), signature::NONE);
}

#[test]
fn several_signers_sign_in_one_read() {
    let time = keys::time(keys::SIGNED);
    let names = ["good-v6-ed25519", "good", "good-rsa4096", "good-mldsa65"];
    let (_dir, path) = folder("lib-1.0.jar", CONTENT);
    let signers = names.map(|name| keys::signer(name, time));
    let limits = Limits::default();
    artifact::sign(&path, &signers, time, &Destination::Beside, &limits).unwrap();
    let examination = artifact::verify(&path, &verifier(&names), &limits).unwrap();
    assert_accepted(&examination);
    let facts = &examination.signatures[0].report.signatures;
    let versions: Vec<u8> = facts.iter().map(|facts| facts.version).collect();
    assert_eq!(versions, [4, 4, 6, 6], "v4 first, for gpgv");
    // Each of them is enough.
    for name in names {
        let one = artifact::verify(&path, &verifier(&[name]), &limits).unwrap();
        assert_accepted(&one);
    }
}

#[test]
fn signing_is_reproducible_and_leaves_the_input_alone() {
    let time = keys::time(keys::SIGNED);
    for name in ["good", "good-rsa2048"] {
        let mut made = Vec::new();
        for _ in 0..2 {
            let (dir, path) = folder("lib-1.0.jar", CONTENT);
            let out = dir.path().join("out/deep");
            let signed = artifact::sign(
                &path,
                &[keys::signer(name, time)],
                time,
                &Destination::Directory(out.clone()),
                &Limits::default(),
            )
            .unwrap();
            assert_eq!(signed.outputs.len(), 1);
            assert!(!plus(&path, ".asc").exists());
            made.push(fs::read(out.join("lib-1.0.jar.asc")).unwrap());
        }
        assert_eq!(made[0], made[1], "{name}");
    }
}

#[test]
fn a_damaged_file_is_not_signed() {
    let time = keys::time(keys::SIGNED);
    let (dir, path) = folder("lib-1.0.jar", CONTENT);
    fs::write(plus(&path, ".sha1"), Digest::Sha1.hex(b"before the damage")).unwrap();
    let before = contents(dir.path());
    let refused = artifact::sign(
        &path,
        &[keys::signer("good", time)],
        time,
        &Destination::Beside,
        &Limits::default(),
    );
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    assert_eq!(contents(dir.path()), before);
}

#[test]
fn what_cannot_be_signed_leaves_the_old_signature() {
    let (dir, path) = signed();
    let before = contents(dir.path());
    let time = keys::time(keys::SIGNED);
    let limits = Limits::default();
    let beside = Destination::Beside;
    assert!(matches!(
        artifact::sign(&path, &[], time, &beside, &limits),
        Err(Error::NoSigner)
    ));
    // A key that has expired by the time of the signature fails its own verification.
    let signers = [keys::signer("expired", time)];
    let later = keys::time("2025-06-15");
    let refused = artifact::sign(&path, &signers, later, &beside, &limits);
    assert!(refused.is_err(), "{refused:?}");
    // Nothing can be written below a file.
    let signers = [keys::signer("good", time)];
    let below = Destination::Directory(path.join("below"));
    assert!(artifact::sign(&path, &signers, time, &below, &limits).is_err());
    let absent = dir.path().join("absent");
    assert!(artifact::sign(&absent, &signers, time, &beside, &limits).is_err());
    assert_eq!(contents(dir.path()), before);
}

#[test]
fn checksums_of_an_older_signature_are_refreshed() {
    let (_dir, path) = signed();
    let asc = plus(&path, ".asc");
    fs::write(plus(&asc, ".md5"), "stale").unwrap();
    let time = keys::time("2025-04-01");
    let signed = artifact::sign(
        &path,
        &[keys::signer("good", time)],
        time,
        &Destination::Beside,
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(signed.outputs.len(), 2);
    let md5 = fs::read_to_string(plus(&asc, ".md5")).unwrap();
    assert_eq!(md5, Digest::Md5.hex(&fs::read(&asc).unwrap()));
    assert!(!plus(&asc, ".sha1").exists());
}

#[test]
fn an_unknown_signer_is_named() {
    let (_dir, path) = signed();
    let examination =
        artifact::verify(&path, &verifier(&["stranger"]), &Limits::default()).unwrap();
    assert!(has(&examination, signature::MISSING_CERTIFICATE));
    assert_eq!(
        examination.signatures[0].report.signatures[0].issuers[0],
        keys::load("good").signing_fingerprint()
    );
}
