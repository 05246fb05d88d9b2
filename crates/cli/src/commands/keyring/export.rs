//! `pkgseal keyring export`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use pkgseal_keyring::export::{self, Exported, VoaPlace, WkdMethod};
use pkgseal_keyring::{Encoding, Extent, KeyringFile, mixed_versions, parting};
use pkgseal_openpgp::{Certificates, Examination, Signed};
use pkgseal_repo::{Finding, Limits, SafePath};

use super::made;
use crate::args::{KeyringExport, KeyringFormName};
use crate::failure::hinted;
use crate::{commands, report};

pub(super) fn run(arguments: &KeyringExport) -> Result<ExitCode> {
    let limits = Limits::default();
    let certificates = made::opened(&arguments.paths, &limits)?;
    let extent = made::extent(arguments.extent);
    let kept = pkgseal_keyring::trim(&certificates, extent)?;
    let mut findings = kept.findings.clone();
    let mut outputs = Vec::new();
    if let Some(empty) = kept.refuses_empty("export") {
        findings.push(empty);
    } else {
        let form = exported(arguments, &kept.certificates, extent)?;
        findings.extend(mixed(arguments, &kept.certificates, &form));
        match form {
            Form::Text(content) => {
                findings.iter().for_each(report::warn_finding);
                report::block(&String::from_utf8(content)?)?;
                return Ok(ExitCode::SUCCESS);
            }
            Form::Files(directory, more) => {
                findings.extend(more.findings);
                outputs = pkgseal_keyring::write_files(&directory, &more.files)?;
            }
            Form::Written(written, more) => {
                outputs = written;
                findings.extend(more);
            }
        }
    }
    let subject = match &arguments.output {
        Some(output) => output.display().to_string(),
        None => "export".to_owned(),
    };
    let mut examination = Examination::new("keyring", subject);
    examination.report.findings = findings;
    let done = Signed {
        outputs,
        examination,
    };
    let outcome = report::worked("exported", "refused", &[done], 0, arguments.json)?;
    Ok(commands::status(outcome))
}

/// What an export came to.
enum Form {
    /// A text for stdout.
    Text(Vec<u8>),
    /// Files of a directory.
    Files(PathBuf, Exported),
    /// Merged into what was there.
    Written(Vec<PathBuf>, Vec<Finding>),
}

fn exported(
    arguments: &KeyringExport,
    certificates: &Certificates,
    extent: Extent,
) -> Result<Form> {
    use KeyringFormName as Name;
    let encoded = |encoding: Encoding| encoding.encode(certificates);
    let domains = &arguments.domains;
    match arguments.keyring_form {
        Name::AptGpg => {
            let file = named(arguments, ".gpg")?;
            single(arguments, &file, encoded(Encoding::Binary), certificates)
        }
        Name::Asc => {
            let file = named(arguments, ".asc")?;
            single(arguments, &file, encoded(Encoding::Armored), certificates)
        }
        Name::Deb822 => {
            let file = named(arguments, ".signed-by")?;
            let text = export::signed_by(certificates).into_bytes();
            // Indented, it is read by whoever reads entries.
            single(arguments, &file, text, &Certificates::default())
        }
        Name::RepomdKey => single(
            arguments,
            "repomd.xml.key",
            encoded(Encoding::Armored),
            certificates,
        ),
        Name::Keys => {
            let text = pkgseal_maven::trust::keys::write(&certificates.by_version());
            single(arguments, "KEYS", text, certificates)
        }
        Name::RpmGpgKey => {
            let Some(name) = &arguments.name else {
                return Err(hinted(
                    "these files are called RPM-GPG-KEY-NAME, and there is no name",
                    "give one with --name",
                ));
            };
            tree(arguments, export::rpm_gpg_keys(name, certificates)?)
        }
        Name::Wkd => {
            let method = WkdMethod::Advanced;
            tree(
                arguments,
                export::web_key_directory(method, domains, certificates)?,
            )
        }
        Name::WkdDirect => {
            let method = WkdMethod::Direct;
            tree(
                arguments,
                export::web_key_directory(method, domains, certificates)?,
            )
        }
        Name::Voa => {
            let place = place(arguments.voa.as_deref())?;
            tree(arguments, export::voa(&place, certificates)?)
        }
        Name::CertD => {
            let directory = directory(arguments)?;
            let inserted = export::insert_into_cert_d(directory, certificates, extent)?;
            Ok(Form::Written(inserted.written, inserted.findings))
        }
    }
}

/// Files that hold certificates of several versions: what some readers lose of them.
fn mixed(arguments: &KeyringExport, certificates: &Certificates, form: &Form) -> Vec<Finding> {
    use KeyringFormName as Name;
    let whole = matches!(
        arguments.keyring_form,
        Name::AptGpg | Name::Asc | Name::Deb822 | Name::RepomdKey | Name::Keys
    );
    let found: Vec<Finding> = match form {
        _ if whole => mixed_versions(certificates, "export").into_iter().collect(),
        Form::Files(_, exported) => exported
            .files
            .iter()
            .filter_map(|file| {
                let inside = Certificates::new(file.certificates.iter().cloned());
                mixed_versions(&inside, file.path.to_string())
            })
            .collect(),
        // One certificate a file.
        Form::Text(_) | Form::Written(..) => Vec::new(),
    };
    let commands = parting(&arguments.paths, Path::new("certificates.gpg"));
    found
        .into_iter()
        .map(|finding| finding.hint(format!("{commands}, and export each of them")))
        .collect()
}

/// The name of a single file, for a directory.
fn named(arguments: &KeyringExport, end: &str) -> Result<String> {
    let is_directory = arguments.output.as_deref().is_some_and(Path::is_dir);
    match &arguments.name {
        Some(name) => Ok(format!("{name}{end}")),
        None if is_directory => Err(hinted(
            "the output is a directory, and there is no name for the file",
            "give one with --name",
        )),
        None => Ok(String::new()),
    }
}

/// A single file, at the output or in it, or a text for stdout.
fn single(
    arguments: &KeyringExport,
    conventional: &str,
    content: Vec<u8>,
    certificates: &Certificates,
) -> Result<Form> {
    let Some(output) = &arguments.output else {
        if arguments.keyring_form == KeyringFormName::AptGpg || arguments.json {
            return Err(hinted(
                "this form is a file, and there is none to write to",
                "name one with --output",
            ));
        }
        return Ok(Form::Text(content));
    };
    let (directory, file) = if output.is_dir() {
        (output.clone(), conventional.to_owned())
    } else {
        let file = output.file_name().unwrap_or_default().to_string_lossy();
        let parent = match output.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        (parent.to_owned(), file.into_owned())
    };
    let apt_reads = match arguments.keyring_form {
        KeyringFormName::AptGpg if !file.ends_with(".gpg") => {
            Some("armored unless it ends in .gpg")
        }
        KeyringFormName::Asc if file.ends_with(".gpg") => Some("binary where it ends in .gpg"),
        _ => None,
    };
    if let Some(how) = apt_reads {
        bail!("{file}: apt goes by the name of a key file, and takes it for {how}");
    }
    let file = KeyringFile {
        path: SafePath::new(&file)?,
        content,
        certificates: certificates.by_version(),
    };
    let exported = Exported {
        files: vec![file],
        ..Exported::default()
    };
    Ok(Form::Files(directory, exported))
}

fn tree(arguments: &KeyringExport, exported: Exported) -> Result<Form> {
    Ok(Form::Files(directory(arguments)?.to_owned(), exported))
}

fn directory(arguments: &KeyringExport) -> Result<&Path> {
    match &arguments.output {
        Some(directory) => Ok(directory),
        None => Err(hinted(
            "this form is a tree of files, and there is no directory for it",
            "name one with --output",
        )),
    }
}

fn place(text: Option<&str>) -> Result<VoaPlace> {
    let parts: Vec<&str> = text.unwrap_or_default().split('/').collect();
    let (os, purpose, context) = match *parts.as_slice() {
        [os, purpose] => (os, purpose, "default"),
        [os, purpose, context] => (os, purpose, context),
        _ => {
            return Err(hinted(
                "the hierarchy needs a place: a system, a purpose, and perhaps a context",
                "name one with --voa, for example --voa debian:13/package",
            ));
        }
    };
    Ok(VoaPlace {
        os: os.to_owned(),
        purpose: purpose.to_owned(),
        context: context.to_owned(),
    })
}
