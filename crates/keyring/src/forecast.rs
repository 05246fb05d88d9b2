//! On which day who stops accepting what, and why: found by asking, with the clock moved.
//!
//! Whoever knows consumers and repositories asks; what is asked about, and with which
//! words, is theirs. [`follow`] moves the clock for one consumer and one subject, and finds
//! the seconds on which the answer changes; [`Forecast::new`] puts what was found for many
//! of them in order. [`ical`] and [`prometheus`] write it for calendars and for monitoring.
//!
//! A date that changes no answer breaks nobody, whatever a field says: it is kept apart,
//! among the [quiet](Forecast::quiet) ones.

pub mod causes;
mod follow;
mod ical;
mod prometheus;
mod timeline;

use jiff::{SignedDuration, Timestamp};
use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::{Code, Finding};

pub use crate::consumer::Answer;
pub use follow::{Followed, Span, follow, told};
pub use ical::ical;
pub use prometheus::prometheus;
pub use timeline::{Change, Timeline, timeline};

use timeline::step;

/// The last second that an OpenPGP signature of version 4 can be dated (RFC 9580, 3.5):
/// nothing is looked for after it.
pub const HORIZON: i64 = u32::MAX as i64;

/// What a consumer does at a moment, and why.
#[derive(Clone, Debug)]
pub struct State {
    /// What it does.
    pub answer: Answer,
    /// Why. A finding's `hint` is what mends it.
    pub reasons: Vec<Finding>,
}

impl State {
    /// Codes of what makes it worse than accepting; sorted, each once.
    fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<_> = self.weighty().map(|reason| reason.code.id).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    fn weighty(&self) -> impl Iterator<Item = &Finding> {
        let least = pkgseal_repo::Severity::Warning;
        self.reasons
            .iter()
            .filter(move |reason| reason.severity >= least)
    }
}

impl PartialEq for State {
    /// The same answer for the same reasons: words may name the day, and do not count.
    fn eq(&self, other: &Self) -> bool {
        self.answer == other.answer && self.codes() == other.codes()
    }
}

/// Whether it is about what is there, or about what will be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Signatures that are published.
    Published,
    /// What a key signs from that moment on.
    New,
}

impl Scope {
    /// Its word: `published` or `new`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::New => "new",
        }
    }
}

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The repository or keyring, as it was named; raw.
    pub place: String,
    /// The signed root in it, or a certificate's fingerprint; raw.
    pub name: String,
    /// What is published, or what will be signed.
    pub scope: Scope,
}

/// Why something changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// What kind of cause it is.
    pub code: Code,
    /// The key it is about.
    pub key: Option<Fingerprint>,
    /// In words; raw.
    pub detail: String,
    /// The command that mends it; raw.
    pub mend: Option<String>,
}

/// A moment at which an answer may change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dated {
    /// The first second of it.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
    /// Words of which the consumer's reason holds one when this is why; empty where the
    /// date alone tells.
    pub shows: Vec<String>,
    /// Whether it is worth telling when nobody minds.
    pub telling: Telling,
}

/// Whether a date that breaks nobody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Telling {
    /// It is: people expect it to matter.
    Always,
    /// Only when it matters.
    WhenItMatters,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Happens {
    /// It is rejected from then on.
    Breaks,
    /// It is accepted with a warning from then on.
    Warns,
    /// It is accepted again from then on.
    Recovers,
}

impl Happens {
    /// Its word: `breaks`, `warns` or `recovers`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::Warns => "warns",
            Self::Recovers => "recovers",
        }
    }
}

/// A consumer, and what it says when it happens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Says {
    /// Its name.
    pub consumer: String,
    /// Its reason, in words; raw.
    pub reason: String,
    /// The line of its rules, where one is known; raw.
    pub rule: Option<String>,
}

/// Something that happens, or has happened and still counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its first second. `None`: it has always been so.
    pub at: Option<Timestamp>,
    /// What happens.
    pub happens: Happens,
    /// To what.
    pub subject: Subject,
    /// Why.
    pub cause: Cause,
    /// Who does it; each once, in order.
    pub consumers: Vec<Says>,
}

/// A date that changes nobody's answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quiet {
    /// The date.
    pub at: Timestamp,
    /// Of what.
    pub subject: Subject,
    /// What it is.
    pub cause: Cause,
}

/// What a consumer does with a subject now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Present {
    /// The subject.
    pub subject: Subject,
    /// The consumer's name.
    pub consumer: String,
    /// What it does.
    pub answer: Answer,
}

/// Break dates, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The moment called now.
    pub now: Timestamp,
    /// What is so already comes first, then what comes, in order.
    pub events: Vec<Event>,
    /// Dates to come that change nobody's answer.
    pub quiet: Vec<Quiet>,
    /// Everyone who was asked, and about what.
    pub present: Vec<Present>,
    /// What could not be asked about.
    pub findings: Vec<Finding>,
}

impl Forecast {
    /// Puts what was found in order; the same thing that happens to several consumers
    /// becomes one event.
    pub fn new(now: Timestamp, followed: Vec<Followed>, mut findings: Vec<Finding>) -> Self {
        let mut present = Vec::new();
        let mut quiet = Vec::new();
        let mut events: Vec<Event> = Vec::new();
        let mut loud = Vec::new();
        for one in followed {
            present.push(one.present);
            quiet.extend(one.quiet);
            for event in one.events {
                loud.push((event.at, event.subject.clone(), event.cause.clone()));
                events.push(event);
            }
        }
        let order = |event: &Event| {
            let (at, happens) = (event.at, event.happens);
            (at, happens, event.subject.clone(), event.cause.clone())
        };
        events.sort_by_cached_key(order);
        events.dedup_by(|next, kept| {
            let same = order(next) == order(kept);
            if same {
                kept.consumers.append(&mut next.consumers);
            }
            same
        });
        for event in &mut events {
            event.consumers.sort();
            event
                .consumers
                .dedup_by(|next, kept| next.consumer == kept.consumer);
        }
        quiet.sort();
        quiet.dedup();
        quiet.retain(|date| {
            let minded = |(at, subject, cause): &(Option<Timestamp>, Subject, Cause)| {
                *at == Some(date.at) && *subject == date.subject && *cause == date.cause
            };
            !loud.iter().any(minded)
        });
        present.sort();
        findings.sort();
        Self {
            now,
            events,
            quiet,
            present,
            findings,
        }
    }

    /// What breaks within a length of time from now; what is broken already counts.
    pub fn within(&self, length: SignedDuration) -> impl Iterator<Item = &Event> {
        let end = step(self.now, length.as_secs().max(0));
        self.events.iter().filter(move |event| {
            event.happens == Happens::Breaks && event.at.is_none_or(|at| at <= end)
        })
    }

    /// What could not be foretold.
    pub fn undecided(&self) -> impl Iterator<Item = &Finding> {
        let least = pkgseal_repo::Severity::Undecided;
        self.findings
            .iter()
            .filter(move |finding| finding.severity >= least)
    }

    /// Whether an event is of the past, and still so.
    pub fn is_past(&self, event: &Event) -> bool {
        event.at.is_none_or(|at| at <= self.now)
    }
}

/// A moment some seconds later; the end of time where there is none.
pub fn after(moment: Timestamp, seconds: i64) -> Timestamp {
    step(moment, seconds)
}

#[cfg(test)]
mod tests;
