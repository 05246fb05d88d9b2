//! One file against its signature and its checksum files, in one read.

use std::path::{Path, PathBuf};

use pkgseal_openpgp::{
    Object, SignatureBlock, SignatureReport, Verifier, codes as signature_codes,
};
use pkgseal_repo::{
    Finding, Limits, MultiHasher, Progress, ProgressSink, codes as repo_codes, read_through,
};

use crate::checksum;
use crate::place::Place;
use crate::{Error, Result};

/// What is asked of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A signature by someone known.
    Signature(Object),
    /// Checksums only: it is itself a signature, say.
    Checksums,
}

/// A file to look at.
#[derive(Debug)]
pub(crate) struct Subject {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// How findings call it.
    pub(crate) name: String,
    /// Its detached signature, if there is one.
    pub(crate) signature: Option<PathBuf>,
    /// What is asked of it.
    pub(crate) wanted: Wanted,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Examined {
    /// What the signatures are on and in, and the judgement of them.
    pub(crate) signatures: Option<(String, SignatureReport)>,
    pub(crate) findings: Vec<Finding>,
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
    let block = match (subject.wanted, &subject.signature) {
        (Wanted::Checksums, _) => None,
        (Wanted::Signature(_), None) => Some(Err(Finding::reject(
            signature_codes::NONE,
            "",
            "there is no signature beside it",
        ))),
        (Wanted::Signature(_), Some(path)) => Some(read_block(place, path, limits)?),
    };

    let mut hashes = verifier
        .plan(block.iter().filter_map(|block| block.as_ref().ok()))
        .start();
    let mut checksums = MultiHasher::new(expected.algorithms());
    let mut told = ProgressSink(progress);
    let bytes = read_through(&file, &mut [&mut hashes, &mut checksums, &mut told])
        .map_err(|error| Error::read(path, error))?;

    findings.extend(checksum::compare(name, &expected, &checksums.finish()));
    let signatures = match (subject.wanted, block) {
        (Wanted::Signature(object), Some(block)) => {
            let report = match block {
                Ok(block) => verifier.hashed(object, &block, &hashes),
                Err(finding) => {
                    let profile = verifier.profile().name();
                    SignatureReport::rejected(profile, finding.code, finding.detail)
                }
            };
            Some((object_name(subject), report))
        }
        _ => None,
    };
    Ok(Examined {
        signatures,
        findings,
        bytes,
    })
}

/// A block, or why it is none.
fn read_block(
    place: &Place<'_>,
    path: &Path,
    limits: &Limits,
) -> Result<std::result::Result<SignatureBlock, Finding>> {
    let malformed = |code, detail: String| Ok(Err(Finding::reject(code, "", detail)));
    match place.read(path, limits.signature) {
        Ok(Some(bytes)) if bytes.is_empty() => malformed(
            signature_codes::NONE,
            "the signature file is empty".to_owned(),
        ),
        Ok(Some(bytes)) => Ok(SignatureBlock::parse(&bytes)),
        Ok(None) => Err(absent(path)),
        Err(pkgseal_repo::Error::TooLarge { limit, .. }) => malformed(
            repo_codes::LIMIT,
            format!("the signature file is larger than {limit} bytes"),
        ),
        Err(error) => Err(error.into()),
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
    Error::read(path, std::io::ErrorKind::NotFound.into())
}
