//! Signatures of upstream tarballs.

use std::collections::BTreeMap;

use pkgseal_openpgp::{Examination, ObjectSignatures, SignatureBlock, SignatureReport, Status};
use pkgseal_repo::{Entry, Finding};

use super::super::files::Upstream;
use super::follow::Held;
use crate::codes;

/// The tarball an upstream signature is of, by its name.
pub(super) fn tarball_of(name: &str) -> Option<&str> {
    let tarball = name.strip_suffix(".asc")?;
    tarball.contains(".orig").then_some(tarball)
}

/// Signatures by the name of the tarball they are of.
pub(super) fn upstream<'a>(
    entries: &[Entry],
    held: &'a Held,
    examination: &mut Examination,
) -> BTreeMap<String, Upstream<'a>> {
    let mut found = BTreeMap::new();
    for (path, content) in held {
        let name = path.as_str();
        let Some(tarball) = tarball_of(name) else {
            continue;
        };
        if !entries.iter().any(|entry| entry.path.as_str() == tarball) {
            let detail = format!("{tarball} is not listed");
            let finding = Finding::reject(codes::UPLOAD_UPSTREAM_ORPHAN, name, detail);
            examination.report.push(finding);
            continue;
        }
        match SignatureBlock::parse(content) {
            Ok(block) => {
                found.insert(tarball.to_owned(), Upstream { name, block });
            }
            Err(finding) => examination.report.push(Finding {
                subject: name.to_owned(),
                ..finding
            }),
        }
    }
    found
}

/// An upstream signature that nobody here can judge is no fault of the upload.
pub(super) fn add_upstream(object: String, report: SignatureReport, examination: &mut Examination) {
    let unknown =
        |status: &Status| matches!(status, Status::MissingCertificate | Status::Unsupported);
    let mut facts = report.signatures.iter();
    if report.is_accepted() || !facts.all(|facts| unknown(&facts.status)) {
        examination.add_signatures(object, report);
        return;
    }
    let detail = "there is no certificate for it among those given";
    examination.report.push(
        Finding::note(codes::UPLOAD_UPSTREAM_UNKNOWN, &object, detail)
            .hint("give the source's debian/upstream/signing-key.asc with --keyring, too"),
    );
    examination
        .signatures
        .push(ObjectSignatures { object, report });
}
