//! Adding a debsigs signature to a package.

use std::fs::File;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{Armor, Examination, SignatureForm, Signed, Signer, Verifier};
use pkgseal_repo::{Destination, Limits, Outcome, Severity, StagedFile};

use super::copy::Copy;
use super::verify;
use crate::debsig::Role;
use crate::layout::{Fault, Layout, Member};
use crate::{Error, Result};

/// Mode of the member, as debsigs and ar write it.
const MODE: u32 = 0o100_644;

/// What becomes of a signature that the role has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and signing again is refused.
    #[default]
    Keep,
    /// The new one takes its place in the archive.
    Replace,
}

/// How a package is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOptions {
    /// Whom the signature speaks for.
    pub role: Role,
    /// What becomes of the one that is there.
    pub existing: Existing,
}

impl Default for SignOptions {
    fn default() -> Self {
        Self {
            role: Role::ORIGIN,
            existing: Existing::Keep,
        }
    }
}

/// Signs a package: appends the role's member, or writes it in the place of the old one;
/// all signers in it, v4 before v6.
///
/// The package must be canonical, as [`verify`](super::verify) asks, and every other byte
/// of it is kept. It is read once, while it is copied to a staged file; the result is
/// verified with the signers' public certificates before it takes the target's place.
///
/// # Errors
/// [`Error::Refused`] for an archive that is not canonical, [`Error::AlreadySigned`] when
/// the role's member is there and stays, [`Error::NoSigner`]; [`Error::Repo`] and
/// [`Error::OpenPgp`] when reading, writing or signing fails. The old file is then whole.
pub fn sign(
    path: &Path,
    options: &SignOptions,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
) -> Result<Signed> {
    let (staged, examination) = stage(path, options, signers, time, destination, limits)?;
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
    options: &SignOptions,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
) -> Result<(StagedFile, Examination)> {
    let file = verify::open(path)?;
    stage_from(&file, path, options, signers, time, destination, limits)
}

/// As [`stage`], of an open file; `path` is what it is called, and where it may not even be
/// yet.
pub(crate) fn stage_from(
    file: &File,
    path: &Path,
    options: &SignOptions,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    limits: &Limits,
) -> Result<(StagedFile, Examination)> {
    if signers.is_empty() {
        return Err(Error::NoSigner);
    }
    let layout = canonical(file, path, limits)?;
    let mut name = options.role.member();
    let old = layout.signature(&name);
    if old.is_some() && options.existing == Existing::Keep {
        return Err(Error::AlreadySigned {
            path: path.to_owned(),
            member: name,
        });
    }
    let mut contexts = Vec::with_capacity(signers.len());
    for signer in signers {
        contexts.push(signer.hash()?);
    }
    if layout.slashes {
        name.push('/');
    }
    destination.prepare()?;
    let target = destination.resolve(path);
    let mut staged = StagedFile::create(&target)?;
    let mut copy = Copy::new(file, path, &mut staged);
    for member in &layout.signed {
        copy.upto(member.offset)?;
        copy.hashed(member.end(), &mut contexts)?;
    }
    copy.upto(old.map_or(layout.size, Member::start))?;
    let mut packets = Vec::with_capacity(signers.len());
    for (signer, context) in signers.iter().zip(contexts) {
        packets.push(signer.sign_hash(context, SignatureForm::Binary, time)?);
    }
    let signature = Signer::block(packets, Armor::Binary)?;
    let member = member(name, &signature, time).map_err(|error| Error::write(&target, error))?;
    copy.write(&member)?;
    if let Some(old) = old {
        copy.skip(old.next());
        copy.upto(layout.size)?;
    }
    let examination = verify::examine(
        &staged.reopen()?,
        &target,
        &Verifier::of_signers(signers, time),
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

/// The layout of a package that is to be changed: a rejected one never is.
pub(super) fn canonical(file: &File, path: &Path, limits: &Limits) -> Result<Layout> {
    Layout::read(file, &path.display().to_string(), limits).map_err(|fault| match fault {
        Fault::Reject(finding) => Error::Refused {
            path: path.to_owned(),
            findings: vec![*finding],
        },
        Fault::Io(error) => Error::read(path, error),
    })
}

/// The bytes of a member with its header and padding. The `ar` crate writes it as the
/// only one of an archive, and the archive's magic number is left out.
fn member(name: String, content: &[u8], time: Timestamp) -> io::Result<Vec<u8>> {
    let mut header = ar::Header::new(name.into_bytes(), content.len() as u64);
    header.set_mode(MODE);
    header.set_mtime(u64::try_from(time.as_second()).unwrap_or(0));
    let mut archive = ar::Builder::new(Vec::new());
    archive.append(&header, content)?;
    Ok(archive.into_inner()?.split_off(b"!<arch>\n".len()))
}
