//! The installer's SHA256SUMS: from the verified list to the images.

use std::io::{BufRead, Read as _};
use std::sync::Arc;

use pkgseal_repo::{
    DigestAlgorithm, Digests, Entry, Finding, Limits, Requirement, SafePath, codes as repo_codes,
};

use crate::codes;

/// Reads `<hex>  <path>` lines, as sha256sum writes them. The files are checked where they
/// are there; mirrors leave images out.
pub(super) fn read(
    mut text: impl BufRead,
    path: &SafePath,
    limits: &Limits,
) -> Result<Vec<Entry>, Box<Finding>> {
    let subject = path.as_str();
    let listed_by: Arc<str> = subject.into();
    let malformed = |number: usize, what: &str| {
        let detail = format!("line {number}: {what}");
        Box::new(Finding::reject(codes::SUMS_MALFORMED, subject, detail))
    };
    let folder = path.parent();
    let mut entries = Vec::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let cap = limits.line as u64;
        let read = (&mut text).take(cap).read_until(b'\n', &mut line);
        let read = read.map_err(|error| malformed(number, &error.to_string()))?;
        if read == 0 {
            break;
        }
        if entries.len() >= limits.entries {
            let detail = format!("more than {} files", limits.entries);
            return Err(Box::new(Finding::reject(
                repo_codes::LIMIT,
                subject,
                detail,
            )));
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if read as u64 == cap && text.len() == line.len() {
            return Err(malformed(number, "the line is too long"));
        }
        let text = std::str::from_utf8(text).map_err(|_| malformed(number, "not UTF-8"))?;
        // A star marks what sha256sum read as binary.
        let (hex, name) = text
            .split_once("  ")
            .or_else(|| text.split_once(" *"))
            .ok_or_else(|| malformed(number, "not a digest, two blanks and a path"))?;
        let mut digests = Digests::new();
        digests
            .insert_hex(DigestAlgorithm::Sha256, hex)
            .map_err(|what| malformed(number, &what))?;
        let name = SafePath::new(name.strip_prefix("./").unwrap_or(name)).map_err(|error| {
            let detail = format!("line {number}: {name}: {error}");
            Box::new(Finding::reject(repo_codes::PATH_UNSAFE, subject, detail))
        })?;
        entries.push(Entry {
            path: folder
                .as_ref()
                .map_or_else(|| name.clone(), |folder| folder.join(&name)),
            size: None,
            digests,
            requirement: Requirement::Optional,
            listed_by: listed_by.clone(),
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Result<Vec<String>, &'static str> {
        let path = SafePath::new("dists/s/main/installer-amd64/1/images/SHA256SUMS").unwrap();
        let limits = Limits {
            line: 200,
            entries: 3,
            ..Limits::default()
        };
        read(text.as_bytes(), &path, &limits)
            .map(|entries| entries.iter().map(|e| e.path.to_string()).collect())
            .map_err(|finding| finding.code.id)
    }

    #[test]
    fn lists_are_read() {
        let hex = "0".repeat(64);
        let below = "dists/s/main/installer-amd64/1/images";
        assert_eq!(
            run(&format!("{hex}  ./a/b\n{hex} *c")).unwrap(),
            [format!("{below}/a/b"), format!("{below}/c")]
        );
    }

    #[test]
    fn what_is_no_list_is_rejected() {
        let hex = "0".repeat(64);
        for (text, code) in [
            (format!("{hex} a\n"), "apt.installer.malformed"),
            (format!("{hex}\n"), "apt.installer.malformed"),
            ("\n".to_owned(), "apt.installer.malformed"),
            ("00  a\n".to_owned(), "apt.installer.malformed"),
            (format!("{hex}  ../../../../../../a\n"), "path.unsafe"),
            (format!("{hex}  /etc/passwd\n"), "path.unsafe"),
            (
                format!("{hex}  {}\n", "a".repeat(200)),
                "apt.installer.malformed",
            ),
            (format!("{hex}  a\n").repeat(4), "limit.exceeded"),
        ] {
            assert_eq!(run(&text), Err(code), "{text}");
        }
    }
}
