use std::path::Path;

use pkgseal_openpgp::{Profile, Verifier};
use pkgseal_testkit::{keys, peers};

use super::*;

fn path(text: &str) -> SafePath {
    SafePath::new(text).unwrap()
}

fn time() -> Timestamp {
    keys::time(keys::SIGNED)
}

fn plain() -> Build {
    Build::new(
        "acme-archive-keyring",
        "2025.03.01",
        "all",
        "Acme TEST <keys@example.org>",
        "certificates of the Acme archive",
    )
    .unwrap()
}

fn whole() -> Build {
    plain()
        .description("They verify what Acme publishes.\n\n  * as it is")
        .unwrap()
        .field("Section", "misc")
        .unwrap()
        .field("Priority", "optional")
        .unwrap()
        .field("Multi-Arch", "foreign")
        .unwrap()
        .file(
            &path("usr/share/keyrings/acme-archive-keyring.gpg"),
            &keys::load("good").certificate_binary(),
            Upgrade::Replaces,
        )
        .unwrap()
        .file(
            &path("etc/apt/sources.list.d/acme.sources"),
            b"# nothing\n",
            Upgrade::Asks,
        )
        .unwrap()
        .documented(
            "Public domain: nobody claims copyright in public keys.\n",
            &["A first version.".to_owned()],
            time(),
        )
        .unwrap()
}

const FORMS: [Compression; 4] = [
    Compression::None,
    Compression::Gzip,
    Compression::Xz,
    Compression::Zstd,
];

#[test]
fn the_same_package_is_the_same_bytes() {
    for compression in FORMS {
        let once = whole().bytes(compression, time()).unwrap();
        assert_eq!(whole().bytes(compression, time()).unwrap(), once);
        let later = keys::time(keys::NOW);
        assert_ne!(whole().bytes(compression, later).unwrap(), once);
    }
    for compression in [Compression::Bzip2, Compression::Lzma, Compression::Lz4] {
        assert!(matches!(
            whole().bytes(compression, time()),
            Err(Error::Refused { .. })
        ));
    }
}

#[test]
fn what_is_signed_verifies_and_dpkg_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let signers = [keys::signer("good", time())];
    for compression in FORMS {
        let directory = folder.path().join(format!("{compression:?}"));
        let signed = whole()
            .write_signed(
                &directory,
                compression,
                &SignOptions::default(),
                &signers,
                time(),
            )
            .unwrap();
        let deb = &signed.outputs[0];
        assert!(deb.ends_with("acme-archive-keyring_2025.03.01_all.deb"));
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
        let verifier = Verifier::new(keys::certificates(&["good"]), Profile::strict(), time());
        let found = crate::package::verify(deb, &verifier, &Limits::default()).unwrap();
        assert_eq!(found.report.findings, []);
        let Some(read) = peers::deb::dpkg_deb_reads(deb) else {
            return;
        };
        let read = read.expect_ok();
        for line in [
            "drwxr-xr-x root/root         0 2025-03-01 00:00 ./\n",
            "-rw-r--r-- root/root",
            "./usr/share/keyrings/acme-archive-keyring.gpg",
            "./usr/share/doc/acme-archive-keyring/changelog.gz",
        ] {
            assert!(read.says(line), "{line}: {read}");
        }
        let field = |name: &str| {
            let dpkg_deb = peers::have("dpkg-deb").unwrap();
            let run = dpkg_deb.run([Path::new("--field"), deb, Path::new(name)]);
            run.expect_ok().text.trim_end().to_owned()
        };
        assert_eq!(field("Multi-Arch"), "foreign");
        assert_eq!(
            field("Description"),
            "certificates of the Acme archive\n They verify what Acme publishes.\n .\n   * as it is"
        );
    }
}

#[test]
fn nothing_is_left_where_signing_fails() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join(whole().file_name());
    std::fs::write(&target, b"the old one").unwrap();
    let refused = whole().write_signed(
        folder.path(),
        Compression::Xz,
        &SignOptions::default(),
        &[],
        time(),
    );
    assert!(matches!(refused, Err(Error::NoSigner)));
    assert_eq!(std::fs::read(&target).unwrap(), b"the old one");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

fn refused<T: std::fmt::Debug>(result: Result<T>, what: &str) {
    match result {
        Err(Error::Refused { findings, .. }) => {
            assert_eq!(findings[0].code.id, "deb.build", "{what}")
        }
        other => panic!("{what}: {other:?}"),
    }
}

#[test]
fn values_that_dpkg_would_not_take_are_refused() {
    let good = ["acme", "1.0", "all", "A <a@b>", "one line"];
    assert!(Build::new(good[0], good[1], good[2], good[3], good[4]).is_ok());
    let long = "x".repeat(81);
    let wrong: &[(usize, &[&str])] = &[
        (
            0,
            &[
                "",
                "a",
                "Acme",
                "-acme",
                "a b",
                "a_b",
                "a/b",
                "../a",
                "a\n",
                "\u{e4}cme",
            ],
        ),
        (
            1,
            &[
                "", "a1", "1 0", "1\nX: y", "1_0", "1/0", ":1", "1:", "\u{e4}",
            ],
        ),
        (2, &["", "All", "a b", "a\n", "any all"]),
        (
            3,
            &[
                "",
                "A",
                "A a@b",
                "A <a>",
                "<a@b>",
                "A <a@b>\nX: y",
                "A <a@b> ",
                "A\u{7} <a@b>",
            ],
        ),
        (4, &["", " x", "x\ny", "x\u{1b}[0m", &long]),
    ];
    for (place, values) in wrong {
        for value in *values {
            let mut asked = good;
            asked[*place] = value;
            refused(
                Build::new(asked[0], asked[1], asked[2], asked[3], asked[4]),
                &format!("{place} {value:?}"),
            );
        }
    }
}

#[test]
fn fields_cannot_be_smuggled_in() {
    for (name, value) in [
        ("Package", "other"),
        ("version", "2"),
        ("Installed-Size", "1"),
        ("", "x"),
        ("X Y", "x"),
        ("X:Y", "x"),
        ("-X", "x"),
        ("X", ""),
        ("X", "a\nEssential: yes"),
        ("X", "a\r"),
        ("X", " a"),
    ] {
        refused(plain().field(name, value), &format!("{name:?} {value:?}"));
    }
    refused(
        plain()
            .field("Section", "misc")
            .unwrap()
            .field("section", "x"),
        "twice",
    );
    for text in ["a\u{1b}", "a\r\nb"] {
        let built = plain().description(text);
        if text.contains('\u{1b}') {
            refused(built, text);
        } else {
            // Line ends of another system end lines.
            assert!(built.is_ok());
        }
    }
}

#[test]
fn files_stay_out_of_each_others_way() {
    let with = |paths: &[&str]| {
        paths.iter().try_fold(plain(), |build, one| {
            build.file(&path(one), b"x", Upgrade::Replaces)
        })
    };
    assert!(with(&["a/b", "a/c", "ab"]).is_ok());
    for paths in [
        &["a", "a"][..],
        &["a", "a/b"],
        &["a/b", "a"],
        &["a/b/c", "a/b"],
        &["a b"],
        &["\u{e4}"],
        &[&"x".repeat(99)],
    ] {
        refused(with(paths), &format!("{paths:?}"));
    }
    let long = with(&[&format!("usr/{}", "x".repeat(94))]).unwrap();
    assert!(long.bytes(Compression::Gzip, time()).is_ok());
}

#[test]
fn a_changelog_has_lines() {
    for change in ["", "a\nb", " a", "a\u{7}"] {
        refused(
            plain().documented("c\n", &[change.to_owned()], time()),
            change,
        );
    }
}
