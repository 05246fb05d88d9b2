//! New digests in the file lists of a document, and not one other byte changed.

use pkgseal_repo::{DigestAlgorithm, Digests, MultiHasher};

use super::Kind;

/// What lists give files by.
pub(super) const ALGORITHMS: [DigestAlgorithm; 3] = [
    DigestAlgorithm::Md5,
    DigestAlgorithm::Sha1,
    DigestAlgorithm::Sha256,
];

/// Size and digests of a file that is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) size: u64,
    pub(super) digests: Digests,
}

impl<'a> Entry<'a> {
    /// Of this content.
    pub(super) fn of(name: &'a str, content: &[u8]) -> Self {
        let mut hasher = MultiHasher::new(ALGORITHMS);
        hasher.update(content);
        Self {
            name,
            size: hasher.count(),
            digests: hasher.finish(),
        }
    }
}

/// The digest a field lists files by.
fn algorithm(kind: Kind, field: &str) -> Option<DigestAlgorithm> {
    let field = field.to_ascii_lowercase();
    match (kind, field.as_str()) {
        (Kind::Changes | Kind::Dsc, "files") | (Kind::Buildinfo, "checksums-md5") => {
            Some(DigestAlgorithm::Md5)
        }
        (_, "checksums-sha1") => Some(DigestAlgorithm::Sha1),
        (_, "checksums-sha256") => Some(DigestAlgorithm::Sha256),
        _ => None,
    }
}

/// Gives a file its new size and digests wherever the text, which its strict reader has
/// accepted, lists it. Blanks stay as they are.
pub(super) fn relist(text: &str, kind: Kind, entry: &Entry<'_>) -> String {
    let mut edited = String::with_capacity(text.len() + 16);
    let mut list = None;
    for line in text.split_inclusive('\n') {
        if !line.starts_with([' ', '\t']) {
            list = line
                .split_once(':')
                .and_then(|(field, _)| algorithm(kind, field));
        }
        let hex = list.and_then(|algorithm| entry.digests.hex(algorithm));
        match hex.and_then(|hex| file_line(line, entry, &hex)) {
            Some(line) => edited.push_str(&line),
            None => edited.push_str(line),
        }
    }
    edited
}

/// ` HEX SIZE … NAME` with another digest and size, if it is the line of that file.
fn file_line(line: &str, entry: &Entry<'_>, hex: &str) -> Option<String> {
    const BLANKS: [char; 3] = [' ', '\t', '\n'];
    let before = line.len() - line.trim_start_matches(BLANKS).len();
    let (blank, rest) = line.split_at_checked(before)?;
    let mut words = line.split_whitespace();
    if blank.is_empty() || words.next_back() != Some(entry.name) || words.count() < 2 {
        return None;
    }
    let (_, rest) = rest.split_at_checked(rest.find(BLANKS)?)?;
    let between = rest.len() - rest.trim_start_matches(BLANKS).len();
    let (gap, rest) = rest.split_at_checked(between)?;
    let (_, rest) = rest.split_at_checked(rest.find(BLANKS)?)?;
    Some(format!("{blank}{hex}{gap}{}{rest}", entry.size))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "Format: 1.8\nFiles:\n 00 1 misc optional a_1.dsc\n 01 2 misc \
                        optional a_1.dsc.x\nChanges:\n a_1.dsc\n  00 1 misc optional a_1.dsc\n\
                        Checksums-Sha1:\n  02\t3  a_1.dsc\nchecksums-sha256:\n 03 4 a_1.dsc";

    fn entry() -> Entry<'static> {
        Entry::of("a_1.dsc", b"abc")
    }

    #[test]
    fn only_the_lines_of_that_file_change() {
        let (md5, sha1, sha256) = (
            "900150983cd24fb0d6963f7d28e17f72",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        );
        let edited = relist(TEXT, Kind::Changes, &entry());
        let expected = format!(
            "Format: 1.8\nFiles:\n {md5} 3 misc optional a_1.dsc\n 01 2 misc optional \
             a_1.dsc.x\nChanges:\n a_1.dsc\n  00 1 misc optional a_1.dsc\nChecksums-Sha1:\n  \
             {sha1}\t3  a_1.dsc\nchecksums-sha256:\n {sha256} 3 a_1.dsc"
        );
        assert_eq!(edited, expected);
        assert_eq!(relist(&edited, Kind::Changes, &entry()), edited);
    }

    #[test]
    fn fields_of_other_documents_are_left_alone() {
        let text = "Files:\n 00 1 a_1.dsc\nChecksums-Md5:\n 00 1 a_1.dsc\n";
        let edited = relist(text, Kind::Buildinfo, &entry());
        assert!(
            edited.starts_with("Files:\n 00 1 a_1.dsc\nChecksums-Md5:\n 9001"),
            "{edited}"
        );
        let edited = relist(text, Kind::Dsc, &entry());
        assert!(
            edited.ends_with("Checksums-Md5:\n 00 1 a_1.dsc\n"),
            "{edited}"
        );
    }

    proptest! {
        /// Whatever the text is: lines that do not end in the file's name stay, byte for
        /// byte, and of those that do only two words can change.
        #[test]
        fn every_other_byte_stays(text in "(Files:|Checksums-Sha1:|Changes:| |\t|\n|a_1.dsc|00|7|x){0,60}") {
            let edited = relist(&text, Kind::Changes, &entry());
            let (before, after): (Vec<_>, Vec<_>) =
                (text.split('\n').collect(), edited.split('\n').collect());
            prop_assert_eq!(before.len(), after.len());
            for (before, after) in before.iter().zip(&after) {
                if before != after {
                    prop_assert!(before.starts_with([' ', '\t']));
                    let words = |line: &str| -> Vec<String> {
                        line.split([' ', '\t']).map(str::to_owned).collect()
                    };
                    let (before, after) = (words(before), words(after));
                    prop_assert_eq!(before.len(), after.len());
                    let changed = before.iter().zip(&after).filter(|(a, b)| a != b).count();
                    prop_assert!(changed <= 2);
                    prop_assert_eq!(before.last(), after.last());
                }
            }
        }
    }
}
