//! `pkgseal yum repo-file`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::{Finding, Limits, Severity};
use pkgseal_rpm::lint;
use pkgseal_rpm::yum::repo_file::{KeyPlace, Place, RepoKit};

use crate::args::YumRepoFile;
use crate::{context, report};

/// Exit status 1: nothing was written, for what was asked for would not work.
const REJECTED: u8 = 1;

pub(super) fn run(arguments: &YumRepoFile, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let targets = context::targets(&arguments.targets, &limits)?;
    let loaded = pkgseal_keyring::open_all(&arguments.keyring, &limits)?;
    loaded.findings.iter().for_each(report::warn_finding);

    let mut reasons = Vec::new();
    for certificate in loaded.certificates.iter() {
        let found = lint::certificate(certificate, &targets, now)
            .report
            .findings;
        let (minded, rest): (Vec<_>, Vec<_>) = found
            .into_iter()
            .filter(|finding| finding.severity > Severity::Note)
            .partition(|finding| finding.severity == Severity::Reject);
        rest.iter().for_each(report::warn_finding);
        // Nobody serves every generation: only those that were named decide.
        if arguments.targets.targets.is_empty() {
            minded.iter().for_each(report::warn_finding);
        } else {
            reasons.extend(minded);
        }
    }
    if !reasons.is_empty() {
        return Ok(refused(&reasons));
    }
    let title = arguments.title.as_deref().unwrap_or(&arguments.id);
    let keys = match &arguments.key_url {
        Some(url) => KeyPlace::At(url.clone()),
        None => KeyPlace::Installed,
    };
    let kit = RepoKit::new(
        &arguments.id,
        title,
        place(arguments),
        &keys,
        &loaded.certificates,
    );
    let kit = match kit {
        Ok(kit) => kit,
        Err(finding) => return Ok(refused(&[*finding])),
    };
    match &arguments.output {
        Some(directory) => {
            for path in kit.write(directory)? {
                report::line(&path.display().to_string())?;
            }
        }
        None => report::block(&kit.entry().text())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn place(arguments: &YumRepoFile) -> Place {
    match (&arguments.metalink_url, &arguments.mirrorlist_url) {
        (Some(url), _) => Place::Metalink(url.clone()),
        (None, Some(url)) => Place::MirrorList(url.clone()),
        (None, None) => Place::Base(arguments.urls.clone()),
    }
}

/// Tells why nothing was written.
fn refused(findings: &[Finding]) -> ExitCode {
    findings.iter().for_each(report::warn_finding);
    ExitCode::from(REJECTED)
}
