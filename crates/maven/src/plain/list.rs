//! One list of checksums and the signatures on it.

use pkgseal_openpgp::{Object, ObjectSignatures, SignatureReport, Status, Verified, Verifier};
use pkgseal_repo::{Finding, Limits, Root, SafePath, Severity, codes as repo_codes};

use crate::sums::{Named, Sums};
use crate::{Result, codes};

/// First line of a clearsigned list.
const CLEAR: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";

/// What became of a list.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// What it lists, if somebody known signed it and it could be read.
    pub(super) sums: Option<Verified<Sums>>,
    pub(super) signatures: Vec<ObjectSignatures>,
    pub(super) findings: Vec<Finding>,
}

/// Judges a list by the signatures beside it, or around it.
pub(super) fn judge(
    root: &Root,
    list: &SafePath,
    named: Named,
    beside: &[SafePath],
    verifier: &Verifier,
    limits: &Limits,
) -> Result<Judged> {
    let mut judged = Judged::default();
    let Some(found) = read(root, list, limits.release, &mut judged)? else {
        return Ok(judged);
    };
    let mut text: Option<Verified<Vec<u8>>> = None;
    let mut reports = Vec::new();
    if let Some(clear) = found.as_deref().filter(|bytes| bytes.starts_with(CLEAR)) {
        let (verified, report) = verifier.cleartext(Object::Artifact, clear).accept();
        reports.push((list.to_string(), report));
        text = verified;
        for signature in beside {
            judged.findings.push(Finding::warning(
                codes::SUMS_DIFFER,
                signature.as_str(),
                "it was not looked at: the list carries its signature around it",
            ));
        }
    } else {
        for path in beside {
            let Some(Some(signature)) = read(root, path, limits.release, &mut judged)? else {
                continue;
            };
            let object = format!("{list} ({})", path.file_name());
            if !signature.starts_with(CLEAR) {
                let Some(bytes) = &found else {
                    judged.findings.push(Finding::reject(
                        repo_codes::FILE_MISSING,
                        list.as_str(),
                        format!("the list that {path} signs does not exist"),
                    ));
                    continue;
                };
                let (verified, report) = verifier
                    .detached_bytes(Object::Artifact, bytes.clone(), &signature)
                    .accept();
                text = text.or(verified);
                reports.push((object, report));
                continue;
            }
            let (verified, report) = verifier.cleartext(Object::Artifact, &signature).accept();
            reports.push((object, report));
            match (verified, &found) {
                // Whoever checks files by one must not read something else in the other.
                (Some(signed), Some(bytes)) if signed.get() != bytes => {
                    judged.findings.push(Finding::reject(
                        codes::SUMS_DIFFER,
                        list.as_str(),
                        format!("it is not what is signed in {path}"),
                    ));
                }
                (verified, _) => text = text.or(verified),
            }
        }
    }
    if reports.is_empty() && judged.findings.is_empty() {
        judged.findings.push(
            Finding::warning(
                codes::SUMS_UNSIGNED,
                list.as_str(),
                "the list is not signed: it was not read, and vouches for nothing",
            )
            .hint("fetch its signature too: SHA256SUMS.asc, .gpg or .sig"),
        );
    }
    let any = reports.iter().any(|(_, report)| report.is_accepted());
    for (object, report) in reports {
        judged.add(object, report, any);
    }
    let broken = judged
        .findings
        .iter()
        .any(|f| f.severity >= Severity::Undecided);
    // One signature that is wrong says that the list may be another than one that is good.
    if let Some(text) = text.filter(|_| !broken) {
        match Sums::parse(text, list.as_str(), named) {
            Ok(sums) => judged.sums = Some(sums),
            Err(finding) => judged.findings.push(finding),
        }
    }
    Ok(judged)
}

impl Judged {
    /// Adds a judgement; one by strangers alone changes nothing where another is accepted.
    fn add(&mut self, object: String, report: SignatureReport, any: bool) {
        let foreign = !report.signatures.is_empty()
            && report.signatures.iter().all(|facts| {
                matches!(
                    facts.status,
                    Status::MissingCertificate | Status::Unsupported
                )
            });
        let mut findings = report.findings(&object);
        if any && foreign {
            for finding in &mut findings {
                finding.severity = Severity::Note;
            }
        }
        self.findings.extend(findings);
        self.signatures.push(ObjectSignatures { object, report });
    }

    /// Who signed it, in words.
    pub(super) fn signers(&self) -> String {
        let accepted = self
            .signatures
            .iter()
            .filter_map(|object| object.report.accepted_signers())
            .flatten();
        let mut all: Vec<String> = accepted.map(ToString::to_string).collect();
        all.sort();
        all.dedup();
        all.join(", ")
    }
}

/// Reads a whole small file: `None` when that failed and was told, `Some(None)` when there
/// is none.
fn read(
    root: &Root,
    path: &SafePath,
    limit: u64,
    judged: &mut Judged,
) -> Result<Option<Option<Vec<u8>>>> {
    match root.read(path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(pkgseal_repo::Error::TooLarge { limit, .. }) => {
            let detail = format!("it is larger than {limit} bytes");
            let finding = Finding::reject(repo_codes::LIMIT, path.as_str(), detail);
            judged.findings.push(finding);
            Ok(None)
        }
        Err(error) => {
            let finding = crate::examine::unreadable(path.to_string(), error.into())?;
            judged.findings.push(finding);
            Ok(None)
        }
    }
}
