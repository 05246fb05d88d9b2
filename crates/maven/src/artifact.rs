//! One file and its `.asc`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Object, Signed, Signer, Verifier};
use pkgseal_repo::{Destination, Limits, NoProgress, StagedSet};

use crate::Result;
use crate::examine::{Subject, Wanted, examine};
use crate::make::{self, Maker, Wish, refreshed_checksums};
use crate::place::{Place, append};

/// Suffixes of detached signatures, in the order they are looked for.
pub const SIGNATURE_SUFFIXES: [&str; 4] = [".asc", ".sig", ".gpg", ".sign"];

const KIND: &str = "file";

/// Verifies a file with the detached signature beside it (the first of `FILE.asc`,
/// `FILE.sig`, `FILE.gpg`, `FILE.sign` that exists) and with the checksum files beside it,
/// in one read. `path` may be the file or its signature. Where no signature stands beside
/// it, a signed list of checksums in the same folder may vouch for it (see
/// [`plain`](crate::plain)).
///
/// # Errors
/// When a file cannot be read. A missing signature is a rejection.
pub fn verify(path: &Path, verifier: &Verifier, limits: &Limits) -> Result<Examination> {
    let (file, signature) = pair(path);
    if signature.is_none()
        && let Some(examination) = crate::plain::by_list(&file, verifier, limits)?
    {
        return Ok(examination);
    }
    run(&file, signature, verifier, limits)
}

/// As [`verify`], the signature named explicitly.
///
/// # Errors
/// When one of them cannot be read.
pub fn verify_with(
    file: &Path,
    signature: &Path,
    verifier: &Verifier,
    limits: &Limits,
) -> Result<Examination> {
    run(file, Some(signature.to_owned()), verifier, limits)
}

fn run(
    file: &Path,
    signature: Option<PathBuf>,
    verifier: &Verifier,
    limits: &Limits,
) -> Result<Examination> {
    let subject = Subject {
        path: file.to_owned(),
        name: file.display().to_string(),
        signature,
        wanted: Wanted::Signature(Object::Artifact),
        pom: None,
        digests: Vec::new(),
    };
    let mut examination = Examination::new(KIND, &subject.name);
    let found = examine(&Place::Anywhere, &subject, verifier, limits, &NoProgress)?;
    if let Some((object, report)) = found.signatures {
        examination.add_signatures(object, report);
    }
    examination.report.findings.extend(found.findings);
    examination.report.files = 1;
    examination.report.bytes = found.bytes;
    examination.report.sort();
    Ok(examination)
}

/// Which file, and which signature of it, if any.
fn pair(path: &Path) -> (PathBuf, Option<PathBuf>) {
    let beside = SIGNATURE_SUFFIXES
        .into_iter()
        .map(|suffix| append(path, suffix))
        .find(|signature| signature.exists());
    if beside.is_some() {
        return (path.to_owned(), beside);
    }
    // A signature was named: the file is what is left of its name.
    let stem = SIGNATURE_SUFFIXES
        .into_iter()
        .find_map(|suffix| path.as_os_str().as_bytes().strip_suffix(suffix.as_bytes()));
    match stem {
        Some(stem) if !stem.is_empty() && !stem.ends_with(b"/") => {
            (OsStr::from_bytes(stem).into(), Some(path.to_owned()))
        }
        _ => (path.to_owned(), None),
    }
}

/// Signs a file of any size in one read: `FILE.asc`, armored, by every signer. The
/// signature is verified with the public certificates before it becomes visible.
/// Checksum files beside the file must agree with it; those of an older `FILE.asc` are
/// rewritten.
///
/// # Errors
/// When the file cannot be read, is not what its checksums say, or the signature cannot
/// be made, verified or written.
pub fn sign(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
) -> Result<Signed> {
    let (set, examination) = stage(path, signers, time, destination, limits)?;
    Ok(Signed {
        outputs: set.commit()?,
        examination,
    })
}

/// As [`sign`], but leaves the verified signature staged: many of them may become visible
/// together.
///
/// # Errors
/// As [`sign`].
pub fn stage(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
) -> Result<(StagedSet, Examination)> {
    let maker = Maker::new(signers, time)?;
    let place = Place::Anywhere;
    let made = maker.sign(&place, path, Wish::default(), None, limits, &NoProgress)?;
    destination.prepare()?;
    let target = destination.resolve(&append(path, ".asc"));
    let mut set = StagedSet::new();
    let checksums = refreshed_checksums(&place, &target, &made.armored, limits)?;
    set.push(make::stage(&target, &made.armored)?);
    for (path, content) in checksums {
        set.push(make::stage(&path, &content)?);
    }

    let name = path.display();
    let mut examination = Examination::new(KIND, name.to_string());
    let file = target.file_name().unwrap_or_default().to_string_lossy();
    examination.add_signatures(format!("{name} ({file})"), made.report);
    examination.report.files = 1;
    examination.report.bytes = made.bytes;
    Ok((set, examination))
}
