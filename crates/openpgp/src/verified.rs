//! The seal: bytes an accepting verifier saw.

use crate::{Fingerprint, SignatureReport};

/// A value derived from nothing but bytes that were verified. Only an accepting
/// verifier makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T> {
    value: T,
    signers: Vec<Fingerprint>,
}

impl<T> Verified<T> {
    pub(crate) fn seal(value: T, signers: Vec<Fingerprint>) -> Self {
        Self { value, signers }
    }

    /// Seals bytes nobody verified: for `inspect` and for signing what is not yet
    /// signed. Grep for it.
    pub fn danger_unverified(value: T) -> Self {
        Self {
            value,
            signers: Vec::new(),
        }
    }

    /// The value.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// The value, without its seal.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Certificates whose signatures were accepted; empty when unverified.
    pub fn signers(&self) -> &[Fingerprint] {
        &self.signers
    }

    /// Derives another value from the verified one; the seal stays.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Verified<U> {
        Verified {
            value: f(self.value),
            signers: self.signers,
        }
    }

    /// As [`Verified::map`], where deriving may fail.
    ///
    /// # Errors
    /// What `f` returns.
    pub fn try_map<U, E>(self, f: impl FnOnce(T) -> Result<U, E>) -> Result<Verified<U>, E> {
        Ok(Verified {
            value: f(self.value)?,
            signers: self.signers,
        })
    }
}

/// A value together with the report on its signatures, accepted or not.
#[derive(Clone, Debug)]
pub struct Judged<T> {
    value: T,
    report: SignatureReport,
}

impl<T> Judged<T> {
    pub(crate) fn new(value: T, report: SignatureReport) -> Self {
        Self { value, report }
    }

    /// What was found.
    pub fn report(&self) -> &SignatureReport {
        &self.report
    }

    /// The sealed value if the verdict accepts; the report comes along either way.
    pub fn accept(self) -> (Option<Verified<T>>, SignatureReport) {
        let sealed = self
            .report
            .accepted_signers()
            .map(|signers| Verified::seal(self.value, signers.to_vec()));
        (sealed, self.report)
    }
}
