//! What changed between two keyrings.

use std::fmt::Write as _;

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_keyring::diff::{Change, Safety, outcome};
use pkgseal_openpgp::{Fingerprint, Profile};
use pkgseal_repo::Outcome;
use serde_json::json;

use super::escaped;

pub(super) fn text(changes: &[Change]) -> String {
    let mut text = String::new();
    let mut last: Option<&Fingerprint> = None;
    for change in changes {
        if last != Some(&change.certificate) {
            let _ = writeln!(text, "{}", change.certificate);
            last = Some(&change.certificate);
        }
        let detail = escaped(&change.detail);
        let _ = writeln!(
            text,
            "  {}: {detail} [{}]",
            word(change.safety),
            change.code
        );
    }
    let _ = writeln!(
        text,
        "{}",
        match outcome(changes) {
            Outcome::Accepted if changes.is_empty() => "same: nothing changed",
            Outcome::Accepted => "safe",
            Outcome::Undecided => "needs eyes",
            Outcome::Rejected => "breaks",
        }
    );
    text
}

pub(super) fn json(changes: &[Change], profile: &Profile, now: Timestamp) -> Result<String> {
    let list: Vec<_> = changes
        .iter()
        .map(|change| {
            json!({
                "code": change.code.id,
                "safety": word(change.safety).replace(' ', "-"),
                "certificate": change.certificate.to_string(),
                "key": change.key.as_ref().map(ToString::to_string),
                "detail": change.detail,
            })
        })
        .collect();
    super::json::document(&json!({
        "schema": super::json::SCHEMA,
        "outcome": super::json::word(outcome(changes)),
        "profile": profile.name(),
        "time": now.to_string(),
        "changes": list,
    }))
}

fn word(safety: Safety) -> &'static str {
    match safety {
        Safety::Safe => "safe",
        Safety::NeedsEyes => "needs eyes",
        Safety::Breaks => "breaks",
    }
}
