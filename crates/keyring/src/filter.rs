//! Less of a keyring.

use std::collections::BTreeSet;

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, Certificates, Fingerprint, KeyFacts, KeyState, Profile};
use pkgseal_repo::Finding;

use crate::address::Address;
use crate::canonical::{Extent, Wanted, canonical, cert};
use crate::codes::tools as codes;
use crate::merge::{Made, holds, revoked};
use crate::{Error, Result};

/// What is to stay of a keyring. Conditions of one kind widen it, of different kinds
/// narrow it.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Certificates with one of these fingerprints, their own or a subkey's; empty for all.
    pub fingerprints: Vec<Fingerprint>,
    /// Certificates with a user ID like one of these; empty for all.
    pub user_ids: Vec<UserIdPattern>,
    /// Certificates of one of these versions of OpenPGP; empty for all.
    pub versions: Vec<u8>,
    /// Certificates in this state.
    pub state: State,
    /// Parts that go.
    pub drop: Vec<Drop>,
    /// How much is kept of what stays.
    pub extent: Extent,
}

/// A user ID that is looked for. Nothing in it has a special meaning, and only user IDs
/// that the certificate's own key signed and did not revoke are compared: anybody can add
/// others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserIdPattern {
    /// The whole user ID, or the mail address in it.
    Is(String),
    /// A mail address of this domain; none of a domain below it.
    Domain(String),
}

/// What certificates have to be good for, at a moment and under a profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing is asked.
    #[default]
    Any,
    /// Neither expired nor revoked, and bound by self-signatures that count.
    Live,
    /// One of its keys can sign.
    CanSign,
}

/// Parts of certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drop {
    /// Certificates and subkeys that have expired.
    Expired,
    /// Certificates and subkeys that are revoked, and user IDs.
    Revoked,
    /// Subkeys that cannot sign.
    Encryption,
    /// User IDs other than the primary one.
    UserIds,
}

/// Filters a keyring at a moment, under a profile.
///
/// # Errors
/// [`Error::Request`] for a domain that is none; as [`merge`](crate::merge).
pub fn filter(
    certificates: &Certificates,
    filter: &Filter,
    profile: &Profile,
    now: Timestamp,
) -> Result<Made> {
    filter.check()?;
    let mut findings = filter.unmet(certificates)?;
    let mut kept = Vec::new();
    for certificate in certificates.iter() {
        let keys = certificate.keys(profile, now);
        if !filter.takes(certificate, &keys, now)? {
            continue;
        }
        let parts = Parts::of(certificate, &keys, filter, now);
        findings.extend(parts.findings(certificate, filter)?);
        let wanted = Wanted {
            extent: filter.extent,
            user_id: &|text| !parts.user_ids.contains(&*String::from_utf8_lossy(text)),
            subkey: &|fingerprint| !parts.subkeys.contains(fingerprint),
        };
        let one = canonical(certificate, &wanted)?;
        findings.extend(one.findings);
        kept.push(one.certificate);
    }
    Ok(Made {
        certificates: Certificates::new(kept),
        findings,
    })
}

impl Filter {
    fn check(&self) -> Result<()> {
        for pattern in &self.user_ids {
            if let UserIdPattern::Domain(domain) = pattern
                && !crate::address::is_domain(&domain.to_ascii_lowercase())
            {
                return Err(Error::Request {
                    field: "domain",
                    reason: format!(
                        "`{domain}` is no domain; one such as example.org or xn--bcher-kva.example is meant, without patterns"
                    ),
                });
            }
        }
        Ok(())
    }

    /// What was asked for by name and is not there.
    fn unmet(&self, certificates: &Certificates) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for fingerprint in &self.fingerprints {
            let mut found = false;
            for certificate in certificates.iter() {
                found = found || holds(certificate, fingerprint)?;
            }
            if !found {
                let detail = "no certificate with this fingerprint is there";
                findings.push(Finding::warning(
                    codes::DROPPED,
                    fingerprint.to_string(),
                    detail,
                ));
            }
        }
        Ok(findings)
    }

    fn takes(&self, certificate: &Certificate, keys: &[KeyFacts], now: Timestamp) -> Result<bool> {
        if !self.versions.is_empty() && !self.versions.contains(&certificate.version()) {
            return Ok(false);
        }
        if !self.fingerprints.is_empty() {
            let mut named = false;
            for fingerprint in &self.fingerprints {
                named = named || holds(certificate, fingerprint)?;
            }
            if !named {
                return Ok(false);
            }
        }
        if !self.user_ids.is_empty() && !self.names(certificate, now)? {
            return Ok(false);
        }
        let primary = keys.iter().find(|key| key.primary);
        let live = primary.is_some_and(|key| {
            matches!(key.state, KeyState::Live | KeyState::NotForSigning) && !expired(key, now)
        });
        let in_state = match self.state {
            State::Any => true,
            State::Live => live,
            State::CanSign => keys.iter().any(|key| key.state == KeyState::Live),
        };
        let gone = primary.is_some_and(|key| {
            (self.drops(Drop::Expired) && expired(key, now))
                || (self.drops(Drop::Revoked) && is_revoked(key))
        });
        Ok(in_state && !gone)
    }

    fn names(&self, certificate: &Certificate, now: Timestamp) -> Result<bool> {
        let revoked: BTreeSet<String> = certificate
            .user_ids(now)
            .into_iter()
            .filter(|user_id| user_id.revoked)
            .map(|user_id| user_id.text)
            .collect();
        let cert = cert(certificate)?;
        Ok(cert.userids().any(|user_id| {
            let value = user_id.userid().value();
            let text = String::from_utf8_lossy(value);
            !revoked.contains(&*text)
                && user_id.self_signatures().next().is_some()
                && self.user_ids.iter().any(|pattern| pattern.matches(value))
        }))
    }

    fn drops(&self, part: Drop) -> bool {
        self.drop.contains(&part)
    }
}

impl UserIdPattern {
    fn matches(&self, user_id: &[u8]) -> bool {
        match self {
            Self::Is(text) => {
                user_id == text.as_bytes()
                    || Address::of(user_id).is_some_and(|address| address.is(text))
            }
            Self::Domain(domain) => {
                Address::of(user_id).is_some_and(|address| address.is_of(domain))
            }
        }
    }
}

/// The parts of one certificate that go.
#[derive(Default)]
struct Parts {
    /// Lossily decoded, as everywhere.
    user_ids: BTreeSet<String>,
    subkeys: BTreeSet<Fingerprint>,
    /// Signing subkeys among them, and why they go.
    missed: Vec<(Fingerprint, &'static str)>,
}

impl Parts {
    fn of(certificate: &Certificate, keys: &[KeyFacts], filter: &Filter, now: Timestamp) -> Self {
        let mut parts = Self::default();
        for key in keys.iter().filter(|key| !key.primary) {
            let signs = key.capabilities.contains(&"sign");
            let why = if filter.drops(Drop::Encryption) && !signs {
                ""
            } else if filter.drops(Drop::Revoked) && is_revoked(key) {
                "revoked"
            } else if filter.drops(Drop::Expired) && expired(key, now) {
                "expired"
            } else {
                continue;
            };
            parts.subkeys.insert(key.fingerprint.clone());
            if signs {
                parts.missed.push((key.fingerprint.clone(), why));
            }
        }
        let user_ids = certificate.user_ids(now);
        let one_is_primary = user_ids.iter().any(|user_id| user_id.primary);
        for user_id in user_ids {
            let other = filter.drops(Drop::UserIds) && one_is_primary && !user_id.primary;
            let revoked = filter.drops(Drop::Revoked) && user_id.revoked && !user_id.primary;
            if other || revoked {
                parts.user_ids.insert(user_id.text);
            }
        }
        parts
    }

    fn findings(&self, certificate: &Certificate, filter: &Filter) -> Result<Vec<Finding>> {
        let subject = certificate.fingerprint().to_string();
        let mut findings: Vec<Finding> = self
            .missed
            .iter()
            .map(|(fingerprint, why)| {
                let detail = format!(
                    "the {why} subkey {fingerprint} goes: what it signed in its time cannot be verified with this keyring"
                );
                Finding::warning(codes::DROPPED, &subject, detail)
            })
            .collect();
        if filter.drops(Drop::Revoked)
            && self.missed.iter().any(|(_, why)| *why == "revoked")
            && !revoked(certificate)?.is_empty()
        {
            let detail = "a revocation goes with what it revokes: who has an older copy does not learn of it from this keyring";
            findings.push(Finding::warning(codes::DROPPED, &subject, detail));
        }
        Ok(findings)
    }
}

fn expired(key: &KeyFacts, now: Timestamp) -> bool {
    matches!(key.state, KeyState::Expired { .. }) || key.expires.is_some_and(|at| at <= now)
}

fn is_revoked(key: &KeyFacts) -> bool {
    matches!(key.state, KeyState::Revoked(_))
}

#[cfg(test)]
mod tests;
