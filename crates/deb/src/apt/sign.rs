//! Signing Releases.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::{Armor, Examination, Object, Signed, Signer, Verified, Verifier, cleartext};
use pkgseal_repo::{
    CheckOptions, Destination, Finding, Limits, Outcome, Progress, Root, SafePath, Scaffold,
    Severity, StagedFile, StagedSet, copy_tree,
};

use super::discover;
use super::release::Release;
use super::root::{Names, same_text};
use super::tree::{self, Suite};
use crate::package::self_verifier;
use crate::{Error, Result, codes};

/// Signs a Release: InRelease and Release.gpg, all signers in each, v4 before v6.
///
/// What clients would reject is refused: the text is read as strictly as
/// [`verify_release`](super::verify_release) reads it, and its dates are judged at
/// `time`. Both outputs are staged, verified with the public certificates, and become
/// visible together, InRelease last. Into another directory Release goes along.
///
/// # Errors
/// [`Error::Refused`] with what is wrong with the Release, [`Error::NoSigner`];
/// [`Error::Repo`] and [`Error::OpenPgp`] when reading, writing or signing fails. Old
/// outputs are then whole.
pub fn sign_release(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
) -> Result<Signed> {
    let text = pkgseal_repo::read_file(path, limits.release)?;
    let mut examination = Examination::new("release", path.display().to_string());
    let sealed = Sealed::make(path, text, signers, time, limits)?;
    destination.prepare()?;
    let beside = |name: &str| destination.resolve(&path.with_file_name(name));
    let mut set = StagedSet::new();
    if let Destination::Directory(_) = destination {
        set.push(stage(&beside("Release"), &sealed.text)?);
    }
    let mut signature = stage(&beside("Release.gpg"), &sealed.signature)?;
    let mut inrelease = stage(&beside("InRelease"), &sealed.inrelease)?;
    let names = ["InRelease", "Release.gpg"].map(str::to_owned);
    sealed.verify(
        (&mut inrelease, &mut signature),
        &names,
        &self_verifier(signers, time),
        limits,
        &mut examination,
    )?;
    set.push(signature);
    set.push(inrelease);
    Ok(Signed {
        outputs: set.commit()?,
        examination,
    })
}

/// Signs every suite of a repository, after following each down to the last file it
/// lists: what would be rejected is not signed.
///
/// In place, all suites become visible together, every InRelease after every
/// Release.gpg. Into another directory the whole repository goes along as a copy, the
/// signed roots last.
///
/// # Errors
/// [`Error::Refused`] with everything that is wrong with the repository; else as
/// [`sign_release`].
pub fn sign_tree(
    root: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Signed> {
    let path = root;
    let root = Root::open(path)?;
    let limits = &options.limits;
    let verifier = self_verifier(signers, time);
    let mut examination = Examination::new(tree::KIND, path.display().to_string());
    let found = discover::suites(&root, &mut examination)?;
    if found.is_empty() {
        return Err(refused(path, vec![discover::none(&examination.subject)]));
    }
    let apart = destination.apart_from(path)?;
    let output = apart.unwrap_or(path);
    let mut suites = Vec::new();
    let mut signed = Vec::new();
    for directory in found {
        let names = Names::within(directory.as_ref())?;
        let Some(text) = root.read(&names.release, limits.release)? else {
            let detail = "there is no Release to sign";
            let finding = Finding::reject(codes::RELEASE_MISSING, names.release.as_str(), detail);
            return Err(refused(path, vec![finding]));
        };
        let full = path.join(names.release.as_str());
        let sealed = Sealed::make(&full, text, signers, time, limits)?;
        let release = sealed.release(&verifier, names.release.as_str(), limits)?;
        suites.push(Suite { directory, release });
        signed.push((names, sealed));
    }
    tree::follow(&root, &suites, options, progress, &mut examination)?;
    if examination.outcome() != Outcome::Accepted {
        examination.report.sort();
        let mut findings = examination.report.findings;
        findings.retain(|finding| finding.severity >= Severity::Undecided);
        return Err(refused(path, findings));
    }
    let mut set = StagedSet::new();
    let mut scaffold = Scaffold::default();
    if let Some(directory) = apart {
        let replaced: BTreeSet<SafePath> = signed
            .iter()
            .flat_map(|(names, _)| [names.inrelease.clone(), names.signature.clone()])
            .collect();
        copy_tree(&mut scaffold, path, directory, &replaced)?;
    }
    let mut last = Vec::new();
    for (names, sealed) in &signed {
        let mut signature = stage(&output.join(names.signature.as_str()), &sealed.signature)?;
        let mut inrelease = stage(&output.join(names.inrelease.as_str()), &sealed.inrelease)?;
        let subjects = [names.inrelease.to_string(), names.signature.to_string()];
        sealed.verify(
            (&mut inrelease, &mut signature),
            &subjects,
            &verifier,
            limits,
            &mut examination,
        )?;
        set.push(signature);
        last.push(inrelease);
    }
    for inrelease in last {
        set.push(inrelease);
    }
    set.commit()?;
    scaffold.keep();
    examination.report.sort();
    let outputs = signed
        .iter()
        .map(|(names, _)| &names.signature)
        .chain(signed.iter().map(|(names, _)| &names.inrelease))
        .map(|name| output.join(name.as_str()))
        .collect();
    Ok(Signed {
        outputs,
        examination,
    })
}

/// A Release with its signatures, in memory.
struct Sealed {
    path: PathBuf,
    text: Vec<u8>,
    inrelease: Vec<u8>,
    signature: Vec<u8>,
}

impl Sealed {
    fn make(
        path: &Path,
        text: Vec<u8>,
        signers: &[Signer],
        time: Timestamp,
        limits: &Limits,
    ) -> Result<Self> {
        if signers.is_empty() {
            return Err(Error::NoSigner);
        }
        let subject = path.display().to_string();
        let unsigned = Verified::danger_unverified(text);
        let release = Release::parse(unsigned.clone(), &subject, limits)
            .map_err(|finding| refused(path, vec![*finding]))?;
        if let Some(finding) = release.get().freshness(&subject, time) {
            return Err(refused(path, vec![finding]));
        }
        let text = unsigned.into_inner();
        Ok(Self {
            path: path.to_owned(),
            inrelease: cleartext::sign(signers, &text, time)?,
            signature: Signer::detached(signers, &text, Armor::Armored, time)?,
            text,
        })
    }

    /// What the InRelease says, read the way everyone else will.
    fn release(
        &self,
        verifier: &Verifier,
        subject: &str,
        limits: &Limits,
    ) -> Result<Verified<Release>> {
        let judged = verifier.cleartext(Object::Repository, &self.inrelease);
        let (text, report) = judged.accept();
        let Some(text) = text else {
            return Err(refused(&self.path, report.findings(subject)));
        };
        Release::parse(text, subject, limits).map_err(|finding| refused(&self.path, vec![*finding]))
    }

    /// Reads both outputs back and judges them with the public certificates.
    fn verify(
        &self,
        (inrelease, signature): (&mut StagedFile, &mut StagedFile),
        [inrelease_name, signature_name]: &[String; 2],
        verifier: &Verifier,
        limits: &Limits,
        examination: &mut Examination,
    ) -> Result<()> {
        let message = read_back(inrelease, limits.release.saturating_mul(2))?;
        let (inline, report) = verifier.cleartext(Object::Repository, &message).accept();
        examination.add_signatures(inrelease_name, report);
        let block = read_back(signature, limits.release)?;
        let (detached, report) = verifier
            .detached_bytes(Object::Repository, self.text.clone(), &block)
            .accept();
        examination.add_signatures(signature_name, report);
        let same = match (&inline, &detached) {
            (Some(inline), Some(detached)) => same_text(inline.get(), detached.get()),
            _ => false,
        };
        if !same && examination.outcome() == Outcome::Accepted {
            let detail = "InRelease would not hold the text of Release";
            let finding = Finding::reject(codes::RELEASE_TEXTS, inrelease_name, detail);
            examination.report.push(finding);
        }
        if examination.outcome() != Outcome::Accepted {
            let findings = examination.report.findings.clone();
            return Err(refused(&self.path, findings));
        }
        Ok(())
    }
}

fn stage(target: &Path, content: &[u8]) -> Result<StagedFile> {
    let mut staged = StagedFile::create(target)?;
    staged
        .write_all(content)
        .map_err(|error| Error::write(target, error))?;
    Ok(staged)
}

fn read_back(staged: &mut StagedFile, limit: u64) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    staged
        .reopen()?
        .take(limit)
        .read_to_end(&mut content)
        .map_err(|error| Error::write(staged.target(), error))?;
    Ok(content)
}

fn refused(path: &Path, findings: Vec<Finding>) -> Error {
    Error::Refused {
        path: path.to_owned(),
        findings,
    }
}
