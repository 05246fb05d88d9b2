//! Dates as Release files write them (RFC 1123, in UTC).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Reads `Sat, 11 Jul 2026 10:16:37 UTC`. Zones other than UTC are refused: apt ignores
/// such a date, and one that clients ignore protects nobody.
pub(crate) fn parse(text: &str) -> Result<Timestamp, &'static str> {
    let parts: Vec<&str> = text.split(' ').filter(|part| !part.is_empty()).collect();
    let [weekday, day, month, year, time, zone] = parts.as_slice() else {
        return Err("not of the form \"Sat, 11 Jul 2026 10:16:37 UTC\"");
    };
    if !weekday
        .strip_suffix(',')
        .is_some_and(|name| DAYS.contains(&name))
    {
        return Err("it does not begin with a weekday");
    }
    let month = MONTHS
        .iter()
        .position(|name| name == month)
        .ok_or("an unknown month")?;
    if !matches!(*zone, "UTC" | "GMT" | "Z" | "+0000" | "-0000") {
        return Err("a time zone other than UTC, which clients do not read");
    }
    let (hour, rest) = time.split_once(':').ok_or("a time that is none")?;
    let (minute, second) = rest.split_once(':').ok_or("a time that is none")?;
    let number = |text: &str, longest: usize| -> Option<i16> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        (digits && (1..=longest).contains(&text.len()))
            .then(|| text.parse().ok())
            .flatten()
    };
    let small = |text: &str| number(text, 2).and_then(|value| i8::try_from(value).ok());
    let build = || {
        DateTime::new(
            number(year, 4).filter(|&year| year >= 1970)?,
            i8::try_from(month + 1).ok()?,
            small(day)?,
            small(hour)?,
            small(minute)?,
            small(second)?,
            0,
        )
        .ok()?
        .to_zoned(TimeZone::UTC)
        .ok()
    };
    build()
        .map(|zoned| zoned.timestamp())
        .ok_or("no day or time of the calendar")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_archives_write() {
        let expected: Timestamp = "2026-07-11T10:16:37Z".parse().unwrap();
        for text in [
            "Sat, 11 Jul 2026 10:16:37 UTC",
            "Sat, 11 Jul 2026 10:16:37 GMT",
            "Sat, 11 Jul 2026 10:16:37 +0000",
            "Sat, 11 Jul 2026 10:16:37 Z",
            "Sat,  11 Jul 2026 10:16:37 UTC",
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        assert_eq!(
            parse("Mon, 2 Jun 2025 08:04:05 UTC"),
            Ok("2025-06-02T08:04:05Z".parse().unwrap())
        );
    }

    #[test]
    fn refuses_what_clients_do_not_read() {
        for text in [
            "",
            "2026-07-11T10:16:37Z",
            "Sat Jul 11 10:16:37 2026",
            "Sat, 11 Jul 2026 10:16:37",
            "Sat, 11 Jul 2026 10:16:37 +0200",
            "Sat, 11 Jul 2026 10:16:37 CEST",
            "Sat, 11 Jul 2026 10:16 UTC",
            "Sat, 31 Jun 2026 10:16:37 UTC",
            "Sat, 11 Jul 2026 24:16:37 UTC",
            "Sat, 11 Jul 26 10:16:37 UTC",
            "Sat, -1 Jul 2026 10:16:37 UTC",
            "Sat, 11 Jul 99999 10:16:37 UTC",
            "Sat, 11 July 2026 10:16:37 UTC",
            "Xxx, 11 Jul 2026 10:16:37 UTC",
            "11 Jul 2026 10:16:37 UTC extra",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
