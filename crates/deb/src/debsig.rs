//! debsigs members: detached signatures inside a package.

use std::fmt;

/// Whom a debsigs signature speaks for; its member is `_gpg` and the role's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The organisation that distributes the package (`_gpgorigin`).
    Origin,
    /// Its maintainer (`_gpgmaint`).
    Maint,
    /// The archive that carries it (`_gpgarchive`).
    Archive,
}

impl Role {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Origin, Self::Maint, Self::Archive];

    /// `origin`, `maint` or `archive`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Maint => "maint",
            Self::Archive => "archive",
        }
    }

    /// The name of its member.
    pub fn member(self) -> &'static str {
        match self {
            Self::Origin => "_gpgorigin",
            Self::Maint => "_gpgmaint",
            Self::Archive => "_gpgarchive",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|role| role.name() == text)
            .ok_or_else(|| format!("no role {text}: there are origin, maint and archive"))
    }
}

/// Whether a signature member is in the dpkg-sig format: a clearsigned list of digests,
/// where debsigs has a detached signature.
pub(crate) fn is_dpkg_sig(name: &str, content: &[u8]) -> bool {
    name == "_gpgbuilder" || content.starts_with(b"-----BEGIN PGP SIGNED MESSAGE-----")
}
