//! Two copies of one certificate.

use std::collections::BTreeSet;

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, Fingerprint, KeyFacts, KeyState, Profile};
use pkgseal_repo::Code;

use super::{Change, Safety, can_sign, signatures};
use crate::Result;
use crate::canonical::cert;
use crate::codes::tools as codes;
use crate::merge::revoked;
use crate::pictures::{Picture, pictures};

/// Everything that differs.
pub(super) fn compare(
    before: &Certificate,
    after: &Certificate,
    profile: &Profile,
    now: Timestamp,
) -> Result<Vec<Change>> {
    let mut pair = Pair {
        certificate: before.fingerprint(),
        before: before.keys(profile, now),
        after: after.keys(profile, now),
        changes: Vec::new(),
    };
    pair.keys();
    pair.expiries();
    pair.uses();
    pair.revocations(&revoked(before)?, &revoked(after)?);
    pair.user_ids(before, after, now);
    pair.pictures(&pictures(&cert(before)?), &pictures(&cert(after)?));
    for found in signatures::compare(before, after)? {
        pair.push(found.code, found.safety, found.key, found.detail);
    }
    pair.states(
        can_sign(before, profile, now),
        can_sign(after, profile, now),
    );
    Ok(pair.changes)
}

struct Pair {
    certificate: Fingerprint,
    before: Vec<KeyFacts>,
    after: Vec<KeyFacts>,
    changes: Vec<Change>,
}

impl Pair {
    fn push(&mut self, code: Code, safety: Safety, key: Option<Fingerprint>, detail: String) {
        self.changes.push(Change {
            code,
            safety,
            certificate: self.certificate.clone(),
            key,
            detail,
        });
    }

    /// Keys that are in both.
    fn both(&self) -> Vec<(KeyFacts, KeyFacts)> {
        let same = |before: &KeyFacts| {
            let after = self
                .after
                .iter()
                .find(|key| key.fingerprint == before.fingerprint)?;
            Some((before.clone(), after.clone()))
        };
        self.before.iter().filter_map(same).collect()
    }

    fn keys(&mut self) {
        let only = |some: &[KeyFacts], others: &[KeyFacts]| -> Vec<KeyFacts> {
            let known = |key: &&KeyFacts| others.iter().any(|o| o.fingerprint == key.fingerprint);
            some.iter().filter(|key| !known(key)).cloned().collect()
        };
        for key in only(&self.before, &self.after) {
            let fingerprint = &key.fingerprint;
            let (safety, words) = if key.state == KeyState::Live {
                (Safety::Breaks, "is gone, and it can sign now")
            } else if key.capabilities.contains(&"sign") {
                let words = "is gone: it cannot sign now, but what it signed before cannot be verified any more";
                (Safety::NeedsEyes, words)
            } else {
                (Safety::Safe, "is gone, which was not for signing")
            };
            let detail = format!("the subkey {fingerprint} {words}");
            self.push(codes::KEY_GONE, safety, Some(fingerprint.clone()), detail);
        }
        for key in only(&self.after, &self.before) {
            let fingerprint = &key.fingerprint;
            let signs = key.capabilities.contains(&"sign");
            let (safety, words) = match &key.state {
                KeyState::Live => (
                    Safety::Safe,
                    "is new and can sign: the primary key vouches for it".to_owned(),
                ),
                KeyState::NotForSigning if !signs => {
                    (Safety::Safe, "is new and not for signing".to_owned())
                }
                state => (
                    Safety::NeedsEyes,
                    format!("is new and cannot sign: {}", words(state)),
                ),
            };
            let detail = format!("the subkey {fingerprint} {words}");
            self.push(codes::KEY_ADDED, safety, Some(fingerprint.clone()), detail);
        }
    }

    fn expiries(&mut self) {
        let both = self.both();
        let primary = both
            .iter()
            .find(|(key, _)| key.primary)
            .map(|(before, after)| (before.expires, after.expires));
        for (before, after) in both {
            let dates = (before.expires, after.expires);
            // Subkeys do not outlive their certificate: said once is enough.
            if dates.0 == dates.1 || (!before.primary && Some(dates) == primary) {
                continue;
            }
            let which = which(&before);
            let (safety, detail) = match dates {
                (Some(old), None) => (
                    Safety::Safe,
                    format!("{which} never expires now, and did at {old}"),
                ),
                (Some(old), Some(new)) if new > old => (
                    Safety::Safe,
                    format!("{which} expires at {new} and no longer at {old}"),
                ),
                (Some(old), Some(new)) => (
                    Safety::Breaks,
                    format!("{which} expires earlier: at {new}, and did at {old}"),
                ),
                (None, Some(new)) => (
                    Safety::Breaks,
                    format!("{which} expires at {new}, and never did before"),
                ),
                (None, None) => continue,
            };
            self.push(codes::EXPIRY, safety, Some(before.fingerprint), detail);
        }
    }

    fn uses(&mut self) {
        for (before, after) in self.both() {
            if before.capabilities == after.capabilities {
                continue;
            }
            let signs = |key: &KeyFacts| key.capabilities.contains(&"sign");
            let safety = match (signs(&before), signs(&after)) {
                (true, false) => Safety::Breaks,
                (false, true) => Safety::NeedsEyes,
                _ => Safety::Safe,
            };
            let list = |key: &KeyFacts| match key.capabilities.as_slice() {
                [] => "nothing".to_owned(),
                some => some.join("+"),
            };
            let detail = format!(
                "{} may {}, and before {}",
                which(&before),
                list(&after),
                list(&before)
            );
            self.push(codes::USE, safety, Some(before.fingerprint), detail);
        }
    }

    fn revocations(&mut self, before: &BTreeSet<String>, after: &BTreeSet<String>) {
        for part in after.difference(before) {
            let detail = format!("{part} is revoked now");
            self.push(codes::REVOCATION_ADDED, Safety::NeedsEyes, None, detail);
        }
        for part in before.difference(after) {
            let detail = format!("the revocation of {part} is gone");
            self.push(codes::REVOCATION_GONE, Safety::Breaks, None, detail);
        }
    }

    fn user_ids(&mut self, before: &Certificate, after: &Certificate, now: Timestamp) {
        let texts = |certificate: &Certificate| -> BTreeSet<String> {
            let user_ids = certificate.user_ids(now).into_iter();
            user_ids.map(|user_id| user_id.text).collect()
        };
        let (before, after) = (texts(before), texts(after));
        for text in after.difference(&before) {
            let detail = format!("the user ID {text} is new");
            self.push(codes::USER_ID, Safety::NeedsEyes, None, detail);
        }
        for text in before.difference(&after) {
            let detail = format!("the user ID {text} is gone");
            self.push(codes::USER_ID, Safety::NeedsEyes, None, detail);
        }
    }

    /// Pictures, which no client looks at.
    fn pictures(&mut self, before: &[Picture], after: &[Picture]) {
        let only = |some: &[Picture], others: &[Picture]| -> Vec<String> {
            let known = |one: &&Picture| others.iter().any(|other| other.value == one.value);
            let only = some.iter().filter(|one| !known(one));
            only.map(|one| one.name.clone()).collect()
        };
        for (names, how) in [(only(after, before), "new"), (only(before, after), "gone")] {
            for name in names {
                let detail = format!("a {name} is {how}: no client looks at it");
                self.push(codes::PICTURE, Safety::Safe, None, detail);
            }
        }
    }

    /// Whatever is behind it: what could sign and what can.
    fn states(&mut self, could: bool, can: bool) {
        for (before, after) in self.both() {
            let key = Some(before.fingerprint.clone());
            let which = which(&before);
            match (&before.state, &after.state) {
                (KeyState::Live, KeyState::Live) => {}
                (KeyState::Live, now) => {
                    let safety = if can {
                        Safety::NeedsEyes
                    } else {
                        Safety::Breaks
                    };
                    let detail = format!("{which} cannot sign any more: {}", words(now));
                    self.push(codes::STATE, safety, key, detail);
                }
                (before, KeyState::Live) => {
                    let detail = format!("{which} can sign now, and could not: {}", words(before));
                    // What is withdrawn does not come back by itself.
                    let safety = match before {
                        KeyState::Revoked(_) => Safety::Breaks,
                        _ => Safety::Safe,
                    };
                    self.push(codes::STATE, safety, key, detail);
                }
                _ => {}
            }
        }
        if could && !can {
            let detail = "no key of the certificate can sign any more".to_owned();
            self.push(codes::STATE, Safety::Breaks, None, detail);
        }
    }
}

fn which(key: &KeyFacts) -> String {
    if key.primary {
        "the primary key".to_owned()
    } else {
        format!("the subkey {}", key.fingerprint)
    }
}

fn words(state: &KeyState) -> String {
    match state {
        KeyState::Live => "it can".to_owned(),
        KeyState::Expired { at, .. } => format!("expired at {at}"),
        KeyState::NotYetValid { from } => format!("valid from {from} only"),
        KeyState::Revoked(_) => "revoked".to_owned(),
        KeyState::NotForSigning => "not for signing".to_owned(),
        KeyState::Unbound { reason } | KeyState::Weak { reason } => reason.clone(),
    }
}
