//! Keys that an external command signs with: the service of a cloud, a remote signer,
//! anything that signs a digest.
//!
//! `command:PROGRAM` names a program by its absolute path, or by a name that is looked for
//! in `PATH`. `command:/path/to/FILE.toml` names a file of settings, which gives it
//! arguments; see [`CommandKey`]. No shell is run, and of the environment it sees only what
//! is listed.
//!
//! # The protocol
//!
//! pkgseal writes a request, one line of JSON, to the program's standard input:
//!
//! ```json
//! {"version":1,"operation":"sign","algorithm":"rsa","hash":"SHA256","digest":"5e3f…",
//!  "fingerprint":"D869…","certificate":"D869…","public_key":{"n":"c0ff…","e":"010001"}}
//! ```
//!
//! | field | what it is |
//! |---|---|
//! | `version` | 1 |
//! | `operation` | `sign` |
//! | `algorithm` | `rsa` (PKCS #1 v1.5), `ecdsa`, or `ed25519` over the digest as its message |
//! | `hash` | `SHA256`, `SHA384` or `SHA512` |
//! | `digest` | the digest, hexadecimal |
//! | `fingerprint` | of the key that is to sign |
//! | `certificate` | of the certificate it belongs to |
//! | `public_key` | `n` and `e`; or `curve` (`P-256`, `P-384`, `P-521`) and `point`, uncompressed; or `point`, 32 bytes |
//!
//! The program writes its answer, one line of JSON, to standard output:
//!
//! ```json
//! {"version":1,"signature":"MEUCIQ…","encoding":"base64","form":"der"}
//! ```
//!
//! | field | what it is |
//! |---|---|
//! | `version` | 1 |
//! | `signature` | the signature |
//! | `encoding` | of `signature`: `base64` (default), `base64url` or `hex` |
//! | `form` | `raw` (default): the PKCS #1 block, `r` and `s` of equal length, 64 bytes; or `der`: ECDSA's sequence of two numbers |
//! | `digest` | may repeat the digest; another one is an error |
//! | `error` | in place of `signature`: why it does not sign |
//!
//! By default each signature has a process of its own, whose standard input ends after the
//! request, and which must end with exit status 0. With `mode = "session"` a process is
//! kept, one for each thread that signs, and answers line by line until its standard input
//! ends. Before anything is signed, one constant is, to see that the key is the right one.

mod process;
mod protocol;
mod settings;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use openpgp::crypto::mpi;
use openpgp::types::HashAlgorithm;
use pkgseal_openpgp::{Certificate, Certificates, Signer, SigningKey};
use sequoia_openpgp as openpgp;

use super::encoding::Public;
use super::pool::Pool;
use super::{Found, KeySource, SignerError, certificate_of, said};
use crate::{Error, Result};
use process::{Failure, Process};
use protocol::Request;
use settings::{Mode, Settings};

/// Names a key that an external command signs with: a program, or a file of settings.
///
/// ```toml
/// version = 1
/// program = "/usr/local/bin/kms-sign"
/// # Handed over as they are; no shell reads them.
/// arguments = ["--key-id", "alias/release"]
/// # The key that it signs with, where several certificates are known.
/// fingerprint = "D8692123C4065DEA5E0F3AB5249B39D24F25E3B6"
/// # A process for each signature ("each", the default), or one that is kept ("session").
/// mode = "session"
/// # At the same time, at most.
/// processes = 4
/// # For one answer.
/// timeout = "60s"
/// # What it sees of the environment besides PATH, HOME, USER, LOGNAME, LANG, LC_ALL, TZ,
/// # TMPDIR, XDG_RUNTIME_DIR and CREDENTIALS_DIRECTORY.
/// environment = ["AWS_PROFILE", "VAULT_*"]
/// ```
///
/// Neither the file nor the program may be writable by everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandKey {
    text: String,
}

impl CommandKey {
    /// Reads what follows `command:`.
    ///
    /// # Errors
    /// What is wrong with it: a relative path, arguments.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it names no program".to_owned());
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(
                "a program stands alone: arguments go into a file of settings (FILE.toml)"
                    .to_owned(),
            );
        }
        if text.contains('/') && !text.starts_with('/') {
            return Err(
                "the path is relative: write it from / on, or a name that is in PATH".to_owned(),
            );
        }
        if text.ends_with(".toml") && !text.contains('/') {
            return Err("a file of settings is written from / on".to_owned());
        }
        Ok(Self {
            text: text.to_owned(),
        })
    }

    fn settings(&self, source: &KeySource) -> Result<Settings> {
        let settings = if self.text.ends_with(".toml") {
            Settings::read(&PathBuf::from(&self.text))
        } else {
            Settings::of_program(&self.text)
        };
        settings.map_err(|reason| SignerError::new(source, reason).into())
    }
}

impl std::fmt::Display for CommandKey {
    /// As `CommandKey::parse` reads it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Opens the key that a command signs with.
pub(super) fn open(
    key: &CommandKey,
    source: &KeySource,
    certificates: &Certificates,
    now: Timestamp,
) -> Result<Signer> {
    let settings = key.settings(source)?;
    let certificate = known(&settings, source, certificates)?;
    let signing = SigningKey::choose(&certificate, settings.fingerprint.as_ref(), now)?;
    hold(settings, signing, source)
}

/// The certificate whose key the command has.
pub(super) fn certificate(
    key: &CommandKey,
    source: &KeySource,
    certificates: &Certificates,
) -> Result<Certificate> {
    Ok(known(&key.settings(source)?, source, certificates)?)
}

/// This one key, where it is the command's: the one its settings name, else the primary.
pub(super) fn find(key: &CommandKey, wanted: SigningKey, source: &KeySource) -> Result<Found> {
    let settings = key.settings(source)?;
    let has = match &settings.fingerprint {
        Some(fingerprint) => fingerprint.clone(),
        None => wanted.certificate().fingerprint(),
    };
    if has == *wanted.fingerprint() {
        return hold(settings, wanted, source).map(Found::Here);
    }
    let reason = format!(
        "it signs with {has}, by its settings, not with {}",
        wanted.fingerprint()
    );
    Ok(Found::Elsewhere(
        SignerError::new(source, reason)
            .hint("name the command that signs with the primary key")
            .into(),
    ))
}

fn known(
    settings: &Settings,
    source: &KeySource,
    certificates: &Certificates,
) -> Result<Certificate, SignerError> {
    if let Some(fingerprint) = &settings.fingerprint {
        return certificate_of(source, fingerprint, certificates);
    }
    super::only(source, certificates).map_err(|error| match certificates.is_empty() {
        true => error,
        false => error.hint(
            "name only one with --certificate FILE, or write fingerprint = \"…\" into a file of \
             settings",
        ),
    })
}

fn hold(settings: Settings, signing: SigningKey, source: &KeySource) -> Result<Signer> {
    let held = Held {
        request: Request::of(&signing).map_err(|reason| SignerError::new(source, reason))?,
        public: signing.public().clone(),
        pool: Pool::new(settings.processes),
        settings: Arc::new(settings),
        source: source.clone(),
    };
    Ok(signing.held_by(move |hash, digest| held.sign(hash, digest).map_err(said))?)
}

/// A command that signs.
struct Held {
    settings: Arc<Settings>,
    source: KeySource,
    request: Request,
    public: Public,
    /// Kept processes; empty places where each signature has one of its own.
    pool: Pool<Option<Process>>,
}

impl Held {
    fn sign(&self, hash: HashAlgorithm, digest: &[u8]) -> Result<mpi::Signature> {
        let failed = |reason| self.failed(Failure::silent(reason));
        let request = self.request.line(hash, digest).map_err(failed)?;
        self.pool.with(
            || Ok(None),
            |kept| {
                let line = self
                    .ask(kept, &request)
                    .map_err(|failure| self.failed(failure))?;
                protocol::signature(&line, &self.public, hash, digest).map_err(failed)
            },
        )
    }

    fn ask(&self, kept: &mut Option<Process>, request: &str) -> Result<Vec<u8>, Failure> {
        let mut process = match kept.take() {
            Some(process) => process,
            None => Process::start(&self.settings)?,
        };
        let answer = match self.settings.mode {
            Mode::Each => return process.ask_once(request),
            Mode::Session => process.ask(request)?,
        };
        *kept = Some(process);
        Ok(answer)
    }

    fn failed(&self, failure: Failure) -> Error {
        let said = failure.said.trim();
        let reason = if said.is_empty() {
            failure.reason
        } else {
            format!("{}; it said: {said}", failure.reason)
        };
        SignerError::new(&self.source, reason)
            .hint(format!(
                "run it by hand, with a request on standard input: {} (pkgseal-signer(7) \
                 describes requests and answers)",
                self.settings.program.display()
            ))
            .into()
    }
}

#[cfg(test)]
mod tests;
