//! Where the key that signs is, in one syntax for all of them, and opening it.

mod agent;
mod assuan;
mod born;
mod command;
mod encoding;
mod error;
mod held;
pub(crate) mod pinentry;
mod pkcs11;
mod pool;
mod source;
mod terminal;

use std::ffi::OsStr;
use std::process::Command;

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, Certificates, Fingerprint, HolderError, Signer};

pub use born::{AdoptRequest, Adopted, adopt, write_adopted};
pub use command::CommandKey;
pub use error::SignerError;
pub(crate) use held::{Held, Holders};
pub use pkcs11::{LastTry, Pkcs11Key};
pub use source::{KeySource, KeySourceError};

use crate::{Passphrase, Result, open_signer};

/// Opens the key that `source` names for signing with it at `now`.
///
/// A key file brings its certificate along. The certificate of every other key is looked
/// for in `certificates`, by the fingerprint or the public numbers the source knows. The
/// passphrase is read only if whoever holds the key asks for one.
///
/// The key signs a probe before the signer is handed out: one that is locked, absent or
/// not the certificate's is found here.
///
/// # Errors
/// As [`open_signer`] for a file; [`Error::Signer`](crate::Error::Signer) with what to do
/// about it for others; [`Error::OpenPgp`](crate::Error::OpenPgp) when no key of the
/// certificate can sign at `now`.
pub fn open_source(
    source: &KeySource,
    certificates: &Certificates,
    passphrase: Option<&Passphrase>,
    now: Timestamp,
) -> Result<Signer> {
    match source {
        KeySource::File(path) => open_signer(path, passphrase, now),
        KeySource::GpgAgent(fingerprint) => {
            agent::open(fingerprint, source, certificates, passphrase, now)
        }
        KeySource::Pkcs11(key) => pkcs11::open(key, source, certificates, passphrase, now),
        KeySource::Command(key) => command::open(key, source, certificates, now),
    }
}

/// A program to run, without what nobody but us is to know.
fn child(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in crate::maven::SECRETS {
        command.env_remove(name);
    }
    command
}

/// The one certificate that has this key.
fn certificate_of(
    source: &KeySource,
    fingerprint: &Fingerprint,
    certificates: &Certificates,
) -> Result<Certificate, SignerError> {
    match certificates.with_key(fingerprint).as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(SignerError::new(
            source,
            format!("the public certificate of key {fingerprint} is not known"),
        )
        .hint("name it with --certificate FILE")),
        [first, second, ..] => Err(SignerError::new(
            source,
            format!(
                "key {fingerprint} is in two certificates, {} and {}",
                first.fingerprint(),
                second.fingerprint()
            ),
        )
        .hint("name only the right one with --certificate FILE")),
    }
}

/// The one certificate that is known.
fn only(source: &KeySource, certificates: &Certificates) -> Result<Certificate, SignerError> {
    let mut all = certificates.iter();
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one.clone()),
        (None, _) => Err(SignerError::new(
            source,
            "the public certificate of its key is not known",
        )
        .hint("name it with --certificate FILE")),
        (Some(_), Some(_)) => Err(SignerError::new(
            source,
            "several certificates are known, and which one is its key's is not said",
        )
        .hint("name only one with --certificate FILE")),
    }
}

/// Where one key was looked for.
enum Found {
    /// It is there, and has signed a probe.
    Here(Signer),
    /// It is not, in words for a person.
    Elsewhere(crate::Error),
}

/// What a holder says, as it is, so that its advice reaches the user.
fn said(error: crate::Error) -> HolderError {
    match error {
        crate::Error::Signer(error) => Box::new(error),
        other => Box::new(other),
    }
}
