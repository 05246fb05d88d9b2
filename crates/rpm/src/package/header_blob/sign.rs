//! Signs the headers of a plan, where the key is and the packages are not.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{
    Examination, Object, SignatureBlock, SignatureForm, Signed, Signer, Verifier,
};
use pkgseal_repo::{Destination, Finding, Limits, StagedFile};
use rayon::prelude::*;

use super::lines::Stop;
use super::nevra;
use super::plan::{PlanReader, Planned};
use super::signatures::ListWriter;
use crate::error::{Error, Result};
use crate::package::verify::read_error;

/// What a plan is called in reports.
const KIND: &str = "rpm-headers";

/// Headers in memory at once.
const BATCH: usize = 256;

/// Signs every header of a plan by each signer, and writes `PLAN.signatures`: a
/// [`SignatureList`](super::SignatureList). Each signature is verified with the public
/// certificate. A plan that is rejected is not signed, not in part either. The details
/// name every package, for whoever answers for the key.
///
/// # Errors
/// [`Error::SignerCount`] without a signer, or what reading, writing and signing may give.
pub fn sign_plan(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
) -> Result<Signed> {
    if signers.is_empty() {
        return Err(Error::SignerCount {
            what: "a plan",
            needed: "at least one key",
            given: 0,
        });
    }
    let file = File::open(path).map_err(|source| read_error(path, source))?;
    let mut name = path.as_os_str().to_owned();
    name.push(".signatures");
    let target = destination.resolve(Path::new(&name));
    destination.prepare()?;
    let mut staged = StagedFile::create(&target)?;
    let mut job = Job {
        examination: Examination::new(KIND, path.display().to_string()),
        verifier: Verifier::of_signers(signers, time),
        signers,
        time,
    };
    let signed = job.run(
        BufReader::new(file),
        BufWriter::new(staged.file_mut()),
        limits,
    );
    let outputs = match signed {
        Ok(()) => {
            staged.commit()?;
            vec![target]
        }
        Err(Failure::Stop(Stop::Malformed(finding))) => {
            let subject = match finding.subject.as_str() {
                "" => job.examination.subject.clone(),
                inner => format!("{}: {inner}", job.examination.subject),
            };
            job.examination.report.push(Finding {
                subject,
                ..*finding
            });
            Vec::new()
        }
        Err(Failure::Stop(Stop::Io(source))) => return Err(read_error(path, source)),
        Err(Failure::Write(source)) => {
            return Err(pkgseal_repo::Error::Write {
                path: target,
                source,
            }
            .into());
        }
        Err(Failure::Other(error)) => return Err(*error),
    };
    Ok(Signed {
        outputs,
        examination: job.examination,
    })
}

enum Failure {
    Stop(Stop),
    Write(std::io::Error),
    Other(Box<Error>),
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(Box::new(error))
    }
}

struct Job<'a> {
    examination: Examination,
    verifier: Verifier,
    signers: &'a [Signer],
    time: Timestamp,
}

impl Job<'_> {
    fn run(
        &mut self,
        source: impl std::io::BufRead,
        target: impl std::io::Write,
        limits: &Limits,
    ) -> std::result::Result<(), Failure> {
        let mut plan = PlanReader::open(source, limits)?;
        let mut list = ListWriter::new(target).map_err(Failure::Write)?;
        // A package may stand in several folders: its header is signed once.
        let mut seen = HashSet::new();
        loop {
            let mut batch = Vec::with_capacity(BATCH);
            while batch.len() < BATCH
                && let Some(planned) = plan.next()?
            {
                if seen.insert(planned.digest.clone()) {
                    batch.push(planned);
                }
            }
            if batch.is_empty() {
                return list.finish().map_err(Failure::Write);
            }
            let packets: Vec<Result<Vec<Vec<u8>>>> =
                batch.par_iter().map(|one| self.sign(one)).collect();
            for (planned, packets) in batch.iter().zip(packets) {
                for packet in packets? {
                    list.add(&planned.digest, &packet, &planned.name)
                        .map_err(Failure::Write)?;
                }
                let header = planned.head.main();
                self.examination.report.files += 1;
                self.examination.report.bytes += header.len() as u64;
                let package = format!("{} {}", planned.digest, nevra(&planned.head));
                self.examination.add_detail("header", package);
            }
        }
    }

    fn sign(&self, planned: &Planned) -> Result<Vec<Vec<u8>>> {
        let header = planned.head.main();
        let mut packets = Vec::with_capacity(self.signers.len());
        for signer in self.signers {
            let mut context = signer.hash()?;
            context.update(header);
            packets.push(signer.sign_hash(context, SignatureForm::Binary, self.time)?);
        }
        let made = packets.concat();
        let check = || {
            let block = SignatureBlock::parse(&made)?;
            let mut hashes = self.verifier.plan([&block]).start();
            hashes.write_all(header).map_err(|error| {
                Finding::undecided(crate::codes::HEADER, &planned.name, error.to_string())
            })?;
            let report = self.verifier.hashed(Object::Package, &block, &hashes);
            let worst = report.findings(&planned.name).into_iter().next();
            match worst {
                Some(finding) if !report.is_accepted() => Err(finding),
                _ => Ok(()),
            }
        };
        check().map_err(|finding| Error::SelfCheck {
            path: planned.name.clone().into(),
            finding: Box::new(finding),
        })?;
        Ok(packets)
    }
}
