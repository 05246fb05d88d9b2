//! What a rule is about.

use regex::Regex;

use super::version;
use crate::Coordinates;

/// Bytes a compiled expression may take.
const EXPRESSION: usize = 1 << 20;

/// Which files a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    /// Group.
    pub group: Text,
    /// Artifact.
    pub artifact: Text,
    /// Packaging: the extension of its files.
    pub packaging: Text,
    /// Classifier; a file without one has an empty one.
    pub classifier: Text,
    /// Versions.
    pub versions: Versions,
    /// The whole name of the file.
    pub file: Text,
}

/// One part of a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Text {
    /// Any.
    #[default]
    Any,
    /// This one.
    Exact(String),
    /// Any text at every `*`; case does not matter.
    Glob(String),
    /// A group and those below it, as `org.example.*` of a keysmap; case does not matter.
    /// A dot in it stands for any character, as it does for pgpverify-maven-plugin.
    Below(String),
    /// A regular expression for the whole text.
    Regex(String),
}

/// Versions of a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Versions {
    /// All of them.
    #[default]
    Any,
    /// This one, letter for letter.
    Exact(String),
    /// Those that equal this one in Maven's order: `1.0` and `1.0.0`.
    Equal(String),
    /// A range: `[1.0,2.0)`.
    Range(String),
    /// A regular expression for the whole version.
    Regex(String),
    /// All but those of a regular expression.
    NotRegex(String),
}

impl Default for Pattern {
    fn default() -> Self {
        Self::everything()
    }
}

impl Pattern {
    /// About every file.
    pub fn everything() -> Self {
        Self {
            group: Text::Any,
            artifact: Text::Any,
            packaging: Text::Any,
            classifier: Text::Any,
            versions: Versions::Any,
            file: Text::Any,
        }
    }

    /// Whether it is about this file.
    pub fn matches(&self, found: &Coordinates) -> bool {
        self.group.matches(&found.group)
            && self.artifact.matches(&found.artifact)
            && self.packaging.matches(&found.extension)
            && self
                .classifier
                .matches(found.classifier.as_deref().unwrap_or_default())
            && self.versions.matches(&found.version)
            && (self.file == Text::Any || self.file.matches(&found.file_name()))
    }
}

impl Text {
    /// Whether it means this text. An expression that cannot be read means nothing.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(wanted) => wanted == text,
            Self::Glob(glob) => wildcard(glob.as_bytes(), text.to_lowercase().as_bytes(), false),
            Self::Below(group) => {
                let text = text.to_lowercase();
                std::iter::once(text.len())
                    .chain(text.match_indices('.').map(|(at, _)| at))
                    .filter_map(|end| text.split_at_checked(end))
                    .any(|(head, rest)| {
                        rest != "." && wildcard(group.as_bytes(), head.as_bytes(), true)
                    })
            }
            Self::Regex(expression) => whole(expression, text).unwrap_or(false),
        }
    }
}

impl Versions {
    /// Whether it means this version. What cannot be read means nothing.
    pub fn matches(&self, version: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(wanted) => wanted == version,
            Self::Equal(wanted) => version::compare(wanted, version).is_eq(),
            Self::Range(range) => version::in_range(range, version).unwrap_or(false),
            Self::Regex(expression) => whole(expression, version).unwrap_or(false),
            Self::NotRegex(expression) => {
                whole(expression, version).is_some_and(|matches| !matches)
            }
        }
    }
}

/// Whether an expression matches the whole text; `None` when it cannot be read.
fn whole(expression: &str, text: &str) -> Option<bool> {
    Some(compile(expression)?.is_match(text))
}

fn compile(expression: &str) -> Option<Regex> {
    regex::RegexBuilder::new(&format!("^(?:{expression})$"))
        .size_limit(EXPRESSION)
        .build()
        .ok()
}

/// Whether an expression of Java's can be read here.
pub(super) fn readable(expression: &str) -> bool {
    compile(expression).is_some()
}

/// Matches text with `*` for anything, and perhaps `.` for any character. Takes time in
/// proportion to the product of both lengths.
fn wildcard(pattern: &[u8], text: &[u8], any_dot: bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(wanted), Some(byte)) if wanted == byte || any_dot && *wanted == b'.' => {
                p += 1;
                t += 1;
            }
            (None, None) => return true,
            _ => match star {
                Some((at, from)) if from < text.len() => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_match_what_they_say() {
        let glob = |text: &str| Text::Glob(text.to_owned());
        let below = |text: &str| Text::Below(text.to_owned());
        for (pattern, matching, other) in [
            (
                glob("commons-*"),
                "commons-io commons- Commons-X",
                "xcommons-io common",
            ),
            (glob("*"), "a", ""),
            (glob("a*b*c"), "abc axbxc aabbcc", "ab ac abcd"),
            (glob("org.apache"), "org.apache", "org.apache.x orgxapache"),
            (
                below("com.fasterxml"),
                "com.fasterxml com.fasterxml.jackson.core comxfasterxml.y",
                "com.fasterxmlx com",
            ),
            (Text::Regex("lib-.*".to_owned()), "lib-1 lib-", "xlib-1 lib"),
            (Text::Regex("(".to_owned()), "", "( lib"),
            (Text::Exact("Lib".to_owned()), "Lib", "lib"),
        ] {
            for text in matching.split_whitespace() {
                assert!(pattern.matches(text), "{pattern:?} {text}");
            }
            for text in other.split_whitespace() {
                assert!(!pattern.matches(text), "{pattern:?} {text}");
            }
        }
        assert!(!below("com.x").matches("com.x."));
    }

    #[test]
    fn versions_match_what_they_say() {
        for (versions, matching, other) in [
            (Versions::Equal("1.0".to_owned()), "1.0 1 1.0.0", "1.1"),
            (Versions::Exact("1.0".to_owned()), "1.0", "1"),
            (Versions::Range("[1,2)".to_owned()), "1.5", "2"),
            (Versions::Range("nonsense".to_owned()), "", "1"),
            (Versions::Regex("1\\..*".to_owned()), "1.0", "2.1.0"),
            (Versions::NotRegex("1\\..*".to_owned()), "2.1", "1.0"),
            (Versions::NotRegex("(?<=x)y".to_owned()), "", "1.0"),
        ] {
            for version in matching.split_whitespace() {
                assert!(versions.matches(version), "{versions:?} {version}");
            }
            for version in other.split_whitespace() {
                assert!(!versions.matches(version), "{versions:?} {version}");
            }
        }
    }

    proptest! {
        #[test]
        fn wildcards_agree_with_expressions(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
            let expression = format!("^{}$", pattern.replace('*', ".*"));
            let expected = Regex::new(&expression).unwrap().is_match(&text);
            prop_assert_eq!(Text::Glob(pattern).matches(&text), expected);
        }
    }
}
