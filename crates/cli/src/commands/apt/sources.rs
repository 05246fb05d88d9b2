//! `pkgseal apt sources`.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Result, bail};
use pkgseal_deb::apt::client::Client;
use pkgseal_deb::apt::sources::{
    Enabled, Form, Kit, SignedBy, Source, SourceType, conflicts, read_deb822, read_one_line,
};
use pkgseal_repo::{Finding, Limits};

use crate::args::{AptSources, EntryFormName};
use crate::failure::hinted;
use crate::{context, report};

/// Exit status 1: nothing was written, for what was asked for would not work.
const REJECTED: u8 = 1;

pub(super) fn run(arguments: &AptSources, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let loaded = pkgseal_keyring::open_all(&arguments.keyring, &limits)?;
    for finding in &loaded.findings {
        report::warn_finding(finding);
    }
    let form = match arguments.form {
        EntryFormName::Deb822 => Form::Deb822,
        EntryFormName::List => Form::OneLine,
    };
    if form == Form::OneLine && arguments.output.is_none() {
        return Err(hinted(
            "the one-line form is two files, and stdout is one",
            "name a directory with --output",
        ));
    }
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => host(&arguments.uri),
    };
    let kit = match Kit::new(&name, entry(arguments), &loaded.certificates) {
        Ok(kit) => kit,
        Err(finding) => return Ok(refused(&[*finding])),
    };
    let mut reasons = beside(&arguments.beside, &kit.source(form), &limits)?;
    let all = ["all".to_owned()];
    let (names, strict) = match arguments.clients.as_slice() {
        [] => (all.as_slice(), false),
        named => (named, true),
    };
    let clients: Vec<Client> = crate::commands::clients::named(names, &limits)?;
    let lints = kit.lint(form, &clients, now);
    if strict {
        reasons.extend(lints);
    } else {
        lints.iter().for_each(report::warn_finding);
    }
    if !reasons.is_empty() {
        return Ok(refused(&reasons));
    }
    match &arguments.output {
        Some(directory) => {
            for path in kit.write(form, directory)? {
                report::line(&path.display().to_string())?;
            }
        }
        None => match kit.files(form) {
            Ok(files) => {
                for (_, bytes) in files {
                    report::block(&String::from_utf8(bytes)?)?;
                }
            }
            Err(finding) => return Ok(refused(&[*finding])),
        },
    }
    Ok(ExitCode::SUCCESS)
}

fn entry(arguments: &AptSources) -> Source {
    let mut types = vec![SourceType::Deb];
    if arguments.source_packages {
        types.push(SourceType::DebSrc);
    }
    Source {
        types,
        uris: vec![arguments.uri.clone()],
        suites: arguments.entry_suites.clone(),
        components: arguments.entry_components.clone(),
        architectures: arguments.entry_architectures.clone(),
        signed_by: SignedBy::Anyone,
        enabled: Enabled::Yes,
    }
}

/// The host a URI names; for a file the last folder.
fn host(uri: &str) -> String {
    let rest = uri.split_once("://").map(|(_, rest)| rest);
    let part = match rest {
        Some(rest) => rest.split(['/', ':']).next(),
        None => uri.rsplit('/').find(|part| !part.is_empty()),
    };
    part.unwrap_or_default().to_owned()
}

/// Conflicts with the entries of other files.
fn beside(files: &[std::path::PathBuf], ours: &Source, limits: &Limits) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for path in files {
        let bytes = pkgseal_repo::read_file(path, limits.side_file)?;
        let read = match extension(path) {
            "sources" => read_deb822(&bytes),
            "list" => read_one_line(&bytes),
            _ => bail!("{} is neither a .sources nor a .list file", path.display()),
        };
        let sources = match read {
            Ok(sources) => sources,
            Err(finding) => bail!("{}: {}", path.display(), finding.detail),
        };
        for source in sources {
            found.extend(
                conflicts(&[ours.clone(), source])
                    .into_iter()
                    .map(|finding| Finding {
                        subject: path.display().to_string(),
                        ..finding
                    }),
            );
        }
    }
    Ok(found)
}

fn extension(path: &Path) -> &str {
    path.extension()
        .and_then(|end| end.to_str())
        .unwrap_or_default()
}

/// Tells why nothing was written.
fn refused(findings: &[Finding]) -> ExitCode {
    for finding in findings {
        report::warn_finding(finding);
    }
    ExitCode::from(REJECTED)
}
