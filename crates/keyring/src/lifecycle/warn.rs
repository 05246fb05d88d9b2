//! What to know about a certificate that was changed.

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, KeyFacts};
use pkgseal_repo::Finding;

use super::revoke::Revocable;
use super::{can_sign, has_expired, is_revoked, keys};
use crate::codes::{self, doctor};

/// What strands somebody, or is not what was meant.
pub(crate) fn about(before: &Certificate, after: &Certificate, now: Timestamp) -> Vec<Finding> {
    let (old, new) = (keys(before, now), keys(after, now));
    let Some(primary) = new.iter().find(|key| key.primary) else {
        return Vec::new();
    };
    if is_revoked(primary) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let live = |key: &&KeyFacts| can_sign(key) && !is_revoked(key) && !has_expired(key, now);
    if !new.iter().any(|key| live(&key)) || has_expired(primary, now) {
        findings.push(nothing_signs(&new, now));
    }
    for key in new.iter().filter(|key| !key.primary && !is_revoked(key)) {
        findings.extend(outlives(key, primary));
    }
    for key in &new {
        let known = old.iter().find(|old| old.fingerprint == key.fingerprint);
        findings.extend(known.and_then(|known| shortened(known, key)));
    }
    let renewed = old.iter().any(|old| {
        new.iter()
            .any(|key| key.fingerprint == old.fingerprint && key.own_expires != old.own_expires)
    });
    if renewed || new.len() > old.len() {
        findings.push(
            Finding::note(
                codes::RPM_KEEPS,
                after.fingerprint().to_string(),
                "rpm before version 6 keeps the certificate it has imported once",
            )
            .hint("its users run `rpm -e gpg-pubkey-…` for the old one, then `rpmkeys --import` the new one"),
        );
    }
    findings
}

fn nothing_signs(keys: &[KeyFacts], now: Timestamp) -> Finding {
    let expired = keys
        .iter()
        .filter(|key| (can_sign(key) || key.primary) && !is_revoked(key))
        .find(|key| has_expired(key, now));
    match expired {
        Some(key) => {
            let role = if key.primary {
                "primary key"
            } else {
                "signing subkey"
            };
            let at = key.own_expires.unwrap_or(now);
            Finding::warning(
                codes::LEFT_EXPIRED,
                key.fingerprint.to_string(),
                format!("the {role} stays expired (since {at}): nothing can be signed"),
            )
            .hint("extend it too: pkgseal key extend without --primary and --subkey extends all that is in use")
        }
        None => Finding::warning(
            codes::NOTHING_SIGNS,
            keys.first()
                .map(|key| key.fingerprint.to_string())
                .unwrap_or_default(),
            "no key of the certificate can sign",
        )
        .hint("add a signing subkey: pkgseal key subkey add"),
    }
}

fn outlives(key: &KeyFacts, primary: &KeyFacts) -> Option<Finding> {
    let ends = primary.own_expires?;
    if key.own_expires.is_some_and(|own| own <= ends) {
        return None;
    }
    // One that never expires by itself is the usual way of saying `with its certificate`.
    key.own_expires.map(|own| {
        Finding::warning(
            codes::OUTLIVES,
            key.fingerprint.to_string(),
            format!("the subkey would live until {own}, and ends with its primary key at {ends}"),
        )
        .hint("extend the primary key too")
    })
}

fn shortened(old: &KeyFacts, new: &KeyFacts) -> Option<Finding> {
    let to = new.own_expires?;
    if old.own_expires.is_some_and(|from| from <= to) {
        return None;
    }
    let from = match old.own_expires {
        Some(from) => format!("at {from}"),
        None => "never".to_owned(),
    };
    Some(Finding::warning(
        codes::SHORTENED,
        new.fingerprint.to_string(),
        format!(
            "it expires at {to} now, before it would have ({from}); whoever has the old certificate does not know"
        ),
    ))
}

/// What a revocation reaches.
pub(super) fn about_reach(certificate: &Certificate, what: &Revocable, hard: bool) -> Vec<Finding> {
    let subject = match what {
        Revocable::Key | Revocable::UserId(_) => certificate.fingerprint().to_string(),
        Revocable::Subkey(fingerprint) => fingerprint.to_string(),
    };
    if matches!(what, Revocable::UserId(_)) {
        return Vec::new();
    }
    vec![if hard {
        Finding::warning(
            codes::HARD_REVOCATION,
            subject,
            "the revocation is hard: with it, nothing this key ever signed counts any more",
        )
        .hint("sign anew with another key whatever is still to be installed")
    } else {
        Finding::note(
            codes::SOFT_REVOCATION,
            subject,
            "the revocation is soft: what was signed before stays good where the time of signing is looked at (sqv, rpm, pkgseal); gpgv, and apt with it, refuse that too",
        )
    }]
}

/// What may keep clients from counting a revocation that was made beforehand.
pub(super) fn about_stored(
    certificate: &Certificate,
    made: Option<Timestamp>,
    weak_digest: Option<String>,
    now: Timestamp,
) -> Vec<Finding> {
    let subject = || certificate.fingerprint().to_string();
    let mut findings = Vec::new();
    if let Some(made) = made.filter(|made| *made > now) {
        findings.push(Finding::warning(
            codes::REVOKED_LATER,
            subject(),
            format!("the revocation is of {made}, later than now: clients may not count it before"),
        ));
    }
    if let Some(digest) = weak_digest {
        findings.push(
            Finding::warning(
                doctor::WEAK_REVOCATION,
                subject(),
                format!("the revocation uses {digest}, which clients stop counting: the key comes back to life there"),
            )
            .hint("where the secret key is, revoke it anew: pkgseal key revoke --whole"),
        );
    }
    findings
}
