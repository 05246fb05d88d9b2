//! Signatures by dpkg-sig: judged, told, and counted only where the profile says so.

use pkgseal_openpgp::cleartext::TrailingBlanks;
use pkgseal_openpgp::{
    Examination, Object, ObjectSignatures, SignatureReport, Status, Verdict, Verifier,
};
use pkgseal_repo::{Finding, Severity};

use super::read::Package;
use super::verify::FROM_REPOSITORY;
use crate::{codes, dpkg_sig};

/// A judged signature by dpkg-sig.
pub(super) struct Weak {
    object: String,
    report: SignatureReport,
    /// What the list it covers says of the members; none where nobody vouches for it.
    list: Option<Vec<Finding>>,
}

impl Weak {
    /// Judges the message in the member `name`; its list is read only if it is accepted.
    pub(super) fn judge(
        name: &str,
        object: String,
        message: &[u8],
        package: &Package,
        verifier: &Verifier,
    ) -> Self {
        // dpkg-sig writes a blank behind `Files:`, which the signature does not cover.
        let judged = verifier.cleartext_with(Object::Package, message, TrailingBlanks::Drop);
        let (text, report) = judged.accept();
        let members = &package.layout.signed;
        let list =
            text.map(|text| dpkg_sig::compare(&text, name, &object, members, &package.digests));
        Self {
            object,
            report,
            list,
        }
    }

    /// Whether somebody known vouches for what is not so, or nobody can tell what it says.
    fn is_broken(&self) -> bool {
        let wrong = |status: &Status| matches!(status, Status::Bad | Status::Malformed);
        self.report.signatures.is_empty()
            || self.report.signatures.iter().any(|one| wrong(&one.status))
    }

    /// Adds what was found; `alone` where no other kind of signature was judged.
    pub(super) fn tell(self, alone: bool, verifier: &Verifier, examination: &mut Examination) {
        let broken = self.is_broken();
        let Self {
            object,
            mut report,
            list,
        } = self;
        let Some(list) = list else {
            if broken || alone {
                examination.add_signatures(object, report);
                return;
            }
            // As an unknown signer beside a good one.
            for finding in report.findings(&object) {
                examination.report.push(Finding {
                    severity: Severity::Note,
                    ..finding
                });
            }
            examination
                .signatures
                .push(ObjectSignatures { object, report });
            return;
        };
        let rejected = list.iter().any(|one| one.severity == Severity::Reject);
        list.into_iter()
            .for_each(|one| examination.report.push(one));
        let (may_count, line) = verifier.profile().collision_weak(Object::Package);
        let detail = "a good signature by dpkg-sig, which binds the contents by MD5 and SHA-1 only";
        let weight = match (rejected, alone, may_count) {
            (true, _, _) | (false, false, _) => None,
            (false, true, true) => Some(Severity::Warning),
            (false, true, false) => Some(Severity::Reject),
        };
        let finding = match weight {
            None => Finding::note(codes::DEB_DPKG_SIG, object.clone(), detail),
            Some(weight) => Finding::new(codes::DPKG_SIG_WEAK, weight, object.clone(), detail)
                .because(line)
                .hint(FROM_REPOSITORY),
        };
        if weight == Some(Severity::Warning) {
            for note in report.findings(&object) {
                examination.report.push(note);
            }
        } else {
            let reasons = vec![finding.clone()];
            report.verdict = Verdict::Rejected { reasons };
        }
        examination.report.push(finding);
        examination
            .signatures
            .push(ObjectSignatures { object, report });
    }
}
