//! One file against its signature and its checksum files, in one read.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pkgseal_openpgp::{
    Hashes, Object, SignatureBlock, SignatureReport, Verifier, codes as signature_codes,
};
use pkgseal_repo::{
    DigestAlgorithm, Digests, Finding, Limits, MultiHasher, Progress, ProgressSink,
    codes as repo_codes, read_through,
};

use crate::place::Place;
use crate::{Coordinates, Error, Result, checksum, pom};

/// What is asked of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A signature by someone known.
    Signature(Object),
    /// Checksums only: it is itself a signature, say.
    Checksums,
}

/// A file to look at.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// How findings call it.
    pub(crate) name: String,
    /// Its detached signature, if there is one.
    pub(crate) signature: Option<PathBuf>,
    /// What is asked of it.
    pub(crate) wanted: Wanted,
    /// What a POM should say of itself.
    pub(crate) pom: Option<Coordinates>,
    /// Digests wanted beside those of its checksum files.
    pub(crate) digests: Vec<DigestAlgorithm>,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Examined {
    /// What the signatures are on and in, and the judgement of them.
    pub(crate) signatures: Option<(String, SignatureReport)>,
    pub(crate) findings: Vec<Finding>,
    /// The digests asked for.
    pub(crate) digests: Digests,
    pub(crate) bytes: u64,
}

/// Looks at one file, reading it once.
pub(crate) fn examine(
    place: &Place<'_>,
    subject: &Subject,
    verifier: &Verifier,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Examined> {
    let Subject { path, name, .. } = subject;
    let file = place.open(path)?.ok_or_else(|| absent(path))?;
    let (expected, mut findings) = checksum::beside(place, path, name, limits)?;
    let mut judging = Judging::prepare(place, subject, verifier, limits)?;
    let wanted = expected.algorithms().chain(subject.digests.iter().copied());
    let mut checksums = MultiHasher::new(wanted.collect::<BTreeSet<_>>());
    let mut told = ProgressSink(progress);
    let bytes = read_through(&file, &mut [judging.sink(), &mut checksums, &mut told])
        .map_err(|error| Error::read(path, error))?;
    let digests = checksums.finish();
    findings.extend(checksum::compare(name, &expected, &digests));
    let report = judging.finish(subject, verifier, &mut findings);
    Ok(Examined {
        signatures: report.map(|report| (object_name(subject), report)),
        findings,
        digests,
        bytes,
    })
}

/// What is done with a file's bytes for its signature.
enum Judging {
    /// No signature is asked for.
    Nothing(io::Sink),
    /// There is none that could be judged.
    Rejected(io::Sink, Finding),
    /// Hashed as they come.
    Hashed(Object, SignatureBlock, Hashes),
    /// Kept, since a POM is parsed once it is verified.
    Pom(Object, Vec<u8>, Kept),
}

impl Judging {
    fn prepare(
        place: &Place<'_>,
        subject: &Subject,
        verifier: &Verifier,
        limits: &Limits,
    ) -> Result<Self> {
        let Wanted::Signature(object) = subject.wanted else {
            return Ok(Self::Nothing(io::sink()));
        };
        let rejected = |code, detail: &str| {
            let finding = Finding::reject(code, "", detail);
            Ok(Self::Rejected(io::sink(), finding))
        };
        let Some(path) = &subject.signature else {
            return rejected(signature_codes::NONE, "there is no signature beside it");
        };
        let signature = match place.read(path, limits.signature) {
            Ok(Some(signature)) => signature,
            Ok(None) => return Err(absent(path)),
            Err(pkgseal_repo::Error::TooLarge { limit, .. }) => {
                let detail = format!("the signature file is larger than {limit} bytes");
                return rejected(repo_codes::LIMIT, &detail);
            }
            Err(error) => return Err(error.into()),
        };
        if signature.is_empty() {
            return rejected(signature_codes::NONE, "the signature file is empty");
        }
        if subject.pom.is_some() {
            let kept = Kept {
                bytes: Vec::new(),
                limit: limits.pom,
            };
            return Ok(Self::Pom(object, signature, kept));
        }
        Ok(match SignatureBlock::parse(&signature) {
            Ok(block) => {
                let hashes = verifier.plan([&block]).start();
                Self::Hashed(object, block, hashes)
            }
            Err(finding) => Self::Rejected(io::sink(), finding),
        })
    }

    fn sink(&mut self) -> &mut dyn Write {
        match self {
            Self::Nothing(sink) | Self::Rejected(sink, _) => sink,
            Self::Hashed(_, _, hashes) => hashes,
            Self::Pom(_, _, kept) => kept,
        }
    }

    fn finish(
        self,
        subject: &Subject,
        verifier: &Verifier,
        findings: &mut Vec<Finding>,
    ) -> Option<SignatureReport> {
        let profile = verifier.profile().name();
        match self {
            Self::Nothing(_) => None,
            Self::Rejected(_, finding) => Some(SignatureReport::rejected(
                profile,
                finding.code,
                finding.detail,
            )),
            Self::Hashed(object, block, hashes) => Some(verifier.hashed(object, &block, &hashes)),
            Self::Pom(object, signature, kept) => {
                if kept.is_over() {
                    let detail = format!("the POM is larger than {} bytes", kept.limit);
                    let code = repo_codes::LIMIT;
                    return Some(SignatureReport::rejected(profile, code, detail));
                }
                let judged = verifier.detached_bytes(object, kept.bytes, &signature);
                let (verified, report) = judged.accept();
                if let (Some(pom), Some(coordinates)) = (verified, &subject.pom) {
                    findings.extend(pom::compare(&pom, &subject.name, coordinates));
                }
                Some(report)
            }
        }
    }
}

/// Bytes kept up to a cap, and one more to tell that there were more.
struct Kept {
    bytes: Vec<u8>,
    limit: u64,
}

impl Kept {
    fn is_over(&self) -> bool {
        self.bytes.len() as u64 > self.limit
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = (self.limit.saturating_add(1)).saturating_sub(self.bytes.len() as u64);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        self.bytes.extend(bytes.iter().take(room));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `lib-1.0.jar (lib-1.0.jar.asc)`.
fn object_name(subject: &Subject) -> String {
    match subject.signature.as_deref().and_then(Path::file_name) {
        None => subject.name.clone(),
        Some(file) => format!("{} ({})", subject.name, file.to_string_lossy()),
    }
}

fn absent(path: &Path) -> Error {
    Error::read(path, io::ErrorKind::NotFound.into())
}

/// What an error about one file of many amounts to.
pub(crate) fn unreadable(name: String, error: Error) -> Result<Finding> {
    match error {
        Error::Repo(pkgseal_repo::Error::Read { path, source }) => Ok(Finding::undecided(
            repo_codes::FILE_UNREADABLE,
            name,
            format!("{} cannot be read: {source}", path.display()),
        )),
        Error::Repo(pkgseal_repo::Error::NotAFile { path }) => Ok(Finding::reject(
            repo_codes::FILE_NOT_REGULAR,
            name,
            format!("{} is not a regular file", path.display()),
        )),
        Error::Repo(pkgseal_repo::Error::UnsafePath { reason, path }) => Ok(Finding::reject(
            repo_codes::PATH_UNSAFE,
            name,
            format!("{path}: {reason}"),
        )),
        other => Err(other),
    }
}
