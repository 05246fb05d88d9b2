//! What is no keyring, too much of one, or cannot be read.

use super::*;

#[test]
fn what_is_no_keyring_says_what_it_is() {
    for (bytes, words) in [
        (&b""[..], "the file is empty"),
        (b"hello\n", "there is no OpenPGP certificate in it"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n", "plain public key"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "X.509"),
        (b"ssh-ed25519 AAAA x@y\n", "SSH"),
        (b"untrusted comment: minisign public key\n", "minisign"),
        (b"<!DOCTYPE html><html>404</html>", "web page"),
    ] {
        let loaded = read_bytes("k.asc", bytes);
        assert!(loaded.certificates.is_empty());
        let (code, severity, detail) = finding(&loaded);
        assert_eq!(
            (code, severity),
            ("keyring.no-certificate", Severity::Undecided)
        );
        assert!(detail.contains(words), "{detail}");
    }
    let signature: &[u8] = b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n";
    for bytes in [
        signature,
        &[0x99, 1, 2, 3],
        &[0xff; 4096],
        b"\xc6\xff\xff\xff\xff\xff",
    ] {
        let loaded = read_bytes("k.gpg", bytes);
        assert!(loaded.certificates.is_empty());
        assert!(!loaded.findings.is_empty());
        assert!(
            loaded
                .findings
                .iter()
                .all(|f| f.severity == Severity::Undecided)
        );
    }
}

#[test]
fn a_path_without_certificates_leaves_the_others_alone() {
    let folder = Folder::new();
    let good = folder.put("k.gpg", good().certificate());
    let empty = folder.put("k", "");
    let loaded = open_all([good, empty], &Limits::default()).unwrap();
    let severities: Vec<_> = loaded.findings.iter().map(|f| f.severity).collect();
    assert_eq!(severities, [Severity::Warning, Severity::Undecided]);
}

#[test]
fn an_empty_directory_is_undecided() {
    let folder = Folder::new();
    assert_eq!(finding(&read(folder.path())).1, Severity::Undecided);
}

#[test]
fn what_cannot_be_read_is_an_error_only_where_it_was_named() {
    let folder = Folder::new();
    let missing = folder.path().join("missing.gpg");
    let failed = open(&missing, &Limits::default()).unwrap_err();
    assert!(failed.to_string().contains("missing.gpg"), "{failed}");
    folder.put("k.asc", good().certificate());
    std::os::unix::fs::symlink(&missing, folder.path().join("dangling.asc")).unwrap();
    let loaded = read(folder.path());
    assert_eq!(loaded.certificates.len(), 1);
    assert_eq!(finding(&loaded).0, "keyring.unreadable");
}

#[test]
fn all_files_together_have_one_limit() {
    let folder = Folder::new();
    let path = folder.put("a.asc", good().certificate());
    let limits = Limits {
        certificates: good().certificate().len() as u64 - 1,
        ..Limits::default()
    };
    let failed = open(&path, &limits).unwrap_err();
    assert!(
        matches!(failed, Error::File(pkgseal_repo::Error::TooLarge { .. })),
        "{failed}"
    );

    folder.put("b.asc", stranger().certificate());
    let limits = Limits {
        certificates: good().certificate().len() as u64,
        ..Limits::default()
    };
    let loaded = open(folder.path(), &limits).unwrap();
    assert_eq!(names(&loaded), sorted(&[&good()]));
    assert_eq!(finding(&loaded).0, "keyring.unreadable");
}

#[test]
fn a_keyring_cut_or_flipped_anywhere_never_panics() {
    let folder = Folder::new();
    for bytes in [good().certificate_binary(), good().certificate().to_vec()] {
        for length in 0..bytes.len() {
            read(&folder.put("cut.gpg", &bytes[..length]));
            let mut flipped = bytes.clone();
            flipped[length] ^= 0x41;
            read(&folder.put("flipped.gpg", &flipped));
        }
    }
}
