//! What happens to a key after it was made: extended, given subkeys, revoked, protected,
//! parted.
//!
//! A [`KeyFile`] is a secret key file with the public certificate beside it, a [`HeldKey`] a
//! certificate whose secret part is with gpg-agent, on a token or behind a command; both are
//! a [`Custody`]. Each change gives a [`Changed`]: what it was, what it is, and what to know
//! about it. Nothing is on the disk before [`Custody::store`], which replaces all files
//! together or none.
//!
//! No change takes a signature out of a certificate: what was signed before stays provable
//! as of then. What was published since is taken over first, from the certificate beside
//! the key and from those given, so that no change undoes another.

mod custody;
mod expiry;
mod extend;
mod file;
mod held;
mod protect;
mod revoke;
mod subkey;
pub(crate) mod warn;

use jiff::Timestamp;
use pkgseal_openpgp::edit::SecretKey;
use pkgseal_openpgp::{Certificate, Fingerprint, KeyFacts, KeyState, Profile};
use pkgseal_repo::Finding;

pub use custody::{Custody, Opened, Written};
pub use extend::{Which, extend};
pub(crate) use file::unlock;
pub use file::{KeyFile, certificate_path};
pub use held::{HeldKey, PublicCopy};
pub use protect::{join, protect, split};
pub use revoke::{Revocable, apply_revocation, revoke};
pub use subkey::{Replaced, SubkeyRequest, add_subkey, replace_subkey};

/// A key after a change, not yet written.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The certificate as it was.
    pub before: Certificate,
    /// The certificate to publish.
    pub after: Certificate,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// What to know about the result.
    pub findings: Vec<Finding>,
    key: Option<SecretKey>,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another expiry.
    Expiry {
        /// Of which key.
        key: Fingerprint,
        /// Whether that is the primary key.
        primary: bool,
        /// As it was, its own; `None` for never.
        from: Option<Timestamp>,
        /// As it is.
        to: Option<Timestamp>,
    },
    /// A new signing subkey.
    Added {
        /// Its fingerprint.
        key: Fingerprint,
        /// `Ed25519`, `RSA4096`…
        algorithm: String,
        /// When it expires.
        expires: Option<Timestamp>,
    },
    /// A revocation.
    Revoked {
        /// Of what.
        what: Revocable,
        /// Whether what it signed before counts no more either.
        hard: bool,
    },
    /// Secret parts were protected with another passphrase, or with none.
    Protected {
        /// How many.
        parts: usize,
        /// Whether they are protected now.
        locked: bool,
    },
    /// Secret parts came from another file.
    Joined {
        /// Of these keys.
        keys: Vec<Fingerprint>,
    },
    /// A self-signature was made anew with a strong digest.
    Renewed {
        /// Of what, in words.
        part: String,
        /// When the one it follows was made; it says the same, a second later.
        follows: Timestamp,
    },
    /// Signatures came from another copy.
    Merged,
    /// The primary key's secret part went to a file of its own.
    Parted {
        /// That file.
        offline: std::path::PathBuf,
    },
}

impl Changed {
    pub(crate) fn new(
        key: Option<SecretKey>,
        before: Certificate,
        after: Certificate,
        steps: Vec<Step>,
        findings: Vec<Finding>,
    ) -> Self {
        Self {
            before,
            after,
            steps,
            findings,
            key,
        }
    }

    /// The secret key as it is now: of a key file, all of it; else a new subkey alone.
    pub fn key(&self) -> Option<&SecretKey> {
        self.key.as_ref()
    }

    /// With what whoever keeps the secret has to add.
    fn advised(mut self, custody: &dyn Custody) -> Self {
        self.findings.extend(custody.advice(&self));
        self
    }
}

/// The keys of a certificate, whatever a profile makes of them.
fn keys(certificate: &Certificate, now: Timestamp) -> Vec<KeyFacts> {
    certificate.keys(&Profile::strict(), now)
}

fn is_revoked(key: &KeyFacts) -> bool {
    matches!(key.state, KeyState::Revoked(_))
}

fn can_sign(key: &KeyFacts) -> bool {
    key.capabilities.contains(&"sign")
}

fn has_expired(key: &KeyFacts, now: Timestamp) -> bool {
    key.own_expires.is_some_and(|expires| expires <= now)
}
