//! Lists of checksums, as coreutils writes them: `SHA256SUMS` and its kin.
//!
//! Read strictly, in the three forms that `sha256sum` writes: `hex  name`, `hex *name`, and
//! with `--tag` the BSD form `SHA256 (name) = hex`, each with a backslash before it where
//! the name is escaped. Blank lines and lines that begin with `#` mean nothing. What
//! versions of coreutils read differently (carriage returns), what one of two readers may
//! miss (a name twice) and what says too little (another algorithm than the name promises)
//! rejects the whole list.

use std::collections::BTreeMap;

use pkgseal_openpgp::Verified;
use pkgseal_repo::{DigestAlgorithm, Digests, Finding, SafePath, codes as repo_codes};

use crate::codes;

/// Files of one list.
const FILES: usize = 5_000_000;

/// Algorithms by the tag that coreutils and BSD write for them.
const TAGS: [(&str, DigestAlgorithm); 7] = [
    ("MD5", DigestAlgorithm::Md5),
    ("SHA1", DigestAlgorithm::Sha1),
    ("SHA224", DigestAlgorithm::Sha224),
    ("SHA256", DigestAlgorithm::Sha256),
    ("SHA3-256", DigestAlgorithm::Sha3_256),
    ("SHA384", DigestAlgorithm::Sha384),
    ("SHA512", DigestAlgorithm::Sha512),
];

/// What the name of a list says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// Its algorithm: `SHA256SUMS`, `sha512sum.txt`, `SHASUMS256.txt`.
    Algorithm(DigestAlgorithm),
    /// That it is a list: `CHECKSUM`, `checksums.txt`.
    List,
}

impl Named {
    /// What a file name says; `None` where it is none of a list. A project's name may stand
    /// before it: `tool_1.2_SHA256SUMS`, `tool-1.2-checksums.txt`.
    pub fn of(file_name: &str) -> Option<Self> {
        let name = file_name.to_ascii_lowercase();
        let name = name.strip_suffix(".txt").unwrap_or(&name);
        let ends = |end: &str| {
            let before = name.strip_suffix(end)?;
            (before.is_empty() || before.ends_with(['-', '_', '.'])).then_some(())
        };
        for (tag, algorithm) in TAGS {
            let tag = tag.to_ascii_lowercase();
            let bits = tag.trim_start_matches("sha");
            let forms = [
                format!("{tag}sums"),
                format!("{tag}sum"),
                format!("shasums{bits}"),
            ];
            if forms.iter().find_map(|form| ends(form)).is_some() {
                return Some(Self::Algorithm(algorithm));
            }
        }
        let any = ["checksums", "checksum"];
        any.iter().find_map(|form| ends(form)).map(|()| Self::List)
    }
}

/// How a list is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// `hex  name`, as `sha256sum` writes it.
    #[default]
    Plain,
    /// `SHA256 (name) = hex`, as `sha256sum --tag` and BSD write it.
    Tagged,
}

/// The files of a list, each with its digest, all by one algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Which one.
    pub algorithm: DigestAlgorithm,
    /// Paths relative to the folder of the list.
    pub files: BTreeMap<SafePath, Digests>,
}

impl Sums {
    /// Reads a list.
    ///
    /// # Errors
    /// A finding about `name`: `sums.malformed`, `sums.mixed`, `sums.duplicate`,
    /// `sums.empty`, or `path.unsafe`, with the line.
    pub fn parse(
        text: Verified<Vec<u8>>,
        name: &str,
        named: Named,
    ) -> Result<Verified<Self>, Finding> {
        text.try_map(|text| read(&text, name, named))
    }

    /// Writes it, sorted: the same files give the same bytes.
    pub fn write(&self, form: Form) -> String {
        let mut text = String::new();
        for (path, digests) in &self.files {
            let hex = digests.hex(self.algorithm).unwrap_or_default();
            text.push_str(&match form {
                Form::Plain => format!("{hex}  {path}\n"),
                Form::Tagged => format!("{} ({path}) = {hex}\n", tag(self.algorithm)),
            });
        }
        text
    }
}

/// The usual name of a list by this algorithm: `SHA256SUMS`.
pub fn file_name(algorithm: DigestAlgorithm) -> String {
    format!("{}SUMS", tag(algorithm))
}

fn tag(algorithm: DigestAlgorithm) -> &'static str {
    TAGS.iter()
        .find(|(_, known)| *known == algorithm)
        .map_or("", |(tag, _)| tag)
}

fn read(bytes: &[u8], name: &str, named: Named) -> Result<Sums, Finding> {
    let reject = |code, detail: String| Err(Finding::reject(code, name, detail));
    let Ok(text) = str::from_utf8(bytes) else {
        return reject(codes::SUMS_MALFORMED, "it is not UTF-8".to_owned());
    };
    let mut algorithm = match named {
        Named::Algorithm(algorithm) => Some(algorithm),
        Named::List => None,
    };
    let mut files = BTreeMap::new();
    for (number, line) in text.split_terminator('\n').enumerate() {
        let at = |reason: String| format!("line {}: {reason}", number + 1);
        if line.is_empty() || line.starts_with('#') && !line.contains(char::is_control) {
            continue;
        }
        let sum = match Sum::read(line) {
            Ok(sum) => sum,
            Err(reason) => return reject(codes::SUMS_MALFORMED, at(reason)),
        };
        let expected = *algorithm.get_or_insert_with(|| sum.algorithm());
        if !sum.may_be(expected) {
            let reason = format!("it is no {expected} digest");
            return reject(codes::SUMS_MIXED, at(reason));
        }
        let mut digests = Digests::new();
        if let Err(reason) = digests.insert_hex(expected, sum.hex) {
            return reject(codes::SUMS_MALFORMED, at(reason));
        }
        let path = match SafePath::new(&sum.name) {
            Ok(path) => path,
            Err(error) => return reject(repo_codes::PATH_UNSAFE, at(error.to_string())),
        };
        if files.len() >= FILES {
            let reason = format!("it lists more than {FILES} files");
            return reject(repo_codes::LIMIT, reason);
        }
        if let Some(path) = files.contains_key(&path).then_some(&path) {
            return reject(codes::SUMS_DUPLICATE, at(format!("{path} is listed twice")));
        }
        files.insert(path, digests);
    }
    match algorithm.filter(|_| !files.is_empty()) {
        Some(algorithm) => Ok(Sums { algorithm, files }),
        None => reject(codes::SUMS_EMPTY, "it lists no file".to_owned()),
    }
}

/// One line.
pub(crate) struct Sum<'a> {
    pub(crate) hex: &'a str,
    pub(crate) name: String,
    tagged: Option<DigestAlgorithm>,
}

impl<'a> Sum<'a> {
    /// Reads a line without its line feed.
    pub(crate) fn read(line: &'a str) -> Result<Self, String> {
        if line.ends_with('\r') {
            return Err("it ends in a carriage return, which not every reader leaves out".into());
        }
        if line.contains(char::is_control) {
            return Err("it contains a control character".to_owned());
        }
        let (escaped, line) = match line.strip_prefix('\\') {
            Some(line) => (true, line),
            None => (false, line),
        };
        let (tagged, hex, name) = match split_tagged(line) {
            Some((algorithm, name, hex)) => (Some(algorithm), hex, name),
            None => {
                let (hex, rest) = line
                    .split_once(' ')
                    .ok_or("it is no checksum, two blanks and a name")?;
                let name = rest
                    .strip_prefix([' ', '*'])
                    .ok_or("neither a blank nor * stands before the name")?;
                (None, hex, name)
            }
        };
        if hex.is_empty() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("it has no hexadecimal digest where one belongs".to_owned());
        }
        let name = match escaped {
            true => unescape(name)?,
            false => name.to_owned(),
        };
        Ok(Self { hex, name, tagged })
    }

    /// The algorithm its tag names, or else the usual one of that length.
    fn algorithm(&self) -> DigestAlgorithm {
        let usual = || {
            let digits = self.hex.len();
            DigestAlgorithm::ALL
                .into_iter()
                .find(|algorithm| algorithm.len() * 2 == digits)
        };
        let known = self.tagged.or_else(usual);
        known.unwrap_or(DigestAlgorithm::Sha256)
    }

    fn may_be(&self, algorithm: DigestAlgorithm) -> bool {
        self.tagged.is_none_or(|tagged| tagged == algorithm)
            && self.hex.len() == algorithm.len() * 2
    }
}

/// `SHA256 (name) = hex`. A name may hold `) = ` itself: the last one counts.
fn split_tagged(line: &str) -> Option<(DigestAlgorithm, &str, &str)> {
    let (tag, rest) = line.split_once(" (")?;
    let (_, algorithm) = TAGS.iter().find(|(known, _)| *known == tag)?;
    let (name, hex) = rest.rsplit_once(") = ")?;
    Some((*algorithm, name, hex))
}

/// Undoes the escapes of coreutils, and takes no others.
fn unescape(name: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(name.len());
    let mut chars = name.chars();
    let mut any = false;
    while let Some(next) = chars.next() {
        if next != '\\' {
            plain.push(next);
            continue;
        }
        any = true;
        plain.push(match chars.next() {
            Some('\\') => '\\',
            Some('n') => '\n',
            Some('r') => '\r',
            Some(_) | None => return Err("its name has an escape that coreutils has not".into()),
        });
    }
    match any {
        true => Ok(plain),
        false => Err("it is marked as escaped, and its name has no escape".to_owned()),
    }
}

#[cfg(test)]
mod tests;
