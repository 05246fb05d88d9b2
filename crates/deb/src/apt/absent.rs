//! What it means that a listed file is not there.

use pkgseal_repo::{Finding, Report, Root};

use super::family::Family;
use super::request::{self, Scope};
use super::tree::Suite;
use crate::codes;

/// Names of absent files in a note.
const SHOWN: usize = 5;

/// A suite's families, and how many variants of each are there.
pub(super) type Found<'a> = [(&'a Family, usize)];

/// Tells apart what has to be there, what may be missing because another variant is
/// there, and what is only on offer.
pub(super) fn judge(root: &Root, suite: &Suite, found: &Found<'_>, scope: &Scope) -> Report {
    let listed_by = suite.listed_by();
    let mut report = Report::new();
    let any = found
        .iter()
        .any(|(family, present)| family.is_index() && *present > 0);
    let mut variants = Vec::new();
    let mut advertised = Vec::new();
    let mut elsewhere = Vec::new();
    for (family, present) in found {
        let name = family.stem.as_str();
        if *present > 0 {
            let absent = family.variants.len() - present;
            variants.extend(std::iter::repeat_n(name, absent));
        } else if !family.is_index() {
            advertised.push(name);
        } else if !family.is_empty() {
            if has_to_be_there(root, suite, family, found, scope) {
                let detail = "none of its listed variants is there";
                report.push(
                    Finding::reject(codes::INDEX_MISSING, name, detail)
                        .because(format!("listed by {listed_by}"))
                        .hint("update the mirror again, or leave its folder out altogether"),
                );
            } else {
                elsewhere.push(name);
            }
        }
    }
    if !any && !scope.names() && !elsewhere.is_empty() {
        let detail = format!(
            "none of the {} listed indices is there: {}",
            elsewhere.len(),
            some(&elsewhere)
        );
        report.push(Finding::reject(codes::INDEX_MISSING, &*listed_by, detail));
        return report;
    }
    let mut note = |code, names: &[&str], what: &str| {
        if !names.is_empty() {
            let detail = format!("{} {what}: {}", names.len(), some(names));
            report.push(Finding::note(code, &*listed_by, detail));
        }
    };
    note(
        codes::INDEX_ABSENT,
        &elsewhere,
        "listed indices are not mirrored",
    );
    note(
        codes::INDEX_VARIANT,
        &variants,
        "listed variants are not there, and another of each is",
    );
    note(
        codes::INDEX_ADVERTISED,
        &advertised,
        "listed files that no client needs are not there",
    );
    report
}

/// Whether an absent index leaves a gap: its folder is there, or it is asked for by
/// component and architecture, or by one of them and the suite has no other such index;
/// nothing at all being there is another matter.
fn has_to_be_there(
    root: &Root,
    suite: &Suite,
    family: &Family,
    found: &Found<'_>,
    scope: &Scope,
) -> bool {
    let stands = match &family.stem.parent() {
        Some(folder) => !matches!(root.dir(folder), Ok(None)),
        None => true,
    };
    if !scope.names() {
        let any = found
            .iter()
            .any(|(family, present)| family.is_index() && *present > 0);
        return any && stands;
    }
    let both = !scope.components.is_empty() && !scope.architectures.is_empty();
    family.wanted
        && (stands || both || {
            let place = |family: &Family| {
                let below = suite.below(&family.stem)?;
                let (component, architecture) = request::place(below)?;
                let asked = if scope.components.is_empty() {
                    architecture
                } else {
                    component
                };
                Some(asked.to_owned())
            };
            let own = place(family);
            !found
                .iter()
                .any(|(other, present)| other.is_index() && *present > 0 && place(other) == own)
        })
}

fn some(names: &[&str]) -> String {
    let mut shown = names
        .iter()
        .take(SHOWN)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > SHOWN {
        shown.push_str(", …");
    }
    shown
}
