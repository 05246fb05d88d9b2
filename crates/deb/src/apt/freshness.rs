//! Dates of a Release, as apt judges them and as an operator may.

use jiff::{SignedDuration, Timestamp};
use pkgseal_repo::Finding;

use super::release::Release;
use crate::codes;

/// How far ahead of the clock a Release may be dated (apt's `Acquire::Max-FutureTime`).
const FUTURE: SignedDuration = SignedDuration::from_secs(10);

/// How fresh a Release has to be. The default is apt's: not past its Valid-Until, and not
/// dated more than ten seconds ahead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// The longest time since its Date, whatever its Valid-Until says.
    pub max_age: Option<SignedDuration>,
    /// How far ahead it may be dated; ten seconds unless said otherwise.
    pub clock_skew: Option<SignedDuration>,
    /// A Valid-Until earlier than its Date and this counts as that (apt's
    /// `Acquire::Min-ValidTime`). Without a Valid-Until it says nothing.
    pub min_valid_time: Option<SignedDuration>,
    /// A Valid-Until later than its Date and this, or none at all, counts as that (apt's
    /// `Acquire::Max-ValidTime`).
    pub max_valid_time: Option<SignedDuration>,
}

impl Freshness {
    /// What `later` says, and what it leaves open as here.
    #[must_use]
    pub fn or(&self, later: &Self) -> Self {
        Self {
            max_age: later.max_age.or(self.max_age),
            clock_skew: later.clock_skew.or(self.clock_skew),
            min_valid_time: later.min_valid_time.or(self.min_valid_time),
            max_valid_time: later.max_valid_time.or(self.max_valid_time),
        }
    }

    /// Until when clients may use the Release, and which rule says so.
    fn valid_until(&self, release: &Release) -> Option<(Timestamp, &'static str)> {
        let after =
            |time: SignedDuration| release.date.saturating_add(time).unwrap_or(Timestamp::MAX);
        let mut until = release
            .valid_until
            .map(|until| (until, "its field Valid-Until"));
        if let (Some((said, _)), Some(least)) = (until, self.min_valid_time)
            && said < after(least)
        {
            until = Some((after(least), "its Date and the least time it is valid"));
        }
        if let Some(most) = self.max_valid_time
            && until.is_none_or(|(said, _)| said > after(most))
        {
            until = Some((after(most), "its Date and the longest time it is valid"));
        }
        until
    }

    /// What is wrong with the dates of a Release at `now`; `subject` names it.
    pub fn judge(&self, release: &Release, subject: &str, now: Timestamp) -> Option<Finding> {
        if let Some((until, rule)) = self.valid_until(release)
            && now > until
        {
            let detail = format!("valid until {until}, and now it is {now}");
            return Some(
                Finding::reject(codes::RELEASE_EXPIRED, subject, detail)
                    .because(rule)
                    .hint("update the mirror; if it is current, its publisher has to sign anew"),
            );
        }
        let skew = self.clock_skew.unwrap_or(FUTURE);
        if release.date > now.saturating_add(skew).unwrap_or(Timestamp::MAX) {
            let detail = format!("dated {}, and now it is {now}", release.date);
            return Some(
                Finding::reject(codes::RELEASE_FUTURE, subject, detail)
                    .because("its field Date")
                    .hint("check the clock, here and where it was published"),
            );
        }
        let oldest = self.max_age.map(|age| release.date.saturating_add(age));
        if let Some(oldest) = oldest
            && now > oldest.unwrap_or(Timestamp::MAX)
        {
            let detail = format!("dated {}, and now it is {now}", release.date);
            return Some(
                Finding::reject(codes::RELEASE_TOO_OLD, subject, detail)
                    .because("the longest age asked for, and its field Date")
                    .hint("update the mirror; if it is current, its publisher has stopped"),
            );
        }
        None
    }
}

#[cfg(test)]
mod tests;
