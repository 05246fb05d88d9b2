//! What a path in the repository layout says an artifact is.

use std::fmt;

use pkgseal_repo::SafePath;

/// The coordinates of one file: `group/id/artifact/version/artifact-version[-classifier].extension`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinates {
    /// For example `org.apache.maven`.
    pub group: String,
    /// For example `maven-core`.
    pub artifact: String,
    /// As the folder is called: `3.9.0`, or `3.9.0-SNAPSHOT` for every timestamp.
    pub version: String,
    /// For example `sources`.
    pub classifier: Option<String>,
    /// For example `jar` or `tar.gz`.
    pub extension: String,
}

impl Coordinates {
    /// Reads a path; `None` when its name and its folders do not agree.
    pub fn of(path: &SafePath) -> Option<Self> {
        let mut parts = path.components().rev();
        let (file, version, artifact) = (parts.next()?, parts.next()?, parts.next()?);
        let groups: Vec<&str> = parts.rev().collect();
        if groups.is_empty() {
            return None;
        }
        let rest = file.strip_prefix(artifact)?.strip_prefix('-')?;
        let rest = match rest.strip_prefix(version) {
            Some(rest) => rest,
            None => timestamped(rest, version.strip_suffix("SNAPSHOT")?)?,
        };
        let (classifier, extension) = match rest.strip_prefix('-') {
            Some(rest) => {
                let (classifier, extension) = rest.split_once('.')?;
                (Some(classifier.to_owned()), extension)
            }
            None => (None, rest.strip_prefix('.')?),
        };
        if extension.is_empty() || classifier.as_deref() == Some("") {
            return None;
        }
        Some(Self {
            group: groups.join("."),
            artifact: artifact.to_owned(),
            version: version.to_owned(),
            classifier,
            extension: extension.to_owned(),
        })
    }
}

impl Coordinates {
    /// The name its file has, a timestamped snapshot's apart.
    pub(crate) fn file_name(&self) -> String {
        let classifier = self.classifier.as_deref().map(|c| format!("-{c}"));
        format!(
            "{}-{}{}.{}",
            self.artifact,
            self.version,
            classifier.unwrap_or_default(),
            self.extension
        )
    }
}

/// What follows `1.0-20250301.120000-1` in the folder `1.0-SNAPSHOT`; `base` is `1.0-`.
fn timestamped<'a>(rest: &'a str, base: &str) -> Option<&'a str> {
    let rest = rest.strip_prefix(base)?;
    let rest = digits(rest, 8)?.strip_prefix('.')?;
    let rest = digits(rest, 6)?.strip_prefix('-')?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    rest.get(end..).filter(|_| end > 0)
}

/// What follows exactly so many digits.
fn digits(text: &str, count: usize) -> Option<&str> {
    let (digits, rest) = text.split_at_checked(count)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(rest)
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.group, self.artifact, self.extension)?;
        if let Some(classifier) = &self.classifier {
            write!(f, ":{classifier}")?;
        }
        write!(f, ":{}", self.version)
    }
}

/// Which files of a repository are meant: `group:artifact[:extension[:classifier]]:version`,
/// as `sign-deployed` of maven-gpg-plugin takes them. Without an extension, every file of
/// that version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    group: String,
    artifact: String,
    extension: Option<String>,
    classifier: Option<String>,
    version: String,
}

impl Selection {
    /// Reads one; `None` when it has too few or too many parts, or an empty one.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.trim().split(':').collect();
        if parts
            .iter()
            .any(|part| part.is_empty() || part.contains(char::is_whitespace))
        {
            return None;
        }
        let (group, artifact, extension, classifier, version) = match parts.as_slice() {
            [group, artifact, version] => (group, artifact, None, None, version),
            [group, artifact, extension, version] => {
                (group, artifact, Some(extension), None, version)
            }
            [group, artifact, extension, classifier, version] => {
                (group, artifact, Some(extension), Some(classifier), version)
            }
            _ => return None,
        };
        let owned = |part: &&str| (*part).to_owned();
        Some(Self {
            group: owned(group),
            artifact: owned(artifact),
            extension: extension.map(owned),
            classifier: classifier.map(owned),
            version: owned(version),
        })
    }

    /// Whether it means this file.
    pub fn selects(&self, found: &Coordinates) -> bool {
        let exact = match &self.extension {
            None => true,
            Some(extension) => found.extension == *extension && found.classifier == self.classifier,
        };
        exact
            && found.group == self.group
            && found.artifact == self.artifact
            && found.version == self.version
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.group, self.artifact)?;
        for part in [&self.extension, &self.classifier].into_iter().flatten() {
            write!(f, ":{part}")?;
        }
        write!(f, ":{}", self.version)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(path: &str) -> Option<String> {
        Coordinates::of(&SafePath::new(path).unwrap()).map(|c| c.to_string())
    }

    #[test]
    fn paths_say_what_an_artifact_is() {
        for (path, coordinates) in [
            ("g/a/1/a-1.jar", "g:a:jar:1"),
            ("org/example/lib/1.0/lib-1.0.pom", "org.example:lib:pom:1.0"),
            (
                "org/example/lib/1.0/lib-1.0-sources.jar",
                "org.example:lib:jar:sources:1.0",
            ),
            (
                "org/example/lib/1.0/lib-1.0-bin.tar.gz",
                "org.example:lib:tar.gz:bin:1.0",
            ),
            (
                "org/example/my-lib/1.0-beta-2/my-lib-1.0-beta-2.jar",
                "org.example:my-lib:jar:1.0-beta-2",
            ),
            (
                "g/a/1.0-SNAPSHOT/a-1.0-SNAPSHOT.jar",
                "g:a:jar:1.0-SNAPSHOT",
            ),
            (
                "g/a/1.0-SNAPSHOT/a-1.0-20180205.064755-12.pom",
                "g:a:pom:1.0-SNAPSHOT",
            ),
            (
                "g/a/1.0-SNAPSHOT/a-1.0-20180205.064755-1-sources.jar",
                "g:a:jar:sources:1.0-SNAPSHOT",
            ),
        ] {
            assert_eq!(read(path).as_deref(), Some(coordinates), "{path}");
        }
    }

    #[test]
    fn names_that_disagree_with_their_folder_say_nothing() {
        for path in [
            "a-1.jar",
            "1/a-1.jar",
            "a/1/a-1.jar",
            "g/a/1/b-1.jar",
            "g/a/1/a-2.jar",
            "g/a/1/a1.jar",
            "g/a/1/a-1",
            "g/a/1/a-1.",
            "g/a/1/a-1-",
            "g/a/1/a-1-.jar",
            "g/a/1/a-1-sources",
            "g/a/1.0/a-1.0x.jar",
            "g/a/1.0-SNAPSHOT/a-1.0.jar",
            "g/a/1.0-SNAPSHOT/a-1.0-2018.064755-1.jar",
            "g/a/1.0-SNAPSHOT/a-1.0-20180205.064755-.jar",
            "g/a/1.0-SNAPSHOT/a-1.0-20180205.064755-1",
            "g/a/1.0/maven-metadata.xml",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
    }

    #[test]
    fn selections_mean_files() {
        let of = |path: &str| Coordinates::of(&SafePath::new(path).unwrap()).unwrap();
        let jar = of("g/a/1/a-1.jar");
        let sources = of("g/a/1/a-1-sources.jar");
        for (text, means_jar, means_sources) in [
            ("g:a:1", true, true),
            ("g:a:jar:1", true, false),
            ("g:a:jar:sources:1", false, true),
            ("g:a:pom:1", false, false),
            ("g:a:2", false, false),
            ("g:b:1", false, false),
            ("h:a:1", false, false),
        ] {
            let selection = Selection::parse(text).unwrap();
            assert_eq!(selection.to_string(), text);
            assert_eq!(selection.selects(&jar), means_jar, "{text}");
            assert_eq!(selection.selects(&sources), means_sources, "{text}");
        }
        for text in [
            "",
            "g",
            "g:a",
            "g::1",
            "g:a:jar:sources:1:x",
            ":a:1",
            "g:a b:1",
        ] {
            assert_eq!(Selection::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nonsense_never_panics(path in r"[a/\-.1ä0-9SNAPSHOT]{0,60}") {
            if let Ok(path) = SafePath::new(&path) {
                let _ = Coordinates::of(&path);
            }
        }
    }
}
