//! Why a key that is not a file does not sign, and what helps.

use std::fmt;

use super::KeySource;

/// A signer that cannot be reached or does not sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerError {
    source_name: String,
    reason: String,
    hint: Option<String>,
}

impl SignerError {
    /// An error of this source.
    pub(crate) fn new(source: &KeySource, reason: impl Into<String>) -> Self {
        Self {
            source_name: source.to_string(),
            reason: reason.into(),
            hint: None,
        }
    }

    /// With a step that helps, as a command where there is one.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What helps.
    pub fn step(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for SignerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source_name, self.reason)
    }
}

impl std::error::Error for SignerError {}
