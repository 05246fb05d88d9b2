//! The committed `testdata/` is what the generator writes.

use pkgseal_testkit::generate::{OWNED, generate, read_tree};
use pkgseal_testkit::{keys, testdata, vectors};

#[test]
fn testdata_is_current() {
    let folder = tempfile::tempdir().unwrap();
    generate(folder.path());
    for name in OWNED {
        let (fresh, committed) = (folder.path().join(name), testdata().join(name));
        let (fresh, committed) = (read_tree(&fresh), read_tree(&committed));
        let paths = |tree: &[(String, Vec<u8>)]| -> Vec<String> {
            tree.iter().map(|(path, _)| path.clone()).collect()
        };
        assert_eq!(
            paths(&fresh),
            paths(&committed),
            "run pkgseal-testkit generate"
        );
        for ((path, fresh), (_, committed)) in fresh.iter().zip(&committed) {
            assert!(
                fresh == committed,
                "{name}/{path}: run pkgseal-testkit generate"
            );
        }
    }
    let readme = |folder: &std::path::Path| std::fs::read(folder.join("keys/README.md")).unwrap();
    assert!(
        readme(folder.path()) == readme(&testdata()),
        "run pkgseal-testkit generate"
    );
}

#[test]
fn every_key_is_committed() {
    for name in keys::names() {
        let key = keys::load(name);
        assert!(key.user_id().contains("TEST"), "{name}");
        assert!(key.fingerprint().len() >= 40);
    }
    let files = read_tree(&keys::folder());
    assert_eq!(
        files.len(),
        2 * keys::names().len() + 1,
        "a key nobody makes"
    );
}

#[test]
fn vectors_reject_more_than_they_accept() {
    let all = vectors::all();
    for format in [
        "artifact",
        "changes",
        "deb",
        "inrelease",
        "maven",
        "repomd",
        "rpm",
    ] {
        let of: Vec<_> = all
            .iter()
            .filter(|vector| vector.format == format)
            .collect();
        let accepted = of
            .iter()
            .filter(|v| v.expect == vectors::Expect::Accepted)
            .count();
        assert!(
            of.len() > 2 * accepted,
            "{format}: {accepted} of {}",
            of.len()
        );
        for vector in of {
            assert!(vector.subject.exists(), "{}", vector.folder.display());
        }
    }
}

/// The state of keys and the quality of signatures, for every kind of object.
#[test]
fn every_format_has_the_shared_cases() {
    let all = vectors::all();
    for format in ["artifact", "changes", "deb", "inrelease", "repomd", "rpm"] {
        for name in [
            "signed-after-expiry",
            "expired-now",
            "revoked-hard",
            "revoked-soft",
            "subkey-expired-under-live-primary",
            "not-a-signing-key",
            "unbound-subkey",
            "sha1-binding",
            "unknown-signer",
            "one-good-one-bad",
            "tampered",
            "no-signature",
            "good",
        ] {
            assert!(
                all.iter()
                    .any(|vector| vector.format == format && vector.name == name),
                "{format}/{name}"
            );
        }
    }
}
