//! Calendars and metrics, read back by readers that take nothing but the grammar.

use std::collections::BTreeSet;

use super::*;

/// Everything that has ever broken a format, in one name.
const HOSTILE: &str = "a\"b\\c\nd\r\ne;f,g:h{i}\u{7}\u{1b}[2J\u{202e}\u{200b}\u{2028}\tBEGIN:VEVENT\nEND:VCALENDAR é日本";

fn hostile() -> Forecast {
    let mut all = vec![
        of("trixie", Happens::Breaks, Some(at(NOW + 86_400))),
        of(HOSTILE, Happens::Breaks, None),
        of(HOSTILE, Happens::Warns, Some(at(NOW + 5))),
        of("old", Happens::Breaks, Some(at(-5))),
        of("last", Happens::Recovers, Some(Timestamp::MAX)),
    ];
    for one in &mut all {
        for event in &mut one.events {
            event.subject.place = HOSTILE.to_owned();
            event.subject.name = HOSTILE.repeat(3);
            event.cause.detail = HOSTILE.to_owned();
            event.cause.mend = Some(HOSTILE.to_owned());
            event.consumers[0].reason = HOSTILE.to_owned();
        }
        one.present.subject.place = HOSTILE.to_owned();
    }
    Forecast::new(at(NOW), all, Vec::new())
}

/// Reads a calendar (RFC 5545, 3.1 and 3.6): unfolded lines of each component.
fn calendar(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    assert!(text.ends_with("\r\n"));
    let physical: Vec<&str> = text.trim_end_matches("\r\n").split("\r\n").collect();
    let mut lines: Vec<String> = Vec::new();
    for line in physical {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        assert!(!line.contains(['\r', '\n']), "a bare line end in {line:?}");
        let control = |c: char| c.is_control() && c != '\t';
        assert!(!line.contains(control), "{line:?}");
        match line.strip_prefix([' ', '\t']) {
            Some(rest) => lines
                .last_mut()
                .expect("something to continue")
                .push_str(rest),
            None => lines.push(line.to_owned()),
        }
    }
    let mut open: Vec<(String, Vec<(String, String)>)> = Vec::new();
    let mut done = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').expect("a name and a value");
        assert!(
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'-'),
            "{name}"
        );
        match name {
            "BEGIN" => open.push((value.to_owned(), Vec::new())),
            "END" => {
                let closed = open.pop().expect("something open");
                assert_eq!(closed.0, value);
                done.push(closed);
            }
            _ => open
                .last_mut()
                .expect("inside a component")
                .1
                .push((name.to_owned(), value.to_owned())),
        }
    }
    assert!(open.is_empty());
    assert_eq!(done.last().expect("a calendar").0, "VCALENDAR");
    done
}

fn value<'a>(component: &'a [(String, String)], name: &str) -> &'a str {
    let mut found = component.iter().filter(|(known, _)| known == name);
    let value = &found.next().unwrap_or_else(|| panic!("no {name}")).1;
    assert!(found.next().is_none(), "{name} twice");
    value
}

/// A text value read back (RFC 5545, 3.3.11).
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        assert!(!matches!(character, ';' | ','), "{text}");
        if character != '\\' {
            plain.push(character);
            continue;
        }
        plain.push(match characters.next() {
            Some('n' | 'N') => '\n',
            Some(escaped @ ('\\' | ';' | ',')) => escaped,
            other => panic!("\\{other:?} in {text}"),
        });
    }
    plain
}

fn check_calendar(text: &str) -> usize {
    let components = calendar(text);
    let mut uids = BTreeSet::new();
    for (kind, lines) in &components {
        match kind.as_str() {
            "VEVENT" => {
                assert!(uids.insert(value(lines, "UID").to_owned()));
                for name in ["DTSTAMP", "DTSTART"] {
                    let moment = value(lines, name);
                    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
                    assert_eq!(moment.len(), 16, "{moment}");
                    assert!(digits(&moment[..8]) && &moment[8..9] == "T", "{moment}");
                    assert!(digits(&moment[9..15]) && &moment[15..] == "Z", "{moment}");
                }
                unescaped(value(lines, "SUMMARY"));
                unescaped(value(lines, "DESCRIPTION"));
            }
            "VALARM" => {
                assert_eq!(value(lines, "ACTION"), "DISPLAY");
                assert!(value(lines, "TRIGGER").starts_with("-P"));
                unescaped(value(lines, "DESCRIPTION"));
            }
            "VCALENDAR" => {
                assert_eq!(value(lines, "VERSION"), "2.0");
                assert!(!value(lines, "PRODID").is_empty());
            }
            other => panic!("{other}"),
        }
    }
    uids.len()
}

#[test]
fn a_calendar_of_hostile_names_is_a_calendar() {
    let text = ical(&hostile());
    // What has always been so has no date.
    assert_eq!(check_calendar(&text), 4);
    assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'));
    assert_eq!(text.matches("\r\nBEGIN:VEVENT\r\n").count(), 4);
    assert_eq!(text.matches("\r\nEND:VCALENDAR\r\n").count(), 1);
}

#[test]
fn a_calendar_of_nothing_is_one() {
    let text = ical(&Forecast::new(at(NOW), Vec::new(), Vec::new()));
    assert_eq!(check_calendar(&text), 0);
}

#[test]
fn an_event_that_moves_keeps_its_uid() {
    let uids = |second: i64| {
        let all = vec![
            of("a", Happens::Warns, Some(at(second))),
            of("a", Happens::Breaks, Some(at(second + 7))),
            of("a", Happens::Breaks, Some(at(second + 9))),
        ];
        let text = ical(&Forecast::new(at(NOW), all, Vec::new()));
        calendar(&text)
            .iter()
            .filter(|(kind, _)| kind == "VEVENT")
            .map(|(_, lines)| value(lines, "UID").to_owned())
            .collect::<Vec<_>>()
    };
    let found = uids(NOW + 5);
    assert_eq!(found, uids(NOW + 86_400));
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn a_name_cannot_pass_for_another() {
    let named = |place: &str, name: &str| {
        let mut one = of("a", Happens::Breaks, Some(at(NOW + 5)));
        one.events[0].subject.place = place.to_owned();
        one.events[0].subject.name = name.to_owned();
        let text = ical(&Forecast::new(at(NOW), vec![one], Vec::new()));
        let components = calendar(&text);
        let event = components.iter().find(|(kind, _)| kind == "VEVENT");
        value(&event.unwrap().1, "UID").to_owned()
    };
    assert_ne!(named("a", "b1:c"), named("a1:b", "c"));
}

#[test]
fn dates_are_those_of_the_event() {
    let one = of(
        "a",
        Happens::Breaks,
        Some("2030-02-01T00:00:00Z".parse().unwrap()),
    );
    let text = ical(&Forecast::new(at(NOW), vec![one], Vec::new()));
    assert!(text.contains("\r\nDTSTART:20300201T000000Z\r\n"), "{text}");
    assert!(text.contains("\r\nDTSTAMP:19700112T134640Z\r\n"), "{text}");
    assert!(text.contains("\r\nTRIGGER:-P30D\r\n"));
}

/// Name, labels and value.
type Sample = (String, Vec<(String, String)>, f64);

/// Reads metrics (text exposition format 0.0.4).
fn metrics(text: &str) -> Vec<Sample> {
    assert!(text.ends_with('\n'));
    assert!(!text.contains('\r'));
    let mut samples = Vec::new();
    let mut typed = BTreeSet::new();
    let mut helped = BTreeSet::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            current = help.split_once(' ').expect("words").0.to_owned();
            assert!(helped.insert(current.clone()));
            continue;
        }
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            assert_eq!(kind, format!("{current} gauge"));
            assert!(typed.insert(current.clone()));
            continue;
        }
        let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let end = line.find(|c| !named(c)).expect("a value");
        let (name, mut rest) = line.split_at(end);
        assert_eq!(name, current, "samples of a metric stand together");
        assert!(typed.contains(name));
        let mut labels = Vec::new();
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner;
            loop {
                let (label, after) = rest.split_once("=\"").expect("a label");
                assert!(label.chars().all(named) && !label.is_empty(), "{label}");
                let mut value = String::new();
                let mut characters = after.char_indices();
                let end = loop {
                    match characters.next().expect("an end") {
                        (place, '"') => break place,
                        (_, '\\') => value.push(match characters.next().expect("more").1 {
                            'n' => '\n',
                            escaped @ ('\\' | '"') => escaped,
                            other => panic!("\\{other}"),
                        }),
                        (_, plain) => value.push(plain),
                    }
                };
                labels.push((label.to_owned(), value));
                rest = &after[end + 1..];
                match rest.strip_prefix(',') {
                    Some(more) => rest = more,
                    None => break,
                }
            }
            rest = rest.strip_prefix('}').expect("an end of the labels");
        }
        let value = rest.strip_prefix(' ').expect("a blank").parse().unwrap();
        samples.push((name.to_owned(), labels, value));
    }
    assert_eq!(typed, helped);
    let each: BTreeSet<_> = samples
        .iter()
        .map(|(n, l, _)| (n.clone(), l.clone()))
        .collect();
    assert_eq!(each.len(), samples.len(), "a sample stands twice");
    samples
}

#[test]
fn metrics_of_hostile_names_are_metrics() {
    let text = prometheus(&hostile());
    let samples = metrics(&text);
    assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'));
    let breaks: Vec<f64> = samples
        .iter()
        .filter(|(name, ..)| name == "pkgseal_break_timestamp_seconds")
        .map(|(.., value)| *value)
        .collect();
    assert_eq!(breaks.len(), 3);
    // What has always been so is 0: long ago, for whoever compares with now.
    assert!(
        breaks.contains(&0.0) && breaks.contains(&1_086_400.0),
        "{breaks:?}"
    );
}

#[test]
fn metrics_name_who_and_why() {
    let mut one = of("trixie", Happens::Breaks, Some(at(NOW + 5)));
    let key = "0123456789ABCDEF0123456789ABCDEF01234567";
    one.events[0].cause.key = Fingerprint::parse(key);
    one.present.answer = Answer::Rejects;
    let finding = Finding::undecided(causes::UNKNOWN_SIGNER, "x", "y");
    let forecast = Forecast::new(at(NOW), vec![one], vec![finding]);
    let samples = metrics(&prometheus(&forecast));
    let sample = |name: &str| samples.iter().find(|(known, ..)| known == name).unwrap();
    let (_, labels, value) = sample("pkgseal_break_timestamp_seconds");
    let labels: Vec<_> = labels
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    assert_eq!(
        labels,
        [
            ("consumer", "trixie"),
            ("place", "repository"),
            ("subject", "dists/stable"),
            ("scope", "published"),
            ("cause", "forecast.key-expires"),
            ("key", key),
        ]
    );
    assert!((value - 1_000_005.0).abs() < f64::EPSILON);
    assert_eq!(sample("pkgseal_accepts").2, 0.0);
    assert_eq!(sample("pkgseal_forecast_undecided").2, 1.0);
    assert_eq!(sample("pkgseal_forecast_timestamp_seconds").2, 1_000_000.0);
}

#[test]
fn of_two_dates_under_one_name_the_first_counts() {
    let all = vec![
        of("a", Happens::Breaks, Some(at(NOW + 9))),
        of("a", Happens::Breaks, Some(at(NOW + 5))),
    ];
    let samples = metrics(&prometheus(&Forecast::new(at(NOW), all, Vec::new())));
    let breaks = samples.iter().filter(|(name, ..)| name.contains("break"));
    let values: Vec<f64> = breaks.map(|(.., value)| *value).collect();
    assert_eq!(values, [1_000_005.0]);
}
