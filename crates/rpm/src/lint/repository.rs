//! Traits of repositories: of repomd.xml and its signature, and of the packages.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{Certificates, Examination, SignatureBlock, Verified, Verifier};
use pkgseal_repo::{CheckOptions, DigestAlgorithm, Finding, Root, SafePath};
use rayon::prelude::*;

use super::{Met, Scope, Target, acquaintance, certificate, weigh};
use crate::error::Result;
use crate::package::lintable::about;
use crate::yum::{REPOMD, Repomd, keyhint};

/// Lints a repository: what readers stumble on in `repomd.xml` and its signature, and in
/// the packages beneath, of which the headers are read. The same trait of many packages
/// is one finding for each target.
///
/// # Errors
/// [`Error::Read`](crate::Error::Read) and [`Error::Repo`](crate::Error::Repo).
pub fn repository(
    path: &Path,
    targets: &[Target],
    certificates: &Certificates,
    now: Timestamp,
    options: &CheckOptions,
) -> Result<Examination> {
    let root = Root::open(path)?;
    let mut examination = Examination::new("yum", path.display().to_string());
    let verifier = acquaintance(certificates, now);
    let found = metadata(&root, &verifier, options, &mut examination)?;
    match found {
        Ok(met) => weigh(Scope::Metadata, targets, REPOMD, &met, &mut examination),
        Err(finding) => examination.report.push(about(REPOMD, *finding)),
    }
    packages(&root, targets, &verifier, options, &mut examination)?;
    examination.report.sort();
    Ok(examination)
}

/// Lints the signature of a `repomd.xml`: what readers make of its form and of the keys
/// behind it. Whether it holds is not asked.
pub fn repomd(
    text: &[u8],
    signature: &[u8],
    targets: &[Target],
    certificates: &Certificates,
    now: Timestamp,
) -> Examination {
    let mut examination = Examination::new("repomd", REPOMD);
    match of_signatures(text, signature, &acquaintance(certificates, now)) {
        Ok(met) => weigh(Scope::Metadata, targets, REPOMD, &met, &mut examination),
        Err(finding) => examination.report.push(about(REPOMD, *finding)),
    }
    examination.report.sort();
    examination
}

/// Traits of the signatures of `repomd.xml`.
fn of_signatures(
    text: &[u8],
    signature: &[u8],
    verifier: &Verifier,
) -> std::result::Result<Vec<Met>, Box<Finding>> {
    let packets = SignatureBlock::split(signature)?;
    let mut met = Vec::new();
    for packet in &packets {
        let (_, found) = certificate::of_signature(packet, text, verifier)?;
        met.extend(found);
    }
    if packets.len() > 1 {
        let detail = format!("repomd.xml.asc holds {} signatures", packets.len());
        met.push(Met::new("several-signatures", detail));
    }
    Ok(met)
}

fn metadata(
    root: &Root,
    verifier: &Verifier,
    options: &CheckOptions,
    examination: &mut Examination,
) -> Result<std::result::Result<Vec<Met>, Box<Finding>>> {
    let limits = &options.limits;
    let read =
        |suffix: &str, limit| root.read(&SafePath::new(&format!("{REPOMD}{suffix}"))?, limit);
    let Some(bytes) = read("", limits.repomd)? else {
        let missing = Finding::reject(
            pkgseal_repo::codes::FILE_MISSING,
            "",
            "there is no repomd.xml",
        );
        return Ok(Err(Box::new(missing)));
    };
    let mut met = Vec::new();
    match read(".asc", limits.signature)? {
        None => met.push(Met::new("unsigned", "there is no repomd.xml.asc")),
        Some(signature) => match of_signatures(&bytes, &signature, verifier) {
            Ok(found) => met.extend(found),
            Err(finding) => return Ok(Err(finding)),
        },
    }
    if !root.exists(&SafePath::new(&format!("{REPOMD}.key"))?)? {
        met.push(Met::new("no-key-file", "there is no repomd.xml.key"));
    }
    examination.report.findings.extend(keyhint::lint(&bytes));
    // Nobody vouches for what is only looked at.
    match Repomd::parse(Verified::danger_unverified(bytes), limits) {
        Ok(repomd) => listed(repomd.get(), &mut met),
        Err(finding) => return Ok(Err(finding)),
    }
    let mut names = std::collections::BTreeSet::new();
    met.retain(|one| names.insert(one.name));
    Ok(Ok(met))
}

fn listed(repomd: &Repomd, met: &mut Vec<Met>) {
    let mut data = repomd.data.iter();
    if let Some(zstd) = data.find(|data| data.location.as_str().ends_with(".zst")) {
        let detail = format!("{} is compressed with zstd", zstd.location);
        met.push(Met::new("zstd-metadata", detail));
    }
    let weak = repomd
        .data
        .iter()
        .find(|data| !data.checksum.algorithms().any(DigestAlgorithm::is_strong));
    if let Some(weak) = weak {
        let detail = format!("{} is listed without SHA-256 or better", weak.location);
        met.push(Met::new("weak-checksums", detail));
    }
    if repomd.data.iter().all(|data| data.kind != "primary_db") {
        let detail = "there is no database (primary_db) beside the XML";
        met.push(Met::new("no-database", detail));
    }
}

/// Each trait of packages once, with how many have it and the first of them.
fn packages(
    root: &Root,
    targets: &[Target],
    verifier: &Verifier,
    options: &CheckOptions,
    examination: &mut Examination,
) -> Result<()> {
    let mut paths = Vec::new();
    for (path, _) in root.walk(None)? {
        let path = path?;
        if path.as_str().ends_with(".rpm") {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: &SafePath| {
        super::package::traits(&root.path().join(path), verifier, &options.limits)
    };
    let read: Vec<_> = options
        .pool()?
        .install(|| paths.par_iter().map(read).collect());
    let mut all: BTreeMap<&str, (usize, &SafePath, Met)> = BTreeMap::new();
    for (path, found) in paths.iter().zip(read) {
        examination.report.files += 1;
        match found? {
            Err(finding) => examination.report.push(about(path.as_str(), *finding)),
            Ok(met) => {
                for one in met {
                    all.entry(one.name)
                        .and_modify(|(count, _, _)| *count += 1)
                        .or_insert_with(|| (1, path, one));
                }
            }
        }
    }
    for (count, path, mut one) in all.into_values() {
        if count > 1 {
            one.detail = format!("{} (and {} packages more)", one.detail, count - 1);
        }
        weigh(Scope::Package, targets, path.as_str(), &[one], examination);
    }
    Ok(())
}
