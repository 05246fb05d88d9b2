//! `pkgseal maven trust`.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use pkgseal_maven::tree::Policy;
use pkgseal_maven::trust::{self, Form, Trust, keysmap::Keysmap};
use pkgseal_repo::{DigestAlgorithm, Finding, Limits, StagedFile};

use crate::args::maven::{FormName, TrustConvert, TrustLearn};
use crate::failure::hinted;
use crate::{commands, context, progress, report};

pub(super) fn convert(arguments: &TrustConvert, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let trust = read(&arguments.path, arguments.from, &limits)?;
    let known = context::certificates(&arguments.certificates, &limits)?;
    let scope = match &arguments.group {
        None => None,
        Some(group) => {
            let rules = Keysmap::parse(&format!("{group} = any"))
                .ok()
                .map(|map| map.trust().rules);
            match rules.as_deref() {
                Some([rule]) => Some(rule.pattern.clone()),
                _ => bail!("--group {group} is no group"),
            }
        }
    };
    let form = form(arguments.to);
    let (text, lost) = trust::convert(&trust, form, &known, scope.as_ref(), now);
    lost.iter().for_each(report::warn_finding);
    put(&text, arguments.output.as_deref())?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn learn(arguments: &TrustLearn, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let options = context::check_options(&arguments.common, &limits);
    let bar = progress::for_stderr();
    let form = form(arguments.to);
    let algorithms: &[DigestAlgorithm] = match &form {
        Form::Checksums(algorithm) => std::slice::from_ref(algorithm),
        Form::Keysmap | Form::Gradle | Form::Keys => &[],
    };
    let (examination, checksums) = pkgseal_maven::tree::verify_and_digest(
        &arguments.path,
        &verifier,
        &Policy::default(),
        algorithms,
        &options,
        bar.as_ref(),
    )?;
    let (mut learned, untaught) = trust::learn(&examination);
    untaught.iter().for_each(report::warn_finding);
    if !algorithms.is_empty() {
        // Who signed it is not what such a file is about.
        learned.rules.clear();
        learned.checksums = checksums;
    }
    let (text, lost) = trust::convert(&learned, form, verifier.certificates(), None, now);
    lost.iter().for_each(report::warn_finding);
    if arguments.common.json {
        let style = report::Style::verdict(true);
        report::examinations(&[&examination], 0, style, &verifier)?;
        if arguments.output.is_some() {
            put(&text, arguments.output.as_deref())?;
        }
    } else {
        put(&text, arguments.output.as_deref())?;
    }
    Ok(commands::status(examination.outcome()))
}

/// Reads a trust file as what it is said to be, or as what it looks like.
pub(super) fn read(path: &Path, named: Option<FormName>, limits: &Limits) -> Result<Trust> {
    let shown = path.display();
    if path.is_dir() {
        let (checksums, findings) = trust::checksums::read_sparse(path, limits)?;
        findings.iter().for_each(report::warn_finding);
        return Ok(Trust {
            checksums,
            ..Trust::default()
        });
    }
    let bytes = pkgseal_repo::read_file(path, limits.certificates)?;
    let form = named.map_or_else(|| guess(path, &bytes), form);
    match trust::read(form, &bytes) {
        Ok((trust, findings)) => {
            findings.iter().for_each(report::warn_finding);
            Ok(trust)
        }
        Err(Finding {
            subject, detail, ..
        }) => Err(hinted(
            format!(
                "{shown}: {subject}{}{detail}",
                if subject.is_empty() { "" } else { ": " }
            ),
            "nothing of a trust file is used unless all of it can be read",
        )),
    }
}

/// By content first, then by name.
fn guess(path: &Path, bytes: &[u8]) -> Form {
    let name = path.to_string_lossy();
    let head = bytes.trim_ascii_start();
    let armored = bytes
        .windows(b"-----BEGIN PGP ".len())
        .any(|window| window == b"-----BEGIN PGP ");
    if head.starts_with(b"<") {
        return Form::Gradle;
    }
    if armored || head.first().is_some_and(|first| first & 0x80 != 0) {
        return Form::Keys;
    }
    let checksums = [
        FormName::Sha256,
        FormName::Sha512,
        FormName::Sha1,
        FormName::Md5,
    ];
    for (suffix, named) in [".sha256", ".sha512", ".sha1", ".md5"]
        .iter()
        .zip(checksums)
    {
        if name.ends_with(suffix) {
            return form(named);
        }
    }
    Form::Keysmap
}

fn form(name: FormName) -> Form {
    match name {
        FormName::Keysmap => Form::Keysmap,
        FormName::Gradle => Form::Gradle,
        FormName::Keys => Form::Keys,
        FormName::Sha256 => Form::Checksums(DigestAlgorithm::Sha256),
        FormName::Sha512 => Form::Checksums(DigestAlgorithm::Sha512),
        FormName::Sha1 => Form::Checksums(DigestAlgorithm::Sha1),
        FormName::Md5 => Form::Checksums(DigestAlgorithm::Md5),
    }
}

/// To a file as it is, to standard output escaped line by line.
fn put(text: &[u8], output: Option<&Path>) -> Result<()> {
    let Some(path) = output else {
        let text = String::from_utf8_lossy(text);
        return text
            .lines()
            .try_for_each(|line| report::line(&report::escaped(line)));
    };
    let mut staged = StagedFile::create(path)?;
    staged
        .write_all(text)
        .with_context(|| format!("cannot write {}", path.display()))?;
    staged.commit()?;
    Ok(())
}
