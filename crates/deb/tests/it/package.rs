//! Packages: what is accepted, and what is not.

use pkgseal_deb::package::{self, Existing, Role, SignOptions};
use pkgseal_deb::{CODES, Error};
use pkgseal_openpgp::{Profile, Verifier};
use pkgseal_repo::{Destination, Limits, Severity};
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::deb::{self, Deb, Member};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};

use crate::common::{accepted, folder, now, reasons, rejected, verifier, verify_deb, write};

fn sign(path: &std::path::Path, role: Role, names: &[&str]) -> pkgseal_deb::Result<()> {
    let time = keys::time(keys::SIGNED);
    let signers: Vec<_> = names.iter().map(|name| keys::signer(name, time)).collect();
    let limits = Limits::default();
    let options = SignOptions {
        role,
        existing: Existing::Keep,
    };
    package::sign(
        path,
        &options,
        &signers,
        time,
        &Destination::Beside,
        &limits,
    )
    .map(|_| ())
}

/// A package with these `_gpg` members, each by a key.
fn signed(members: &[(&str, &str)]) -> Vec<u8> {
    let package = Deb::new("hello", "1.0", "amd64");
    let data = deb::signed_data(&package.members());
    let mut bytes = package.build();
    for (kind, key) in members {
        let options = RawOptions::at(keys::SIGNED).binary();
        let signature = raw_sign(&keys::load(key), &data, &options);
        deb::append_signature(&mut bytes, kind, &signature);
    }
    bytes
}

fn verify(bytes: &[u8], names: &[&str]) -> pkgseal_openpgp::Examination {
    let folder = folder();
    verify_deb(&write(folder.path(), "hello.deb", bytes), names)
}

#[test]
fn signs_and_verifies_every_compression() {
    use Compression::{Bzip2, Gzip, None, Xz, Zstd};
    let folder = folder();
    for (control, data) in [
        (Xz, Xz),
        (Gzip, Gzip),
        (Zstd, Zstd),
        (None, None),
        (Gzip, Bzip2),
        (Xz, None),
    ] {
        let package = Deb::new("hello", "1.0", "amd64").compressed(control, data);
        let path = write(folder.path(), "hello.deb", &package.build());
        sign(&path, Role::ORIGIN, &["good"]).unwrap();
        let examination = verify_deb(&path, &["good"]);
        accepted(&examination);
        assert_eq!(examination.signatures.len(), 1);
        assert_eq!(examination.report.files, 1);
    }
}

#[test]
fn keeps_every_byte_and_appends_one_member() {
    let folder = folder();
    let package = Deb::new("hello", "1.0", "amd64").build();
    let path = write(folder.path(), "hello.deb", &package);
    sign(&path, Role::MAINT, &["good"]).unwrap();
    let signed = std::fs::read(&path).unwrap();
    let (before, member) = signed.split_at(package.len());
    assert_eq!(before, package);
    assert_eq!(
        &member[..60],
        b"_gpgmaint       1740787200  0     0     100644  119       `\n"
    );
    assert_eq!(signed.len() % 2, 0);
}

#[test]
fn the_same_key_and_time_give_the_same_bytes() {
    let folder = folder();
    let package = Deb::new("hello", "1.0", "amd64").build();
    for key in ["good", "good-rsa4096"] {
        let path = write(folder.path(), "one.deb", &package);
        sign(&path, Role::ORIGIN, &[key]).unwrap();
        let other = write(folder.path(), "two.deb", &package);
        sign(&other, Role::ORIGIN, &[key]).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(other).unwrap());
    }
}

#[test]
fn signs_with_every_kind_of_key() {
    let folder = folder();
    for key in [
        "good-rsa4096",
        "good-p256",
        "good-p384",
        "good-p521",
        "good-v6-ed25519",
        "good-v6-ed448",
        "good-mldsa65",
        "good-mldsa87",
    ] {
        let package = Deb::new("hello", "1.0", "amd64").build();
        let path = write(folder.path(), "hello.deb", &package);
        sign(&path, Role::ORIGIN, &[key]).unwrap();
        accepted(&verify_deb(&path, &[key]));
    }
}

#[test]
fn several_signers_share_a_member_and_roles_have_their_own() {
    let folder = folder();
    let package = Deb::new("hello", "1.0", "amd64").build();
    let path = write(folder.path(), "hello.deb", &package);
    sign(&path, Role::ORIGIN, &["good-v6-ed25519", "good"]).unwrap();
    sign(&path, Role::ARCHIVE, &["good-rsa4096"]).unwrap();
    let examination = verify_deb(&path, &["good", "good-v6-ed25519", "good-rsa4096"]);
    accepted(&examination);
    let members: Vec<_> = examination.signatures.iter().map(|s| &s.object).collect();
    assert!(members[0].ends_with("hello.deb (_gpgorigin)"));
    assert!(members[1].ends_with("hello.deb (_gpgarchive)"));
    let versions = &examination.signatures[0].report.signatures;
    assert_eq!(
        versions.iter().map(|s| s.version).collect::<Vec<_>>(),
        [4, 6]
    );
}

#[test]
fn gnu_style_names_are_kept_up() {
    let folder = folder();
    let mut members = Deb::new("hello", "1.0", "amd64").members();
    for member in &mut members {
        member.name.push('/');
    }
    let path = write(folder.path(), "hello.deb", &deb::archive(&members));
    sign(&path, Role::ORIGIN, &["good"]).unwrap();
    accepted(&verify_deb(&path, &["good"]));
    let signed = std::fs::read(&path).unwrap();
    assert!(
        signed
            .windows(16)
            .any(|window| window == b"_gpgorigin/     ")
    );
}

#[test]
fn a_second_signature_of_a_role_is_refused() {
    let folder = folder();
    let path = write(folder.path(), "hello.deb", &signed(&[("origin", "good")]));
    let before = std::fs::read(&path).unwrap();
    let error = sign(&path, Role::ORIGIN, &["good"]).unwrap_err();
    assert!(matches!(error, Error::AlreadySigned { .. }));
    assert!(error.to_string().contains("_gpgorigin"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(matches!(
        sign(&path, Role::MAINT, &[]),
        Err(Error::NoSigner)
    ));
}

#[test]
fn into_another_folder_the_input_stays() {
    let (from, to) = (folder(), folder());
    let package = Deb::new("hello", "1.0", "amd64").build();
    let path = write(from.path(), "hello.deb", &package);
    let time = keys::time(keys::SIGNED);
    let output = to.path().join("new/folder");
    let done = package::sign(
        &path,
        &SignOptions::default(),
        &[keys::signer("good", time)],
        time,
        &Destination::Directory(output.clone()),
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), package);
    assert_eq!(
        done.outputs,
        [output.canonicalize().unwrap().join("hello.deb")]
    );
    accepted(&done.examination);
    accepted(&verify_deb(&output.join("hello.deb"), &["good"]));
}

#[test]
fn unsigned_is_rejected_with_the_way_out() {
    let package = Deb::new("hello", "1.0", "amd64").build();
    let examination = verify(&package, &["good"]);
    rejected(&examination, &["deb.unsigned"]);
    let hint = examination.report.findings[0].hint.as_deref().unwrap();
    assert!(hint.contains("repository"), "{hint}");
}

#[test]
fn a_stranger_alone_is_rejected_and_beside_a_good_one_ignored() {
    rejected(
        &verify(&signed(&[("origin", "stranger")]), &["good"]),
        &["signature.missing-certificate"],
    );
    let both = signed(&[("origin", "stranger"), ("maint", "good")]);
    let examination = verify(&both, &["good"]);
    accepted(&examination);
    assert_eq!(examination.signatures.len(), 2);
}

#[test]
fn a_bad_role_rejects_a_good_one() {
    let package = Deb::new("hello", "1.0", "amd64");
    let mut bytes = signed(&[("origin", "good")]);
    let options = RawOptions::at(keys::SIGNED).binary();
    let bad = raw_sign(&keys::load("good-ed25519-2"), b"something else", &options);
    deb::append_signature(&mut bytes, "maint", &bad);
    rejected(
        &verify(&bytes, &["good", "good-ed25519-2"]),
        &["signature.bad"],
    );
    // Nobody can say so without the certificate.
    accepted(&verify(&bytes, &["good"]));
    drop(package);
}

#[test]
fn a_threshold_counts_over_roles() {
    let folder = folder();
    let bytes = signed(&[("origin", "good"), ("maint", "good-rsa4096")]);
    let path = write(folder.path(), "hello.deb", &bytes);
    let judge = |names: &[&str], count| {
        let profile = Profile::strict().threshold(count);
        let verifier = Verifier::new(keys::certificates(names), profile, now());
        package::verify(&path, &verifier, &Limits::default()).unwrap()
    };
    accepted(&judge(&["good", "good-rsa4096"], 2));
    assert!(!reasons(&judge(&["good"], 2)).is_empty());
    assert!(!reasons(&judge(&["good", "good-rsa4096"], 3)).is_empty());
}

#[test]
fn a_threshold_does_not_count_one_certificate_twice() {
    let folder = folder();
    let bytes = signed(&[("origin", "good"), ("maint", "good")]);
    let path = write(folder.path(), "hello.deb", &bytes);
    let profile = Profile::strict().threshold(2);
    let verifier = Verifier::new(keys::certificates(&["good"]), profile, now());
    let examination = package::verify(&path, &verifier, &Limits::default()).unwrap();
    assert!(reasons(&examination).contains(&"signature.threshold"));
}

#[test]
fn garbage_in_a_signature_member_rejects() {
    for garbage in [
        &b"garbage\n"[..],
        b"-----BEGIN PGP SIGNATURE-----\n\n",
        b"\x00\x01",
    ] {
        let mut bytes = signed(&[("origin", "good")]);
        deb::append_signature(&mut bytes, "maint", garbage);
        rejected(&verify(&bytes, &["good"]), &["signature.malformed"]);
    }
}

#[test]
fn armored_members_as_nfpm_writes_them_are_accepted() {
    let package = Deb::new("hello", "1.0", "amd64");
    let data = deb::signed_data(&package.members());
    let signature = raw_sign(&keys::load("good"), &data, &RawOptions::at(keys::SIGNED));
    let mut bytes = package.build();
    deb::append_signature(&mut bytes, "origin", &signature);
    accepted(&verify(&bytes, &["good"]));
}

/// A careless reader collects the signed bytes from each of these archives.
#[test]
fn no_malformed_structure_is_accepted() {
    let sign = |data: &[u8]| {
        raw_sign(
            &keys::load("good"),
            data,
            &RawOptions::at(keys::SIGNED).binary(),
        )
    };
    for (control, data) in [
        (Compression::Xz, Compression::Xz),
        (Compression::Gzip, Compression::None),
        (Compression::Zstd, Compression::Zstd),
    ] {
        let package = Deb::new("hello", "1.0", "amd64").compressed(control, data);
        let folder = folder();
        for case in deb::malformed(&package, &sign) {
            let path = write(folder.path(), "hello.deb", &case.bytes);
            let examination = verify_deb(&path, &["good"]);
            let reasons = reasons(&examination);
            assert_eq!(reasons.len(), 1, "{}: {reasons:?}", case.name);
            let swapped = case.name.starts_with("swapped-");
            assert_eq!(
                reasons[0] == "signature.bad",
                swapped,
                "{}: {reasons:?}",
                case.name
            );
            // What cannot be verified is not signed either.
            if !swapped {
                let error = self::sign(&path, Role::MAINT, &["good"]).unwrap_err();
                assert!(
                    matches!(error, Error::Refused { .. }),
                    "{}: {error}",
                    case.name
                );
                assert_eq!(std::fs::read(&path).unwrap(), case.bytes);
            }
        }
    }
}

#[test]
fn each_clause_has_its_own_code() {
    let good = Deb::new("hello", "1.0", "amd64").members();
    let key = keys::load("good");
    let options = RawOptions::at(keys::SIGNED).binary();
    let signature = Member::new(
        "_gpgorigin",
        &raw_sign(&key, &deb::signed_data(&good), &options),
    );
    let archive = |change: &dyn Fn(&mut Vec<Member>)| {
        let mut members = good.clone();
        members.push(signature.clone());
        change(&mut members);
        deb::archive(&members)
    };
    let mut cut = archive(&|_| {});
    cut.truncate(cut.len() - 1);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("deb.not-an-archive", b"!<arch>".to_vec()),
        ("deb.not-an-archive", b"PK\x03\x04 something".to_vec()),
        ("deb.truncated", cut),
        ("deb.truncated", [archive(&|_| {}), b"\n".to_vec()].concat()),
        ("deb.header", archive(&|m| m[1].mtime = String::new())),
        ("deb.header", archive(&|m| m[1].mtime = "+1".into())),
        ("deb.header", archive(&|m| m[1].mtime = "01".into())),
        ("deb.header", archive(&|m| m[1].mtime = " 1".into())),
        ("deb.header", archive(&|m| m[3].name = "_gpg/origin".into())),
        (
            "deb.header",
            archive(&|m| m[0].name = " debian-binary".into()),
        ),
        ("deb.member-order", archive(&|m| m.swap(1, 2))),
        ("deb.member-order", archive(&|m| m.swap(2, 3))),
        ("deb.duplicate-member", archive(&|m| m.push(m[3].clone()))),
        (
            "deb.duplicate-member",
            archive(&|m| {
                let mut second = m[2].clone();
                second.name = "data.tar".into();
                second.data = b"another".to_vec();
                m.insert(3, second);
            }),
        ),
        (
            "deb.unknown-member",
            archive(&|m| m.insert(1, Member::new("_gpg", b"x"))),
        ),
        (
            "deb.unknown-member",
            archive(&|m| m.insert(1, Member::new("_gpg.asc", b"x"))),
        ),
        (
            "deb.unknown-member",
            archive(&|m| m[1].name = "control.tar.bz2".into()),
        ),
        (
            "deb.unknown-member",
            archive(&|m| m[2].name = "data.tar.xz.gz".into()),
        ),
        (
            "deb.unknown-member",
            archive(&|m| m[2].name = "DATA.TAR.XZ".into()),
        ),
        ("deb.missing-member", archive(&|m| m.truncate(2))),
        ("deb.empty-member", archive(&|m| m[2].data.clear())),
        ("deb.empty-member", archive(&|m| m[3].data.clear())),
        (
            "deb.format-version",
            archive(&|m| m[0].data = b"2.1\n".to_vec()),
        ),
        (
            "deb.format-version",
            archive(&|m| m[0].data = b"2.0\nmore\n".to_vec()),
        ),
        (
            "deb.compression",
            archive(&|m| m[2].name = "data.tar.gz".into()),
        ),
        (
            "deb.compression",
            archive(&|m| m[2].name = "data.tar".into()),
        ),
        (
            "deb.compression",
            archive(&|m| m[2].name = "data.tar.lzma".into()),
        ),
        (
            "limit.exceeded",
            archive(&|m| m[3].data = vec![0x88; (1 << 20) + 1]),
        ),
        (
            "limit.exceeded",
            archive(&|m| {
                for number in 0..64 {
                    m.push(Member::new(&format!("_gpg{number}"), b"x"));
                }
            }),
        ),
        (
            "deb.padding",
            archive(&|m| {
                m[3].data = vec![0x88; 3];
                m[3].padding = Some(0);
            }),
        ),
    ];
    for (code, bytes) in cases {
        let examination = verify(&bytes, &["good"]);
        rejected(&examination, &[code]);
        let finding = &examination.report.findings[0];
        assert_eq!(finding.severity, Severity::Reject);
        assert!(!finding.detail.is_empty() && !finding.detail.ends_with('.'));
        assert!(CODES.contains(&finding.code) || code == "limit.exceeded");
    }
}

#[test]
fn weak_digests_are_rejected() {
    use pkgseal_testkit::keys::Hash;
    let package = Deb::new("hello", "1.0", "amd64");
    let data = deb::signed_data(&package.members());
    for hash in [Hash::Md5, Hash::Sha1, Hash::Sha224] {
        let mut bytes = package.build();
        let options = RawOptions::at(keys::SIGNED).binary().hash(hash);
        let signature = raw_sign(&keys::load("good-rsa4096"), &data, &options);
        deb::append_signature(&mut bytes, "origin", &signature);
        rejected(
            &verify(&bytes, &["good-rsa4096"]),
            &["signature.weak-digest"],
        );
    }
}

#[test]
fn what_is_no_file_is_an_error() {
    let folder = folder();
    let limits = Limits::default();
    assert!(package::verify(folder.path(), &verifier(&[]), &limits).is_err());
    assert!(package::verify(&folder.path().join("none"), &verifier(&[]), &limits).is_err());
}
