//! Named, explained policy: data, not code. See `profiles/*.toml`.

use crate::Result;

/// What kind of object a signature is on; profiles may differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// Release, InRelease, repomd.xml: alive *now* is needed by default.
    Repository,
    /// .deb and .rpm.
    Package,
    /// Any other file with a detached signature.
    Artifact,
}

/// A policy that turns facts into a verdict.
#[derive(Clone, Debug)]
pub struct Profile {}

impl Profile {
    /// The default: see `profiles/strict.toml`.
    ///
    /// # Panics
    /// Never: a test parses the embedded file.
    pub fn strict() -> Self {
        unimplemented!()
    }

    /// An embedded profile by name (`strict`, `legacy`).
    ///
    /// # Errors
    /// [`Error::Profile`](crate::Error::Profile), naming those there are.
    pub fn named(_name: &str) -> Result<Self> {
        unimplemented!()
    }

    /// Parses a profile file.
    ///
    /// # Errors
    /// [`Error::Profile`](crate::Error::Profile) with the field.
    pub fn parse(_name: &str, _toml: &str) -> Result<Self> {
        unimplemented!()
    }

    /// Names and texts of the embedded profiles.
    pub fn embedded() -> &'static [(&'static str, &'static str)] {
        unimplemented!()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        unimplemented!()
    }

    /// The same profile, accepting only these certificates' signatures.
    #[must_use]
    pub fn allowing(self, _fingerprints: Vec<crate::Fingerprint>) -> Self {
        unimplemented!()
    }

    /// The same profile asking for good signatures by this many distinct certificates.
    #[must_use]
    pub fn threshold(self, _count: usize) -> Self {
        unimplemented!()
    }
}
