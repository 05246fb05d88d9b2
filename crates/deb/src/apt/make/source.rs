//! The paragraph of a .dsc, and the files it lists.

use std::collections::BTreeMap;

use pkgseal_openpgp::{Verified, cleartext};
use pkgseal_repo::{DigestAlgorithm, Digests, Finding, Limits, SafePath};

use crate::codes;
use crate::control::{Control, fields, is_name, is_version};

/// How a clearsigned message begins.
const SIGNED: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";

/// The lists of files, and their digests.
const LISTS: [(&str, DigestAlgorithm); 4] = [
    ("Files", DigestAlgorithm::Md5),
    ("Checksums-Sha1", DigestAlgorithm::Sha1),
    ("Checksums-Sha256", DigestAlgorithm::Sha256),
    ("Checksums-Sha512", DigestAlgorithm::Sha512),
];

/// Files of one source package.
const MAX_FILES: usize = 1000;

/// A file that a .dsc lists, with what it says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) size: u64,
    pub(super) digests: Digests,
}

/// Reads a .dsc. Whoever signs the index vouches for its bytes, so its own signature is
/// not judged here; a message that readers split differently is refused all the same.
///
/// # Errors
/// The finding that rejects it.
pub(super) fn paragraph(
    bytes: Vec<u8>,
    subject: &str,
    limits: &Limits,
) -> Result<Control, Box<Finding>> {
    let text = if bytes.starts_with(SIGNED) {
        cleartext::split(&without_blanks(&bytes))
            .map_err(|finding| wrong(subject, finding.detail))?
            .text
    } else {
        bytes
    };
    Verified::danger_unverified(text)
        .try_map(|text| read(&text, subject, limits))
        .map(Verified::into_inner)
}

/// The message without blanks at the end of lines. No signature covers them, no reader
/// heeds them, and some .dsc files of Debian have them.
fn without_blanks(message: &[u8]) -> Vec<u8> {
    let mut stripped = Vec::with_capacity(message.len());
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let (line, end) = match line.split_last() {
            Some((b'\n', line)) => (line, &b"\n"[..]),
            _ => (line, &b""[..]),
        };
        let blanks = line.iter().rev().take_while(|byte| b" \t".contains(byte));
        let kept = line.len() - blanks.count();
        stripped.extend_from_slice(line.get(..kept).unwrap_or_default());
        stripped.extend_from_slice(end);
    }
    stripped
}

fn read(text: &[u8], subject: &str, limits: &Limits) -> Result<Control, Box<Finding>> {
    let fields = fields(text, subject, limits).map_err(|finding| wrong(subject, finding.detail))?;
    let paragraph = Control::from_fields(fields);
    for (name, fits) in [
        ("Source", is_name as fn(&str) -> bool),
        ("Version", is_version),
    ] {
        if !paragraph.text(name).is_some_and(fits) {
            let raw = paragraph.field(name).unwrap_or_default();
            let detail = format!("{name} is {:?}", String::from_utf8_lossy(raw));
            return Err(wrong(subject, detail));
        }
    }
    files(&paragraph, subject)?;
    Ok(paragraph)
}

/// The files that a .dsc lists. Every list names the same ones, with the same sizes.
///
/// # Errors
/// The finding that rejects it.
pub(super) fn files(
    paragraph: &Control,
    subject: &str,
) -> Result<BTreeMap<SafePath, Listed>, Box<Finding>> {
    let mut files: BTreeMap<SafePath, Listed> = BTreeMap::new();
    let mut lists = 0;
    for (field, algorithm) in LISTS {
        let Some(list) = paragraph.field(field) else {
            continue;
        };
        lists += 1;
        let list = std::str::from_utf8(list)
            .map_err(|_| wrong(subject, format!("{field} is not UTF-8")))?;
        let mut lines = list.split('\n');
        if lines.next() != Some("") {
            return Err(wrong(
                subject,
                format!("text beside the field name {field}"),
            ));
        }
        let mut count = 0;
        for line in lines {
            count += 1;
            let (name, size, hex) = entry(line).ok_or_else(|| {
                wrong(
                    subject,
                    format!("{field}: not a digest, a size and a name: {line}"),
                )
            })?;
            if count > MAX_FILES {
                return Err(wrong(
                    subject,
                    format!("{field} lists more than {MAX_FILES} files"),
                ));
            }
            let listed = files.entry(name.clone()).or_insert_with(|| Listed {
                size,
                digests: Digests::new(),
            });
            let twice = listed.digests.get(algorithm).is_some();
            if twice || listed.size != size {
                let detail = format!("{field} contradicts what it or another list says of {name}");
                return Err(wrong(subject, detail));
            }
            listed
                .digests
                .insert_hex(algorithm, hex)
                .map_err(|what| wrong(subject, format!("{field}: {name}: {what}")))?;
        }
    }
    if let Some((name, _)) = files
        .iter()
        .find(|(_, listed)| listed.digests.algorithms().count() != lists)
    {
        return Err(wrong(
            subject,
            format!("{name} is not in every list of files"),
        ));
    }
    if files.is_empty() {
        return Err(wrong(subject, "it lists no files"));
    }
    Ok(files)
}

/// ` digest size name`, the name without a folder.
fn entry(line: &str) -> Option<(SafePath, u64, &str)> {
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    let (hex, size, name) = (words.next()?, words.next()?, words.next()?);
    let plain = words.next().is_none() && !name.contains('/');
    let digits = size.bytes().all(|byte| byte.is_ascii_digit());
    let name = SafePath::new(name).ok().filter(|_| plain && digits)?;
    Some((name, size.parse().ok()?, hex))
}

/// A finding about a .dsc.
pub(super) fn wrong(subject: &str, detail: impl Into<String>) -> Box<Finding> {
    Box::new(Finding::reject(codes::MAKE_SOURCE, subject, detail))
}
