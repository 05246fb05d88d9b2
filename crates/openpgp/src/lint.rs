//! What is wrong with a certificate, in words its owner can act on.

use jiff::{SignedDuration, Timestamp};
use openpgp::packet::Signature;
use pkgseal_repo::Finding;
use sequoia_openpgp as openpgp;

use crate::algorithm::Algorithm;
use crate::keystate::{self, Assessment};
use crate::profile::Use;
use crate::{Certificate, Certificates, Fingerprint, KeyState, Profile, codes, time};

/// A key that expires within this time is about to.
const SOON: SignedDuration = SignedDuration::from_hours(90 * 24);

pub(crate) fn lint(certificate: &Certificate, profile: &Profile, now: Timestamp) -> Vec<Finding> {
    let subject = certificate.fingerprint().to_string();
    let mut findings = signing(certificate, profile, now, &subject);
    findings.extend(weak_self_signatures(certificate, profile, &subject));
    if certificate.cert().userids().next().is_none() {
        findings.push(Finding::note(
            codes::CERTIFICATE_NO_USER_ID,
            &subject,
            "the certificate has no user ID",
        ));
    }
    findings
}

/// What can sign, for how long, and if nothing can, why not.
fn signing(
    certificate: &Certificate,
    profile: &Profile,
    now: Timestamp,
    subject: &str,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut reasons = Vec::new();
    let mut live = false;
    let at = time::system(now);
    for key in certificate.cert().keys() {
        let assessment = keystate::assess(&key, &Certificates::default(), profile, at, at);
        let fingerprint = key.key().fingerprint();
        if assessment.state != KeyState::Live {
            reasons.extend(unfit(&assessment).map(|why| (why, assessment.cause)));
            continue;
        }
        live = true;
        let algorithm = Algorithm::of(key.key());
        if let Some(line) = profile.small_key(&algorithm) {
            let detail = format!("the key {fingerprint} is {}", algorithm.name);
            findings.push(Finding::note(codes::WEAK_KEY, subject, detail).because(line));
        }
        let (expires, _) = keystate::lifetime(&key, at);
        findings.extend(match expires.map(time::timestamp) {
            None => Some(
                Finding::note(
                    codes::CERTIFICATE_NO_EXPIRY,
                    subject,
                    format!("the key {fingerprint} never expires"),
                )
                .hint("give it an expiry of a year or two, and extend it in time"),
            ),
            Some(expires) if expires.duration_since(now) < SOON => Some(
                Finding::warning(
                    codes::CERTIFICATE_EXPIRES_SOON,
                    subject,
                    format!("the key {fingerprint} expires at {expires}"),
                )
                .hint("extend it and publish the certificate again"),
            ),
            Some(_) => None,
        });
    }
    if !live {
        let (why, cause) = reasons
            .into_iter()
            .next()
            .unwrap_or_else(|| ("none is meant to".to_owned(), None));
        let mut finding = Finding::warning(
            codes::CERTIFICATE_CANNOT_SIGN,
            subject,
            format!("no key of the certificate can sign files now: {why}"),
        );
        finding.cause = cause;
        findings.push(finding);
    }
    findings
}

/// Why a key cannot sign, as a finding about it.
pub(crate) fn reason(assessment: &Assessment, key: &Fingerprint) -> Option<Finding> {
    let words = unfit(assessment)?;
    let mut finding = Finding::warning(assessment.code, key.to_string(), words);
    finding.cause.clone_from(&assessment.cause);
    Some(finding)
}

/// Why a key that is meant to sign cannot.
fn unfit(assessment: &Assessment) -> Option<String> {
    match &assessment.state {
        KeyState::Live | KeyState::NotForSigning => None,
        KeyState::Expired { at, .. } => Some(format!("expired at {at}")),
        KeyState::NotYetValid { from } => Some(format!("valid from {from} only")),
        KeyState::Revoked(revocation) => Some(match revocation.at {
            Some(at) => format!("revoked at {at}"),
            None => "revoked".to_owned(),
        }),
        KeyState::Unbound { reason } | KeyState::Weak { reason } => Some(reason.clone()),
    }
}

/// The newest self-signature of each part, where the profile does not count it.
fn weak_self_signatures(
    certificate: &Certificate,
    profile: &Profile,
    subject: &str,
) -> Vec<Finding> {
    let cert = certificate.cert();
    let newest_on_user_ids = cert.userids().filter_map(|user_id| {
        let by = keystate::used(user_id.userid().hash_algo_security());
        Some((user_id.self_signatures().next()?, by))
    });
    let newest_on_keys = cert
        .keys()
        .filter_map(|key| Some((key.self_signatures().next()?, Use::SelfSignature)));
    let mut findings: Vec<Finding> = newest_on_keys
        .chain(newest_on_user_ids)
        .flat_map(|(signature, by)| {
            let embedded = signature.embedded_signatures();
            let embedded = embedded.map(|signature| (signature, Use::SelfSignature));
            std::iter::once((signature, by)).chain(embedded)
        })
        .filter_map(|(signature, by)| weak(signature, by, profile, subject))
        .collect();
    findings.dedup();
    findings
}

fn weak(signature: &Signature, used: Use, profile: &Profile, subject: &str) -> Option<Finding> {
    let (what, line) = keystate::below_profile(signature, used, profile)?;
    Some(
        Finding::warning(codes::WEAK_BINDING, subject, what)
            .because(line)
            .hint("renew the self-signatures with SHA-512 (sq cert lint --fix) and publish the certificate again"),
    )
}
