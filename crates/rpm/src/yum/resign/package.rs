//! One package of a repository that is signed.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use pkgseal_repo::{
    Destination, Finding, Limits, MultiHasher, Outcome, Root, SafePath, Severity, StagedFile,
    codes as repo_codes,
};

use super::{Packages, Placing, Signing};
use crate::codes;
use crate::error::{Error, Result};
use crate::package::{Existing, Head, Stop, examine, stage};
use crate::yum::primary::Package;
use crate::yum::rewrite::{Changed, drain, identifier};

/// What became of one package.
pub(super) enum Came {
    /// It is signed already.
    Signed,
    /// It was signed: what changed, the file, what is worth saying.
    Changed(Box<(Changed, StagedFile, Vec<Finding>)>),
}

impl Signing<'_> {
    /// Signs one package. The read that verifies what was written also gives its digest,
    /// and that of the old package, which differs before the main header only.
    pub(super) fn package(&self, package: &Package) -> Result<Came> {
        let publisher = &self.publisher;
        let limits = &publisher.options.limits;
        let place = &package.location;
        let root = Root::open(publisher.lock.root())?;
        // What the name leads to: nothing outside is ever signed.
        let file = match root.file(place) {
            Ok(Some(file)) => file,
            Ok(None) => {
                let detail = "the file does not exist";
                let finding = Finding::reject(repo_codes::FILE_MISSING, place.as_str(), detail);
                return Err(self.refused(vec![finding]));
            }
            Err(error) => return Err(error.into()),
        };
        let path = publisher.lock.root().join(place);
        let failed = |error| Error::read(&path, error);
        let Some((algorithm, old)) = identifier(&package.checksum) else {
            return Err(self.refused(vec![no_digest(place)]));
        };
        if !algorithm.is_strong() {
            let detail =
                format!("the metadata gives {algorithm} only, and SHA-256 or better is needed");
            let finding = Finding::reject(repo_codes::FILE_WEAK_DIGEST, place.as_str(), detail)
                .hint("make the metadata anew with: pkgseal yum index");
            return Err(self.refused(vec![finding]));
        }
        let length = file.metadata().map_err(failed)?.len();
        let head = match Head::read(&mut &file, length) {
            Ok(head) => head,
            Err(Stop::Io(error)) => return Err(failed(error)),
            Err(Stop::Malformed(finding)) => {
                let finding = Finding {
                    subject: place.to_string(),
                    ..*finding
                };
                return Err(self.refused(vec![finding]));
            }
        };
        if self.repository.packages == Packages::Missing
            && self.repository.sign.existing == Existing::Keep
            && self.is_good(&path, package, &head, length, limits)?
        {
            return Ok(Came::Signed);
        }

        let (mut staged, examination) = stage(
            &path,
            publisher.signers,
            publisher.time,
            &Destination::Beside,
            limits,
            &self.repository.sign,
        )?;
        let modified = publisher.time.as_second();
        let moment = UNIX_EPOCH + Duration::from_secs(u64::try_from(modified).unwrap_or(0));
        let dated = staged.file_mut().set_modified(moment);
        dated.map_err(|error| Error::write(&path, error))?;
        let mut written = staged.reopen()?;
        let size = written.metadata().map_err(failed)?.len();
        let new_head = match Head::read(&mut &written, size) {
            Ok(head) => head,
            Err(Stop::Io(error)) => return Err(failed(error)),
            Err(Stop::Malformed(finding)) => return Err(self.refused(vec![*finding])),
        };
        let mut old_hasher = MultiHasher::new([algorithm]);
        let mut new_hasher = MultiHasher::new([algorithm]);
        let old_front = head.bytes().get(..head.main_range().start);
        let new_front = new_head.bytes().get(..new_head.main_range().start);
        let rest = new_head.bytes().get(new_head.main_range().start..);
        old_hasher.update(old_front.unwrap_or_default());
        new_hasher.update(new_front.unwrap_or_default());
        for hasher in [&mut old_hasher, &mut new_hasher] {
            hasher.update(rest.unwrap_or_default());
        }
        drain(BufReader::with_capacity(1 << 20, &mut written), |bytes| {
            rayon::join(|| old_hasher.update(bytes), || new_hasher.update(bytes));
        })
        .map_err(failed)?;
        self.same(package, old_hasher)?;
        let new = new_hasher.finish().hex(algorithm).unwrap_or_default();
        let location = match self.repository.placing {
            Placing::InPlace => place.clone(),
            Placing::Apart => apart(place, &new)?,
        };
        let range = new_head.main_range();
        let changed = Changed {
            old,
            new,
            size,
            modified,
            header: range.start as u64..range.end as u64,
            location,
        };
        let mut findings = examination.report.findings;
        // That other names keep the old package is so for all of them, and in the help.
        findings.retain(|finding| {
            finding.severity >= Severity::Warning && finding.code != codes::HARD_LINKS
        });
        Ok(Came::Changed(Box::new((changed, staged, findings))))
    }

    /// Whether a package carries good signatures by all signers; it is then also what the
    /// metadata lists.
    fn is_good(
        &self,
        path: &Path,
        package: &Package,
        head: &Head,
        length: u64,
        limits: &Limits,
    ) -> Result<bool> {
        if !crate::package::is_signed(head) {
            return Ok(false);
        }
        let failed = |error| Error::read(path, error);
        let mut source = Hashing {
            file: File::open(path).map_err(failed)?,
            hasher: MultiHasher::new(package.checksum.algorithms()),
        };
        let subject = package.location.as_str();
        let found =
            examine(subject, &mut source, length, &self.verifier, limits).map_err(failed)?;
        if found.outcome() != Outcome::Accepted {
            return Ok(false);
        }
        self.same(package, source.hasher)?;
        Ok(true)
    }

    /// Refuses a package that is not the one that the metadata lists.
    fn same(&self, package: &Package, hasher: MultiHasher) -> Result<()> {
        let place = package.location.as_str();
        let count = hasher.count();
        let actual = hasher.finish();
        let size = package.size.is_none_or(|size| size == count);
        let strongest = package.checksum.strongest();
        let same = strongest.is_some_and(|a| package.checksum.get(a) == actual.get(a));
        if size && same {
            return Ok(());
        }
        let detail = "it is not the package that the metadata lists";
        let finding = Finding::reject(repo_codes::FILE_DIGEST, place, detail)
            .hint("make the metadata anew with: pkgseal yum index");
        Err(self.refused(vec![finding]))
    }
}

fn no_digest(place: &SafePath) -> Finding {
    let detail = "the metadata gives no digest of it";
    Finding::reject(codes::PRIMARY, place.as_str(), detail)
}

/// Where a signed package goes that is not to replace the old one.
fn apart(place: &SafePath, digest: &str) -> Result<SafePath> {
    let is_digest = |name: &str| name.len() >= 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    let parent = place.parent();
    // A folder that such a package has already is not nested.
    let parent = match &parent {
        Some(folder) if is_digest(folder.file_name()) => folder.parent(),
        other => other.clone(),
    };
    let below = format!("{digest}/{}", place.file_name());
    Ok(SafePath::new(&match parent {
        Some(parent) => format!("{parent}/{below}"),
        None => below,
    })?)
}

/// Hashes a file on its way to whoever judges it.
struct Hashing {
    file: File,
    hasher: MultiHasher,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_apart_are_not_nested() {
        let place = |text: &str| SafePath::new(text).unwrap();
        let (one, two) = ("1".repeat(64), "2".repeat(64));
        let first = apart(&place("Packages/a/x.rpm"), &one).unwrap();
        assert_eq!(first.as_str(), format!("Packages/a/{one}/x.rpm"));
        let second = apart(&first, &two).unwrap();
        assert_eq!(second.as_str(), format!("Packages/a/{two}/x.rpm"));
        let top = apart(&place("x.rpm"), &one).unwrap();
        assert_eq!(apart(&top, &two).unwrap().as_str(), format!("{two}/x.rpm"));
    }
}
