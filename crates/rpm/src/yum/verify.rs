//! Verifies `repomd.xml` by the signature beside it.

use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Examination, Object, SignatureBlock, SignatureReport, Verified, Verifier};
use pkgseal_repo::{Finding, Limits, Report, Root, SafePath, Severity, codes};

use super::REPOMD;
use super::repomd::Repomd;
use super::stale::Pair;
use crate::codes as rpm_codes;
use crate::error::Result;

/// Whether this directory is a yum repository.
///
/// # Errors
/// When it cannot be read.
pub fn recognise(root: &Root) -> Result<bool> {
    Ok(root.exists(&SafePath::new(REPOMD)?)?)
}

/// Verifies `repomd.xml` by the `repomd.xml.asc` beside it; `path` names either.
/// The files it lists are not looked at.
///
/// # Errors
/// When a file cannot be read.
pub fn verify_repomd(path: &Path, verifier: &Verifier, limits: &Limits) -> Result<Examination> {
    let xml = match path.extension() {
        Some(extension) if extension == "asc" => path.with_extension(""),
        _ => path.to_owned(),
    };
    let mut examination = Examination::new("repomd", path.display().to_string());
    let subject = xml.display().to_string();
    let asc = asc_path(&xml);
    let Some(bytes) = read(&xml, limits.repomd, &mut examination.report)? else {
        return Ok(examination);
    };
    if !asc.exists() {
        unsigned(&mut examination, &asc.display().to_string());
        return Ok(examination);
    }
    let Some(signature) = read(&asc, limits.signature, &mut examination.report)? else {
        return Ok(examination);
    };
    let sealed = judge(
        &mut examination,
        &asc.display().to_string(),
        verifier,
        bytes.clone(),
        &signature,
    );
    if sealed.is_none() {
        let found = other_generation(&xml, &bytes, &signature, verifier, limits, &examination);
        examination.report.findings.extend(found);
    }
    match sealed.map(|sealed| Repomd::parse(sealed, limits)) {
        Some(Ok(repomd)) => {
            for finding in repomd.get().weaknesses(&subject) {
                examination.report.push(finding);
            }
        }
        Some(Err(finding)) => examination.report.push(Finding {
            subject,
            ..*finding
        }),
        None => {}
    }
    examination.report.sort();
    Ok(examination)
}

/// Of which generation the signature of a lone `repomd.xml` is, told from its folder.
fn other_generation(
    path: &Path,
    xml: &[u8],
    asc: &[u8],
    verifier: &Verifier,
    limits: &Limits,
    examination: &Examination,
) -> Option<Finding> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let root = Root::open(folder).ok()?;
    let name = SafePath::new(path.file_name()?.to_str()?).ok()?;
    let pair = Pair {
        root: &root,
        path: &name,
        xml,
        asc,
        verifier,
        limits,
    };
    let report = &examination.signatures.last()?.report;
    let finding = pair.diagnose(report, None)?;
    Some(Finding {
        subject: asc_path(path).display().to_string(),
        ..finding
    })
}

pub(super) fn asc_path(xml: &Path) -> PathBuf {
    let mut name = xml.as_os_str().to_owned();
    name.push(".asc");
    name.into()
}

/// Reads a whole file; too large a one is a finding.
fn read(path: &Path, limit: u64, report: &mut Report) -> Result<Option<Vec<u8>>> {
    whole(
        pkgseal_repo::read_file(path, limit).map(Some),
        &path.display().to_string(),
        report,
    )
}

pub(super) fn whole(
    read: pkgseal_repo::Result<Option<Vec<u8>>>,
    subject: &str,
    report: &mut Report,
) -> Result<Option<Vec<u8>>> {
    match read {
        Ok(bytes) => Ok(bytes),
        Err(pkgseal_repo::Error::TooLarge { limit, .. }) => {
            report.push(Finding::reject(
                codes::LIMIT,
                subject,
                format!("it is longer than the limit of {limit} bytes"),
            ));
            Ok(None)
        }
        Err(pkgseal_repo::Error::UnsafePath { reason, .. }) => {
            report.push(Finding::reject(codes::PATH_UNSAFE, subject, reason));
            Ok(None)
        }
        Err(pkgseal_repo::Error::NotAFile { .. }) => {
            report.push(Finding::reject(
                codes::FILE_NOT_REGULAR,
                subject,
                "a directory, pipe, socket or device stands in its place",
            ));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn unsigned(examination: &mut Examination, asc: &str) {
    examination.report.push(
        Finding::reject(
            rpm_codes::UNSIGNED_REPOMD,
            asc,
            "there is no signature beside repomd.xml",
        )
        .hint("pkgseal sign --key KEY repodata/repomd.xml"),
    );
}

/// Judges `repomd.xml` by its signature.
pub(super) fn judge(
    examination: &mut Examination,
    asc: &str,
    verifier: &Verifier,
    bytes: Vec<u8>,
    signature: &[u8],
) -> Option<Verified<Vec<u8>>> {
    if let Ok(block) = SignatureBlock::parse(signature)
        && block.len() > 1
    {
        examination.report.push(
            Finding::warning(
                rpm_codes::SEVERAL_SIGNATURES,
                asc,
                format!(
                    "{} signatures, where dnf on Fedora 39 and RHEL 10 and later reads one only",
                    block.len()
                ),
            )
            .hint("sign repomd.xml with one key"),
        );
    }
    let (sealed, report) = verifier
        .detached_bytes(Object::Repository, bytes, signature)
        .accept();
    let stale = is_stale(&report);
    let known = examination.report.findings.len();
    examination.add_signatures(asc, report);
    if stale {
        for finding in examination.report.findings.iter_mut().skip(known) {
            if finding.severity == Severity::Reject {
                finding.hint = Some(STALE.to_owned());
            }
        }
    }
    sealed
}

const STALE: &str = "fetch both files again, together and from one place; as the publisher, sign again: createrepo_c and modifyrepo_c leave the old repomd.xml.asc beside a new repomd.xml";

/// Whether the signature is of other content: very often of the generation before.
fn is_stale(report: &SignatureReport) -> bool {
    use pkgseal_openpgp::Status;
    report.signatures.iter().any(|s| s.status == Status::Bad)
}
