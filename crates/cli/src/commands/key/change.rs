//! What every command that changes a key does: open, change, write, tell.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use pkgseal_keyring::Passphrase;
use pkgseal_keyring::lifecycle::{Changed, KeyFile};
use pkgseal_openpgp::{Certificates, Fingerprint};
use pkgseal_repo::Limits;

use crate::args::KeyChange;
use crate::{context, report};

/// A key file, opened for a change.
pub(super) struct Opened {
    pub(super) file: KeyFile,
    pub(super) passphrase: Option<Passphrase>,
    pub(super) now: Timestamp,
}

pub(super) fn open(arguments: &KeyChange, clock: SystemTime) -> Result<Opened> {
    let now = context::now(&arguments.moment, clock)?;
    let passphrase = context::passphrase(&arguments.passphrase)?;
    let published = if arguments.certificate.is_empty() {
        Certificates::default()
    } else {
        let loaded = pkgseal_keyring::open_all(&arguments.certificate, &Limits::default())?;
        loaded.findings.iter().for_each(report::warn_finding);
        anyhow::ensure!(
            !loaded.certificates.is_empty(),
            "no certificate in what --certificate names"
        );
        loaded.certificates
    };
    let file = KeyFile::open(&arguments.key_file, &published)
        .with_context(|| format!("cannot change {}", arguments.key_file.display()))?;
    Ok(Opened {
        file,
        passphrase,
        now,
    })
}

/// Writes a change and tells what it is.
pub(super) fn finish(
    arguments: &KeyChange,
    opened: &Opened,
    verb: &str,
    changed: &Changed,
) -> Result<ExitCode> {
    let destination = context::destination(arguments.output.as_deref());
    let written = opened.file.write(changed, &destination)?;
    tell(arguments, verb, changed, &[], &written)
}

/// Tells what was changed; `more` are files beside key and certificate.
pub(super) fn tell(
    arguments: &KeyChange,
    verb: &str,
    changed: &Changed,
    more: &[PathBuf],
    written: &[PathBuf; 2],
) -> Result<ExitCode> {
    report::changed_key(verb, changed, more, written, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

/// The full fingerprint that an option gives.
pub(super) fn fingerprint(option: &str, text: &str) -> Result<Fingerprint> {
    let mut all = context::fingerprints(option, &[text.to_owned()])?;
    all.pop().context("no fingerprint")
}
