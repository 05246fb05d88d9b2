//! What clients have: certificates, and the files they come in.

use pkgseal_keyring::Encoding;
use pkgseal_keyring::rotate::{Holding, Plan};
use pkgseal_openpgp::{Certificate, Certificates, Fingerprint};

/// The certificates of one kind of client.
pub(super) struct Held {
    pub(super) holding: Holding,
    pub(super) certificates: Certificates,
}

impl Held {
    pub(super) fn of(plan: &Plan, holding: Holding) -> Self {
        Self {
            holding,
            certificates: plan.held(holding),
        }
    }

    /// One for each kind.
    pub(super) fn all(plan: &Plan) -> Vec<Self> {
        Holding::ALL.map(|holding| Self::of(plan, holding)).into()
    }

    /// As apt reads a `.gpg` file.
    pub(super) fn binary(&self) -> Vec<u8> {
        Encoding::Binary.encode(&self.certificates)
    }

    /// The certificate that has this key.
    pub(super) fn with_key(&self, key: &Fingerprint) -> Option<&Certificate> {
        self.certificates.with_key(key).first().copied()
    }
}
