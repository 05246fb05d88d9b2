use proptest::prelude::*;

use super::*;

fn all(text: &[u8], kind: IndexKind) -> Result<Vec<Entry>, Box<Finding>> {
    let mut entries = Vec::new();
    let limits = Limits::default();
    read(
        text,
        kind,
        "Packages",
        &limits,
        Keep::Entries,
        |entry, _| {
            entries.push(entry);
        },
    )?;
    Ok(entries)
}

#[test]
fn reads_stanzas() {
    let sha256 = "0".repeat(64);
    let text = format!(
        "\nPackage: a\nFilename: ./a.deb\nSize: 1\nSHA256: {sha256}\nDescription: x\n .\n  y\n\n\n\
         Package: b\nfilename: pool/b.deb\nSIZE: 18446744073709551615\nMD5Sum: {0}\nSHA256: {sha256}",
        "1".repeat(32)
    );
    let entries = all(text.as_bytes(), IndexKind::Packages).unwrap();
    let paths: Vec<_> = entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["a.deb", "pool/b.deb"]);
    assert_eq!(entries[1].size, Some(u64::MAX));
    assert_eq!(entries[1].digests.algorithms().count(), 2);
    assert!(all(b"", IndexKind::Packages).unwrap().is_empty());
    assert!(all(b"\n\n", IndexKind::Sources).unwrap().is_empty());
}

#[test]
fn sources_merge_their_lists() {
    let text = format!(
        "Package: a\nDirectory: .\nFiles:\n {} 3 a.dsc\n {} 4 a.tar.xz\n\
         Checksums-Sha256:\n {} 3 a.dsc\n",
        "1".repeat(32),
        "2".repeat(32),
        "3".repeat(64)
    );
    let entries = all(text.as_bytes(), IndexKind::Sources).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].path.as_str(), "a.dsc");
    assert_eq!(entries[0].digests.algorithms().count(), 2);
    assert_eq!(
        entries[1].digests.strongest(),
        Some(DigestAlgorithm::Md5),
        "the check engine rejects it"
    );
}

#[test]
fn fields_are_capped() {
    let mut text = "Package: a\n".to_owned();
    for number in 0..MAX_FIELDS {
        text.push_str(&format!("X-{number}: x\n"));
    }
    let finding = all(text.as_bytes(), IndexKind::Packages).unwrap_err();
    assert_eq!(finding.code, codes::INDEX_MALFORMED);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = all(&text, IndexKind::Packages);
        let _ = all(&text, IndexKind::Sources);
    }

    #[test]
    fn arbitrary_stanzas_never_panic(text in
        "((Package|Filename|Directory|Size|SHA256|Files|Checksums-Sha256|x)?:? ?[a-f0-9./é -]{0,70}\n){0,12}"
    ) {
        let _ = all(text.as_bytes(), IndexKind::Packages);
        let _ = all(text.as_bytes(), IndexKind::Sources);
    }

    /// What is accepted names only plain files, each with a size.
    #[test]
    fn accepted_entries_are_whole(name in "[ -~]{0,20}", size in "[0-9a-fx+-]{0,21}") {
        let text = format!("Package: a\nFilename: {name}\nSize: {size}\n");
        if let Ok(entries) = all(text.as_bytes(), IndexKind::Packages) {
            prop_assert_eq!(entries.len(), 1);
            prop_assert_eq!(entries[0].size, size.parse().ok());
            prop_assert!(!entries[0].path.as_str().starts_with('/'));
        }
    }
}
