use std::path::Path;

use openpgp::PacketPile;
use openpgp::packet::Packet;
use openpgp::parse::Parse;
use openpgp::serialize::MarshalInto;
use openpgp::types::SignatureType;
use pkgseal_repo::Limits;
use pkgseal_testkit::keys;
use sequoia_openpgp as openpgp;

use super::*;
use crate::{Extent, open, write_files, write_keyring};

/// A good certificate with these user IDs beside its first one.
fn called(user_ids: &[&[u8]]) -> Certificates {
    // Secret keys and all: whatever is exported must not have them.
    keys::read(&MarshalInto::to_vec(&keys::called(user_ids).as_tsk()).unwrap())
}

fn paths(exported: &Exported) -> Vec<&str> {
    exported
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect()
}

fn files_in(folder: &Path) -> Vec<String> {
    pkgseal_testkit::peers::files(folder)
        .iter()
        .map(|path| path.strip_prefix(folder).unwrap().display().to_string())
        .collect()
}

const JOE: &str = "iy9q119eutrkn8s1mk4r39qejnbu3n5q";

#[test]
fn a_web_key_directory_has_one_user_id_in_a_file() {
    let certificates = called(&[
        b"Joe Doe <Joe.Doe@Example.ORG>",
        b"Joe at work <joe.doe@example.com>",
        b"joe.doe@example.org",
    ]);
    let only = ["example.org".to_owned()];
    let direct = web_key_directory(WkdMethod::Direct, &only, &certificates).unwrap();
    assert_eq!(
        paths(&direct),
        [
            format!(".well-known/openpgpkey/hu/{JOE}"),
            ".well-known/openpgpkey/policy".to_owned(),
        ]
    );
    let user_ids = direct.files[0].certificates[0].user_ids(keys::time(keys::NOW));
    assert_eq!(user_ids.len(), 2, "both of that address: {user_ids:?}");
    assert!(
        user_ids
            .iter()
            .all(|one| one.text.to_lowercase().contains("joe.doe@example.org"))
    );

    let advanced = web_key_directory(WkdMethod::Advanced, &[], &certificates).unwrap();
    for domain in ["example.org", "example.com"] {
        let root = format!(".well-known/openpgpkey/{domain}");
        assert!(paths(&advanced).contains(&format!("{root}/hu/{JOE}").as_str()));
        assert!(paths(&advanced).contains(&format!("{root}/policy").as_str()));
    }
    let refused = web_key_directory(WkdMethod::Direct, &[], &certificates);
    assert!(matches!(
        refused,
        Err(Error::Request {
            field: "domain",
            ..
        })
    ));
}

#[test]
fn several_certificates_of_one_address_share_a_file() {
    let mut all: Vec<Certificate> = called(&[b"joe.doe@example.org"]).iter().cloned().collect();
    all.extend(keys::certificates(&["stranger"]).iter().cloned());
    let twice = Certificates::new(all);
    let exported = web_key_directory(WkdMethod::Advanced, &[], &twice).unwrap();
    for file in exported
        .files
        .iter()
        .filter(|file| !file.certificates.is_empty())
    {
        let (read, errors) = Certificate::parse_all(&file.content);
        assert_eq!((read, errors), (file.certificates.clone(), vec![]));
    }
}

#[test]
fn hostile_user_ids_never_leave_the_root() {
    let long = format!("{}@example.org", "a".repeat(10_000));
    let long_domain = format!("a@{}org", "b.".repeat(5_000));
    let hostile: Vec<&[u8]> = vec![
        b"../../../etc/passwd@example.org",
        b"x@../../../etc",
        b"x@..",
        b"x@.",
        b"x@/etc",
        b"/x@example.org",
        b"x\\..\\y@example.org",
        b"x\n@example.org",
        b"x@example.org\n../y",
        b"x\0y@example.org",
        b"x@exam\0ple.org",
        b"\xff\xfe@example.org",
        b"x@\xc3\xa4.org",
        b"<x@example.org> <y@example.org>",
        b"x@example.org@../y",
        b"",
        b"-----END PGP PUBLIC KEY BLOCK-----",
        long.as_bytes(),
        long_domain.as_bytes(),
    ];
    let certificates = called(&hostile);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let mut all = web_key_directory(WkdMethod::Advanced, &[], &certificates).unwrap();
    let refused = all
        .findings
        .iter()
        .filter(|f| f.code.id == "keyring.no-address")
        .count();
    assert!(refused >= hostile.len(), "{refused} of {}", hostile.len());
    all.files
        .extend(rpm_gpg_keys("acme", &certificates).unwrap().files);
    let place = VoaPlace {
        os: "debian:13".into(),
        purpose: "package".into(),
        context: "default".into(),
    };
    all.files.extend(voa(&place, &certificates).unwrap().files);
    write_files(&root, &all.files).unwrap();
    insert_into_cert_d(&root.join("cert-d"), &certificates, Extent::Own).unwrap();
    write_keyring(&root.join("all.asc"), Encoding::Armored, &certificates).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    for name in files_in(&root) {
        assert!(
            name.len() < 200 && !name.contains("passwd") && name.is_ascii(),
            "{name:?}"
        );
        assert!(
            !name.contains("example.org"),
            "no address of these is one: {name}"
        );
    }
    // User IDs are inside the packets, and cannot end the block around them.
    let text = signed_by(&certificates);
    assert_eq!(text.matches("-----END").count(), 1);
}

#[test]
fn nothing_secret_is_exported() {
    let (certificates, _) = Certificate::parse_all(keys::load("good").secret());
    let certificates = Certificates::new(certificates);
    let folder = tempfile::tempdir().unwrap();
    let mut files = rpm_gpg_keys("acme", &certificates).unwrap().files;
    files.extend(
        web_key_directory(WkdMethod::Advanced, &[], &called(&[b"a@example.org"]))
            .unwrap()
            .files,
    );
    write_files(folder.path(), &files).unwrap();
    insert_into_cert_d(&folder.path().join("d"), &certificates, Extent::Everything).unwrap();
    write_keyring(
        &folder.path().join("k.gpg"),
        Encoding::Binary,
        &certificates,
    )
    .unwrap();
    let mut seen = 0;
    for path in pkgseal_testkit::peers::files(folder.path()) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(11).any(|window| window == b"PRIVATE KEY"));
        let Ok(pile) = PacketPile::from_bytes(&bytes) else {
            continue;
        };
        for packet in pile.children() {
            seen += 1;
            assert!(
                !matches!(packet, Packet::SecretKey(_) | Packet::SecretSubkey(_)),
                "{}",
                path.display()
            );
        }
    }
    assert!(seen > 20, "{seen} packets were looked at");
}

#[test]
fn rpm_keys_are_one_a_file() {
    let one = rpm_gpg_keys("acme", &keys::certificates(&["good"])).unwrap();
    assert_eq!(paths(&one), ["RPM-GPG-KEY-acme"]);
    let two = rpm_gpg_keys("acme-9.x", &keys::certificates(&["good", "good-rsa4096"])).unwrap();
    let named: Vec<String> = keys::certificates(&["good", "good-rsa4096"])
        .iter()
        .map(|certificate| format!("RPM-GPG-KEY-acme-9.x-{}", certificate.fingerprint()))
        .collect();
    assert_eq!(paths(&two), named);
    for name in [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "-x",
        ".x",
        "a b",
        "a\n",
        "a\0",
        "\u{e4}",
        &"a".repeat(129),
    ] {
        let refused = rpm_gpg_keys(name, &keys::certificates(&["good"]));
        assert!(
            matches!(refused, Err(Error::Request { field: "name", .. })),
            "{name:?}"
        );
    }
}

#[test]
fn a_place_in_the_hierarchy_is_plain() {
    let place = |os: &str, purpose: &str, context: &str| VoaPlace {
        os: os.into(),
        purpose: purpose.into(),
        context: context.into(),
    };
    let good = keys::certificates(&["good"]);
    let exported = voa(&place("fedora:43", "repository-metadata", "default"), &good).unwrap();
    let name = keys::load("good").fingerprint().to_lowercase();
    assert_eq!(
        paths(&exported),
        [format!(
            "fedora:43/repository-metadata/default/openpgp/{name}.openpgp"
        )]
    );
    for (os, purpose, context) in [
        ("", "package", "default"),
        ("..", "package", "default"),
        ("a/b", "package", "default"),
        ("Debian", "package", "default"),
        ("debian", "pack:age", "default"),
        ("debian", "../x", "default"),
        ("debian", "package", ""),
        ("debian", "package", "a\nb"),
    ] {
        let refused = voa(&place(os, purpose, context), &good);
        assert!(
            matches!(refused, Err(Error::Request { .. })),
            "{os} {purpose} {context}"
        );
    }
}

#[test]
fn a_certificate_directory_merges_with_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("pgp.cert.d");
    std::fs::create_dir(&store).unwrap();
    std::fs::write(store.join("trust-root"), b"not ours").unwrap();
    let good = keys::certificates(&["good"]);
    let mut unrevoked = keys::load("revoked-soft").packets();
    unrevoked.retain(|packet| {
        !matches!(packet, Packet::Signature(one) if one.typ() == SignatureType::KeyRevocation)
    });

    let first = insert_into_cert_d(&store, &good, Extent::Own).unwrap();
    assert_eq!(first.written.len(), 1);
    let again = insert_into_cert_d(&store, &good, Extent::Own).unwrap();
    assert_eq!(again.written.len(), 0, "nothing new, nothing written");
    insert_into_cert_d(&store, &keys::certificates(&["revoked-soft"]), Extent::Own).unwrap();
    let older = insert_into_cert_d(&store, &keys::assembled(unrevoked), Extent::Own).unwrap();
    assert_eq!(older.written.len(), 0, "a revocation is not undone");

    assert_eq!(
        std::fs::read(store.join("trust-root")).unwrap(),
        b"not ours"
    );
    let name = keys::load("good").fingerprint().to_lowercase();
    assert!(store.join(&name[..2]).join(&name[2..]).is_file());
    std::fs::remove_file(store.join("trust-root")).unwrap();
    let loaded = open(&store, &Limits::default()).unwrap();
    assert_eq!(loaded.certificates.len(), 2);
    let kept = loaded
        .certificates
        .iter()
        .find(|one| one.fingerprint().as_str() == keys::load("revoked-soft").fingerprint())
        .unwrap();
    assert_eq!(crate::merge::revoked(kept).unwrap().len(), 1);
}

#[test]
fn what_lies_in_the_way_in_a_certificate_directory_is_not_replaced() {
    let name = keys::load("good").fingerprint().to_lowercase();
    let good = keys::certificates(&["good", "good-rsa4096"]);
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    type Put<'a> = &'a dyn Fn(&Path);
    let garbage: &[(&str, Put<'_>)] = &[
        ("other certificate", &|path| {
            std::fs::write(path, keys::load("stranger").certificate_binary()).unwrap();
        }),
        ("garbage", &|path| std::fs::write(path, b"garbage").unwrap()),
        ("empty", &|path| std::fs::write(path, b"").unwrap()),
        ("two certificates", &|path| {
            std::fs::write(path, keys::keyring(&["good", "stranger"])).unwrap();
        }),
        ("directory", &|path| std::fs::create_dir(path).unwrap()),
        ("link", &|path| {
            std::os::unix::fs::symlink(elsewhere.path(), path).unwrap()
        }),
    ];
    for (what, put) in garbage {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(&name[..2])).unwrap();
        let path = folder.path().join(&name[..2]).join(&name[2..]);
        put(&path);
        let refused = insert_into_cert_d(folder.path(), &good, Extent::Own);
        assert!(matches!(refused, Err(Error::Request { .. })), "{what}");
        let others = files_in(folder.path());
        assert!(others.len() <= 2, "{what}: {others:?}");
    }
    assert_eq!(std::fs::read(elsewhere.path()).unwrap(), b"");
    // A lock that is a link leads elsewhere.
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("writelock")).unwrap();
    assert!(insert_into_cert_d(folder.path(), &good, Extent::Own).is_err());
}

#[test]
fn the_field_of_an_entry_reads_back() {
    let certificates = keys::certificates(&["good", "good-rsa4096", "good-v6-ed25519"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acme.sources");
    let entry = format!(
        "Types: deb\nURIs: https://example.org\nSuites: ./\n{}",
        signed_by(&certificates)
    );
    std::fs::write(&path, &entry).unwrap();
    let loaded = open(&path, &Limits::default()).unwrap();
    assert_eq!(loaded.findings, []);
    assert!(loaded.certificates.iter().eq(certificates.iter()));
    assert!(
        entry
            .lines()
            .skip(4)
            .all(|line| line.starts_with(' ') && line.len() > 1)
    );
}

#[test]
fn what_does_not_read_back_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.gpg");
    std::fs::write(&path, b"old").unwrap();
    let wanted: Vec<Certificate> = keys::certificates(&["good"]).iter().cloned().collect();
    let other = keys::load("stranger").certificate_binary();
    let mut damaged = keys::load("good").certificate_binary();
    damaged.truncate(60);
    for content in [&b""[..], b"garbage", &other, &damaged] {
        let file = KeyringFile {
            path: SafePath::new("keyring.gpg").unwrap(),
            content: content.to_vec(),
            certificates: wanted.clone(),
        };
        let refused = write_files(folder.path(), &[file]);
        assert!(matches!(refused, Err(Error::ReadBack { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
    }
    assert_eq!(files_in(folder.path()), ["keyring.gpg"]);
}
