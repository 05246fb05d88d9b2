//! Why something could not be decided or done.

/// What is said of a passphrase that opens nothing.
pub(crate) const WRONG: &str = "the passphrase is wrong";

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Could not decide, or could not sign. A rejection is never an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Input could not be read. Retrying may help.
    #[error("cannot read the {what}")]
    Read {
        /// What was being read.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A profile file is not one.
    #[error(transparent)]
    Profile(#[from] pkgseal_repo::DataFileError),
    /// A secret key does not open with the passphrase given.
    #[error("key {key}: {WRONG}")]
    WrongPassphrase {
        /// Its fingerprint.
        key: String,
    },
    /// A secret key cannot be used: no passphrase given, no signing key, expired.
    #[error("key {key}: {reason}")]
    Key {
        /// Its fingerprint or where it came from.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The cryptographic backend failed or lacks an algorithm.
    #[error("{operation}: {reason}")]
    Crypto {
        /// What was attempted.
        operation: &'static str,
        /// What the backend said.
        reason: String,
    },
    /// Whoever holds a secret key (an agent, a token, a command) did not sign with it.
    #[error("key {key} was not signed with")]
    Holder {
        /// Fingerprint of the key.
        key: String,
        /// What the holder said.
        source: crate::HolderError,
    },
    /// The text cannot be signed in the requested form (cleartext with a form feed, say).
    #[error("cannot sign: {reason}")]
    Unsignable {
        /// The line and why.
        reason: String,
    },
}

/// Wraps what the OpenPGP library or the cryptographic backend said.
pub(crate) fn crypto<E: std::fmt::Display>(operation: &'static str) -> impl Fn(E) -> Error {
    move |error| Error::Crypto {
        operation,
        reason: error.to_string(),
    }
}
