//! Making a detached signature, and never believing it before it verified.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{
    Armor, HashContext, Hashes, Object, SignatureBlock, SignatureFacts, SignatureForm,
    SignatureReport, Signer, Status, Verdict, Verifier,
};
use pkgseal_repo::{
    DigestAlgorithm, Digests, Limits, MultiHasher, Progress, ProgressSink, StagedFile, read_through,
};

use crate::checksum;
use crate::place::{Place, append};
use crate::{Error, Result};

/// Everything that makes signatures at one time.
#[derive(Debug)]
pub(crate) struct Maker<'a> {
    signers: &'a [Signer],
    time: Timestamp,
    /// Knows the public certificates of the signers, and nothing else.
    verifier: Verifier,
}

/// What to do with one file beside signing it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish<'a> {
    /// Its signature file as it stands, to be kept where it is good already.
    pub(crate) existing: Option<&'a [u8]>,
    /// Digests wanted of it, in the same read.
    pub(crate) digests: &'a [DigestAlgorithm],
}

/// A signature that verified.
#[derive(Debug)]
pub(crate) struct Made {
    /// The `.asc` file.
    pub(crate) armored: Vec<u8>,
    pub(crate) report: SignatureReport,
    /// Whether that is the signature that stood there before.
    pub(crate) kept: bool,
    /// Somebody else's signature in the file that stood there before.
    pub(crate) stranger: Option<String>,
    /// The digests wished for, and those the checksum files beside the file ask for.
    pub(crate) digests: Digests,
    /// Bytes read.
    pub(crate) bytes: u64,
}

impl<'a> Maker<'a> {
    pub(crate) fn new(signers: &'a [Signer], time: Timestamp) -> Result<Self> {
        if signers.is_empty() {
            return Err(Error::NoSigner);
        }
        Ok(Self {
            signers,
            time,
            verifier: Verifier::of_signers(signers, time),
        })
    }

    /// Signs a file in one read, which also compares the checksums beside it, judges the
    /// signature that stands there already and, where a copy is wanted, makes it.
    pub(crate) fn sign(
        &self,
        place: &Place<'_>,
        path: &Path,
        wish: Wish<'_>,
        copy: Option<&mut StagedFile>,
        limits: &Limits,
        progress: &dyn Progress,
    ) -> Result<Made> {
        let file: File = place
            .open(path)?
            .ok_or_else(|| Error::read(path, std::io::ErrorKind::NotFound.into()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (expected, mut wrong) = checksum::beside(place, path, &name, limits)?;

        let mut contexts = self
            .signers
            .iter()
            .map(Signer::hash)
            .collect::<Result<Vec<_>, _>>()?;
        let old = wish
            .existing
            .and_then(|bytes| Some((bytes, SignatureBlock::parse(bytes).ok()?)));
        let mut old_hashes = self
            .verifier
            .plan(old.iter().map(|(_, block)| block))
            .start();
        let wanted = expected.algorithms().chain(wish.digests.iter().copied());
        let mut checksums = MultiHasher::new(wanted.collect::<BTreeSet<_>>());
        let mut told = ProgressSink(progress);
        let mut copy = copy.map(Copy::to);
        let mut sinks: Vec<&mut dyn Write> = vec![&mut checksums, &mut told];
        if old.is_some() {
            sinks.push(&mut old_hashes);
        }
        sinks.extend(contexts.iter_mut().map(|context| context as &mut dyn Write));
        sinks.extend(copy.as_mut().map(|copy| copy as &mut dyn Write));
        let read = read_through(&file, &mut sinks);
        let bytes = read.map_err(|error| match copy {
            Some(Copy { to, failed: true }) => Error::write(to.target(), error),
            _ => Error::read(path, error),
        })?;

        let digests = checksums.finish();
        wrong.extend(checksum::compare(&name, &expected, &digests));
        if let Some(finding) = wrong.first() {
            return Err(Error::Refused {
                path: path.to_owned(),
                reason: format!("{}: {}", finding.subject, finding.detail),
            });
        }
        let mut stranger = None;
        if let Some((old, block)) = old {
            let report = self.verifier.hashed(Object::Artifact, &block, &old_hashes);
            if report.is_accepted() {
                return Ok(Made {
                    armored: old.to_owned(),
                    report,
                    kept: true,
                    stranger: None,
                    digests,
                    bytes,
                });
            }
            stranger = report.signatures.iter().find_map(somebody_else);
        }
        let (armored, report) = self.finish(path, contexts)?;
        Ok(Made {
            armored,
            report,
            kept: false,
            stranger,
            digests,
            bytes,
        })
    }

    /// Signs bytes in memory, which become the file `path`.
    pub(crate) fn over_bytes(
        &self,
        path: &Path,
        bytes: &[u8],
    ) -> Result<(Vec<u8>, SignatureReport)> {
        let contexts = self.signers.iter().map(|signer| {
            let mut context = signer.hash()?;
            context.update(bytes);
            Ok(context)
        });
        self.finish(path, contexts.collect::<Result<_>>()?)
    }

    /// The signature over finished hashes, read back as anyone would read it.
    fn finish(
        &self,
        path: &Path,
        contexts: Vec<HashContext>,
    ) -> Result<(Vec<u8>, SignatureReport)> {
        let doubt = |reason: String| Error::SelfVerification {
            path: path.to_owned(),
            reason,
        };
        let hashes = Hashes::from_contexts(contexts.clone());
        let packets = self
            .signers
            .iter()
            .zip(contexts)
            .map(|(signer, context)| signer.sign_hash(context, SignatureForm::Binary, self.time))
            .collect::<Result<Vec<_>, _>>()?;
        let armored = Signer::block(packets, Armor::Armored)?;
        let block = SignatureBlock::parse(&armored).map_err(|finding| doubt(finding.detail))?;
        let report = self.verifier.hashed(Object::Artifact, &block, &hashes);
        if let Verdict::Rejected { reasons } = &report.verdict {
            let reasons: Vec<_> = reasons.iter().map(|finding| &*finding.detail).collect();
            return Err(doubt(reasons.join("; ")));
        }
        let good = report
            .signatures
            .iter()
            .filter(|s| s.status == Status::Good);
        if good.count() != self.signers.len() {
            return Err(doubt("not every signature in it is good".to_owned()));
        }
        Ok((armored, report))
    }
}

/// Who made a signature that is not by one of the signers.
fn somebody_else(facts: &SignatureFacts) -> Option<String> {
    facts.certificate.is_none().then(|| {
        let issuer = facts.issuers.first();
        issuer.map_or_else(|| "somebody unnamed".to_owned(), Clone::clone)
    })
}

/// A copy made while reading. It remembers whose fault an error was.
struct Copy<'a> {
    to: &'a mut StagedFile,
    failed: bool,
}

impl<'a> Copy<'a> {
    fn to(to: &'a mut StagedFile) -> Self {
        Self { to, failed: false }
    }
}

impl Write for Copy<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.to.write(bytes);
        self.failed |= written.is_err();
        written
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// Stages a whole small file, and reads it back.
pub(crate) fn stage(target: &Path, bytes: &[u8]) -> Result<StagedFile> {
    let mut staged = StagedFile::create(target)?;
    staged
        .write_all(bytes)
        .map_err(|error| Error::write(target, error))?;
    let mut back = Vec::with_capacity(bytes.len());
    staged
        .reopen()?
        .read_to_end(&mut back)
        .map_err(|error| Error::write(target, error))?;
    if back != bytes {
        let differs = std::io::Error::other("what was written reads back differently");
        return Err(Error::write(target, differs));
    }
    Ok(staged)
}

/// A written `.asc` may have checksum files of its own, which would now be wrong: their
/// new contents.
pub(crate) fn refreshed_checksums(
    place: &Place<'_>,
    signature: &Path,
    armored: &[u8],
    limits: &Limits,
) -> Result<Vec<(std::path::PathBuf, Vec<u8>)>> {
    let mut hasher = MultiHasher::new(checksum::SUFFIXES.map(|(_, algorithm)| algorithm));
    hasher.update(armored);
    let digests = hasher.finish();
    let mut files = Vec::new();
    for (suffix, algorithm) in checksum::SUFFIXES {
        let path = append(signature, suffix);
        if place.read(&path, limits.side_file)?.is_some() {
            files.push((
                path,
                digests.hex(algorithm).unwrap_or_default().into_bytes(),
            ));
        }
    }
    Ok(files)
}
