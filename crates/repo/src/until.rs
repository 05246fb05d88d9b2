//! Until when something is taken, as data files say it.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// `"always"`, `"never"`, or the first day, in UTC, on which it no longer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Until {
    /// For good.
    Always,
    /// Not at all.
    Never,
    /// Before the day begins.
    Day(Date),
}

impl Until {
    /// Whether it is taken at a moment.
    pub fn holds(self, moment: Timestamp) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Day(_) => self.end().is_some_and(|end| moment < end),
        }
    }

    /// What it comes to at a moment: [`Until::Always`] or [`Until::Never`].
    #[must_use]
    pub fn at(self, moment: Timestamp) -> Self {
        if self.holds(moment) {
            Self::Always
        } else {
            Self::Never
        }
    }

    /// The first second on which it no longer is, where that is a day.
    pub fn end(self) -> Option<Timestamp> {
        match self {
            Self::Always | Self::Never => None,
            Self::Day(day) => Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp()),
        }
    }
}

impl TryFrom<String> for Until {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            day => day.parse().map(Self::Day).map_err(|_| {
                format!("`{text}` is not \"always\", \"never\" or a day like \"2026-02-01\"")
            }),
        }
    }
}

impl std::fmt::Display for Until {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::Never => f.write_str("never"),
            Self::Day(day) => day.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_it_with_its_first_second() {
        let day = Until::try_from("2026-02-01".to_owned()).unwrap();
        let first: Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
        let before: Timestamp = "2026-01-31T23:59:59Z".parse().unwrap();
        assert_eq!(day.end(), Some(first));
        assert!(day.holds(before) && !day.holds(first));
        assert_eq!(
            (day.at(before), day.at(first)),
            (Until::Always, Until::Never)
        );
        for (word, holds) in [("always", true), ("never", false)] {
            let until = Until::try_from(word.to_owned()).unwrap();
            assert_eq!((until.holds(first), until.end()), (holds, None), "{word}");
        }
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        for text in ["always", "never", "2030-02-01"] {
            let until = Until::try_from(text.to_owned()).unwrap();
            assert_eq!(until.to_string(), text);
        }
        for text in ["", "Always", "soon", "2026-02-30", "2026-2-1"] {
            let error = Until::try_from(text.to_owned()).unwrap_err();
            assert!(error.contains(text), "{error}");
        }
    }
}
