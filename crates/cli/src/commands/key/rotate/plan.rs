//! `pkgseal key rotate plan`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use pkgseal_keyring::rotate::{
    Answer, DRIFT, Format, Holding, Party, Plan, PublishedKeyring, Repository, ResignPackages,
    Step, UNFIT, obstacles,
};
use pkgseal_openpgp::Certificate;
use pkgseal_repo::{Finding, Limits, Severity};

use super::predict;
use super::show::{Shown, View};
use super::sight::Asked;
use crate::args::{KindName, RotatePlan};
use crate::failure::hinted;
use crate::{commands, consumers, context, kind, progress};

/// Counted where nobody is named.
const APT: &[&str] = &["bookworm", "jammy", "noble", "trixie"];
const YUM: &[&str] = &[
    "rpm-4.18",
    "rpm-4.20",
    "rpm-6",
    "dnf-el8",
    "dnf-el9",
    "dnf-el10",
    "dnf-fedora",
    "zypper-suse",
];
const MAVEN: &[&str] = &["maven-central", "gradle"];

pub(super) fn run(arguments: &RotatePlan, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    if arguments.output.symlink_metadata().is_ok() {
        return Err(hinted(
            format!("{} exists already", arguments.output.display()),
            "a plan that was begun is not planned over: name another file with --output",
        ));
    }
    let (old, new) = parties(&arguments.old, &arguments.new, now, &limits)?;
    let repositories = repositories(arguments)?;
    let keyrings = keyrings(arguments, &repositories)?;
    let plan = Plan {
        made: now,
        window: arguments.window,
        settle: arguments.settle,
        old,
        new,
        repositories,
        keyrings,
        done: Vec::new(),
    };
    plan.check()?;

    let options = context::check_options(&arguments.common, &limits);
    let bar = progress::for_stderr();
    let asked = Asked {
        plan: &plan,
        now,
        options: &options,
        progress: bar.as_ref(),
    };
    let mut findings = obstacles(&plan, Step::Announce, now);
    let mut shown = Vec::new();
    for repository in &plan.repositories {
        let standing = asked.standing(repository)?;
        let seen = asked.seen(repository, &standing, None)?;
        let signers = standing.signers();
        findings.extend(unsigned(&plan, repository, &signers));
        findings.extend(unfit(&plan, repository, now)?);
        shown.push(Shown {
            path: repository.path.display().to_string(),
            format: repository.format.name(),
            signers,
            seen,
        });
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    plan.save(&arguments.output)?;
    let view = View {
        file: &arguments.output,
        plan: &plan,
        now,
        after: None,
        shown,
        findings,
        outputs: vec![arguments.output.clone()],
    };
    let outcome = view.print(arguments.common.json)?;
    Ok(commands::status(outcome))
}

/// The two certificates, and which key of each signs.
fn parties(old: &Path, new: &Path, now: Timestamp, limits: &Limits) -> Result<(Party, Party)> {
    let (old, new) = (certificate(old, limits)?, certificate(new, limits)?);
    let party = Party::of(old, None, now)?;
    let same = party.certificate.fingerprint() == new.fingerprint();
    let successor = Party::of(new, same.then_some(&party.key), now)?;
    Ok((party, successor))
}

fn certificate(path: &Path, limits: &Limits) -> Result<Certificate> {
    let loaded = pkgseal_keyring::open(path, limits)?;
    let mut all = loaded.certificates.iter();
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one.clone()),
        (None, _) => bail!("no usable certificate in {}", path.display()),
        (Some(_), Some(_)) => Err(hinted(
            format!("there are several certificates in {}", path.display()),
            "name a file with the one that signs: pkgseal keyring filter",
        )),
    }
}

fn repositories(arguments: &RotatePlan) -> Result<Vec<Repository>> {
    let mut urls = Vec::new();
    for text in &arguments.url {
        let Some((place, url)) = text.split_once('=') else {
            bail!("--url {text} is not DIR=URL");
        };
        urls.push((canonical(Path::new(place))?, url.to_owned()));
    }
    let mut repositories = Vec::new();
    for path in &arguments.paths {
        let format = match kind::recognise(path)? {
            KindName::Apt => Format::Apt,
            KindName::Yum => Format::Yum,
            KindName::Maven => Format::Maven,
            _ => bail!("{} is no apt, yum or Maven repository", path.display()),
        };
        let path = canonical(path)?;
        let at = urls.iter().position(|(place, _)| *place == path);
        let url = at.map(|at| urls.swap_remove(at).1);
        repositories.push(Repository {
            format,
            url,
            clients: Vec::new(),
            packages: if arguments.resign_packages && format == Format::Yum {
                ResignPackages::Resign
            } else {
                ResignPackages::Keep
            },
            path,
        });
    }
    if let Some((place, _)) = urls.first() {
        bail!(
            "--url names {}, which is not among the repositories",
            place.display()
        );
    }
    for name in &arguments.counted {
        let of = format_of(name)?;
        if repositories.iter().all(|one| one.format != of) {
            bail!("--client {name}: none of the repositories is for it");
        }
        for repository in repositories.iter_mut().filter(|one| one.format == of) {
            if !repository.clients.contains(name) {
                repository.clients.push(name.clone());
            }
        }
    }
    for repository in &mut repositories {
        if repository.clients.is_empty() {
            let usual = match repository.format {
                Format::Apt => APT,
                Format::Yum => YUM,
                Format::Maven => MAVEN,
            };
            repository.clients = usual.iter().map(|name| (*name).to_owned()).collect();
        }
    }
    Ok(repositories)
}

/// What repositories a client reads.
fn format_of(name: &str) -> Result<Format> {
    let apt = || pkgseal_deb::apt::client::Client::names().any(|known| known == name);
    // Unknown names are refused with those there are.
    consumers::one(name)?;
    Ok(match name {
        "maven-central" | "gradle" => Format::Maven,
        _ if apt() => Format::Apt,
        _ if ["rpm-", "dnf-", "zypper-"]
            .iter()
            .any(|word| name.starts_with(word)) =>
        {
            Format::Yum
        }
        _ => bail!("--client {name} reads no repositories"),
    })
}

fn keyrings(arguments: &RotatePlan, repositories: &[Repository]) -> Result<Vec<PublishedKeyring>> {
    let mut paths = Vec::new();
    for path in &arguments.published {
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        let Some(name) = path.file_name() else {
            bail!("--published {} names no file", path.display());
        };
        paths.push(canonical(parent.unwrap_or(Path::new(".")))?.join(name));
    }
    for repository in repositories.iter().filter(|one| one.format == Format::Yum) {
        let path = repository.path.join("repodata/repomd.xml.key");
        if path.is_file() && !paths.contains(&path) {
            paths.push(path);
        }
    }
    Ok(paths
        .into_iter()
        .map(|path| PublishedKeyring {
            keeps_old: path.file_name().is_some_and(|name| name == "KEYS"),
            path,
        })
        .collect())
}

fn canonical(path: &Path) -> Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("cannot read {}", path.display()))
}

/// Roots that the old key has not signed, or somebody else has too.
fn unsigned(
    plan: &Plan,
    repository: &Repository,
    signers: &[(
        String,
        std::collections::BTreeSet<pkgseal_openpgp::Fingerprint>,
    )],
) -> Vec<Finding> {
    let unsigned = signers
        .iter()
        .filter(|(_, keys)| !keys.contains(&plan.old.key));
    unsigned
        .map(|(name, _)| {
            let subject = format!("{}/{name}", repository.path.display());
            let detail = format!(
                "it is not signed by {}: there is nothing to replace",
                plan.old.key
            );
            Finding::reject(DRIFT, subject, detail)
                .hint("name the certificate that signs it as OLD")
        })
        .collect()
}

/// Clients that are served today and could not be once the new key signs alone.
fn unfit(plan: &Plan, repository: &Repository, now: Timestamp) -> Result<Vec<Finding>> {
    let mut today = Vec::new();
    for name in &repository.clients {
        let consumer = consumers::one(name)?;
        let held = super::held::Held::of(plan, Holding::Old);
        let (answer, _) = predict::signature(&*consumer, &held, &plan.old.key, now);
        today.push((name.clone(), answer));
    }
    let mut findings = Vec::new();
    for step in [Step::Announce, Step::HandOver] {
        for seen in predict::after(plan, repository, step, now)? {
            let served = today
                .iter()
                .any(|(name, answer)| *name == seen.client && *answer != Answer::Rejects);
            let known = findings
                .iter()
                .any(|known: &Finding| known.detail.starts_with(&format!("{} ", seen.client)));
            if seen.holding != Holding::Both || seen.answer != Answer::Rejects || known {
                continue;
            }
            let (severity, what) = if served {
                (Severity::Reject, "could not use the repository any more")
            } else {
                (Severity::Note, "cannot use the repository, today and later")
            };
            let detail = format!("{} {what}: {}", seen.client, seen.why.join("; "));
            let mut finding = Finding::new(UNFIT, severity, seen.repository, detail)
                .because(format!("after {step}, with both certificates"));
            if served {
                finding = finding.hint(match repository.format {
                    Format::Apt if plan.new.certificate.version() > 4 => {
                        "take a new key of OpenPGP version 4, or leave the client out with --client"
                    }
                    _ => {
                        "take a new key that it reads, RSA for old ones, or leave the client out \
                         with --client"
                    }
                });
            }
            findings.push(finding);
        }
    }
    Ok(findings)
}
