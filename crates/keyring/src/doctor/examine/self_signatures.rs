//! The self-signature in force on each part.

use std::time::SystemTime;

use openpgp::Cert;
use openpgp::types::SignatureType;
use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::Severity;
use sequoia_openpgp as openpgp;

use super::{Examination, REISSUE};
use crate::codes::doctor as codes;
use crate::doctor::critical::not_understood;
use crate::doctor::part::{Back, Bound, SelfSignature, fingerprint, is_weak};
use crate::doctor::{Part, Remedy, words};

impl Examination {
    /// The self-signature in force today, and those that should be.
    pub(super) fn part(&mut self, bound: &Bound, all: &[Bound], cert: &Cert) {
        for signature in &bound.signatures {
            if signature.made > self.now {
                let detail = format!(
                    "{}: its self-signature is of {}, which is yet to come",
                    bound.part,
                    words::moment(signature.made)
                );
                let finding = self
                    .finding(codes::FUTURE, Severity::Warning, detail)
                    .hint("set the clock of the machine that signed it right, and wait until then");
                self.add(
                    finding,
                    bound.part.clone(),
                    Some(signature),
                    Remedy::Nothing,
                );
            }
        }
        let Some(newest) = bound.newest(self.now) else {
            return self.unbound(bound);
        };
        let severity = self.weight(bound, newest, all, cert);
        self.strength(bound, newest, severity);
        self.back(bound, newest, severity);
        self.critical(bound, newest);
        self.says(bound, newest, cert);
    }

    /// A part that nothing holds at this moment.
    fn unbound(&mut self, bound: &Bound) {
        // A certificate may do without direct-key signature.
        if bound.part == Part::Primary {
            return;
        }
        let detail = match bound.signatures.first() {
            Some(expired) if expired.expired(self.now) => {
                format!("{}: its self-signature itself has expired", bound.part)
            }
            Some(_) => return,
            None => format!("{}: no self-signature on it verifies", bound.part),
        };
        let finding = self
            .finding(codes::UNBOUND, Severity::Warning, detail)
            .hint("if it is yours, bind it anew with gpg or sq; clients ignore it as it is");
        self.add(finding, bound.part.clone(), None, Remedy::Nothing);
    }

    /// How much it matters that a part does not count: all, where the certificate stands
    /// on it, or a key that signs today.
    pub(super) fn weight(
        &self,
        bound: &Bound,
        newest: &SelfSignature,
        all: &[Bound],
        cert: &Cert,
    ) -> Severity {
        let decides = match &bound.part {
            Part::Primary | Part::UserId(_) => !all
                .iter()
                .filter(|other| !matches!(other.part, Part::Subkey(_)))
                .any(|other| other.newest(self.now).is_some_and(SelfSignature::holds)),
            Part::Subkey(of) => {
                !matches!(newest.back, Back::NotNeeded) && !expired(cert, of, newest, self.now)
            }
        };
        if decides {
            Severity::Reject
        } else {
            Severity::Warning
        }
    }

    fn strength(&mut self, bound: &Bound, newest: &SelfSignature, severity: Severity) {
        let signature = &newest.signature;
        let made = words::moment(newest.made);
        let digest = words::digest(signature.hash_algo());
        if signature.version() <= 3 {
            let detail = format!(
                "{}: its self-signature of {made} is a version {} signature",
                bound.part,
                signature.version()
            );
            let finding = self
                .finding(codes::OLD_SELF_SIGNATURE, severity, detail)
                .hint(REISSUE);
            self.add(finding, bound.part.clone(), Some(newest), Remedy::Reissue);
        }
        if newest.is_weak() {
            let (code, what) = match &bound.part {
                Part::Subkey(_) => (codes::WEAK_BINDING, "binding signature"),
                Part::Primary => (codes::WEAK_SELF_SIGNATURE, "direct-key self-signature"),
                Part::UserId(_) => (codes::WEAK_SELF_SIGNATURE, "self-signature"),
            };
            let detail = format!("{}: its {what} of {made} uses {digest}", bound.part);
            let finding = self.finding(code, severity, detail).hint(REISSUE);
            self.add(finding, bound.part.clone(), Some(newest), Remedy::Reissue);
        }
    }

    fn back(&mut self, bound: &Bound, newest: &SelfSignature, severity: Severity) {
        let made = words::moment(newest.made);
        let (code, detail) = match &newest.back {
            Back::NotNeeded => return,
            Back::Missing => (
                codes::NO_BACK_SIGNATURE,
                format!(
                    "{}: it signs, and its binding of {made} carries no back-signature",
                    bound.part
                ),
            ),
            Back::Bad => (
                codes::BAD_BACK_SIGNATURE,
                format!(
                    "{}: the back-signature in its binding of {made} is not by this subkey over this certificate",
                    bound.part
                ),
            ),
            Back::Good(back) if is_weak(back) => (
                codes::WEAK_BACK_SIGNATURE,
                format!(
                    "{}: the back-signature in its binding of {made} uses {}",
                    bound.part,
                    words::digest(back.hash_algo())
                ),
            ),
            Back::Good(_) => return,
        };
        let finding = self.finding(code, severity, detail).hint(REISSUE);
        self.add(finding, bound.part.clone(), Some(newest), Remedy::Reissue);
    }

    fn critical(&mut self, bound: &Bound, newest: &SelfSignature) {
        let back = match &newest.back {
            Back::Good(back) => Some(&**back),
            _ => None,
        };
        let unknown = std::iter::once(&newest.signature)
            .chain(back)
            .find_map(not_understood);
        if let Some(what) = unknown {
            let detail = format!(
                "{}: its self-signature of {} carries {what}",
                bound.part,
                words::moment(newest.made)
            );
            let finding = self
                .finding(codes::CRITICAL, Severity::Reject, detail)
                .hint("only the key's holder knows what it says: make the self-signature anew without it");
            self.add(finding, bound.part.clone(), Some(newest), Remedy::Nothing);
        }
    }

    /// What the self-signature leaves unsaid.
    fn says(&mut self, bound: &Bound, newest: &SelfSignature, cert: &Cert) {
        let direct = cert
            .primary_key()
            .self_signatures()
            .any(|signature| signature.typ() == SignatureType::DirectKey);
        let flags = newest.signature.key_flags();
        let certifying =
            matches!(bound.part, Part::UserId(_)) && !direct || bound.part == Part::Primary;
        let subkey = matches!(bound.part, Part::Subkey(_));
        if (certifying || subkey) && flags.is_none() {
            let alone = certifying && cert.keys().count() == 1;
            let severity = if alone {
                Severity::Warning
            } else {
                Severity::Note
            };
            let detail = format!(
                "{}: its self-signature of {} does not say what the key is for",
                bound.part,
                words::moment(newest.made)
            );
            let finding = self.finding(codes::NO_KEY_FLAGS, severity, detail).hint(
                "state it: gpg --expert --edit-key, command change-usage, or a new signing subkey: pkgseal key subkey add",
            );
            self.add(finding, bound.part.clone(), Some(newest), Remedy::AddSubkey);
        }
        if certifying && newest.signature.features().is_none() {
            let detail = format!("{}: its self-signature lists no features", bound.part);
            let finding = self.finding(codes::NO_FEATURES, Severity::Note, detail);
            self.add(finding, bound.part.clone(), Some(newest), Remedy::Nothing);
        }
    }
}

/// Whether a subkey expired by its own binding.
fn expired(cert: &Cert, of: &Fingerprint, newest: &SelfSignature, now: SystemTime) -> bool {
    let created = cert
        .keys()
        .subkeys()
        .find(|subkey| fingerprint(&subkey.key().fingerprint()) == *of)
        .map(|subkey| subkey.key().creation_time());
    created
        .zip(newest.signature.key_validity_period())
        .and_then(|(created, period)| created.checked_add(period))
        .is_some_and(|expires| expires <= now)
}
