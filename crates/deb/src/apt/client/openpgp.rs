//! A client's rules on algorithms at a moment, as a profile of our own judge.

use std::fmt::Write as _;

use jiff::Timestamp;
use pkgseal_openpgp::Profile;
use pkgseal_repo::Until;

use super::rules::{PublicKeyRule, Rules, Take};

/// When the client's policy is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// As it is on this day.
    At(Timestamp),
    /// As the client's next version has it.
    Next(Timestamp),
}

/// The profile whose facts say what the client would find.
pub(super) fn profile(rules: &Rules, policy: Policy) -> Result<Profile, pkgseal_openpgp::Error> {
    let at = match policy {
        Policy::At(at) | Policy::Next(at) => at,
    };
    let word = |until: Until| until.at(at);
    let ahead = match rules.signature.ahead {
        Take::Accept => u32::MAX,
        Take::Reject => rules.signature.ahead_seconds,
    };
    let mut text = format!(
        "name = \"client\"\nsummary = \"{}\"\nthreshold = 1\nclock-skew-seconds = {ahead}\n\
         [bad-signature]\nbeside-good = \"ignore\"\nexplain = \"\"\n\
         [allowed]\ncertificates = []\nexplain = \"\"\n",
        rules.name
    );
    for (name, rule) in &rules.digest {
        let _ = write!(
            text,
            "[digest.{name}]\ndata = \"{}\"\nself-signature = \"{}\"\nexplain = {}\n",
            word(rule.data),
            word(rule.self_signature),
            quoted(&rule.explain)
        );
        if let Some(long) = rule.long_user_id {
            let _ = writeln!(text, "long-user-id = \"{}\"", word(long));
        }
    }
    for (name, rule) in &rules.public_key {
        let accept = match (policy, rule.next) {
            (Policy::Next(_), Some(next)) => word(next),
            _ => word(rule.accept),
        };
        let minimum = smallest(rule, at);
        let _ = write!(
            text,
            "[public-key.{name}]\naccept = \"{accept}\"\nminimum-bits = {minimum}\nexplain = {}\n",
            quoted(&rule.explain)
        );
    }
    for (version, accept) in [
        ("v3", word(rules.signature.v3)),
        ("v4", Until::Always),
        ("v6", Until::Always),
    ] {
        let _ = write!(
            text,
            "[signature.{version}]\naccept = \"{accept}\"\nexplain = \"\"\n"
        );
    }
    for object in ["repository", "package", "artifact"] {
        let _ = write!(
            text,
            "[{object}]\nalive-now = \"note\"\nretired-since = \"note\"\n\
             text-form = \"accept\"\nexplain = \"\"\n"
        );
    }
    Profile::parse("client", &text)
}

/// Bits of the smallest key accepted.
fn smallest(rule: &PublicKeyRule, at: Timestamp) -> u32 {
    rule.sizes
        .iter()
        .filter(|size| !size.accept.holds(at))
        .map(|size| size.below)
        .max()
        .unwrap_or_default()
}

fn quoted(text: &str) -> String {
    let plain = text.replace(['\\', '"'], "'");
    let plain: String = plain.chars().filter(|c| !c.is_control()).collect();
    format!("\"{plain}\"")
}
