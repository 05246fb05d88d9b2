//! Adding a debsigs signature to a package.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{Armor, Examination, HashContext, SignatureForm, Signed, Signer, Verifier};
use pkgseal_repo::{Destination, Limits, Outcome, Severity, StagedFile};

use super::{CHUNK, verify};
use crate::debsig::Role;
use crate::layout::{Fault, Layout};
use crate::{Error, Result};

/// Mode of the member, as debsigs and ar write it.
const MODE: u32 = 0o100_644;

/// Signs a package: appends the member of `role`, all signers in it, v4 before v6.
///
/// The package must be canonical, as [`verify`](super::verify) asks, and every byte of it
/// is kept. It is read once, while it is copied to a staged file; the result is verified
/// with the signers' public certificates before it takes the target's place.
///
/// # Errors
/// [`Error::Refused`] for an archive that is not canonical, [`Error::AlreadySigned`] when
/// the role's member is there, [`Error::NoSigner`]; [`Error::Repo`] and
/// [`Error::OpenPgp`] when reading, writing or signing fails. The old file is then whole.
pub fn sign(
    path: &Path,
    role: Role,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
) -> Result<Signed> {
    let (staged, examination) = stage(path, role, signers, time, destination, limits)?;
    let outputs = vec![staged.target().to_owned()];
    staged.commit()?;
    Ok(Signed {
        outputs,
        examination,
    })
}

/// As [`sign`], but leaves the signed and verified package staged: many of them may become
/// visible together as one [`StagedSet`](pkgseal_repo::StagedSet).
///
/// # Errors
/// As [`sign`].
pub fn stage(
    path: &Path,
    role: Role,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
) -> Result<(StagedFile, Examination)> {
    if signers.is_empty() {
        return Err(Error::NoSigner);
    }
    let file = verify::open(path)?;
    let layout =
        Layout::read(&file, &path.display().to_string(), limits).map_err(|fault| match fault {
            Fault::Reject(finding) => Error::Refused {
                path: path.to_owned(),
                findings: vec![*finding],
            },
            Fault::Io(error) => Error::read(path, error),
        })?;
    if layout.signature(role.member()).is_some() {
        return Err(Error::AlreadySigned {
            path: path.to_owned(),
            member: role.member().to_owned(),
        });
    }
    let mut contexts = Vec::with_capacity(signers.len());
    for signer in signers {
        contexts.push(signer.hash()?);
    }
    let mut member = role.member().to_owned();
    if layout.slashes {
        member.push('/');
    }
    destination.prepare()?;
    let target = destination.resolve(path);
    let mut staged = StagedFile::create(&target)?;
    copy(&file, path, &layout, &mut contexts, &mut staged)?;
    let mut packets = Vec::with_capacity(signers.len());
    for (signer, context) in signers.iter().zip(contexts) {
        packets.push(signer.sign_hash(context, SignatureForm::Binary, time)?);
    }
    let signature = Signer::block(packets, Armor::Binary)?;
    append(&mut staged, member, &signature, time).map_err(|error| Error::write(&target, error))?;

    let examination = verify::examine(
        &staged.reopen()?,
        &target,
        &self_verifier(signers, time),
        limits,
    )?;
    if examination.outcome() != Outcome::Accepted {
        let mut findings = examination.report.findings;
        findings.retain(|finding| finding.severity >= Severity::Undecided);
        return Err(Error::Refused {
            path: target,
            findings,
        });
    }
    Ok((staged, examination))
}

/// Accepts only when every signer's certificate accepts its signature.
pub(crate) fn self_verifier(signers: &[Signer], time: Timestamp) -> Verifier {
    Verifier::of_signers(signers, time)
}

/// Copies the whole file, feeding the signed members' contents to every hash.
fn copy(
    file: &File,
    path: &Path,
    layout: &Layout,
    contexts: &mut [HashContext],
    staged: &mut StagedFile,
) -> Result<()> {
    let mut buffer = vec![0; CHUNK];
    let mut position = 0;
    let mut pass = |upto: u64, hashed: bool| -> Result<()> {
        while position < upto {
            let wanted = usize::try_from(upto - position).map_or(CHUNK, |rest| rest.min(CHUNK));
            let chunk = buffer.get_mut(..wanted).unwrap_or_default();
            file.read_exact_at(chunk, position)
                .map_err(|error| Error::read(path, error))?;
            if hashed {
                for context in contexts.iter_mut() {
                    context
                        .write_all(chunk)
                        .map_err(|error| Error::read(path, error))?;
                }
            }
            staged
                .write_all(chunk)
                .map_err(|error| Error::write(path, error))?;
            position += wanted as u64;
        }
        Ok(())
    };
    for member in &layout.signed {
        pass(member.offset, false)?;
        pass(member.offset + member.size, true)?;
    }
    pass(layout.size, false)
}

/// Appends the signature member. The `ar` crate writes it as the only member of an
/// archive, and the archive's magic number is left out.
fn append(
    staged: &mut StagedFile,
    name: String,
    signature: &[u8],
    time: Timestamp,
) -> io::Result<()> {
    let mut header = ar::Header::new(name.into_bytes(), signature.len() as u64);
    header.set_mode(MODE);
    header.set_mtime(u64::try_from(time.as_second()).unwrap_or(0));
    let mut archive = ar::Builder::new(Vec::new());
    archive.append(&header, signature)?;
    let archive = archive.into_inner()?;
    let member = archive.get(b"!<arch>\n".len()..).unwrap_or_default();
    let mut writer = BufWriter::new(staged);
    writer.write_all(member)?;
    writer.flush()
}
