//! A forecast for calendars (RFC 5545).

use std::fmt::Write as _;

use jiff::Timestamp;
use pkgseal_repo::{DigestAlgorithm, hex, is_deceptive};

use super::{Event, Forecast};

/// Octets of a content line, its end apart (RFC 5545, 3.1).
const LINE: usize = 75;

/// Days before an event on which a calendar reminds of it.
const REMIND: [u8; 2] = [30, 7];

/// Writes one event for everything that has a date, each with two alarms.
///
/// An event's UID says what happens to what and why, and not when: where a key is
/// extended, the event moves. What has always been so has no date and is left out.
pub fn ical(forecast: &Forecast) -> String {
    let mut calendar = Calendar(String::new());
    calendar.line("BEGIN:VCALENDAR");
    calendar.line("VERSION:2.0");
    calendar.line("PRODID:-//pkgseal//keyring forecast//EN");
    calendar.line("CALSCALE:GREGORIAN");
    let mut known = Vec::new();
    for event in &forecast.events {
        let Some(at) = event.at else {
            continue;
        };
        let name = name(event);
        let before = known.iter().filter(|known| **known == name).count();
        calendar.event(forecast.now, at, event, &uid(&name, before));
        known.push(name);
    }
    calendar.line("END:VCALENDAR");
    calendar.0
}

struct Calendar(String);

impl Calendar {
    /// A content line, folded between characters.
    fn line(&mut self, line: &str) {
        let mut length = 0;
        for character in line.chars() {
            let octets = character.len_utf8();
            if length + octets > LINE {
                self.0.push_str("\r\n ");
                length = 1;
            }
            self.0.push(character);
            length += octets;
        }
        self.0.push_str("\r\n");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}:{}", escaped(value)));
    }

    fn event(&mut self, now: Timestamp, at: Timestamp, event: &Event, uid: &str) {
        let consumers: Vec<_> = event
            .consumers
            .iter()
            .map(|says| says.consumer.as_str())
            .collect();
        let who = consumers.join(", ");
        let what = match event.subject.scope {
            super::Scope::Published => event.subject.name.clone(),
            super::Scope::New => format!("new signatures by {}", event.subject.name),
        };
        let place = &event.subject.place;
        let happens = event.happens.word();
        let summary = format!("{what} {happens} for {who}: {}", event.cause.detail);
        let mut description = format!("{place}: {what} {happens} for {who} at {at}.\n");
        let _ = writeln!(description, "{} [{}]", event.cause.detail, event.cause.code);
        for says in &event.consumers {
            let _ = writeln!(description, "{}: {}", says.consumer, says.reason);
        }
        if let Some(mend) = &event.cause.mend {
            let _ = writeln!(description, "To mend it: {mend}");
        }
        self.line("BEGIN:VEVENT");
        self.text("UID", uid);
        self.line(&format!("DTSTAMP:{}", utc(now)));
        self.line(&format!("DTSTART:{}", utc(at)));
        self.text("SUMMARY", &summary);
        self.text("DESCRIPTION", description.trim_end());
        self.line(&format!("CATEGORIES:pkgseal,{happens}"));
        self.line("TRANSP:TRANSPARENT");
        for days in REMIND {
            self.line("BEGIN:VALARM");
            self.line("ACTION:DISPLAY");
            self.line(&format!("TRIGGER:-P{days}D"));
            self.text("DESCRIPTION", &format!("in {days} days: {summary}"));
            self.line("END:VALARM");
        }
        self.line("END:VEVENT");
    }
}

/// What tells an event from others, whenever it happens.
fn name(event: &Event) -> String {
    let key = event.cause.key.as_ref().map(ToString::to_string);
    let parts = [
        event.happens.word(),
        event.subject.scope.word(),
        &event.subject.place,
        &event.subject.name,
        event.cause.code.id,
        &key.unwrap_or_default(),
    ];
    // Lengths keep parts apart that hold each other's separators.
    parts
        .iter()
        .map(|part| format!("{}:{part}", part.len()))
        .collect()
}

fn uid(name: &str, before: usize) -> String {
    let named = format!("{before}:{name}");
    let digest = hex::encode(&DigestAlgorithm::Sha256.digest(named.as_bytes()));
    let short = digest.get(..32).unwrap_or_default();
    format!("{short}@forecast.pkgseal.invalid")
}

/// A moment in UTC (RFC 5545, 3.3.5), which has four digits for the year.
fn utc(at: Timestamp) -> String {
    let first = Timestamp::UNIX_EPOCH;
    at.max(first).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A text value (RFC 5545, 3.3.11): no control character but a line end, and what could
/// end the value or reorder it on a screen as a number.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => safe.push_str("\\\\"),
            ';' => safe.push_str("\\;"),
            ',' => safe.push_str("\\,"),
            '\n' => safe.push_str("\\n"),
            other if is_deceptive(other) => {
                let _ = write!(safe, "\\\\u{{{:x}}}", u32::from(other));
            }
            other => safe.push(other),
        }
    }
    safe
}
