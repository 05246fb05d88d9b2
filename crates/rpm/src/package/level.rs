//! What a package must have to be accepted, and how its unsigned parts are read.

/// What must be there and cover header and payload. What is there and wrong rejects at
/// every level. As rpm's `%_pkgverify_level`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing.
    None,
    /// Digests: the file is whole.
    Digest,
    /// Signatures: somebody known vouches for it.
    Signature,
    /// Both.
    #[default]
    All,
}

impl Level {
    /// By the word rpm has for it.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "none" => Self::None,
            "digest" => Self::Digest,
            "signature" => Self::Signature,
            "all" => Self::All,
            _ => return None,
        })
    }

    /// Whether digests have to cover header and payload.
    pub fn demands_digests(self) -> bool {
        matches!(self, Self::Digest | Self::All)
    }

    /// Whether signatures have to cover header and payload.
    pub fn demands_signatures(self) -> bool {
        matches!(self, Self::Signature | Self::All)
    }
}

/// How the parts that nothing covers are read: lead, padding, and whatever stands in the
/// signature header beside signatures and digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reading {
    /// What rpm accepts and what puts nothing signed in doubt is a warning.
    #[default]
    Tolerant,
    /// Every deviation from the form builders write rejects, and every digest is computed,
    /// MD5 too.
    Strict,
}

/// How to verify a package.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// What the package must have.
    pub level: Level,
    /// How its unsigned parts are read.
    pub reading: Reading,
}
