//! Patches to an index (`Packages.diff/Index`): from the verified Index to the patches.

use std::collections::BTreeMap;
use std::io::BufRead;

use pkgseal_repo::{
    Code, Compression, DigestAlgorithm, Digests, Finding, Limits, SafePath, codes as repo_codes,
};

use super::family::{Family, Kind, Variant, effort};
use crate::codes;
use crate::deb822::{Fault, Line, Lines};
use crate::listed::Listed;

/// Fields with a meaning: which list of which digest.
const LISTS: [(&str, List, DigestAlgorithm); 6] = [
    ("SHA1-Patches", List::Patches, DigestAlgorithm::Sha1),
    ("SHA1-Download", List::Download, DigestAlgorithm::Sha1),
    ("SHA1-History", List::History, DigestAlgorithm::Sha1),
    ("SHA256-Patches", List::Patches, DigestAlgorithm::Sha256),
    ("SHA256-Download", List::Download, DigestAlgorithm::Sha256),
    ("SHA256-History", List::History, DigestAlgorithm::Sha256),
];

const CURRENT: [(&str, DigestAlgorithm); 2] = [
    ("SHA1-Current", DigestAlgorithm::Sha1),
    ("SHA256-Current", DigestAlgorithm::Sha256),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    /// Patches, decompressed.
    Patches,
    /// Patches as they are downloaded.
    Download,
    /// What each patch applies to.
    History,
}

type Files = BTreeMap<String, Listed>;

/// Reads an Index. `current` is what the Release lists of the file that the patches lead
/// to. Returns the patches, to be checked where they are there, and what else is wrong.
pub(super) fn read(
    text: impl BufRead,
    index: &Family,
    current: Option<&Listed>,
    path: &SafePath,
    limits: &Limits,
) -> Result<(Vec<Family>, Vec<Finding>), Box<Finding>> {
    let mut reader = Reader {
        subject: path.as_str(),
        patches: Files::new(),
        download: Files::new(),
        history: Files::new(),
        current: None,
        limit: limits.entries,
    };
    reader.read(text, limits.line)?;
    let unpaired = reader
        .history
        .keys()
        .chain(reader.patches.keys())
        .find(|name| !reader.history.contains_key(*name) || !reader.patches.contains_key(*name));
    if let Some(name) = unpaired {
        let detail = format!("{name} is in one of the lists History and Patches, not in both");
        return Err(reject(codes::PDIFF_MALFORMED, path.as_str(), detail));
    }
    let mut findings = Vec::new();
    if let (Some(says), Some(listed)) = (&reader.current, current) {
        let differ = says.size != listed.size
            || says.digests.algorithms().any(|algorithm| {
                listed
                    .digests
                    .get(algorithm)
                    .is_some_and(|digest| Some(digest) != says.digests.get(algorithm))
            });
        if differ {
            let detail = format!(
                "its patches lead to {} bytes, and the Release lists {} or another digest",
                says.size, listed.size
            );
            findings.push(
                Finding::reject(codes::PDIFF_CURRENT, path.as_str(), detail)
                    .because(format!("listed by {}", index.listed_by)),
            );
        }
    }
    let folder = index.stem.parent();
    let mut families = BTreeMap::new();
    for (name, listed) in reader.download {
        let compression = Compression::from_name(&name);
        let stem = name.strip_suffix(compression.suffix()).unwrap_or(&name);
        let Some(plain) = reader.patches.get(stem) else {
            let detail = format!("{name} is to be downloaded, and no patch of that name is listed");
            return Err(reject(codes::PDIFF_MALFORMED, path.as_str(), detail));
        };
        let within = |name: &str| -> Result<SafePath, Box<Finding>> {
            let name = SafePath::new(name).map_err(|error| {
                reject(
                    repo_codes::PATH_UNSAFE,
                    path.as_str(),
                    format!("{name}: {error}"),
                )
            })?;
            Ok(folder
                .as_ref()
                .map_or_else(|| name.clone(), |folder| folder.join(&name)))
        };
        let family = families.entry(stem.to_owned()).or_insert(Family {
            stem: within(stem)?,
            kind: Kind::Other,
            variants: vec![Variant {
                path: within(stem)?,
                by_hash: None,
                compression: Compression::None,
                listed: plain.clone(),
            }],
            wanted: false,
            listed_by: path.as_str().into(),
            seal: index.seal.clone(),
        });
        if compression != Compression::None {
            family.variants.push(Variant {
                path: within(&name)?,
                by_hash: None,
                compression,
                listed,
            });
        }
    }
    for family in families.values_mut() {
        family
            .variants
            .sort_by_key(|variant| effort(variant.compression));
    }
    Ok((families.into_values().collect(), findings))
}

fn reject(code: Code, subject: &str, detail: impl Into<String>) -> Box<Finding> {
    Box::new(Finding::reject(code, subject, detail))
}

struct Reader<'a> {
    subject: &'a str,
    patches: Files,
    download: Files,
    history: Files,
    current: Option<Listed>,
    limit: usize,
}

impl Reader<'_> {
    fn read(&mut self, text: impl BufRead, line: usize) -> Result<(), Box<Finding>> {
        let subject = self.subject;
        let malformed = |number: u64, what: &str| {
            let detail = format!("line {number}: {what}");
            reject(codes::PDIFF_MALFORMED, subject, detail)
        };
        let mut lines = Lines::new(text, line);
        let mut seen: Vec<String> = Vec::new();
        let mut list = None;
        loop {
            let next = match lines.next() {
                Ok(next) => next,
                Err(Fault::Malformed { line, reason }) => return Err(malformed(line, &reason)),
                Err(Fault::Io(error)) => return Err(malformed(0, &error.to_string())),
            };
            let taken = match next {
                None => return Ok(()),
                Some(Line::Blank) => Err("an empty line, where one paragraph is all".to_owned()),
                Some(Line::Field { name, value }) => {
                    let lower = name.to_ascii_lowercase();
                    if seen.contains(&lower) || seen.len() > 64 {
                        let detail = format!("a second field {name}, or far too many");
                        return Err(reject(codes::PDIFF_MALFORMED, subject, detail));
                    }
                    seen.push(lower);
                    list = LISTS
                        .iter()
                        .find(|(known, _, _)| known.eq_ignore_ascii_case(name))
                        .map(|&(_, list, algorithm)| (list, algorithm));
                    let current = CURRENT
                        .iter()
                        .find(|(known, _)| known.eq_ignore_ascii_case(name));
                    match current {
                        Some((_, algorithm)) => self.current(*algorithm, value),
                        None => Ok(()),
                    }
                }
                Some(Line::Continuation(_)) if seen.is_empty() => {
                    Err("a continuation of nothing".to_owned())
                }
                Some(Line::Continuation(text)) => match list {
                    Some((list, algorithm)) => self.line(list, algorithm, text),
                    None => Ok(()),
                },
            };
            if let Err(what) = taken {
                return Err(malformed(lines.number(), &what));
            }
        }
    }

    /// `<hex> <size>`.
    fn current(&mut self, algorithm: DigestAlgorithm, value: &[u8]) -> Result<(), String> {
        let words = words(value)?;
        let [hex, size] = words.as_slice() else {
            return Err("not a digest and a size".to_owned());
        };
        let size = number(size)?;
        let current = self.current.get_or_insert_with(|| Listed {
            size,
            digests: Digests::new(),
        });
        if current.size != size {
            return Err("two sizes of the current file".to_owned());
        }
        current.digests.insert_hex(algorithm, hex)
    }

    /// `<hex> <size> <name>`.
    fn line(&mut self, list: List, algorithm: DigestAlgorithm, text: &[u8]) -> Result<(), String> {
        let words = words(text)?;
        let [hex, size, name] = words.as_slice() else {
            return Err("not a digest, a size and a name".to_owned());
        };
        let size = number(size)?;
        if name.contains('/') {
            return Err(format!("{name}: a name with a slash"));
        }
        let limit = self.limit;
        let files = match list {
            List::Patches => &mut self.patches,
            List::Download => &mut self.download,
            List::History => &mut self.history,
        };
        if files.len() >= limit {
            return Err(format!("more than {limit} patches"));
        }
        let listed = files.entry((*name).to_owned()).or_insert_with(|| Listed {
            size,
            digests: Digests::new(),
        });
        if listed.size != size {
            return Err(format!("two sizes of {name}"));
        }
        if listed.digests.get(algorithm).is_some() {
            return Err(format!("a second line for {name}"));
        }
        listed.digests.insert_hex(algorithm, hex)
    }
}

fn words(text: &[u8]) -> Result<Vec<&str>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "not UTF-8".to_owned())?;
    Ok(text
        .split([' ', '\t'])
        .filter(|word| !word.is_empty())
        .collect())
}

fn number(text: &str) -> Result<u64, String> {
    Some(text)
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| format!("{text:?} is no size"))
}

#[cfg(test)]
mod tests;
