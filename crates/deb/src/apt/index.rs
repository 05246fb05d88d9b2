//! Packages and Sources: from a verified index to the files it vouches for.

use std::io::BufRead;
use std::sync::Arc;

use pkgseal_repo::{
    Code, DigestAlgorithm, Digests, Entry, Finding, Limits, Requirement, SafePath,
    codes as repo_codes,
};

use super::paragraph::{Paragraph, ParagraphBuilder};
use crate::codes;
use crate::deb822::{self, Fault, Line, Lines};

/// More fields than any entry has.
const MAX_FIELDS: usize = 512;

/// Which index it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexKind {
    /// One stanza a binary package: Filename, Size, digests.
    Packages,
    /// One stanza a source package: Directory, and a list of files for each digest.
    Sources,
}

impl IndexKind {
    /// By the file name without its compression suffix.
    pub(crate) fn from_name(stem: &str) -> Option<Self> {
        match stem {
            "Packages" => Some(Self::Packages),
            "Sources" => Some(Self::Sources),
            _ => None,
        }
    }
}

/// Whether stanzas are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Only the files they name.
    Entries,
    /// Their text too.
    Stanzas,
}

/// Reads every stanza and hands on the files it names. The text must come from bytes
/// that a verified Release vouches for. `path` names the index. With `keep`, a stanza
/// goes along with the file that has to say the same: the package, the .dsc.
pub(crate) fn read(
    text: impl BufRead,
    kind: IndexKind,
    path: &str,
    limits: &Limits,
    keep: Keep,
    mut found: impl FnMut(Entry, Option<Paragraph>),
) -> Result<(), Box<Finding>> {
    let mut lines = Lines::new(text, limits.line);
    let mut stanza = Stanza::new(kind, path, keep);
    let mut entries = 0_usize;
    let reject = |code: Code, detail: String| Box::new(Finding::reject(code, path, detail));
    loop {
        let line = match lines.next() {
            Ok(line) => line,
            Err(Fault::Malformed { line, reason }) => {
                let detail = format!("line {line}: {reason}");
                return Err(reject(codes::INDEX_MALFORMED, detail));
            }
            Err(Fault::Io(error)) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                return Err(reject(repo_codes::LIMIT, error.to_string()));
            }
            Err(Fault::Io(error)) => {
                return Err(reject(codes::INDEX_COMPRESSION, error.to_string()));
            }
        };
        let taken = match line {
            Some(Line::Field { name, value }) => stanza.field(name, value),
            Some(Line::Continuation(text)) => stanza.continuation(text),
            Some(Line::Blank) | None => {
                let last = line.is_none();
                let count = stanza.finish(&mut found);
                match count {
                    Ok(count) => entries += count,
                    Err(wrong) => return Err(wrong.at(path, lines.number())),
                }
                if entries > limits.entries {
                    let detail = format!("more than {} files", limits.entries);
                    return Err(reject(repo_codes::LIMIT, detail));
                }
                if last {
                    return Ok(());
                }
                Ok(())
            }
        };
        if let Err(wrong) = taken {
            return Err(wrong.at(path, lines.number()));
        }
    }
}

/// What is wrong with a stanza.
struct Wrong(Code, String);

impl Wrong {
    fn malformed(what: impl Into<String>) -> Self {
        Self(codes::INDEX_MALFORMED, what.into())
    }

    fn at(self, path: &str, line: u64) -> Box<Finding> {
        Box::new(Finding::reject(
            self.0,
            path,
            format!("line {line}: {}", self.1),
        ))
    }
}

/// Fields that say where a file is and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Package,
    Filename,
    Size,
    Digest(DigestAlgorithm),
    Directory,
    List(DigestAlgorithm),
}

fn field(kind: IndexKind, name: &str) -> Option<Field> {
    use DigestAlgorithm::{Md5, Sha1, Sha256, Sha512};
    let fields: &[(&str, Field)] = match kind {
        IndexKind::Packages => &[
            ("Package", Field::Package),
            ("Filename", Field::Filename),
            ("Size", Field::Size),
            ("MD5sum", Field::Digest(Md5)),
            ("SHA1", Field::Digest(Sha1)),
            ("SHA256", Field::Digest(Sha256)),
            ("SHA512", Field::Digest(Sha512)),
        ],
        IndexKind::Sources => &[
            ("Package", Field::Package),
            ("Directory", Field::Directory),
            ("Files", Field::List(Md5)),
            ("Checksums-Sha1", Field::List(Sha1)),
            ("Checksums-Sha256", Field::List(Sha256)),
            ("Checksums-Sha512", Field::List(Sha512)),
        ],
    };
    // Clients ignore case here, and generators do differ (MD5sum, MD5Sum).
    fields
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|&(_, field)| field)
}

/// The stanza being read. Buffers are reused.
struct Stanza {
    kind: IndexKind,
    listed_by: Arc<str>,
    /// Names of the fields so far, and where each ends.
    names: String,
    ends: Vec<usize>,
    current: Option<Field>,
    package: String,
    path: Option<String>,
    size: Option<u64>,
    digests: Digests,
    files: Vec<(String, u64, Digests)>,
    /// Its text, where that is kept.
    text: Option<ParagraphBuilder>,
}

impl Stanza {
    fn new(kind: IndexKind, path: &str, keep: Keep) -> Self {
        Self {
            kind,
            listed_by: path.into(),
            names: String::new(),
            ends: Vec::new(),
            current: None,
            package: String::new(),
            path: None,
            size: None,
            digests: Digests::new(),
            files: Vec::new(),
            text: (keep == Keep::Stanzas).then(ParagraphBuilder::default),
        }
    }

    fn field(&mut self, name: &str, value: &[u8]) -> Result<(), Wrong> {
        self.unseen(name)?;
        if let Some(text) = &mut self.text {
            text.field(name, value);
        }
        self.current = field(self.kind, name);
        let Some(field) = self.current else {
            return Ok(());
        };
        let value = std::str::from_utf8(value)
            .map_err(|_| Wrong::malformed(format!("{name} is not UTF-8")))?;
        match field {
            Field::Package => value.clone_into(&mut self.package),
            Field::Filename | Field::Directory => self.path = Some(value.to_owned()),
            Field::Size => self.size = Some(number(value)?),
            Field::Digest(algorithm) => self
                .digests
                .insert_hex(algorithm, value)
                .map_err(|what| Wrong::malformed(format!("{name}: {what}")))?,
            Field::List(_) if !value.is_empty() => {
                return Err(Wrong::malformed(format!(
                    "text beside the field name {name}"
                )));
            }
            Field::List(_) => {}
        }
        Ok(())
    }

    /// Refuses a second field of the same name: clients differ on which one counts.
    fn unseen(&mut self, name: &str) -> Result<(), Wrong> {
        let mut start = 0;
        for &end in &self.ends {
            let seen = self.names.get(start..end).unwrap_or_default();
            if seen.eq_ignore_ascii_case(name) {
                let detail = format!("a second field {name}");
                return Err(Wrong(codes::INDEX_DUPLICATE_FIELD, detail));
            }
            start = end;
        }
        if self.ends.len() >= MAX_FIELDS {
            return Err(Wrong::malformed("an entry with too many fields"));
        }
        self.names.push_str(name);
        self.ends.push(self.names.len());
        Ok(())
    }

    fn continuation(&mut self, text: &[u8]) -> Result<(), Wrong> {
        if self.ends.is_empty() {
            return Err(Wrong::malformed("a continuation of nothing"));
        }
        if let Some(kept) = &mut self.text {
            kept.continuation(text);
        }
        match self.current {
            None => Ok(()),
            Some(Field::List(algorithm)) => self.listed(algorithm, text),
            Some(_) => Err(Wrong::malformed("a field of one line goes on")),
        }
    }

    /// ` <hex> <size> <name>`.
    fn listed(&mut self, algorithm: DigestAlgorithm, text: &[u8]) -> Result<(), Wrong> {
        let text = std::str::from_utf8(text)
            .map_err(|_| Wrong::malformed("a file name that is not UTF-8"))?;
        let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
        let (Some(hex), Some(size), Some(name), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Wrong::malformed("not a digest, a size and a file name"));
        };
        if name.contains('/') {
            let detail = format!("{name}: a file name with a slash");
            return Err(Wrong(repo_codes::PATH_UNSAFE, detail));
        }
        let size = number(size)?;
        let known = self.files.iter().position(|(known, _, _)| known == name);
        let index = known.unwrap_or(self.files.len());
        if known.is_none() {
            if self.files.len() >= MAX_FIELDS * 16 {
                return Err(Wrong::malformed("a source package of too many files"));
            }
            self.files.push((name.to_owned(), size, Digests::new()));
        }
        let Some((_, known_size, digests)) = self.files.get_mut(index) else {
            return Ok(());
        };
        if *known_size != size {
            let detail = format!("{name} has {size} bytes, and {known_size} in another list");
            return Err(Wrong::malformed(detail));
        }
        if digests.get(algorithm).is_some() {
            return Err(Wrong::malformed(format!("a second line for {name}")));
        }
        digests
            .insert_hex(algorithm, hex)
            .map_err(|what| Wrong::malformed(format!("{name}: {what}")))
    }

    /// Hands on the stanza's files and empties it; how many there were.
    fn finish(&mut self, found: &mut impl FnMut(Entry, Option<Paragraph>)) -> Result<usize, Wrong> {
        if self.ends.is_empty() {
            // Several empty lines between stanzas, or at the end, mean nothing.
            return Ok(0);
        }
        let mut text = self.text.as_mut().map(ParagraphBuilder::finish);
        let package = std::mem::take(&mut self.package);
        if package.is_empty() {
            return Err(Wrong::malformed("an entry without a Package"));
        }
        let path = self.path.take();
        let size = self.size.take();
        let digests = std::mem::take(&mut self.digests);
        let files = std::mem::take(&mut self.files);
        self.names.clear();
        self.ends.clear();
        self.current = None;
        let lacks = |what: &str| Wrong::malformed(format!("{package} has no {what}"));
        let entry = |path: &str, size, digests| {
            let path = SafePath::new(path).map_err(|error| {
                Wrong(
                    repo_codes::PATH_UNSAFE,
                    format!("{package}: {path}: {error}"),
                )
            })?;
            Ok(Entry {
                path,
                size: Some(size),
                digests,
                requirement: Requirement::Required,
                listed_by: self.listed_by.clone(),
            })
        };
        match self.kind {
            IndexKind::Packages => {
                let path = path.ok_or_else(|| lacks("Filename"))?;
                let size = size.ok_or_else(|| lacks("Size"))?;
                found(entry(&path, size, digests)?, text);
                Ok(1)
            }
            IndexKind::Sources => {
                let directory = path.ok_or_else(|| lacks("Directory"))?;
                if files.is_empty() {
                    return Err(lacks("files"));
                }
                let count = files.len();
                for (name, size, digests) in files {
                    let path = match directory.as_str() {
                        "." | "./" | "" => name,
                        directory => format!("{}/{name}", directory.trim_end_matches('/')),
                    };
                    let text = path.ends_with(".dsc").then(|| text.take()).flatten();
                    found(entry(&path, size, digests)?, text);
                }
                Ok(count)
            }
        }
    }
}

fn number(text: &str) -> Result<u64, Wrong> {
    deb822::number(text).ok_or_else(|| Wrong::malformed(format!("{text:?} is no size")))
}

#[cfg(test)]
mod tests;
