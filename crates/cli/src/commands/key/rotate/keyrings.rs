//! The keyring files that clients get: kept current, staged, in the form they have.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use pkgseal_keyring::rotate::{Holding, Plan, PublishedKeyring, Step, UNPUBLISHED};
use pkgseal_openpgp::Certificate;
use pkgseal_repo::{Finding, Limits, Severity, StagedFile, StagedSet};

/// Writes every file as it should be once a step is done; those that are so already stay.
pub(super) fn publish(plan: &Plan, after: Option<Step>) -> Result<Vec<PathBuf>> {
    let mut set = StagedSet::new();
    for ring in &plan.keyrings {
        let standing = read(&ring.path)?;
        let wanted = content(plan, ring, after, standing.as_deref())
            .with_context(|| format!("{} cannot be kept current", ring.path.display()))?;
        if standing.as_deref() != Some(wanted.as_slice()) {
            set.push(staged(&ring.path, &wanted)?);
        }
    }
    Ok(set.commit()?)
}

/// A file that is not yet visible.
pub(super) fn staged(path: &Path, bytes: &[u8]) -> Result<StagedFile> {
    let mut file = StagedFile::create(path)?;
    file.write_all(bytes)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(file)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        _ => Ok(Some(pkgseal_repo::read_file(
            path,
            Limits::default().certificates,
        )?)),
    }
}

/// Whether clients should find the old certificate, both, or the new one in it.
fn holding(plan: &Plan, ring: &PublishedKeyring, after: Option<Step>) -> Holding {
    match plan.published(after) {
        Holding::New if ring.keeps_old => Holding::Both,
        holding => holding,
    }
}

/// What a file should hold. Certificates of others in it stay.
fn content(
    plan: &Plan,
    ring: &PublishedKeyring,
    after: Option<Step>,
    standing: Option<&[u8]>,
) -> Result<Vec<u8>> {
    let (certificates, errors) = Certificate::parse_all(standing.unwrap_or_default());
    if let (Some(_), Some(error)) = (standing, errors.first()) {
        bail!(
            "something in it is no certificate, and would be lost: {}",
            error.reason
        );
    }
    let holding = holding(plan, ring, after);
    if certificates_of(plan, &certificates, holding) {
        return Ok(standing.unwrap_or_default().to_vec());
    }
    let ours = plan.held(Holding::Both);
    let mut wanted: Vec<Certificate> = certificates
        .into_iter()
        .filter(|known| ours.get(&known.fingerprint()).is_none())
        .collect();
    wanted.extend(plan.held(holding).iter().cloned());
    // As in every keyring: old readers stop at a certificate of version 6.
    wanted.sort_by_key(Certificate::version);
    let binary = match standing.and_then(<[u8]>::first) {
        Some(first) => first & 0x80 != 0,
        None => ring.path.extension().is_some_and(|end| end == "gpg"),
    };
    Ok(if binary {
        wanted.iter().flat_map(Certificate::to_binary).collect()
    } else if ring.keeps_old {
        pkgseal_maven::trust::keys::write(&wanted)
    } else {
        wanted.iter().flat_map(Certificate::to_armored).collect()
    })
}

/// Whether these certificates, with others among them, are what clients should have of ours.
fn certificates_of(plan: &Plan, certificates: &[Certificate], holding: Holding) -> bool {
    let ours = plan.held(Holding::Both);
    let found = pkgseal_openpgp::Certificates::new(
        certificates
            .iter()
            .filter(|known| ours.get(&known.fingerprint()).is_some())
            .cloned(),
    );
    let wanted = plan.held(holding);
    found.len() == wanted.len() && wanted.iter().eq(found.iter())
}

/// Files that are not what clients should find now.
pub(super) fn findings(plan: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ring in &plan.keyrings {
        let subject = ring.path.display().to_string();
        let bytes = match read(&ring.path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) if plan.stage().is_none() => continue,
            Ok(None) => {
                let finding = Finding::reject(UNPUBLISHED, subject, "there is no such file");
                findings.push(finding.hint("do the step again, or take it out of the plan"));
                continue;
            }
            Err(error) => {
                findings.push(Finding::undecided(UNPUBLISHED, subject, error.to_string()));
                continue;
            }
        };
        let (certificates, _) = Certificate::parse_all(&bytes);
        let found = |certificate: &Certificate| {
            certificates
                .iter()
                .any(|known| known.fingerprint() == certificate.fingerprint())
        };
        let wanted = holding(plan, ring, None);
        // Whoever signs metadata anew writes this file anew, with who signed.
        let rewritten = subject.ends_with("repodata/repomd.xml.key");
        let weight = if rewritten {
            Severity::Warning
        } else {
            Severity::Reject
        };
        for certificate in plan.held(wanted).iter().filter(|one| !found(one)) {
            let detail = format!("{} is not in it", certificate.fingerprint());
            findings.push(
                Finding::new(UNPUBLISHED, weight, &subject, detail)
                    .hint("put it back, and look who took it out: clients lose what it verifies"),
            );
        }
        if wanted != Holding::Old && found(&plan.new.certificate) {
            let key = certificates.iter().any(|known| {
                known
                    .keys(&pkgseal_openpgp::Profile::strict(), plan.made)
                    .iter()
                    .any(|facts| facts.fingerprint == plan.new.key)
            });
            if !key {
                let detail = format!("its copy of the certificate has no key {}", plan.new.key);
                findings.push(Finding::reject(UNPUBLISHED, &subject, detail));
            }
        }
    }
    findings
}
