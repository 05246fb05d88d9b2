//! debsigs members: detached signatures inside a package.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// What the name of every signature member begins with.
pub(crate) const PREFIX: &str = "_gpg";
/// Characters of a role: debsig-verify cuts a longer member's name off.
const LONGEST: usize = 10;
/// The role under which dpkg-sig and its imitators keep something else.
const DPKG_SIG: &str = "builder";

/// Whom a debsigs signature speaks for; its member is `_gpg` and the role's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(Cow<'static, str>);

impl Role {
    /// The organisation that distributes the package (`_gpgorigin`).
    pub const ORIGIN: Self = Self(Cow::Borrowed("origin"));
    /// Its maintainer (`_gpgmaint`).
    pub const MAINT: Self = Self(Cow::Borrowed("maint"));
    /// The archive that carries it (`_gpgarchive`).
    pub const ARCHIVE: Self = Self(Cow::Borrowed("archive"));

    /// Its name: lower-case letters and digits, at most ten.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The name of its member.
    pub fn member(&self) -> String {
        format!("{PREFIX}{}", self.0)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// Not one to ten lower-case letters and digits.
    #[error(
        "{0:?} is no role: one to ten lower-case letters and digits, such as origin, maint or archive"
    )]
    Malformed(String),
    /// `builder`: dpkg-sig keeps a list of digests there.
    #[error("the role builder belongs to dpkg-sig, which keeps another kind of signature there")]
    DpkgSig,
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if text.is_empty() || text.len() > LONGEST || !text.bytes().all(plain) {
            return Err(RoleError::Malformed(text.to_owned()));
        }
        if text == DPKG_SIG {
            return Err(RoleError::DpkgSig);
        }
        Ok(Self(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_short_plain_words() {
        for name in [
            "origin",
            "maint",
            "archive",
            "qa",
            "release",
            "a",
            "x123456789",
        ] {
            let role: Role = name.parse().unwrap();
            assert_eq!(role.name(), name);
            assert_eq!(role.member(), format!("_gpg{name}"));
        }
        assert_eq!("origin".parse(), Ok(Role::ORIGIN));
        for name in [
            "",
            "Origin",
            "qa ",
            "a-b",
            "a_b",
            "a/b",
            "../x",
            "elevenchars",
            "\u{e4}",
            "a\n",
        ] {
            let error = name.parse::<Role>().unwrap_err();
            assert_eq!(error, RoleError::Malformed(name.to_owned()));
        }
        assert_eq!("builder".parse::<Role>(), Err(RoleError::DpkgSig));
    }
}
