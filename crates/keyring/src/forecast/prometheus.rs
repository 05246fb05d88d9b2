//! A forecast for Prometheus (text exposition format 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pkgseal_repo::is_deceptive;

use super::{Answer, Event, Forecast, Happens, Subject};

/// Writes when what breaks and warns for whom, and what everyone says now. Times are in
/// seconds since 1970; 0 stands for what has always been so.
pub fn prometheus(forecast: &Forecast) -> String {
    let mut text = String::new();
    let dated = |happens| {
        let mut samples = BTreeMap::new();
        let these = forecast.events.iter().filter(|e| e.happens == happens);
        for event in these {
            let at = event.at.map_or(0, |at| at.as_second());
            for says in &event.consumers {
                // The first of several under one name counts.
                samples
                    .entry(event_labels(event, &says.consumer))
                    .or_insert(at);
            }
        }
        samples
    };
    metric(
        &mut text,
        "pkgseal_break_timestamp_seconds",
        "When a consumer stops accepting something; 0 where it never did.",
        dated(Happens::Breaks),
    );
    metric(
        &mut text,
        "pkgseal_warn_timestamp_seconds",
        "When a consumer begins to warn of something; 0 where it always did.",
        dated(Happens::Warns),
    );
    let accepts = forecast.present.iter().map(|present| {
        let accepts = i64::from(present.answer != Answer::Rejects);
        (labels(&present.subject, &present.consumer), accepts)
    });
    metric(
        &mut text,
        "pkgseal_accepts",
        "Whether a consumer accepts something now.",
        accepts.collect(),
    );
    let undecided = i64::try_from(forecast.undecided().count()).unwrap_or(i64::MAX);
    metric(
        &mut text,
        "pkgseal_forecast_undecided",
        "What could not be foretold.",
        BTreeMap::from([(String::new(), undecided)]),
    );
    metric(
        &mut text,
        "pkgseal_forecast_timestamp_seconds",
        "The moment the forecast was made for.",
        BTreeMap::from([(String::new(), forecast.now.as_second())]),
    );
    text
}

fn metric(text: &mut String, name: &str, help: &str, samples: BTreeMap<String, i64>) {
    let _ = writeln!(text, "# HELP {name} {help}");
    let _ = writeln!(text, "# TYPE {name} gauge");
    for (labels, value) in samples {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

fn event_labels(event: &Event, consumer: &str) -> String {
    let key = event.cause.key.as_ref().map(ToString::to_string);
    let more = [
        ("cause", event.cause.code.id),
        ("key", &key.unwrap_or_default()),
    ];
    with(&event.subject, consumer, &more)
}

fn labels(subject: &Subject, consumer: &str) -> String {
    with(subject, consumer, &[])
}

fn with(subject: &Subject, consumer: &str, more: &[(&str, &str)]) -> String {
    let first = [
        ("consumer", consumer),
        ("place", &subject.place),
        ("subject", &subject.name),
        ("scope", subject.scope.word()),
    ];
    let labels: Vec<_> = first
        .iter()
        .chain(more)
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    format!("{{{}}}", labels.join(","))
}

/// A label's value: backslash, quote and line end escaped as the format asks, and what
/// else could move or reorder text on a screen as a number.
fn escaped(value: &str) -> String {
    let mut safe = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' => safe.push_str("\\\\"),
            '"' => safe.push_str("\\\""),
            '\n' => safe.push_str("\\n"),
            other if is_deceptive(other) => {
                let _ = write!(safe, "\\\\u{{{:x}}}", u32::from(other));
            }
            other => safe.push(other),
        }
    }
    safe
}
