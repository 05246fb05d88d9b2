//! What is replaced by what, where, and how far it has come.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use pkgseal_openpgp::{Certificate, Certificates, Fingerprint, KeyFacts, KeyState, Profile};

use crate::{Error, Result};

/// The steps of a rotation, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Clients get the new certificate beside the old one; nothing is signed otherwise.
    Announce,
    /// Where a format allows it, both keys sign.
    DualSign,
    /// The new key signs alone.
    HandOver,
    /// The old certificate leaves the keyrings.
    Drop,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Announce, Self::DualSign, Self::HandOver, Self::Drop];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::DualSign => "dual-sign",
            Self::HandOver => "hand-over",
            Self::Drop => "drop",
        }
    }

    /// The step of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Which certificates a client has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holding {
    /// The old one alone: it was set up before the announcement and not updated since.
    Old,
    /// Both.
    Both,
    /// The new one alone: it was set up after the old one went.
    New,
}

impl Holding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Old, Self::Both, Self::New];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::Both => "both",
            Self::New => "new",
        }
    }
}

impl std::fmt::Display for Holding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a repository is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// An apt repository.
    Apt,
    /// A yum repository.
    Yum,
    /// A Maven repository.
    Maven,
}

impl Format {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apt => "apt",
            Self::Yum => "yum",
            Self::Maven => "maven",
        }
    }

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = [Self::Apt, Self::Yum, Self::Maven].into_iter();
        all.find(|format| format.name() == name)
    }
}

/// Whether a certificate is replaced or a key in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// Another primary key.
    Certificate,
    /// The same primary key with another signing subkey.
    Subkey,
}

/// One of the two: a certificate and the key in it that signs.
#[derive(Clone, Debug, PartialEq)]
pub struct Party {
    /// The public certificate.
    pub certificate: Certificate,
    /// The (sub)key that signs.
    pub key: Fingerprint,
}

impl Party {
    /// The newest key of a certificate that may sign at a moment. `except` is passed over:
    /// the key that is to be replaced.
    ///
    /// # Errors
    /// [`Error::Plan`] when there is none.
    pub fn of(
        certificate: Certificate,
        except: Option<&Fingerprint>,
        now: Timestamp,
    ) -> Result<Self> {
        let keys = certificate.keys(&Profile::strict(), now);
        let live = keys.iter().filter(|key| {
            key.state == KeyState::Live
                && key.capabilities.contains(&"sign")
                && Some(&key.fingerprint) != except
        });
        // A subkey where there is one, as signers pick.
        let chosen = live.max_by_key(|key| (!key.primary, key.created));
        match chosen {
            Some(key) => Ok(Self {
                key: key.fingerprint.clone(),
                certificate,
            }),
            None => Err(Error::Plan {
                field: certificate.fingerprint().to_string(),
                reason: match except {
                    Some(key) => format!("no key in it but {key} can sign at {now}"),
                    None => format!("no key in it can sign at {now}"),
                },
            }),
        }
    }

    /// Facts of the key that signs.
    pub fn facts(&self, now: Timestamp) -> Option<KeyFacts> {
        let keys = self.certificate.keys(&Profile::strict(), now);
        keys.into_iter().find(|key| key.fingerprint == self.key)
    }

    /// When it can sign no more; the certificate's own expiry counts.
    pub fn expires(&self, now: Timestamp) -> Option<Timestamp> {
        self.facts(now)?.expires
    }
}

/// Whether packages that carry signatures of their own get new ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResignPackages {
    /// They keep theirs: who installs them needs the old certificate.
    #[default]
    Keep,
    /// At the hand-over, by the new key.
    Resign,
}

/// A repository that is signed by the old key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// What it is.
    pub format: Format,
    /// Where it stands.
    pub path: PathBuf,
    /// Where clients find it.
    pub url: Option<String>,
    /// Names of the clients that count.
    pub clients: Vec<String>,
    /// What happens to its packages.
    pub packages: ResignPackages,
}

/// A file of certificates that clients get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKeyring {
    /// Where it stands.
    pub path: PathBuf,
    /// Whether the old certificate stays in it: old Maven releases are never signed anew.
    pub keeps_old: bool,
}

/// A step that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Which.
    pub step: Step,
    /// When it was begun.
    pub begun: Timestamp,
    /// When it ended; `None` while it is under way, or after it was interrupted.
    pub ended: Option<Timestamp>,
    /// Clients that were left behind knowingly.
    pub stranded: Vec<String>,
    /// How long clients remember that the old key alone may sign.
    pub pinned_until: Option<Timestamp>,
}

/// A rotation: what is replaced, where, who counts, and how far it has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// When it was made.
    pub made: Timestamp,
    /// From the announcement until nobody has the old certificate alone.
    pub window: SignedDuration,
    /// From the hand-over until caches and mirrors have followed.
    pub settle: SignedDuration,
    /// What is replaced.
    pub old: Party,
    /// What replaces it.
    pub new: Party,
    /// Where.
    pub repositories: Vec<Repository>,
    /// Files that clients get.
    pub keyrings: Vec<PublishedKeyring>,
    /// The journal.
    pub done: Vec<Done>,
}

impl Plan {
    /// Whether a certificate is replaced or a key in it.
    pub fn replaces(&self) -> Replaces {
        if self.old.certificate.fingerprint() == self.new.certificate.fingerprint() {
            Replaces::Subkey
        } else {
            Replaces::Certificate
        }
    }

    /// The certificates of a client.
    pub fn held(&self, holding: Holding) -> Certificates {
        let (old, new) = (&self.old.certificate, &self.new.certificate);
        Certificates::new(match holding {
            Holding::Old => vec![old.clone()],
            Holding::Both => vec![old.clone(), new.clone()],
            Holding::New => vec![new.clone()],
        })
    }

    /// The last step that was done to its end.
    pub fn stage(&self) -> Option<Step> {
        let ended = self.done.iter().filter(|done| done.ended.is_some());
        ended.map(|done| done.step).max()
    }

    /// A step that was begun and not ended.
    pub fn interrupted(&self) -> Option<Step> {
        let open = self.done.iter().find(|done| done.ended.is_none());
        open.map(|done| done.step)
    }

    /// The steps of this rotation: without an apt repository nothing is signed by both.
    pub fn steps(&self) -> impl Iterator<Item = Step> + use<> {
        let mut repositories = self.repositories.iter();
        let dual = repositories.any(|repository| repository.format == Format::Apt);
        Step::ALL
            .into_iter()
            .filter(move |step| dual || *step != Step::DualSign)
    }

    /// The step that comes next; `None` when all are done.
    pub fn next(&self) -> Option<Step> {
        if let Some(step) = self.interrupted() {
            return Some(step);
        }
        let stage = self.stage();
        self.steps().find(|step| Some(*step) > stage)
    }

    /// When a step was ended.
    pub fn ended(&self, step: Step) -> Option<Timestamp> {
        self.done
            .iter()
            .find(|done| done.step == step)
            .and_then(|done| done.ended)
    }

    /// Until when clients may have the old certificate alone; `None` while nothing has been
    /// announced, for then it has not begun to end.
    pub fn window_ends(&self) -> Option<Timestamp> {
        let announced = self.ended(Step::Announce)?;
        announced.checked_add(self.window).ok()
    }

    /// The earliest moment of a step; `None` while it hangs on a step that is not done.
    pub fn earliest(&self, step: Step) -> Option<Timestamp> {
        match step {
            Step::Announce => Some(self.made),
            Step::DualSign => self.ended(Step::Announce),
            Step::HandOver => {
                let pinned = self.done.iter().filter_map(|done| done.pinned_until).max();
                let window = self.window_ends()?;
                Some(pinned.map_or(window, |pinned| pinned.max(window)))
            }
            Step::Drop => self.ended(Step::HandOver)?.checked_add(self.settle).ok(),
        }
    }

    /// Who is still there at a moment, once a step is done then.
    pub fn counted(&self, after: Option<Step>, now: Timestamp) -> Vec<Holding> {
        let reached = |step| after == Some(step) || self.ended(step).is_some();
        let mut counted = Vec::new();
        if self.window_ends().is_none_or(|end| now < end) {
            counted.push(Holding::Old);
        }
        if reached(Step::Announce) {
            counted.push(Holding::Both);
        }
        // Until then keyrings hold both.
        if reached(Step::Drop) {
            counted.push(Holding::New);
        }
        counted
    }

    /// Whether the keyrings hold the old certificate alone, both, or the new one alone,
    /// once a step is done.
    pub fn published(&self, after: Option<Step>) -> Holding {
        let last = after.max(self.stage());
        match last {
            None => Holding::Old,
            Some(Step::Drop) => Holding::New,
            Some(_) => Holding::Both,
        }
    }

    /// Whether the old key signs, and whether the new one does, once a step is done.
    pub fn signing(&self, after: Option<Step>, format: Format) -> Holding {
        match (after.max(self.stage()), format) {
            (None | Some(Step::Announce), _) => Holding::Old,
            // One signature is all that every reader of repomd.xml.asc takes; and what
            // Maven has published is never signed anew.
            (Some(Step::DualSign), Format::Apt) => Holding::Both,
            (Some(Step::DualSign), Format::Yum | Format::Maven) => Holding::Old,
            (Some(Step::HandOver | Step::Drop), _) => Holding::New,
        }
    }

    /// Notes that a step is begun: whom it leaves behind knowingly, and until when clients
    /// remember that the old key alone may sign. One that was interrupted is begun again.
    ///
    /// # Errors
    /// [`Error::Plan`] when it is done already, or another one was interrupted.
    pub fn begin(
        &mut self,
        step: Step,
        stranded: Vec<String>,
        pinned_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        let refused = |reason: String| Error::Plan {
            field: step.name().to_owned(),
            reason,
        };
        if let Some(open) = self.interrupted() {
            if open != step {
                return Err(refused(format!(
                    "{open} was interrupted: it has to be ended first"
                )));
            }
            for done in self.done.iter_mut().filter(|done| done.step == step) {
                for name in &stranded {
                    if !done.stranded.contains(name) {
                        done.stranded.push(name.clone());
                    }
                }
                // What was published before the interruption says nothing of it any more.
                done.pinned_until = done.pinned_until.max(pinned_until);
            }
            return Ok(());
        }
        if self.stage() >= Some(step) {
            return Err(refused("it is done, or a later one is".to_owned()));
        }
        if self.done.last().is_some_and(|last| last.ended > Some(now)) {
            return Err(refused(format!(
                "the step before was ended after {now}: check the clock"
            )));
        }
        self.done.push(Done {
            step,
            begun: now,
            ended: None,
            stranded,
            pinned_until,
        });
        Ok(())
    }

    /// Notes that the step that was begun is ended.
    pub fn end(&mut self, now: Timestamp) {
        if let Some(open) = self.done.iter_mut().find(|done| done.ended.is_none()) {
            open.ended = Some(now.max(open.begun));
        }
    }
}
