//! Dates as apt reads them: more forms than archives write, so a model only.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A date in one of the three forms of HTTP, in UTC; `None` where apt finds none.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let (weekday, rest) = words.split_first()?;
    let day = weekday.get(..3)?.to_ascii_lowercase();
    if !DAYS.contains(&day.as_str()) {
        return None;
    }
    match (weekday.len(), weekday.ends_with(','), rest) {
        // Sun, 06 Nov 1994 08:49:37 GMT
        (4, true, [day, month, year, time, zone]) => {
            utc(zone)?;
            at(year.parse().ok()?, month, day.parse().ok()?, time)
        }
        // Sun Nov  6 08:49:37 1994
        (3, _, [month, day, time, year]) => at(year.parse().ok()?, month, day.parse().ok()?, time),
        // Sunday, 06-Nov-94 08:49:37 GMT
        (5.., true, [date, time, zone]) => {
            utc(zone)?;
            let parts: Vec<&str> = date.split('-').collect();
            let [day, month, year] = parts.as_slice() else {
                return None;
            };
            let year: i64 = year.parse().ok()?;
            at(year.checked_add(1900)?, month, day.parse().ok()?, time)
        }
        _ => None,
    }
}

/// UTC under one of its names, or a number that is zero.
fn utc(zone: &str) -> Option<()> {
    let zero = || zone.parse::<i64>().is_ok_and(|offset| offset == 0);
    (matches!(zone, "GMT" | "UTC" | "Z") || zero()).then_some(())
}

/// Days beyond the end of a month and the sixtieth second run over, and an unknown month
/// is January.
fn at(year: i64, month: &str, day: u16, time: &str) -> Option<Timestamp> {
    let month = MONTHS
        .iter()
        .position(|known| month.to_ascii_lowercase().starts_with(known))
        .unwrap_or_default();
    let mut parts = time.splitn(3, ':').map(leading);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 61 {
        return None;
    }
    let first = Date::new(
        i16::try_from(year)
            .ok()
            .filter(|year| (0..=9999).contains(year))?,
        i8::try_from(month).ok()?.checked_add(1)?,
        1,
    )
    .ok()?;
    let start = first.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let seconds = (i64::from(day) - 1) * 86_400 + hour * 3_600 + minute * 60 + second;
    start.checked_add(SignedDuration::from_secs(seconds)).ok()
}

/// One or two digits; what follows them is not looked at.
fn leading(text: &str) -> Option<i64> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    text.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_forms() {
        let expected: Timestamp = "2025-03-01T00:00:00Z".parse().unwrap();
        for text in [
            "Sat, 01 Mar 2025 00:00:00 UTC",
            "sat, 1 mar 2025 00:00:00 Z",
            "Mon,  1 Mar 2025 00:00:00 -0000",
            "Sat Mar  1 00:00:00 2025",
            "Saturday, 01-Mar-125 00:00:00 GMT",
            "Sat, 29 Feb 2025 00:00:00 UTC",
            "Fri, 28 Feb 2025 23:59:60 UTC",
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn none() {
        for text in [
            "",
            "Sat",
            "Sat,",
            "1 Mar 2025 00:00:00 UTC",
            "Sat, 01 Mar 2025 00:00:00",
            "Sat, 01 Mar 2025 00:00:00 +0200",
            "Sat, 01 Mar 2025 00:00:00 CET",
            "Sat, 01 Mar 2025 00:00:00 UTC x",
            "Sat, 32 Mar 2025 00:00:00 UTC",
            "Sat, 01 Mar 2025 24:00:00 UTC",
            "Sat, 01 Mar 99999 00:00:00 UTC",
            "2025-03-01T00:00:00Z",
            "ééé",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
