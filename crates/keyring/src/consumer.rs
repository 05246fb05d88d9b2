//! Who reads certificates, and what each makes of one.
//!
//! A [`Consumer`] is a program of other people that verifies signatures: apt of a release,
//! rpm of a version, Maven Central. It is asked two things: what it finds in a key file as
//! the file lies there ([`Consumer::reads`]), and what it would make of a signature that a
//! key of a certificate makes at a moment ([`Consumer::judge`]), with the date on which
//! that answer changes. Nothing here verifies anything for pkgseal: these are answers
//! about others.
//!
//! Most consumers are a [`Model`]: profiles by date, and what becomes of keys in each
//! state. Those that speak of certificates alone are data (`consumers/*.toml`); those of
//! apt and rpm are composed of their clients where both worlds meet, in the command.

mod codes;
mod data;
mod file;
mod model;

use std::fmt::Debug;

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, Fingerprint, KeyFacts, Profile};
use pkgseal_repo::{Finding, Severity};

pub use codes::{
    EXPIRED, FORM, LENIENT, NO_KEY_FLAGS, NO_SIGNING_KEY, NOT_IMPORTED, NOT_YET_VALID, REVOKED,
    SOON, UNBOUND, WEAK_KEY, WEAK_SELF_SIGNATURE,
};
pub use file::KeyFile;
pub use model::{Model, Policy, Treatment};

/// A program that verifies signatures, and what it makes of certificates.
pub trait Consumer: Debug + Send + Sync {
    /// Its name: `trixie`, `rpm-4.18`, `maven-central`…
    fn name(&self) -> &str;

    /// What it is, in a line.
    fn summary(&self) -> &str;

    /// How its rules were checked.
    fn checked(&self) -> &str;

    /// What it finds in a key file, whatever the certificates in it are worth.
    fn reads(&self, file: &KeyFile<'_>) -> Reading;

    /// What it would make of signatures over data that the keys of this certificate make
    /// at `now`, where it looks at them at `now` and has the certificate in a form it
    /// reads.
    fn judge(&self, certificate: &Certificate, now: Timestamp) -> Judgement;

    /// The profile by which it judges a signature at `now`, where its rules can be said as
    /// one.
    fn profile(&self, now: Timestamp) -> Option<Profile> {
        let _ = now;
        None
    }
}

/// What a consumer makes of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// The key is not meant to sign: nobody asks.
    NotAsked,
    /// It takes it in silence.
    Accepts,
    /// It takes it, and warns or will not for long.
    Warns,
    /// It refuses it.
    Rejects,
}

impl Answer {
    /// Its word: `not-asked`, `accepts`, `warns` or `rejects`.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotAsked => "not-asked",
            Self::Accepts => "accepts",
            Self::Warns => "warns",
            Self::Rejects => "rejects",
        }
    }

    /// Whether what is signed counts: accepted, with a warning or without.
    pub fn counts(self) -> bool {
        matches!(self, Self::Accepts | Self::Warns)
    }
}

/// An answer that is going to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The first moment of the new answer.
    pub at: Timestamp,
    /// The new answer.
    pub to: Answer,
    /// Why.
    pub reasons: Vec<Finding>,
}

/// An answer, why, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// What the consumer does.
    pub answer: Answer,
    /// Why, where it does not simply accept; notes where something is worth knowing
    /// though it accepts.
    pub reasons: Vec<Finding>,
    /// How the answer is going to change, as far as that is known, in order of time.
    pub changes: Vec<Change>,
}

impl Opinion {
    /// An answer that holds for good, as far as is known.
    pub fn new(answer: Answer, reasons: Vec<Finding>) -> Self {
        Self {
            answer,
            reasons,
            changes: Vec::new(),
        }
    }

    /// What it says at a moment, now or later, and why.
    pub fn at(&self, moment: Timestamp) -> (Answer, &[Finding]) {
        let last = self.changes.iter().rev().find(|change| change.at <= moment);
        last.map_or((self.answer, self.reasons.as_slice()), |change| {
            (change.to, change.reasons.as_slice())
        })
    }

    /// The change by which the consumer comes to reject what it takes now.
    pub fn end(&self) -> Option<&Change> {
        let ends = self.changes.iter().find(|change| !change.to.counts());
        ends.filter(|_| self.answer.counts())
    }

    /// The moment from which on the consumer rejects what it takes now.
    pub fn until(&self) -> Option<Timestamp> {
        self.end().map(|change| change.at)
    }
}

impl Opinion {
    /// Weighs one more thing: what rejects or warns makes the answer that, for good.
    pub fn also(&mut self, finding: &Finding) {
        let answer = match finding.severity {
            Severity::Reject | Severity::Undecided => Answer::Rejects,
            Severity::Warning => Answer::Warns,
            Severity::Note => self.answer,
        };
        if answer <= self.answer {
            self.reasons.push(finding.clone());
            return;
        }
        // What decides comes first.
        self.reasons.insert(0, finding.clone());
        self.answer = answer;
        self.changes.retain(|change| change.to > answer);
    }
}

/// What a consumer makes of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOpinion {
    /// The (sub)key.
    pub key: Fingerprint,
    /// Whether it is the primary key.
    pub primary: bool,
    /// What it makes of what this key signs.
    pub opinion: Opinion,
}

/// What a consumer makes of a certificate: the best that any key of it can have, and each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Of the certificate: whether anything signed by it counts.
    pub whole: Opinion,
    /// Of each key, in the order of the certificate, the primary key first.
    pub keys: Vec<KeyOpinion>,
}

impl Judgement {
    /// Makes the answer for the certificate anew from those for its keys: the best that
    /// any of them has, now and at every moment one of them changes.
    pub fn sum_up(&mut self) {
        let asked = || {
            self.keys
                .iter()
                .map(|key| &key.opinion)
                .filter(|opinion| opinion.answer != Answer::NotAsked)
        };
        let mut moments: Vec<_> = asked()
            .flat_map(|opinion| &opinion.changes)
            .map(|change| change.at)
            .collect();
        moments.sort_unstable();
        moments.dedup();
        let Some(answer) = asked().map(|opinion| opinion.answer).min() else {
            return;
        };
        let mut whole = Opinion::new(answer, Vec::new());
        for opinion in asked().filter(|opinion| opinion.answer == answer) {
            merge(&mut whole.reasons, &opinion.reasons);
        }
        for at in moments {
            let to = asked().map(|opinion| opinion.at(at).0).min();
            let before = whole.changes.last().map_or(answer, |last| last.to);
            let Some(to) = to.filter(|to| *to != before) else {
                continue;
            };
            let mut reasons = Vec::new();
            for (_, those) in asked()
                .map(|opinion| opinion.at(at))
                .filter(|one| one.0 == to)
            {
                merge(&mut reasons, those);
            }
            whole.changes.push(Change { at, to, reasons });
        }
        self.whole = whole;
    }

    /// The consumer does not have the certificate with these keys at all.
    pub fn absent(keys: &[KeyFacts], reason: &Finding) -> Self {
        let opinion = |key: &KeyFacts| {
            if key.capabilities.is_empty() || key.capabilities.contains(&"sign") {
                Opinion::new(Answer::Rejects, vec![reason.clone()])
            } else {
                Opinion::new(Answer::NotAsked, Vec::new())
            }
        };
        Self {
            whole: Opinion::new(Answer::Rejects, vec![reason.clone()]),
            keys: keys
                .iter()
                .map(|key| KeyOpinion {
                    key: key.fingerprint.clone(),
                    primary: key.primary,
                    opinion: opinion(key),
                })
                .collect(),
        }
    }

    /// The consumer does not have the certificate at all.
    #[must_use]
    pub fn without_it(mut self, reason: &Finding) -> Self {
        for key in &mut self.keys {
            if key.opinion.answer != Answer::NotAsked {
                key.opinion = Opinion::new(Answer::Rejects, vec![reason.clone()]);
            }
        }
        self.whole = Opinion::new(Answer::Rejects, vec![reason.clone()]);
        self
    }
}

/// What a consumer finds in a key file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Fingerprints of the certificates it finds.
    pub found: Vec<Fingerprint>,
    /// What it does not like about the file, and why it finds no more.
    pub reasons: Vec<Finding>,
}

impl Reading {
    /// It finds every certificate of the file.
    pub fn whole(file: &KeyFile<'_>) -> Self {
        Self {
            found: file
                .certificates
                .iter()
                .map(Certificate::fingerprint)
                .collect(),
            reasons: Vec::new(),
        }
    }

    /// It finds nothing in the file.
    pub fn nothing(reason: Finding) -> Self {
        Self {
            found: Vec::new(),
            reasons: vec![reason],
        }
    }
}

/// Takes over what is not there yet.
fn merge(reasons: &mut Vec<Finding>, more: &[Finding]) {
    for reason in more {
        if !reasons.contains(reason) {
            reasons.push(reason.clone());
        }
    }
}
