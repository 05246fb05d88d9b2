//! Signs a package: verify it, put signatures into its signature header, keep every
//! other byte, verify the result, replace the file.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, SignatureForm, Signed, Signer, Verifier};
use pkgseal_repo::{Code, Destination, Finding, Limits, Outcome, Report, Severity, StagedFile};

use super::digests::DigestCheck;
use super::read::{Head, Stop};
use super::slots::{self, Maker, New};
use super::structure::{Format, deviations};
use super::verify::{about, examine, open, read_error, stream_payload};
use crate::codes;
use crate::editor::{Edited, padding};
use crate::error::{Error, Result};
use crate::lead;

/// What happens to signatures that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Existing {
    /// They stay, but for those of the signing certificates, which are renewed.
    #[default]
    Keep,
    /// All are taken out first.
    Replace,
}

/// Which tags signatures go into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tags {
    /// Those of the package's own format: 268 or 267 in version 4, 278 in version 6.
    /// Several signatures on a version 4 package need 278 too.
    #[default]
    Native,
    /// 278 and, for one signature that fits, 268 or 267: for fleets of old and new rpm.
    Both,
}

/// How to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SignOptions {
    /// What happens to signatures that are there already.
    pub existing: Existing,
    /// Which tags signatures go into.
    pub tags: Tags,
}

/// Signs a package by each signer, in place or into a directory. As [`sign_with`] with
/// the default options.
///
/// # Errors
/// As [`sign_with`].
pub fn sign(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
) -> Result<Signed> {
    sign_with(
        path,
        signers,
        time,
        destination,
        limits,
        &SignOptions::default(),
    )
}

/// Signs a package by each signer, in place or into a directory.
///
/// Only the signature header changes; while the signatures fit the space reserved at
/// build time, everything behind it stays where it is. What was written is verified with
/// the signers' certificates before it replaces the old file.
///
/// # Errors
/// The old file is whole after each of them: [`Error::Broken`] when the package is damaged,
/// [`Error::SlotTaken`] and [`Error::NoSlot`] when a signature has no place,
/// [`Error::SelfCheck`], or what reading, writing and signing may give.
pub fn sign_with(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
    options: &SignOptions,
) -> Result<Signed> {
    let (staged, examination) = stage(path, signers, time, destination, limits, options)?;
    let target = destination.resolve(path);
    staged.commit()?;
    Ok(Signed {
        outputs: vec![target],
        examination,
    })
}

/// As [`sign_with`], but leaves the signed and verified package staged: many of them may
/// become visible together as one [`StagedSet`](pkgseal_repo::StagedSet), synced in
/// parallel.
///
/// # Errors
/// As [`sign_with`].
pub fn stage(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
    options: &SignOptions,
) -> Result<(StagedFile, Examination)> {
    if signers.is_empty() {
        return Err(Error::SignerCount {
            what: "a package",
            needed: "at least one key",
            given: 0,
        });
    }
    let (mut file, length) = open(path)?;
    let (head, format) = read_whole(path, &mut file, length)?;
    refuse_broken(path, deviations(&head, format))?;

    let new = make(path, &head, format, &mut file, length, signers, time)?;
    let edited = slots::insert(path, &head, format, &new, options, time)?;
    let verifier = Verifier::of_signers(signers, time);
    stage_checked(
        path,
        &head,
        format,
        &edited,
        &mut file,
        length,
        &verifier,
        destination,
        limits,
    )
}

/// Stages a package with its new signature header and verifies what was written.
#[expect(clippy::too_many_arguments, reason = "one package, read in parts")]
pub(crate) fn stage_checked(
    path: &Path,
    head: &Head,
    format: Format,
    edited: &Edited,
    file: &mut File,
    length: u64,
    verifier: &Verifier,
    destination: &Destination,
    limits: &Limits,
) -> Result<(StagedFile, Examination)> {
    destination.prepare()?;
    let target = destination.resolve(path);
    let mut staged = stage_edited(&target, head, edited, file, length)?;
    let mut written = staged.reopen()?;
    let checked = self_check(&target, &mut written, verifier, limits);
    if let Err(Error::SelfCheck { .. }) = &checked {
        refuse_damaged(path, head, format, file, length)?;
    }
    let mut examination = checked?;
    let links = file.metadata().map_err(|e| read_error(path, e))?.nlink();
    if links > 1 && *destination == Destination::Beside {
        examination.report.push(Finding::warning(
            codes::HARD_LINKS,
            target.display().to_string(),
            format!("{links} names shared the unsigned package; the others still name it"),
        ));
    }
    Ok((staged, examination))
}

/// Reads everything up to the payload of a package that can be edited.
pub(crate) fn read_whole(path: &Path, file: &mut File, length: u64) -> Result<(Head, Format)> {
    let head = Head::read(file, length).map_err(|stop| match stop {
        Stop::Io(source) => read_error(path, source),
        Stop::Malformed(finding) => broken(path, *finding),
    })?;
    match Format::of(&head) {
        (format, None) => Ok((head, format)),
        (_, Some(finding)) => Err(broken(path, finding)),
    }
}

pub(crate) fn broken(path: &Path, finding: Finding) -> Error {
    Error::Broken {
        path: path.to_owned(),
        finding: Box::new(about(&path.display().to_string(), finding)),
    }
}

/// What signing mends: entries outside the region and bytes in the reserve are laid out
/// anew.
pub(crate) const MENDED: [Code; 3] = [codes::RESERVE, codes::PADDING, codes::SIGNATURE_HEADER_GAP];

/// Refuses what is rejected, but for what signing mends.
pub(crate) fn refuse_broken(path: &Path, findings: Vec<Finding>) -> Result<()> {
    findings
        .into_iter()
        .find(|f| f.severity == Severity::Reject && !MENDED.contains(&f.code))
        .map_or(Ok(()), |finding| Err(broken(path, finding)))
}

/// Makes the signatures. They are over the main header, which is in memory; where that
/// binds no payload, one over the payload too, which is read for it. Digests are left to
/// the check of what was written: a damaged package is signed in memory, and never further.
fn make(
    path: &Path,
    head: &Head,
    format: Format,
    file: &mut File,
    length: u64,
    signers: &[Signer],
    time: Timestamp,
) -> Result<Vec<New>> {
    let mut new = Vec::with_capacity(signers.len());
    for signer in signers {
        let mut context = signer.hash()?;
        context.update(head.main());
        let header = signer.sign_hash(context, SignatureForm::Binary, time)?;
        new.push(New {
            maker: Maker::of(signer),
            header,
            whole: None,
        });
    }
    if DigestCheck::start(head, format).binds_payload() {
        return Ok(new);
    }

    let legacy = new
        .iter_mut()
        .zip(signers)
        .find(|(n, _)| format == Format::V4 && slots::legacy_tag(&n.header).is_some());
    let Some((legacy, signer)) = legacy else {
        return Err(broken(
            path,
            Finding::reject(
                codes::PAYLOAD_UNSIGNED,
                "",
                "no digest of SHA-256 or better in its header binds the payload, and only an RSA, ECDSA or EdDSA version 4 key can sign the payload itself",
            ),
        ));
    };
    let mut context = signer.hash()?;
    context.update(head.main());
    stream_payload(head, file, length, |chunk| {
        context.update(chunk);
        Ok(())
    })
    .map_err(|source| read_error(path, source))?;
    legacy.whole = Some(signer.sign_hash(context, SignatureForm::Binary, time)?);
    Ok(new)
}

/// Refuses a package whose own digests do not hold.
pub(crate) fn refuse_damaged(
    path: &Path,
    head: &Head,
    format: Format,
    file: &mut File,
    length: u64,
) -> Result<()> {
    let mut digests = DigestCheck::start(head, format);
    file.seek(SeekFrom::Start(head.bytes().len() as u64))
        .and_then(|_| {
            stream_payload(head, file, length, |chunk| {
                digests.update(chunk);
                Ok(())
            })
        })
        .map_err(|source| read_error(path, source))?;
    refuse_broken(path, digests.finish(head.main()).findings)
}

/// Stages the package with its new signature header.
pub(crate) fn stage_edited(
    target: &Path,
    head: &Head,
    edited: &Edited,
    source: &mut File,
    length: u64,
) -> Result<StagedFile> {
    let mut staged = StagedFile::create(target)?;
    write(head, edited, source, length, &mut staged).map_err(|source| {
        pkgseal_repo::Error::Write {
            path: target.to_owned(),
            source,
        }
    })?;
    Ok(staged)
}

/// Writes lead, new signature header and everything from the main header on.
fn write(
    head: &Head,
    edited: &Edited,
    source: &mut File,
    length: u64,
    staged: &mut StagedFile,
) -> io::Result<()> {
    let mut front = Vec::with_capacity(lead::LENGTH + edited.header.len() + 8);
    front.extend_from_slice(head.lead());
    front.extend_from_slice(&edited.header);
    front.resize(front.len() + padding(edited.header.len()), 0);
    let main = head.main_range().start;
    let read = head.bytes();
    if read.len() as u64 == length {
        // A small package is in memory already.
        front.extend_from_slice(read.get(main..).unwrap_or_default());
        return staged.write_all(&front);
    }
    staged.write_all(&front)?;
    source.seek(SeekFrom::Start(main as u64))?;
    let expected = length.saturating_sub(main as u64);
    let copied = io::copy(&mut (&*source).take(expected), staged.file_mut())?;
    if copied != expected {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the package was cut short while it was being signed",
        ));
    }
    Ok(())
}

/// Verifies what was written with public certificates only.
fn self_check(
    target: &Path,
    written: &mut File,
    verifier: &Verifier,
    limits: &Limits,
) -> Result<Examination> {
    let error = |source| read_error(target, source);
    let length = written.metadata().map_err(error)?.len();
    let subject = target.display().to_string();
    let examination = examine(&subject, written, length, verifier, limits).map_err(error)?;
    match worst(&examination.report) {
        Some(finding) if examination.outcome() != Outcome::Accepted => Err(Error::SelfCheck {
            path: PathBuf::from(target),
            finding: Box::new(finding),
        }),
        _ => Ok(examination),
    }
}

/// The gravest finding of a report.
pub(crate) fn worst(report: &Report) -> Option<Finding> {
    report.findings.iter().max_by_key(|f| f.severity).cloned()
}
