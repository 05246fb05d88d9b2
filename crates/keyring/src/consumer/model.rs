//! A consumer as data: profiles by date, and what becomes of keys in each state.

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, KeyFacts, KeyState, Profile, codes as openpgp_codes};
use pkgseal_repo::{Code, Finding};

use super::{Answer, Change, Judgement, KeyFile, KeyOpinion, Opinion, Reading, codes};
use crate::consumer::Consumer;

/// A profile, and from when on it is in force by the consumer's clock.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The first moment; `None` of the policy that was in force before all others.
    pub from: Option<Timestamp>,
    /// What is taken from then on.
    pub profile: Profile,
}

/// What becomes of keys that are not simply alive: an answer and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// Of an expired key.
    pub expired: (Answer, String),
    /// Of one that is revoked as superseded or retired.
    pub retired: (Answer, String),
    /// Of one that is revoked as compromised or without a reason.
    pub revoked: (Answer, String),
    /// Of one that is not bound to its certificate.
    pub unbound: (Answer, String),
    /// Of a certificate that is nothing but a key.
    pub bare: (Answer, String),
    /// Of a primary key of which no self-signature says what it may do, as in certificates
    /// of the nineties.
    pub unflagged: (Answer, String),
}

impl Treatment {
    /// Takes nothing but live keys.
    pub fn strict(why: &str) -> Self {
        let rejects = || (Answer::Rejects, why.to_owned());
        Self {
            expired: rejects(),
            retired: rejects(),
            revoked: rejects(),
            unbound: rejects(),
            bare: rejects(),
            unflagged: rejects(),
        }
    }
}

/// A consumer as data.
#[derive(Clone, Debug)]
pub struct Model {
    name: String,
    summary: String,
    checked: String,
    /// By date, the oldest first.
    policies: Vec<Policy>,
    /// What it warns by; empty where it warns of nothing.
    foretold: Vec<Policy>,
    treatment: Treatment,
    /// The newest version of OpenPGP it knows.
    newest: u8,
    /// Whether it reads no further in a file than up to a newer one.
    stops: bool,
}

impl Model {
    /// A consumer of this name that reads every form of key file.
    pub fn new(
        name: impl Into<String>,
        summary: impl Into<String>,
        checked: impl Into<String>,
        policies: Vec<Policy>,
        treatment: Treatment,
    ) -> Self {
        Self {
            name: name.into(),
            summary: summary.into(),
            checked: checked.into(),
            policies: sorted(policies),
            foretold: Vec::new(),
            treatment,
            newest: u8::MAX,
            stops: false,
        }
    }

    /// Knows certificates up to this version of OpenPGP alone.
    #[must_use]
    pub fn knowing(mut self, newest: u8) -> Self {
        self.newest = newest;
        self
    }

    /// Reads no further in a file than up to a certificate of a newer version, and loses
    /// the one that it was reading.
    #[must_use]
    pub fn stopping_at_newer(mut self) -> Self {
        self.stops = true;
        self
    }

    /// Warns of what these policies do not take.
    #[must_use]
    pub fn foretelling(mut self, policies: Vec<Policy>) -> Self {
        self.foretold = sorted(policies);
        self
    }

    /// What is said of each key at one moment.
    fn at(&self, certificate: &Certificate, now: Timestamp) -> Vec<(KeyFacts, Said)> {
        let Some(profile) = in_force(&self.policies, now) else {
            return Vec::new();
        };
        let facts = certificate.keys(profile, now);
        let later = in_force(&self.foretold, now).map(|profile| certificate.keys(profile, now));
        let bare = certificate.is_bare();
        let one = |(place, facts): (usize, KeyFacts)| {
            let later = later.as_ref().and_then(|keys| keys.get(place));
            let said = self.of_key(&facts, later, bare);
            (facts, said)
        };
        facts.into_iter().enumerate().map(one).collect()
    }

    /// What is said of a certificate in which nobody finds a key to ask about.
    fn no_key(&self, certificate: &Certificate) -> Opinion {
        let detail = "no key in it is meant to sign";
        let subject = certificate.fingerprint().to_string();
        let finding = Finding::reject(codes::NO_SIGNING_KEY, subject, detail).because(format!(
            "{}: only signing keys make signatures that count",
            self.name
        ));
        Opinion::new(Answer::Rejects, vec![finding])
    }

    fn of_key(&self, facts: &KeyFacts, later: Option<&KeyFacts>, bare: bool) -> Said {
        let (code, treated) = match &facts.state {
            KeyState::Live => return self.foretell(facts, later),
            KeyState::NotForSigning if facts.primary && facts.capabilities.is_empty() => {
                (codes::NO_KEY_FLAGS, Some(&self.treatment.unflagged))
            }
            _ if !meant_to_sign(facts) => return (Answer::NotAsked, Vec::new()),
            KeyState::NotForSigning => return (Answer::NotAsked, Vec::new()),
            KeyState::Expired { .. } => (codes::EXPIRED, Some(&self.treatment.expired)),
            KeyState::Revoked(revocation) if revocation.hard => {
                (codes::REVOKED, Some(&self.treatment.revoked))
            }
            KeyState::Revoked(_) => (codes::REVOKED, Some(&self.treatment.retired)),
            KeyState::Unbound { .. } if is_weak_binding(facts) => {
                (codes::WEAK_SELF_SIGNATURE, None)
            }
            KeyState::Unbound { .. } if bare => (codes::UNBOUND, Some(&self.treatment.bare)),
            KeyState::Unbound { .. } => (codes::UNBOUND, Some(&self.treatment.unbound)),
            KeyState::Weak { .. } => (codes::WEAK_KEY, None),
            KeyState::NotYetValid { .. } => (codes::NOT_YET_VALID, None),
        };
        let detail = match facts.state {
            KeyState::NotForSigning => "no self-signature says what the key may do".to_owned(),
            _ => words(facts),
        };
        match treated {
            None => (
                Answer::Rejects,
                vec![self.finding(code, Answer::Rejects, facts, detail)],
            ),
            Some((answer, explain)) => {
                let mut finding = self.finding(code, *answer, facts, detail);
                if !explain.is_empty() {
                    finding.cause = Some(format!("{}: {explain}", self.name));
                }
                (*answer, vec![finding])
            }
        }
    }

    /// Whether it will not take a live key for long.
    fn foretell(&self, facts: &KeyFacts, later: Option<&KeyFacts>) -> Said {
        let Some(later) = later.filter(|later| later.state != KeyState::Live) else {
            return (Answer::Accepts, Vec::new());
        };
        let detail = format!("it will not be taken for long: {}", words(later));
        let mut finding = self.finding(codes::SOON, Answer::Warns, facts, detail);
        finding.cause = cause(&self.name, later).or(finding.cause);
        (Answer::Warns, vec![finding])
    }

    fn finding(&self, code: Code, answer: Answer, facts: &KeyFacts, detail: String) -> Finding {
        let key = facts.fingerprint.to_string();
        let finding = match answer {
            Answer::Rejects => Finding::reject(code, key, detail),
            Answer::Warns => Finding::warning(code, key, detail),
            Answer::Accepts | Answer::NotAsked => Finding::note(code, key, detail),
        };
        let cause = cause(&self.name, facts).unwrap_or_else(|| self.summary.clone());
        finding.because(cause)
    }

    /// Moments at which its policy changes.
    fn dates(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let policies = self.policies.iter().chain(&self.foretold);
        policies.filter_map(|policy| policy.from)
    }
}

impl Consumer for Model {
    fn name(&self) -> &str {
        &self.name
    }

    fn summary(&self) -> &str {
        &self.summary
    }

    fn checked(&self) -> &str {
        &self.checked
    }

    fn reads(&self, file: &KeyFile<'_>) -> Reading {
        let known = |one: &Certificate| one.version() <= self.newest;
        let newer = file.certificates.iter().position(|one| !known(one));
        let Some(newer) = newer.filter(|_| self.stops) else {
            return Reading::whole(file);
        };
        let all = file.certificates.iter().enumerate();
        let lost =
            |(place, one): &(usize, &Certificate)| place.saturating_add(1) >= newer && known(one);
        let mut reading = Reading::default();
        if all.clone().any(|one| lost(&one)) {
            let detail = "it stops at a certificate of a version it does not know, and loses the one before it";
            let finding = Finding::reject(codes::FORM, file.name, detail);
            let cause = format!("{}: {}", self.name, self.summary);
            reading.reasons.push(finding.because(cause));
        }
        // Of newer ones it says why it does not take them.
        reading.found = all
            .filter(|one| !lost(one))
            .map(|(_, certificate)| certificate.fingerprint())
            .collect();
        reading
    }

    fn profile(&self, now: Timestamp) -> Option<Profile> {
        in_force(&self.policies, now).cloned()
    }

    fn judge(&self, certificate: &Certificate, now: Timestamp) -> Judgement {
        let keys = self.at(certificate, now).into_iter();
        let mut judgement = Judgement {
            whole: self.no_key(certificate),
            keys: keys
                .map(|(facts, (answer, reasons))| KeyOpinion {
                    key: facts.fingerprint,
                    primary: facts.primary,
                    opinion: Opinion::new(answer, reasons),
                })
                .collect(),
        };
        let mut moments = certificate.moments();
        moments.extend(self.dates());
        moments.retain(|moment| *moment > now);
        moments.sort_unstable();
        moments.dedup();
        for at in moments {
            let then = self.at(certificate, at);
            for (key, (_, said)) in judgement.keys.iter_mut().zip(then) {
                key.opinion.turns(at, said);
            }
        }
        judgement.sum_up();
        let version = certificate.version();
        if version > self.newest {
            let detail = format!("it knows no certificate of OpenPGP version {version}");
            let subject = certificate.fingerprint().to_string();
            let reason = Finding::reject(codes::NOT_IMPORTED, subject, detail)
                .because(format!("{}: {}", self.name, self.summary));
            return judgement.without_it(&reason);
        }
        judgement
    }
}

impl Opinion {
    /// What is said from a later moment on, where that is something else.
    fn turns(&mut self, at: Timestamp, (to, reasons): Said) {
        let before = self.changes.last().map_or(self.answer, |last| last.to);
        if before != to {
            self.changes.push(Change { at, to, reasons });
        }
    }
}

type Said = (Answer, Vec<Finding>);

/// Whether anybody would ask for its signatures. Of a key about which nothing is known,
/// yes: that is what is wrong with it.
fn meant_to_sign(facts: &KeyFacts) -> bool {
    facts.capabilities.is_empty() || facts.capabilities.contains(&"sign")
}

fn is_weak_binding(facts: &KeyFacts) -> bool {
    facts
        .reason
        .as_ref()
        .is_some_and(|reason| reason.code == openpgp_codes::WEAK_BINDING)
}

fn words(facts: &KeyFacts) -> String {
    facts
        .reason
        .as_ref()
        .map(|reason| reason.detail.clone())
        .unwrap_or_default()
}

/// The profile's line, said by the consumer.
fn cause(consumer: &str, facts: &KeyFacts) -> Option<String> {
    let line = facts.reason.as_ref()?.cause.as_deref()?;
    let line = line.strip_prefix("profile ").unwrap_or(line);
    let line = line.split_once(": ").map_or(line, |(_, line)| line);
    Some(format!("{consumer}: {line}"))
}

fn sorted(mut policies: Vec<Policy>) -> Vec<Policy> {
    policies.sort_by_key(|policy| policy.from);
    policies
}

/// The last policy that has begun.
fn in_force(policies: &[Policy], now: Timestamp) -> Option<&Profile> {
    let begun = |policy: &&Policy| policy.from.is_none_or(|from| from <= now);
    policies
        .iter()
        .rev()
        .find(begun)
        .map(|policy| &policy.profile)
}
