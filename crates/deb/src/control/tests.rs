use std::io::Write as _;

use pkgseal_repo::{DigestAlgorithm, Limits};
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::deb::{Deb, Member, archive, malformed, tar};
use proptest::prelude::*;

use super::{Contents, Scan, read};
use crate::layout::Fault;

fn outcome(bytes: &[u8], limits: &Limits) -> Result<Contents, String> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let mut file = file.try_clone().unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    read(&file, "a.deb", [DigestAlgorithm::Sha256], limits).map_err(|fault| match fault {
        Fault::Reject(finding) => format!("{}: {}", finding.code, finding.detail),
        Fault::Io(error) => panic!("{error}"),
    })
}

fn contents(bytes: &[u8]) -> Result<Contents, String> {
    outcome(bytes, &Limits::default())
}

fn hello() -> Deb {
    Deb::new("hello", "1:2.10-3", "amd64").field("Depends", "libc6 (>= 2.34)")
}

/// A package whose control.tar is this.
fn with_control_tar(tar: &[u8]) -> Vec<u8> {
    let mut members = hello().members();
    members[1] = Member::new("control.tar", tar);
    archive(&members)
}

/// A package whose control file is this.
fn with_control(text: &[u8]) -> Vec<u8> {
    with_control_tar(&tar(&[("./control".into(), text.to_vec())]))
}

/// A member of control.tar with a header of any kind.
fn entry(name: &str, kind: tar::EntryType, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn entries(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, kind, content) in entries {
        bytes.extend(entry(name, *kind, content));
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

#[test]
fn reads_the_control_file_of_every_compression() {
    use Compression::{Bzip2, Gzip, None, Xz, Zstd};
    for control in [None, Gzip, Xz, Zstd] {
        for data in [None, Gzip, Xz, Zstd, Bzip2] {
            let bytes = hello().compressed(control, data).build();
            let found = contents(&bytes).unwrap();
            assert_eq!(found.size, bytes.len() as u64);
            assert_eq!(
                found.digests.hex(DigestAlgorithm::Sha256).unwrap(),
                pkgseal_testkit::build::Digest::Sha256.hex(&bytes)
            );
            assert_eq!(found.control.package(), "hello");
            assert_eq!(found.control.version(), "1:2.10-3");
            assert_eq!(found.control.architecture(), "amd64");
            assert_eq!(found.control.text("DEPENDS"), Some("libc6 (>= 2.34)"));
            assert_eq!(
                found.control.text("Description"),
                Some("test package\n It holds nothing of use.")
            );
        }
    }
}

#[test]
fn keeps_values_as_they_are() {
    let text = b"Package: a\nVersion:1\nArchitecture:\tall  \nX-Latin: \xe9\n\
        Description: short \n  verbatim  \n .\n\tlast\n\n\n";
    let control = contents(&with_control(text)).unwrap().control;
    let fields: Vec<(&str, &[u8])> = control
        .fields()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_slice()))
        .collect();
    assert_eq!(
        fields,
        [
            ("Package", &b"a"[..]),
            ("Version", b"1"),
            ("Architecture", b"all"),
            ("X-Latin", b"\xe9"),
            ("Description", b"short\n  verbatim\n .\n\tlast"),
        ]
    );
    assert_eq!(control.text("X-Latin"), None);
}

#[test]
fn memory_does_not_hold_the_data() {
    let noise: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 253) as u8).collect();
    let bytes = hello()
        .compressed(Compression::Gzip, Compression::None)
        .file("usr/share/noise", &noise)
        .build();
    let mut scan = Scan::new(&Limits::default());
    scan.write_all(&bytes).unwrap();
    assert!(scan.kept() < 2000, "{}", scan.kept());
    assert_eq!(scan.finish("a.deb").unwrap().package(), "hello");
}

#[test]
fn refuses_control_archives_that_readers_read_differently() {
    use tar::EntryType as T;
    let good = hello().control_text().into_bytes();
    let good = good.as_slice();
    let evil = b"Package: evil\n".as_slice();
    for (case, content, reason) in [
        (
            "none",
            entries(&[("./md5sums", T::Regular, b"")]),
            "it holds no control file",
        ),
        (
            "two",
            entries(&[
                ("./control", T::Regular, good),
                ("./control", T::Regular, evil),
            ]),
            "a second control",
        ),
        (
            "two spellings",
            entries(&[
                ("control", T::Regular, evil),
                ("./control", T::Regular, good),
            ]),
            "a second control",
        ),
        (
            "another file twice",
            entries(&[
                ("./control", T::Regular, good),
                ("./postinst", T::Regular, b"1"),
                ("./postinst", T::Regular, b"2"),
            ]),
            "a second postinst",
        ),
        (
            "a link",
            entries(&[("./control", T::Symlink, b"")]),
            "control is not a plain file",
        ),
        (
            "a hard link",
            entries(&[("./control", T::Link, b"")]),
            "control is not a plain file",
        ),
        (
            "a folder",
            entries(&[("./control/", T::Directory, b"")]),
            "control/ is neither a plain file nor a link",
        ),
        (
            "a device",
            entries(&[("./control", T::Regular, good), ("./tty", T::Char, b"")]),
            "tty is neither a plain file nor a link",
        ),
        (
            "below a folder",
            entries(&[
                ("./control", T::Regular, good),
                ("./x/control", T::Regular, evil),
            ]),
            "x/control is no plain file name",
        ),
        (
            "a climb",
            entries(&[("../control", T::Regular, good)]),
            "../control is no plain file name",
        ),
        (
            "absolute",
            entries(&[("/control", T::Regular, good)]),
            "/control is no plain file name",
        ),
        (
            "a doubled slash",
            entries(&[(".//control", T::Regular, good)]),
            "/control is no plain file name",
        ),
        (
            "a long name that says control",
            entries(&[
                ("././@LongLink", T::GNULongName, b"./control\0"),
                ("./postinst", T::Regular, evil),
                ("./control", T::Regular, good),
            ]),
            "an extended header changes the name of a member",
        ),
        (
            "a long name that hides control",
            entries(&[
                ("././@LongLink", T::GNULongName, b"./hidden\0"),
                ("./control", T::Regular, good),
            ]),
            "an extended header changes the name of a member",
        ),
        (
            "pax that says control",
            entries(&[
                ("./pax", T::XHeader, b"18 path=./control\n"),
                ("./postinst", T::Regular, evil),
                ("./control", T::Regular, good),
            ]),
            "an extended header changes the name of a member",
        ),
        (
            "pax that says control beside a long name",
            entries(&[
                ("./pax", T::XHeader, b"18 path=./control\n"),
                ("././@LongLink", T::GNULongName, b"./hidden\0"),
                ("./postinst", T::Regular, evil),
                ("./control", T::Regular, good),
            ]),
            "an extended header changes the name of a member",
        ),
        (
            "pax with another size",
            entries(&[
                ("./pax", T::XHeader, b"10 size=9\n"),
                ("./control", T::Regular, good),
            ]),
            "an extended header changes the size of a member",
        ),
        (
            "pax for everything",
            entries(&[
                ("./pax", T::XGlobalHeader, b"18 path=./control\n"),
                ("./control", T::Regular, good),
            ]),
            "an extended header changes the name of a member",
        ),
        (
            "something behind the end",
            [
                entries(&[("./control", T::Regular, good)]),
                entries(&[("./control", T::Regular, evil)]),
            ]
            .concat(),
            "there is something behind its end",
        ),
    ] {
        let error = contents(&with_control_tar(&content)).unwrap_err();
        assert_eq!(error, format!("deb.control-archive: {reason}"), "{case}");
    }
    let cut = &entries(&[("./control", T::Regular, good)])[..600];
    assert!(
        contents(&with_control_tar(cut))
            .unwrap_err()
            .starts_with("deb.control-archive: ")
    );
    let sparse = entries(&[("./control", T::GNUSparse, good)]);
    assert!(
        contents(&with_control_tar(&sparse))
            .unwrap_err()
            .starts_with("deb.control-archive: ")
    );
    let mut sum = entries(&[("./control", T::Regular, good)]);
    sum[0] ^= 1;
    assert!(
        contents(&with_control_tar(&sum))
            .unwrap_err()
            .starts_with("deb.control-archive: ")
    );
}

#[test]
fn takes_the_harmless_kinds_of_members() {
    use tar::EntryType as T;
    let good = hello().control_text().into_bytes();
    let long = "x".repeat(120);
    let content = entries(&[
        ("./", T::Directory, b""),
        ("./prerm", T::Symlink, b""),
        (
            "././@LongLink",
            T::GNULongName,
            format!("./{long}\0").as_bytes(),
        ),
        (&format!("./{}", &long[..90]), T::Regular, b"1"),
        ("./pax", T::XHeader, b"20 mtime=1738368000\n"),
        ("./control", T::Regular, &good),
    ]);
    let control = contents(&with_control_tar(&content)).unwrap().control;
    assert_eq!(control.package(), "hello");
}

#[test]
fn refuses_control_members_that_do_not_decompress() {
    let xz = |damage: &dyn Fn(&mut Vec<u8>)| {
        let mut members = hello().members();
        damage(&mut members[1].data);
        contents(&archive(&members)).unwrap_err()
    };
    for damaged in [
        xz(&|data| data.truncate(data.len() - 9)),
        xz(&|data| data[40] ^= 0xff),
        xz(&|data| data.extend(b"more")),
    ] {
        assert!(damaged.starts_with("deb.control-archive: "), "{damaged}");
    }
}

#[test]
fn refuses_control_files_that_are_none() {
    for (text, reason) in [
        (
            &b""[..],
            "deb.control-malformed: line 1: the last line has no end",
        ),
        (
            b"Package: a",
            "deb.control-malformed: line 1: the last line has no end",
        ),
        (
            b"\nPackage: a\n",
            "deb.control-malformed: line 1: an empty line before the first field",
        ),
        (
            b" Package: a\n",
            "deb.control-malformed: line 1: a continuation of nothing",
        ),
        (
            b"Package: a\n\nPackage: b\n",
            "deb.control-malformed: line 3: a second paragraph",
        ),
        (
            b"Package: a\n \n b\n",
            "deb.control-malformed: line 2: a line of nothing but blanks",
        ),
        (
            b"Package a\n",
            "deb.control-malformed: line 1: neither a field nor a continuation",
        ),
        (
            b"# a\nPackage: a\n",
            "deb.control-malformed: line 1: neither a field nor a continuation",
        ),
        (
            b"Package: a\r\n",
            "deb.control-malformed: line 1: a control character",
        ),
        (
            b"Package: a\x1b[2J\n",
            "deb.control-malformed: line 1: a control character",
        ),
        (
            b"Package: a\0\n",
            "deb.control-malformed: line 1: a control character",
        ),
        (
            b"Package: a\nPackage: a\n",
            "deb.control-duplicate-field: line 2: a second field Package",
        ),
        (
            b"Package: a\npackage: b\n",
            "deb.control-duplicate-field: line 2: a second field package",
        ),
        (
            b"Package: a\n",
            "deb.control-missing-field: it has no Version",
        ),
        (
            b"Package:\nVersion: 1\nArchitecture: all\nDescription: a\n",
            "deb.control-missing-field: it has no Package",
        ),
        (
            b"Package: a\nVersion: 1\nDescription: a\n",
            "deb.control-missing-field: it has no Architecture",
        ),
        (
            b"Package: a\nVersion: 1\nArchitecture: all\n",
            "deb.control-missing-field: it has no Description",
        ),
        (
            b"Package: a b\nVersion: 1\nArchitecture: all\nDescription: a\n",
            "deb.control-malformed: Package is \"a b\"",
        ),
        (
            b"Package: ../a\nVersion: 1\nArchitecture: all\nDescription: a\n",
            "deb.control-malformed: Package is \"../a\"",
        ),
        (
            b"Package: a\n b\nVersion: 1\nArchitecture: all\nDescription: a\n",
            "deb.control-malformed: Package is \"a\\n b\"",
        ),
        (
            b"Package: a\nVersion: 1/2\nArchitecture: all\nDescription: a\n",
            "deb.control-malformed: Version is \"1/2\"",
        ),
        (
            b"Package: a\nVersion: 1\nArchitecture: amd64 i386\nDescription: a\n",
            "deb.control-malformed: Architecture is \"amd64 i386\"",
        ),
        (
            b"Package: a\nVersion: 1\nArchitecture: ../all\nDescription: a\n",
            "deb.control-malformed: Architecture is \"../all\"",
        ),
    ] {
        assert_eq!(contents(&with_control(text)).unwrap_err(), reason);
    }
}

#[test]
fn caps_what_it_reads() {
    let bytes = hello().build();
    for limits in [
        // control.tar as stored, decompressed, one line of the control file.
        Limits {
            control: 100,
            ..Limits::default()
        },
        Limits {
            control: 2000,
            ..Limits::default()
        },
        Limits {
            line: 10,
            ..Limits::default()
        },
    ] {
        let error = outcome(&bytes, &limits).unwrap_err();
        assert!(error.starts_with("limit.exceeded: "), "{error}");
    }
    let many: String = (0..600).map(|n| format!("X-{n}: 1\n")).collect();
    let error = contents(&with_control(many.as_bytes())).unwrap_err();
    assert_eq!(error, "limit.exceeded: more than 512 fields");
}

#[test]
fn refuses_what_the_structure_refuses_and_for_the_same_reason() {
    use std::os::unix::fs::FileExt as _;
    let mut refused = 0;
    let signature = |_: &[u8]| b"signature!".to_vec();
    for case in malformed(&hello(), &signature) {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(&case.bytes, 0).unwrap();
        let layout = crate::layout::Layout::read(&file, "a.deb", &Limits::default());
        match (layout, contents(&case.bytes)) {
            (Err(Fault::Reject(finding)), found) => {
                let expected = format!("{}: {}", finding.code, finding.detail);
                assert_eq!(found.unwrap_err(), expected, "{}", case.name);
                refused += 1;
            }
            // Only the signature is wrong there.
            (Ok(_), found) => assert!(found.is_ok(), "{}", case.name),
            (Err(Fault::Io(error)), _) => panic!("{}: {error}", case.name),
        }
    }
    assert!(refused > 25, "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_make_no_difference(cuts in prop::collection::vec(1_usize..400, 1..40)) {
        let bytes = hello().build();
        let mut scan = Scan::new(&Limits::default());
        let mut rest = bytes.as_slice();
        for cut in cuts.iter().cycle() {
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            scan.write_all(piece).unwrap();
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(scan.finish("a.deb").unwrap(), contents(&bytes).unwrap().control);
    }

    #[test]
    fn damage_is_decided(at in 0_usize..2000, value in any::<u8>(), length in 0_usize..3000) {
        let mut bytes = hello().compressed(Compression::None, Compression::None).build();
        let at = at.min(bytes.len() - 1);
        bytes[at] = value;
        bytes.truncate(length.max(at + 1));
        let _ = contents(&bytes);
    }
}
