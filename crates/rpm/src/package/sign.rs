//! Signs a package: verify it, put signatures into its signature header, keep every
//! other byte, verify the result, replace the file.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, SignatureForm, Signed, Signer, Verifier};
use pkgseal_repo::{Code, Destination, Finding, Limits, Outcome, Report, Severity, StagedFile};

use super::digests::DigestCheck;
use super::pipeline;
use super::read::{Head, Stop};
use super::slots::{self, Maker, New};
use super::structure::{Format, deviations};
use super::verify::{about, examine_written, open, read_error, stream_payload};
use super::writing::{self, Prepared, Source, Writing};
use crate::codes;
use crate::editor::Edited;
use crate::error::{Error, Result};

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

/// Whether header and payload are signed together as well (tags 1002 and 1005, which
/// rpmsign calls v3 signatures).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Whole {
    /// Where nothing in the header binds the payload.
    #[default]
    WhereNeeded,
    /// Always; version 6 packages take none.
    Always,
}

/// How to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SignOptions {
    /// What happens to signatures that are there already.
    pub existing: Existing,
    /// Which tags signatures go into.
    pub tags: Tags,
    /// Whether header and payload are signed together as well.
    pub whole: Whole,
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

/// Signs a package by each signer, in place or into a directory. For many packages, see
/// [`Signing`].
///
/// Only the signature header changes; while the signatures fit the space reserved at
/// build time, everything behind it stays where it is. What will be on the disk is
/// verified with the signers' certificates before.
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
    let mut signing = Signing::new(signers, time, destination, limits);
    signing.options = *options;
    let target = destination.resolve(path);
    signing.prepare(path)?.put_in_place(target)
}

/// As [`sign_with`], but leaves a signed and verified copy of the package staged: many of
/// them may become visible together as one [`StagedSet`](pkgseal_repo::StagedSet), synced
/// in parallel.
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
    let mut signing = Signing::new(signers, time, destination, limits);
    signing.options = *options;
    signing.writing = Writing::COPY;
    signing.prepare(path)?.staged(path)
}

/// What holds for every package of a run.
#[derive(Debug)]
pub struct Signing<'a> {
    /// How to sign.
    pub options: SignOptions,
    /// How packages get onto the disk.
    pub writing: Writing,
    signers: &'a [Signer],
    /// Knows their certificates and nothing else.
    verifier: Verifier,
    time: Timestamp,
    destination: &'a Destination,
    limits: &'a Limits,
}

impl<'a> Signing<'a> {
    /// By each of these signers, at this time, with the default options.
    pub fn new(
        signers: &'a [Signer],
        time: Timestamp,
        destination: &'a Destination,
        limits: &'a Limits,
    ) -> Self {
        Self {
            options: SignOptions::default(),
            writing: Writing::default(),
            signers,
            verifier: Verifier::of_signers(signers, time),
            time,
            destination,
            limits,
        }
    }

    /// Signs a package and verifies it as it will be, and leaves it to the caller when that
    /// gets onto the disk: see [`InPlace`](super::InPlace) and
    /// [`StagedSet`](pkgseal_repo::StagedSet).
    ///
    /// # Errors
    /// As [`sign_with`], and [`Error::HardLinks`] and [`Error::NotInPlace`] where `writing`
    /// asks for what cannot be done, [`Error::Busy`] when another process edits the package.
    pub fn prepare(&self, path: &Path) -> Result<Prepared> {
        if self.signers.is_empty() {
            return Err(Error::SignerCount {
                what: "a package",
                needed: "at least one key",
                given: 0,
            });
        }
        let source = Source::open(path, self.writing, self.destination)?;
        let mut file = source.file();
        let length = source.length();
        let (head, format) = read_whole(path, &mut file, length)?;
        refuse_broken(path, deviations(&head, format))?;

        let new = self.make(path, &head, format, &mut file, length)?;
        let edited = slots::insert(path, &head, format, &new, &self.options, self.time)?;
        writing::prepare(
            path,
            source,
            &head,
            &edited,
            self.writing,
            self.destination,
            &|target, written, length| {
                let checked = self_check(target, written, length, &self.verifier, self.limits);
                explain(path, &head, format, checked)
            },
        )
    }

    /// Makes the signatures. They are over the main header, which is in memory; where that
    /// binds no payload, one over the payload too, which is read for it. Digests are left to
    /// the check of what was written: a damaged package is signed in memory, and never
    /// further.
    fn make(
        &self,
        path: &Path,
        head: &Head,
        format: Format,
        file: &mut impl Read,
        length: u64,
    ) -> Result<Vec<New>> {
        let mut new = Vec::with_capacity(self.signers.len());
        for signer in self.signers {
            let mut context = signer.hash()?;
            context.update(head.main());
            let header = signer.sign_hash(context, SignatureForm::Binary, self.time)?;
            new.push(New {
                maker: Maker::of(signer),
                header,
                whole: None,
            });
        }
        let binds = DigestCheck::start(head, format).binds_payload();
        if binds && self.options.whole == Whole::WhereNeeded {
            return Ok(new);
        }
        if binds && format == Format::V6 {
            let detail = "a version 6 package takes no signature on header and payload";
            let finding = Finding::reject(codes::SIGNATURE_HEADER_NOT_V6, "", detail);
            return Err(broken(path, finding));
        }

        let legacy = new
            .iter_mut()
            .zip(self.signers)
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
        legacy.whole = Some(signer.sign_hash(context, SignatureForm::Binary, self.time)?);
        Ok(new)
    }
}

/// Stages a package with its new signature header and verifies what was written.
#[expect(clippy::too_many_arguments, reason = "one package, read in parts")]
pub(crate) fn stage_checked(
    path: &Path,
    head: &Head,
    format: Format,
    edited: &Edited,
    file: &File,
    length: u64,
    verifier: &Verifier,
    destination: &Destination,
    limits: &Limits,
) -> Result<(StagedFile, Examination)> {
    let file = file.try_clone().map_err(|error| read_error(path, error))?;
    let source = Source::Plain(file, length);
    let check = |target: &Path, written: &mut dyn Read, length| {
        let checked = self_check(target, written, length, verifier, limits);
        explain(path, head, format, checked)
    };
    writing::prepare(
        path,
        source,
        head,
        edited,
        Writing::COPY,
        destination,
        &check,
    )?
    .staged(path)
}

/// Where a check failed because the package was damaged before, says so.
fn explain(
    path: &Path,
    head: &Head,
    format: Format,
    checked: Result<Examination>,
) -> Result<Examination> {
    if let Err(Error::SelfCheck { .. }) = &checked {
        let (file, length) = open(path)?;
        refuse_damaged(path, head, format, &file, length)?;
    }
    checked
}

/// Reads everything up to the payload of a package that can be edited.
pub(crate) fn read_whole(path: &Path, file: &mut impl Read, length: u64) -> Result<(Head, Format)> {
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

/// Refuses a package whose own digests do not hold.
pub(crate) fn refuse_damaged(
    path: &Path,
    head: &Head,
    format: Format,
    mut file: &File,
    length: u64,
) -> Result<()> {
    file.seek(SeekFrom::Start(head.bytes().len() as u64))
        .map_err(|source| read_error(path, source))?;
    refuse_damaged_rest(path, head, format, &mut file, length)
}

/// The same, for a package of which the head has just been read.
pub(crate) fn refuse_damaged_rest(
    path: &Path,
    head: &Head,
    format: Format,
    rest: &mut impl Read,
    length: u64,
) -> Result<()> {
    let mut digests = DigestCheck::start(head, format);
    let payload = pipeline::feed(head, rest, length, digests.sinks())
        .map_err(|source| read_error(path, source))?;
    digests.fed(payload);
    refuse_broken(path, digests.finish(head.main()).findings)
}

/// Verifies what was written with public certificates only.
fn self_check(
    target: &Path,
    mut written: &mut dyn Read,
    length: u64,
    verifier: &Verifier,
    limits: &Limits,
) -> Result<Examination> {
    let error = |source| read_error(target, source);
    let subject = target.display().to_string();
    let examination =
        examine_written(&subject, &mut written, length, verifier, limits).map_err(error)?;
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
