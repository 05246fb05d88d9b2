//! `pkgseal key doctor`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;
use pkgseal_keyring::KeySource;
use pkgseal_keyring::consumer::Consumer;
use pkgseal_keyring::doctor::{
    Breaks, Diagnosis, Halves, Request, breaks, compare_copies, diagnose, mend,
};
use pkgseal_keyring::lifecycle::Step;
use pkgseal_openpgp::{Certificate, Examination, Signed};
use pkgseal_repo::{Finding, Limits, Severity, StagedFile, StagedSet};
use serde_json::json;

use super::change;
use crate::args::KeyDoctor;
use crate::failure::hinted;
use crate::{consumers, context, report};

pub(super) fn run(arguments: &KeyDoctor, clock: SystemTime) -> Result<ExitCode> {
    let now = context::now(&arguments.moment, clock)?;
    let clients = consumers::named(&arguments.clients)?;
    if arguments.fix {
        return fix(arguments, &clients, now);
    }
    if !arguments.secrets.key.is_empty() {
        return Err(hinted(
            "--key signs, and nothing is signed without --fix",
            "add --fix",
        ));
    }
    let certificates = &arguments.secrets.access.certificate;
    let held = arguments.paths.iter().find(|path| {
        KeySource::parse(path.as_os_str()).is_ok_and(|source| source.file().is_none())
    });
    if let Some(held) = held {
        return Err(hinted(
            format!(
                "{} is a key, and certificates are looked at",
                held.display()
            ),
            "name the certificate's file; to have the key mend it, add --fix and --certificate FILE",
        ));
    }
    let mut copies = Vec::new();
    for path in arguments.paths.iter().chain(certificates) {
        let loaded = pkgseal_keyring::open(path, &Limits::default())?;
        // A secret key is as welcome as its certificate.
        let told = |finding: &&Finding| finding.code.id != "keyring.secret-key";
        loaded
            .findings
            .iter()
            .filter(told)
            .for_each(report::warn_finding);
        for certificate in loaded.certificates.iter() {
            copies.push(Copy {
                path: path.clone(),
                diagnosis: diagnose(certificate, now)?,
                certificate: certificate.clone(),
            });
        }
    }
    if copies.is_empty() {
        bail!("no usable certificate found");
    }
    compare(&mut copies)?;
    if let Some(target) = &arguments.request {
        return request(&copies, target, arguments.json);
    }
    let done: Vec<Signed> = copies
        .iter()
        .map(|copy| Signed {
            outputs: Vec::new(),
            examination: examination(
                &copy.path,
                &copy.certificate,
                &copy.diagnosis,
                &clients,
                now,
            ),
        })
        .collect();
    let outcome = report::worked("sound", "ailing", &done, 0, arguments.json)?;
    Ok(crate::commands::status(outcome))
}

/// A certificate as one file has it.
struct Copy {
    path: PathBuf,
    certificate: Certificate,
    diagnosis: Diagnosis,
}

/// Each copy against the others of the same certificate.
fn compare(copies: &mut [Copy]) -> Result<()> {
    let known: Vec<(PathBuf, Diagnosis)> = copies
        .iter()
        .map(|copy| (copy.path.clone(), copy.diagnosis.clone()))
        .collect();
    for copy in copies {
        let mended = known.iter().find(|(path, other)| {
            *path != copy.path
                && other.certificate == copy.diagnosis.certificate
                && !other.needs_mending()
                && copy.diagnosis.needs_mending()
        });
        if let Some((path, other)) = mended {
            compare_copies(&mut copy.diagnosis, other, &path.display().to_string())?;
        }
    }
    Ok(())
}

/// A diagnosis with whom each trouble breaks.
fn examination(
    path: &Path,
    certificate: &Certificate,
    diagnosis: &Diagnosis,
    clients: &[Arc<dyn Consumer>],
    now: Timestamp,
) -> Examination {
    let mut examination = Examination::new("certificate", path.display().to_string());
    examination.add_detail("certificate", diagnosis.certificate.to_string());
    if let Some(user_id) = &diagnosis.user_id {
        examination.add_detail("user-id", user_id.clone());
    }
    let clients: Vec<&dyn Consumer> = clients.iter().map(AsRef::as_ref).collect();
    let broken = breaks(certificate, &diagnosis.troubles, &clients, now);
    for (trouble, broken) in diagnosis.troubles.iter().zip(broken) {
        let mut finding = Finding {
            subject: String::new(),
            ..trouble.finding.clone()
        };
        if !broken.is_empty() {
            finding.cause = Some(said(&broken));
        }
        examination.report.push(finding);
    }
    examination.report.sort();
    examination
}

/// `bookworm since 2026-02-01, sequoia since 2023-02-01, rpm-6`.
fn said(broken: &[Breaks]) -> String {
    let one = |one: &Breaks| match one.since {
        Some(since) => format!("{} since {}", one.consumer, since.strftime("%Y-%m-%d")),
        None => one.consumer.clone(),
    };
    broken.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn fix(arguments: &KeyDoctor, clients: &[Arc<dyn Consumer>], now: Timestamp) -> Result<ExitCode> {
    let [path] = arguments.paths.as_slice() else {
        return Err(hinted("--fix mends one key at a time", "name one key"));
    };
    let source = KeySource::parse(path.as_os_str())
        .map_err(|error| anyhow!("{}: {error}", path.display()))?;
    let passphrase = context::passphrase(&arguments.secrets.access.passphrase)?;
    let custody = match change::custody(&source, &arguments.secrets, None) {
        Err(error)
            if matches!(
                error.downcast_ref(),
                Some(pkgseal_keyring::Error::OpenPgp(_))
            ) =>
        {
            return Err(hinted(
                format!("cannot mend {source}: {error}"),
                "with the certificate alone, ask the key's holder: pkgseal key doctor --request FILE; \
                 a key of gpg-agent's, on a token or behind a command is named as it is for --key",
            ));
        }
        other => other.with_context(|| format!("cannot mend {source}"))?,
    };
    let destination = context::destination(arguments.output.as_deref());
    custody.prepare(&destination)?;
    let halves = if arguments.partial {
        Halves::Accept
    } else {
        Halves::Refuse
    };
    let mended = mend(&*custody, passphrase.as_ref(), halves, now)
        .with_context(|| format!("cannot mend {source}"))?;
    let changed = &mended.changed;
    let diagnosis = diagnose(&changed.after, now)?;
    let mut examination = examination(path, &changed.after, &diagnosis, clients, now);
    for step in &changed.steps {
        if let Step::Renewed { part, follows } = step {
            let value = format!("{part}: what the self-signature of {follows} says");
            examination.add_detail("signed-anew", value);
        }
    }
    for left in &mended.left {
        examination.add_detail("left", format!("{}: {}", left.part, left.reason));
    }
    let mut outputs = Vec::new();
    if !changed.steps.is_empty() {
        let written = custody.store(changed, &destination)?;
        examination.add_detail("publish", written.certificate.display().to_string());
        outputs.extend(written.secret);
        outputs.push(written.certificate);
        for finding in &changed.findings {
            examination.report.push(finding.clone());
        }
    }
    let verb = if outputs.is_empty() {
        "sound"
    } else {
        "mended"
    };
    let done = Signed {
        outputs,
        examination,
    };
    let outcome = report::worked(verb, "ailing", &[done], 0, arguments.json)?;
    Ok(crate::commands::status(outcome))
}

/// Writes what to ask the holders for.
fn request(copies: &[Copy], target: &Path, as_json: bool) -> Result<ExitCode> {
    let mut letter = String::new();
    let mut all = Vec::new();
    for copy in copies {
        let Some(request) = Request::of(&copy.diagnosis) else {
            continue;
        };
        let name = copy.path.file_name().map_or_else(
            || "OLD".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        if !letter.is_empty() {
            letter.push('\n');
        }
        letter.push_str(&request.text(&name));
        all.push(document(&request, &name));
    }
    if all.is_empty() {
        report::line("nothing to ask for: no self-signature needs mending")?;
        return Ok(ExitCode::SUCCESS);
    }
    // Anybody can put anything into a user ID.
    let letter: Vec<String> = letter.lines().map(report::escaped).collect();
    let letter = letter.join("\n") + "\n";
    let document = serde_json::to_string_pretty(&json!({ "schema": 1, "requests": all }))? + "\n";
    if target == Path::new("-") {
        report::block(if as_json { &document } else { &letter })?;
        return Ok(ExitCode::from(1));
    }
    let mut beside = target.as_os_str().to_owned();
    beside.push(".json");
    let beside = PathBuf::from(beside);
    let mut set = StagedSet::new();
    for (path, content) in [(target, &letter), (beside.as_path(), &document)] {
        let mut staged = StagedFile::create(path)?;
        staged
            .write_all(content.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        set.push(staged);
    }
    let outputs = set.commit()?;
    let mut examination = Examination::new("request", target.display().to_string());
    for copy in copies {
        let worst = copy.diagnosis.worst();
        if worst > Some(Severity::Note) {
            examination.add_detail("certificate", copy.diagnosis.certificate.to_string());
        }
    }
    let done = Signed {
        outputs,
        examination,
    };
    report::worked("requested", "requested", &[done], 0, as_json)?;
    Ok(ExitCode::from(1))
}

fn document(request: &Request, name: &str) -> serde_json::Value {
    json!({
        "certificate": request.certificate.to_string(),
        "user_id": request.user_id,
        "wanted": request.wanted.iter().map(|wanted| json!({
            "code": wanted.code.id,
            "part": wanted.part.to_string(),
            "follows": wanted.follows.map(|at| at.to_string()),
            "detail": wanted.detail,
            "packets": wanted.packets,
        })).collect::<Vec<_>>(),
        "commands": request.commands.iter().map(|command| json!({
            "tool": command.tool,
            "lines": command.lines,
            "note": command.note,
        })).collect::<Vec<_>>(),
        "check": request.check(name),
    })
}
