//! A trust file proposed from what a tree shows, for a person to review.

use std::collections::{BTreeMap, BTreeSet};

use pkgseal_openpgp::Examination;
use pkgseal_repo::{Finding, SafePath};

use super::{Allow, Pattern, Rule, Text, Trust};
use crate::{Coordinates, codes};

/// Proposes rules from a verified tree: who signed which group. Where all artifacts of a
/// group have the same signers, one rule speaks for the group; else one for each artifact.
/// Only accepted signatures teach anything, the others are told. What comes out says who
/// signed so far, which is no proof that they should have.
pub fn learn(examination: &Examination) -> (Trust, Vec<Finding>) {
    let mut groups: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    let mut untaught = Vec::new();
    for object in &examination.signatures {
        let path = object
            .object
            .rsplit_once(" (")
            .map_or(&*object.object, |(path, _)| path);
        let Some(found) = SafePath::new(path)
            .ok()
            .and_then(|path| Coordinates::of(&path))
        else {
            continue;
        };
        match object.report.accepted_signers() {
            Some(signers) => groups
                .entry(found.group)
                .or_default()
                .entry(found.artifact)
                .or_default()
                .extend(signers.iter().map(ToString::to_string)),
            None => untaught.push(Finding::warning(
                codes::TRUST_UNTAUGHT,
                path,
                "nothing is proposed for it: no signature of it was accepted",
            )),
        }
    }
    let mut trust = Trust::default();
    for (group, artifacts) in groups {
        let exact = |artifact: Text| Pattern {
            group: Text::Exact(group.clone()),
            artifact,
            ..Pattern::everything()
        };
        let allows = |signers: &BTreeSet<String>| signers.iter().cloned().map(Allow::Key).collect();
        let mut all = artifacts.values();
        let first = all.next();
        match first {
            Some(signers) if all.all(|others| others == signers) => trust.rules.push(Rule {
                pattern: exact(Text::Any),
                allows: allows(signers),
            }),
            _ => trust
                .rules
                .extend(artifacts.iter().map(|(artifact, signers)| Rule {
                    pattern: exact(Text::Exact(artifact.clone())),
                    allows: allows(signers),
                })),
        }
    }
    (trust, untaught)
}
