use std::io::Read;

use pkgseal_repo::{Code, SafePath, StagedFile};
use proptest::prelude::*;

use super::{Archive, Writer};
use crate::codes;

fn open(bytes: &[u8]) -> Result<Archive, pkgseal_repo::Finding> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bundle.zip");
    std::fs::write(&path, bytes).unwrap();
    Archive::open(&path).unwrap()
}

fn written(files: &[(&str, &[u8])]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bundle.zip");
    let mut staged = StagedFile::create(&path).unwrap();
    let mut writer = Writer::new(&mut staged);
    for (name, content) in files {
        let name = SafePath::new(name).unwrap();
        writer
            .add(&name, *content, |error| panic!("{error}"))
            .unwrap();
    }
    writer.finish().unwrap();
    staged.commit().unwrap();
    std::fs::read(&path).unwrap()
}

const FILES: [(&str, &[u8]); 3] = [("a/empty", b""), ("a/one", b"1"), ("b/two", b"second file")];

fn contents(archive: &Archive) -> Vec<(String, Vec<u8>)> {
    let read = |(path, _): (&SafePath, u64)| {
        let mut bytes = Vec::new();
        archive.read(path).unwrap().read_to_end(&mut bytes).unwrap();
        (path.to_string(), bytes)
    };
    archive.files().map(read).collect()
}

#[test]
fn what_is_written_is_read() {
    let bytes = written(&FILES);
    let archive = open(&bytes).unwrap();
    let expected = FILES.map(|(name, content)| (name.to_owned(), content.to_vec()));
    assert_eq!(contents(&archive), expected);
    assert_eq!(bytes, written(&FILES), "the same bytes again");
}

#[track_caller]
fn rejected(bytes: &[u8], code: Code, words: &str) {
    let finding = open(bytes).unwrap_err();
    assert_eq!(finding.code, code, "{finding:?}");
    assert!(finding.detail.contains(words), "{finding:?}");
}

/// Places in an archive of one file `f` with the content `x`.
const LOCAL: usize = 0;
const CENTRAL: usize = 32;
const END: usize = CENTRAL + 47;

fn changed(changes: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes = written(&[("f", b"x")]);
    assert_eq!(bytes.len(), END + 22);
    for (at, byte) in changes {
        bytes[*at] = *byte;
    }
    bytes
}

#[test]
fn every_disagreement_rejects() {
    let malformed = codes::BUNDLE_MALFORMED;
    let cases: [(&[(usize, u8)], &str); 19] = [
        (&[(LOCAL, 0)], "no entry where the list says"),
        (&[(LOCAL + 7, 0)], "the list and the entry disagree"),
        (&[(LOCAL + 8, 8)], "the list and the entry disagree"),
        (&[(LOCAL + 14, 0xff)], "the list and the entry disagree"),
        (&[(LOCAL + 18, 2)], "the list and the entry disagree"),
        (&[(LOCAL + 22, 2)], "the list and the entry disagree"),
        (&[(LOCAL + 26, 2)], "its name differs"),
        (&[(LOCAL + 30, b'g')], "its name differs"),
        (&[(CENTRAL, 0)], "holds something else"),
        (&[(CENTRAL + 8, 1)], "encrypted"),
        (&[(CENTRAL + 10, 12)], "neither stored nor deflated"),
        (&[(CENTRAL + 20, 2)], "its two sizes differ"),
        (&[(CENTRAL + 42, 1)], "does not begin where"),
        (&[(CENTRAL + 34, 1)], "another disk"),
        (&[(END + 4, 1)], "one part of several"),
        (&[(END + 8, 2), (END + 10, 2)], "ends too early"),
        (&[(END + 12, 0)], "does not end where"),
        (&[(END + 20, 1)], "promises a comment"),
        (&[(END, 0)], "does not end as a zip archive does"),
    ];
    for (changes, words) in cases {
        rejected(&changed(changes), malformed, words);
    }
    let good = changed(&[]);
    rejected(&[&good[..], b"x"].concat(), malformed, "something follows");
    rejected(&good[1..], malformed, "does not end where");
    rejected(&good[..20], malformed, "too short");
    rejected(b"", malformed, "too short");
    // A list that leaves an entry out.
    let two = written(&[("e", b"hidden"), ("f", b"x")]);
    let list = two.len() - 22 - 2 * 47;
    let mut hidden = [&two[..list], &two[list + 47..]].concat();
    let end = hidden.len() - 22;
    hidden[end + 8] = 1;
    hidden[end + 10] = 1;
    hidden[end + 12] = 47;
    rejected(
        &hidden,
        malformed,
        "does not begin where the one before ends",
    );
}

#[test]
fn links_and_odd_files_reject() {
    for (mode, words) in [
        (0o12, "symbolic link"),
        (0o01, "no regular file"),
        (0o14, "no regular"),
    ] {
        let mode = u8::try_from(mode << 4).unwrap();
        let bytes = changed(&[(CENTRAL + 5, 3), (CENTRAL + 41, mode)]);
        rejected(&bytes, codes::BUNDLE_MALFORMED, words);
    }
    let regular = changed(&[(CENTRAL + 5, 3), (CENTRAL + 41, 0o10 << 4)]);
    assert!(open(&regular).is_ok());
}

/// An archive in which each name is given as it is.
fn raw(names: &[&str]) -> Vec<u8> {
    let placeholders: Vec<String> = (0..names.len())
        .map(|index| ["A", "B"][index].repeat(names[index].len()))
        .collect();
    let files: Vec<(&str, &[u8])> = placeholders
        .iter()
        .map(|name| (&**name, &b""[..]))
        .collect();
    let mut bytes = written(&files);
    for (placeholder, name) in placeholders.iter().zip(names) {
        let length = name.len();
        let mut places = 0;
        for at in 0..bytes.len() - length {
            let header =
                bytes[..at].ends_with(&[0, 0]) && &bytes[at..at + length] == placeholder.as_bytes();
            if header && places < 2 {
                bytes[at..at + length].copy_from_slice(name.as_bytes());
                places += 1;
            }
        }
    }
    bytes
}

#[test]
fn names_that_leave_or_mean_two_things_reject() {
    for name in ["../up", "/root", "a/../b", "a//bb", "./abc", "a\nbcd"] {
        rejected(&raw(&[name]), pkgseal_repo::codes::PATH_UNSAFE, "");
    }
    rejected(&raw(&["a\\bcd"]), codes::BUNDLE_MALFORMED, "backslash");
    rejected(&raw(&["same", "same"]), codes::BUNDLE_DUPLICATE, "twice");
    rejected(
        &raw(&["name", "name/sub"]),
        codes::BUNDLE_DUPLICATE,
        "twice",
    );
    rejected(&raw(&["name", "name/"]), codes::BUNDLE_DUPLICATE, "twice");
    assert!(open(&raw(&["name/", "name/sub"])).is_ok());
}

#[test]
fn content_that_is_not_what_is_listed_fails_to_read() {
    // CRC-32 wrong in both places.
    let bytes = changed(&[(LOCAL + 14, 0), (CENTRAL + 16, 0)]);
    let archive = open(&bytes).unwrap();
    let mut content = Vec::new();
    let name = SafePath::new("f").unwrap();
    let error = archive
        .read(&name)
        .unwrap()
        .read_to_end(&mut content)
        .unwrap_err();
    assert!(error.to_string().contains("CRC-32"), "{error}");
    let other = SafePath::new("g").unwrap();
    assert!(archive.read(&other).is_none());
}

#[test]
fn huge_promises_allocate_nothing() {
    let bytes = changed(&[
        (END + 10, 0xff),
        (END + 11, 0xff),
        (END + 8, 0xff),
        (END + 9, 0xff),
    ]);
    rejected(&bytes, pkgseal_repo::codes::LIMIT, "entries");
    // A deflated bomb of 4 GiB by its own words, twice.
    let mut two = written(&[("e", b"x"), ("f", b"x")]);
    let list = two.len() - 22 - 2 * 47;
    for at in [list, list + 47] {
        two[at + 10] = 8;
        two[at + 24..at + 28].copy_from_slice(&0xffff_fffe_u32.to_le_bytes());
    }
    for at in [0, 32] {
        two[at + 8] = 8;
        two[at + 22..at + 26].copy_from_slice(&0xffff_fffe_u32.to_le_bytes());
    }
    rejected(&two, pkgseal_repo::codes::LIMIT, "unpacked");
}

proptest! {
    #[test]
    fn nonsense_never_panics(
        flips in proptest::collection::vec((0usize..160, any::<u8>()), 0..6),
        cut in 0usize..200,
    ) {
        let mut bytes = written(&FILES);
        for (at, byte) in flips {
            let length = bytes.len();
            bytes[at % length] = byte;
        }
        bytes.truncate(bytes.len() - cut.min(bytes.len()) / 10);
        if let Ok(archive) = open(&bytes) {
            for (path, size) in archive.files() {
                let mut content = Vec::new();
                let read = archive.read(path).unwrap().read_to_end(&mut content);
                assert!(read.is_err() || content.len() as u64 == size);
            }
        }
    }
}
