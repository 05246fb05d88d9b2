use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pkgseal_repo::{NoProgress, Severity};
use pkgseal_testkit::build::deb::{Deb, archive, malformed};
use pkgseal_testkit::keys;
use proptest::prelude::*;

use super::*;

/// Counts the files that are read.
#[derive(Default)]
struct Counter(AtomicU64);

impl Progress for Counter {
    fn file(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn now() -> Timestamp {
    keys::time(keys::SIGNED)
}

fn stable() -> IndexOptions {
    IndexOptions {
        suite: Some(SafePath::new("dists/stable").unwrap()),
        ..IndexOptions::default()
    }
}

fn put(root: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn pool_of(root: &Path, packages: &[(&str, Deb)]) {
    for (component, deb) in packages {
        let path = format!("pool/{component}/{}", deb.file_name());
        put(root, &path, deb.build());
    }
}

fn repository() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    pool_of(
        root.path(),
        &[
            ("main", Deb::new("hello", "1.0", "amd64")),
            ("main", Deb::new("common", "2.0", "all")),
            ("main", Deb::new("hello", "1.0", "arm64")),
            ("contrib", Deb::new("extra", "3.0-1", "amd64")),
        ],
    );
    root
}

/// No file is young to these tests, which are made this very moment.
const NEVER_YOUNG: i64 = -3_600_000_000_000;

fn draft(root: &Path, options: &IndexOptions, time: Timestamp, progress: &dyn Progress) -> Drafted {
    let check = CheckOptions::default();
    at_step(
        root,
        options,
        time,
        Duration::ZERO,
        &check,
        progress,
        NEVER_YOUNG,
    )
    .unwrap()
}

/// Makes and publishes; what was written, or the codes of what is wrong.
fn make_at(
    root: &Path,
    options: &IndexOptions,
    time: Timestamp,
) -> Result<Signed, Vec<&'static str>> {
    match draft(root, options, time, &NoProgress) {
        Drafted::Changed(draft) => Ok(draft
            .publish(
                &[],
                &PublishOptions::default(),
                &CheckOptions::default(),
                &NoProgress,
            )
            .unwrap()),
        Drafted::Current(examination) | Drafted::Refused(examination) => Err(examination
            .report
            .findings
            .iter()
            .map(|finding| finding.code.id)
            .collect()),
    }
}

fn make(root: &Path, options: &IndexOptions) -> Result<Signed, Vec<&'static str>> {
    make_at(root, options, now())
}

/// Every file beneath `dists`, by-hash left out.
fn published(root: &Path) -> BTreeMap<String, Vec<u8>> {
    pool::walk(root, Some(&SafePath::new("dists").unwrap()))
        .unwrap()
        .into_iter()
        .map(|found| found.path.to_string())
        .filter(|path| !path.contains("/by-hash/"))
        .map(|path| {
            let bytes = fs::read(root.join(&path)).unwrap();
            (path, bytes)
        })
        .collect()
}

fn plain(options: &IndexOptions) -> IndexOptions {
    IndexOptions {
        compress: vec![Compression::None],
        ..options.clone()
    }
}

fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap()
}

#[test]
fn packages_stand_where_clients_look() {
    let root = repository();
    let root = root.path();
    put(root, "pool/main/README", "no package");
    put(root, "pool/main/.hidden.deb", "half an upload");
    make(root, &plain(&stable())).unwrap();
    let amd64 = read(root, "dists/stable/main/binary-amd64/Packages");
    assert_eq!(
        amd64
            .lines()
            .filter(|line| line.starts_with("Filename"))
            .collect::<Vec<_>>(),
        [
            "Filename: pool/main/common_2.0_all.deb",
            "Filename: pool/main/hello_1.0_amd64.deb",
        ]
    );
    let arm64 = read(root, "dists/stable/main/binary-arm64/Packages");
    assert!(arm64.contains("common_2.0_all.deb") && arm64.contains("hello_1.0_arm64.deb"));
    assert_eq!(read(root, "dists/stable/contrib/binary-arm64/Packages"), "");
    let release = read(root, "dists/stable/Release");
    assert!(
        release.starts_with(
            "Suite: stable\nCodename: stable\nDate: Sat, 01 Mar 2025 00:00:00 UTC\n\
         Acquire-By-Hash: yes\nArchitectures: amd64 arm64\nComponents: main contrib\nSHA256:\n"
        ),
        "{release}"
    );
    assert!(!root.join("dists/stable/main/source").exists());
}

#[test]
fn packages_for_every_architecture_may_stand_apart() {
    let root = repository();
    let options = IndexOptions {
        all: AllPackages::Apart,
        ..plain(&stable())
    };
    make(root.path(), &options).unwrap();
    let of = |architecture: &str| {
        let path = format!("dists/stable/main/binary-{architecture}/Packages");
        read(root.path(), &path).contains("Package: common")
    };
    assert!(of("all") && !of("amd64") && !of("arm64"));
    assert!(read(root.path(), "dists/stable/Release").contains("Architectures: amd64 arm64 all\n"));
}

#[test]
fn components_architectures_and_packages_are_chosen() {
    let root = repository();
    let options = IndexOptions {
        components: vec!["main".to_owned(), "empty".to_owned()],
        architectures: vec!["amd64".to_owned(), "riscv64".to_owned()],
        packages: Some(
            ["pool/main/hello_1.0_amd64.deb"]
                .iter()
                .map(|p| SafePath::new(p).unwrap())
                .collect(),
        ),
        ..plain(&stable())
    };
    make(root.path(), &options).unwrap();
    let paths: Vec<String> = published(root.path()).into_keys().collect();
    assert_eq!(
        paths,
        [
            "dists/stable/Release",
            "dists/stable/empty/binary-amd64/Packages",
            "dists/stable/empty/binary-riscv64/Packages",
            "dists/stable/main/binary-amd64/Packages",
            "dists/stable/main/binary-riscv64/Packages",
        ]
    );
    let text = read(root.path(), "dists/stable/main/binary-amd64/Packages");
    assert!(text.contains("Package: hello") && !text.contains("common"));
}

#[test]
fn a_flat_repository_lists_everything_at_the_top() {
    let root = tempfile::tempdir().unwrap();
    put(
        root.path(),
        "hello.deb",
        Deb::new("hello", "1.0", "amd64").build(),
    );
    put(
        root.path(),
        "below/common.deb",
        Deb::new("common", "2.0", "all").build(),
    );
    make(root.path(), &plain(&IndexOptions::default())).unwrap();
    let text = read(root.path(), "Packages");
    assert!(
        text.contains("Filename: below/common.deb\n") && text.contains("Filename: hello.deb\n")
    );
    assert!(read(root.path(), "Release").contains("Architectures: amd64\nSHA256:\n"));
    let state = root.path().join(".pkgseal/index");
    let before = fs::metadata(&state).unwrap().ino();
    let again = make(root.path(), &plain(&IndexOptions::default()));
    assert_eq!(again.unwrap_err(), ["apt.make.nothing-changed"]);
    assert_eq!(fs::metadata(&state).unwrap().ino(), before);
}

#[test]
fn the_same_pool_gives_the_same_bytes() {
    let all = IndexOptions {
        compress: vec![
            Compression::Gzip,
            Compression::Bzip2,
            Compression::Xz,
            Compression::Zstd,
            Compression::None,
        ],
        ..stable()
    };
    let (one, other) = (repository(), repository());
    make(one.path(), &all).unwrap();
    let check = CheckOptions {
        jobs: 1,
        ..CheckOptions::default()
    };
    let Drafted::Changed(draft) = index(
        other.path(),
        &all,
        now(),
        Duration::ZERO,
        &check,
        &NoProgress,
    )
    .unwrap() else {
        panic!("nothing to do");
    };
    draft
        .publish(&[], &PublishOptions::default(), &check, &NoProgress)
        .unwrap();
    assert_eq!(published(one.path()), published(other.path()));
    let rehash = IndexOptions {
        reuse: Reuse::Nothing,
        unchanged: Unchanged::Redate,
        ..all
    };
    make(one.path(), &rehash).unwrap();
    assert_eq!(published(one.path()), published(other.path()));
}

#[test]
fn where_nothing_changed_nothing_is_read_or_written() {
    let root = repository();
    let root = root.path();
    make(root, &stable()).unwrap();
    let inode = |path: &str| fs::metadata(root.join(path)).unwrap().ino();
    let before = (
        inode("dists/stable"),
        inode("dists/stable/Release"),
        inode(".pkgseal/pool"),
    );
    let later = now() + jiff::SignedDuration::from_hours(1);
    let counter = Counter::default();
    let drafted = draft(root, &stable(), later, &counter);
    assert!(matches!(drafted, Drafted::Current(_)));
    assert_eq!(counter.0.into_inner(), 0);
    let after = (
        inode("dists/stable"),
        inode("dists/stable/Release"),
        inode(".pkgseal/pool"),
    );
    assert_eq!(before, after);
    // The moment counts where it was asked to.
    let redate = IndexOptions {
        unchanged: Unchanged::Redate,
        ..stable()
    };
    make_at(root, &redate, later).unwrap();
    assert!(read(root, "dists/stable/Release").contains("Date: Sat, 01 Mar 2025 01:00:00 UTC\n"));
}

#[test]
fn an_expired_release_is_dated_anew() {
    let root = repository();
    let options = IndexOptions {
        fields: ReleaseFields {
            valid_for: Some(jiff::SignedDuration::from_hours(48)),
            ..ReleaseFields::default()
        },
        ..stable()
    };
    make(root.path(), &options).unwrap();
    let day = jiff::SignedDuration::from_hours(24);
    assert!(make_at(root.path(), &options, now() + day).is_err());
    make_at(root.path(), &options, now() + day + day + day).unwrap();
    let release = read(root.path(), "dists/stable/Release");
    assert!(
        release.contains("Valid-Until: Thu, 06 Mar 2025 00:00:00 UTC\n"),
        "{release}"
    );
}

#[test]
fn one_new_package_is_one_read_and_leaves_other_indices_alone() {
    let root = repository();
    let root = root.path();
    make(root, &stable()).unwrap();
    let contrib = "dists/stable/contrib/binary-amd64/Packages.xz";
    let before = fs::metadata(root.join(contrib)).unwrap().ino();
    pool_of(root, &[("main", Deb::new("new", "1", "arm64"))]);
    let counter = Counter::default();
    let Drafted::Changed(draft) = draft(root, &stable(), now(), &counter) else {
        panic!("there is a new package");
    };
    // One package, and two forms of one index.
    assert_eq!(counter.0.into_inner(), 3);
    let mut given: Vec<&str> = draft
        .generation
        .indices
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    given.sort_unstable();
    assert_eq!(
        given,
        [
            "main/binary-arm64/Packages.gz",
            "main/binary-arm64/Packages.xz"
        ]
    );
    draft
        .publish(
            &[],
            &PublishOptions::default(),
            &CheckOptions::default(),
            &NoProgress,
        )
        .unwrap();
    assert_eq!(fs::metadata(root.join(contrib)).unwrap().ino(), before);
}

#[test]
fn young_files_are_not_believed() {
    let root = repository();
    let options = plain(&stable());
    let check = CheckOptions::default();
    let counted = || {
        let counter = Counter::default();
        let drafted = index(
            root.path(),
            &options,
            now(),
            Duration::ZERO,
            &check,
            &counter,
        )
        .unwrap();
        if let Drafted::Changed(draft) = drafted {
            draft
                .publish(&[], &PublishOptions::default(), &check, &NoProgress)
                .unwrap();
        }
        counter.0.into_inner()
    };
    // Four packages and four indices; then the packages, touched a moment ago, again.
    assert_eq!((counted(), counted()), (8, 4));
}

#[test]
fn what_was_published_and_touched_is_made_again() {
    let root = repository();
    let root = root.path();
    make(root, &stable()).unwrap();
    let good = published(root);
    for path in good.keys() {
        put(root, path, "damaged");
        make(root, &stable()).unwrap();
        assert_eq!(published(root), good, "{path}");
        fs::remove_file(root.join(path)).unwrap();
        make(root, &stable()).unwrap();
        assert_eq!(published(root), good, "{path}");
    }
}

#[test]
fn other_options_and_other_keys_make_it_anew() {
    let root = repository();
    make(root.path(), &stable()).unwrap();
    let label = IndexOptions {
        fields: ReleaseFields {
            label: Some("other".to_owned()),
            ..ReleaseFields::default()
        },
        ..stable()
    };
    make(root.path(), &label).unwrap();
    let signing = IndexOptions {
        signing: vec!["a key".to_owned()],
        ..label.clone()
    };
    make(root.path(), &signing).unwrap();
    let digests = IndexOptions {
        digests: vec![DigestAlgorithm::Sha512, DigestAlgorithm::Md5],
        ..plain(&label)
    };
    make(root.path(), &digests).unwrap();
    let text = read(root.path(), "dists/stable/main/binary-amd64/Packages");
    assert!(text.contains("\nSHA512: ") && text.contains("\nMD5sum: "));
    assert!(make(root.path(), &digests).is_err());
}

#[test]
fn a_plain_index_that_stands_there_does_not_go_stale() {
    let root = repository();
    put(
        root.path(),
        "dists/stable/main/binary-amd64/Packages",
        "Package: old\n",
    );
    make(root.path(), &stable()).unwrap();
    let text = read(root.path(), "dists/stable/main/binary-amd64/Packages");
    assert!(text.contains("Package: hello"));
    assert!(make(root.path(), &stable()).is_err());
}

#[test]
fn damaged_memory_is_told_of_and_changes_nothing() {
    let root = repository();
    let root = root.path();
    make(root, &stable()).unwrap();
    let good = published(root);
    for name in [".pkgseal/pool", ".pkgseal/index-dists%2fstable"] {
        let state = fs::read(root.join(name)).unwrap();
        for damaged in [&state[..state.len() / 2], b"", b"something else"] {
            put(root, name, damaged);
            let redate = IndexOptions {
                unchanged: Unchanged::Redate,
                ..stable()
            };
            let signed = make(root, &redate).unwrap();
            let told = signed.examination.report.findings.iter().any(|finding| {
                finding.code == codes::MAKE_CACHE && finding.severity == Severity::Warning
            });
            assert!(told, "{name}");
            assert_eq!(published(root), good, "{name}");
        }
    }
}

/// A source package of two files; `change` gets its .dsc.
fn source(root: &Path, change: impl Fn(String) -> String) {
    use pkgseal_testkit::build::Digest;
    let files: [(&str, &[u8]); 2] = [
        ("foo_1.orig.tar.gz", b"orig"),
        ("foo_1-1.debian.tar.xz", b"debian"),
    ];
    let mut dsc = "Format: 3.0 (quilt)\nSource: foo\nBinary: foo\nArchitecture: any\n\
                   Version: 1-1\nMaintainer: A <a@test.invalid>\n"
        .to_owned();
    for (field, digest) in [("Checksums-Sha256", Digest::Sha256), ("Files", Digest::Md5)] {
        dsc.push_str(&format!("{field}:\n"));
        for (name, content) in files {
            dsc.push_str(&format!(
                " {} {} {name}\n",
                digest.hex(content),
                content.len()
            ));
        }
    }
    for (name, content) in files {
        put(root, &format!("pool/main/foo/{name}"), content);
    }
    put(root, "pool/main/foo/foo_1-1.dsc", change(dsc));
}

#[test]
fn sources_list_themselves_and_their_files() {
    let root = repository();
    source(root.path(), |dsc| dsc);
    make(root.path(), &plain(&stable())).unwrap();
    let text = read(root.path(), "dists/stable/main/source/Sources");
    assert!(
        text.starts_with("Package: foo\nFormat: 3.0 (quilt)\nBinary: foo\n"),
        "{text}"
    );
    assert!(
        text.contains("\nDirectory: pool/main/foo\nFiles:\n "),
        "{text}"
    );
    for name in ["foo_1-1.dsc", "foo_1.orig.tar.gz", "foo_1-1.debian.tar.xz"] {
        assert_eq!(text.matches(&format!(" {name}\n")).count(), 2, "{name}");
    }
    assert!(make(root.path(), &plain(&stable())).is_err());
    // A file of it changed, its .dsc did not.
    put(root.path(), "pool/main/foo/foo_1.orig.tar.gz", "evil");
    assert_eq!(
        make(root.path(), &plain(&stable())).unwrap_err(),
        ["apt.make.source"]
    );
}

#[test]
fn a_signed_dsc_is_read_without_its_signature() {
    for end in ["", "\n"] {
        let root = repository();
        source(root.path(), |dsc| {
            let signers = [keys::signer("good", now())];
            let text = format!("{dsc}{end}");
            let signed = pkgseal_openpgp::cleartext::sign(&signers, text.as_bytes(), now());
            let signed = String::from_utf8(signed.unwrap()).unwrap();
            signed.replace("Files:\n", "Files: \t\n")
        });
        make(root.path(), &plain(&stable())).unwrap();
        let text = read(root.path(), "dists/stable/main/source/Sources");
        assert!(
            text.starts_with("Package: foo\n") && !text.contains("PGP"),
            "{text}"
        );
        let dsc = fs::read(root.path().join("pool/main/foo/foo_1-1.dsc")).unwrap();
        let listed = format!(
            "\nFiles:\n {} {} foo_1-1.dsc\n",
            pkgseal_testkit::build::Digest::Md5.hex(&dsc),
            dsc.len()
        );
        assert!(text.contains(&listed), "{text}");
    }
}

#[test]
fn sources_whose_files_are_not_what_they_say_are_refused() {
    type Change = fn(String) -> String;
    let cases: &[(&str, Change)] = &[
        ("a file that is not there", |dsc| {
            dsc.replace("orig.tar.gz", "orig.tar.bz2")
        }),
        ("another size", |dsc| {
            dsc.replace(" 4 foo_1.orig", " 5 foo_1.orig")
        }),
        ("another size in one list", |dsc| {
            dsc.replacen(" 4 foo_1.orig", " 5 foo_1.orig", 1)
        }),
        ("another digest", |dsc| {
            let at = dsc.find("Checksums-Sha256:\n ").unwrap() + 19;
            let digit = if dsc.as_bytes()[at] == b'0' { "1" } else { "0" };
            format!("{}{digit}{}", &dsc[..at], &dsc[at + 1..])
        }),
        ("a file in one list only", |dsc| {
            let last = dsc.trim_end().rfind('\n').unwrap();
            dsc[..=last].to_owned()
        }),
        ("no list", |dsc| {
            dsc[..dsc.find("Checksums").unwrap()].to_owned()
        }),
        ("a folder", |dsc| dsc.replace("foo_1.orig", "../foo_1.orig")),
        ("text beside Files", |dsc| dsc.replace("Files:", "Files: 1")),
        ("a line of two words", |dsc| {
            dsc.replace(" foo_1.orig.tar.gz", "")
        }),
        ("a second field", |dsc| format!("{dsc}Source: bar\n")),
        ("a second paragraph", |dsc| format!("{dsc}\nSource: bar\n")),
        ("no Source", |dsc| dsc.replace("Source: foo\n", "")),
        ("no Version", |dsc| dsc.replace("Version: 1-1\n", "")),
        ("a path as Source", |dsc| {
            dsc.replace("Source: foo", "Source: ../foo")
        }),
        ("half a signature", |dsc| {
            format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{dsc}")
        }),
    ];
    for (case, change) in cases {
        let root = repository();
        make(root.path(), &stable()).unwrap();
        let good = published(root.path());
        source(root.path(), change);
        let refused = make(root.path(), &stable()).unwrap_err();
        assert!(
            refused.iter().all(|code| *code == "apt.make.source"),
            "{case}: {refused:?}"
        );
        assert_eq!(published(root.path()), good, "{case}");
    }
}

#[test]
fn packages_that_readers_read_differently_stop_the_run() {
    let root = repository();
    make(root.path(), &stable()).unwrap();
    let good = published(root.path());
    let bad = Deb::new("bad", "1", "amd64");
    for case in malformed(&bad, &|_| b"signature!".to_vec()) {
        put(root.path(), "pool/main/bad.deb", &case.bytes);
        match make(root.path(), &stable()) {
            Err(codes) => assert!(
                codes
                    .iter()
                    .all(|code| code.starts_with("deb.") || *code == "limit.exceeded"),
                "{}: {codes:?}",
                case.name
            ),
            // Only its signature is wrong, which the Release does not vouch for.
            Ok(_) => {
                assert!(
                    ["swapped-control", "swapped-data", "version-3"].contains(&case.name),
                    "{}",
                    case.name
                );
                fs::remove_file(root.path().join("pool/main/bad.deb")).unwrap();
                make(root.path(), &stable()).unwrap();
            }
        }
        assert_eq!(published(root.path()), good, "{}", case.name);
    }
}

#[test]
fn what_clients_could_take_for_something_else_is_refused() {
    fn hello() -> Deb {
        Deb::new("hello", "1.0", "amd64")
    }
    type Change = dyn Fn(&Path);
    let cases: &[(&str, &Change)] = &[
        ("apt.make.duplicate-package", &|root| {
            put(
                root,
                "pool/main/other.deb",
                hello().file("usr/evil", b"1").build(),
            );
        }),
        ("apt.make.duplicate-package", &|root| {
            put(
                root,
                "pool/contrib/other.deb",
                hello().file("usr/evil", b"1").build(),
            );
        }),
        ("apt.make.no-component", &|root| {
            put(root, "pool/top.deb", hello().build())
        }),
        ("deb.control-missing-field", &|root| {
            let mut members = hello().members();
            let control = [("./control".to_owned(), b"Package: a\n".to_vec())];
            members[1].data = pkgseal_testkit::build::Compression::Xz
                .compress(&pkgseal_testkit::build::deb::tar(&control));
            put(root, "pool/main/a.deb", archive(&members));
        }),
        ("file.missing", &|root| {
            symlink("nowhere.deb", root.join("pool/main/a.deb")).unwrap()
        }),
        ("path.unsafe", &|root| {
            symlink("/etc/hostname", root.join("pool/main/a.deb")).unwrap()
        }),
        ("path.unsafe", &|root| {
            symlink("../../../../../etc/hostname", root.join("pool/main/a.deb")).unwrap()
        }),
    ];
    for (code, change) in cases {
        let root = repository();
        change(root.path());
        let refused = make(root.path(), &stable());
        assert_eq!(refused.unwrap_err(), [*code]);
        assert!(!root.path().join("dists").exists(), "{code}");
    }
}

#[test]
fn a_package_that_lies_there_twice_is_warned_of() {
    let root = repository();
    let root = root.path();
    put(
        root,
        "pool/main/h/copy.deb",
        Deb::new("hello", "1.0", "amd64").build(),
    );
    let signed = make(root, &stable()).unwrap();
    let findings = &signed.examination.report.findings;
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].code, codes::MAKE_DUPLICATE);
    assert_eq!(findings[0].severity, Severity::Warning);
}

#[test]
fn options_that_clients_cannot_read_are_refused() {
    let named = |change: &dyn Fn(&mut IndexOptions)| {
        let mut options = stable();
        change(&mut options);
        options
    };
    let cases = [
        named(&|o| o.components = vec!["../main".to_owned()]),
        named(&|o| o.components = vec!["main contrib".to_owned()]),
        named(&|o| o.architectures = vec!["amd64/x".to_owned()]),
        named(&|o| o.architectures = vec!["all".to_owned()]),
        named(&|o| o.compress = vec![Compression::Lz4]),
        named(&|o| o.compress = vec![]),
        named(&|o| o.fields.origin = Some("a\nSHA256: b".to_owned())),
        named(&|o| o.fields.label = Some(String::new())),
        named(&|o| o.fields.description = Some("\u{1b}[2J".to_owned())),
        named(&|o| o.fields.valid_for = Some(jiff::SignedDuration::from_secs(0))),
        named(&|o| o.fields.valid_for = Some(jiff::SignedDuration::MAX)),
        IndexOptions {
            components: vec!["main".to_owned()],
            ..IndexOptions::default()
        },
    ];
    for options in cases {
        let root = repository();
        let refused = make(root.path(), &options);
        assert_eq!(refused.unwrap_err(), ["apt.make.option"], "{options:?}");
        assert!(!root.path().join("dists").exists());
    }
}

#[test]
fn nothing_to_index_is_refused_unless_it_is_meant() {
    let empty = tempfile::tempdir().unwrap();
    for options in [stable(), IndexOptions::default()] {
        let refused = make(empty.path(), &options);
        assert_eq!(refused.unwrap_err(), ["apt.make.nothing-to-index"]);
    }
    let missing = IndexOptions {
        packages: Some([SafePath::new("pool/main/gone.deb").unwrap()].into()),
        ..stable()
    };
    let refused = make(repository().path(), &missing).unwrap_err();
    assert!(refused.contains(&"file.missing"), "{refused:?}");
    let meant = IndexOptions {
        components: vec!["main".to_owned()],
        architectures: vec!["amd64".to_owned()],
        ..plain(&stable())
    };
    make(empty.path(), &meant).unwrap();
    assert_eq!(
        read(empty.path(), "dists/stable/main/binary-amd64/Packages"),
        ""
    );
}

/// What happens to a pool between two runs.
#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8),
    Remove(u8),
    Touch(u8),
    Run,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..6_u8, 0..3_u8).prop_map(|(number, version)| Step::Put(number, version)),
        (0..6_u8).prop_map(Step::Remove),
        (0..6_u8).prop_map(Step::Touch),
        Just(Step::Run),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn an_incremental_run_gives_what_a_cold_one_gives(steps in prop::collection::vec(step(), 1..12)) {
        let root = repository();
        let root = root.path();
        let path = |number: u8| {
            let component = if number.is_multiple_of(2) { "main" } else { "contrib" };
            format!("pool/{component}/p{number}.deb")
        };
        for step in steps {
            match step {
                Step::Put(number, version) => {
                    let deb = Deb::new(&format!("p{number}"), &format!("{version}"), "amd64");
                    put(root, &path(number), deb.build());
                }
                Step::Remove(number) => drop(fs::remove_file(root.join(path(number)))),
                Step::Touch(number) => {
                    if let Ok(file) = fs::File::open(root.join(path(number))) {
                        let year = Duration::from_secs(1_700_000_000);
                        file.set_modified(std::time::UNIX_EPOCH + year).unwrap();
                    }
                }
                Step::Run => drop(make(root, &stable())),
            }
        }
        let _ = make(root, &stable());
        let cold = tempfile::tempdir().unwrap();
        for found in pool::walk(root, Some(&SafePath::new("pool").unwrap())).unwrap() {
            put(cold.path(), found.path.as_str(), fs::read(root.join(&found.path)).unwrap());
        }
        make(cold.path(), &stable()).unwrap();
        prop_assert_eq!(published(root), published(cold.path()));
    }
}
