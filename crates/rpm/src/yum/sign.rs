//! Signs `repomd.xml`, alone or as the root of a whole repository.
//!
//! One signature, by one key: the rpm backend of librepo (dnf on Fedora 39 and RHEL 10 and
//! later) reads the first armor block only and wants exactly one packet in it.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::{Armor, Examination, Signed, Signer, Verified, Verifier};
use pkgseal_repo::{
    CheckOptions, Destination, Finding, Limits, Outcome, Progress, Root, SafePath, Scaffold,
    Severity, StagedFile, StagedSet, copy_tree, read_file,
};

use super::tree::chain;
use super::verify::{asc_path, judge};
use super::{REPODATA, REPOMD, Repomd};
use crate::error::{Error, Result};
use crate::package::worst;

/// Signs `repomd.xml`: writes `repomd.xml.key`, the certificate, and `repomd.xml.asc`, the
/// signature, in that order. The files it lists are not looked at.
///
/// # Errors
/// The old files are whole after each of them: [`Error::SignerCount`] unless there is
/// exactly one signer, [`Error::Broken`] when the file is no `repomd.xml`,
/// [`Error::SelfCheck`], or what reading, writing and signing may give.
pub fn sign_repomd(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
) -> Result<Signed> {
    let signer = only(signers)?;
    let bytes = read_file(path, limits.repomd)?;
    // Not signed yet: what is to be signed has to be readable at least.
    if let Err(finding) = Repomd::parse(Verified::danger_unverified(bytes.clone()), limits) {
        return Err(broken(path, *finding));
    }
    destination.prepare()?;
    let target = destination.resolve(path);
    let mut examination = Examination::new("repomd", target.display().to_string());
    let staged = stage(signer, &target, bytes, time, &mut examination)?;
    Ok(Signed {
        outputs: staged.commit()?,
        examination,
    })
}

/// Signs a repository: checks everything `repomd.xml` lists first, then signs it. Into a
/// directory, the whole repository goes along, by hard links where possible.
///
/// # Errors
/// As [`sign_repomd`]; [`Error::Broken`] also when a listed file is missing or wrong.
pub fn sign_tree(
    root: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Signed> {
    let signer = only(signers)?;
    let limits = &options.limits;
    let repository = Root::open(root)?;
    let source = root.join(REPOMD);
    let bytes = read_file(&source, limits.repomd)?;
    let report = chain(
        &repository,
        Verified::danger_unverified(bytes.clone()),
        options,
        progress,
    )?;
    if report.outcome() != Outcome::Accepted
        && let Some(finding) = worst(&report)
    {
        return Err(broken(root, finding));
    }

    let mut scaffold = Scaffold::default();
    let output = destination.apart_from(root)?;
    if let Some(directory) = output {
        scaffold.directory(&directory.join(REPODATA))?;
    }
    let target = output.map_or_else(|| source.clone(), |directory| directory.join(REPOMD));
    let subject = output.unwrap_or(root);
    let mut examination = Examination::new("yum", subject.display().to_string());
    let mut staged = stage(signer, &target, bytes.clone(), time, &mut examination)?;
    if let Some(directory) = output {
        // Last: a reader of the output sees the old repository or the new one.
        staged.push(written(&target, &bytes)?);
        copy_tree(&mut scaffold, root, directory, &own_files()?)?;
    }
    let outputs = staged.commit()?;
    scaffold.keep();
    examination.report.merge(report);
    examination.report.sort();
    Ok(Signed {
        outputs,
        examination,
    })
}

/// What is written anew, after everything else is there.
fn own_files() -> Result<BTreeSet<SafePath>> {
    let names = ["", ".asc", ".key"].map(|suffix| SafePath::new(&format!("{REPOMD}{suffix}")));
    Ok(names.into_iter().collect::<Result<_, _>>()?)
}

fn only(signers: &[Signer]) -> Result<&Signer> {
    match signers {
        [signer] => Ok(signer),
        _ => Err(Error::SignerCount {
            what: "repomd.xml",
            needed: "exactly one key, as dnf on Fedora 39 and RHEL 10 and later refuses a second signature",
            given: signers.len(),
        }),
    }
}

fn broken(path: &Path, finding: Finding) -> Error {
    Error::Broken {
        path: path.to_owned(),
        finding: Box::new(finding),
    }
}

/// Stages certificate and signature beside `target`, and verifies the signature with that
/// certificate alone.
fn stage(
    signer: &Signer,
    target: &Path,
    bytes: Vec<u8>,
    time: Timestamp,
    examination: &mut Examination,
) -> Result<StagedSet> {
    let signature = Signer::detached(std::slice::from_ref(signer), &bytes, Armor::Armored, time)?;
    let asc = asc_path(target);
    let mut key = target.as_os_str().to_owned();
    key.push(".key");
    let key = PathBuf::from(key);
    let certificate = signer.certificate();
    let mut staged = StagedSet::new();
    staged.push(written(&key, &certificate.to_armored())?);
    let mut file = written(&asc, &signature)?;

    let mut reread = Vec::new();
    file.reopen()?
        .take(signature.len() as u64 + 1)
        .read_to_end(&mut reread)
        .map_err(|source| Error::Read {
            path: asc.clone(),
            source,
        })?;
    let verifier = Verifier::of_signers([signer], time);
    let subject = asc.display().to_string();
    let sealed = judge(examination, &subject, &verifier, bytes, &reread);
    if sealed.is_none() || examination.outcome() != Outcome::Accepted {
        let finding = worst(&examination.report).unwrap_or_else(|| {
            Finding::new(
                crate::codes::UNSIGNED_REPOMD,
                Severity::Reject,
                subject,
                "the signature did not verify",
            )
        });
        return Err(Error::SelfCheck {
            path: asc,
            finding: Box::new(finding),
        });
    }
    staged.push(file);
    Ok(staged)
}

fn written(target: &Path, bytes: &[u8]) -> Result<StagedFile> {
    let mut file = StagedFile::create(target)?;
    file.write_all(bytes)
        .map_err(|source| pkgseal_repo::Error::Write {
            path: target.to_owned(),
            source,
        })?;
    Ok(file)
}
