//! `pkgseal key rotate status`.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_keyring::rotate::{
    Answer, DRIFT, Format, Holding, Plan, Repository, Step, obstacles, stranded_today, would_strand,
};
use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::{Finding, Limits};

use super::keyrings;
use super::predict;
use super::show::{Shown, View};
use super::sight::{Asked, Seen};
use crate::args::RotateStatus;
use crate::{commands, context, progress};

pub(super) fn run(arguments: &RotateStatus, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let plan = super::read_plan(&arguments.plan)?;
    let options = context::check_options(&arguments.common, &limits);
    let bar = progress::for_stderr();
    let asked = Asked {
        plan: &plan,
        now,
        options: &options,
        progress: bar.as_ref(),
    };
    let next = plan.next().unwrap_or(Step::Drop);
    let mut findings = obstacles(&plan, next, now);
    let counted = plan.counted(None, now);
    let mut shown = Vec::new();
    for repository in &plan.repositories {
        let standing = asked.standing(repository)?;
        let seen = asked.seen(repository, &standing, None)?;
        let signers = standing.signers();
        findings.extend(drifted(&plan, repository, &signers));
        let left = |seen: &&Seen| {
            seen.answer == Answer::Rejects
                && counted.contains(&seen.holding)
                && seen.repository != "packages to come"
        };
        findings.extend(seen.iter().filter(left).map(|seen| {
            let place = format!("{}: {}", repository.path.display(), seen.repository);
            stranded_today(&plan, &place, &seen.client, seen.holding, &seen.why)
        }));
        shown.push(Shown {
            path: repository.path.display().to_string(),
            format: repository.format.name(),
            signers,
            seen,
        });
    }
    findings.extend(keyrings::findings(&plan));
    if let Some(next) = plan.next() {
        let names = foreseen(&asked, next, &shown)?;
        if !names.is_empty() {
            findings.push(would_strand(&plan, next, &names));
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let view = View {
        file: &arguments.plan,
        plan: &plan,
        now,
        after: None,
        shown,
        findings,
        outputs: Vec::new(),
    };
    let outcome = view.print(arguments.common.json)?;
    Ok(commands::status(outcome))
}

/// Clients that are served today and that the next step would leave behind at once, by what
/// is known of keys.
fn foreseen(asked: &Asked<'_>, next: Step, shown: &[Shown]) -> Result<Vec<String>> {
    let plan = asked.plan;
    let counted = plan.counted(Some(next), asked.now);
    let mut names = Vec::new();
    for (repository, shown) in plan.repositories.iter().zip(shown) {
        for seen in predict::after(plan, repository, next, asked.now)? {
            let had = seen.holding.min(plan.published(None));
            let served = shown.seen.iter().all(|known| {
                known.client != seen.client
                    || known.holding != had
                    || known.answer != Answer::Rejects
            });
            let name = format!("{}/{}", seen.client, seen.holding);
            let behind = seen.answer == Answer::Rejects && counted.contains(&seen.holding);
            if behind && served && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// Roots that are signed by other keys than the plan has come to: whoever publishes there
/// has to sign with the same.
fn drifted(
    plan: &Plan,
    repository: &Repository,
    signers: &[(String, BTreeSet<Fingerprint>)],
) -> Vec<Finding> {
    let wanted: BTreeSet<Fingerprint> = match plan.signing(None, repository.format) {
        Holding::Old => [plan.old.key.clone()].into(),
        Holding::Both => [plan.old.key.clone(), plan.new.key.clone()].into(),
        Holding::New => [plan.new.key.clone()].into(),
    };
    // While a step is under way either is right.
    if plan.interrupted().is_some() {
        return Vec::new();
    }
    let names = |keys: &BTreeSet<Fingerprint>| {
        let keys: Vec<_> = keys.iter().map(Fingerprint::as_str).collect();
        if keys.is_empty() {
            "neither key".to_owned()
        } else {
            keys.join(" and ")
        }
    };
    let more = repository.format == Format::Yum && plan.stage() == Some(Step::DualSign);
    signers
        .iter()
        .filter(|(_, keys)| *keys != wanted && !(more && keys.is_superset(&wanted)))
        .map(|(name, keys)| {
            let subject = format!("{}/{name}", repository.path.display());
            let detail = format!(
                "it is signed by {}, and should be by {}",
                names(keys),
                names(&wanted)
            );
            Finding::reject(DRIFT, subject, detail)
                .hint("let whoever publishes there sign with these keys, and sign it anew")
        })
        .collect()
}
