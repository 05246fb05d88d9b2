//! Dates of a repository. yum has no field that says until when metadata may be used: what
//! is left are the signature's date and the files' timestamps.

use jiff::{SignedDuration, Timestamp};
use pkgseal_repo::Finding;

use super::generation::{Generation, moment};
use crate::codes;

/// How far ahead of the clock metadata may be dated, unless said otherwise; as apt.
const FUTURE: SignedDuration = SignedDuration::from_secs(10);

/// How fresh a repository has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// The longest time since `repomd.xml` was signed; where nothing signs it, since the
    /// newest of its files was made.
    pub max_age: Option<SignedDuration>,
    /// How far ahead its files may be dated; ten seconds unless said otherwise.
    pub clock_skew: Option<SignedDuration>,
}

impl Freshness {
    /// What is wrong with the dates of a generation at `now`; `subject` names its root.
    pub(super) fn judge(
        &self,
        generation: &Generation,
        subject: &str,
        now: Timestamp,
    ) -> Option<Finding> {
        let newest = generation
            .newest
            .map(|newest| moment(newest).unwrap_or(Timestamp::MAX));
        let skew = self.clock_skew.unwrap_or(FUTURE);
        if let Some(newest) = newest
            && newest > now.saturating_add(skew).unwrap_or(Timestamp::MAX)
        {
            return Some(
                Finding::reject(
                    codes::FUTURE,
                    subject,
                    format!("a metadata file is dated {newest}, and now it is {now}"),
                )
                .because("the newest <timestamp>")
                .hint("check the clock, here and where it was published"),
            );
        }
        let max_age = self.max_age?;
        let Some((date, rule)) = generation
            .signed
            .map(|signed| (signed, "the date of its signature"))
            .or(newest.map(|newest| (newest, "the newest <timestamp>")))
        else {
            return Some(
                Finding::reject(
                    codes::TOO_OLD,
                    subject,
                    "nothing says when it was made, so it may be of any age",
                )
                .because("the longest age asked for"),
            );
        };
        let until = date.saturating_add(max_age).unwrap_or(Timestamp::MAX);
        (now > until).then(|| {
            Finding::reject(
                codes::TOO_OLD,
                subject,
                format!("dated {date}, and now it is {now}"),
            )
            .because(format!("the longest age asked for, and {rule}"))
            .hint("update the mirror; if it is current, its publisher has stopped")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::generation::sha256;
    use super::*;

    fn generation(newest: Option<u64>, signed: Option<i64>) -> Generation {
        Generation {
            repomd: sha256(b""),
            revision: None,
            newest,
            signed: signed.map(|at| Timestamp::from_second(at).unwrap()),
            signers: Vec::new(),
            data: Vec::new(),
        }
    }

    fn code(
        newest: Option<u64>,
        signed: Option<i64>,
        age: Option<i64>,
        skew: Option<i64>,
    ) -> Option<&'static str> {
        let freshness = Freshness {
            max_age: age.map(SignedDuration::from_secs),
            clock_skew: skew.map(SignedDuration::from_secs),
        };
        let now = Timestamp::from_second(1000).unwrap();
        freshness
            .judge(&generation(newest, signed), "repomd.xml", now)
            .map(|finding| finding.code.id)
    }

    #[test]
    fn without_a_limit_every_past_date_will_do() {
        for newest in [None, Some(0), Some(1000), Some(1010)] {
            assert_eq!(code(newest, Some(1), None, None), None);
        }
    }

    #[test]
    fn dates_ahead_of_the_clock_reject() {
        assert_eq!(
            code(Some(1011), Some(1), None, None),
            Some("yum.repomd.future")
        );
        assert_eq!(code(Some(1011), Some(1), None, Some(11)), None);
        assert_eq!(
            code(Some(1001), Some(1), None, Some(0)),
            Some("yum.repomd.future")
        );
        assert_eq!(
            code(Some(u64::MAX), None, None, None),
            Some("yum.repomd.future")
        );
    }

    #[test]
    fn age_counts_from_the_signature() {
        assert_eq!(code(Some(1), Some(900), Some(100), None), None);
        assert_eq!(
            code(Some(1), Some(899), Some(100), None),
            Some("yum.repomd.too-old")
        );
        assert_eq!(
            code(Some(999), Some(899), Some(100), None),
            Some("yum.repomd.too-old")
        );
        // Unsigned: from the files.
        assert_eq!(code(Some(900), None, Some(100), None), None);
        assert_eq!(
            code(Some(899), None, Some(100), None),
            Some("yum.repomd.too-old")
        );
        assert_eq!(
            code(None, None, Some(100), None),
            Some("yum.repomd.too-old")
        );
    }
}
