//! The same certificate in several files: one copy, or several that differ.

use std::path::Path;

use pkgseal_openpgp::Certificate;
use pkgseal_repo::Finding;

use super::{AuditedCertificate, ByFingerprint, codes};
use crate::open::KeptFile;
use crate::open::file::quoted;

/// A copy of a certificate, and the files in which it is just so.
pub(super) struct Copy<'a> {
    pub(super) certificate: &'a Certificate,
    /// Places of files, each once, in order.
    pub(super) files: Vec<usize>,
}

/// Every copy once, in order.
pub(super) fn of(kept: &[KeptFile]) -> Vec<Copy<'_>> {
    let mut copies: Vec<Copy<'_>> = Vec::new();
    let mut known = ByFingerprint::new();
    for (place, file) in kept.iter().enumerate() {
        for certificate in &file.certificates {
            let same = known.entry(certificate.fingerprint()).or_default();
            let found = same.iter().copied().find(|index| {
                copies
                    .get(*index)
                    .is_some_and(|copy| copy.certificate == certificate)
            });
            match found.and_then(|index| copies.get_mut(index)) {
                Some(copy) => {
                    if copy.files.last() != Some(&place) {
                        copy.files.push(place);
                    }
                }
                None => {
                    same.push(copies.len());
                    copies.push(Copy {
                        certificate,
                        files: vec![place],
                    });
                }
            }
        }
    }
    copies
}

/// Says of copies that differ which one lacks what the other has.
pub(super) fn compare(copies: &[Copy<'_>], kept: &[KeptFile], rows: &mut [AuditedCertificate]) {
    let mut by_fingerprint = ByFingerprint::new();
    for (index, row) in rows.iter().enumerate() {
        by_fingerprint
            .entry(row.fingerprint.clone())
            .or_default()
            .push(index);
    }
    for same in by_fingerprint.values().filter(|same| same.len() > 1) {
        for &one in same {
            let findings = same
                .iter()
                .filter(|other| **other != one)
                .filter_map(|&other| beside(copies.get(one)?, copies.get(other)?, kept))
                .collect::<Vec<_>>();
            if let Some(row) = rows.get_mut(one) {
                row.findings.extend(findings);
            }
        }
    }
}

/// What one copy lacks beside another.
fn beside(one: &Copy<'_>, other: &Copy<'_>, kept: &[KeptFile]) -> Option<Finding> {
    let (mine, theirs) = (own(one.certificate)?, own(other.certificate)?);
    let merged = mine.clone().merge(theirs.clone()).ok()?;
    if merged == mine {
        return None;
    }
    let path = |copy: &Copy<'_>| {
        let file = copy.files.first().and_then(|place| kept.get(*place));
        file.map_or(String::new(), |file| {
            file.path.to_string_lossy().into_owned()
        })
    };
    let (here, there) = (path(one), path(other));
    let subject = one.certificate.fingerprint().to_string();
    let quoted = |text: &str| quoted(Path::new(text));
    let hint = format!(
        "put them together: pkgseal keyring merge --output NEW.gpg {} {}",
        quoted(&here),
        quoted(&there)
    );
    Some(if merged == theirs {
        let detail = format!(
            "the copy in {here} is older than the one in {there}, which has all of it and more"
        );
        Finding::warning(codes::STALE, subject, detail).hint(hint)
    } else {
        let detail =
            format!("the copies in {here} and {there} each have something the other lacks");
        Finding::warning(codes::DIVERGED, subject, detail).hint(hint)
    })
}

/// What others certify makes no copy older.
fn own(certificate: &Certificate) -> Option<Certificate> {
    let (certificates, _) = Certificate::parse_own(&certificate.to_binary());
    certificates.into_iter().next()
}
