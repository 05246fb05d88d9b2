//! Relative paths that cannot climb.

use crate::{Error, Result};

/// Bytes of a whole path; Linux's `PATH_MAX`.
const MAX_PATH: usize = 4096;
/// Bytes of one component; Linux's `NAME_MAX`. A longer one names no file.
const MAX_COMPONENT: usize = 255;

/// A relative, UTF-8, `/`-separated path: no empty, `.` or `..` component, not
/// absolute, no control character (C0, DEL, C1), no backslash, at most 4096 bytes, and
/// 255 in a component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafePath(Box<str>);

impl SafePath {
    /// Accepts a path as a signed document writes it. A leading `./` is removed
    /// (Packages and Sources of flat repositories carry it).
    ///
    /// # Errors
    /// [`Error::UnsafePath`] with the reason.
    pub fn new(path: &str) -> Result<Self> {
        let plain = path.strip_prefix("./").unwrap_or(path);
        match objection(plain) {
            None => Ok(Self(plain.into())),
            Some(reason) => Err(Error::UnsafePath {
                reason,
                path: path.to_owned(),
            }),
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `self/other`. Where both are long the result may be too long to open; it still
    /// cannot climb.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        Self(format!("{}/{}", self.0, other.0).into())
    }

    /// A name in this directory.
    ///
    /// # Errors
    /// As [`SafePath::new`]; also for a name with a `/` in it.
    pub fn child(&self, name: &str) -> Result<Self> {
        let path = [&*self.0, "/", name].concat();
        let reason = if path.len() > MAX_PATH {
            Some("it is longer than 4096 bytes")
        } else if name.as_bytes().contains(&b'/') {
            Some("it is no single name")
        } else {
            objection(name)
        };
        match reason {
            None => Ok(Self(path.into())),
            Some(reason) => Err(Error::UnsafePath { reason, path }),
        }
    }

    /// All but the last component; `None` for a single component.
    pub fn parent(&self) -> Option<Self> {
        let (parent, _) = self.0.rsplit_once('/')?;
        Some(Self(parent.into()))
    }

    /// The last component.
    pub fn file_name(&self) -> &str {
        match self.0.rsplit_once('/') {
            Some((_, name)) => name,
            None => &self.0,
        }
    }

    /// The same path with text appended to the last component (`.asc`).
    ///
    /// # Errors
    /// As [`SafePath::new`].
    pub fn with_suffix(&self, suffix: &str) -> Result<Self> {
        Self::new(&format!("{}{suffix}", self.0))
    }

    /// The components, none of them empty, `.` or `..`.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }
}

/// What is wrong with a path, if anything.
fn objection(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.len() > MAX_PATH {
        return Some("it is longer than 4096 bytes");
    }
    if path.starts_with('/') {
        return Some("it is absolute");
    }
    if path.as_bytes().contains(&b'\\') {
        return Some("it contains a backslash");
    }
    // Most paths are ASCII, and a pool has a lot of them.
    let ascii = path.bytes().any(|byte| byte.is_ascii_control());
    if ascii || (!path.is_ascii() && path.chars().any(char::is_control)) {
        return Some("it contains a control character");
    }
    path.split('/').find_map(|component| match component {
        "" => Some("it contains an empty component"),
        "." => Some("it contains a `.` component"),
        ".." => Some("it climbs with `..`"),
        long if long.len() > MAX_COMPONENT => Some("a component is longer than 255 bytes"),
        _ => None,
    })
}

impl AsRef<std::path::Path> for SafePath {
    fn as_ref(&self) -> &std::path::Path {
        std::path::Path::new(&*self.0)
    }
}

impl std::fmt::Display for SafePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Component;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_child_is_one_name() {
        let pool = SafePath::new("pool/main").unwrap();
        assert_eq!(pool.child("a b").unwrap().as_str(), "pool/main/a b");
        let long = "a".repeat(256);
        for name in [
            "", ".", "..", "/", "a/b", "/a", "a\\b", "a\nb", "\u{85}", &long,
        ] {
            assert!(pool.child(name).is_err(), "{name:?}");
        }
        let deep = SafePath::new(&format!("{}a", "a/".repeat(2045))).unwrap();
        assert!(deep.child("abc").is_ok());
        assert!(deep.child("abcde").is_err());
    }

    #[test]
    fn hostile_paths_are_refused_with_the_reason() {
        let long = "a/".repeat(3000) + "a";
        let component = "a".repeat(256);
        for (path, reason) in [
            ("", "it is empty"),
            ("./", "it is empty"),
            (".", "it contains a `.` component"),
            ("..", "it climbs with `..`"),
            ("/etc/passwd", "it is absolute"),
            (".//etc/passwd", "it is absolute"),
            ("../etc/passwd", "it climbs with `..`"),
            ("./../etc/passwd", "it climbs with `..`"),
            ("pool/../../etc/passwd", "it climbs with `..`"),
            ("pool/..", "it climbs with `..`"),
            ("pool//a", "it contains an empty component"),
            ("pool/", "it contains an empty component"),
            ("pool/./a", "it contains a `.` component"),
            ("././a", "it contains a `.` component"),
            ("pool\\..\\a", "it contains a backslash"),
            ("C:\\a", "it contains a backslash"),
            ("a\0b", "it contains a control character"),
            ("a\nb", "it contains a control character"),
            ("a\u{1b}[2Jb", "it contains a control character"),
            ("a\u{7f}b", "it contains a control character"),
            ("a\u{9b}2Jb", "it contains a control character"),
            (long.as_str(), "it is longer than 4096 bytes"),
            (component.as_str(), "a component is longer than 255 bytes"),
        ] {
            match SafePath::new(path) {
                Err(Error::UnsafePath {
                    reason: given,
                    path: kept,
                }) => {
                    assert_eq!(given, reason, "{path:?}");
                    assert_eq!(kept, path);
                }
                other => panic!("{path:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn ordinary_paths_are_kept() {
        for path in [
            "a",
            "pool/main/h/hello/hello_1.0-1_amd64.deb",
            "a..b/...c/.d",
            "g++_4%3a10.2.deb",
            "x/ä ö/~+",
        ] {
            assert_eq!(SafePath::new(path).unwrap().as_str(), path);
        }
        assert_eq!(SafePath::new("./hello.deb").unwrap().as_str(), "hello.deb");
    }

    #[test]
    fn parts_and_joins() {
        let path = SafePath::new("a/b/c.deb").unwrap();
        assert_eq!(path.file_name(), "c.deb");
        assert_eq!(path.parent().unwrap().as_str(), "a/b");
        assert_eq!(path.components().collect::<Vec<_>>(), ["a", "b", "c.deb"]);
        let single = SafePath::new("c.deb").unwrap();
        assert_eq!(single.file_name(), "c.deb");
        assert!(single.parent().is_none());
        assert_eq!(path.parent().unwrap().join(&single).as_str(), "a/b/c.deb");
        assert_eq!(path.with_suffix(".asc").unwrap().as_str(), "a/b/c.deb.asc");
        assert!(path.with_suffix("/../../../x").is_err());
    }

    proptest! {
        #[test]
        fn nothing_accepted_can_climb(text in r"(\./|\.\./|/|\\|[a-c.\x00\n ]){0,12}") {
            if let Ok(path) = SafePath::new(&text) {
                let plain = std::path::Path::new(path.as_str());
                prop_assert!(plain.components().all(|c| matches!(c, Component::Normal(_))));
                prop_assert!(!path.as_str().chars().any(char::is_control));
                // Accepting is stable: what was accepted is accepted again, unchanged.
                prop_assert_eq!(&SafePath::new(path.as_str()).unwrap(), &path);
                let joined = path.join(&path);
                prop_assert!(SafePath::new(joined.as_str()).is_ok());
            }
        }

        #[test]
        fn any_text_is_decided(text in any::<String>()) {
            if let Ok(path) = SafePath::new(&text) {
                prop_assert!(std::path::Path::new(path.as_str()).is_relative());
            }
        }
    }
}
