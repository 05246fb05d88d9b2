//! Puts signatures that were made elsewhere into a package.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use pkgseal_openpgp::{
    Examination, Mathematics, Object, ObjectSignatures, SignatureBlock, Verifier,
};
use pkgseal_repo::{Destination, Finding, Limits, Outcome, StagedFile};

use super::signatures::SignatureList;
use super::{digest, read_head, signable, splice};
use crate::codes;
use crate::editor::Edited;
use crate::error::{Error, Result};
use crate::package::read::Head;
use crate::package::sign::{SignOptions, stage_checked};
use crate::package::slots::{self, Maker, New};
use crate::package::structure::Format;
use crate::package::verify::{KIND, about, open, read_error};

/// What came back for a package.
#[derive(Clone, Copy, Debug)]
pub enum Offer<'a> {
    /// The content of a file: a detached signature, armored or binary, of one or several
    /// packets, on the main header; or a signature header that takes the place of the
    /// package's own.
    File(&'a [u8]),
    /// A list, in which the signatures on its main header are looked up.
    List(&'a SignatureList),
}

/// Puts what came back into a package, and stages the result; `None` where a finding
/// rejects it. Every signature has to be good by the verifier's certificates and on this
/// very header, and all digests of the package have to hold. Only the signature header
/// changes.
///
/// # Errors
/// The old file is whole after each of them: [`Error::SlotTaken`] and [`Error::NoSlot`]
/// when a signature has no place, or what reading and writing may give.
pub fn apply(
    path: &Path,
    offer: Offer<'_>,
    verifier: &Verifier,
    options: &SignOptions,
    destination: &Destination,
    limits: &Limits,
) -> Result<(Option<StagedFile>, Examination)> {
    let (mut file, length) = open(path)?;
    let mut examination = Examination::new(KIND, path.display().to_string());
    let Some((head, format)) = read_head(&mut file, length, path, &mut examination)? else {
        return Ok((None, examination));
    };
    let mut job = Job {
        path,
        head: &head,
        format,
        verifier,
        options,
        examination,
    };
    let edited = match job.edit(offer)? {
        Some(edited) if job.examination.outcome() == Outcome::Accepted => edited,
        _ => return Ok((None, job.examination)),
    };
    let staged = stage(&job, &edited, &file, length, destination, limits);
    let mut examination = job.examination;
    match staged {
        Ok((staged, found)) => {
            examination.subject.clone_from(&found.subject);
            examination.signatures = found.signatures;
            examination.report.merge(found.report);
            examination.report.sort();
            examination.report.findings.dedup();
            Ok((Some(staged), examination))
        }
        // What is wrong with what would have been written is a verdict on what came back.
        Err(Error::Broken { finding, .. } | Error::SelfCheck { finding, .. }) => {
            let subject = examination.subject.clone();
            examination.report.push(about(&subject, *finding));
            Ok((None, examination))
        }
        Err(error) => Err(error),
    }
}

fn stage(
    job: &Job<'_>,
    edited: &Edited,
    file: &File,
    length: u64,
    destination: &Destination,
    limits: &Limits,
) -> Result<(StagedFile, Examination)> {
    stage_checked(
        job.path,
        job.head,
        job.format,
        edited,
        file,
        length,
        job.verifier,
        destination,
        limits,
    )
}

struct Job<'a> {
    path: &'a Path,
    head: &'a Head,
    format: Format,
    verifier: &'a Verifier,
    options: &'a SignOptions,
    examination: Examination,
}

impl Job<'_> {
    /// The new signature header, or `None` after a finding.
    fn edit(&mut self, offer: Offer<'_>) -> Result<Option<Edited>> {
        let packets = match offer {
            Offer::File(blob) if splice::is_header(blob) => return Ok(self.splice(blob)),
            Offer::File(bytes) => SignatureBlock::split(bytes).map_err(Box::new),
            Offer::List(list) => {
                let header = digest(self.head.main());
                list.find(&header)
                    .map(<[_]>::to_vec)
                    .ok_or_else(|| missing(&header))
            }
        };
        let packets = packets.and_then(|packets| {
            signable(self.head, self.format)?;
            Ok(packets)
        });
        let packets = match packets {
            Ok(packets) => packets,
            Err(finding) => {
                self.reject(*finding);
                return Ok(None);
            }
        };
        let mut new = Vec::with_capacity(packets.len());
        for packet in packets {
            match self.judge(packet)? {
                Some(one) => new.push(one),
                None => return Ok(None),
            }
        }
        let now = self.verifier.now();
        slots::insert(self.path, self.head, self.format, &new, self.options, now).map(Some)
    }

    fn reject(&mut self, finding: Finding) {
        let subject = self.examination.subject.clone();
        self.examination.report.push(about(&subject, finding));
    }

    /// Whether a signature is good, and on this header.
    fn judge(&mut self, packet: Vec<u8>) -> Result<Option<New>> {
        let block = match SignatureBlock::parse_single_binary(&packet) {
            Ok(block) => block,
            Err(finding) => {
                self.reject(finding);
                return Ok(None);
            }
        };
        let mut hashes = self.verifier.plan([&block]).start();
        hashes
            .write_all(self.head.main())
            .map_err(|source| read_error(self.path, source))?;
        let report = self.verifier.hashed(Object::Package, &block, &hashes);
        let object = format!("{} (signature)", self.examination.subject);
        let facts = report.signatures.first();
        let of_another = facts.is_some_and(|facts| {
            matches!(
                facts.mathematics,
                Mathematics::Bad | Mathematics::PrefixDiffers
            )
        });
        if of_another {
            let detail = "the signature is not on the main header of this package";
            self.reject(
                Finding::reject(codes::APPLY_HEADER, "", detail)
                    .because(format!("the header's SHA-256 {}", digest(self.head.main())))
                    .hint("pair each package with the signature of its own header"),
            );
            let signatures = ObjectSignatures { object, report };
            self.examination.signatures.push(signatures);
            return Ok(None);
        }
        if facts.is_some_and(|facts| facts.form != "binary") {
            let detail =
                "a signature of another form than on a binary document, which no package takes";
            self.reject(Finding::reject(codes::SIGNATURE_ENCODING, "", detail));
            return Ok(None);
        }
        let certificate = facts
            .and_then(|facts| facts.certificate.as_ref())
            .and_then(|fingerprint| self.verifier.certificates().get(fingerprint).cloned());
        let maker = facts
            .zip(certificate)
            .and_then(|(facts, certificate)| {
                Some(Maker {
                    certificate,
                    key: facts.key.clone()?,
                    algorithm: facts.public_key_algorithm.clone(),
                    version: facts.version,
                })
            })
            .filter(|_| report.is_accepted());
        match maker {
            Some(maker) => Ok(Some(New {
                maker,
                header: packet,
                whole: None,
            })),
            None => {
                self.examination.add_signatures(object, report);
                Ok(None)
            }
        }
    }

    /// Another signature header in the place of the package's own.
    fn splice(&mut self, blob: &[u8]) -> Option<Edited> {
        let spliced = splice::parse(blob).and_then(|(header, index)| {
            splice::same_package(self.head, header, &index)?;
            Ok((header, index))
        });
        let (header, index) = match spliced {
            Ok(spliced) => spliced,
            Err(finding) => {
                self.reject(*finding);
                return None;
            }
        };
        for finding in splice::deviations_with(self.head, header) {
            self.reject(finding);
        }
        for tag in splice::dropped(self.head, &index) {
            let detail = format!(
                "{tag} of the package is not in the signature header that takes the place of its own"
            );
            let subject = self.examination.subject.clone();
            self.examination
                .report
                .push(Finding::warning(codes::APPLY_DROPPED, subject, detail));
        }
        Some(Edited {
            header: header.to_vec(),
            grown: header.len().saturating_sub(self.head.signature().len()),
        })
    }
}

fn missing(header: &str) -> Box<Finding> {
    Box::new(
        Finding::reject(
            codes::APPLY_MISSING,
            "",
            format!("no signature on its main header ({header}) came back"),
        )
        .hint("plan its header anew: pkgseal rpm header --plan FILE PACKAGE"),
    )
}
