//! What the apt of a given release would say of a signed root.
//!
//! A [`Client`] is data: which program judges signatures, which digests and keys it takes
//! and until when, how it reads key files. Its [`Client::judge`] follows that apt's own
//! steps, lenient where it is lenient and wrong where it is wrong, and says
//! [`Answer::Accepts`], [`Answer::Warns`] or [`Answer::Rejects`] with reasons. It never
//! makes anything `Verified`: it is an answer about somebody else.
//!
//! What is judged is the root: InRelease, or Release with Release.gpg, up to the moment
//! where the client begins to fetch indices. From there on every client compares hashes.
//!
//! The models are held against the real programs by this crate's test `agreement`; the
//! counts and every difference from our own verdict stand in `CLIENTS.md`.

mod armor;
mod certificate;
mod compare;
mod cut_off;
mod date;
mod keyring;
mod openpgp;
mod release;
mod rules;
mod signatures;
mod split;

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, Certificates, KeyState};
use pkgseal_repo::{DataFileError, DataFiles, Finding, Severity};

pub use certificate::Policies;
pub use compare::{ClientsOnRoot, Difference, StandingRoot, ask_clients, standing_roots};
pub use cut_off::{CutOff, RootDates};
pub use keyring::{KeyFile, Keys};

use crate::codes;
use rules::Rules;

const CLIENTS: DataFiles = DataFiles::new(
    "client",
    &[
        ("bullseye", include_str!("../../clients/bullseye.toml")),
        ("bookworm", include_str!("../../clients/bookworm.toml")),
        ("trixie", include_str!("../../clients/trixie.toml")),
        ("forky", include_str!("../../clients/forky.toml")),
        ("jammy", include_str!("../../clients/jammy.toml")),
        ("noble", include_str!("../../clients/noble.toml")),
    ],
);

/// The apt of one release, as data. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    rules: std::sync::Arc<Rules>,
    text: std::sync::Arc<str>,
}

/// What a client does with a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It takes it over in silence.
    Accepts,
    /// It takes it over and prints a warning.
    Warns,
    /// It refuses it.
    Rejects,
}

/// An answer, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientVerdict {
    /// The client's name.
    pub client: String,
    /// What it does.
    pub answer: Answer,
    /// Why; codes `apt.client.*`.
    pub reasons: Vec<Finding>,
}

/// What a client finds at the publisher and at home.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The file InRelease, if there is one.
    pub inrelease: Option<&'a [u8]>,
    /// The file Release, if there is one.
    pub release: Option<&'a [u8]>,
    /// The file Release.gpg, if there is one.
    pub signature: Option<&'a [u8]>,
    /// The suite as the sources entry names it; `None` for a flat repository.
    pub suite: Option<&'a str>,
    /// The certificates it trusts.
    pub keys: &'a Keys,
    /// What its clock says.
    pub now: Timestamp,
}

impl Client {
    /// A built-in client by name.
    ///
    /// # Errors
    /// [`DataFileError`], naming those there are.
    pub fn named(name: &str) -> Result<Self, DataFileError> {
        Self::parse(name, CLIENTS.text(name)?)
    }

    /// Names of the built-in clients, the older releases of a distribution first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        CLIENTS.names()
    }

    /// Reads a client's file; `based-on` names a built-in one that says the rest.
    ///
    /// # Errors
    /// [`DataFileError`] with the field.
    pub fn parse(name: &str, text: &str) -> Result<Self, DataFileError> {
        Ok(Self {
            rules: CLIENTS.inherit::<Rules>(name, text)?.into(),
            text: text.into(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.rules.name
    }

    /// What it is, in a line.
    pub fn summary(&self) -> &str {
        &self.rules.summary
    }

    /// How its rules were checked.
    pub fn checked(&self) -> &str {
        &self.rules.checked
    }

    /// The file it was read from, explanations and all.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The certificates it finds, and what it does not like about the form they are in.
    pub fn finds(&self, keys: &Keys) -> (Certificates, Vec<Finding>) {
        let mut reasons = Vec::new();
        match keyring::load(&self.rules, keys, &mut reasons) {
            Ok(found) => (found, reasons),
            Err(reason) => {
                reasons.push(*reason);
                (Certificates::default(), reasons)
            }
        }
    }

    /// Why it would count nothing that this certificate signs at a moment, or would not
    /// for long; `None` where all is well.
    pub fn lint(&self, certificate: &Certificate, now: Timestamp) -> Option<Finding> {
        let rules = &*self.rules;
        let later = match rules.program {
            rules::Program::Sqv => openpgp::Policy::At(signatures::in_a_year(now)),
            rules::Program::Gpgv => openpgp::Policy::Next(now),
        };
        let warn = |code, detail: String| {
            let cause = format!("client {}: {}", rules.name, rules.summary);
            let subject = certificate.fingerprint().to_string();
            Some(Finding::warning(code, subject, detail).because(cause))
        };
        let today = self.unfit(certificate, openpgp::Policy::At(now), now);
        if let Some(why) = today {
            let detail = format!("{} counts nothing it signs: {why}", rules.name);
            return warn(codes::CLIENT_NO_GOOD, detail);
        }
        let why = self.unfit(certificate, later, now)?;
        let detail = format!(
            "{} will not count for long what it signs: {why}",
            rules.name
        );
        warn(codes::CLIENT_SOON, detail)
    }

    /// Why no key of a certificate can sign under a policy.
    fn unfit(
        &self,
        certificate: &Certificate,
        policy: openpgp::Policy,
        now: Timestamp,
    ) -> Option<String> {
        let profile = match openpgp::profile(&self.rules, policy) {
            Ok(profile) => profile,
            Err(error) => return Some(error.to_string()),
        };
        let keys = certificate.keys(&profile, now);
        if keys.iter().any(|key| key.state == KeyState::Live) {
            return None;
        }
        let signing = keys.iter().filter(|key| key.capabilities.contains(&"sign"));
        let why: Vec<_> = signing.map(|key| key_state(&key.state)).collect();
        Some(if why.is_empty() {
            "no key in it may sign".to_owned()
        } else {
            why.join("; ")
        })
    }

    /// What it would do with a root it has never seen before.
    pub fn judge(&self, question: &Question<'_>) -> ClientVerdict {
        let mut reasons = Vec::new();
        if let Err(reason) = self.steps(question, &mut reasons) {
            reasons.push(*reason);
        }
        let answer = match reasons.iter().map(|reason| reason.severity).max() {
            Some(Severity::Reject | Severity::Undecided) => Answer::Rejects,
            Some(Severity::Warning) => Answer::Warns,
            Some(Severity::Note) | None => Answer::Accepts,
        };
        ClientVerdict {
            client: self.name().to_owned(),
            answer,
            reasons,
        }
    }

    /// apt's own order: sources entry, file, signature, content, dates.
    fn steps(
        &self,
        question: &Question<'_>,
        reasons: &mut Vec<Finding>,
    ) -> Result<(), Box<Finding>> {
        let rules = &*self.rules;
        let pins = question.keys.pins()?;
        if let Some(inrelease) = question.inrelease {
            let subject = "InRelease";
            within_cap(inrelease, subject)?;
            let message = split::clearsigned(inrelease)
                .map_err(|detail| reject(codes::CLIENT_SPLIT, subject, detail))?;
            self.signed(
                question,
                &pins,
                &message.text,
                &message.blocks,
                subject,
                reasons,
            )?;
            return release::judge(rules, &message.text, subject, question, reasons);
        }
        let subject = "Release";
        let Some(text) = question.release else {
            let detail = "there is no InRelease and no Release";
            return Err(reject(codes::CLIENT_MISSING, subject, detail));
        };
        within_cap(text, subject)?;
        let Some(signature) = question.signature else {
            let detail = "there is no InRelease, and the Release has no Release.gpg";
            return Err(reject(codes::CLIENT_UNSIGNED, subject, detail));
        };
        let blocks = split::detached(signature)
            .map_err(|detail| reject(codes::CLIENT_SIGNATURE_FILE, "Release.gpg", detail))?;
        self.signed(question, &pins, text, &blocks, "Release.gpg", reasons)?;
        release::judge(rules, text, subject, question, reasons)
    }

    /// Whether the client finds a good signature.
    fn signed(
        &self,
        question: &Question<'_>,
        pins: &[keyring::Pin],
        text: &[u8],
        blocks: &[split::Block],
        subject: &str,
        reasons: &mut Vec<Finding>,
    ) -> Result<(), Box<Finding>> {
        let keyring = keyring::load(&self.rules, question.keys, reasons)?;
        let judge = signatures::Judge {
            rules: &self.rules,
            certificates: &keyring,
            pins,
            now: question.now,
            subject,
        };
        judge.run(text, blocks, reasons)
    }
}

fn key_state(state: &KeyState) -> String {
    match state {
        KeyState::Live => "the key is live".to_owned(),
        KeyState::Expired { at, .. } => format!("the key expired at {at}"),
        KeyState::NotYetValid { from } => format!("the key is made at {from} only"),
        KeyState::Revoked(_) => "the key is revoked".to_owned(),
        KeyState::NotForSigning => "the key may not sign".to_owned(),
        KeyState::Unbound { reason } | KeyState::Weak { reason } => reason.clone(),
    }
}

/// `Acquire::MaxReleaseFileSize`.
const MOST_BYTES: usize = 10_000_000;

fn within_cap(bytes: &[u8], subject: &str) -> Result<(), Box<Finding>> {
    if bytes.len() > MOST_BYTES {
        let detail = format!("longer than {MOST_BYTES} bytes (Acquire::MaxReleaseFileSize)");
        return Err(reject(codes::CLIENT_MISSING, subject, detail));
    }
    Ok(())
}

fn reject(code: pkgseal_repo::Code, subject: &str, detail: impl Into<String>) -> Box<Finding> {
    Box::new(Finding::reject(code, subject, detail))
}

#[cfg(test)]
mod tests;
