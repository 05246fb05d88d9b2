//! Judging a package.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

use pkgseal_openpgp::{
    Examination, Hashes, Object, SignatureBlock, SignatureReport, Verdict, Verifier,
};
use pkgseal_repo::{Finding, Limits};

use super::CHUNK;
use crate::layout::{Fault, Layout};
use crate::{Error, Result, codes};

/// How a member in the dpkg-sig format begins: a clearsigned list of digests, where
/// debsigs has a detached signature.
const DPKG_SIG: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";

/// What the examination calls a package.
pub(super) const KIND: &str = "deb";

/// Judges the debsigs signatures in a package.
///
/// First the archive's structure, header by header: it must be the one form that every
/// reader reads alike. Then every `_gpg*` member over the contents of debian-binary,
/// control.tar and data.tar, all from one read. A package without such a member is
/// rejected (`deb.unsigned`). A member in the dpkg-sig format is noted and counts for
/// nothing.
///
/// # Errors
/// [`Error::Repo`] when the package cannot be read.
pub fn verify(path: &Path, verifier: &Verifier, limits: &Limits) -> Result<Examination> {
    let file = open(path)?;
    examine(&file, path, verifier, limits)
}

/// Opens a regular file; a pipe would be read twice.
pub(super) fn open(path: &Path) -> Result<File> {
    let metadata = std::fs::metadata(path).map_err(|error| Error::read(path, error))?;
    if !metadata.is_file() {
        return Err(Error::Repo(pkgseal_repo::Error::NotAFile {
            path: path.to_owned(),
        }));
    }
    File::open(path).map_err(|error| Error::read(path, error))
}

/// As [`verify`], of an open file that is called `path`.
pub(super) fn examine(
    file: &File,
    path: &Path,
    verifier: &Verifier,
    limits: &Limits,
) -> Result<Examination> {
    let subject = path.display().to_string();
    let mut examination = Examination::new(KIND, &subject);
    let layout = match Layout::read(file, &subject, limits) {
        Ok(layout) => layout,
        Err(Fault::Reject(finding)) => {
            examination.report.push(*finding);
            return Ok(examination);
        }
        Err(Fault::Io(error)) => return Err(Error::read(path, error)),
    };
    let mut blocks = Vec::new();
    let mut dpkg_sig = false;
    for member in &layout.signatures {
        let object = format!("{subject} ({})", member.name);
        let content = member
            .read(file)
            .map_err(|error| Error::read(path, error))?;
        if content.starts_with(DPKG_SIG) {
            dpkg_sig = true;
            let detail = format!("{} is a dpkg-sig signature and was not judged", member.name);
            examination
                .report
                .push(Finding::note(codes::DEB_DPKG_SIG, object, detail));
            continue;
        }
        match SignatureBlock::parse(&content) {
            Ok(block) => blocks.push((object, block)),
            Err(finding) => {
                let report = SignatureReport::rejected(
                    verifier.profile().name(),
                    finding.code,
                    finding.detail,
                );
                examination.add_signatures(object, report);
            }
        }
    }
    if blocks.is_empty() && examination.signatures.is_empty() {
        examination.report.push(unsigned(&subject, dpkg_sig));
        return Ok(examination);
    }
    let mut hashes = verifier.plan(blocks.iter().map(|(_, block)| block)).start();
    for member in &layout.signed {
        feed(file, member.offset, member.end(), &mut hashes)
            .map_err(|error| Error::read(path, error))?;
        examination.report.bytes += member.size;
    }
    examination.report.files = 1;
    judge(&mut examination, verifier, blocks, &hashes);
    Ok(examination)
}

fn unsigned(subject: &str, dpkg_sig: bool) -> Finding {
    let detail = if dpkg_sig {
        "it has no debsigs signature; the one by dpkg-sig binds its contents by MD5 and SHA-1 only"
    } else {
        "it has no _gpg member"
    };
    Finding::reject(codes::DEB_UNSIGNED, subject, detail)
        .hint("the signed repository it comes from vouches for it by its hash: verify that")
}

/// Feeds the bytes from one offset to another.
pub(super) fn feed(
    file: &File,
    mut offset: u64,
    end: u64,
    sink: &mut impl Write,
) -> std::io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    while offset < end {
        let wanted = usize::try_from(end - offset).map_or(CHUNK, |rest| rest.min(CHUNK));
        let chunk = buffer.get_mut(..wanted).unwrap_or_default();
        file.read_exact_at(chunk, offset)?;
        sink.write_all(chunk)?;
        offset += wanted as u64;
    }
    Ok(())
}

/// Judges the members together, as one block: what rejects in one rejects the package,
/// an unknown signer of one is no matter beside a good signature in another, and
/// thresholds count over all of them.
fn judge(
    examination: &mut Examination,
    verifier: &Verifier,
    blocks: Vec<(String, SignatureBlock)>,
    hashes: &Hashes,
) {
    let mut objects = Vec::with_capacity(blocks.len());
    let mut reports = Vec::with_capacity(blocks.len());
    for (object, block) in blocks {
        objects.push(object);
        reports.push(verifier.hashed(Object::Package, &block, hashes));
    }
    let together = verifier.together(&reports);
    for (object, mut report) in objects.into_iter().zip(reports) {
        if matches!(together, Verdict::Accepted { .. }) {
            report.verdict = together.clone();
        }
        examination.add_signatures(object, report);
    }
}
