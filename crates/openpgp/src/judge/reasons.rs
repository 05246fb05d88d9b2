//! The reasons, in words a person can act on.

use jiff::Timestamp;
use pkgseal_repo::Finding;

use super::rejected;
use crate::keystate::Assessment;
use crate::{BadKey, Fingerprint, KeyState, Mathematics, SignatureFacts, Status, codes, time};

/// What only the publisher can do.
pub(super) const SIGN_AGAIN: &str = "ask the publisher to sign again with a current tool";

/// Nobody at hand can have made it. The digest's first bits still tell whether the
/// content is what somebody signed.
pub(super) fn missing(blank: SignatureFacts, prefix: bool) -> SignatureFacts {
    let mathematics = if prefix {
        Mathematics::PrefixMatches
    } else {
        Mathematics::PrefixDiffers
    };
    let (detail, hint) = match blank.issuers.first() {
        Some(issuer) => (
            if prefix {
                format!("signed by {issuer}, for which no certificate is at hand")
            } else {
                format!(
                    "the content is not what {issuer} signed (the digest differs); no certificate is at hand for that signer either"
                )
            },
            format!(
                "get the certificate {issuer} from its owner over a trusted way and pass it with --keyring FILE"
            ),
        ),
        None => (
            "the signature does not say who made it".to_owned(),
            SIGN_AGAIN.to_owned(),
        ),
    };
    let reason = Finding::reject(codes::MISSING_CERTIFICATE, "", detail).hint(hint);
    let facts = SignatureFacts {
        mathematics,
        ..blank
    };
    rejected(facts, Status::MissingCertificate, reason)
}

pub(super) fn unsupported(algorithm: &str) -> Finding {
    let detail = format!("{algorithm} is not supported here");
    Finding::reject(codes::UNSUPPORTED, "", detail)
        .hint("a newer pkgseal may know it; or ask the publisher for a second signature with RSA or Ed25519")
}

/// What has become of the key since it signed.
pub(super) fn state_now(facts: &SignatureFacts, today: &Assessment) -> Option<(BadKey, Finding)> {
    let who = whose(facts);
    let signed = when(facts.created);
    let (bad, code, detail) = match &today.state {
        // The verifier's now may lie before the key's first second, within the skew.
        KeyState::Live | KeyState::NotYetValid { .. } => return None,
        KeyState::Expired { at, primary } => (
            BadKey::Expired,
            codes::KEY_EXPIRED_NOW,
            format!(
                "{} of {who} expired at {at}; it signed before that{signed}",
                part(*primary)
            ),
        ),
        KeyState::Revoked(revocation) => (
            BadKey::Revoked {
                hard: revocation.hard,
            },
            codes::KEY_REVOKED_SOFT,
            format!(
                "the key of {who} was retired{}{}; it signed before that{signed}",
                when(revocation.at),
                quoted(&revocation.reason)
            ),
        ),
        KeyState::NotForSigning => (
            BadKey::NotForSigning,
            codes::KEY_NOT_FOR_SIGNING,
            format!("the key of {who} may no longer sign files; it signed when it might{signed}"),
        ),
        KeyState::Unbound { reason } => (
            BadKey::Unbound,
            today.code,
            format!("the key of {who} no longer counts: {reason}"),
        ),
        KeyState::Weak { reason } => (
            BadKey::Unbound,
            codes::WEAK_KEY,
            format!("the key of {who} is too weak: {reason}"),
        ),
    };
    let hint = match bad {
        BadKey::Revoked { .. } => {
            "the publisher must sign again, with the key that replaces it".to_owned()
        }
        BadKey::Expired | BadKey::NotYetValid | BadKey::NotForSigning | BadKey::Unbound => {
            renewal(facts)
        }
    };
    Some((bad, Finding::reject(code, "", detail).hint(hint)))
}

/// A key that is only what was pinned.
pub(super) fn pinned(facts: &SignatureFacts, finding: Finding) -> Finding {
    Finding {
        code: codes::KEY_PINNED,
        detail: format!(
            "{} is a bare key without self-signatures: that it signed is known, but not whether it had expired, is revoked or may sign",
            whose(facts)
        ),
        ..finding
    }
}

/// The certificate does not reach back to the signature.
pub(super) fn by_later(facts: &SignatureFacts) -> Finding {
    let detail = format!(
        "the certificate of {} holds no self-signature from before the signature; the oldest later one was used",
        whose(facts)
    );
    Finding::note(codes::KEY_HISTORY, "", detail)
}

/// What was wrong with the key when it signed.
pub(super) fn state_then(
    facts: &SignatureFacts,
    then: &Assessment,
    created: Timestamp,
) -> Option<(Status, Finding)> {
    let who = whose(facts);
    let (status, detail) = match &then.state {
        KeyState::Live => return None,
        KeyState::Expired { at, primary } => (
            Status::BadKey(BadKey::Expired),
            match then.extended {
                Some(extended) => format!(
                    "{} of {who} expired at {at}, before it signed at {created}, and was extended only at {}",
                    part(*primary),
                    time::words(extended)
                ),
                None => format!(
                    "{} of {who} expired at {at}, before it signed at {created}",
                    part(*primary)
                ),
            },
        ),
        KeyState::NotYetValid { from } => (
            Status::BadKey(BadKey::NotYetValid),
            format!(
                "the signature says it was made at {created}, before the key of {who} existed (from {from})"
            ),
        ),
        KeyState::Revoked(revocation) => (
            Status::BadKey(BadKey::Revoked {
                hard: revocation.hard,
            }),
            if revocation.hard {
                format!(
                    "the key of {who} was revoked{}{}: nothing it signed counts, whenever that was",
                    when(revocation.at),
                    quoted(&revocation.reason)
                )
            } else {
                format!(
                    "the key of {who} was retired{}{} and signed after that, at {created}",
                    when(revocation.at),
                    quoted(&revocation.reason)
                )
            },
        ),
        KeyState::NotForSigning => (
            Status::BadKey(BadKey::NotForSigning),
            format!("the key of {who} that made this may not sign files by its own certificate"),
        ),
        KeyState::Unbound { reason } => (
            Status::BadKey(BadKey::Unbound),
            format!("the key of {who} does not count: {reason}"),
        ),
        KeyState::Weak { reason } => (
            Status::WeakAlgorithm,
            format!("the key of {who} is too weak: {reason}"),
        ),
    };
    let mut finding = Finding::reject(then.code, "", detail);
    finding.cause.clone_from(&then.cause);
    finding.hint = match then.code {
        codes::WEAK_BINDING => Some(
            "ask the owner to renew the self-signatures (sq cert lint --fix); --profile legacy accepts them meanwhile".to_owned(),
        ),
        codes::KEY_EXPIRED_AT_SIGNING | codes::KEY_UNBOUND => Some(renewal(facts)),
        codes::KEY_EXTENDED_LATER => Some(
            "whoever extended the key vouches for that time only if you say so: --profile maven-legacy accepts it with a warning".to_owned(),
        ),
        codes::KEY_REVOKED => Some(
            "trust nothing signed by this key; ask the publisher which key replaces it".to_owned(),
        ),
        codes::KEY_REVOKED_SOFT | codes::KEY_NOT_FOR_SIGNING | codes::WEAK_KEY => {
            Some("the publisher must sign again, with the key meant for it".to_owned())
        }
        codes::KEY_NOT_YET_VALID => {
            Some("the signer's clock was wrong, or the date is forged".to_owned())
        }
        _ => None,
    };
    Some((status, finding))
}

pub(super) fn whose(facts: &SignatureFacts) -> String {
    let fingerprint = facts
        .certificate
        .as_ref()
        .map_or("an unknown certificate", Fingerprint::as_str);
    match &facts.user_id {
        Some(user_id) => format!("{user_id} ({fingerprint})"),
        None => fingerprint.to_owned(),
    }
}

fn part(primary: bool) -> &'static str {
    if primary {
        "the certificate"
    } else {
        "the signing subkey"
    }
}

fn when(at: Option<Timestamp>) -> String {
    at.map(|at| format!(", at {at}")).unwrap_or_default()
}

fn quoted(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(" (\"{reason}\")")
    }
}

fn renewal(facts: &SignatureFacts) -> String {
    let fingerprint = facts
        .certificate
        .as_ref()
        .map_or_else(String::new, |fingerprint| format!(" {fingerprint}"));
    format!(
        "look for a newer copy of the certificate{fingerprint}: the publisher may have extended it; else the publisher must sign again"
    )
}
