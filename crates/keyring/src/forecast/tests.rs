use std::convert::Infallible;

use pkgseal_repo::{Finding, Severity};

use super::*;

mod forms;

const CODE_A: Code = Code::new("test.a", "one reason");
const CODE_B: Code = Code::new("test.b", "another reason");
const NOW: i64 = 1_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn subject() -> Subject {
    Subject {
        place: "repository".to_owned(),
        name: "dists/stable".to_owned(),
        scope: Scope::Published,
    }
}

fn date(second: i64, detail: &str) -> Dated {
    Dated {
        at: at(second),
        cause: Cause {
            code: causes::KEY_EXPIRES,
            key: None,
            detail: detail.to_owned(),
            mend: Some("mend it".to_owned()),
        },
        shows: Vec::new(),
        telling: Telling::Always,
    }
}

fn state(answer: Answer, codes: &[Code]) -> State {
    let severity = match answer {
        Answer::Rejects => Severity::Reject,
        Answer::Warns => Severity::Warning,
        Answer::Accepts | Answer::NotAsked => Severity::Note,
    };
    State {
        answer,
        reasons: codes
            .iter()
            .map(|code| Finding::new(*code, severity, "", code.meaning).because("rule 1"))
            .collect(),
    }
}

/// Follows answers that change at these seconds.
fn followed(first: State, changes: Vec<(i64, State)>, dates: &[Dated]) -> Followed {
    let ask = |moment: Timestamp| {
        let last = changes
            .iter()
            .rev()
            .find(|(second, _)| *second <= moment.as_second());
        Ok::<_, Infallible>(last.map_or(&first, |(_, state)| state).clone())
    };
    match follow(&subject(), "client", Span::from(at(NOW)), dates, ask) {
        Ok(followed) => followed,
    }
}

fn events(forecast: &[Event]) -> Vec<(Option<i64>, &'static str, &str)> {
    forecast
        .iter()
        .map(|event| {
            let at = event.at.map(|at| at.as_second());
            (at, event.happens.word(), event.cause.detail.as_str())
        })
        .collect()
}

fn accepts() -> State {
    state(Answer::Accepts, &[])
}

fn rejects(code: Code) -> State {
    state(Answer::Rejects, &[code])
}

fn warns(code: Code) -> State {
    state(Answer::Warns, &[code])
}

#[test]
fn a_date_that_breaks_is_told_and_one_that_does_not_is_quiet() {
    let dates = [date(NOW + 5, "first key"), date(NOW + 9, "second key")];
    let found = followed(accepts(), vec![(NOW + 9, rejects(CODE_A))], &dates);
    assert_eq!(
        events(&found.events),
        [(Some(NOW + 9), "breaks", "second key")]
    );
    let quiet: Vec<_> = found.quiet.iter().map(|one| one.at.as_second()).collect();
    assert_eq!(quiet, [NOW + 5]);
    assert_eq!(found.present.answer, Answer::Accepts);
    let says = &found.events[0].consumers[0];
    assert_eq!(
        (says.reason.as_str(), says.rule.as_deref()),
        ("one reason", Some("rule 1"))
    );
}

#[test]
fn what_is_past_is_told_once_with_its_beginning() {
    let dates = [date(5, "made"), date(10, "expired"), date(20, "policy")];
    let line = vec![
        (5, accepts()),
        (10, warns(CODE_A)),
        (20, rejects(CODE_A)),
        (30, rejects(CODE_B)),
    ];
    let found = followed(rejects(CODE_A), line, &dates);
    assert_eq!(events(&found.events), [(Some(20), "breaks", "policy")]);
    assert!(found.quiet.is_empty());
}

#[test]
fn what_never_was_accepted_has_no_date() {
    let dates = [date(5, "made"), date(NOW + 5, "key")];
    let found = followed(rejects(CODE_B), Vec::new(), &dates);
    assert!(found.quiet.is_empty());
    assert_eq!(events(&found.events), [(None, "breaks", "another reason")]);
    assert_eq!(found.present.answer, Answer::Rejects);
}

#[test]
fn what_was_broken_and_is_mended_is_not_told() {
    let line = vec![(10, rejects(CODE_A)), (20, accepts())];
    assert_eq!(events(&followed(accepts(), line, &[]).events), []);
}

#[test]
fn another_reason_is_another_break() {
    let dates = [date(NOW + 5, "Valid-Until"), date(NOW + 9, "key")];
    let line = vec![(NOW + 5, rejects(CODE_A)), (NOW + 9, rejects(CODE_B))];
    let found = followed(accepts(), line, &dates);
    assert_eq!(
        events(&found.events),
        [
            (Some(NOW + 5), "breaks", "Valid-Until"),
            (Some(NOW + 9), "breaks", "key")
        ]
    );
}

#[test]
fn a_warning_comes_before_the_break_and_a_recovery_after() {
    let line = vec![
        (NOW + 5, warns(CODE_A)),
        (NOW + 9, rejects(CODE_B)),
        (NOW + 20, accepts()),
    ];
    // Between two dates asked about, what comes and goes again would not be seen.
    let found = followed(accepts(), line, &[date(NOW + 12, "a day between")]);
    assert_eq!(
        events(&found.events),
        [
            (Some(NOW + 5), "warns", "one reason"),
            (Some(NOW + 9), "breaks", "another reason"),
            (Some(NOW + 20), "recovers", "it is accepted again"),
        ]
    );
    assert!(found.events.iter().all(|e| e.cause.code == causes::OTHER));
}

#[test]
fn of_several_causes_the_reason_picks_its_own() {
    let mut policy = date(NOW + 5, "policy: SHA-1");
    policy.shows = vec!["one reason".to_owned()];
    let mut other = date(NOW + 5, "policy: MD5");
    other.shows = vec!["something else".to_owned()];
    let key = date(NOW + 5, "key");
    let all = [policy, other, key];
    let told = |code| {
        let found = followed(accepts(), vec![(NOW + 5, rejects(code))], &all);
        let of = found.events.iter();
        of.map(|event| event.cause.detail.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(told(CODE_A), ["policy: SHA-1"]);
    // Where the reason names none, the date that speaks for itself counts.
    assert_eq!(told(CODE_B), ["key"]);
}

#[test]
fn two_keys_that_end_together_are_two_causes() {
    let dates = [date(NOW + 5, "primary"), date(NOW + 5, "subkey")];
    let found = followed(accepts(), vec![(NOW + 5, rejects(CODE_A))], &dates);
    assert_eq!(found.events.len(), 2);
}

#[test]
fn dates_beyond_the_horizon_and_before_time_are_survived() {
    let dates = [
        Dated {
            at: Timestamp::MAX,
            ..date(0, "the end of time")
        },
        Dated {
            at: Timestamp::MIN,
            ..date(0, "its beginning")
        },
        date(HORIZON + 1, "too late"),
    ];
    let line = vec![(HORIZON + 1, rejects(CODE_A))];
    let found = followed(accepts(), line, &dates);
    assert_eq!(events(&found.events), []);
    // What lies behind the horizon was not asked about, and is not said to be harmless.
    assert!(found.quiet.is_empty(), "{:?}", found.quiet);
}

#[test]
fn after_the_horizon_a_day_is_left() {
    let span = Span::from(at(HORIZON + 1_000));
    assert_eq!(span.until, at(HORIZON + 1_000 + 86_400));
    assert_eq!(Span::from(Timestamp::MAX).until, Timestamp::MAX);
    assert_eq!(Span::from(at(0)).until, at(HORIZON));
}

fn of(consumer: &str, happens: Happens, at: Option<Timestamp>) -> Followed {
    Followed {
        present: Present {
            subject: subject(),
            consumer: consumer.to_owned(),
            answer: Answer::Accepts,
        },
        events: vec![Event {
            at,
            happens,
            subject: subject(),
            cause: date(0, "key").cause,
            consumers: vec![Says {
                consumer: consumer.to_owned(),
                reason: String::new(),
                rule: None,
            }],
        }],
        quiet: Vec::new(),
    }
}

#[test]
fn the_same_thing_is_one_event_for_all() {
    let soon = Some(at(NOW + 86_400));
    let all = vec![
        of("b", Happens::Breaks, soon),
        of("c", Happens::Warns, Some(at(NOW + 5))),
        of("a", Happens::Breaks, soon),
        of("a", Happens::Breaks, soon),
        of("d", Happens::Breaks, None),
    ];
    let forecast = Forecast::new(at(NOW), all, Vec::new());
    let told: Vec<_> = forecast
        .events
        .iter()
        .map(|event| {
            let names = event.consumers.iter().map(|says| says.consumer.as_str());
            (event.at, names.collect::<Vec<_>>().join(","))
        })
        .collect();
    assert_eq!(
        told,
        [
            (None, "d".to_owned()),
            (Some(at(NOW + 5)), "c".to_owned()),
            (soon, "a,b".to_owned())
        ]
    );
}

#[test]
fn within_counts_what_is_broken_and_no_warnings() {
    let hours = SignedDuration::from_hours;
    let forecast = |followed| Forecast::new(at(NOW), followed, Vec::new());
    let soon = |happens| forecast(vec![of("a", happens, Some(at(NOW + 86_400)))]);
    let count = |forecast: &Forecast, length| forecast.within(length).count();
    assert_eq!(count(&soon(Happens::Breaks), hours(24)), 1);
    assert_eq!(count(&soon(Happens::Breaks), hours(23)), 0);
    assert_eq!(count(&soon(Happens::Warns), hours(48)), 0);
    assert_eq!(count(&soon(Happens::Recovers), hours(48)), 0);
    let broken = forecast(vec![of("a", Happens::Breaks, None)]);
    assert_eq!(count(&broken, hours(0)), 1);
    let past = forecast(vec![of("a", Happens::Breaks, Some(at(5)))]);
    assert_eq!(count(&past, hours(0)), 1);
    assert_eq!(count(&past, SignedDuration::MAX), 1);
    assert_eq!(count(&past, SignedDuration::MIN), 1);
}

#[test]
fn a_quiet_date_that_somebody_minds_is_not_quiet() {
    let dates = [date(NOW + 5, "key")];
    let minds = followed(accepts(), vec![(NOW + 5, rejects(CODE_A))], &dates);
    let mut not = followed(accepts(), Vec::new(), &dates);
    not.present.consumer = "other".to_owned();
    assert_eq!(not.quiet.len(), 1);
    let alone = Forecast::new(at(NOW), vec![not.clone()], Vec::new());
    assert_eq!(alone.quiet.len(), 1);
    let both = Forecast::new(at(NOW), vec![minds, not], Vec::new());
    assert_eq!(both.quiet, []);
    assert_eq!(both.present.len(), 2);
}
