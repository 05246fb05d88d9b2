//! What a profile makes of the facts.

use pkgseal_repo::{Finding, Severity};

use crate::{Fingerprint, Profile, SignatureFacts, Status, Verdict, codes};

/// Enough good signatures by distinct certificates that count, and none that rejects.
pub(crate) fn of(profile: &Profile, signatures: &[SignatureFacts]) -> Verdict {
    let mut signers: Vec<Fingerprint> = Vec::new();
    let good = signatures
        .iter()
        .filter(|facts| facts.status == Status::Good);
    for certificate in good.filter_map(|facts| counted(profile, facts)) {
        if !signers.contains(certificate) {
            signers.push(certificate.clone());
        }
    }
    let reasons = if signers.len() >= profile.needed() {
        rejecting_beside_good(profile, signatures)
    } else {
        not_enough(profile, signatures, &signers)
    };
    if reasons.is_empty() {
        Verdict::Accepted { signers }
    } else {
        Verdict::Rejected { reasons }
    }
}

/// What rejects although enough are good.
fn rejecting_beside_good(profile: &Profile, signatures: &[SignatureFacts]) -> Vec<Finding> {
    let rule = profile.bad_beside_good_rejects();
    let rejecting = signatures.iter().filter_map(|facts| match facts.status {
        Status::Bad if rule.value && counted(profile, facts).is_some() => {
            let reason = facts.reason.clone()?;
            Some(reason.because(rule.line.clone()))
        }
        Status::Malformed => facts.reason.clone(),
        Status::Good
        | Status::Bad
        | Status::MissingCertificate
        | Status::BadKey(_)
        | Status::WeakAlgorithm
        | Status::NotYetValid
        | Status::Expired
        | Status::Unsupported => None,
    });
    rejecting.collect()
}

/// Why too few count; at least one reason.
fn not_enough(
    profile: &Profile,
    signatures: &[SignatureFacts],
    signers: &[Fingerprint],
) -> Vec<Finding> {
    let mut reasons: Vec<Finding> = Vec::new();
    let shut_out = signatures
        .iter()
        .filter(|facts| facts.status == Status::Good)
        .flat_map(|facts| &facts.notes)
        .filter(|note| note.code == codes::NOT_ALLOWED)
        .map(|note| Finding {
            severity: Severity::Reject,
            ..note.clone()
        });
    let given = signatures.iter().filter_map(|facts| facts.reason.clone());
    for reason in given.chain(shut_out) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if !signers.is_empty() {
        let plural = if signers.len() == 1 { "" } else { "s" };
        let detail = format!(
            "good signatures by {} distinct certificate{plural}, {} needed",
            signers.len(),
            profile.needed()
        );
        reasons.push(
            Finding::reject(codes::NOT_ENOUGH, "", detail)
                .because(profile.threshold_line())
                .hint("get the certificates of the other signers, or ask for their signatures"),
        );
    }
    if reasons.is_empty() {
        reasons.push(
            Finding::reject(codes::NONE, "", "there is no signature")
                .hint("ask the publisher for a signature"),
        );
    }
    reasons
}

/// The certificate of a signature, if the profile lets it count.
fn counted<'a>(profile: &Profile, facts: &'a SignatureFacts) -> Option<&'a Fingerprint> {
    let certificate = facts.certificate.as_ref()?;
    let key = facts.key.as_ref()?;
    profile.allows(certificate, key).then_some(certificate)
}
