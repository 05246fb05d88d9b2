//! Trusted checksums of Maven's resolver.
//!
//! The source `summaryFile` is one file with a line for each artifact, as `sha256sum`
//! writes them: hexadecimal, two blanks, the path in the layout of a local repository.
//! Lines that are blank or begin with `#` mean nothing. The source `sparseDirectory` is a
//! tree in that layout with checksum files only.

use std::collections::BTreeMap;
use std::path::Path;

use pkgseal_repo::{DigestAlgorithm, Digests, Finding, Limits, Root, SafePath};

use super::Checksums;
use crate::{CHECKSUM_SUFFIXES, Result, codes};

/// Lines of one summary file.
const LINES: usize = 5_000_000;

/// Reads a summary file of one algorithm.
///
/// # Errors
/// A finding (`maven.trust.malformed`) with the line that is none.
pub fn read_summary(
    text: &str,
    algorithm: DigestAlgorithm,
) -> std::result::Result<Checksums, Finding> {
    let mut found: BTreeMap<SafePath, Digests> = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |reason: String| {
            let subject = format!("line {}", number + 1);
            Finding::reject(codes::TRUST_MALFORMED, subject, reason)
        };
        if number >= LINES {
            return Err(wrong(format!("the file has more than {LINES} lines")));
        }
        let (hex, path) = line
            .split_once("  ")
            .or_else(|| line.split_once(" *"))
            .ok_or_else(|| wrong("it is no checksum, two blanks and a path".to_owned()))?;
        let path = SafePath::new(path).map_err(|error| wrong(error.to_string()))?;
        found
            .entry(path)
            .or_default()
            .insert_hex(algorithm, hex)
            .map_err(wrong)?;
    }
    Ok(found.into_iter().collect())
}

/// Writes a summary file of one algorithm, sorted, and says which files lack it.
pub fn write_summary(
    checksums: &[(SafePath, Digests)],
    algorithm: DigestAlgorithm,
) -> (String, Vec<Finding>) {
    let mut lines = Vec::new();
    let mut lost = Vec::new();
    for (path, digests) in checksums {
        match digests.hex(algorithm) {
            Some(hex) => lines.push((path, format!("{hex}  {path}\n"))),
            None => lost.push(Finding::warning(
                codes::TRUST_LOST,
                path.as_str(),
                format!("its {algorithm} is not known"),
            )),
        }
    }
    lines.sort();
    (lines.into_iter().map(|(_, line)| line).collect(), lost)
}

/// Reads a tree of checksum files, and says what is none.
///
/// # Errors
/// When the tree cannot be read.
pub fn read_sparse(path: &Path, limits: &Limits) -> Result<(Checksums, Vec<Finding>)> {
    let root = Root::open(path)?;
    let mut found: BTreeMap<SafePath, Digests> = BTreeMap::new();
    let mut findings = Vec::new();
    for (file, _) in root.walk(None)? {
        let file = file?;
        let of = CHECKSUM_SUFFIXES.iter().find_map(|(suffix, algorithm)| {
            let stem = file.as_str().strip_suffix(suffix)?;
            Some((SafePath::new(stem).ok()?, *algorithm))
        });
        let read = match of {
            None => Err("it is no checksum file".to_owned()),
            Some((stem, algorithm)) => {
                let bytes = root.read(&file, limits.side_file)?.unwrap_or_default();
                let digests = found.entry(stem.clone()).or_default();
                crate::checksum::parse(&bytes, algorithm, stem.file_name(), digests)
            }
        };
        if let Err(reason) = read {
            findings.push(Finding::warning(codes::TRUST_LOST, file.as_str(), reason));
        }
    }
    found.retain(|_, digests| !digests.is_empty());
    Ok((found.into_iter().collect(), findings))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

    #[test]
    fn a_summary_is_read_and_written() {
        let text =
            format!("# why\n\n{MD5}  org/example/lib/1.0/lib-1.0.jar\n{MD5} *a/b/1/b-1.pom\n");
        let read = read_summary(&text, DigestAlgorithm::Md5).unwrap();
        assert_eq!(read.len(), 2);
        let (written, lost) = write_summary(&read, DigestAlgorithm::Md5);
        assert_eq!(
            written,
            format!("{MD5}  a/b/1/b-1.pom\n{MD5}  org/example/lib/1.0/lib-1.0.jar\n")
        );
        assert_eq!(lost, []);
        assert_eq!(read_summary(&written, DigestAlgorithm::Md5).unwrap(), read);
        assert_eq!(write_summary(&read, DigestAlgorithm::Sha1).1.len(), 2);
    }

    #[test]
    fn what_is_no_summary_is_refused() {
        for line in [
            "x",
            MD5,
            &format!("{MD5} a"),
            &format!("{MD5}  ../a"),
            &format!("{MD5}  /a"),
            "abcd  a",
            &format!("{MD5}  a\n{}  a", MD5.replace('9', "8")),
        ] {
            assert!(read_summary(line, DigestAlgorithm::Md5).is_err(), "{line}");
        }
    }

    #[test]
    fn a_sparse_directory_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put("org/example/lib/1.0/lib-1.0.jar.md5", MD5);
        put("org/example/lib/1.0/lib-1.0.pom.md5", "nonsense");
        put("org/example/lib/1.0/lib-1.0.war", "x");
        let (found, findings) = read_sparse(dir.path(), &Limits::default()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1.hex(DigestAlgorithm::Md5).as_deref(), Some(MD5));
        assert_eq!(findings.len(), 2);
    }

    proptest! {
        #[test]
        fn nonsense_never_panics(text in r"([0-9a-f]{32}|  | \*|[a-z/.]|#|\n){0,20}") {
            let _ = read_summary(&text, DigestAlgorithm::Md5);
        }
    }
}
