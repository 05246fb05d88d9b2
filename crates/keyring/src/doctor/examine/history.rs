//! Parts beside each other, and over time: what was mended by halves.

use openpgp::Cert;
use pkgseal_repo::Severity;
use sequoia_openpgp as openpgp;

use super::{Examination, REISSUE};
use crate::codes::doctor as codes;
use crate::doctor::mend::in_force;
use crate::doctor::part::{Back, Bound, SelfSignature};
use crate::doctor::{Part, Remedy, words};

impl Examination {
    /// Parts that were renewed beside parts that were not.
    pub(super) fn half_mended(&mut self, parts: &[Bound], cert: &Cert) {
        let state = |bound: &Bound| bound.newest(self.now).map(SelfSignature::holds);
        let names = |holds: bool| -> Vec<String> {
            parts
                .iter()
                .filter(|bound| state(bound) == Some(holds))
                .map(|bound| bound.part.to_string())
                .collect()
        };
        let renewed = parts.iter().any(|bound| {
            // Strong today and weak before: somebody set out to mend it.
            state(bound) == Some(true) && bound.signatures.iter().any(|older| !older.holds())
        });
        let weak = names(false);
        let decides = parts
            .iter()
            .filter(|bound| state(bound) == Some(false))
            .filter_map(|bound| Some(self.weight(bound, bound.newest(self.now)?, parts, cert)))
            .any(|severity| severity == Severity::Reject);
        if weak.is_empty() || names(true).is_empty() || !(renewed || decides) {
            return;
        }
        let severity = if decides {
            Severity::Reject
        } else {
            Severity::Warning
        };
        let detail = format!(
            "{} is strong, {} is not: clients ask for both",
            words::list(&names(true)),
            words::list(&weak)
        );
        let finding = self
            .finding(codes::HALF_MENDED, severity, detail)
            .hint(REISSUE);
        self.add(finding, Part::Primary, None, Remedy::Reissue);
    }

    /// Times at which nothing strong was in force.
    pub(super) fn history(&mut self, parts: &[Bound]) {
        for bound in parts {
            let relevant = match &bound.part {
                Part::Primary => false,
                Part::UserId(_) => true,
                Part::Subkey(_) => bound
                    .signatures
                    .iter()
                    .any(|signature| !matches!(signature.back, Back::NotNeeded)),
            };
            if !relevant || !bound.newest(self.now).is_some_and(SelfSignature::holds) {
                continue;
            }
            let stronger = |weak: &SelfSignature| {
                bound
                    .signatures
                    .iter()
                    .any(|other| other.holds() && other.made <= weak.made)
            };
            let weak = in_force(bound, self.now)
                .into_iter()
                .rfind(|weak| !stronger(weak));
            let Some(weak) = weak else { continue };
            let first = bound
                .signatures
                .iter()
                .rfind(|strong| strong.holds() && strong.made > weak.made);
            let Some(first) = first else { continue };
            let detail = format!(
                "{}: between {} and {} only weak self-signatures were in force, and what was signed then is refused by clients that ask about that time",
                bound.part,
                words::moment(weak.made),
                words::moment(first.made)
            );
            let finding = self
                .finding(codes::WEAK_HISTORY, Severity::Warning, detail)
                .hint("sign the past anew too: pkgseal key doctor --fix KEYFILE");
            self.add(finding, bound.part.clone(), Some(weak), Remedy::Reissue);
        }
    }
}
