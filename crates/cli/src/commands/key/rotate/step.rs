//! `pkgseal key rotate step`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Result, bail};
use jiff::Timestamp;
use pkgseal_deb::apt::RefreshDraft;
use pkgseal_keyring::rotate::{Format, Holding, Plan, Repository, Sighting, Step, Want, refusals};
use pkgseal_openpgp::Signer;
use pkgseal_repo::{Compression, Limits, Severity};

use super::show::{Shown, View};
use super::sight::{Asked, Seen, Standing, sightings};
use super::{announce, apt, keyrings, yum};
use crate::args::{RotateStep, StepName};
use crate::commands::keyring::package::{Named, holding};
use crate::failure::hinted;
use crate::{commands, context, progress, report};

/// Exit status 1: the step was refused.
const REJECTED: u8 = 1;

/// What a step is going to do to a repository.
struct Prepared<'a> {
    repository: &'a Repository,
    after: Standing,
    draft: Option<RefreshDraft>,
    /// Who signs it anew; nobody where it stays as it is.
    signers: Vec<Signer>,
    seen: Vec<Seen>,
}

pub(super) fn run(arguments: &RotateStep, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let mut plan = super::read_plan(&arguments.plan)?;
    let Some(step) = arguments.step.map(step_of).or_else(|| plan.next()) else {
        report::line("every step is done")?;
        return Ok(ExitCode::SUCCESS);
    };
    let signers = Signers::open(&plan, arguments, step, now)?;
    let package = package(&plan, arguments, step, now)?;
    let options = context::check_options(&arguments.common, &limits);
    let bar = progress::for_stderr();

    let known = plan.clone();
    let asked = Asked {
        plan: &known,
        now,
        options: &options,
        progress: bar.as_ref(),
    };
    let mut all: Vec<Sighting> = Vec::new();
    let mut prepared = Vec::new();
    for repository in &known.repositories {
        let standing = asked.standing(repository)?;
        let before = asked.seen(repository, &standing, None)?;
        let one = prepare(&asked, repository, standing, &signers, arguments, step)?;
        all.extend(sightings(&known, repository, &before, one.seen.clone()));
        prepared.push(one);
    }

    let mut acknowledged = arguments.strand.clone();
    // Whoever was given up when an interrupted step began stays given up.
    let open = known.done.iter().filter(|done| done.ended.is_none());
    let before: Vec<String> = open.flat_map(|done| done.stranded.clone()).collect();
    acknowledged.extend(before.iter().cloned());
    let want = Want {
        step,
        now,
        acknowledged: &acknowledged,
    };
    let refused = refusals(&known, &want, &all);
    let mut findings = refused.findings.clone();
    if step > Step::Announce && known.interrupted().is_none() {
        findings.extend(keyrings::findings(&known));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let unneeded: Vec<_> = refused
        .unneeded
        .iter()
        .filter(|name| !before.contains(name))
        .cloned()
        .collect();
    if !unneeded.is_empty() {
        return Err(hinted(
            format!(
                "--strand {}: the step does not strand it",
                unneeded.join(", ")
            ),
            "name only those that a refusal names",
        ));
    }
    let stops = findings
        .iter()
        .any(|finding| finding.severity >= Severity::Undecided);
    let shown = prepared.iter().map(shown).collect();
    let mut view = View {
        file: &arguments.plan,
        plan: &known,
        now,
        after: Some(step),
        shown,
        findings,
        outputs: Vec::new(),
    };
    if stops || arguments.simulate {
        let outcome = view.print(arguments.common.json)?;
        return Ok(if stops {
            ExitCode::from(REJECTED)
        } else {
            commands::status(outcome)
        });
    }

    let drafts = prepared.iter().filter_map(|one| one.draft.as_ref());
    let pinned_until = drafts.filter_map(apt::pinned_until).max();
    plan.begin(step, refused.stranded, pinned_until, now)?;
    plan.save(&arguments.plan)?;
    let carried = carry_out(&asked, prepared, step)?;
    view.outputs.extend(carried.outputs);
    view.outputs.extend(keyrings::publish(&plan, Some(step))?);
    let (written, odd) = announce::write(
        &arguments.plan,
        &plan,
        &carried.standing,
        step,
        &signers.all,
        package.as_slice(),
        now,
    )?;
    view.outputs.extend(written);
    view.findings.extend(odd);
    plan.end(now);
    plan.save(&arguments.plan)?;
    view.plan = &plan;
    let outcome = view.print(arguments.common.json)?;
    Ok(commands::status(outcome))
}

/// The package with the keyring that clients should have once the step is done, where that
/// changes with it: its name and bytes.
fn package(
    plan: &Plan,
    arguments: &RotateStep,
    step: Step,
    now: Timestamp,
) -> Result<Option<(String, Vec<u8>)>> {
    let (Some(name), Some(maintainer)) = (&arguments.keyring_package, &arguments.maintainer) else {
        return Ok(None);
    };
    if !plan
        .repositories
        .iter()
        .any(|one| one.format == Format::Apt)
    {
        return Err(hinted(
            "--keyring-package is for clients of apt, and no repository of the plan is",
            "leave it out",
        ));
    }
    if !matches!(step, Step::Announce | Step::Drop) {
        return Err(hinted(
            "--keyring-package: clients keep both certificates in this step, as the package of the announcement has them",
            "leave it out until the last step",
        ));
    }
    let version = now.strftime("%Y.%m.%d").to_string();
    let named = Named {
        name,
        version: &version,
        maintainer,
        synopsis: None,
        homepage: None,
    };
    let certificates = plan.held(plan.published(Some(step)));
    let build = holding(&named, &certificates, &[], now)?;
    Ok(Some((
        build.file_name(),
        build.bytes(Compression::Xz, now)?,
    )))
}

fn step_of(name: StepName) -> Step {
    match name {
        StepName::Announce => Step::Announce,
        StepName::DualSign => Step::DualSign,
        StepName::HandOver => Step::HandOver,
        StepName::Drop => Step::Drop,
    }
}

fn shown(prepared: &Prepared<'_>) -> Shown {
    Shown {
        path: prepared.repository.path.display().to_string(),
        format: prepared.repository.format.name(),
        signers: prepared.after.signers(),
        seen: prepared.seen.clone(),
    }
}

/// The keys that were given, told apart.
struct Signers {
    all: Vec<Signer>,
    old: Option<Signer>,
    new: Option<Signer>,
}

impl Signers {
    fn open(plan: &Plan, arguments: &RotateStep, step: Step, now: Timestamp) -> Result<Self> {
        let mut signers = Self {
            all: Vec::new(),
            old: None,
            new: None,
        };
        for signer in context::optional_signers(&arguments.secrets, now)? {
            if signer.key() == plan.old.key {
                signers.old = Some(signer);
            } else if signer.key() == plan.new.key {
                signers.new = Some(signer);
            } else {
                return Err(hinted(
                    format!(
                        "--key: {} is neither the old nor the new key of the plan",
                        signer.key()
                    ),
                    format!("the plan has {} and {}", plan.old.key, plan.new.key),
                ));
            }
        }
        let needed = match step {
            Step::Announce | Step::DualSign => {
                [("old", &plan.old.key), ("new", &plan.new.key)].to_vec()
            }
            Step::HandOver => [("new", &plan.new.key)].to_vec(),
            Step::Drop => Vec::new(),
        };
        for (name, key) in needed {
            let there = match name {
                "old" => signers.old.is_some(),
                _ => signers.new.is_some(),
            };
            if !there {
                return Err(hinted(
                    format!("{step} needs the {name} key, {key}"),
                    "name it with --key",
                ));
            }
        }
        // The old one first: some readers look at the first signature only.
        let both = signers.old.iter().chain(&signers.new);
        signers.all = both.cloned().collect();
        Ok(signers)
    }

    /// Those that sign after a step.
    fn of(&self, who: Holding) -> Vec<Signer> {
        match who {
            Holding::Old => self.old.iter().cloned().collect(),
            Holding::Both => self.all.clone(),
            Holding::New => self.new.iter().cloned().collect(),
        }
    }
}

/// Makes what is to be published, and asks every client.
fn prepare<'a>(
    asked: &Asked<'_>,
    repository: &'a Repository,
    standing: Standing,
    signers: &Signers,
    arguments: &RotateStep,
    step: Step,
) -> Result<Prepared<'a>> {
    let signs = asked.plan.signing(Some(step), repository.format);
    let several = step == Step::DualSign && arguments.several.several_signatures;
    let (after, draft, signers) = match (standing, step) {
        (Standing::Apt(suites), Step::DualSign | Step::HandOver) => {
            let signers = signers.of(signs);
            let draft = apt::draft(asked, repository, &signers)?;
            let drafted = apt::drafted(asked, &draft, &suites)?;
            (Standing::Apt(drafted), Some(draft), signers)
        }
        (Standing::Yum(metadata), Step::HandOver) => {
            let signers = signers.of(signs);
            let signed = metadata.signed(asked, repository, &signers)?;
            (Standing::Yum(signed), None, signers)
        }
        (Standing::Yum(metadata), Step::DualSign) if several => {
            let signers = signers.of(Holding::Both);
            let signed = metadata.signed(asked, repository, &signers)?;
            (Standing::Yum(signed), None, signers)
        }
        (standing, _) => (standing, None, Vec::new()),
    };
    let seen = asked.seen(repository, &after, Some(step))?;
    Ok(Prepared {
        repository,
        after,
        draft,
        signers,
        seen,
    })
}

struct Carried {
    outputs: Vec<std::path::PathBuf>,
    standing: Vec<Standing>,
}

/// Publishes what was prepared.
fn carry_out(asked: &Asked<'_>, prepared: Vec<Prepared<'_>>, step: Step) -> Result<Carried> {
    let mut carried = Carried {
        outputs: Vec::new(),
        standing: Vec::new(),
    };
    for one in prepared {
        match (one.repository.format, one.draft) {
            (Format::Apt, Some(draft)) => {
                let signed = draft.publish(&one.signers, asked.options, asked.progress)?;
                carried.outputs.extend(signed.outputs);
            }
            (Format::Yum, _) if !one.signers.is_empty() => {
                let signed = yum::publish(asked, one.repository, &one.signers, step)?;
                carried.outputs.extend(signed.outputs);
            }
            _ if !one.signers.is_empty() => bail!("nothing to sign in this kind of repository"),
            _ => {}
        }
        carried.standing.push(one.after);
    }
    Ok(carried)
}
