//! Forecasts, for people and for programs.

use std::fmt::Write as _;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use pkgseal_keyring::forecast::{Event, Forecast, Happens, Quiet, Says, Scope, Subject};
use pkgseal_repo::Outcome;
use serde_json::{Value, json};

use super::escape::escaped;
use super::{json as documents, text as words};

/// Quiet dates shown; JSON has all.
const MOST_QUIET: usize = 20;

/// In order of time, what is so already first.
pub(crate) fn text(forecast: &Forecast, within: Option<SignedDuration>) -> String {
    let now = forecast.now;
    let mut text = format!("forecast for {now}\n");
    let (past, ahead): (Vec<&Event>, Vec<&Event>) = forecast
        .events
        .iter()
        .partition(|event| forecast.is_past(event));
    for (title, events) in [("already", past), ("ahead", ahead)] {
        if events.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{title}:");
        for one in events {
            event(&mut text, one, now);
        }
    }
    if !forecast.quiet.is_empty() {
        let _ = writeln!(text, "nobody who was asked minds:");
        for date in forecast.quiet.iter().take(MOST_QUIET) {
            quiet(&mut text, date, now);
        }
        if let Some(more) = forecast.quiet.len().checked_sub(MOST_QUIET)
            && more > 0
        {
            let _ = writeln!(text, "  and {more} more; --json lists them all");
        }
    }
    words::findings(&mut text, &forecast.findings);
    conclusion(&mut text, forecast, within);
    text
}

fn event(text: &mut String, event: &Event, now: Timestamp) {
    let style = match event.happens {
        Happens::Breaks => words::WRONG,
        Happens::Warns => words::POOR,
        Happens::Recovers => words::GOOD,
    };
    let happens = event.happens.word();
    let when = match event.at {
        Some(at) => format!("{at}  {}", distance(now, at)),
        None => "always so".to_owned(),
    };
    let names: Vec<_> = event
        .consumers
        .iter()
        .map(|says| escaped(&says.consumer))
        .collect();
    let _ = writeln!(
        text,
        "  {when}  {style}{happens}{style:#}  {}",
        subject(&event.subject)
    );
    let _ = writeln!(text, "    for:     {}", names.join(", "));
    let _ = writeln!(
        text,
        "    because: {} [{}]",
        escaped(&event.cause.detail),
        event.cause.code
    );
    let mut said: Vec<&str> = Vec::new();
    for says in &event.consumers {
        let known = says.reason.is_empty()
            || says.reason == event.cause.detail
            || said.contains(&says.reason.as_str());
        if !known {
            said.push(&says.reason);
            let (who, reason) = (escaped(&says.consumer), escaped(&says.reason));
            let _ = writeln!(text, "    {who}: {reason}");
        }
    }
    if let Some(mend) = &event.cause.mend {
        let _ = writeln!(text, "    mend:    {}", escaped(mend));
    }
}

fn quiet(text: &mut String, date: &Quiet, now: Timestamp) {
    let _ = writeln!(
        text,
        "  {}  {}  {}: {}",
        date.at,
        distance(now, date.at),
        subject(&date.subject),
        escaped(&date.cause.detail)
    );
}

fn subject(subject: &Subject) -> String {
    let (place, name) = (escaped(&subject.place), escaped(&subject.name));
    match subject.scope {
        Scope::Published => format!("{place}: {name}"),
        Scope::New => format!("{place}: what {name} signs from then on"),
    }
}

/// How far away, in the unit a person would use.
fn distance(now: Timestamp, at: Timestamp) -> String {
    let seconds = at.duration_since(now).as_secs();
    let (amount, unit) = match seconds.unsigned_abs() {
        seconds @ 0..7_200 => (seconds / 60, "minutes"),
        seconds @ 7_200..172_800 => (seconds / 3_600, "hours"),
        seconds => (seconds / 86_400, "days"),
    };
    if seconds < 0 {
        format!("({amount} {unit} ago)")
    } else {
        format!("(in {amount} {unit})")
    }
}

fn conclusion(text: &mut String, forecast: &Forecast, within: Option<SignedDuration>) {
    let broken = forecast
        .events
        .iter()
        .filter(|event| event.happens == Happens::Breaks);
    let already = broken
        .clone()
        .filter(|event| forecast.is_past(event))
        .count();
    let all = broken.count();
    let _ = write!(text, "{already} broken already, {} to break", all - already);
    if let Some(within) = within {
        let soon = forecast.within(within).count();
        let _ = write!(text, ", {soon} of them all within the time asked for");
    }
    let undecided = forecast.undecided().count();
    if undecided > 0 {
        let _ = write!(text, "; {undecided} undecided");
    }
    text.push('\n');
}

/// One document.
pub(crate) fn json(
    forecast: &Forecast,
    within: Option<SignedDuration>,
    outcome: Outcome,
) -> Result<String> {
    let soon: Vec<&Event> = within
        .map(|length| forecast.within(length).collect())
        .unwrap_or_default();
    let events: Vec<Value> = forecast
        .events
        .iter()
        .map(|event| {
            json!({
                "at": event.at.map(|at| at.to_string()),
                "happens": event.happens.word(),
                "already": forecast.is_past(event),
                "within": within.map(|_| soon.contains(&event)),
                "subject": of_subject(&event.subject),
                "consumers": event.consumers.iter().map(says).collect::<Vec<_>>(),
                "cause": cause(&event.cause),
            })
        })
        .collect();
    let quiet: Vec<Value> = forecast
        .quiet
        .iter()
        .map(|date| {
            json!({
                "at": date.at.to_string(),
                "subject": of_subject(&date.subject),
                "cause": cause(&date.cause),
            })
        })
        .collect();
    let present: Vec<Value> = forecast
        .present
        .iter()
        .map(|present| {
            json!({
                "subject": of_subject(&present.subject),
                "consumer": present.consumer,
                "answer": present.answer.word(),
            })
        })
        .collect();
    documents::document(&json!({
        "schema": documents::SCHEMA,
        "outcome": documents::word(outcome),
        "time": forecast.now.to_string(),
        "within_seconds": within.map(|within| within.as_secs()),
        "events": events,
        "quiet": quiet,
        "present": present,
        "findings": documents::findings(&forecast.findings),
    }))
}

fn of_subject(subject: &Subject) -> Value {
    json!({
        "place": subject.place,
        "name": subject.name,
        "scope": subject.scope.word(),
    })
}

fn says(says: &Says) -> Value {
    json!({ "name": says.consumer, "reason": says.reason, "rule": says.rule })
}

fn cause(cause: &pkgseal_keyring::forecast::Cause) -> Value {
    json!({
        "code": cause.code.id,
        "key": cause.key.as_ref().map(ToString::to_string),
        "detail": cause.detail,
        "mend": cause.mend,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_said_in_the_unit_that_fits() {
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        for (seconds, expected) in [
            (0, "(in 0 minutes)"),
            (7_199, "(in 119 minutes)"),
            (7_200, "(in 2 hours)"),
            (172_799, "(in 47 hours)"),
            (172_800, "(in 2 days)"),
            (-86_400 * 30, "(30 days ago)"),
        ] {
            let at = now + SignedDuration::from_secs(seconds);
            assert_eq!(distance(now, at), expected);
        }
        assert!(distance(now, Timestamp::MAX).contains("days"));
        assert!(distance(Timestamp::MAX, Timestamp::MIN).contains("ago"));
    }
}
