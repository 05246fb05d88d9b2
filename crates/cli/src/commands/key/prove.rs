//! `pkgseal key prove`: every signature below a folder, with two keyrings at once.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use pkgseal_keyring::consumer::Consumer;
use pkgseal_keyring::prove::{Proof, Prover, nothing_proven};
use pkgseal_openpgp::cleartext::TrailingBlanks;
use pkgseal_openpgp::{Certificates, Examination, Object, SignatureReport, Signed, Verifier};
use pkgseal_repo::Limits;
use rayon::prelude::*;

use crate::args::KeyProve;
use crate::{commands, consumers, context, report};

const CLEARSIGNED: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";

pub(super) fn run(arguments: &KeyProve, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let profile = context::profile(&arguments.profile, &limits)?;
    let clients = consumers::named(&arguments.clients)?;
    let old = opened(&arguments.old, &limits)?;
    let new = opened(&arguments.new, &limits)?;
    let mut readers = vec![(profile.name().to_owned(), profile)];
    for client in &clients {
        if let Some(profile) = client.profile(now) {
            readers.push((client.name().to_owned(), profile));
        }
    }
    let prover = Prover::new(old, new, readers, now);
    let clients: Vec<&dyn Consumer> = clients.iter().map(AsRef::as_ref).collect();

    let subject = arguments.new.display().to_string();
    let mut examination = Examination::new("proof", subject.clone());
    for finding in prover.certificates(&clients)? {
        examination.report.push(finding);
    }
    let (proof, failed) = prove(arguments, &prover, &limits)?;
    examination.add_detail("signatures", proof.signatures.to_string());
    for (reader, count) in &proof.counts {
        let value = format!(
            "{reader}: {} verify with both, {} are lost, {} gained, {} verify with neither",
            count.both, count.lost, count.gained, count.neither
        );
        examination.add_detail("reader", value);
    }
    if !proof.proves_something() {
        examination.report.push(nothing_proven(&subject, &proof));
    }
    examination.report.findings.extend(proof.findings);
    examination.report.sort();
    let done = Signed {
        outputs: Vec::new(),
        examination,
    };
    let outcome = report::worked("proven", "not proven", &[done], failed, arguments.json)?;
    Ok(commands::status(outcome))
}

fn opened(path: &Path, limits: &Limits) -> Result<Certificates> {
    let loaded = pkgseal_keyring::open(path, limits)?;
    loaded.findings.iter().for_each(report::warn_finding);
    if loaded.certificates.is_empty() {
        bail!("no usable certificate in {}", path.display());
    }
    Ok(loaded.certificates)
}

/// All signatures below the paths; how many files could not be read.
fn prove(arguments: &KeyProve, prover: &Prover, limits: &Limits) -> Result<(Proof, usize)> {
    let mut files = Vec::new();
    for path in &arguments.paths {
        collect(path, &mut files)?;
    }
    files.sort();
    let verifier = prover.gathering();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.jobs.unwrap_or(0))
        .build()?;
    let proofs: Vec<Result<Proof>> = pool.install(|| {
        files
            .par_iter()
            .map(|path| {
                one(path, prover, &verifier, limits).with_context(|| format!("{}", path.display()))
            })
            .collect()
    });
    let mut all = Proof::default();
    let mut failed = 0;
    for proof in proofs {
        match proof {
            Ok(proof) => all.merge(proof),
            Err(error) => {
                crate::failure::report(&error);
                failed += 1;
            }
        }
    }
    Ok((all, failed))
}

/// Every regular file below a path; links are not followed.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let metadata =
        std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if metadata.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    Ok(())
}

/// The signatures that one file is or carries.
fn one(path: &Path, prover: &Prover, verifier: &Verifier, limits: &Limits) -> Result<Proof> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let subject = path.display().to_string();
    let inspected = if name.ends_with(".rpm") {
        Some(pkgseal_rpm::package::inspect(path, verifier, limits)?)
    } else if [".deb", ".udeb", ".ddeb"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        Some(pkgseal_deb::package::inspect(path, verifier, limits)?)
    } else {
        None
    };
    let mut proof = Proof::default();
    if let Some(inspected) = inspected {
        for object in &inspected.signatures {
            proof.merge(prover.object(Object::Package, &object.object, &object.report));
        }
        return Ok(proof);
    }
    if let Some((kind, signed)) = detached(path, &name) {
        let report = over(verifier, kind, &signed, path, limits)?;
        return Ok(prover.object(kind, &subject, &report));
    }
    // A list of checksums may be signed within itself.
    let documents = [".dsc", ".changes", ".buildinfo", ".asc"];
    let kind = if name.rsplit('_').next() == Some("InRelease") {
        Object::Repository
    } else if documents.iter().any(|end| name.ends_with(end)) {
        // Whether it may still be uploaded is not the question.
        Object::Artifact
    } else {
        return Ok(proof);
    };
    let message = pkgseal_repo::read_file(path, limits.release)?;
    if message.starts_with(CLEARSIGNED) {
        let judged = verifier.cleartext_with(kind, &message, TrailingBlanks::Drop);
        proof.merge(prover.object(kind, &subject, judged.report()));
    }
    Ok(proof)
}

/// What a detached signature is over, where that stands beside it.
fn detached(path: &Path, name: &str) -> Option<(Object, PathBuf)> {
    let (kind, signed) = if name == "Release.gpg" {
        (Object::Repository, "Release")
    } else if name == "repomd.xml.asc" {
        (Object::Repository, "repomd.xml")
    } else {
        let ends = [".asc", ".sig", ".sign", ".gpg"];
        let stem = ends.iter().find_map(|end| name.strip_suffix(end))?;
        (Object::Artifact, stem)
    };
    let signed = path.with_file_name(signed);
    signed.is_file().then_some((kind, signed))
}

fn over(
    verifier: &Verifier,
    kind: Object,
    signed: &Path,
    signature: &Path,
    limits: &Limits,
) -> Result<SignatureReport> {
    let signature = pkgseal_repo::read_file(signature, limits.signature)?;
    let data = File::open(signed).with_context(|| format!("cannot read {}", signed.display()))?;
    Ok(verifier.detached(kind, data, &signature)?)
}
