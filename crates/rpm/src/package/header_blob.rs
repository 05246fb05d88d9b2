//! Signing by moving headers alone: out of packages, to wherever the key is, and
//! signatures back in. A package of 4 GiB costs 20 KB of transport.
//!
//! - [`main_header`] takes out the bytes that signatures cover: a detached binary
//!   signature over exactly them (`gpg --detach-sign`) is a package signature.
//! - [`PlanWriter`] and [`sign_plan`] do it for many packages in one file, for a machine
//!   without a network; what comes back is a [`SignatureList`].
//! - [`signature_header`] takes out what koji keeps beside a package for each key: the
//!   signature header with its padding.
//! - [`apply`] puts any of these in: verified with the public certificates, digests and
//!   all, before the old file is replaced.
//!
//! # Files
//! Both are UTF-8 but for the headers themselves, lines end in LF, and fields are parted
//! by one blank. Digests are SHA-256 in lower-case hexadecimal of a main header; names are
//! there for people, and nothing is found by them.
//!
//! ```text
//! pkgseal-rpm-headers 1                     pkgseal-rpm-signatures 1
//! DIGEST LENGTH NAME                        DIGEST BASE64 NAME
//! (LENGTH bytes: the main header) LF        …
//! …                                         end COUNT
//! end COUNT
//! ```
//!
//! `BASE64` is one OpenPGP signature packet; a header that several keys have signed has a
//! line for each.

mod apply;
mod lines;
mod plan;
mod sign;
mod signatures;
mod splice;

use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::path::Path;

use pkgseal_openpgp::Examination;
use pkgseal_repo::{DigestAlgorithm, Finding, Severity, hex};

pub use apply::{Offer, apply};
pub use plan::PlanWriter;
pub use sign::sign_plan;
pub use signatures::{SignatureList, is_signature_list};

use super::digests::DigestCheck;
use super::read::{Head, Stop};
use super::sign::MENDED;
use super::structure::{Format, deviations, identity, main_header as main_header_deviations};
use super::verify::{KIND, about, open, read_error, stream_payload};
use crate::codes;
use crate::error::Result;

/// Takes the main header out of a package: exactly the bytes that a package signature
/// covers. All digests of the package are checked first, so that nobody is asked to sign a
/// damaged one, and one whose header binds no payload is rejected: a signature on that
/// header would not vouch for the files.
///
/// # Errors
/// [`Error::Read`](crate::Error::Read) when the file cannot be read.
pub fn main_header(path: &Path) -> Result<(Option<Vec<u8>>, Examination)> {
    let (mut file, length) = open(path)?;
    let subject = path.display().to_string();
    let mut examination = Examination::new(KIND, &subject);
    let Some((head, format)) = read_head(&mut file, length, path, &mut examination)? else {
        return Ok((None, examination));
    };
    check_digests(&mut file, length, path, &head, format, &mut examination)?;
    if let Err(finding) = signable(&head, format) {
        examination.report.push(about(&subject, *finding));
    }
    describe(&head, &mut examination);
    let bytes = is_whole(&examination).then(|| head.main().to_vec());
    Ok((bytes, examination))
}

/// Takes out the signature header with the padding behind it, bytes 96 up to the main
/// header: what koji keeps for each key. Its digests hold, or the package is rejected.
///
/// # Errors
/// As [`main_header`].
pub fn signature_header(path: &Path) -> Result<(Option<Vec<u8>>, Examination)> {
    let (mut file, length) = open(path)?;
    let mut examination = Examination::new(KIND, path.display().to_string());
    let Some((head, format)) = read_head(&mut file, length, path, &mut examination)? else {
        return Ok((None, examination));
    };
    check_digests(&mut file, length, path, &head, format, &mut examination)?;
    describe(&head, &mut examination);
    let bytes = [head.signature(), head.padding()].concat();
    Ok((is_whole(&examination).then_some(bytes), examination))
}

fn is_whole(examination: &Examination) -> bool {
    examination.outcome() == pkgseal_repo::Outcome::Accepted
}

/// Reads everything before the payload, and checks its structure.
fn read_head(
    file: &mut File,
    length: u64,
    path: &Path,
    examination: &mut Examination,
) -> Result<Option<(Head, Format)>> {
    let subject = examination.subject.clone();
    let head = match Head::read(file, length) {
        Ok(head) => head,
        Err(Stop::Io(source)) => return Err(read_error(path, source)),
        Err(Stop::Malformed(finding)) => {
            examination.report.push(about(&subject, *finding));
            return Ok(None);
        }
    };
    let (format, newer) = Format::of(&head);
    let findings = deviations(&head, format).into_iter().chain(newer);
    for mut finding in findings {
        if MENDED.contains(&finding.code) {
            finding.severity = finding.severity.min(Severity::Warning);
        }
        examination.report.push(about(&subject, finding));
    }
    examination.report.sort();
    Ok(Some((head, format)))
}

/// Checks the digests of a package.
fn check_digests(
    file: &mut File,
    length: u64,
    path: &Path,
    head: &Head,
    format: Format,
    examination: &mut Examination,
) -> Result<()> {
    let subject = examination.subject.clone();
    let mut digests = DigestCheck::start(head, format);
    file.seek(SeekFrom::Start(head.bytes().len() as u64))
        .and_then(|_| {
            stream_payload(head, file, length, |chunk| {
                digests.update(chunk);
                Ok(())
            })
        })
        .map_err(|source| read_error(path, source))?;
    for finding in digests.finish(head.main()).findings {
        examination.report.push(about(&subject, finding));
    }
    examination.report.sort();
    Ok(())
}

/// A main header that travelled alone, fit to be signed.
///
/// # Errors
/// The gravest finding.
fn travelled(bytes: Vec<u8>) -> std::result::Result<Head, Box<Finding>> {
    let head = Head::of_main(bytes).map_err(|stop| match stop {
        Stop::Malformed(finding) => finding,
        Stop::Io(error) => Box::new(Finding::undecided(codes::HEADER, "", error.to_string())),
    })?;
    let (format, newer) = Format::of(&head);
    let mut findings: Vec<_> = newer.into_iter().collect();
    main_header_deviations(&head, &mut findings);
    if let Some(finding) = findings
        .into_iter()
        .find(|finding| finding.severity >= Severity::Undecided)
    {
        return Err(Box::new(finding));
    }
    signable(&head, format)?;
    Ok(head)
}

/// Whether a signature on the header alone vouches for the payload too.
fn signable(head: &Head, format: Format) -> std::result::Result<(), Box<Finding>> {
    if DigestCheck::start(head, format).binds_payload() {
        return Ok(());
    }
    let detail = "no digest of SHA-256 or better in its header binds the payload, so that a signature on the header would not vouch for the files";
    Err(Box::new(
        Finding::reject(codes::PAYLOAD_UNSIGNED, "", detail)
            .hint("sign the whole package where it is: pkgseal sign --key KEY PACKAGE"),
    ))
}

/// Says which package it is and which header, for people on both sides to compare.
fn describe(head: &Head, examination: &mut Examination) {
    examination.add_detail("package", nevra(head));
    examination.add_detail("header-sha256", digest(head.main()));
}

/// Name, epoch, version, release and architecture in rpm's usual form.
pub(crate) fn nevra(head: &Head) -> String {
    identity(head.main(), &head.main_index).map_or_else(
        || "a package without a name".to_owned(),
        |i| {
            let epoch = match i.epoch {
                0 => String::new(),
                epoch => format!("{epoch}:"),
            };
            let arch = if i.source { "src" } else { &i.arch };
            format!("{}-{epoch}{}-{}.{arch}", i.name, i.version, i.release)
        },
    )
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(header: &[u8]) -> String {
    hex::encode(&DigestAlgorithm::Sha256.digest(header))
}
