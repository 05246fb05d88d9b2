//! Entries from text, strictly: what two clients could read differently is refused.

use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::Finding;

use super::{Enabled, MOST_BYTES, Pinned, SignedBy, Source, SourceType, reject};
use crate::codes;

type Result<T> = std::result::Result<T, Box<Finding>>;

fn malformed(line: usize, what: impl std::fmt::Display) -> Box<Finding> {
    reject(codes::SOURCES_MALFORMED, format!("line {line}: {what}"))
}

/// The text as lines, numbered from 1.
fn lines(bytes: &[u8]) -> Result<Vec<(usize, &str)>> {
    if bytes.len() > MOST_BYTES {
        let detail = format!("longer than {MOST_BYTES} bytes");
        return Err(reject(pkgseal_repo::codes::LIMIT, detail));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| malformed(1, format!("byte {} is not UTF-8", error.valid_up_to())))?;
    let lines: Vec<_> = text
        .lines()
        .enumerate()
        .map(|(n, line)| (n + 1, line))
        .collect();
    let control = |c: char| c.is_control() && c != '\t';
    match lines.iter().find(|(_, line)| line.contains(control)) {
        Some((number, _)) => Err(malformed(*number, "a control character")),
        None => Ok(lines),
    }
}

/// Reads a `.sources` file (deb822).
///
/// # Errors
/// The first finding: a line that is no field (`apt.sources.malformed`), a field that is
/// unknown or stands twice, a value that [`Source::check`] refuses.
pub fn read_deb822(bytes: &[u8]) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut paragraph = Paragraph::default();
    for (number, line) in lines(bytes)? {
        if line.starts_with('#') {
            continue;
        }
        if line.is_empty() {
            sources.extend(std::mem::take(&mut paragraph).source()?);
        } else if let Some(rest) = line.strip_prefix([' ', '\t']) {
            let value = paragraph
                .fields
                .last_mut()
                .map(|(_, value, _)| value)
                .ok_or_else(|| malformed(number, "a continuation of nothing"))?;
            if rest.trim().is_empty() {
                return Err(malformed(number, "a line of nothing but blanks"));
            }
            value.push('\n');
            value.push_str(rest.trim());
        } else {
            let (name, value) = line
                .split_once(':')
                .filter(|(name, _)| {
                    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                })
                .ok_or_else(|| malformed(number, "neither a field nor a continuation"))?;
            if paragraph
                .fields
                .iter()
                .any(|(known, ..)| known.eq_ignore_ascii_case(name))
            {
                return Err(malformed(number, format!("a second field {name}")));
            }
            paragraph
                .fields
                .push((name.to_owned(), value.trim().to_owned(), number));
        }
    }
    sources.extend(paragraph.source()?);
    Ok(sources)
}

/// Fields with their values and lines.
#[derive(Default)]
struct Paragraph {
    fields: Vec<(String, String, usize)>,
}

impl Paragraph {
    fn source(self) -> Result<Option<Source>> {
        let Some((_, _, first)) = self.fields.first() else {
            return Ok(None);
        };
        let first = *first;
        let mut source = Source {
            types: Vec::new(),
            uris: Vec::new(),
            suites: Vec::new(),
            components: Vec::new(),
            architectures: Vec::new(),
            signed_by: SignedBy::Anyone,
            enabled: Enabled::Yes,
        };
        for (name, value, line) in self.fields {
            let words = || value.split_ascii_whitespace().map(str::to_owned).collect();
            match name.as_str() {
                "Types" => {
                    for word in value.split_ascii_whitespace() {
                        let kind = SourceType::of(word)
                            .ok_or_else(|| malformed(line, format!("no type: {word}")))?;
                        source.types.push(kind);
                    }
                }
                "URIs" => source.uris = words(),
                "Suites" => source.suites = words(),
                "Components" => source.components = words(),
                "Architectures" => source.architectures = words(),
                "Signed-By" => source.signed_by = signed_by(&value, line)?,
                "Enabled" => {
                    source.enabled = match value.as_str() {
                        "yes" => Enabled::Yes,
                        "no" => Enabled::No,
                        _ => return Err(malformed(line, "neither yes nor no")),
                    }
                }
                name if name.starts_with("X-") => {}
                name => return Err(malformed(line, format!("an unknown field {name}"))),
            }
        }
        source.check().map_err(|finding| at(first, *finding))?;
        Ok(Some(source))
    }
}

/// Adds the line an entry begins on.
fn at(line: usize, finding: Finding) -> Box<Finding> {
    let detail = format!("line {line}: {}", finding.detail);
    Box::new(Finding { detail, ..finding })
}

fn signed_by(value: &str, line: usize) -> Result<SignedBy> {
    let value = value.trim_start_matches('\n');
    if value.starts_with("-----BEGIN ") {
        let block: String = value
            .lines()
            .map(|line| {
                if line == "." {
                    "\n".to_owned()
                } else {
                    format!("{line}\n")
                }
            })
            .collect();
        return Ok(SignedBy::Inline(block));
    }
    named(value.split([',', ' ', '\t', '\n']), line)
}

fn named<'a>(values: impl Iterator<Item = &'a str>, line: usize) -> Result<SignedBy> {
    let (mut files, mut fingerprints) = (Vec::new(), Vec::new());
    for value in values.filter(|value| !value.is_empty()) {
        if value.starts_with('/') {
            files.push(value.to_owned());
            continue;
        }
        let exact = value.ends_with('!');
        let fingerprint = Fingerprint::parse(value.trim_end_matches('!')).ok_or_else(|| {
            let what = format!("{value} is neither an absolute path nor a full fingerprint");
            malformed(line, what)
        })?;
        fingerprints.push(Pinned { fingerprint, exact });
    }
    Ok(SignedBy::Named {
        files,
        fingerprints,
    })
}

/// Reads a `.list` file (one line an entry).
///
/// # Errors
/// As [`read_deb822`].
pub fn read_one_line(bytes: &[u8]) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for (number, line) in lines(bytes)? {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.contains('#') {
            return Err(malformed(number, "a comment behind an entry"));
        }
        sources.push(entry(line, number)?);
    }
    Ok(sources)
}

fn entry(line: &str, number: usize) -> Result<Source> {
    let (kind, rest) = line
        .split_once([' ', '\t'])
        .ok_or_else(|| malformed(number, "a type and nothing else"))?;
    let kind = SourceType::of(kind).ok_or_else(|| malformed(number, format!("no type: {kind}")))?;
    let rest = rest.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest
            .split_once(']')
            .ok_or_else(|| malformed(number, "options without an end"))?,
        None => ("", rest),
    };
    let mut words = rest.split_ascii_whitespace().map(str::to_owned);
    let mut need = |what: &str| {
        words
            .next()
            .ok_or_else(|| malformed(number, format!("no {what}")))
    };
    let mut source = Source {
        types: vec![kind],
        uris: vec![need("URI")?],
        suites: vec![need("suite")?],
        components: words.collect(),
        architectures: Vec::new(),
        signed_by: SignedBy::Anyone,
        enabled: Enabled::Yes,
    };
    let mut seen: Vec<&str> = Vec::new();
    for option in options.split_ascii_whitespace() {
        let (name, value) = option
            .split_once('=')
            .ok_or_else(|| malformed(number, format!("the option {option} has no value")))?;
        if seen.contains(&name) {
            return Err(malformed(number, format!("a second option {name}")));
        }
        seen.push(name);
        match name {
            "arch" => source.architectures = value.split(',').map(str::to_owned).collect(),
            "signed-by" => source.signed_by = named(value.split(','), number)?,
            _ => return Err(malformed(number, format!("an unknown option {name}"))),
        }
    }
    source.check().map_err(|finding| at(number, *finding))?;
    Ok(source)
}
