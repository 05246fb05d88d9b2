//! Judging a package.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Examination, Object, SignatureBlock, SignatureReport, Verdict, Verifier};
use pkgseal_repo::{Finding, Limits, Outcome};

use super::CHUNK;
use super::read::{Beside, Content, Package};
use super::weak::Weak;
use crate::{Error, Result, codes};

/// What the examination calls a package.
pub(crate) const KIND: &str = "deb";

/// What to do about a package without a signature that counts.
pub(super) const FROM_REPOSITORY: &str =
    "the signed repository it comes from vouches for it by its hash: verify that";

/// What a detached signature beside the package is called: its name and one of these.
const SUFFIXES: [&str; 2] = [".asc", ".sig"];

/// Judges the signatures in a package and beside it.
///
/// First the archive's structure, header by header: it must be the one form that every
/// reader reads alike. Then every `_gpg*` member over the contents of debian-binary,
/// control.tar and data.tar, and every detached signature (`FILE.asc`, `FILE.sig`) over
/// the whole file, all from one read. They are judged together, as if they stood in one
/// block. A package without any is rejected (`deb.unsigned`).
///
/// Of a package whose signatures are accepted the control file is read, and it too must be
/// one that every reader sees alike. The inside of data.tar is not judged.
///
/// # Errors
/// [`Error::Repo`] when the package, or a signature beside it, cannot be read.
pub fn verify(path: &Path, verifier: &Verifier, limits: &Limits) -> Result<Examination> {
    let file = open(path)?;
    let beside = beside(path, limits)?;
    judge(&file, path, beside, verifier, limits)
}

/// Opens a regular file; a pipe would be read twice.
pub(crate) fn open(path: &Path) -> Result<File> {
    let metadata = std::fs::metadata(path).map_err(|error| Error::read(path, error))?;
    if !metadata.is_file() {
        return Err(Error::Repo(pkgseal_repo::Error::NotAFile {
            path: path.to_owned(),
        }));
    }
    File::open(path).map_err(|error| Error::read(path, error))
}

/// Judges the signatures in an open package that is called `path`, and none beside it.
pub(super) fn examine(
    file: &File,
    path: &Path,
    verifier: &Verifier,
    limits: &Limits,
) -> Result<Examination> {
    judge(file, path, Vec::new(), verifier, limits)
}

/// Files beside a package that would hold a detached signature of it.
pub(super) fn detached(path: &Path) -> Vec<PathBuf> {
    let named = SUFFIXES.into_iter().map(|suffix| {
        let mut name = OsString::from(path);
        name.push(suffix);
        PathBuf::from(name)
    });
    named.filter(|path| path.is_file()).collect()
}

/// A file beside the package, with what is wrong with it instead of a signature.
type Found = (String, std::result::Result<SignatureBlock, Finding>);

fn beside(path: &Path, limits: &Limits) -> Result<Vec<Found>> {
    let read = |signature: PathBuf| {
        let bytes = pkgseal_repo::read_file(&signature, limits.signature)?;
        let name = signature.file_name().unwrap_or_default().to_string_lossy();
        let object = format!("{} ({name})", path.display());
        Ok((object, SignatureBlock::parse(&bytes)))
    };
    detached(path).into_iter().map(read).collect()
}

fn judge(
    file: &File,
    path: &Path,
    beside: Vec<Found>,
    verifier: &Verifier,
    limits: &Limits,
) -> Result<Examination> {
    let mut blocks = Vec::new();
    let mut malformed = Vec::new();
    for (object, found) in beside {
        match found {
            Ok(block) => blocks.push(Beside { object, block }),
            Err(finding) => malformed.push((object, finding)),
        }
    }
    let mut examination = Examination::new(KIND, path.display().to_string());
    let package = match Package::read(file, path, &blocks, limits)? {
        Ok(package) => package,
        Err(finding) => {
            examination.report.push(*finding);
            return Ok(examination);
        }
    };
    let mut judged = Vec::new();
    let mut weak = Vec::new();
    for member in &package.signatures {
        let object = member.object.clone();
        match &member.content {
            Content::Debsigs(block) => {
                judged.push((
                    object,
                    verifier.hashed(Object::Package, block, &package.hashes),
                ));
            }
            Content::Malformed(finding) => malformed.push((object, finding.clone())),
            Content::DpkgSig(message) => {
                weak.push(Weak::judge(
                    &member.name,
                    object,
                    message,
                    &package,
                    verifier,
                ));
            }
        }
    }
    if let Some(whole) = &package.whole {
        for Beside { object, block } in &blocks {
            let report = verifier.hashed(Object::Package, block, whole);
            judged.push((object.clone(), report));
        }
    }
    for (object, finding) in malformed {
        let profile = verifier.profile().name();
        let report = SignatureReport::rejected(profile, finding.code, finding.detail);
        examination.add_signatures(object, report);
    }
    if judged.is_empty() && weak.is_empty() && examination.signatures.is_empty() {
        examination.report.push(unsigned(&package.subject));
        return Ok(examination);
    }
    examination.report.files = 1;
    examination.report.bytes = match package.whole {
        Some(_) => package.layout.size,
        None => package.bytes(),
    };
    let alone = judged.is_empty();
    if !alone {
        together(&mut examination, verifier, judged);
    }
    for one in weak {
        one.tell(alone, verifier, &mut examination);
    }
    describe(package, &mut examination);
    Ok(examination)
}

/// What an accepted package says of itself; one whose control file readers may see
/// differently is rejected after all. Of any other nothing is parsed.
pub(crate) fn describe(package: Package, examination: &mut Examination) {
    if examination.outcome() != Outcome::Accepted {
        return;
    }
    match package.control() {
        Ok(control) => {
            examination.add_detail("package", control.package());
            examination.add_detail("version", control.version());
            examination.add_detail("architecture", control.architecture());
        }
        Err(finding) => examination.report.push(*finding),
    }
}

fn unsigned(subject: &str) -> Finding {
    Finding::reject(codes::DEB_UNSIGNED, subject, "it has no _gpg member").hint(FROM_REPOSITORY)
}

/// Feeds the bytes from one offset to another.
pub(super) fn feed(
    file: &File,
    mut offset: u64,
    end: u64,
    sink: &mut impl Write,
) -> std::io::Result<()> {
    let wanted = usize::try_from(end.saturating_sub(offset)).unwrap_or(CHUNK);
    let mut buffer = vec![0; wanted.min(CHUNK)];
    while offset < end {
        let wanted = usize::try_from(end - offset).map_or(CHUNK, |rest| rest.min(CHUNK));
        let chunk = buffer.get_mut(..wanted).unwrap_or_default();
        file.read_exact_at(chunk, offset)?;
        sink.write_all(chunk)?;
        offset += wanted as u64;
    }
    Ok(())
}

/// Judges them together, as one block: what rejects in one rejects the package, an unknown
/// signer of one is no matter beside a good signature in another, and thresholds count over
/// all of them.
fn together(
    examination: &mut Examination,
    verifier: &Verifier,
    judged: Vec<(String, SignatureReport)>,
) {
    let reports: Vec<_> = judged.iter().map(|(_, report)| report.clone()).collect();
    let verdict = verifier.together(&reports);
    for (object, mut report) in judged {
        if matches!(verdict, Verdict::Accepted { .. }) {
            report.verdict = verdict.clone();
        }
        examination.add_signatures(object, report);
    }
}
