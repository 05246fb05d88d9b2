use pkgseal_openpgp::Verified;
use pkgseal_repo::Limits;

use super::*;

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count * 86_400)
}

fn release(valid_until: &str) -> Release {
    let hash = "0".repeat(64);
    let text = format!("Date: Sun, 01 Jun 2025 00:00:00 UTC\n{valid_until}SHA256:\n {hash} 0 a\n");
    let text = Verified::danger_unverified(text.into_bytes());
    let release = Release::parse(text, "Release", &Limits::default());
    release.unwrap().into_inner()
}

/// The code at a time after 2025-06-01.
fn judge(freshness: &Freshness, release: &Release, after: SignedDuration) -> &'static str {
    let now = release.date + after;
    let finding = freshness.judge(release, "Release", now);
    finding.map_or("", |finding| finding.code.id)
}

/// apt 2.6 gives the same answers: its test-releasefile-valid-until asks them.
#[test]
fn valid_until_is_raised_and_lowered_as_apt_does() {
    const WEEK: &str = "Valid-Until: Sun, 08 Jun 2025 00:00:00 UTC\n";
    const EXPIRED: &str = "apt.release.expired";
    for (until, least, most, at, expected) in [
        (WEEK, None, None, 7, ""),
        (WEEK, None, None, 8, EXPIRED),
        ("", None, None, 8, ""),
        // Raised.
        (WEEK, Some(9), None, 8, ""),
        (WEEK, Some(9), None, 10, EXPIRED),
        (WEEK, Some(3), None, 6, ""),
        ("", Some(3), None, 6, ""),
        // Lowered.
        (WEEK, None, Some(3), 2, ""),
        (WEEK, None, Some(3), 4, EXPIRED),
        (WEEK, None, Some(30), 8, EXPIRED),
        ("", None, Some(3), 4, EXPIRED),
        ("", None, Some(3), 2, ""),
        // The longest time has the last word.
        (WEEK, Some(9), Some(3), 4, EXPIRED),
        (WEEK, Some(9), Some(30), 8, ""),
    ] {
        let freshness = Freshness {
            min_valid_time: least.map(days),
            max_valid_time: most.map(days),
            ..Freshness::default()
        };
        let found = judge(&freshness, &release(until), days(at));
        assert_eq!(found, expected, "{until:?} {least:?} {most:?} {at}");
    }
}

#[test]
fn age_counts_without_a_valid_until() {
    let freshness = Freshness {
        max_age: Some(days(10)),
        ..Freshness::default()
    };
    assert_eq!(judge(&freshness, &release(""), days(10)), "");
    let later = days(10) + SignedDuration::from_secs(1);
    assert_eq!(
        judge(&freshness, &release(""), later),
        "apt.release.too-old"
    );
}

#[test]
fn the_future_begins_after_the_skew() {
    let ahead = |seconds: i64| SignedDuration::from_secs(-seconds);
    let strict = Freshness::default();
    assert_eq!(judge(&strict, &release(""), ahead(10)), "");
    assert_eq!(
        judge(&strict, &release(""), ahead(11)),
        "apt.release.not-yet-valid"
    );
    let lax = Freshness {
        clock_skew: Some(days(1)),
        ..Freshness::default()
    };
    assert_eq!(judge(&lax, &release(""), ahead(86_400)), "");
    assert_eq!(
        judge(&lax, &release(""), ahead(86_401)),
        "apt.release.not-yet-valid"
    );
    let none = Freshness {
        clock_skew: Some(SignedDuration::ZERO),
        ..Freshness::default()
    };
    assert_eq!(
        judge(&none, &release(""), ahead(1)),
        "apt.release.not-yet-valid"
    );
}

#[test]
fn huge_times_do_not_overflow() {
    let freshness = Freshness {
        max_age: Some(SignedDuration::MAX),
        clock_skew: Some(SignedDuration::MAX),
        min_valid_time: Some(SignedDuration::MAX),
        max_valid_time: Some(SignedDuration::MAX),
    };
    assert_eq!(judge(&freshness, &release(""), days(10)), "");
}

#[test]
fn later_words_count_where_they_say_something() {
    let first = Freshness {
        max_age: Some(days(1)),
        clock_skew: Some(days(2)),
        ..Freshness::default()
    };
    let second = Freshness {
        max_age: Some(days(3)),
        ..Freshness::default()
    };
    let both = first.or(&second);
    assert_eq!(
        (both.max_age, both.clock_skew),
        (Some(days(3)), Some(days(2)))
    );
}
