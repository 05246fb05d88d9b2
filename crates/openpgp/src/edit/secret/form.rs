//! In which form the secret part of a key is in a file.

use openpgp::crypto::S2K;
use openpgp::packet::Key;
use openpgp::packet::key::{KeyRole, PublicParts, SecretKeyMaterial};
use openpgp::types::SymmetricAlgorithm;
use sequoia_openpgp as openpgp;

use crate::Fingerprint;

/// The S2K number of GnuPG's extensions: a stub for a secret that is elsewhere.
const GNU: u8 = 101;

/// In which form a secret part is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretForm {
    /// Not at all.
    Absent,
    /// A stub of GnuPG's says that it is offline or on a card.
    Stub,
    /// Protected in a way that is not supported.
    Unsupported,
    /// Protected by a passphrase.
    Locked,
    /// Unprotected.
    Open,
}

impl SecretForm {
    pub(super) fn of<R: KeyRole>(key: &Key<PublicParts, R>) -> Self {
        match key.optional_secret() {
            None => Self::Absent,
            Some(SecretKeyMaterial::Unencrypted(_)) => Self::Open,
            Some(SecretKeyMaterial::Encrypted(encrypted)) => match encrypted.s2k() {
                S2K::Private { tag: GNU, .. } => Self::Stub,
                s2k if s2k.is_supported()
                    && encrypted.algo() != SymmetricAlgorithm::Unencrypted =>
                {
                    Self::Locked
                }
                _ => Self::Unsupported,
            },
        }
    }

    /// Whether the secret itself is there.
    pub fn is_there(self) -> bool {
        match self {
            Self::Absent | Self::Stub => false,
            Self::Unsupported | Self::Locked | Self::Open => true,
        }
    }
}

/// What a key file has of one key's secret part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretPart {
    /// Fingerprint of the key.
    pub fingerprint: Fingerprint,
    /// Whether it is the primary key.
    pub primary: bool,
    /// In which form it is there.
    pub form: SecretForm,
}
