//! Checksum files: `.md5`, `.sha1`, `.sha256`, `.sha512`.

use std::path::Path;

use pkgseal_repo::{DigestAlgorithm, Digests, Finding, Limits, codes as repo_codes};

use crate::place::{Place, append};
use crate::{Result, codes};

/// The suffixes there are. Only the first two are required by Maven Central, and none
/// of them says who made the file.
pub const SUFFIXES: [(&str, DigestAlgorithm); 4] = [
    (".md5", DigestAlgorithm::Md5),
    (".sha1", DigestAlgorithm::Sha1),
    (".sha256", DigestAlgorithm::Sha256),
    (".sha512", DigestAlgorithm::Sha512),
];

/// Reads one checksum file: hexadecimal, then perhaps blanks and the file's name as
/// `sha256sum` writes it, then perhaps a line end.
///
/// # Errors
/// A sentence saying what is wrong with it.
pub fn parse(
    bytes: &[u8],
    algorithm: DigestAlgorithm,
    file_name: &str,
    into: &mut Digests,
) -> std::result::Result<(), String> {
    let text = str::from_utf8(bytes.trim_ascii_end()).map_err(|_| "it is not text".to_owned())?;
    if text.contains(['\n', '\r']) {
        return Err("it has more than one line".to_owned());
    }
    let (hex, name) = match text.split_once([' ', '\t']) {
        None => (text, None),
        Some((hex, rest)) => {
            let rest = rest.trim_start_matches([' ', '\t']);
            (hex, Some(rest.strip_prefix('*').unwrap_or(rest)))
        }
    };
    // Build tools write the path they had.
    let name = name.map(|name| name.rsplit(['/', '\\']).next().unwrap_or(name));
    if let Some(other) = name.filter(|name| *name != file_name) {
        return Err(format!("it is the checksum of {other}"));
    }
    into.insert_hex(algorithm, hex)
}

/// What the checksum files beside a file say, and what is wrong with them.
pub(crate) fn beside(
    place: &Place<'_>,
    path: &Path,
    name: &str,
    limits: &Limits,
) -> Result<(Digests, Vec<Finding>)> {
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut digests = Digests::new();
    let mut findings = Vec::new();
    for (suffix, algorithm) in SUFFIXES {
        let subject = || format!("{name}{suffix}");
        match place.read(&append(path, suffix), limits.side_file) {
            Ok(None) => {}
            Ok(Some(bytes)) => {
                if let Err(reason) = parse(&bytes, algorithm, &file_name, &mut digests) {
                    findings.push(Finding::reject(
                        codes::CHECKSUM_MALFORMED,
                        subject(),
                        reason,
                    ));
                }
            }
            Err(pkgseal_repo::Error::TooLarge { limit, .. }) => findings.push(Finding::reject(
                repo_codes::LIMIT,
                subject(),
                format!("the checksum file is larger than {limit} bytes"),
            )),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((digests, findings))
}

/// Every digest that is not what a checksum file says.
pub(crate) fn compare(name: &str, expected: &Digests, actual: &Digests) -> Vec<Finding> {
    SUFFIXES
        .into_iter()
        .filter_map(|(suffix, algorithm)| {
            let says = expected.hex(algorithm)?;
            let is = actual.hex(algorithm).unwrap_or_default();
            (says != is).then(|| {
                Finding::reject(
                    codes::CHECKSUM_MISMATCH,
                    name,
                    format!("its {algorithm} is {is}, the checksum file says {says}"),
                )
                .because(format!("{name}{suffix}"))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

    fn read(bytes: &[u8]) -> std::result::Result<(), String> {
        let mut digests = Digests::new();
        parse(bytes, DigestAlgorithm::Md5, "lib-1.0.jar", &mut digests)?;
        assert_eq!(digests.hex(DigestAlgorithm::Md5).as_deref(), Some(MD5));
        Ok(())
    }

    #[test]
    fn the_usual_forms_are_read() {
        for text in [
            MD5.to_owned(),
            MD5.to_uppercase(),
            format!("{MD5}\n"),
            format!("{MD5}\r\n"),
            format!("{MD5}  lib-1.0.jar\n"),
            format!("{MD5} *lib-1.0.jar\n"),
            format!("{MD5}\tlib-1.0.jar"),
            format!("{MD5}  /home/build/target/lib-1.0.jar\n"),
            format!("{MD5}  target\\lib-1.0.jar\n"),
        ] {
            read(text.as_bytes()).unwrap_or_else(|e| panic!("{text:?}: {e}"));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for (text, reason) in [
            (String::new(), "not 32 hexadecimal digits"),
            ("\n".to_owned(), "not 32 hexadecimal digits"),
            (MD5[1..].to_owned(), "not 32 hexadecimal digits"),
            (format!("{MD5}00"), "not 32 hexadecimal digits"),
            (format!(" {MD5}"), "checksum of"),
            (format!("{MD5}\n{MD5}\n"), "more than one line"),
            (format!("MD5 (lib-1.0.jar) = {MD5}"), "checksum of"),
            (format!("{MD5}  lib-1.1.jar"), "checksum of lib-1.1.jar"),
            (
                format!("{MD5}  lib-1.0.jar.asc"),
                "checksum of lib-1.0.jar.asc",
            ),
            ("<html>404 Not Found</html>".to_owned(), "checksum of"),
        ] {
            let refused = read(text.as_bytes()).unwrap_err();
            assert!(refused.contains(reason), "{text:?}: {refused}");
        }
        assert_eq!(read(b"\xff\xfe").unwrap_err(), "it is not text");
    }

    proptest! {
        #[test]
        fn nonsense_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse(&bytes, DigestAlgorithm::Sha1, "x", &mut Digests::new());
        }
    }
}
