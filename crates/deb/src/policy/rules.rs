//! What a policy says.

use std::fmt;

use crate::debsig::Role;

/// A policy: whether it is for a package, and what that package must carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    /// Who supplies it: for people.
    pub(super) name: String,
    /// The key of the origin signature it is for.
    pub(super) id: String,
    pub(super) description: String,
    /// All must pass for the policy to be used. Nothing is verified for that.
    pub(super) selections: Vec<Block>,
    /// All must pass for the package to be accepted.
    pub(super) verifications: Vec<Block>,
}

/// Rules that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// So many of the optional ones must be there.
    pub(super) minimum_optional: u32,
    pub(super) rules: Vec<Rule>,
}

/// What a rule asks of the signature of its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// There, and good.
    Required,
    /// Good if it is there.
    Optional,
    /// Not there.
    Reject,
}

/// A rule about the signature of one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) kind: Kind,
    pub(super) role: Role,
    /// The keyring, by name; none for `Reject`.
    pub(super) file: Option<String>,
    /// Whose key in the keyring it must be.
    pub(super) id: Option<String>,
    /// How many days old it may be.
    pub(super) expiry: Option<u32>,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Required => "Required",
            Kind::Optional => "Optional",
            Kind::Reject => "Reject",
        };
        write!(f, "{kind} {}", self.role)
    }
}

/// What an `id` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity<'a> {
    /// A fingerprint in full, 40 or 64 hexadecimal digits.
    Fingerprint(&'a str),
    /// Sixteen digits: a hint that many keys can share.
    KeyId(&'a str),
    /// A user ID: anybody can take it.
    UserId(&'a str),
}

impl<'a> Identity<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match (hexadecimal, text.len()) {
            (true, 40 | 64) => Self::Fingerprint(text),
            (true, 16) => Self::KeyId(text),
            _ => Self::UserId(text),
        }
    }
}
