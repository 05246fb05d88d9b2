//! Metadata made out of packages: the same as createrepo_c's, the same each time, read
//! once, and refused where a package is not what it says.

mod specs;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use pkgseal_openpgp::{Examination, Signed};
use pkgseal_repo::{CheckOptions, Compression, Decompressor, NoProgress};
use pkgseal_rpm::Error;
use pkgseal_rpm::yum::{self, Drafted, IndexOptions, PublishOptions, Reuse, Unchanged};
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::{keys, peers};

use crate::common::{assert_accepted, codes, rejections, signed, trusting, vectors};

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn draft(root: &Path, options: &IndexOptions) -> Drafted {
    let check = CheckOptions::default();
    yum::index(root, options, signed(), Duration::ZERO, &check, &NoProgress).unwrap()
}

fn publish(draft: Drafted, signers: &[&str]) -> Result<Signed, Error> {
    let Drafted::Changed(draft) = draft else {
        panic!("{draft:?}");
    };
    let signers: Vec<_> = signers
        .iter()
        .map(|name| keys::signer(name, signed()))
        .collect();
    let publish = PublishOptions::default();
    draft.publish(&signers, &publish, &CheckOptions::default(), &NoProgress)
}

/// Makes and signs the metadata of a folder.
pub(crate) fn index(root: &Path, options: &IndexOptions) -> Signed {
    publish(draft(root, options), &["good"]).unwrap()
}

fn current(drafted: Drafted) -> Examination {
    match drafted {
        Drafted::Current(examination) => examination,
        other => panic!("{other:?}"),
    }
}

fn refused(drafted: Drafted) -> Examination {
    match drafted {
        Drafted::Refused(examination) => examination,
        Drafted::Current(_) => panic!("nothing changed"),
        Drafted::Changed(_) => panic!("it was accepted"),
    }
}

fn put(root: &Path, name: &str, bytes: &[u8]) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A few packages of ours.
pub(crate) fn packages(root: &Path) {
    for (name, arch, format) in [
        ("alpha", "x86_64", Format::V4),
        ("beta", "noarch", Format::V6),
        ("gamma", "i686", Format::V4),
    ] {
        let rpm = Rpm::new(name, "1.0", arch, format);
        put(root, &format!("Packages/{}", rpm.file_name()), &rpm.build());
    }
}

/// The metadata files that repomd.xml lists.
pub(crate) fn listed(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join("repodata/repomd.xml")).unwrap();
    let hrefs = text.split("href=\"").skip(1);
    hrefs
        .map(|rest| rest.split_once('"').unwrap().0.to_owned())
        .collect()
}

/// The documents of a repository, opened, by the type of metadata.
pub(crate) fn documents(root: &Path) -> BTreeMap<String, String> {
    let mut documents = BTreeMap::new();
    for name in listed(root) {
        let (_, kind) = name.split_once('-').unwrap();
        let stored = fs::read(root.join(&name)).unwrap();
        let mut text = String::new();
        Decompressor::new(stored.as_slice(), Compression::from_name(&name), 1 << 30)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        let kind = kind.split('.').next().unwrap();
        documents.insert(kind.to_owned(), text);
    }
    documents
}

/// What createrepo_c writes of requirements of %pretrans and %posttrans since 1.1 (2024);
/// 0.17 does not mark them.
fn newer(line: &str) -> String {
    match line {
        "      <rpm:entry name=\"early\"/>" | "      <rpm:entry name=\"late\"/>" => {
            line.replace("\"/>", "\" pre=\"1\"/>")
        }
        line => line.to_owned(),
    }
}

/// Compares what we make of a folder with what createrepo_c makes of it, byte for byte.
fn compare(root: &Path) {
    let copy = folder();
    let copied = std::process::Command::new("cp")
        .args(["-a", "--"])
        .arg(root.join("."))
        .arg(copy.path())
        .status();
    assert!(copied.unwrap().success());
    let Some(run) = peers::yum::createrepo_c(copy.path(), &[]) else {
        return;
    };
    run.expect_ok();
    index(root, &IndexOptions::default());
    let (ours, theirs) = (documents(root), documents(copy.path()));
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        ["filelists", "other", "primary"]
    );
    for (kind, mut theirs) in theirs {
        if !theirs.contains("name=\"early\" pre") {
            theirs = theirs.split('\n').map(newer).collect::<Vec<_>>().join("\n");
        }
        let (mut a, mut b) = (ours[&kind].lines(), theirs.lines());
        for number in 1.. {
            match (a.next(), b.next()) {
                (None, None) => break,
                (a, b) => assert_eq!(a, b, "{kind}, line {number}"),
            }
        }
        assert_eq!(ours[&kind], theirs, "{kind}");
    }
}

#[test]
fn indices_of_generated_packages_are_those_of_createrepo_c() {
    let folder = folder();
    packages(folder.path());
    let mut count = 0;
    for (spec, options) in specs::all() {
        let Some(made) = peers::rpm::rpmbuild(&spec, options) else {
            return;
        };
        for (name, bytes) in made {
            put(folder.path(), &format!("{count}/{name}"), &bytes);
            count += 1;
        }
    }
    assert!(count > 10, "{count}");
    compare(folder.path());
    assert_accepted(
        &yum::verify_tree(
            folder.path(),
            &trusting(&["good"]),
            &CheckOptions::default(),
            &NoProgress,
        )
        .unwrap(),
    );
}

#[test]
fn indices_of_real_packages_are_those_of_createrepo_c() {
    let (Some(rs), Some(real)) = (vectors("rpm-rs"), vectors("yum")) else {
        return;
    };
    let folder = folder();
    let mut number = 0;
    for path in peers::files(&rs).into_iter().chain(peers::files(&real)) {
        if path.extension().is_some_and(|end| end == "rpm") {
            let name = path.file_name().unwrap().to_string_lossy();
            let bytes = fs::read(&path).unwrap();
            put(folder.path(), &format!("{number:03}/{name}"), &bytes);
            number += 1;
        }
    }
    assert!(number > 25, "{number}");
    compare(folder.path());
}

/// Every file beneath a folder, with its content.
pub(crate) fn content(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = peers::files(root).into_iter();
    let read = |path: std::path::PathBuf| {
        let name = path.strip_prefix(root).unwrap().to_string_lossy();
        (name.into_owned(), fs::read(&path).unwrap())
    };
    files.map(read).collect()
}

fn metadata(root: &Path) -> BTreeMap<String, Vec<u8>> {
    content(&root.join("repodata"))
}

/// The revision in a repomd.xml.
pub(crate) fn revision(root: &Path) -> i64 {
    let text = fs::read_to_string(root.join("repodata/repomd.xml")).unwrap();
    let (_, rest) = text.split_once("<revision>").unwrap();
    rest.split_once('<').unwrap().0.parse().unwrap()
}

pub(crate) fn verify(root: &Path) -> Examination {
    yum::verify_tree(
        root,
        &trusting(&["good"]),
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap()
}

#[test]
fn the_same_packages_give_the_same_bytes() {
    let (one, other) = (folder(), folder());
    for root in [one.path(), other.path()] {
        packages(root);
        for path in peers::files(root) {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
                .unwrap();
        }
        for form in [
            Compression::Gzip,
            Compression::Zstd,
            Compression::Xz,
            Compression::Bzip2,
            Compression::None,
        ] {
            let options = IndexOptions {
                compress: form,
                ..IndexOptions::default()
            };
            index(root, &options);
            assert_accepted(&verify(root));
        }
    }
    assert_eq!(metadata(one.path()), metadata(other.path()));
    // Each generation is later than the one before, though they are of one second.
    assert_eq!(revision(one.path()), signed().as_second() + 4);
}

#[test]
fn where_nothing_changed_nothing_is_written() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    let options = IndexOptions {
        signing: vec!["good".to_owned()],
        ..IndexOptions::default()
    };
    index(root, &options);
    let before = metadata(root);
    let found = current(draft(root, &options));
    assert_eq!(
        codes(&found, pkgseal_repo::Severity::Note),
        ["yum.make.nothing-changed"]
    );
    assert_eq!(metadata(root), before);

    // Another key, another form, a lost file, an order: each is a change.
    let other_key = IndexOptions {
        signing: vec!["other".to_owned()],
        ..options.clone()
    };
    let other_form = IndexOptions {
        compress: Compression::Zstd,
        ..options.clone()
    };
    let redate = IndexOptions {
        unchanged: Unchanged::Redate,
        ..options.clone()
    };
    for changed in [&other_key, &other_form, &redate] {
        assert!(matches!(draft(root, changed), Drafted::Changed(_)));
    }
    fs::remove_file(root.join("repodata/repomd.xml.asc")).unwrap();
    assert!(matches!(draft(root, &options), Drafted::Changed(_)));
    index(root, &redate);
    assert_eq!(revision(root), signed().as_second() + 1);
    current(draft(root, &options));
}

#[test]
fn old_generations_stay_for_slow_readers_and_then_go() {
    let folder = folder();
    let root = folder.path();
    let options = IndexOptions::default();
    let mut all = Vec::new();
    for number in 0..6 {
        let rpm = Rpm::new("counter", &format!("{number}.0"), "noarch", Format::V4);
        put(root, &rpm.file_name(), &rpm.build());
        index(root, &options);
        assert_accepted(&verify(root));
        let names = listed(root);
        assert_eq!(names.len(), 3);
        all.push(names);
        for (age, names) in all.iter().rev().enumerate() {
            for name in names {
                assert_eq!(root.join(name).exists(), age < 3, "{number} {name}");
            }
        }
    }
}

#[test]
fn packages_that_go_and_come_are_followed() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    put(root, "README", b"no package");
    put(root, ".upload/half.rpm", b"half");
    index(root, &IndexOptions::default());
    let alpha = "Packages/alpha-1.0-1.x86_64.rpm";
    fs::remove_file(root.join(alpha)).unwrap();
    let delta = Rpm::new("delta", "1.0", "noarch", Format::V6);
    put(root, &format!("new/{}", delta.file_name()), &delta.build());
    let gamma = Rpm::new("gamma", "1.0", "i686", Format::V4).file("/etc/new", b"x");
    put(root, "Packages/gamma-1.0-1.i686.rpm", &gamma.build());
    index(root, &IndexOptions::default());
    assert_accepted(&verify(root));
    let primary = fs::read_dir(root.join("repodata")).unwrap().count();
    assert_eq!(primary, 3 + 3 + 3, "two generations and the root");
    let all = documents(root);
    assert!(all["primary"].contains("/etc/new") && !all["primary"].contains("alpha"));
    for path in peers::files(&root.join("repodata")) {
        fs::remove_file(path).unwrap();
    }
    fs::remove_dir_all(root.join(".pkgseal")).unwrap();
    index(root, &IndexOptions::default());
    assert_eq!(documents(root), all);
}

#[test]
fn a_copy_under_two_names_is_listed_twice_and_another_build_is_warned_of() {
    let folder = folder();
    let root = folder.path();
    let rpm = Rpm::new("same", "1.0", "noarch", Format::V4);
    put(root, "a/same.rpm", &rpm.build());
    put(root, "b/same.rpm", &rpm.build());
    let done = index(root, &IndexOptions::default());
    assert!(codes(&done.examination, pkgseal_repo::Severity::Warning).is_empty());
    assert_accepted(&verify(root));
    put(root, "b/same.rpm", &rpm.file("/x", b"x").build());
    let done = index(root, &IndexOptions::default());
    assert_eq!(
        codes(&done.examination, pkgseal_repo::Severity::Warning),
        ["yum.primary.same-name"]
    );
}

#[test]
fn an_empty_folder_gives_an_empty_repository() {
    let folder = folder();
    let done = index(folder.path(), &IndexOptions::default());
    assert_eq!(
        codes(&done.examination, pkgseal_repo::Severity::Warning),
        ["yum.make.nothing-to-index"]
    );
    assert_accepted(&verify(folder.path()));
}

#[test]
fn what_is_no_sound_package_stops_the_run() {
    let sound = Rpm::new("sound", "1.0", "noarch", Format::V4).build();
    let parts = pkgseal_testkit::build::rpm::Parts::read(&sound);
    let flipped = |at: usize| {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        bytes
    };
    let main = sound.len() - parts.payload.len() - parts.header.len();
    let control = {
        let text = "Name: odd\nVersion: 1\nRelease: 1\nSummary: a\u{1}b\nLicense: MIT\n\
                    BuildArch: noarch\n%description\n%files\n";
        peers::rpm::rpmbuild(text.as_bytes(), &["-bb"])
    };
    let mut cases = vec![
        ("rpm.not-a-package", b"no package".to_vec()),
        ("rpm.truncated", sound[..main + 20].to_vec()),
        ("rpm.size-mismatch", sound[..sound.len() - 1].to_vec()),
        ("rpm.size-mismatch", [&sound[..], b"x"].concat()),
        (
            "rpm.header.digest-mismatch",
            flipped(main + parts.header.len() - 20),
        ),
        ("rpm.truncated", Vec::new()),
    ];
    cases.extend(control.map(|made| ("yum.make.unprintable", made[0].1.clone())));
    for (code, bytes) in cases {
        let folder = folder();
        let root = folder.path();
        packages(root);
        index(root, &IndexOptions::default());
        let before = metadata(root);
        put(root, "Packages/zz.rpm", &bytes);
        let found = refused(draft(root, &IndexOptions::default()));
        let codes = rejections(&found);
        assert!(codes == [code] || bytes.is_empty(), "{code}: {codes:?}");
        assert_eq!(found.report.findings[0].subject, "Packages/zz.rpm");
        assert_eq!(metadata(root), before, "{code}");
        assert!(!root.join(".pkgseal/next").exists(), "{code}");
    }
}

#[test]
fn links_are_followed_inside_and_nowhere_else() {
    let outside = folder();
    let rpm = Rpm::new("linked", "1.0", "noarch", Format::V4);
    put(outside.path(), "linked.rpm", &rpm.build());
    let folder = folder();
    let root = folder.path();
    packages(root);
    std::os::unix::fs::symlink("Packages", root.join("also")).unwrap();
    std::os::unix::fs::symlink("Packages/alpha-1.0-1.x86_64.rpm", root.join("alias.rpm")).unwrap();
    let done = index(root, &IndexOptions::default());
    assert_eq!(
        codes(&done.examination, pkgseal_repo::Severity::Warning),
        ["yum.make.directory-link"]
    );
    assert_eq!(documents(root)["primary"].matches("<package ").count(), 4);
    for (code, target) in [
        ("path.unsafe", outside.path().join("linked.rpm")),
        ("file.missing", root.join("nothing")),
    ] {
        let link = root.join("out.rpm");
        let target = match code {
            "file.missing" => Path::new("nothing").to_owned(),
            _ => target,
        };
        std::os::unix::fs::symlink(target, &link).unwrap();
        let found = refused(draft(root, &IndexOptions::default()));
        assert_eq!(rejections(&found), [code]);
        fs::remove_file(link).unwrap();
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let folder = folder();
    packages(folder.path());
    let file = folder.path().join("x.xml");
    fs::write(&file, "<x/>").unwrap();
    let taking = |kinds: &[&str]| IndexOptions {
        metadata: kinds
            .iter()
            .map(|kind| ((*kind).to_owned(), file.clone()))
            .collect(),
        ..IndexOptions::default()
    };
    let cases = [
        taking(&["primary"]),
        taking(&["primary_db"]),
        taking(&[""]),
        taking(&["a/b"]),
        taking(&["..x"]),
        taking(&["group", "group"]),
        IndexOptions {
            without: vec!["filelists".to_owned()],
            ..IndexOptions::default()
        },
        IndexOptions {
            compress: Compression::Lzma,
            ..IndexOptions::default()
        },
        IndexOptions {
            compress: Compression::Lz4,
            ..IndexOptions::default()
        },
    ];
    for options in cases {
        let found = refused(draft(folder.path(), &options));
        assert_eq!(rejections(&found), ["yum.make.option"], "{options:?}");
        assert!(!folder.path().join(".pkgseal").exists());
    }
}

#[test]
fn other_metadata_is_taken_in_kept_and_left_out() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    if let Some(createrepo_c) = peers::have("createrepo_c") {
        let options = ["--quiet", "--database", "--set-timestamp-to-revision"];
        let revision = ["--revision", "1740787200"];
        let options = options.iter().chain(&revision).map(std::ffi::OsStr::new);
        createrepo_c
            .run(options.chain([root.as_os_str()]))
            .expect_ok();
    }
    let files = super::index::folder();
    let group = files.path().join("comps.xml");
    fs::write(&group, "<comps/>\n").unwrap();
    let update = files.path().join("updateinfo.xml.gz");
    let text = b"<updates><update/></updates>\n";
    fs::write(&update, Compression::Gzip.compress(text).unwrap()).unwrap();
    let options = IndexOptions {
        metadata: vec![
            ("group".to_owned(), group),
            ("updateinfo".to_owned(), update),
        ],
        compress: Compression::Zstd,
        ..IndexOptions::default()
    };
    let done = index(root, &options);
    let notes = codes(&done.examination, pkgseal_repo::Severity::Note);
    assert!(notes.contains(&"yum.make.left-out") || peers::have("createrepo_c").is_none());
    assert_accepted(&verify(root));
    let repomd = |root: &Path| fs::read_to_string(root.join("repodata/repomd.xml")).unwrap();
    let text = repomd(root);
    assert!(
        text.contains("-group.xml\"/>") && text.contains("-updateinfo.xml.zst\"/>"),
        "{text}"
    );
    assert!(!text.contains("_db"), "{text}");

    // Kept by the next run, and left out where that is asked for.
    let rpm = Rpm::new("new", "1.0", "noarch", Format::V4);
    put(root, &rpm.file_name(), &rpm.build());
    index(root, &IndexOptions::default());
    assert_accepted(&verify(root));
    let text = repomd(root);
    assert!(
        text.contains("-group.xml\"/>") && text.contains("-updateinfo.xml.zst\"/>"),
        "{text}"
    );
    let without = IndexOptions {
        without: vec!["updateinfo".to_owned()],
        ..IndexOptions::default()
    };
    index(root, &without);
    assert_accepted(&verify(root));
    let text = repomd(root);
    assert!(
        text.contains("-group.xml\"/>") && !text.contains("updateinfo"),
        "{text}"
    );
}

#[test]
fn a_repomd_that_cannot_be_read_is_not_replaced() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    put(root, "repodata/repomd.xml", b"<!DOCTYPE x><repomd/>");
    let found = refused(draft(root, &IndexOptions::default()));
    assert_eq!(rejections(&found), ["yum.repomd.malformed"]);
    // What it lists besides is gone: the new one would not verify.
    put(
        root,
        "repodata/repomd.xml",
        format!(
            "<repomd><data type=\"group\"><checksum type=\"sha256\">{}</checksum>\
             <location href=\"repodata/comps.xml\"/></data></repomd>",
            "0".repeat(64)
        )
        .as_bytes(),
    );
    let check = CheckOptions::default();
    let lost = yum::index(
        root,
        &IndexOptions::default(),
        signed(),
        Duration::ZERO,
        &check,
        &NoProgress,
    );
    assert!(lost.unwrap_err().to_string().contains("comps.xml"));
    put(root, "repodata/comps.xml", b"<comps/>");
    let error = publish(draft(root, &IndexOptions::default()), &["good"]).unwrap_err();
    assert!(
        error.to_string().contains("file.digest-mismatch"),
        "{error}"
    );
}

#[test]
fn signed_metadata_is_not_replaced_by_unsigned() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    publish(draft(root, &IndexOptions::default()), &[]).unwrap();
    assert!(!root.join("repodata/repomd.xml.asc").exists());
    let redate = IndexOptions {
        unchanged: Unchanged::Redate,
        ..IndexOptions::default()
    };
    index(root, &redate);
    let before = metadata(root);
    let error = publish(draft(root, &redate), &[]).unwrap_err();
    assert!(
        error.to_string().contains("yum.publish.unsigned"),
        "{error}"
    );
    assert_eq!(metadata(root), before);
    assert!(!root.join(".pkgseal/next").exists());
    assert_accepted(&verify(root));
}

#[test]
fn two_signatures_are_made_only_where_that_is_asked_for() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    let error = publish(
        draft(root, &IndexOptions::default()),
        &["good", "good-rsa4096"],
    )
    .unwrap_err();
    assert!(
        matches!(error, Error::SignerCount { given: 2, .. }),
        "{error}"
    );
    assert!(!root.join("repodata").exists());
    let Drafted::Changed(draft) = draft(root, &IndexOptions::default()) else {
        panic!();
    };
    let signers = ["good", "good-rsa4096"].map(|name| keys::signer(name, signed()));
    let several = PublishOptions {
        signatures: yum::Signatures::Several,
        ..PublishOptions::default()
    };
    draft
        .publish(&signers, &several, &CheckOptions::default(), &NoProgress)
        .unwrap();
    let asc = fs::read_to_string(root.join("repodata/repomd.xml.asc")).unwrap();
    assert_eq!(asc.matches("BEGIN PGP SIGNATURE").count(), 2);
    let key = fs::read_to_string(root.join("repodata/repomd.xml.key")).unwrap();
    assert_eq!(key.matches("BEGIN PGP PUBLIC KEY").count(), 2);
    assert_accepted(&verify(root));
}

#[test]
fn damaged_memory_is_told_of_and_made_anew() {
    let folder = folder();
    let root = folder.path();
    packages(root);
    index(root, &IndexOptions::default());
    for name in ["packages", "repomd"] {
        let path = root.join(".pkgseal").join(name);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    let rehash = IndexOptions {
        reuse: Reuse::Nothing,
        ..IndexOptions::default()
    };
    let Drafted::Changed(_) = draft(root, &rehash) else {
        panic!("what was published before is not known any more");
    };
    let done = index(root, &IndexOptions::default());
    let warnings = codes(&done.examination, pkgseal_repo::Severity::Warning);
    assert_eq!(warnings, ["yum.make.cache"]);
    assert_accepted(&verify(root));
}

/// What a verification warns of is listed; what it rejects is not.
#[test]
fn packages_are_judged_as_they_are_verified() {
    let sound = Rpm::new("sound", "1.0", "noarch", Format::V4).build();
    for (at, accepted) in [(12, true), (0, false)] {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        let folder = folder();
        put(folder.path(), "sound.rpm", &bytes);
        let drafted = draft(folder.path(), &IndexOptions::default());
        assert_eq!(matches!(drafted, Drafted::Changed(_)), accepted, "{at}");
    }
}
