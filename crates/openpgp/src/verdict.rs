//! What a profile makes of the facts.

use pkgseal_repo::{Finding, Severity};

use crate::{Fingerprint, Profile, SignatureFacts, Status, Verdict, codes};

/// Enough good signatures by distinct certificates that count, and none that rejects.
pub(crate) fn of(profile: &Profile, signatures: &[SignatureFacts]) -> Verdict {
    let mut signers: Vec<Fingerprint> = Vec::new();
    let mut reasons = Vec::new();
    for facts in signatures {
        match facts.status {
            Status::Good => {
                if let Some(certificate) = counted(profile, facts)
                    && !signers.contains(certificate)
                {
                    signers.push(certificate.clone());
                }
            }
            Status::Bad => {
                let rule = profile.bad_beside_good_rejects();
                if rule.value && counted(profile, facts).is_some() {
                    reasons.extend(facts.reason.clone().map(|reason| match reason.cause {
                        None => reason.because(rule.line),
                        Some(_) => reason,
                    }));
                }
            }
            Status::Malformed => reasons.extend(facts.reason.clone()),
            Status::MissingCertificate
            | Status::BadKey(_)
            | Status::WeakAlgorithm
            | Status::NotYetValid
            | Status::Expired
            | Status::Unsupported => {}
        }
    }
    if reasons.is_empty() && signers.len() >= profile.needed() {
        return Verdict::Accepted { signers };
    }
    if signers.len() < profile.needed() {
        for reason in signatures.iter().filter_map(|facts| facts.reason.as_ref()) {
            if !reasons.contains(reason) {
                reasons.push(reason.clone());
            }
        }
        let shut_out = signatures
            .iter()
            .filter(|facts| facts.status == Status::Good)
            .flat_map(|facts| &facts.notes)
            .filter(|note| note.code == codes::NOT_ALLOWED);
        for note in shut_out {
            reasons.push(Finding {
                severity: Severity::Reject,
                ..note.clone()
            });
        }
        if !signers.is_empty() {
            reasons.push(
                Finding::reject(
                    codes::NOT_ENOUGH,
                    "",
                    format!(
                        "good signatures by {} distinct certificate{}, {} needed",
                        signers.len(),
                        if signers.len() == 1 { "" } else { "s" },
                        profile.needed()
                    ),
                )
                .because(profile.threshold_line()),
            );
        }
    }
    if reasons.is_empty() {
        reasons.push(Finding::reject(codes::NONE, "", "there is no signature"));
    }
    Verdict::Rejected { reasons }
}

/// The certificate of a signature, if the profile lets it count.
fn counted<'a>(profile: &Profile, facts: &'a SignatureFacts) -> Option<&'a Fingerprint> {
    let certificate = facts.certificate.as_ref()?;
    let key = facts.key.as_ref()?;
    profile.allows(certificate, key).then_some(certificate)
}
