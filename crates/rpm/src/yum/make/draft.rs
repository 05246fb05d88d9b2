//! A generation on its way out.

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Signed, Signer};
use pkgseal_repo::publication::{Lock, Stage};
use pkgseal_repo::{CheckOptions, Progress};

use super::state::State;
use crate::error::Result;
use crate::yum::publish::{Built, PublishOptions, Publisher};

/// What making a generation came to.
#[derive(Debug)]
pub enum Drafted {
    /// Nothing changed, and nothing was written.
    Current(Examination),
    /// Something is wrong with the packages or the options, and nothing was written.
    Refused(Examination),
    /// There is a new generation to be published.
    Changed(Box<Draft>),
}

/// A new generation that nobody sees yet. It holds the lock of its repository.
#[derive(Debug)]
pub struct Draft {
    pub(super) lock: Lock,
    pub(super) stage: Stage,
    pub(super) repomd: Vec<u8>,
    pub(super) state: State,
    pub(super) time: Timestamp,
    pub(super) examination: Examination,
}

impl Draft {
    /// Signs and publishes it; without signers, unsigned.
    ///
    /// # Errors
    /// [`Error::Refused`](crate::Error::Refused) with what is wrong, [`Error::SignerCount`](crate::Error::SignerCount); [`Error::Repo`](crate::Error::Repo) and
    /// [`Error::OpenPgp`](crate::Error::OpenPgp) when reading, writing or signing fails. The old generation is then
    /// whole; if it was the journal's steps that failed, whoever takes the lock next
    /// completes them.
    pub fn publish(
        self,
        signers: &[Signer],
        publish: &PublishOptions,
        options: &CheckOptions,
        progress: &dyn Progress,
    ) -> Result<Signed> {
        let publisher = Publisher {
            lock: &self.lock,
            signers,
            time: self.time,
            publish,
            options,
            progress,
        };
        let built = Built {
            stage: self.stage,
            repomd: self.repomd,
            packages: None,
            places: None,
        };
        let signed = publisher.bring_out(built, self.examination)?;
        let mut state = self.state;
        state.observe(self.lock.root(), !signers.is_empty())?;
        state.write(self.lock.folder())?;
        Ok(signed)
    }
}
