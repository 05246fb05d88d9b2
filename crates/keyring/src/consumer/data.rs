//! Consumers in files of their own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use pkgseal_openpgp::Profile;
use pkgseal_repo::{DataFiles, Until};
use serde::Deserialize;

use super::{Answer, Model, Policy, Treatment};
use crate::Result;

const CONSUMERS: DataFiles = DataFiles::new(
    "consumer",
    &[
        ("gpg", include_str!("../../consumers/gpg.toml")),
        ("sequoia", include_str!("../../consumers/sequoia.toml")),
        (
            "maven-central",
            include_str!("../../consumers/maven-central.toml"),
        ),
        ("gradle", include_str!("../../consumers/gradle.toml")),
    ],
);

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Accept,
    Warn,
    Reject,
}

/// What becomes of a file in which there is a certificate of a newer version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Newer {
    /// That one is skipped.
    #[default]
    Skipped,
    /// It is not read any further, and the certificate before is lost.
    Stops,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rules {
    name: String,
    summary: String,
    checked: String,
    profile: String,
    newest_version: Option<u8>,
    #[serde(default)]
    newer_in_file: Newer,
    #[serde(default)]
    digest: BTreeMap<String, DigestRule>,
    #[serde(default)]
    public_key: BTreeMap<String, KeyRule>,
    expired: StateRule,
    retired: StateRule,
    revoked: StateRule,
    unbound: StateRule,
    bare: StateRule,
    unflagged: StateRule,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DigestRule {
    self_signature: Until,
    /// On user IDs of more than 96 bytes; left out, as `self_signature`.
    long_user_id: Option<Until>,
    explain: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct KeyRule {
    accept: Option<Until>,
    minimum_bits: Option<u32>,
    explain: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StateRule {
    answer: Word,
    explain: String,
}

impl From<StateRule> for (Answer, String) {
    fn from(rule: StateRule) -> Self {
        let answer = match rule.answer {
            Word::Accept => Answer::Accepts,
            Word::Warn => Answer::Warns,
            Word::Reject => Answer::Rejects,
        };
        (answer, rule.explain)
    }
}

impl Model {
    /// A built-in consumer by name.
    ///
    /// # Errors
    /// [`Error::Consumer`](crate::Error::Consumer), naming those there are.
    pub fn named(name: &str) -> Result<Self> {
        Self::parse(name, CONSUMERS.text(name)?)
    }

    /// Names of the built-in consumers.
    pub fn names() -> impl Iterator<Item = &'static str> {
        CONSUMERS.names()
    }

    /// Reads a consumer's file.
    ///
    /// # Errors
    /// [`Error::Consumer`](crate::Error::Consumer) with the field.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let rules: Rules = CONSUMERS.parse(name, text)?;
        let policies =
            policies(&rules).map_err(|error| CONSUMERS.malformed(name, error.to_string()))?;
        let treatment = Treatment {
            expired: rules.expired.into(),
            retired: rules.retired.into(),
            revoked: rules.revoked.into(),
            unbound: rules.unbound.into(),
            bare: rules.bare.into(),
            unflagged: rules.unflagged.into(),
        };
        let newest = rules.newest_version.unwrap_or(u8::MAX);
        let model = Self::new(
            rules.name,
            rules.summary,
            rules.checked,
            policies,
            treatment,
        );
        let model = model.knowing(newest);
        Ok(match rules.newer_in_file {
            Newer::Skipped => model,
            Newer::Stops => model.stopping_at_newer(),
        })
    }
}

/// The profile in force from each day on.
fn policies(rules: &Rules) -> Result<Vec<Policy>, pkgseal_openpgp::Error> {
    let base = Profile::named(&rules.profile)?;
    let digests = rules.digest.values();
    let digests = digests.flat_map(|rule| [Some(rule.self_signature), rule.long_user_id]);
    let keys = rules.public_key.values().filter_map(|rule| rule.accept);
    let mut days: Vec<_> = digests
        .flatten()
        .chain(keys)
        .filter_map(Until::end)
        .collect();
    days.sort_unstable();
    days.dedup();
    std::iter::once(None)
        .chain(days.into_iter().map(Some))
        .map(|from| {
            let text = differences(rules, from.unwrap_or(Timestamp::UNIX_EPOCH));
            let profile = base.overlaid(&rules.name, &text)?;
            Ok(Policy { from, profile })
        })
        .collect()
}

/// What differs from the profile at a moment, as a profile's file has it.
fn differences(rules: &Rules, now: Timestamp) -> String {
    let mut text = String::new();
    for (name, rule) in &rules.digest {
        let _ = writeln!(
            text,
            "[digest.{name}]\nself-signature = \"{}\"\nexplain = {}",
            rule.self_signature.at(now),
            quoted(&rule.explain)
        );
        if let Some(long) = rule.long_user_id {
            let _ = writeln!(text, "long-user-id = \"{}\"", long.at(now));
        }
    }
    for (name, rule) in &rules.public_key {
        let _ = writeln!(text, "[public-key.{name}]");
        if let Some(accept) = rule.accept {
            let _ = writeln!(text, "accept = \"{}\"", accept.at(now));
        }
        if let Some(bits) = rule.minimum_bits {
            let _ = writeln!(text, "minimum-bits = {bits}");
        }
        let _ = writeln!(text, "explain = {}", quoted(&rule.explain));
    }
    text
}

fn quoted(text: &str) -> String {
    let plain = text.replace(['\\', '"'], "'");
    let plain: String = plain.chars().filter(|c| !c.is_control()).collect();
    format!("\"{plain}\"")
}
