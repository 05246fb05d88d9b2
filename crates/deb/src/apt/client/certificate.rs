//! What a client makes of certificates as such.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use pkgseal_openpgp::Profile;
use pkgseal_repo::Until;

use super::Client;
use super::openpgp::{Policy, profile};
use super::rules::{Program, Rules, Six};

/// The profiles by which a client judges keys, each with the moment of the client's clock
/// from which on it is in force (`None`: since ever); the oldest first.
#[derive(Clone, Debug)]
pub struct Policies {
    /// What it goes by.
    pub today: Vec<(Option<Timestamp>, Profile)>,
    /// What it warns by; empty where it warns of nothing.
    pub foretold: Vec<(Option<Timestamp>, Profile)>,
}

impl Client {
    /// By which profiles it judges keys, and when they change.
    ///
    /// # Errors
    /// [`pkgseal_openpgp::Error::Profile`] when the client's own rules make no profile.
    pub fn policies(&self) -> Result<Policies, pkgseal_openpgp::Error> {
        let rules = &*self.rules;
        let mut dates = vec![None];
        dates.extend(cut_offs(rules).into_iter().map(Some));
        let by = |policy: fn(Timestamp) -> Policy| {
            dates
                .iter()
                .map(|from| {
                    let at = from.unwrap_or(Timestamp::UNIX_EPOCH);
                    Ok((*from, profile(rules, policy(at))?))
                })
                .collect::<Result<Vec<_>, pkgseal_openpgp::Error>>()
        };
        let today = by(Policy::At)?;
        let foretold = match rules.program {
            Program::Sqv => today
                .iter()
                .map(|(from, profile)| (from.map(a_year_before), profile.clone()))
                .collect(),
            Program::Gpgv if rules.public_key.values().any(|rule| rule.next.is_some()) => {
                by(Policy::Next)?
            }
            Program::Gpgv => Vec::new(),
        };
        Ok(Policies { today, foretold })
    }

    /// Whether a key that no self-signature allows to sign, nor anything else, may not: to
    /// others it may do everything.
    pub fn asks_for_key_flags(&self) -> bool {
        self.rules.program == Program::Sqv
    }

    /// Whether it knows certificates of this OpenPGP version.
    pub fn knows_version(&self, version: u8) -> bool {
        version <= 4 || self.rules.keyring.v6 == Six::Accept
    }
}

/// The days on which the client changes its mind about keys.
fn cut_offs(rules: &Rules) -> Vec<Timestamp> {
    let digests = rules.digest.values().map(|rule| rule.self_signature);
    let keys = rules.public_key.values().flat_map(|rule| {
        let sizes = rule.sizes.iter().map(|size| size.accept);
        [rule.accept].into_iter().chain(rule.next).chain(sizes)
    });
    let mut days: Vec<_> = digests.chain(keys).filter_map(Until::end).collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// apt asks sqv for the policy of the same day next year.
fn a_year_before(day: Timestamp) -> Timestamp {
    day.to_zoned(TimeZone::UTC)
        .checked_sub(Span::new().years(1))
        .map_or(day, |before| before.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Client {
        Client::named(name).unwrap()
    }

    #[test]
    fn policies_change_on_the_days_of_the_file_and_warnings_a_year_before() {
        let policies = named("trixie").policies().unwrap();
        let day = |text: &str| Some(format!("{text}T00:00:00Z").parse::<Timestamp>().unwrap());
        let starts: Vec<_> = policies.today.iter().map(|(from, _)| *from).collect();
        assert_eq!(starts.first(), Some(&None));
        assert!(starts.contains(&day("2026-02-01")) && starts.contains(&day("2030-02-01")));
        assert!(!starts.contains(&day("2025-02-01")));
        assert!(starts.is_sorted());
        let warned: Vec<_> = policies.foretold.iter().map(|(from, _)| *from).collect();
        assert!(warned.contains(&day("2025-02-01")) && !warned.contains(&day("2026-02-01")));
    }

    #[test]
    fn gpgv_has_no_days_and_noble_alone_warns() {
        for (name, warns) in [("bookworm", false), ("jammy", false), ("noble", true)] {
            let policies = named(name).policies().unwrap();
            assert_eq!(policies.today.len(), 1, "{name}");
            assert_eq!(!policies.foretold.is_empty(), warns, "{name}");
        }
    }

    #[test]
    fn gpgv_knows_no_version_6() {
        assert!(!named("bookworm").knows_version(6));
        assert!(named("bookworm").knows_version(4));
        assert!(named("trixie").knows_version(6));
    }
}
