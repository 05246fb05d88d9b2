use std::io::Write;

use proptest::prelude::*;

use super::*;

fn layout(bytes: &[u8]) -> Result<Layout, String> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    match Layout::read(&file, "x.deb", &Limits::default()) {
        Ok(layout) => Ok(layout),
        Err(Fault::Reject(finding)) => Err(finding.code.id.to_owned()),
        Err(Fault::Io(error)) => panic!("{error}"),
    }
}

fn field(text: &str) -> Option<u64> {
    number(format!("{text:<10}").as_bytes(), 10)
}

#[test]
fn numbers_are_canonical() {
    assert_eq!(field("0"), Some(0));
    assert_eq!(field("9999999999"), Some(9_999_999_999));
    for text in [
        "", "00", "01", "+1", "-1", " 1", "1 1", "1_0", "0x1", "1\0", "\u{663}",
    ] {
        assert_eq!(number(text.as_bytes(), 10), None, "{text:?}");
    }
    assert_eq!(number(b"100644  ", 8), Some(0o100_644));
    assert_eq!(number(b"8", 8), None);
}

#[test]
fn names_are_known() {
    assert_eq!(
        kind("control.tar.zst"),
        Some(Kind::Control(Compression::Zstd))
    );
    assert_eq!(kind("data.tar.lzma"), Some(Kind::Data(Compression::Lzma)));
    assert_eq!(kind("data.tar"), Some(Kind::Data(Compression::None)));
    assert_eq!(kind("_gpgorigin"), Some(Kind::Signature));
    for name in [
        "control.tar.bz2",
        "control.tar.lzma",
        "control.tar.lz4",
        "data.tar.gz.xz",
        "data.tar.",
        "data",
        "control",
        "_gpg",
        "_gpg-x",
        "_other",
        "Debian-binary",
        "debian-binary.gz",
        "",
    ] {
        assert_eq!(kind(name), None, "{name}");
    }
}

#[test]
fn lzma_is_told_by_its_header() {
    // As xz --format=lzma writes it: properties, dictionary of 8 MiB, unknown size.
    let good = [0x5d, 0, 0, 0x80, 0, 255, 255, 255, 255, 255, 255, 255, 255];
    assert!(may_be_lzma(&good));
    assert!(may_be_lzma(&[0x5d, 0, 0, 0xc0, 0, 9, 0, 0, 0, 0, 0, 0, 0]));
    assert!(!may_be_lzma(&good[..12]));
    assert!(!may_be_lzma(&[
        225, 0, 0, 0x80, 0, 255, 255, 255, 255, 255, 255, 255, 255
    ]));
    assert!(!may_be_lzma(&[
        0x5d, 1, 0, 0x80, 0, 255, 255, 255, 255, 255, 255, 255, 255
    ]));
    assert!(!may_be_lzma(&[
        0x5d, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255
    ]));
    assert!(!may_be_lzma(&[
        0x5d, 0, 0, 0x80, 0, 255, 255, 255, 255, 255, 255, 255, 0
    ]));
    assert!(!may_be_lzma(b"./\0\0\0\0\0\0\0\0\0\0\0\0"));
}

fn member(name: &str, size: &str, content: &[u8]) -> Vec<u8> {
    let header = format!(
        "{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n",
        0, 0, 0, 100_644
    );
    let mut bytes = header.into_bytes();
    bytes.extend(content);
    if content.len() % 2 == 1 {
        bytes.push(b'\n');
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = layout(&bytes);
        let _ = layout(&[&MAGIC[..], &bytes].concat());
    }

    #[test]
    fn arbitrary_members_never_panic(members in proptest::collection::vec((
        "(debian-binary|control.tar|data.tar|data.tar.lzma|_gpgorigin|_gpg|[ -~]{0,16})/?",
        "[0-9]{1,10}|[ -~]{0,10}",
        proptest::collection::vec(any::<u8>(), 0..9),
    ), 0..6)) {
        let mut bytes = MAGIC.to_vec();
        for (name, size, content) in &members {
            bytes.extend(member(name, size, content));
        }
        let _ = layout(&bytes);
        // With sizes that are true, members are found where they are, or not at all.
        let mut bytes = MAGIC.to_vec();
        for (name, _, content) in &members {
            bytes.extend(member(name, &content.len().to_string(), content));
        }
        if let Ok(layout) = layout(&bytes) {
            let found = layout.signed.iter().chain(&layout.signatures);
            prop_assert_eq!(found.count(), members.len());
        }
    }
}
