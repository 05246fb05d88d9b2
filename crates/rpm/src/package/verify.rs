//! Verifies a package: one read, every digest and every signature.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;

use pkgseal_openpgp::{Examination, Verifier};
use pkgseal_repo::{Finding, Limits, Outcome};

use super::coverage::Signatures;
use super::digests::{DigestCheck, Wanted};
use super::in_place;
use super::level::{Reading, VerifyOptions};
use super::pipeline;
use super::read::{Head, Stop};
use super::structure::{Format, deviations, weigh};
use crate::codes;
use crate::error::{Error, Result};

/// Bytes read at a time; memory does not depend on the size of the payload.
const CHUNK: u64 = 1 << 20;

/// What reports call a package.
pub(crate) const KIND: &str = "rpm";

/// Verifies who signed a package, that the signatures cover header and payload, and that
/// the digests in it hold. As [`verify_with`] with the default options.
///
/// # Errors
/// As [`verify_with`].
pub fn verify(path: &Path, verifier: &Verifier, limits: &Limits) -> Result<Examination> {
    verify_with(path, verifier, limits, VerifyOptions::default())
}

/// Verifies a package: who signed it, whether the signatures cover header and payload,
/// whether the digests in it hold, and its form. The file is read once; memory is bounded
/// by its headers.
///
/// The MD5 over header and payload is computed where no better digests cover both, and
/// under [`Reading::Strict`].
///
/// # Errors
/// [`Error::Read`] when the file cannot be read. What is wrong with a package that can be
/// read is a finding.
pub fn verify_with(
    path: &Path,
    verifier: &Verifier,
    limits: &Limits,
    options: VerifyOptions,
) -> Result<Examination> {
    let (mut file, length) = open(path)?;
    let wanted = match options.reading {
        Reading::Tolerant => Wanted::Enough,
        Reading::Strict => Wanted::All,
    };
    let judge = Judge {
        verifier,
        limits,
        options,
        wanted,
    };
    let mut examination = judge
        .examine(&path.display().to_string(), &mut file, length)
        .map_err(|source| read_error(path, source))?;
    if examination.outcome() != Outcome::Accepted {
        // It may be neither what it was nor what it is to become.
        let finding = in_place::unfinished(path);
        finding.into_iter().for_each(|f| examination.report.push(f));
    }
    Ok(examination)
}

pub(crate) fn read_error(path: &Path, source: io::Error) -> Error {
    Error::Read {
        path: path.to_owned(),
        source,
    }
}

/// Opens a regular file; a pipe or device would block or never end.
pub(crate) fn open(path: &Path) -> Result<(File, u64)> {
    let open = || {
        let regular = |m: std::fs::Metadata| {
            if m.is_file() {
                Ok(m.len())
            } else {
                Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "not a regular file",
                ))
            }
        };
        regular(std::fs::metadata(path)?)?;
        let file = File::open(path)?;
        let length = regular(file.metadata()?)?;
        Ok((file, length))
    };
    open().map_err(|source| read_error(path, source))
}

/// Verifies a package from a reader that gives `length` bytes: every digest, every
/// signature.
pub(crate) fn examine(
    subject: &str,
    source: &mut impl Read,
    length: u64,
    verifier: &Verifier,
    limits: &Limits,
) -> io::Result<Examination> {
    let judge = Judge {
        verifier,
        limits,
        options: VerifyOptions::default(),
        wanted: Wanted::All,
    };
    judge.examine(subject, source, length)
}

/// As [`examine`], for what was just signed: without an MD5 that better digests stand in
/// for.
pub(crate) fn examine_written(
    subject: &str,
    source: &mut impl Read,
    length: u64,
    verifier: &Verifier,
    limits: &Limits,
) -> io::Result<Examination> {
    let judge = Judge {
        verifier,
        limits,
        options: VerifyOptions::default(),
        wanted: Wanted::Enough,
    };
    judge.examine(subject, source, length)
}

/// What packages are judged by.
struct Judge<'a> {
    verifier: &'a Verifier,
    limits: &'a Limits,
    options: VerifyOptions,
    wanted: Wanted,
}

impl Judge<'_> {
    fn examine(
        &self,
        subject: &str,
        source: &mut impl Read,
        length: u64,
    ) -> io::Result<Examination> {
        let VerifyOptions { level, reading } = self.options;
        let verifier = self.verifier;
        let mut examination = Examination::new(KIND, subject);
        let head = match Head::read(source, length) {
            Ok(head) => head,
            Err(Stop::Io(error)) => return Err(error),
            Err(Stop::Malformed(finding)) => {
                examination.report.push(about(subject, *finding));
                return Ok(examination);
            }
        };
        let (format, newer) = Format::of(&head);
        let mut findings = deviations(&head, format);
        findings.extend(newer);

        let signatures = Signatures::collect(&head, format, self.limits);
        let mut header = signatures.header_hashes(verifier);
        header.write_all(head.main())?;
        let mut whole = signatures.whole_hashes(verifier);
        if let Some(whole) = &mut whole {
            whole.write_all(head.main())?;
        }
        let mut digests = DigestCheck::start_with(&head, format, self.wanted);
        let mut sinks = digests.sinks();
        if let Some(whole) = &mut whole {
            sinks.push(Box::new(|chunk| whole.update(chunk)));
        }
        let payload = pipeline::feed(&head, source, length, sinks)?;
        digests.fed(payload);
        let digests = digests.finish(head.main());
        findings.extend(digests.findings);
        if level.demands_digests() {
            findings.extend(uncovered(digests.header_covered, digests.payload_covered));
        }

        signatures.judge(
            &mut examination,
            verifier,
            &header,
            whole.as_ref(),
            digests.payload_bound,
            level,
        );
        for finding in findings {
            examination.report.push(about(subject, finding));
        }
        for finding in &mut examination.report.findings {
            weigh(finding, reading);
        }
        examination.report.files = 1;
        examination.report.bytes = head.main_range().end as u64 + payload;
        examination.report.sort();
        Ok(examination)
    }
}

/// What the digests that hold leave uncovered.
fn uncovered(header: bool, payload: bool) -> Option<Finding> {
    let what = match (header, payload) {
        (true, true) => return None,
        (true, false) => "its payload",
        (false, true) => "its header",
        (false, false) => "its header or its payload",
    };
    let detail = format!("no digest that holds covers {what}");
    Some(Finding::reject(codes::DIGEST_MISSING, "", detail))
}

pub(crate) fn about(subject: &str, finding: Finding) -> Finding {
    Finding {
        subject: subject.to_owned(),
        ..finding
    }
}

/// Feeds the payload to `sink`, first what came with the head; returns its length.
pub(crate) fn stream_payload(
    head: &Head,
    source: &mut impl Read,
    length: u64,
    mut sink: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<u64> {
    let start = head.payload_start();
    if !start.is_empty() {
        sink(start)?;
    }
    let mut count = start.len() as u64;
    // A file that grew since it was opened is read to its end as well.
    let expected = length.saturating_sub(head.bytes().len() as u64);
    let size = usize::try_from(expected.clamp(64, CHUNK)).unwrap_or(64);
    let mut buffer = vec![0; size];
    loop {
        let read = match source.read(&mut buffer) {
            Ok(0) => return Ok(count),
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        sink(buffer.get(..read).unwrap_or_default())?;
        count += read as u64;
    }
}
