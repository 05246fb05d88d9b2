//! Until when something is to hold, as people write it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// How long a key lives: a length of time from some moment on, a day, or for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(Kind);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Never,
    At(Timestamp),
    After(Span),
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Never, Self::Never) => true,
            (Self::At(one), Self::At(other)) => one == other,
            (Self::After(one), Self::After(other)) => one.fieldwise() == other.fieldwise(),
            _ => false,
        }
    }
}

impl Eq for Kind {}

/// Adds so many of a unit.
type Add = fn(Span, i64) -> Option<Span>;

/// Units, and what they add. Years and months are those of the calendar.
const UNITS: &[(&str, Add)] = &[
    ("y", |span, n| {
        let years = i64::from(span.get_years()).checked_add(n)?;
        span.try_years(years).ok()
    }),
    ("mo", add_months),
    ("w", |span, n| add_days(span, n.checked_mul(7)?)),
    ("d", add_days),
    ("h", |span, n| {
        let hours = i64::from(span.get_hours()).checked_add(n)?;
        span.try_hours(hours).ok()
    }),
    ("min", |span, n| {
        span.try_minutes(span.get_minutes().checked_add(n)?).ok()
    }),
    ("s", |span, n| {
        span.try_seconds(span.get_seconds().checked_add(n)?).ok()
    }),
];

fn add_months(span: Span, number: i64) -> Option<Span> {
    let months = i64::from(span.get_months()).checked_add(number)?;
    span.try_months(months).ok()
}

fn add_days(span: Span, number: i64) -> Option<Span> {
    let days = i64::from(span.get_days()).checked_add(number)?;
    span.try_days(days).ok()
}

impl Lifetime {
    /// For ever.
    pub const NEVER: Self = Self(Kind::Never);

    /// Until this moment.
    pub fn until(moment: Timestamp) -> Self {
        Self(Kind::At(moment))
    }

    /// Reads `never`, a length of time (`2y`, `18mo`, `90d`, `1y6mo`), a day (`2027-06-01`,
    /// its first moment in UTC) or an exact RFC 3339 time. Units are `y`, `mo`, `w`, `d`,
    /// `h`, `min` and `s`; `m` is refused, as it is months for gpg and minutes elsewhere.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "expected a length of time (2y, 18mo, 90d), a day (2027-06-01) or never";
        let text = text.trim();
        if text == "never" {
            return Ok(Self::NEVER);
        }
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Self::until(moment));
        }
        if let Ok(day) = text.parse::<Date>() {
            let midnight = day.to_zoned(TimeZone::UTC).map_err(|_| FORM)?;
            return Ok(Self::until(midnight.timestamp()));
        }
        let mut rest = text;
        let mut span = Span::new();
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, after) = rest.split_at(digits);
            let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (unit, after) = after.split_at(letters);
            if unit == "m" {
                return Err(
                    "m is months for some and minutes for others: write mo or min".to_owned(),
                );
            }
            span = UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .zip(number.parse::<i64>().ok())
                .and_then(|((_, add), number)| add(span, number))
                .ok_or(FORM)?;
            rest = after;
        }
        if span.is_zero() {
            return Err(FORM.to_owned());
        }
        Ok(Self(Kind::After(span)))
    }

    /// The moment it ends when it begins at `start`; `None` for never.
    ///
    /// # Errors
    /// A sentence, when that is beyond what can be counted.
    pub fn end(self, start: Timestamp) -> Result<Option<Timestamp>, String> {
        match self.0 {
            Kind::Never => Ok(None),
            Kind::At(moment) => Ok(Some(moment)),
            Kind::After(span) => start
                .to_zoned(TimeZone::UTC)
                .checked_add(span)
                .map(|end| Some(end.timestamp()))
                .map_err(|_| "it is too far in the future".to_owned()),
        }
    }
}

impl std::str::FromStr for Lifetime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> Option<String> {
        let start = "2024-02-29T12:00:00Z".parse().unwrap();
        let end = Lifetime::parse(text).unwrap().end(start).unwrap();
        end.map(|end| end.to_string())
    }

    #[test]
    fn lengths_days_and_never_are_read() {
        for (text, expected) in [
            ("1y", "2025-02-28T12:00:00Z"),
            ("4y", "2028-02-29T12:00:00Z"),
            ("18mo", "2025-08-29T12:00:00Z"),
            ("1y6mo", "2025-08-29T12:00:00Z"),
            ("2w", "2024-03-14T12:00:00Z"),
            ("90d", "2024-05-29T12:00:00Z"),
            ("1d12h", "2024-03-02T00:00:00Z"),
            ("90min", "2024-02-29T13:30:00Z"),
            ("45s", "2024-02-29T12:00:45Z"),
            ("1d1d", "2024-03-02T12:00:00Z"),
            ("2027-06-01", "2027-06-01T00:00:00Z"),
            ("2027-06-01T10:00:00+02:00", "2027-06-01T08:00:00Z"),
        ] {
            assert_eq!(end(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(end("never"), None);
    }

    #[test]
    fn other_words_are_refused() {
        for text in [
            "",
            " ",
            "0",
            "0d",
            "0y0d",
            "5",
            "y",
            "-1y",
            "+1y",
            "1 y",
            "1.5y",
            "1yy",
            "18m",
            "1Y",
            "Never",
            "none",
            "2027-13-01",
            "2027-02-30",
            "01.06.2027",
            "99999999999999999999y",
            "20000y",
            "9999999d9999999d9999999999999d",
        ] {
            assert!(Lifetime::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_end_beyond_counting_is_refused() {
        let start = "2025-01-01T00:00:00Z".parse().unwrap();
        assert!(Lifetime::parse("9000y").unwrap().end(start).is_err());
    }
}
