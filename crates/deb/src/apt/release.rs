//! The Release of a suite: what it says, and which files it vouches for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pkgseal_openpgp::Verified;
use pkgseal_repo::{Code, DigestAlgorithm, Finding, Limits, SafePath, codes as repo_codes};

use super::date;
use super::freshness::Freshness;
use crate::codes;
use crate::deb822::{self, Fault, Line, Lines};
use crate::listed::{Clash, Listed};

/// The hash lists, weakest first.
const LISTS: [(&str, DigestAlgorithm); 4] = [
    ("MD5Sum", DigestAlgorithm::Md5),
    ("SHA1", DigestAlgorithm::Sha1),
    ("SHA256", DigestAlgorithm::Sha256),
    ("SHA512", DigestAlgorithm::Sha512),
];

/// Fields with a meaning, in the spelling every client reads.
const KNOWN: [&str; 22] = [
    "Acquire-By-Hash",
    "Architectures",
    "ButAutomaticUpgrades",
    "Changelogs",
    "Codename",
    "Components",
    "Date",
    "Description",
    "Label",
    "MD5Sum",
    "No-Support-for-Architecture-all",
    "NotAutomatic",
    "Origin",
    "Release-Notes",
    "SHA1",
    "SHA256",
    "SHA512",
    "Signed-By",
    "Snapshots",
    "Suite",
    "Valid-Until",
    "Version",
];

/// What a Release says. Made from verified bytes only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Fields other than the hash lists, by name; continuation lines are joined by LF.
    pub fields: BTreeMap<String, String>,
    /// When the suite was published.
    pub date: Timestamp,
    /// Until when clients may use it.
    pub valid_until: Option<Timestamp>,
    /// The files it vouches for.
    pub files: BTreeMap<SafePath, Listed>,
    /// Things worth a warning.
    pub warnings: Vec<Finding>,
}

impl Release {
    /// Reads a Release strictly: whatever two clients could read differently is
    /// rejected. `subject` names it in findings.
    ///
    /// # Errors
    /// The first finding that rejects it.
    pub fn parse(
        text: Verified<Vec<u8>>,
        subject: &str,
        limits: &Limits,
    ) -> Result<Verified<Self>, Box<Finding>> {
        text.try_map(|text| Parser::new(subject, limits).parse(&text))
    }

    /// A field's value.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// Whether its indices also stand under their digests (`Acquire-By-Hash: yes`).
    pub fn by_hash(&self) -> bool {
        self.field("Acquire-By-Hash") == Some("yes")
    }

    /// A warning where neither Suite nor Codename is what its folder below `dists` is
    /// called, as apt compares them.
    pub(crate) fn other_suite(&self, subject: &str, folder: &str) -> Option<Finding> {
        let names = [self.field("Suite"), self.field("Codename")];
        let mut names = names.into_iter().flatten().peekable();
        names.peek()?;
        let named = |name: &str| {
            name == folder
                || folder
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        let said: Vec<&str> = names.collect();
        if said.iter().any(|name| named(name)) {
            return None;
        }
        let detail = format!("it says {}, and its folder is {folder}", said.join(" and "));
        Some(
            Finding::warning(codes::RELEASE_SUITE, subject, detail)
                .because("its fields Suite and Codename"),
        )
    }

    /// Whether it says that it has this component: by its whole name, or by what
    /// follows the last slash, as clients take it.
    pub(crate) fn has_component(&self, name: &str) -> bool {
        self.words("Components").any(|component| {
            component == name
                || component
                    .rsplit_once('/')
                    .is_some_and(|(_, last)| last == name)
        })
    }

    /// Whether it says that it has this architecture.
    pub(crate) fn has_architecture(&self, name: &str) -> bool {
        self.words("Architectures")
            .any(|architecture| architecture == name)
    }

    /// Whether clients of any architecture read `binary-all` besides their own.
    pub(crate) fn has_index_of_all(&self) -> bool {
        let none = "No-Support-for-Architecture-all";
        self.has_architecture("all") && !self.words(none).any(|index| index == "Packages")
    }

    fn words(&self, field: &str) -> impl Iterator<Item = &str> {
        self.field(field).unwrap_or_default().split_whitespace()
    }

    /// What is wrong with its dates at `now`, as apt judges them: expired, or dated more
    /// than ten seconds ahead.
    pub fn freshness(&self, subject: &str, now: Timestamp) -> Option<Finding> {
        Freshness::default().judge(self, subject, now)
    }
}

struct Parser<'a> {
    subject: &'a str,
    limits: &'a Limits,
    fields: BTreeMap<String, String>,
    files: BTreeMap<SafePath, Listed>,
    warnings: Vec<Finding>,
}

/// Where continuation lines go.
enum Current {
    Nowhere,
    Field(String),
    List(&'static str, DigestAlgorithm),
}

impl<'a> Parser<'a> {
    fn new(subject: &'a str, limits: &'a Limits) -> Self {
        Self {
            subject,
            limits,
            fields: BTreeMap::new(),
            files: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }

    fn parse(mut self, text: &[u8]) -> Result<Release, Box<Finding>> {
        let text =
            deb822::clean(text).map_err(|what| self.reject(codes::RELEASE_MALFORMED, what))?;
        let mut lines = Lines::new(text.as_bytes(), self.limits.line);
        let mut seen: Vec<String> = Vec::new();
        let mut current = Current::Nowhere;
        loop {
            let line = match lines.next() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(Fault::Malformed { line, reason }) => {
                    return Err(self.malformed(line, &reason));
                }
                Err(Fault::Io(error)) => return Err(self.malformed(0, &error.to_string())),
            };
            // The whole text is UTF-8, and cuts are made at ASCII characters.
            let utf8 = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
            match line {
                Line::Blank => {
                    let number = lines.number();
                    return Err(self.malformed(number, "an empty line, where one paragraph is all"));
                }
                Line::Field { name, value } => {
                    let (name, value) = (name.to_owned(), utf8(value).to_owned());
                    current = self.field(lines.number(), name, value, &mut seen)?;
                }
                Line::Continuation(text) => {
                    let text = utf8(text).to_owned();
                    self.continuation(lines.number(), &current, &text)?;
                }
            }
        }
        self.finish()
    }

    fn field(
        &mut self,
        line: u64,
        name: String,
        value: String,
        seen: &mut Vec<String>,
    ) -> Result<Current, Box<Finding>> {
        if let Some(known) = KNOWN.iter().find(|known| known.eq_ignore_ascii_case(&name))
            && **known != name
        {
            let detail = format!("line {line}: {name}, where clients look for {known}");
            return Err(self.reject(codes::RELEASE_FIELD_CASE, detail));
        }
        let lower = name.to_ascii_lowercase();
        if seen.contains(&lower) {
            let detail = format!("line {line}: a second field {name}");
            return Err(self.reject(codes::RELEASE_DUPLICATE_FIELD, detail));
        }
        if seen.len() >= 256 {
            return Err(self.malformed(line, "more than 256 fields"));
        }
        seen.push(lower);
        if let Some((list, algorithm)) = LISTS.into_iter().find(|(list, _)| *list == name) {
            if !value.is_empty() {
                let detail = format!("line {line}: text beside the field name {name}");
                return Err(self.reject(codes::RELEASE_HASH_LINE, detail));
            }
            return Ok(Current::List(list, algorithm));
        }
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
            Current::List(list, algorithm) => self.hash_line(line, list, *algorithm, text),
            Current::Field(name) => {
                if let Some(value) = self.fields.get_mut(name) {
                    value.push('\n');
                    value.push_str(text);
                }
                Ok(())
            }
        }
    }

    /// ` <hex> <size> <path>`.
    fn hash_line(
        &mut self,
        line: u64,
        list: &str,
        algorithm: DigestAlgorithm,
        text: &str,
    ) -> Result<(), Box<Finding>> {
        let wrong = |parser: &Self, what: &str| {
            let detail = format!("line {line} in {list}: {what}");
            parser.reject(codes::RELEASE_HASH_LINE, detail)
        };
        let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
        let (Some(hex), Some(size), Some(path), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(wrong(self, "not a digest, a size and a path"));
        };
        let size = deb822::number(size).ok_or_else(|| wrong(self, "a size that is no number"))?;
        let path = SafePath::new(path).map_err(|error| {
            let detail = format!("line {line} in {list}: {path}: {error}");
            self.reject(repo_codes::PATH_UNSAFE, detail)
        })?;
        if matches!(path.as_str(), "Release" | "InRelease" | "Release.gpg") {
            let warned = self.warnings.iter().any(|warning| {
                warning.code == codes::RELEASE_SELF && warning.detail.starts_with(path.as_str())
            });
            if !warned {
                let detail = format!("{path} is in its own hash lists");
                let warning = Finding::warning(codes::RELEASE_SELF, self.subject, detail)
                    .hint("write Release outside the folder, or remove it before listing files");
                self.warnings.push(warning);
            }
            return Ok(());
        }
        if self.files.len() >= self.limits.entries {
            let detail = format!("more than {} files are listed", self.limits.entries);
            return Err(self.reject(repo_codes::LIMIT, detail));
        }
        let shown = path.to_string();
        let listed = self.files.entry(path).or_insert_with(|| Listed::new(size));
        listed.add(&shown, size, algorithm, hex).map_err(|clash| {
            let code = match clash {
                Clash::Twice(_) => codes::RELEASE_DUPLICATE_HASH,
                Clash::Size(_) => codes::RELEASE_CONTRADICTION,
                Clash::Digest(_) => codes::RELEASE_HASH_LINE,
            };
            self.reject(code, format!("line {line} in {list}: {clash}"))
        })
    }

    fn finish(self) -> Result<Release, Box<Finding>> {
        let date = self.date("Date")?;
        let Some(date) = date else {
            return Err(self.reject(codes::RELEASE_DATE, "it has no Date"));
        };
        let valid_until = self.date("Valid-Until")?;
        let strong = |listed: &Listed| {
            listed
                .digests
                .strongest()
                .is_some_and(DigestAlgorithm::is_strong)
        };
        if !self.files.values().any(strong) {
            let detail = if self.files.is_empty() {
                "it lists no files"
            } else {
                "it lists no SHA256 or SHA512"
            };
            return Err(self.reject(codes::RELEASE_WEAK, detail));
        }
        Ok(Release {
            fields: self.fields,
            date,
            valid_until,
            files: self.files,
            warnings: self.warnings,
        })
    }

    fn date(&self, field: &str) -> Result<Option<Timestamp>, Box<Finding>> {
        let Some(text) = self.fields.get(field) else {
            return Ok(None);
        };
        date::parse(text).map(Some).map_err(|what| {
            let detail = format!("{field} {text:?}: {what}");
            self.reject(codes::RELEASE_DATE, detail)
        })
    }

    fn malformed(&self, line: u64, what: &str) -> Box<Finding> {
        self.reject(codes::RELEASE_MALFORMED, format!("line {line}: {what}"))
    }

    fn reject(&self, code: Code, detail: impl Into<String>) -> Box<Finding> {
        Box::new(Finding::reject(code, self.subject, detail))
    }
}

#[cfg(test)]
mod tests;
