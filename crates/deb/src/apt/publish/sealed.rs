//! A Release with its signatures, in memory and read back.

use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{Armor, Examination, Object, Signer, Verified, Verifier, cleartext};
use pkgseal_repo::{Finding, Limits, Outcome, read_file};

use super::refused;
use crate::apt::release::Release;
use crate::apt::root::same_text;
use crate::{Result, codes};

/// A Release with its signatures, in memory.
pub(in crate::apt) struct Sealed {
    /// The text.
    pub(super) text: Vec<u8>,
    /// Whether it is written along with its signatures.
    pub(super) with_text: bool,
    /// InRelease and Release.gpg.
    pub(super) signatures: Option<(Vec<u8>, Vec<u8>)>,
    /// What it says.
    pub(super) release: Verified<Release>,
}

impl Sealed {
    /// Signs a text. What clients would reject is refused: it is read as strictly as
    /// when it is verified, and its dates are judged at `time`. `path` and `subject` name
    /// it in errors and findings.
    pub(in crate::apt) fn make(
        (path, subject): (&Path, &str),
        text: Vec<u8>,
        signers: &[Signer],
        time: Timestamp,
        limits: &Limits,
    ) -> Result<Self> {
        let unsigned = Verified::danger_unverified(text.clone());
        let release = Release::parse(unsigned, subject, limits)
            .map_err(|finding| refused(path, vec![*finding]))?;
        if let Some(finding) = release.get().freshness(subject, time) {
            return Err(refused(path, vec![finding]));
        }
        if signers.is_empty() {
            return Ok(Self {
                text,
                with_text: true,
                signatures: None,
                release,
            });
        }
        let inrelease = cleartext::sign(signers, &text, time)?;
        let signature = Signer::detached(signers, &text, Armor::Armored, time)?;
        // Read the way everyone else will.
        let verifier = Verifier::of_signers(signers, time);
        let judged = verifier.cleartext(Object::Repository, &inrelease);
        let (verified, report) = judged.accept();
        let Some(verified) = verified else {
            return Err(refused(path, report.findings(subject)));
        };
        let release = Release::parse(verified, subject, limits)
            .map_err(|finding| refused(path, vec![*finding]))?;
        Ok(Self {
            text,
            with_text: true,
            signatures: Some((inrelease, signature)),
            release,
        })
    }

    /// Leaves the text where it is.
    pub(in crate::apt) fn without_text(mut self) -> Self {
        self.with_text = false;
        self
    }

    /// The text.
    pub(in crate::apt) fn text(&self) -> &[u8] {
        &self.text
    }

    /// InRelease and Release.gpg; empty without signers.
    pub(in crate::apt) fn signatures(&self) -> (&[u8], &[u8]) {
        match &self.signatures {
            Some((inrelease, signature)) => (inrelease, signature),
            None => (&[], &[]),
        }
    }

    /// What it says.
    pub(in crate::apt) fn release(&self) -> &Verified<Release> {
        &self.release
    }

    /// Reads what was written in `directory` back and judges it with the public
    /// certificates. `prefix` stands before the names in findings.
    pub(super) fn verify(
        &self,
        directory: &Path,
        prefix: &str,
        verifier: &Verifier,
        limits: &Limits,
        examination: &mut Examination,
    ) -> Result<()> {
        if self.signatures.is_none() {
            return Ok(());
        }
        let before = examination.report.findings.len();
        let (inrelease, signature) = (format!("{prefix}InRelease"), format!("{prefix}Release.gpg"));
        let path = directory.join("InRelease");
        let message = read_file(&path, limits.release.saturating_mul(2))?;
        let (inline, report) = verifier.cleartext(Object::Repository, &message).accept();
        examination.add_signatures(&inrelease, report);
        let block = read_file(&directory.join("Release.gpg"), limits.release)?;
        let (detached, report) = verifier
            .detached_bytes(Object::Repository, self.text.clone(), &block)
            .accept();
        examination.add_signatures(&signature, report);
        let same = match (&inline, &detached) {
            (Some(inline), Some(detached)) => same_text(inline.get(), detached.get()),
            _ => false,
        };
        if !same && examination.outcome() == Outcome::Accepted {
            let detail = "InRelease would not hold the text of Release";
            let finding = Finding::reject(codes::RELEASE_TEXTS, inrelease, detail);
            examination.report.push(finding);
        }
        if examination.outcome() != Outcome::Accepted {
            let findings = examination.report.findings.split_off(before);
            return Err(refused(&path, findings));
        }
        Ok(())
    }
}
