//! Why something could not be decided or done.

use std::io;
use std::path::PathBuf;

use pkgseal_repo::Finding;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Could not decide, or could not sign. A rejection is never an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// From the mechanics below: reading, staging, paths.
    #[error(transparent)]
    Repo(#[from] pkgseal_repo::Error),
    /// From the OpenPGP core: a key that cannot sign, a broken backend.
    #[error(transparent)]
    OpenPgp(#[from] pkgseal_openpgp::Error),
    /// A package could not be read. Retrying may help.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was to be signed is broken already; nothing was written.
    #[error("refusing to sign {}: {}", path.display(), finding.detail)]
    Broken {
        /// Which file.
        path: PathBuf,
        /// The worst that was found.
        finding: Box<Finding>,
    },
    /// A signature by another key stands where the new one belongs; nothing was written.
    #[error("{} is signed by another key already ({tag})", path.display())]
    SlotTaken {
        /// Which package.
        path: PathBuf,
        /// The tag that holds it.
        tag: &'static str,
    },
    /// The key's signatures do not fit the tags of this package format; nothing was written.
    #[error("{}: {key} cannot sign a version 4 package for every reader: {algorithm} signatures stand in the OPENPGP tag, which rpm before 4.20 does not read", path.display())]
    NoSlot {
        /// Which package.
        path: PathBuf,
        /// Fingerprint of the key.
        key: String,
        /// Its algorithm.
        algorithm: String,
    },
    /// No signature is there to take out, or none of those that were asked for; nothing
    /// was written.
    #[error("{} carries no such signature", path.display())]
    NotSigned {
        /// Which package.
        path: PathBuf,
    },
    /// No signer, or more than the format allows.
    #[error("{what} needs {needed}, not {given}")]
    SignerCount {
        /// What is being signed.
        what: &'static str,
        /// How many and why.
        needed: &'static str,
        /// How many were given.
        given: usize,
    },
    /// What was written did not verify with the public certificate and was discarded; the
    /// old file is whole.
    #[error("the signed {} did not verify and was discarded: {}", path.display(), finding.detail)]
    SelfCheck {
        /// The target.
        path: PathBuf,
        /// The worst that was found.
        finding: Box<Finding>,
    },
    /// A state file is none, or is damaged.
    #[error("{} is no state file: {reason}", path.display())]
    State {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The signature header would outgrow what the format allows.
    #[error("the signature header would become too large: {reason}")]
    TooLarge {
        /// Which cap.
        reason: &'static str,
    },
}

impl Error {
    /// A step that helps, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::SlotTaken { .. } => Some("replace the existing signatures instead of adding one"),
            Self::NoSlot { .. } => Some(
                "sign with an RSA, ECDSA or EdDSA version 4 key, or ask for the OPENPGP tag if all readers are rpm 6",
            ),
            Self::NotSigned { .. } => Some("list its signatures with: pkgseal inspect FILE"),
            Self::SignerCount { .. } => Some("name exactly one key"),
            Self::Broken { .. } => Some("build or fetch the file again, then sign it"),
            Self::State { .. } => {
                Some("name a file that pkgseal wrote, or one that does not exist yet")
            }
            Self::Repo(_)
            | Self::OpenPgp(_)
            | Self::Read { .. }
            | Self::SelfCheck { .. }
            | Self::TooLarge { .. } => None,
        }
    }
}
