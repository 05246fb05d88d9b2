//! `pkgseal keyring forecast`: who is asked, about what, and in which form it is told.
//!
//! Held against the real programs by `tests/it/forecast_peers.rs`, a minute before and after
//! every date that is named: apt 2.6 with gpgv, apt 3.0 with sqv, dnf 4.14 and zypper with
//! gpg, rpm 4.18 and 4.20, and sqv 1.3 with `--policy-as-of`. Where they differ from what a
//! key's own dates say:
//!
//! - apt 3 with sqv, rpm 4.19 and later, and sqv itself ask whether a key was alive when it
//!   signed: what is published outlives its key, and breaks with the next publication only.
//! - rpm 4.18 asks for no age at all, and librepo with rpm-sequoia (dnf5, EL 10) takes any
//!   signature of repomd.xml whose mathematics hold.
//! - gpg (apt 2, dnf 4, zypper) counts a revocation from the day on which the certificate
//!   carries it, whatever its date: a key that is retired later is broken already.
//! - apt 3 warns of its policy a year ahead, by days of UTC; of a key that expires, and of
//!   Valid-Until, nobody warns.
//! - rpm-sequoia ends DSA on 2030-02-01 by its own clock; every other rule of its policy that
//!   has a day is past.
//!
//! Not run: dnf5, rpm 6, Gradle and Maven Central (see what each client says of how it was
//! checked).

mod apt;
mod dates;
mod groups;
mod keys;
mod maven;
mod mend;
mod ourselves;
mod packages;
mod yum;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use pkgseal_deb::apt::client::Client;
use pkgseal_keyring::consumer::{Consumer, Model};
use pkgseal_keyring::forecast::{Followed, Forecast, Span, causes};
use pkgseal_keyring::{Loaded, forecast};
use pkgseal_openpgp::{Certificates, Fingerprint, Profile};
use pkgseal_repo::{Finding, Limits, Outcome, StagedFile};

use crate::args::{ForecastFormat, KeyringForecast, KindName};
use crate::commands::clients;
use crate::failure::hinted;
use crate::{consumers, context, kind, report};

/// Who is asked, with which certificates, and when it is.
struct Asked {
    span: Span,
    limits: Limits,
    certificates: Certificates,
    consumers: Vec<Arc<dyn Consumer>>,
    /// The apts among them, and those of files.
    apt: Vec<Client>,
    /// Consumers that judge files by their signatures alone.
    models: Vec<Model>,
    /// Our own profile, where we are asked.
    profile: Option<Profile>,
}

/// What was found at one path.
#[derive(Default)]
struct Part {
    followed: Vec<Followed>,
    findings: Vec<Finding>,
    /// Certificates that signed, and what signs of that kind are called to read.
    signers: BTreeSet<Fingerprint>,
}

/// What a path is.
enum Place {
    Keyring,
    Apt,
    Yum,
    Maven,
    Packages(Vec<PathBuf>),
}

pub(super) fn run(arguments: &KeyringForecast, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let places = arguments
        .paths
        .iter()
        .map(|path| Ok((path, recognise(path)?)))
        .collect::<Result<Vec<_>>>()?;
    let keyrings: Vec<&PathBuf> = places
        .iter()
        .filter(|(_, place)| matches!(place, Place::Keyring))
        .map(|(path, _)| *path)
        .collect();
    let mut findings = Vec::new();
    let mut open = |paths: &mut dyn Iterator<Item = &PathBuf>| -> Result<Certificates> {
        let Loaded {
            certificates,
            findings: found,
            ..
        } = pkgseal_keyring::open_all(paths, &limits)?;
        findings.extend(found);
        Ok(certificates)
    };
    let named = open(&mut keyrings.iter().copied())?;
    let beside = open(&mut arguments.certificates.keyring.iter())?;
    if named.is_empty() && beside.is_empty() {
        return Err(hinted(
            "no certificate is known, so that nobody can say when anything breaks",
            "name a keyring beside the repository, for example \
             /usr/share/keyrings/debian-archive-keyring.gpg",
        ));
    }
    let asked = asked(arguments, Span::from(now), &limits, &named, &beside)?;
    let options = context::check_options(&arguments.common, &limits);
    let parts = options.pool()?.install(|| ask(&asked, &places, &named))?;
    let mut followed = Vec::new();
    for part in parts {
        followed.extend(part.followed);
        findings.extend(part.findings);
    }
    if followed.is_empty() && findings.iter().all(|finding| !undecided(finding)) {
        let detail = "nothing signed was found, and no certificate, that those who are asked read";
        findings.push(Finding::undecided(causes::NOTHING_SIGNED, "", detail));
    }
    let forecast = Forecast::new(now, followed, findings);
    tell(arguments, &forecast)
}

fn undecided(finding: &Finding) -> bool {
    finding.severity >= pkgseal_repo::Severity::Undecided
}

/// Who is asked: the named clients, and the readers that the targets mean.
fn asked(
    arguments: &KeyringForecast,
    span: Span,
    limits: &Limits,
    named: &Certificates,
    beside: &Certificates,
) -> Result<Asked> {
    let mut names = arguments.clients.clone();
    for target in &arguments.targets.targets {
        names.extend(of_target(target)?);
    }
    let all = names.iter().any(|name| name == "all");
    let ourselves = names.is_empty() || all || names.iter().any(|name| name == ourselves::NAME);
    let nobody_named = names.is_empty();
    let files = names.iter().filter(|name| is_file(name));
    let files = files
        .map(|name| clients::one::<Client>(name, limits))
        .collect::<Result<Vec<_>>>()?;
    names.retain(|name| name != ourselves::NAME && !is_file(name));
    let consumers = if names.is_empty() && !nobody_named {
        Vec::new()
    } else {
        consumers::named(&names)?
    };
    let mut apt = consumers
        .iter()
        .filter(|consumer| apt::reads(consumer.name()))
        .map(|consumer| Ok(Client::named(consumer.name())?))
        .collect::<Result<Vec<_>>>()?;
    apt.extend(files);
    let models = consumers
        .iter()
        .filter(|consumer| Model::names().any(|name| name == consumer.name()))
        .map(|consumer| Ok(Model::named(consumer.name())?))
        .collect::<Result<_>>()?;
    let profile = context::profile(&arguments.profile, limits)?;
    let certificates = Certificates::new(named.iter().chain(beside.iter()).cloned());
    Ok(Asked {
        span,
        limits: limits.clone(),
        certificates,
        consumers,
        apt,
        models,
        profile: ourselves.then_some(profile),
    })
}

/// Whether a client is named by its file.
fn is_file(name: &str) -> bool {
    name.contains('/') || name.ends_with(".toml")
}

/// The clients of a generation of readers.
fn of_target(target: &str) -> Result<Vec<String>> {
    let names: &[&str] = match target {
        "el8" => &["dnf-el8", "rpm-4.18"],
        "el9" => &["dnf-el9", "rpm-4.18"],
        "el10" => &["dnf-el10", "rpm-4.20"],
        "fedora" => &["dnf-fedora", "rpm-6"],
        "suse" => &["zypper-suse", "rpm-4.18"],
        "debian-rpm4.18" => &["rpm-4.18"],
        "debian-rpm4.20" => &["rpm-4.20"],
        other => {
            return Err(hinted(
                format!("no clock is known of the target {other}"),
                "a forecast asks el8, el9, el10, fedora, suse, debian-rpm4.18 and debian-rpm4.20",
            ));
        }
    };
    Ok(names.iter().map(|name| (*name).to_owned()).collect())
}

/// What a path is: what is no repository and holds no package is a keyring.
fn recognise(path: &Path) -> Result<Place> {
    let metadata =
        std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !metadata.is_dir() {
        return Ok(match packages::is_one(path) {
            true => Place::Packages(vec![path.to_owned()]),
            false => Place::Keyring,
        });
    }
    Ok(match kind::recognise(path) {
        Ok(KindName::Apt) => Place::Apt,
        Ok(KindName::Yum) => Place::Yum,
        Ok(KindName::Maven) => Place::Maven,
        Ok(_) | Err(_) => {
            let packages = packages::within(path)?;
            match (packages.is_empty(), maven::is_signed(path)?) {
                (false, _) => Place::Packages(packages),
                (true, true) => Place::Maven,
                (true, false) => Place::Keyring,
            }
        }
    })
}

fn ask(asked: &Asked, places: &[(&PathBuf, Place)], named: &Certificates) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut keyrings = false;
    for (path, place) in places {
        let (part, read_by): (Part, fn(&str) -> bool) = match place {
            Place::Keyring => {
                keyrings = true;
                continue;
            }
            Place::Apt => (apt::ask(path, asked)?, apt::reads),
            Place::Yum => (yum::ask(path, asked)?, yum::reads),
            Place::Maven => (maven::ask(path, asked)?, maven::reads),
            Place::Packages(packages) => (packages::ask(path, packages, asked)?, packages::reads),
        };
        // Whoever signed it will sign again.
        let signers: Vec<Fingerprint> = part.signers.iter().cloned().collect();
        let signers = asked.certificates.only(&signers);
        parts.push(part);
        parts.push(keys::ask(path, &signers, asked, read_by));
    }
    if keyrings {
        let paths = places
            .iter()
            .filter(|(_, place)| matches!(place, Place::Keyring));
        let names: Vec<String> = paths.map(|(path, _)| path.display().to_string()).collect();
        let place = PathBuf::from(names.join(", "));
        parts.push(keys::ask(&place, named, asked, |_| true));
    }
    Ok(parts)
}

/// Prints or writes it; the exit status says whether anything breaks in time.
fn tell(arguments: &KeyringForecast, forecast: &Forecast) -> Result<ExitCode> {
    let broken = arguments
        .within
        .is_some_and(|length| forecast.within(length).next().is_some());
    let outcome = match (broken, forecast.undecided().next()) {
        (true, _) => Outcome::Rejected,
        (false, Some(_)) => Outcome::Undecided,
        (false, None) => Outcome::Accepted,
    };
    let text = match (arguments.common.json, arguments.format) {
        (true, _) => report::forecast_json(forecast, arguments.within, outcome)?,
        (false, ForecastFormat::Text) => report::forecast_text(forecast, arguments.within),
        (false, ForecastFormat::Ical) => forecast::ical(forecast),
        (false, ForecastFormat::Prometheus) => forecast::prometheus(forecast),
    };
    match &arguments.output {
        None => report::block(&text)?,
        Some(path) => {
            if path.is_dir() {
                bail!(
                    "--output {} is a directory: it takes a file",
                    path.display()
                );
            }
            let mut staged = StagedFile::create(path)?;
            staged
                .file_mut()
                .write_all(text.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
            staged.commit()?;
        }
    }
    // Calendars and monitoring have no place for what could not be asked about.
    let elsewhere = arguments.format != ForecastFormat::Text || arguments.output.is_some();
    if elsewhere {
        forecast.findings.iter().for_each(report::warn_finding);
    }
    Ok(crate::commands::status(outcome))
}
