//! Relative paths that cannot climb.

use crate::Result;

/// A relative, UTF-8, `/`-separated path: no empty, `.` or `..` component, not
/// absolute, no control character (C0, DEL, C1), no backslash, at most 4096 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafePath(Box<str>);

impl SafePath {
    /// Accepts a path as a signed document writes it. A leading `./` is removed
    /// (Packages and Sources of flat repositories carry it).
    ///
    /// # Errors
    /// [`Error::UnsafePath`](crate::Error::UnsafePath) with the reason.
    pub fn new(_path: &str) -> Result<Self> {
        unimplemented!()
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `self/other`.
    #[must_use]
    pub fn join(&self, _other: &Self) -> Self {
        unimplemented!()
    }

    /// All but the last component; `None` for a single component.
    pub fn parent(&self) -> Option<Self> {
        unimplemented!()
    }

    /// The last component.
    pub fn file_name(&self) -> &str {
        unimplemented!()
    }

    /// The same path with text appended to the last component (`.asc`).
    ///
    /// # Errors
    /// As [`SafePath::new`].
    pub fn with_suffix(&self, _suffix: &str) -> Result<Self> {
        unimplemented!()
    }
}

impl std::fmt::Display for SafePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
