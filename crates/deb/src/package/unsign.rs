//! Taking signatures out of a package again.

use std::fs::File;
use std::path::Path;

use pkgseal_openpgp::{Examination, Signed};
use pkgseal_repo::{
    Destination, DigestAlgorithm, Digests, Finding, Limits, MultiHasher, StagedFile,
};

use super::copy::Copy;
use super::sign::canonical;
use super::verify::{self, KIND};
use crate::debsig::Role;
use crate::layout::{Layout, Member};
use crate::{Error, Result, codes};

/// Removes the signature of one role, or every `_gpg*` member (those by dpkg-sig
/// included) where no role is named: what is left is, bit for bit, the package before it
/// was signed.
///
/// The package must be canonical. What was written is read again before it takes the
/// target's place: the signed members must be the same and the named signatures gone.
///
/// # Errors
/// [`Error::NotSigned`] when there is no such signature, [`Error::Refused`] for an archive
/// that is not canonical, [`Error::Repo`]. The old file is then whole.
pub fn unsign(
    path: &Path,
    role: Option<&Role>,
    destination: &Destination,
    limits: &Limits,
) -> Result<Signed> {
    let file = verify::open(path)?;
    let layout = canonical(&file, path, limits)?;
    let named = role.map(Role::member);
    let removed = |member: &&Member| named.as_ref().is_none_or(|name| member.name == *name);
    let gone: Vec<&Member> = layout.signatures.iter().filter(removed).collect();
    if gone.is_empty() {
        return Err(Error::NotSigned {
            path: path.to_owned(),
            member: named.unwrap_or_else(|| "_gpg*".to_owned()),
        });
    }
    destination.prepare()?;
    let target = destination.resolve(path);
    let mut staged = StagedFile::create(&target)?;
    let mut copy = Copy::new(&file, path, &mut staged);
    for member in &gone {
        copy.upto(member.start())?;
        copy.skip(member.next());
    }
    copy.upto(layout.size)?;

    let mut examination = Examination::new(KIND, target.display().to_string());
    for member in &gone {
        let detail = format!("{} with {} bytes was removed", member.name, member.size);
        let finding = Finding::note(codes::DEB_REMOVED, examination.subject.clone(), detail);
        examination.report.push(finding);
    }
    let kept = layout.signatures.iter().filter(|member| !removed(member));
    let kept: Vec<&str> = kept.map(|member| member.name.as_str()).collect();
    check(&file, path, &layout, &kept, &mut staged, limits)?;
    let outputs = vec![staged.target().to_owned()];
    staged.commit()?;
    Ok(Signed {
        outputs,
        examination,
    })
}

/// Reads what was written: the same signed members, the same other signatures.
fn check(
    file: &File,
    path: &Path,
    layout: &Layout,
    kept: &[&str],
    staged: &mut StagedFile,
    limits: &Limits,
) -> Result<()> {
    let target = staged.target().to_owned();
    let written = staged.reopen()?;
    let found = canonical(&written, &target, limits)?;
    let names = found.signatures.iter().map(|member| member.name.as_str());
    let whole = names.eq(kept.iter().copied())
        && digests(file, path, layout)? == digests(&written, &target, &found)?;
    if whole {
        return Ok(());
    }
    let detail = "what was written is not the package without its signatures";
    Err(Error::Refused {
        path: target.clone(),
        findings: vec![Finding::reject(
            codes::DEB_REMOVED,
            target.display().to_string(),
            detail,
        )],
    })
}

/// A digest of everything before the signatures, headers included.
fn digests(file: &File, path: &Path, layout: &Layout) -> Result<Digests> {
    let mut hasher = MultiHasher::new([DigestAlgorithm::Sha256]);
    let end = layout.signed.last().map_or(0, Member::next);
    verify::feed(file, 0, end, &mut hasher).map_err(|error| Error::read(path, error))?;
    Ok(hasher.finish())
}
