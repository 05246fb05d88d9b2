//! One consumer and one subject, with the clock moved.

use jiff::Timestamp;
use pkgseal_repo::{Finding, Severity};

use super::timeline::{Timeline, step, timeline};
use super::{
    Answer, Cause, Dated, Event, HORIZON, Happens, Present, Quiet, Says, State, Subject, Telling,
    causes,
};

/// When it is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The moment called now.
    pub now: Timestamp,
    /// The last second asked about.
    pub until: Timestamp,
}

impl Span {
    /// From now to the [horizon](HORIZON), or a day from now where that is past.
    pub fn from(now: Timestamp) -> Self {
        let horizon = Timestamp::from_second(HORIZON).unwrap_or(Timestamp::MAX);
        Self {
            now,
            until: horizon.max(step(now, 86_400)),
        }
    }
}

/// What was found for one consumer and one subject.
#[derive(Clone, Debug)]
pub struct Followed {
    /// What it does now.
    pub present: Present,
    /// What happens, and what has happened and still is so.
    pub events: Vec<Event>,
    /// Dates to come that change nothing.
    pub quiet: Vec<Quiet>,
}

/// Asks one consumer about one subject with the clock moved, and says when its answer
/// changes, and why.
///
/// # Errors
/// The first error of `ask`.
pub fn follow<E>(
    subject: &Subject,
    consumer: &str,
    span: Span,
    dates: &[Dated],
    ask: impl FnMut(Timestamp) -> Result<State, E>,
) -> Result<Followed, E> {
    let earliest = dates.iter().map(|date| date.at).min();
    let from = step(earliest.unwrap_or(span.now).min(span.now), -1);
    let line = timeline(from, span.until, dates.iter().map(|date| date.at), ask)?;
    Ok(told(subject, consumer, span, dates, line))
}

/// As [`follow`], where it is known what is said over time: from before the first date on.
pub fn told(
    subject: &Subject,
    consumer: &str,
    span: Span,
    dates: &[Dated],
    line: Timeline<State>,
) -> Followed {
    let mut states = vec![(None, line.first)];
    states.extend(
        line.changes
            .into_iter()
            .map(|change| (Some(change.at), change.to)),
    );
    let past = states
        .iter()
        .take_while(|(at, _)| at.is_none_or(|at| at <= span.now))
        .count()
        .max(1);
    let (before, after) = states.split_at(past);
    let teller = Teller {
        subject,
        consumer,
        dates,
    };
    let mut events = teller.so_far(before);
    let mut last = before.last().map(|(_, state)| state);
    let mut changed = Vec::new();
    for (at, state) in after {
        if let (Some(at), Some(last)) = (at, last) {
            changed.push(*at);
            events.extend(teller.change(*at, last, state));
        }
        last = Some(state);
    }
    let answer = before
        .last()
        .map_or(Answer::Rejects, |(_, state)| state.answer);
    // Of what is broken already nobody can say that it would not mind.
    let quiet = dates
        .iter()
        .filter(|date| date.telling == Telling::Always && answer != Answer::Rejects)
        .filter(|date| date.at > span.now && date.at <= span.until)
        .filter(|date| !changed.contains(&date.at))
        .map(|date| Quiet {
            at: date.at,
            subject: subject.clone(),
            cause: date.cause.clone(),
        })
        .collect();
    Followed {
        present: Present {
            subject: subject.clone(),
            consumer: consumer.to_owned(),
            answer,
        },
        events,
        quiet,
    }
}

struct Teller<'a> {
    subject: &'a Subject,
    consumer: &'a str,
    dates: &'a [Dated],
}

impl Teller<'_> {
    /// What is not well now, and since when.
    fn so_far(&self, states: &[(Option<Timestamp>, State)]) -> Vec<Event> {
        let Some((_, now)) = states.last() else {
            return Vec::new();
        };
        let happens = match now.answer {
            Answer::NotAsked | Answer::Accepts => return Vec::new(),
            Answer::Warns => Happens::Warns,
            Answer::Rejects => Happens::Breaks,
        };
        let as_bad = states
            .iter()
            .rev()
            .take_while(|(_, state)| state.answer >= now.answer)
            .count();
        let first = states.len().saturating_sub(as_bad);
        let begun = states.get(first);
        let last_good = first.checked_sub(1).and_then(|before| states.get(before));
        match (begun, last_good) {
            (Some((Some(at), state)), Some((_, good))) => self
                .causes(*at, good, state)
                .into_iter()
                .map(|cause| self.event(Some(*at), happens, cause, state, good))
                .collect(),
            _ => {
                let cause = self.own_words(now, now);
                vec![self.event(None, happens, cause, now, now)]
            }
        }
    }

    fn change(&self, at: Timestamp, from: &State, to: &State) -> Vec<Event> {
        let news = to.codes().iter().any(|code| !from.codes().contains(code));
        let happens = match (from.answer, to.answer) {
            (Answer::Rejects, Answer::Rejects) if news => Happens::Breaks,
            (Answer::Warns, Answer::Warns) if news => Happens::Warns,
            (_, Answer::Rejects) if to.answer > from.answer => Happens::Breaks,
            (_, Answer::Warns) if to.answer > from.answer => Happens::Warns,
            (Answer::Rejects | Answer::Warns, _) if to.answer < from.answer => Happens::Recovers,
            _ => return Vec::new(),
        };
        self.causes(at, from, to)
            .into_iter()
            .map(|cause| self.event(Some(at), happens, cause, to, from))
            .collect()
    }

    /// The known causes of a change: those of the day that the consumer's reason speaks of,
    /// else all of the day, else the reason itself.
    fn causes(&self, at: Timestamp, from: &State, to: &State) -> Vec<Cause> {
        let of_the_day: Vec<&Dated> = self.dates.iter().filter(|date| date.at == at).collect();
        let reasons = fresh(from, to);
        let spoken_of = |date: &&&Dated| {
            let said = |finding: &&Finding| {
                let cause = finding.cause.as_deref().unwrap_or_default();
                let all = [finding.code.id, &finding.detail, cause];
                let says = |word: &String| all.iter().any(|text| text.contains(word.as_str()));
                date.shows.iter().any(says)
            };
            reasons.iter().any(said)
        };
        let mut causes: Vec<&Dated> = of_the_day.iter().filter(spoken_of).copied().collect();
        if causes.is_empty() {
            let plain = |date: &&&Dated| date.shows.is_empty();
            causes = of_the_day.iter().filter(plain).copied().collect();
        }
        if causes.is_empty() {
            causes = of_the_day;
        }
        let mut causes: Vec<Cause> = causes.into_iter().map(|date| date.cause.clone()).collect();
        causes.sort();
        causes.dedup();
        if causes.is_empty() {
            causes.push(self.own_words(to, from));
        }
        causes
    }

    fn own_words(&self, state: &State, before: &State) -> Cause {
        let reason = worst(state, before);
        Cause {
            code: causes::OTHER,
            key: None,
            detail: reason.map_or_else(
                || "it is accepted again".to_owned(),
                |reason| reason.detail.clone(),
            ),
            mend: reason.and_then(|reason| reason.hint.clone()),
        }
    }

    fn event(
        &self,
        at: Option<Timestamp>,
        happens: Happens,
        cause: Cause,
        state: &State,
        before: &State,
    ) -> Event {
        let reason = worst(state, before);
        Event {
            at,
            happens,
            subject: self.subject.clone(),
            cause,
            consumers: vec![Says {
                consumer: self.consumer.to_owned(),
                reason: reason.map_or_else(String::new, |reason| reason.detail.clone()),
                rule: reason.and_then(|reason| reason.cause.clone()),
            }],
        }
    }
}

/// Reasons of a state that were none before; all of them where none is new.
fn fresh<'a>(from: &State, to: &'a State) -> Vec<&'a Finding> {
    let known = from.codes();
    let new: Vec<_> = to
        .weighty()
        .filter(|reason| !known.contains(&reason.code.id))
        .collect();
    if new.is_empty() {
        to.weighty().collect()
    } else {
        new
    }
}

fn worst<'a>(state: &'a State, before: &State) -> Option<&'a Finding> {
    let reasons = fresh(before, state);
    let most = reasons
        .iter()
        .map(|reason| reason.severity)
        .max()
        .unwrap_or(Severity::Note);
    reasons
        .into_iter()
        .find(|reason| reason.severity == most)
        .or_else(|| state.reasons.first())
}
