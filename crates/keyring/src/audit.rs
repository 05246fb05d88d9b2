//! What everybody makes of keyrings as they lie there.
//!
//! [`audit`] reads key files as they are, looks at their form, at the state of every
//! certificate and key in them, and asks every [`Consumer`] about each: one row a copy of a
//! certificate, one column a consumer, each answer that is not a plain yes with a reason,
//! and the day on which it changes where that is known.

mod certificate;
pub mod codes;
mod copies;
mod file;
mod form;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pkgseal_openpgp::{Fingerprint, KeyFacts};
use pkgseal_repo::{Finding, Limits, Outcome, Severity};
use rayon::prelude::*;

pub use certificate::State;

use crate::consumer::{self, Answer, Consumer, Judgement, Reading};
use crate::open::KeptFile;
use crate::{Form, Result};

/// What an audit asks.
#[derive(Clone, Debug)]
pub struct AuditRequest<'a> {
    /// Whom it asks, in the order of the columns.
    pub consumers: &'a [Arc<dyn Consumer>],
    /// When it is.
    pub now: Timestamp,
    /// What comes to be rejected within this time counts as rejected by
    /// [`Audit::outcome`].
    pub within: SignedDuration,
    /// Caps.
    pub limits: Limits,
}

/// Keyrings, and what everybody makes of them.
#[derive(Clone, Debug)]
pub struct Audit {
    /// What was read, in order.
    pub files: Vec<AuditedFile>,
    /// Each copy of a certificate once, in the order of the files.
    pub certificates: Vec<AuditedCertificate>,
    /// What is wrong with the way to the files: references, links, names.
    pub findings: Vec<Finding>,
}

/// A key file.
#[derive(Clone, Debug)]
pub struct AuditedFile {
    /// Where it lies.
    pub path: PathBuf,
    /// What it is; `None` of what holds no OpenPGP data that can be used.
    pub form: Option<Form>,
    /// How many certificates are in it.
    pub certificates: usize,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// What each consumer finds in it, in the order of the request.
    pub readings: Vec<Reading>,
}

/// One copy of a certificate.
#[derive(Clone, Debug)]
pub struct AuditedCertificate {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Its primary user ID; raw.
    pub user_id: Option<String>,
    /// The files it is in: places in [`Audit::files`].
    pub files: Vec<usize>,
    /// Its state, whoever asks.
    pub state: State,
    /// Its keys, under the strict profile.
    pub keys: Vec<KeyFacts>,
    /// What its owner should know, whoever asks.
    pub findings: Vec<Finding>,
    /// What each consumer makes of it, in the order of the request.
    pub judgements: Vec<Judgement>,
}

impl Audit {
    /// What it adds up to: rejected where somebody rejects a certificate, now or within
    /// the time asked about, or a file is in a form that rejects.
    pub fn outcome(&self, request: &AuditRequest<'_>) -> Outcome {
        let horizon = request
            .now
            .saturating_add(request.within)
            .unwrap_or(request.now);
        let certificates = self.certificates.iter();
        let rejected = certificates
            .clone()
            .flat_map(|one| &one.judgements)
            .any(|judgement| {
                let whole = &judgement.whole;
                whole.answer == Answer::Rejects
                    || whole.until().is_some_and(|until| until <= horizon)
            });
        let about_files = self.files.iter().flat_map(|file| &file.findings);
        let about_certificates = certificates.flat_map(|one| &one.findings);
        let worst = about_files
            .chain(about_certificates)
            .chain(&self.findings)
            .map(|finding| finding.severity)
            .max();
        match worst {
            _ if rejected => Outcome::Rejected,
            Some(Severity::Reject) => Outcome::Rejected,
            Some(Severity::Undecided) => Outcome::Undecided,
            Some(Severity::Warning | Severity::Note) | None => Outcome::Accepted,
        }
    }
}

/// Audits keyrings: files, directories and sources files as [`open`](crate::open) reads
/// them.
///
/// # Errors
/// [`Error::File`](crate::Error::File) when a path itself cannot be read or is too large.
pub fn audit<P: AsRef<Path>>(paths: &[P], request: &AuditRequest<'_>) -> Result<Audit> {
    let mut findings = Vec::new();
    let mut readable = Vec::new();
    for path in paths {
        let path = path.as_ref();
        match form::dangling(path) {
            Some(finding) => findings.push(finding),
            None => readable.push(path),
        }
    }
    let (kept, on_the_way) = crate::open::keep(readable, &request.limits)?;
    findings.extend(on_the_way.into_iter().map(form::explained));
    let files = kept
        .par_iter()
        .map(|file| file::audited(file, request))
        .collect::<Vec<_>>();
    let copies = copies::of(&kept);
    let mut certificates = copies
        .par_iter()
        .map(|copy| audited(copy, &kept, &files, request))
        .collect::<Vec<_>>();
    copies::compare(&copies, &kept, &mut certificates);
    Ok(Audit {
        files,
        certificates,
        findings,
    })
}

fn audited(
    copy: &copies::Copy<'_>,
    kept: &[KeptFile],
    files: &[AuditedFile],
    request: &AuditRequest<'_>,
) -> AuditedCertificate {
    let certificate = copy.certificate;
    let fingerprint = certificate.fingerprint();
    let file = copy.files.first().and_then(|place| kept.get(*place));
    let path = file.map_or(Path::new(""), |file| &file.path);
    let (state, keys, findings) = certificate::state(certificate, path, request.now);
    let judgements = request
        .consumers
        .iter()
        .enumerate()
        .map(|(column, consumer)| {
            let readings = || {
                let files = copy.files.iter().filter_map(|place| files.get(*place));
                files.filter_map(move |file| Some((file, file.readings.get(column)?)))
            };
            let finds = |(file, reading): (&AuditedFile, &Reading)| {
                reading.found.len() == file.certificates || reading.found.contains(&fingerprint)
            };
            if readings().any(finds) {
                return consumer.judge(certificate, request.now);
            }
            let reason = readings().flat_map(|(_, reading)| &reading.reasons).next();
            Judgement::absent(&keys, &not_found(reason, path, consumer.as_ref()))
        })
        .collect();
    AuditedCertificate {
        user_id: certificate.user_id(),
        fingerprint,
        files: copy.files.clone(),
        state,
        keys,
        findings,
        judgements,
    }
}

/// Why a consumer does not have a certificate.
fn not_found(reason: Option<&Finding>, path: &Path, consumer: &dyn Consumer) -> Finding {
    if let Some(reason) = reason {
        return Finding {
            severity: Severity::Reject,
            ..reason.clone()
        };
    }
    Finding::reject(
        consumer::FORM,
        path.to_string_lossy(),
        "it finds this certificate in none of the files",
    )
    .because(format!("{}: {}", consumer.name(), consumer.summary()))
}

/// Fingerprints and places.
type ByFingerprint = HashMap<Fingerprint, Vec<usize>>;
