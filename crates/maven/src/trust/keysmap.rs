//! The keysmap of pgpverify-maven-plugin.
//!
//! ```text
//! line     = pattern "=" items        ; split at the first "="; "#" begins a comment; a
//!                                     ; "\" at the end joins the next line
//! pattern  = group [":" artifact [":" (packaging | version)]]
//!          | group ":" artifact ":" packaging [":" classifier] ":" version
//! version  = exact | range | "~" expression | "!~" expression
//! items    = item *("," item)
//! item     = "0x" hex | "!0x" hex | "*" | "any" | "noSig" | "badSig" | "noKey"
//! ```
//!
//! Every line that matches counts; a fingerprint is that of the signing key or of its
//! primary key.

use pkgseal_repo::Finding;

use super::{Allow, Pattern, Rule, Text, Trust, Versions, pattern, version};
use crate::codes;

/// A keysmap as it stands, comments and blank lines included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keysmap {
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    /// A comment or nothing, with its line end.
    Other(String),
    /// A rule, with the text it was read from.
    Entry(Box<Entry>),
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The rule it says.
    pub rule: Rule,
    /// Which line it begins on, from 1.
    pub line: usize,
    source: String,
}

impl Keysmap {
    /// Reads a keysmap.
    ///
    /// # Errors
    /// A finding (`maven.trust.malformed`) with the line that is none.
    pub fn parse(text: &str) -> Result<Self, Finding> {
        let mut lines = Vec::new();
        let mut pieces = text.split_inclusive('\n').enumerate();
        while let Some((number, piece)) = pieces.next() {
            let mut source = piece.to_owned();
            let mut joined = without_comment(piece);
            while let Some(head) = joined.strip_suffix('\\') {
                let head = head.to_owned();
                let Some((_, next)) = pieces.next() else {
                    joined = head;
                    break;
                };
                source.push_str(next);
                joined = format!("{head} {}", without_comment(next));
            }
            if joined.trim().is_empty() {
                lines.push(Line::Other(source));
                continue;
            }
            let rule = entry(&joined).map_err(|reason| {
                Finding::reject(
                    codes::TRUST_MALFORMED,
                    format!("line {}", number + 1),
                    reason,
                )
            })?;
            lines.push(Line::Entry(Box::new(Entry {
                rule,
                line: number + 1,
                source,
            })));
        }
        Ok(Self { lines })
    }

    /// Its entries, in order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.lines.iter().filter_map(|line| match line {
            Line::Entry(entry) => Some(&**entry),
            Line::Other(_) => None,
        })
    }

    /// The text it was read from, to the last byte.
    pub fn source(&self) -> String {
        self.lines
            .iter()
            .map(|line| match line {
                Line::Other(source) => source.as_str(),
                Line::Entry(entry) => entry.source.as_str(),
            })
            .collect()
    }

    /// Its rules.
    pub fn trust(&self) -> Trust {
        Trust {
            rules: self.entries().map(|entry| entry.rule.clone()).collect(),
            ..Trust::default()
        }
    }
}

fn without_comment(line: &str) -> String {
    let line = line.split('#').next().unwrap_or_default();
    line.trim_end().to_owned()
}

fn entry(line: &str) -> Result<Rule, String> {
    let (left, right) = line
        .split_once('=')
        .ok_or_else(|| "there is no = in it".to_owned())?;
    let allows = right
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(item)
        .collect::<Result<Vec<_>, _>>()?;
    if allows.is_empty() {
        return Err("nothing stands behind its =".to_owned());
    }
    Ok(Rule {
        pattern: left_side(left.trim())?,
        allows,
    })
}

fn left_side(text: &str) -> Result<Pattern, String> {
    if text.is_empty() {
        return Err("nothing stands before its =".to_owned());
    }
    // An expression for versions may have colons of its own.
    let (text, expression) = match [":~", ":!~"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
    {
        Some(at) => text.split_at_checked(at).unwrap_or((text, "")),
        None => (text, ""),
    };
    let mut parts: Vec<&str> = text.split(':').map(str::trim).collect();
    if let Some(expression) = expression.strip_prefix(':') {
        parts.resize(parts.len().max(2), "");
        parts.push(expression);
    }
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphabetic());
    let (packaging, classifier, versions) = match parts.get(2..).unwrap_or_default() {
        [] => ("", "", ""),
        [packaging] if letters(packaging) => (*packaging, "", ""),
        [version] => ("", "", *version),
        [packaging, version] => (*packaging, "", *version),
        [packaging, classifier, version] => (*packaging, *classifier, *version),
        _ => return Err("its left side has more than five parts".to_owned()),
    };
    let group = parts.first().copied().unwrap_or_default().to_lowercase();
    let artifact = parts.get(1).copied().unwrap_or_default().to_lowercase();
    Ok(Pattern {
        group: text_part(&group),
        artifact: text_part(&artifact),
        packaging: text_part(&packaging.to_lowercase()),
        classifier: text_part(&classifier.to_lowercase()),
        versions: version_part(versions)?,
        file: Text::Any,
    })
}

fn text_part(text: &str) -> Text {
    match text {
        "" | "*" => Text::Any,
        text => match text.strip_suffix(".*") {
            Some(group) => Text::Below(group.to_owned()),
            None => Text::Glob(text.to_owned()),
        },
    }
}

fn version_part(text: &str) -> Result<Versions, String> {
    let expression = |expression: &str| match pattern::readable(expression) {
        true => Ok(expression.to_owned()),
        false => Err(format!("the expression {expression} cannot be read")),
    };
    if let Some(text) = text.strip_prefix("!~") {
        return Ok(Versions::NotRegex(expression(text)?));
    }
    if let Some(text) = text.strip_prefix('~') {
        return Ok(Versions::Regex(expression(text)?));
    }
    match text {
        "" | "*" => Ok(Versions::Any),
        text if text.starts_with(['[', '(']) => match version::is_range(text) {
            true => Ok(Versions::Range(text.to_owned())),
            false => Err(format!("{text} is no range of versions")),
        },
        text => Ok(Versions::Equal(text.to_owned())),
    }
}

fn item(text: &str) -> Result<Allow, String> {
    let hex = |digits: &str| {
        let digits: String = digits.chars().filter(|c| !c.is_whitespace()).collect();
        let good = digits.bytes().all(|b| b.is_ascii_hexdigit())
            && matches!(digits.len(), 16 | 32 | 40 | 64);
        match good {
            true => Ok(digits.to_ascii_uppercase()),
            false => Err(format!("{text} is no fingerprint and no key ID")),
        }
    };
    let after = |prefix: &str| {
        let head = text.get(..prefix.len())?;
        head.eq_ignore_ascii_case(prefix)
            .then(|| text.get(prefix.len()..))
            .flatten()
    };
    if let Some(digits) = after("0x") {
        return Ok(Allow::Key(hex(digits)?));
    }
    if let Some(digits) = after("!0x") {
        return Ok(Allow::RevokedKey(hex(digits)?));
    }
    for (word, allow) in [
        ("*", Allow::AnyKey),
        ("any", Allow::AnyKey),
        ("nosig", Allow::NoSignature),
        ("badsig", Allow::BadSignature),
        ("nokey", Allow::MissingKey),
    ] {
        if text.eq_ignore_ascii_case(word) {
            return Ok(allow);
        }
    }
    Err(format!(
        "{text} is neither 0x and a fingerprint nor *, any, noSig, badSig or noKey"
    ))
}

/// Writes rules as a keysmap, and says what it cannot say.
pub fn write(trust: &Trust) -> (String, Vec<Finding>) {
    let mut text = String::new();
    let mut lost = Vec::new();
    for rule in &trust.rules {
        match rule_text(rule) {
            Ok(line) => {
                text.push_str(&line);
                text.push('\n');
            }
            Err(reason) => lost.push(super::convert::lost(&rule.pattern, reason)),
        }
    }
    (text, lost)
}

fn rule_text(rule: &Rule) -> Result<String, &'static str> {
    let Pattern {
        group,
        artifact,
        packaging,
        classifier,
        versions,
        file,
    } = &rule.pattern;
    if *file != Text::Any {
        return Err("a keysmap knows packagings, not names of files");
    }
    let part = |part: &Text| match part {
        Text::Any => Ok("*".to_owned()),
        Text::Exact(text) | Text::Glob(text)
            if text.contains([':', '=', '#', ',', '\\']) || text.ends_with(".*") =>
        {
            Err("it has characters that a keysmap cannot hold")
        }
        Text::Exact(text) if text.contains('*') => {
            Err("it has a star, which a keysmap takes for anything")
        }
        Text::Exact(text) | Text::Glob(text) => Ok(text.clone()),
        Text::Below(group) => Ok(format!("{group}.*")),
        Text::Regex(_) => Err("a keysmap has no expressions but for versions"),
    };
    let versions = match versions {
        Versions::Any => String::new(),
        // Equal in Maven's order is more than the same text, but names no other release.
        Versions::Exact(version) | Versions::Equal(version) => version.clone(),
        Versions::Range(range) => range.clone(),
        Versions::Regex(expression) => format!("~{expression}"),
        Versions::NotRegex(expression) => format!("!~{expression}"),
    };
    if versions.contains(['=', '#', '\n']) {
        return Err("its versions have characters that a keysmap cannot hold");
    }
    let mut left = part(group)?;
    let mut rest = vec![part(artifact)?];
    if *classifier != Text::Any {
        let versions = match versions.as_str() {
            "" => "*".to_owned(),
            _ => versions,
        };
        rest.extend([part(packaging)?, part(classifier)?, versions]);
        return Ok(format!(
            "{left}:{} = {}",
            rest.join(":"),
            items(&rule.allows)?
        ));
    }
    match (packaging, versions.as_str()) {
        (Text::Any, "") => {}
        (Text::Any, version) if !version.bytes().all(|b| b.is_ascii_alphabetic()) => {
            rest.push(versions);
        }
        (packaging, "") => {
            let packaging = part(packaging)?;
            // Anything else there is taken for a version.
            match packaging.bytes().all(|b| b.is_ascii_alphabetic()) {
                true => rest.push(packaging),
                false => rest.extend([packaging, "*".to_owned()]),
            }
        }
        (packaging, _) => rest.extend([part(packaging)?, versions]),
    }
    if rest != ["*"] {
        left = format!("{left}:{}", rest.join(":"));
    }
    Ok(format!("{left} = {}", items(&rule.allows)?))
}

fn items(allows: &[Allow]) -> Result<String, &'static str> {
    let items: Vec<String> = allows
        .iter()
        .map(|allow| match allow {
            Allow::Key(key) => Ok(format!("0x{key}")),
            Allow::RevokedKey(key) => Ok(format!("!0x{key}")),
            Allow::AnyKey => Ok("any".to_owned()),
            Allow::NoSignature => Ok("noSig".to_owned()),
            Allow::BadSignature => Ok("badSig".to_owned()),
            Allow::MissingKey => Ok("noKey".to_owned()),
            Allow::Unchecked => Err("a keysmap cannot leave a file unchecked"),
        })
        .collect::<Result<_, _>>()?;
    Ok(items.join(", "))
}

#[cfg(test)]
mod tests;
