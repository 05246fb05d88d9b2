//! What a package says of itself, and what its readers take from it.

use std::collections::BTreeSet;
use std::path::Path;

use pkgseal_deb::package;
use pkgseal_openpgp::{Certificates, Examination, Profile, Verifier};
use pkgseal_repo::Limits;
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::deb::{self, Deb, Member};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};
use pkgseal_testkit::peers;

use crate::common::{accepted, codes, folder, now, reasons, verify_deb, write};

fn inspect(path: &Path) -> Examination {
    let nobody = Verifier::new(Certificates::default(), Profile::strict(), now());
    package::inspect(path, &nobody, &Limits::default()).unwrap()
}

fn details<'a>(examination: &'a Examination, name: &str) -> Vec<&'a str> {
    let named = examination
        .details
        .iter()
        .filter(|detail| detail.name == name);
    named.map(|detail| detail.value.as_str()).collect()
}

fn sign(data: &[u8]) -> Vec<u8> {
    raw_sign(
        &keys::load("good"),
        data,
        &RawOptions::at(keys::SIGNED).binary(),
    )
}

fn signed(members: &[Member]) -> Vec<u8> {
    let mut bytes = deb::archive(members);
    deb::append_signature(&mut bytes, "origin", &sign(&deb::signed_data(members)));
    bytes
}

#[test]
fn an_accepted_package_says_what_it_is() {
    let folder = folder();
    let bytes = signed(&Deb::new("hello", "1:2.0-1", "amd64").members());
    let path = write(folder.path(), "hello.deb", &bytes);
    let examination = verify_deb(&path, &["good"]);
    accepted(&examination);
    assert_eq!(details(&examination, "package"), ["hello"]);
    assert_eq!(details(&examination, "version"), ["1:2.0-1"]);
    assert_eq!(details(&examination, "architecture"), ["amd64"]);
    // What nobody vouches for is not read.
    let examination = verify_deb(&path, &["stranger"]);
    assert_eq!(examination.details, []);
}

#[test]
fn inspecting_tells_members_coverage_and_readers() {
    let folder = folder();
    let members = Deb::new("hello", "1.0", "amd64").members();
    let path = write(folder.path(), "hello.deb", &signed(&members));
    write(folder.path(), "hello.deb.asc", &sign(b"whatever"));
    let examination = inspect(&path);
    assert_eq!(details(&examination, "package"), ["hello"]);
    assert_eq!(details(&examination, "member").len(), 4);
    let covers = details(&examination, "covers");
    assert!(
        covers[0].starts_with("_gpgorigin: bytes 68 to 72, 132 to"),
        "{covers:?}"
    );
    assert!(covers[1].starts_with("hello.deb.asc: all"), "{covers:?}");
    for reader in ["dpkg", "apt", "debsig-verify"] {
        let taken = details(&examination, reader);
        assert!(taken[0].starts_with("control.tar.xz from byte 132 and data.tar.xz"));
    }
    assert_eq!(
        details(&examination, "readers"),
        ["they take the same members"]
    );
}

#[test]
fn where_readers_part_inspecting_says_so() {
    let folder = folder();
    let package = Deb::new("hello", "1.0", "amd64");
    let mut parted = BTreeSet::new();
    for case in deb::malformed(&package, &sign) {
        let path = write(folder.path(), "hello.deb", &case.bytes);
        let examination = inspect(&path);
        if details(&examination, "readers") != ["they take the same members"] {
            parted.insert(case.name);
        }
        assert_eq!(details(&examination, "covers").is_empty(), {
            !case.name.starts_with("swapped-")
        });
    }
    for name in [
        "duplicate-data-member-last",
        "data-before-control",
        "extra-member-before-control",
    ] {
        assert!(parted.contains(name), "{name}: {parted:?}");
    }
}

/// Where a reader begins to read control.tar, by our model.
fn control_at(examination: &Examination, reader: &str) -> Option<usize> {
    let value = details(examination, reader)[0];
    let rest = value.split_once(" from byte ")?.1;
    rest.split(' ').next()?.parse().ok()
}

/// The version in the control member that a model names: ours, or the other one.
fn version_at(bytes: &[u8], at: usize, package: &Deb) -> &'static str {
    let good = &package.members()[1].data;
    if bytes[at..].starts_with(good) {
        "1.0"
    } else {
        "6.6.6"
    }
}

/// The models are held against the programs: whether they take the archive, and which
/// control file.
#[test]
fn the_models_are_the_programs() {
    let folder = folder();
    let package = Deb::new("hello", "1.0", "amd64");
    let mut cases = deb::malformed(&package, &sign);
    cases.extend(more(&package));
    let mut wrong = Vec::new();
    for case in cases {
        let path = write(folder.path(), "hello.deb", &case.bytes);
        let examination = inspect(&path);
        let Some(dpkg) = peers::deb::dpkg_deb_reads(&path) else {
            return;
        };
        let model = control_at(&examination, "dpkg");
        if dpkg.accepted() != model.is_some() {
            wrong.push(format!("dpkg, {}: {}", case.name, dpkg.accepted()));
        } else if let Some(at) = model {
            let field = peers::have("dpkg-deb").unwrap();
            let said = field
                .run([Path::new("-f"), &path, Path::new("Version")])
                .text;
            if said.trim() != version_at(&case.bytes, at, &package) {
                wrong.push(format!("dpkg, {}: {said}", case.name));
            }
        }
        let Some(apt) = peers::deb::apt_ftparchive(folder.path(), &["packages", "."]) else {
            return;
        };
        let apt_text = String::from_utf8_lossy(&apt.stdout).into_owned();
        let taken = apt_text.contains("Package: hello");
        let model = control_at(&examination, "apt");
        if taken != model.is_some() {
            wrong.push(format!("apt, {}: {taken}", case.name));
        } else if let Some(at) = model {
            let version = format!("Version: {}", version_at(&case.bytes, at, &package));
            if !apt_text.contains(&version) {
                wrong.push(format!("apt, {}: not {version}", case.name));
            }
        }
    }
    assert_eq!(wrong, UNKNOWN_TO_THE_MODELS);
}

/// Models know names and sizes: not what stands inside members, nor the other fields of
/// headers.
const UNKNOWN_TO_THE_MODELS: &[&str] = &[
    "dpkg, data-of-another-compression: false",
    "dpkg, version-3: false",
    "apt, header-end-wrong: true",
    "apt, mode-not-octal: false",
    "apt, mtime-not-decimal: false",
    "apt, padding-missing: false",
];

fn more(package: &Deb) -> Vec<deb::Malformed> {
    let good = package.members();
    let evil = Deb::new("hello", "6.6.6", "amd64").members();
    let underscore = Member::new("_anything", b"anything");
    let list = [
        (
            "second-control-last",
            vec![&good[0], &good[1], &good[2], &evil[1]],
        ),
        (
            "second-control-first",
            vec![&good[0], &evil[1], &good[1], &good[2]],
        ),
        (
            "underscore-between",
            vec![&good[0], &underscore, &good[1], &underscore, &good[2]],
        ),
        (
            "underscore-first",
            vec![&underscore, &good[0], &good[1], &good[2]],
        ),
        ("data-twice", vec![&good[0], &good[1], &good[2], &evil[2]]),
    ];
    list.into_iter()
        .map(|(name, members)| {
            let members: Vec<Member> = members.into_iter().cloned().collect();
            deb::Malformed {
                name,
                bytes: deb::archive(&members),
            }
        })
        .collect()
}

/// A signed package whose control.tar, uncompressed or not, is this.
fn with_control(tar: &[u8], compression: Compression) -> Vec<u8> {
    let mut members = Deb::new("hello", "1.0", "amd64").members();
    members[1] = Member::new(
        &format!("control.tar{}", compression.suffix()),
        &compression.compress(tar),
    );
    signed(&members)
}

/// The signer vouches for every byte, and readers would still see two packages.
#[test]
fn control_archives_that_readers_differ_on_are_rejected() {
    let folder = folder();
    let good = Deb::new("hello", "1.0", "amd64")
        .control_text()
        .into_bytes();
    let evil = Deb::new("hello", "6.6.6", "amd64")
        .control_text()
        .into_bytes();
    let tar = |files: &[(&str, &[u8])]| {
        let files: Vec<_> = files
            .iter()
            .map(|(path, content)| ((*path).to_owned(), content.to_vec()))
            .collect();
        deb::tar(&files)
    };
    let verify = |bytes: &[u8]| {
        let path = write(folder.path(), "hello.deb", bytes);
        verify_deb(&path, &["good"])
    };
    for form in [
        Compression::None,
        Compression::Gzip,
        Compression::Xz,
        Compression::Zstd,
    ] {
        accepted(&verify(&with_control(&tar(&[("./control", &good)]), form)));
        for files in [
            &[("./control", &good[..]), ("./control", &evil)][..],
            &[("./control", &good), ("control", &evil)],
            &[("control", &evil), ("./control", &good)],
            &[("./md5sums", b"")],
            &[("./sub/control", &good)],
            &[("../control", &good)],
            &[],
        ] {
            let examination = verify(&with_control(&tar(files), form));
            let found = reasons(&examination);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("deb.control"), "{found:?}");
        }
    }
    // Something behind the end of the archive or of the compressed stream.
    let whole = tar(&[("./control", &good)]);
    let behind = [&whole[..], &tar(&[("./control", &evil)])].concat();
    assert!(!codes(&verify(&with_control(&behind, Compression::Gzip))).is_empty());
    for form in [Compression::Gzip, Compression::Xz, Compression::Zstd] {
        let mut members = Deb::new("hello", "1.0", "amd64").members();
        let data = [&form.compress(&whole)[..], b"trailing garbage"].concat();
        members[1] = Member::new(&format!("control.tar{}", form.suffix()), &data);
        let found = reasons(&verify(&signed(&members)));
        assert!(
            found.iter().any(|code| code.starts_with("deb.control")),
            "{found:?}"
        );
    }
    // Control texts that readers read differently.
    for text in [
        [&good[..], b"Version: 6.6.6\n"].concat(),
        [&good[..], b"\nPackage: other\n"].concat(),
        b"Package: hello\n".to_vec(),
        [b"\n", &good[..]].concat(),
    ] {
        let found = reasons(&verify(&with_control(
            &tar(&[("./control", &text)]),
            Compression::Xz,
        )));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("deb.control"), "{found:?}");
    }
}
