//! A signature that is not of the `repomd.xml` beside it: of which one it is, where that
//! can be told.

use jiff::Timestamp;
use pkgseal_openpgp::{Object, SignatureReport, Status, Verified, Verifier};
use pkgseal_repo::{Finding, Limits, Root, SafePath};

use super::generation::{Generation, moment, sha256};
use super::memory::Memory;
use super::repomd::Repomd;
use crate::codes;

/// Kept copies that are looked at.
const MOST_COPIES: usize = 32;

/// The two files, and who judged them.
pub(super) struct Pair<'a> {
    pub(super) root: &'a Root,
    /// Where `repomd.xml` is beneath the root.
    pub(super) path: &'a SafePath,
    pub(super) xml: &'a [u8],
    pub(super) asc: &'a [u8],
    pub(super) verifier: &'a Verifier,
    pub(super) limits: &'a Limits,
}

impl Pair<'_> {
    /// Says of which generation the signature is, after it was found to be of other
    /// content.
    pub(super) fn diagnose(
        &self,
        report: &SignatureReport,
        memory: Option<&Memory>,
    ) -> Option<Finding> {
        let created = report
            .signatures
            .iter()
            .filter(|signature| signature.status == Status::Bad)
            .filter_map(|signature| signature.created)
            .max();
        // A signature without a date, or of an unknown key, says nothing.
        let created = created?;
        let detail = self
            .kept_copy()
            .or_else(|| {
                let of = memory?.signed_at(created)?;
                Some(format!("it was made {created}, as that of {of}"))
            })
            .or_else(|| self.by_date(created))?;
        let subject = self.path.with_suffix(".asc").ok()?;
        Some(Finding::reject(
            codes::SIGNATURE_GENERATION,
            subject.as_str(),
            detail,
        ))
    }

    /// A kept `repomd.xml` that it signs, or a kept signature that is the right one.
    fn kept_copy(&self) -> Option<String> {
        let own_name = self.path.file_name();
        let own = [self.path.clone(), self.path.with_suffix(".asc").ok()?];
        let copies = self.root.walk(None).ok()?;
        let copies = copies.into_iter().filter_map(|(path, size)| {
            let path = path.ok()?;
            let kept = path.as_str().contains(own_name) && !own.contains(&path);
            (kept && size <= self.limits.repomd).then_some(path)
        });
        for path in copies.take(MOST_COPIES) {
            let Ok(Some(bytes)) = self.root.read(&path, self.limits.repomd) else {
                continue;
            };
            let judged = |xml: Vec<u8>, asc: &[u8]| {
                let judged = self.verifier.detached_bytes(Object::Repository, xml, asc);
                judged.accept().0
            };
            if let Some(sealed) = judged(bytes.clone(), self.asc) {
                let name = match Repomd::parse(sealed, self.limits) {
                    Ok(repomd) => {
                        let digests = sha256(&bytes);
                        format!(" ({})", Generation::of(digests, repomd.get(), None).name())
                    }
                    Err(_) => String::new(),
                };
                return Some(format!("it is the signature of {path}{name}"));
            }
            if judged(self.xml.to_vec(), &bytes).is_some() {
                return Some(format!("the signature of {} is {path}", self.path));
            }
        }
        None
    }

    /// A signature cannot be of files that were made after it.
    fn by_date(&self, created: Timestamp) -> Option<String> {
        // For words only: nothing is taken from it but a date.
        let bytes = Verified::danger_unverified(self.xml.to_vec());
        let repomd = Repomd::parse(bytes, self.limits).ok()?;
        let newest = moment(repomd.get().newest()?)?;
        (created < newest).then(|| {
            format!(
                "it was made {created}, and repomd.xml lists metadata of {newest}: it is of a \
                 generation before"
            )
        })
    }
}
