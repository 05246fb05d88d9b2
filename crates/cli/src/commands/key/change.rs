//! What every command that changes a key does: open, change, write, tell.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use pkgseal_keyring::lifecycle::{Changed, Custody, HeldKey, KeyFile, PublicCopy, Written};
use pkgseal_keyring::{Error, KeySource, Passphrase};
use pkgseal_openpgp::{Certificates, Fingerprint};
use pkgseal_repo::Limits;

use crate::args::{Changing, KeyChange, KeyFileChange, NewPassphrase, OptionalSecrets};
use crate::failure::hinted;
use crate::{context, report};

/// A key, wherever it is, opened for a change.
pub(super) struct Opened {
    pub(super) custody: Box<dyn Custody>,
    pub(super) passphrase: Option<Passphrase>,
    pub(super) now: Timestamp,
}

/// A key file, opened for a change.
pub(super) struct OpenedFile {
    pub(super) file: KeyFile,
    pub(super) passphrase: Option<Passphrase>,
    pub(super) now: Timestamp,
}

pub(super) fn open(arguments: &KeyChange, clock: SystemTime) -> Result<Opened> {
    open_with(arguments, None, clock)
}

/// As [`open`], where a new subkey may go into a file of its own.
pub(super) fn open_for_subkey(
    arguments: &KeyChange,
    words: &NewPassphrase,
    clock: SystemTime,
) -> Result<Opened> {
    let words = context::passphrase(&words.source())?;
    if words.is_some() && arguments.changed.file().is_some() {
        return Err(hinted(
            "a new subkey in a key file is protected as its primary key is",
            "leave out --new-passphrase-…; to change the passphrase of all: pkgseal key passphrase",
        ));
    }
    open_with(arguments, words, clock)
}

fn open_with(
    arguments: &KeyChange,
    words: Option<Passphrase>,
    clock: SystemTime,
) -> Result<Opened> {
    let custody = custody(&arguments.changed, &arguments.secrets, words)
        .with_context(|| format!("cannot change {}", arguments.changed))?;
    opened(arguments, custody, clock)
}

/// As [`open`], where no secret part is needed: KEY may be a certificate.
pub(super) fn open_public(arguments: &KeyChange, clock: SystemTime) -> Result<Opened> {
    let certificates = &arguments.secrets.access.certificate;
    let custody = match custody(&arguments.changed, &arguments.secrets, None) {
        Err(error) if is_no_secret_key(&error) => {
            let file = arguments.changed.file().map(PathBuf::from);
            let paths: Vec<PathBuf> = file.iter().chain(certificates).cloned().collect();
            // Of a secret key that others can read, that is the trouble.
            let copy = match PublicCopy::open(&paths) {
                Ok(copy) => copy,
                Err(Error::KeyFile { reason, .. }) if reason.contains("secret key") => {
                    return Err(error);
                }
                Err(other) => return Err(other.into()),
            };
            copy.findings().iter().for_each(report::warn_finding);
            Box::new(copy)
        }
        other => other.with_context(|| format!("cannot change {}", arguments.changed))?,
    };
    opened(arguments, custody, clock)
}

/// Whether a file turned out to hold no secret key that could be used.
fn is_no_secret_key(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(Error::ReadableByOthers { .. } | Error::OpenPgp(_))
    )
}

fn opened(arguments: &KeyChange, custody: Box<dyn Custody>, clock: SystemTime) -> Result<Opened> {
    let now = context::now(&arguments.changing.moment, clock)?;
    let destination = context::destination(arguments.changing.output.as_deref());
    custody.prepare(&destination)?;
    Ok(Opened {
        custody,
        passphrase: context::passphrase(&arguments.secrets.access.passphrase)?,
        now,
    })
}

/// Who keeps a key.
pub(super) fn custody(
    source: &KeySource,
    secrets: &OptionalSecrets,
    words: Option<Passphrase>,
) -> Result<Box<dyn Custody>> {
    let OptionalSecrets { key: more, access } = secrets;
    let more: Vec<KeySource> = more
        .iter()
        .map(|key| context::with_token_options(key, access))
        .collect();
    match context::with_token_options(source, access) {
        KeySource::File(path) => {
            let published = published(&access.certificate)?;
            Ok(Box::new(KeyFile::open(&path, &published)?.and(&more)))
        }
        held => {
            let key = HeldKey::open(&held, &access.certificate)?;
            key.findings().iter().for_each(report::warn_finding);
            Ok(Box::new(key.and(&more).protecting(words)))
        }
    }
}

pub(super) fn open_file(arguments: &KeyFileChange, clock: SystemTime) -> Result<OpenedFile> {
    let now = context::now(&arguments.changing.moment, clock)?;
    let passphrase = context::passphrase(&arguments.passphrase)?;
    let published = published(&arguments.certificate)?;
    let file = KeyFile::open(&arguments.key_file, &published)
        .with_context(|| format!("cannot change {}", arguments.key_file.display()))?;
    Ok(OpenedFile {
        file,
        passphrase,
        now,
    })
}

/// The certificates that `--certificate` names; none where it is not given.
fn published(paths: &[PathBuf]) -> Result<Certificates> {
    if paths.is_empty() {
        return Ok(Certificates::default());
    }
    let loaded = pkgseal_keyring::open_all(paths, &Limits::default())?;
    loaded.findings.iter().for_each(report::warn_finding);
    anyhow::ensure!(
        !loaded.certificates.is_empty(),
        "no certificate in what --certificate names"
    );
    Ok(loaded.certificates)
}

/// Writes a change and tells what it is.
pub(super) fn finish(
    arguments: &KeyChange,
    opened: &Opened,
    verb: &str,
    changed: &Changed,
) -> Result<ExitCode> {
    let destination = context::destination(arguments.changing.output.as_deref());
    let written = opened.custody.store(changed, &destination)?;
    tell(&arguments.changing, verb, changed, &written)
}

/// As [`finish`], of a key file.
pub(super) fn finish_file(
    arguments: &KeyFileChange,
    opened: &OpenedFile,
    verb: &str,
    changed: &Changed,
) -> Result<ExitCode> {
    let destination = context::destination(arguments.changing.output.as_deref());
    let written = opened.file.store(changed, &destination)?;
    tell(&arguments.changing, verb, changed, &written)
}

/// Tells what was changed.
pub(super) fn tell(
    arguments: &Changing,
    verb: &str,
    changed: &Changed,
    written: &Written,
) -> Result<ExitCode> {
    report::changed_key(verb, changed, written, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

/// The full fingerprint that an option gives.
pub(super) fn fingerprint(option: &str, text: &str) -> Result<Fingerprint> {
    let mut all = context::fingerprints(option, &[text.to_owned()])?;
    all.pop().context("no fingerprint")
}
