//! Expiry, strength and revocation of the keys themselves.

use std::time::SystemTime;

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, Fingerprint, KeyFacts, KeyState, Profile};
use pkgseal_repo::Severity;

use super::Examination;
use crate::codes::doctor as codes;
use crate::doctor::part::{Back, Bound};
use crate::doctor::{Part, Remedy, words};

const EXTEND: &str = "extend it: pkgseal key extend";
const ROTATE: &str = "hand over to another key: pkgseal key rotate plan";

impl Examination {
    /// Expiry, strength and revocation of the keys themselves.
    pub(super) fn keys(&mut self, certificate: &Certificate, parts: &[Bound], now: Timestamp) {
        let keys = certificate.keys(&Profile::strict(), now);
        let Some((primary, subkeys)) = keys.split_first() else {
            return;
        };
        self.primary(primary, subkeys, parts);
        let signs = |key: &&KeyFacts| key.capabilities.contains(&"sign");
        let signing: Vec<&KeyFacts> = keys.iter().filter(signs).collect();
        for key in &signing {
            let part = part_of(key);
            self.algorithm(key, part.clone());
            if matches!(&key.state, KeyState::Revoked(_)) && !key.primary {
                let detail = format!("{part}: it is revoked");
                let finding = self.finding(codes::REVOKED, Severity::Note, detail);
                self.add(finding, part, None, Remedy::Rotate);
            } else if key.expires.is_none() && !matches!(key.state, KeyState::Revoked(_)) {
                let detail = format!("{part}: it never expires");
                let finding = self
                    .finding(codes::NO_EXPIRY, Severity::Note, detail)
                    .hint("give it an expiry of a year or two, and extend it in time: pkgseal key extend --expires 2y");
                self.add(finding, part, None, Remedy::Extend);
            }
        }
        if !primary.capabilities.contains(&"sign") {
            // A key that signs nothing still holds those that do.
            self.algorithm(primary, Part::Primary);
        }
        self.forgotten(primary, &signing, now);
        let claims = parts.iter().any(|bound| {
            bound
                .newest(self.now)
                .is_some_and(|newest| !matches!(newest.back, Back::NotNeeded))
        });
        if signing.is_empty() && !claims && !matches!(primary.state, KeyState::Revoked(_)) {
            let finding = self
                .finding(
                    codes::CANNOT_SIGN,
                    Severity::Note,
                    "none of its keys is meant to sign files".to_owned(),
                )
                .hint("give it a signing subkey: pkgseal key subkey add");
            self.add(finding, Part::Primary, None, Remedy::AddSubkey);
        }
    }

    fn primary(&mut self, primary: &KeyFacts, subkeys: &[KeyFacts], parts: &[Bound]) {
        if let KeyState::Revoked(revocation) = &primary.state {
            let when = revocation
                .at
                .map(|at| format!(" since {}", words::moment(SystemTime::from(at))))
                .unwrap_or_default();
            let finding = self
                .finding(
                    codes::REVOKED,
                    Severity::Reject,
                    format!("the certificate is revoked{when}"),
                )
                .hint(ROTATE);
            self.add(finding, Part::Primary, None, Remedy::Rotate);
            return;
        }
        let Some(expired) = primary
            .expires
            .filter(|expires| SystemTime::from(*expires) <= self.now)
        else {
            return;
        };
        let alive = subkeys.iter().any(|key| {
            let Part::Subkey(fingerprint) = part_of(key) else {
                return false;
            };
            key.capabilities.contains(&"sign")
                && own_expiry(parts, &fingerprint, key) > Some(self.now)
        });
        let detail = if alive {
            format!(
                "the primary key expired at {expired}, and takes a signing subkey with it that would live on"
            )
        } else {
            format!("the primary key expired at {expired}")
        };
        let finding = self
            .finding(codes::EXPIRED, Severity::Reject, detail)
            .hint(EXTEND);
        self.add(finding, Part::Primary, None, Remedy::Extend);
    }

    /// Signing subkeys that expired under a primary key that lives.
    fn forgotten(&mut self, primary: &KeyFacts, signing: &[&KeyFacts], now: Timestamp) {
        let expired = |key: &KeyFacts| key.expires.is_some_and(|expires| expires <= now);
        if expired(primary) || matches!(primary.state, KeyState::Revoked(_)) {
            return;
        }
        // One that lives is there to replace those that do not.
        let replaced = signing
            .iter()
            .any(|key| !key.primary && !expired(key) && !matches!(key.state, KeyState::Revoked(_)));
        for key in signing.iter().filter(|key| !key.primary && expired(key)) {
            if matches!(key.state, KeyState::Revoked(_)) {
                continue;
            }
            let part = part_of(key);
            let (severity, rest) = if replaced {
                (Severity::Note, "another signing subkey lives")
            } else {
                (
                    Severity::Reject,
                    "the primary key was renewed, and the subkey forgotten",
                )
            };
            let at = key.expires.unwrap_or(now);
            let detail = format!("{part}: it expired at {at}; {rest}");
            let finding = self
                .finding(codes::SUBKEY_FORGOTTEN, severity, detail)
                .hint("extend the subkey as well: pkgseal key extend");
            self.add(finding, part, None, Remedy::Extend);
        }
    }

    fn algorithm(&mut self, key: &KeyFacts, part: Part) {
        let size =
            |prefix: &str| -> Option<u32> { key.algorithm.strip_prefix(prefix)?.parse().ok() };
        let (severity, why) = if size("DSA").is_some() {
            (
                Severity::Reject,
                "DSA is out of use: apt counts it no more since 2024-02-01, gpg warns",
            )
        } else {
            match size("RSA") {
                Some(bits) if bits < 2048 => (
                    Severity::Reject,
                    "every client of today refuses RSA below 2048 bits",
                ),
                Some(bits) if bits < 3072 => (
                    Severity::Note,
                    "apt stops counting RSA below 3072 bits on 2030-02-01",
                ),
                _ => return,
            }
        };
        let detail = format!("{part}: it is {}; {why}", key.algorithm);
        let finding = self.finding(codes::WEAK_KEY, severity, detail).hint(ROTATE);
        self.add(finding, part, None, Remedy::Rotate);
    }
}

fn part_of(key: &KeyFacts) -> Part {
    if key.primary {
        Part::Primary
    } else {
        Part::Subkey(key.fingerprint.clone())
    }
}

/// When a subkey's own binding lets it expire; the end of time where it says nothing.
fn own_expiry(parts: &[Bound], fingerprint: &Fingerprint, key: &KeyFacts) -> Option<SystemTime> {
    let bound = parts
        .iter()
        .find(|bound| bound.part == Part::Subkey(fingerprint.clone()))?;
    let newest = bound.signatures.first()?;
    let created = SystemTime::from(key.created);
    match newest.signature.key_validity_period() {
        Some(period) => created.checked_add(period),
        None => Some(SystemTime::from(Timestamp::MAX)),
    }
}
