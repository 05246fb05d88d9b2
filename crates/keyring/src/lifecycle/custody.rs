//! Who keeps the secret parts of a certificate that is changed.

use std::path::PathBuf;

use openpgp::packet::Key;
use openpgp::packet::key::{SecretParts, SubordinateRole};
use pkgseal_openpgp::Certificate;
use pkgseal_openpgp::edit::{Holder, SecretKey};
use pkgseal_repo::{Destination, Finding};
use sequoia_openpgp as openpgp;
use zeroize::Zeroizing;

use super::{Changed, KeyFile};
use crate::{Passphrase, Result};

/// A certificate to change, with whoever keeps its secret parts: a
/// [file](KeyFile), [somebody else](super::HeldKey), or [nobody here](super::PublicCopy).
pub trait Custody {
    /// The certificate as it is, with all that is known of it.
    fn certificate(&self) -> Certificate;

    /// Opens what signs.
    ///
    /// # Errors
    /// What keeps it from signing: locked, absent, a wrong passphrase.
    fn open(&self, passphrase: Option<&Passphrase>) -> Result<Opened>;

    /// The secret file to write with the changed certificate; `subkey` is new.
    ///
    /// # Errors
    /// [`Error::OpenPgp`](crate::Error::OpenPgp).
    fn secret(
        &self,
        after: &Certificate,
        subkey: Option<Key<SecretParts, SubordinateRole>>,
    ) -> Result<Option<SecretKey>>;

    /// What to know about the change beyond what it does to the certificate.
    fn advice(&self, changed: &Changed) -> Vec<Finding>;

    /// Whether what is changed could be written there; asked before anybody signs.
    ///
    /// # Errors
    /// As [`Custody::store`], as far as that is known now.
    fn prepare(&self, destination: &Destination) -> Result<()>;

    /// Writes what was changed: all files or none. What was staged is read back first.
    ///
    /// # Errors
    /// [`Error::Exists`](crate::Error::Exists), [`Error::File`](crate::Error::File), and
    /// when what was written does not read back as it should.
    fn store(&self, changed: &Changed, destination: &Destination) -> Result<Written>;
}

/// What signs, opened.
pub struct Opened {
    /// It.
    pub holder: Box<dyn Holder>,
    /// What new secret parts are protected with.
    pub words: Option<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").finish_non_exhaustive()
    }
}

/// The files that a change was written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files with secrets, mode 0600.
    pub secret: Vec<PathBuf>,
    /// The certificate to publish.
    pub certificate: PathBuf,
}

impl Custody for KeyFile {
    fn certificate(&self) -> Certificate {
        Self::certificate(self)
    }

    fn open(&self, passphrase: Option<&Passphrase>) -> Result<Opened> {
        self.opened(passphrase)
    }

    fn secret(
        &self,
        after: &Certificate,
        subkey: Option<Key<SecretParts, SubordinateRole>>,
    ) -> Result<Option<SecretKey>> {
        let mut key = self.key().clone();
        if let Some(subkey) = subkey {
            key = key.add_subkey(subkey)?;
        }
        Ok(Some(key.merge(after.clone())?))
    }

    fn advice(&self, _: &Changed) -> Vec<Finding> {
        Vec::new()
    }

    fn prepare(&self, _: &Destination) -> Result<()> {
        Ok(())
    }

    fn store(&self, changed: &Changed, destination: &Destination) -> Result<Written> {
        let [key, certificate] = self.write(changed, destination)?;
        Ok(Written {
            secret: vec![key],
            certificate,
        })
    }
}
