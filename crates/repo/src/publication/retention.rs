//! How long generations stay for those who read an older one.

use jiff::{SignedDuration, Timestamp};

/// Generations that are kept at most, whatever was asked for: each of them is noted with
/// everything that belongs to it, and the note is read by every publication.
const MOST: usize = 4_096;
/// Generations that are kept at least: somebody may have just read the one before.
const LEAST: usize = 2;

/// Which generations stay: the newest, and those that clients may still be reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// So many stay in any case, the new one included; 2 at least.
    pub generations: usize,
    /// All that were the newest at some moment of this span, which ends when the new one
    /// is published, stay too, up to 4096.
    pub span: SignedDuration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            generations: 3,
            span: SignedDuration::ZERO,
        }
    }
}

impl Retention {
    /// Lets none go.
    pub const ALL: Self = Self {
        generations: usize::MAX,
        span: SignedDuration::ZERO,
    };

    /// How many of these generations stay; given are the times of all, the newest first.
    pub(super) fn count(self, times: &[Timestamp]) -> usize {
        let since = times
            .first()
            .and_then(|newest| newest.checked_sub(self.span).ok())
            .unwrap_or(Timestamp::MIN);
        // One was the newest until its successor came.
        let read = times.iter().rposition(|successor| *successor > since);
        let read = read.map_or(0, |successor| successor + 2);
        let least = self.generations.max(LEAST);
        let count = if self.span.is_zero() {
            least
        } else {
            least.max(read)
        };
        count.min(MOST.max(least)).min(times.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours before the newest.
    fn count(generations: usize, span: i64, hours: &[i64]) -> usize {
        let newest: Timestamp = "2025-03-01T00:00:00Z".parse().unwrap();
        let times: Vec<Timestamp> = hours
            .iter()
            .map(|hours| newest - SignedDuration::from_hours(*hours))
            .collect();
        let span = SignedDuration::from_hours(span);
        Retention { generations, span }.count(&times)
    }

    #[test]
    fn what_was_the_newest_within_the_span_stays() {
        let hourly = [0, 1, 2, 3, 4, 5, 6];
        assert_eq!(count(3, 0, &hourly), 3);
        // Until an hour ago the second was the newest, until two hours ago the third.
        assert_eq!(count(2, 1, &hourly), 2);
        assert_eq!(count(2, 2, &hourly), 3);
        assert_eq!(count(5, 2, &hourly), 5);
        assert_eq!(count(2, 100, &hourly), 7);
        // The second was the newest for a year, until this moment.
        assert_eq!(count(2, 1, &[0, 9_000, 9_001]), 2);
        assert_eq!(count(2, 1, &[0]), 1);
        assert_eq!(count(0, 0, &hourly), 2);
        assert_eq!(count(2, i64::MAX / 3_600, &hourly), 7);
    }

    #[test]
    fn a_span_keeps_a_bounded_number() {
        let hours: Vec<i64> = (0..5_000).collect();
        assert_eq!(count(2, 10_000, &hours), MOST);
        assert_eq!(count(4_500, 0, &hours), 4_500);
    }
}
