//! What Maven Central would say of a release, before anything is uploaded.
//!
//! Central's Portal validates a bundle on its server: signatures, checksums, POMs, sources
//! and javadoc. [`check`] asks the same questions here, of a staging folder or a bundle, and
//! quotes Central's own words as the cause of each finding. Beyond that it asks what
//! Central never does and users notice later: whether the key that signed is alive,
//! unrevoked and meant for signing, and whether anybody still accepts its algorithms. The
//! verifier's profile decides those; under `maven-central` they are only mentioned.
//!
//! Not asked, because only Central knows: whether the namespace is yours, whether the
//! version exists already, and whether the certificate is on a key server.

mod component;
mod file;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pkgseal_openpgp::{Certificate, Examination, Verifier, codes as signature_codes};
use pkgseal_repo::{
    CheckOptions, Destination, Finding, Progress, Root, SafePath, Severity, StagedFile,
    codes as repo_codes,
};
use rayon::prelude::*;

use crate::layout::Layout;
use crate::zip::{Archive, Writer};
use crate::{Coordinates, Error, Result, codes};

use component::Component;
use file::Looked;
use source::Source;

/// Kind of an examination of a bundle.
const BUNDLE: &str = "bundle";

/// Checks a staging folder or a bundle as Maven Central's Portal would, and more strictly
/// where the verifier's profile asks. A verifier without certificates leaves open what the
/// signatures are worth.
///
/// # Errors
/// When the folder or bundle cannot be read.
pub fn check(
    path: &Path,
    verifier: &Verifier,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    let subject = path.display().to_string();
    let source = if path.is_dir() {
        Source::folder(path)?
    } else {
        match Archive::open(path)? {
            Ok(archive) => Source::bundle(archive),
            Err(finding) => {
                let mut examination = Examination::new(BUNDLE, subject);
                examination.report.push(finding);
                return Ok(examination);
            }
        }
    };
    examine(&source, subject, verifier, options, progress)
}

/// Writes the bundle of a staging folder: every artifact with its signature, checksums and
/// sigstore bundle, sorted, stored, without times, so that the same files give the same
/// bytes. It is checked as [`check`] does, from what was written; it becomes visible only
/// if that accepts it.
///
/// # Errors
/// When the folder cannot be read, holds files whose place is unclear, or the bundle cannot
/// be written.
pub fn bundle(
    path: &Path,
    output: &Path,
    verifier: &Verifier,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    let root = Root::open(path)?;
    let layout = Layout::read(&root)?;
    refuse_unclear(path, &layout)?;
    Destination::Directory(output.parent().unwrap_or(Path::new(".")).to_owned()).prepare()?;
    let mut staged = StagedFile::create(output)?;
    let mut writer = Writer::new(&mut staged);
    for file in packed(&layout) {
        let failed = |error| Error::read(&path.join(file), error);
        let content = root
            .file(file)?
            .ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
        writer.add(file, content, failed)?;
    }
    writer.finish()?;
    let subject = output.display().to_string();
    let examination = match Archive::of(staged.reopen()?, output)? {
        Ok(archive) => examine(
            &Source::bundle(archive),
            subject,
            verifier,
            options,
            progress,
        )?,
        Err(finding) => {
            let mut examination = Examination::new(BUNDLE, subject);
            examination.report.push(finding);
            examination
        }
    };
    if examination.outcome() == pkgseal_repo::Outcome::Accepted {
        staged.commit()?;
    }
    Ok(examination)
}

/// What goes into a bundle, sorted.
fn packed(layout: &Layout) -> BTreeSet<&SafePath> {
    let artifacts: BTreeSet<&SafePath> = layout.artifacts.iter().collect();
    let beside = layout.beside.iter().chain(&layout.checksums);
    let ours = beside.filter(|path| {
        // Of an artifact itself: neither `.asc.md5` nor `.md5.asc`.
        crate::layout::belongs_to(path).is_some_and(|of| artifacts.contains(&of))
    });
    layout.artifacts.iter().chain(ours).collect()
}

/// Nothing is left out of a bundle silently that might belong there.
fn refuse_unclear(path: &Path, layout: &Layout) -> Result<()> {
    let refused = |path, reason: &str| {
        Err(Error::Refused {
            path,
            reason: reason.to_owned(),
        })
    };
    if let Some((name, reason)) = layout.unclear() {
        return refused(path.join(name), reason);
    }
    if let Some(orphan) = layout.orphans.first() {
        return refused(path.join(orphan), "the file it belongs to does not exist");
    }
    if layout.artifacts.is_empty() {
        return refused(path.to_owned(), "it holds no artifact");
    }
    Ok(())
}

fn examine(
    source: &Source,
    subject: String,
    verifier: &Verifier,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    let layout = source.layout();
    let mut examination = Examination::new(source.kind(), subject);
    if layout.files.len() > options.limits.entries {
        examination.report.push(Finding::reject(
            repo_codes::LIMIT,
            "",
            format!("it holds {} files", layout.files.len()),
        ));
        return Ok(examination);
    }
    examination.report.findings.extend(places(layout));

    let bytes = layout.artifacts.iter().map(|path| layout.size(path)).sum();
    let count = layout.artifacts.len() as u64;
    progress.begin("checking artifacts", count, Some(bytes));
    let looked: Vec<Result<Looked>> = options.pool()?.install(|| {
        layout
            .artifacts
            .par_iter()
            .with_max_len(1)
            .map(|path| {
                let looked = file::look(source, path, verifier, &options.limits, progress);
                progress.file();
                looked
            })
            .collect()
    });
    progress.end();

    let mut components: BTreeMap<(String, String, String), Component> = BTreeMap::new();
    for (path, looked) in layout.artifacts.iter().zip(looked) {
        let looked = looked?;
        examination.report.files += 1;
        examination.report.bytes += looked.bytes;
        examination.report.findings.extend(looked.findings);
        if let Some(report) = looked.signatures {
            examination
                .signatures
                .push(pkgseal_openpgp::ObjectSignatures {
                    object: format!("{path} ({}.asc)", path.file_name()),
                    report,
                });
        }
        if let Some(found) = Coordinates::of(path) {
            let key = (
                found.group.clone(),
                found.artifact.clone(),
                found.version.clone(),
            );
            let component = components
                .entry(key)
                .or_insert_with(|| Component::new(path));
            component.add(path, &found, looked.pom);
        }
    }
    let parents = component::parents(components.values());
    for component in components.values() {
        examination
            .report
            .findings
            .extend(component.judge(&parents));
    }
    let certificates = judge_certificates(&examination, verifier);
    examination.report.findings.extend(certificates);
    if verifier.certificates().is_empty() && !layout.artifacts.is_empty() {
        examination.report.push(
            Finding::undecided(
                codes::CENTRAL_SIGNATURE_UNCHECKED,
                "",
                "no keyring was given, so the signatures were not verified",
            )
            .hint("name the certificate that Maven Central will find with --keyring"),
        );
    }
    examination.report.sort();
    Ok(examination)
}

/// What can be said without reading any file.
fn places(layout: &Layout) -> Vec<Finding> {
    let mut findings = Vec::new();
    if layout.artifacts.is_empty() {
        findings.push(Finding::reject(
            codes::EMPTY,
            "",
            "no file stands at group/artifact/version/artifact-version.extension",
        ));
    }
    for (path, reason) in &layout.unsafe_paths {
        findings.push(Finding::reject(repo_codes::PATH_UNSAFE, path, *reason));
    }
    for path in &layout.metadata {
        findings.push(
            Finding::reject(
                codes::CENTRAL_METADATA,
                path.as_str(),
                "the list of versions does not belong into a release",
            )
            .because("Maven Central, requirements: maven-metadata.xml is made by the server"),
        );
    }
    let surplus = |path: &SafePath, detail: &str| {
        Finding::reject(codes::CENTRAL_SURPLUS, path.as_str(), detail)
            .because("Maven Central, requirements: a bundle follows the repository layout")
    };
    for path in &layout.misnamed {
        findings.push(surplus(
            path,
            "its name does not begin as its folder's artifact and version ask",
        ));
    }
    for path in &layout.outside {
        findings.push(surplus(path, "it stands outside the repository layout"));
    }
    for path in &layout.orphans {
        findings.push(surplus(path, "the file it belongs to does not exist"));
    }
    for path in &layout.directory_links {
        findings.push(surplus(path, "it is a link to a folder"));
    }
    for path in &layout.beside {
        let checksum = crate::layout::belongs_to(path)
            .is_some_and(|of| crate::layout::is_checksum(&of) || of.as_str().ends_with(".asc"));
        if checksum {
            findings.push(
                Finding::warning(
                    codes::CENTRAL_SURPLUS,
                    path.as_str(),
                    "checksums and signatures are not signed",
                )
                .because(
                    "Maven Central, requirements: no signature is asked for checksums and signatures",
                )
                .hint("set no excludes of your own in maven-gpg-plugin: they replace its defaults"),
            );
        }
    }
    findings
}

/// What is wrong with those who signed, once for each.
fn judge_certificates(examination: &Examination, verifier: &Verifier) -> Vec<Finding> {
    let mut findings = Vec::new();
    let facts = examination
        .signatures
        .iter()
        .flat_map(|object| &object.report.signatures);
    let mut signed: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for facts in facts {
        if let (Some(certificate), Some(key)) = (&facts.certificate, &facts.key) {
            let keys = signed.entry(certificate.clone()).or_default();
            keys.insert(key.clone());
        }
    }
    for (fingerprint, keys) in signed {
        let Some(certificate) = verifier.certificates().get(&fingerprint) else {
            continue;
        };
        if certificate.user_id().is_none() {
            findings.push(
                Finding::warning(
                    signature_codes::CERTIFICATE_NO_USER_ID,
                    fingerprint.to_string(),
                    "the certificate has no user ID, so gpg refuses to import it and users cannot verify with it",
                )
                .because(UNASKED)
                .hint("confirm an address on keys.openpgp.org, and publish the certificate on keyserver.ubuntu.com"),
            );
        }
        if keys.contains(&fingerprint)
            && let Some(subkey) = signing_subkey(certificate, verifier)
        {
            findings.push(
                Finding::warning(
                    codes::PRIMARY_SIGNED,
                    fingerprint.to_string(),
                    format!("the primary key signed, though the certificate has the signing subkey {subkey}"),
                )
                .because(UNASKED)
                .hint("keep the primary key offline and sign with the subkey: MAVEN_GPG_KEY_FINGERPRINT or useInMemoryPgpKeys(keyId, …)"),
            );
        }
    }
    findings
}

/// Why a finding is one though Central lets it pass.
const UNASKED: &str = "Maven Central does not check this; those who verify your release do";

fn signing_subkey(
    certificate: &Certificate,
    verifier: &Verifier,
) -> Option<pkgseal_openpgp::Fingerprint> {
    certificate
        .keys(verifier.profile(), verifier.now())
        .into_iter()
        .find(|key| !key.primary && key.state == pkgseal_openpgp::KeyState::Live)
        .map(|key| key.fingerprint)
}

/// Adds to a finding that Central would not have made it.
fn unasked(finding: Finding) -> Finding {
    let cause = match &finding.cause {
        Some(line) => format!("{line}; {UNASKED}"),
        None => UNASKED.to_owned(),
    };
    match finding.severity {
        Severity::Reject | Severity::Warning => finding.because(cause),
        Severity::Note | Severity::Undecided => finding,
    }
}
