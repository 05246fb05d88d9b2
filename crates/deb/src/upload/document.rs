//! Strict readers of .dsc, .buildinfo and .changes.

use std::collections::BTreeMap;

use pkgseal_openpgp::Verified;
use pkgseal_repo::{Code, DigestAlgorithm, Finding, Limits, SafePath, codes as repo_codes};

use super::names;
use crate::codes;
use crate::deb822::{self, Fault, Line, Lines};
use crate::listed::{Clash, Listed};

/// More fields than any of them has.
const MAX_FIELDS: usize = 512;

/// The three documents of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A source package: dsc(5).
    Dsc,
    /// How binary packages were built: deb-buildinfo(5).
    Buildinfo,
    /// What an upload consists of: deb-changes(5).
    Changes,
}

impl Kind {
    /// By the ending of a file's name.
    pub fn of(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending {
            "dsc" => Some(Self::Dsc),
            "buildinfo" => Some(Self::Buildinfo),
            "changes" => Some(Self::Changes),
            _ => None,
        }
    }

    /// Its word, which is also the ending of its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dsc => "dsc",
            Self::Buildinfo => "buildinfo",
            Self::Changes => "changes",
        }
    }

    /// Its file lists, weakest digests first.
    fn lists(self) -> [(&'static str, DigestAlgorithm); 3] {
        let md5 = match self {
            Self::Dsc | Self::Changes => "Files",
            Self::Buildinfo => "Checksums-Md5",
        };
        [
            (md5, DigestAlgorithm::Md5),
            ("Checksums-Sha1", DigestAlgorithm::Sha1),
            ("Checksums-Sha256", DigestAlgorithm::Sha256),
        ]
    }

    /// Fields without which nobody takes it.
    fn needed(self) -> &'static [&'static str] {
        match self {
            Self::Dsc => &["Format", "Source", "Version", "Maintainer"],
            Self::Buildinfo => &[
                "Format",
                "Source",
                "Version",
                "Architecture",
                "Build-Architecture",
                "Installed-Build-Depends",
            ],
            Self::Changes => &[
                "Format",
                "Date",
                "Source",
                "Version",
                "Architecture",
                "Distribution",
                "Maintainer",
                "Changes",
            ],
        }
    }

    /// Other fields with a meaning here.
    fn known(self) -> &'static [&'static str] {
        match self {
            Self::Dsc => &["Binary", "Architecture"],
            Self::Buildinfo => &["Binary", "Build-Date"],
            Self::Changes => &["Binary", "Changed-By", "Closes", "Description", "Urgency"],
        }
    }

    fn has_format(self, format: &str) -> bool {
        match self {
            Self::Dsc => matches!(format, "1.0" | "2.0") || is_format_3(format),
            Self::Buildinfo => matches!(format, "0.1" | "0.2" | "1.0"),
            Self::Changes => matches!(format, "1.7" | "1.8"),
        }
    }
}

/// `3.0 (quilt)`.
fn is_format_3(format: &str) -> bool {
    let variant = format
        .strip_prefix("3.0 (")
        .and_then(|rest| rest.strip_suffix(')'));
    matches!(variant, Some("native" | "quilt" | "git" | "bzr" | "custom"))
}

/// What a .dsc, .buildinfo or .changes says. Made from verified bytes only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    kind: Kind,
    fields: BTreeMap<String, String>,
    files: BTreeMap<SafePath, Listed>,
    source: (String, Option<String>),
}

impl Document {
    /// Reads a document strictly: what two readers could read differently is rejected, and
    /// so is what no archive takes. `subject` names it in findings.
    ///
    /// # Errors
    /// The first finding that rejects it.
    pub fn parse(
        text: Verified<Vec<u8>>,
        kind: Kind,
        subject: &str,
        limits: &Limits,
    ) -> Result<Verified<Self>, Box<Finding>> {
        text.try_map(|text| Parser::new(kind, subject, limits).parse(&text))
    }

    /// Which of the three it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The files it lists.
    pub fn files(&self) -> &BTreeMap<SafePath, Listed> {
        &self.files
    }

    /// A field's value; continuation lines are joined by LF.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// The words of a field.
    pub(super) fn words(&self, name: &str) -> impl Iterator<Item = &str> {
        self.field(name).unwrap_or_default().split_whitespace()
    }

    /// The name of the source package.
    pub fn source(&self) -> &str {
        &self.source.0
    }

    /// The version of the source package, epoch and all. Rebuilt binaries have another one
    /// of their own, and name this one in brackets behind the source's name.
    pub fn source_version(&self) -> &str {
        self.source.1.as_deref().unwrap_or(self.version())
    }

    /// The field Version, epoch and all.
    pub fn version(&self) -> &str {
        self.field("Version").unwrap_or_default()
    }
}

/// A field Source: the name, and the version in brackets if there is one.
pub(super) fn source(text: &str) -> Option<(&str, Option<&str>)> {
    let (name, version) = match text.split_once(' ') {
        None => (text, None),
        Some((name, rest)) => {
            let version = rest.strip_prefix('(')?.strip_suffix(')')?;
            (name, Some(version))
        }
    };
    (names::is_package(name) && version.is_none_or(names::is_version)).then_some((name, version))
}

struct Parser<'a> {
    kind: Kind,
    subject: &'a str,
    limits: &'a Limits,
    fields: BTreeMap<String, String>,
    files: BTreeMap<SafePath, Listed>,
    lists: Vec<&'static str>,
}

/// Where continuation lines go.
enum Current {
    Nowhere,
    Field(String),
    List(&'static str, DigestAlgorithm),
}

impl<'a> Parser<'a> {
    fn new(kind: Kind, subject: &'a str, limits: &'a Limits) -> Self {
        Self {
            kind,
            subject,
            limits,
            fields: BTreeMap::new(),
            files: BTreeMap::new(),
            lists: Vec::new(),
        }
    }

    fn parse(mut self, text: &[u8]) -> Result<Document, Box<Finding>> {
        let text =
            deb822::clean(text).map_err(|what| self.reject(codes::UPLOAD_MALFORMED, what))?;
        let mut lines = Lines::new(text.as_bytes(), self.limits.line);
        let mut seen: Vec<String> = Vec::new();
        let mut current = Current::Nowhere;
        let mut ended = false;
        loop {
            let line = match lines.next() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(Fault::Malformed { line, reason }) => return Err(self.malformed(line, &reason)),
                Err(Fault::Io(error)) => return Err(self.malformed(0, &error.to_string())),
            };
            // The whole text is UTF-8, and cuts are made at ASCII characters.
            let utf8 = |bytes| std::str::from_utf8(bytes).unwrap_or_default().to_owned();
            match line {
                Line::Blank if seen.is_empty() => {
                    let number = lines.number();
                    return Err(self.malformed(number, "an empty line before the first field"));
                }
                // gpg keeps the empty line that signers put behind the paragraph.
                Line::Blank => ended = true,
                _ if ended => {
                    let number = lines.number();
                    return Err(self.malformed(number, "a second paragraph, where one is all"));
                }
                Line::Field { name, value } => {
                    let (name, value) = (name.to_owned(), utf8(value));
                    current = self.open(lines.number(), name, value, &mut seen)?;
                }
                Line::Continuation(text) => {
                    let text = utf8(text);
                    self.continuation(lines.number(), &current, &text)?;
                }
            }
        }
        self.finish()
    }

    fn open(
        &mut self,
        line: u64,
        name: String,
        value: String,
        seen: &mut Vec<String>,
    ) -> Result<Current, Box<Finding>> {
        let lists = self.kind.lists();
        let meant = lists.iter().map(|(list, _)| list);
        let meant = meant.chain(self.kind.needed()).chain(self.kind.known());
        for known in meant {
            if known.eq_ignore_ascii_case(&name) && *known != name {
                let detail = format!("line {line}: {name}, where readers look for {known}");
                return Err(self.reject(codes::UPLOAD_FIELD_CASE, detail));
            }
        }
        let lower = name.to_ascii_lowercase();
        if seen.contains(&lower) {
            let detail = format!("line {line}: a second field {name}");
            return Err(self.reject(codes::UPLOAD_DUPLICATE_FIELD, detail));
        }
        if seen.len() >= MAX_FIELDS {
            return Err(self.malformed(line, "more than 512 fields"));
        }
        if let Some(&(list, algorithm)) = lists.iter().find(|(list, _)| *list == name) {
            if !value.is_empty() {
                let detail = format!("line {line}: text beside the field name {name}");
                return Err(self.reject(codes::UPLOAD_FILE_LINE, detail));
            }
            seen.push(lower);
            self.lists.push(list);
            return Ok(Current::List(list, algorithm));
        }
        if lower.starts_with("checksums-") || lower == "files" {
            let detail = format!("line {line}: {name} is a list of digests nobody here knows");
            return Err(self.reject(codes::UPLOAD_UNKNOWN_CHECKSUMS, detail));
        }
        seen.push(lower);
        self.fields.insert(name.clone(), value);
        Ok(Current::Field(name))
    }

    fn continuation(
        &mut self,
        line: u64,
        current: &Current,
        text: &str,
    ) -> Result<(), Box<Finding>> {
        match current {
            Current::Nowhere => Err(self.malformed(line, "a continuation of nothing")),
            Current::List(list, algorithm) => self.file(line, list, *algorithm, text),
            Current::Field(name) => {
                if let Some(value) = self.fields.get_mut(name) {
                    value.push('\n');
                    value.push_str(text);
                }
                Ok(())
            }
        }
    }

    /// ` <hex> <size> [<section> <priority>] <name>`.
    fn file(
        &mut self,
        line: u64,
        list: &str,
        algorithm: DigestAlgorithm,
        text: &str,
    ) -> Result<(), Box<Finding>> {
        let at = format!("line {line} in {list}");
        let wrong = |parser: &Self, what: &str| {
            parser.reject(codes::UPLOAD_FILE_LINE, format!("{at}: {what}"))
        };
        let words: Vec<&str> = text
            .split([' ', '\t'])
            .filter(|word| !word.is_empty())
            .collect();
        let (hex, size, name) = match (self.kind, list, words.as_slice()) {
            (Kind::Changes, "Files", [hex, size, _, _, name]) => (*hex, *size, *name),
            (Kind::Changes, "Files", _) => {
                let what = "not a digest, a size, a section, a priority and a name";
                return Err(wrong(self, what));
            }
            (_, _, [hex, size, name]) => (*hex, *size, *name),
            _ => return Err(wrong(self, "not a digest, a size and a name")),
        };
        let size = deb822::number(size).ok_or_else(|| wrong(self, "a size that is no number"))?;
        if let Some(what) = names::file_objection(name) {
            let detail = format!("{at}: {name:?}: {what}");
            return Err(self.reject(codes::UPLOAD_FILE_NAME, detail));
        }
        let path = SafePath::new(name).map_err(|error| {
            self.reject(codes::UPLOAD_FILE_NAME, format!("{at}: {name:?}: {error}"))
        })?;
        if self.files.len() >= self.limits.entries.min(100_000) {
            return Err(self.reject(repo_codes::LIMIT, "too many files are listed"));
        }
        let listed = self.files.entry(path).or_insert_with(|| Listed::new(size));
        listed.add(name, size, algorithm, hex).map_err(|clash| {
            let code = match clash {
                Clash::Twice(_) => codes::UPLOAD_DUPLICATE_FILE,
                Clash::Size(_) => codes::UPLOAD_LISTS_DIFFER,
                Clash::Digest(_) => codes::UPLOAD_FILE_LINE,
            };
            self.reject(code, format!("{at}: {clash}"))
        })
    }

    fn finish(self) -> Result<Document, Box<Finding>> {
        for name in self.kind.needed() {
            if self.fields.get(*name).is_none_or(|value| value.is_empty()) {
                return Err(self.reject(codes::UPLOAD_MISSING_FIELD, format!("it has no {name}")));
            }
        }
        let format = self.fields.get("Format").map_or("", String::as_str);
        if !self.kind.has_format(format) {
            let detail = format!("Format {format:?} is none that is known here");
            return Err(self.reject(codes::UPLOAD_FORMAT, detail));
        }
        let value = |name: &str| self.fields.get(name).map_or("", String::as_str);
        let bad = |name: &str| {
            let detail = format!("{name} is {:?}", value(name));
            self.reject(codes::UPLOAD_FIELD_VALUE, detail)
        };
        let source = source(value("Source"))
            .filter(|(_, version)| version.is_none() || self.kind != Kind::Dsc)
            .map(|(name, version)| (name.to_owned(), version.map(str::to_owned)))
            .ok_or_else(|| bad("Source"))?;
        if !names::is_version(value("Version")) {
            return Err(bad("Version"));
        }
        // A .dsc's architectures may be many wildcards; they bind no file.
        let architectures = value("Architecture").split_whitespace();
        if self.kind != Kind::Dsc && !architectures.into_iter().all(names::is_architecture) {
            return Err(bad("Architecture"));
        }
        if self.kind == Kind::Changes {
            let binaries = value("Binary").split_whitespace();
            if !binaries.into_iter().all(names::is_package) {
                return Err(bad("Binary"));
            }
            let digits = |bug: &str| bug.bytes().all(|byte| byte.is_ascii_digit());
            if !value("Closes").split_whitespace().all(digits) {
                return Err(bad("Closes"));
            }
            if value("Distribution").split_whitespace().count() != 1 {
                let detail = format!("Distribution is {:?}", value("Distribution"));
                return Err(self.reject(codes::UPLOAD_DISTRIBUTION, detail));
            }
        }
        self.lists_agree()?;
        Ok(Document {
            kind: self.kind,
            source,
            fields: self.fields,
            files: self.files,
        })
    }

    /// Every list names every file, and one of them binds it.
    fn lists_agree(&self) -> Result<(), Box<Finding>> {
        let [(weakest, _), _, (strong, _)] = self.kind.lists();
        if self.files.is_empty() {
            return Err(self.reject(codes::UPLOAD_MISSING_FIELD, "it lists no files"));
        }
        if !self.lists.contains(&strong) {
            let detail = format!("it has no {strong}: nothing binds its files");
            return Err(self.reject(codes::UPLOAD_WEAK, detail));
        }
        if self.kind != Kind::Buildinfo && !self.lists.contains(&weakest) {
            return Err(self.reject(codes::UPLOAD_MISSING_FIELD, format!("it has no {weakest}")));
        }
        for (path, listed) in &self.files {
            for (list, algorithm) in self.kind.lists() {
                if self.lists.contains(&list) && listed.digests.get(algorithm).is_none() {
                    let detail = format!("{path} is listed, but not in {list}");
                    return Err(self.reject(codes::UPLOAD_LISTS_DIFFER, detail));
                }
            }
        }
        Ok(())
    }

    fn malformed(&self, line: u64, what: &str) -> Box<Finding> {
        self.reject(codes::UPLOAD_MALFORMED, format!("line {line}: {what}"))
    }

    fn reject(&self, code: Code, detail: impl Into<String>) -> Box<Finding> {
        Box::new(Finding::reject(code, self.subject, detail))
    }
}

#[cfg(test)]
mod tests;
