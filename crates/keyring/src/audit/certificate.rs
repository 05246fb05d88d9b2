//! The state of a certificate and of its keys, whoever asks.

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, KeyFacts, KeyState, Profile, codes as openpgp_codes};
use pkgseal_repo::{Code, Finding};

use super::codes;

/// The best that can be said of the keys of a certificate that sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// A key can sign.
    Live,
    /// It is of the future.
    NotYetValid,
    /// Expired.
    Expired,
    /// Revoked as superseded or retired.
    Retired,
    /// Revoked as compromised or without a reason.
    Revoked,
    /// Self-signatures do not count.
    WeakBinding,
    /// Algorithm or size do not count.
    WeakKey,
    /// Not bound.
    Unbound,
    /// Nothing in it signs.
    NoSigningKey,
}

impl State {
    /// One word or two for a table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::NotYetValid => "not yet valid",
            Self::Expired => "expired",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
            Self::WeakBinding => "weak binding",
            Self::WeakKey => "weak key",
            Self::Unbound => "unbound",
            Self::NoSigningKey => "signs nothing",
        }
    }
}

/// The state, the keys, and what the owner should know.
pub(super) fn state(
    certificate: &Certificate,
    now: Timestamp,
) -> (State, Vec<KeyFacts>, Vec<Finding>) {
    let profile = Profile::strict();
    let keys = certificate.keys(&profile, now);
    let mut findings = Vec::new();
    if certificate.is_bare() {
        findings.push(
            Finding::warning(
                codes::STATE_BARE,
                certificate.fingerprint().to_string(),
                "it is nothing but keys",
            )
            .hint("publish the whole certificate: gpg --armor --export FINGERPRINT"),
        );
    }
    let mut best = State::NoSigningKey;
    for key in &keys {
        let Some(state) = of_key(key) else { continue };
        best = best.min(state);
        findings.extend(said(key, state));
    }
    if best == State::NoSigningKey {
        let detail = "no key in it is meant to sign";
        let subject = certificate.fingerprint().to_string();
        findings.push(
            Finding::warning(codes::STATE_NO_SIGNING_KEY, subject, detail)
                .hint("add a signing subkey: pkgseal key subkey add"),
        );
    }
    for finding in certificate.lint(&profile, now) {
        // Said above, key by key.
        if finding.code != openpgp_codes::CERTIFICATE_CANNOT_SIGN {
            findings.push(renamed(finding));
        }
    }
    let mut once: Vec<Finding> = Vec::new();
    for finding in findings {
        if !once.contains(&finding) {
            once.push(finding);
        }
    }
    (best, keys, once)
}

/// What of the certificate's own lint has a name of its own in an audit.
fn renamed(finding: Finding) -> Finding {
    let code = if finding.code == openpgp_codes::WEAK_BINDING {
        codes::STATE_WEAK_BINDING
    } else if finding.code == openpgp_codes::WEAK_KEY {
        codes::STATE_WEAK_KEY
    } else {
        finding.code
    };
    Finding { code, ..finding }
}

/// The state of a key that is meant to sign.
fn of_key(key: &KeyFacts) -> Option<State> {
    let asked = key.capabilities.is_empty() || key.capabilities.contains(&"sign");
    let weak_binding = || {
        let reason = key.reason.as_ref();
        reason.is_some_and(|reason| reason.code == openpgp_codes::WEAK_BINDING)
    };
    Some(match &key.state {
        KeyState::Live => State::Live,
        _ if !asked => return None,
        KeyState::NotForSigning => return None,
        KeyState::NotYetValid { .. } => State::NotYetValid,
        KeyState::Expired { .. } => State::Expired,
        KeyState::Revoked(revocation) if revocation.hard => State::Revoked,
        KeyState::Revoked(_) => State::Retired,
        KeyState::Unbound { .. } if weak_binding() => State::WeakBinding,
        KeyState::Unbound { .. } => State::Unbound,
        KeyState::Weak { .. } => State::WeakKey,
    })
}

/// What there is to say of a key that is not live.
fn said(key: &KeyFacts, state: State) -> Option<Finding> {
    let reason = key.reason.as_ref()?;
    let (code, hint): (Code, &str) = match state {
        State::Live | State::NoSigningKey => return None,
        State::NotYetValid => (
            codes::STATE_FUTURE,
            "check the clock of the machine that made it",
        ),
        State::Expired => (
            codes::STATE_EXPIRED,
            "extend it and publish it again: pkgseal key extend",
        ),
        State::Retired => (
            codes::STATE_RETIRED,
            "publish the certificate that follows it, and take this one out",
        ),
        State::Revoked => (
            codes::STATE_REVOKED,
            "take it out, and trust nothing that it has signed",
        ),
        State::WeakBinding => (
            codes::STATE_WEAK_BINDING,
            "renew the self-signatures: pkgseal key doctor --fix",
        ),
        State::WeakKey => (
            codes::STATE_WEAK_KEY,
            "plan a new key: pkgseal key rotate plan",
        ),
        State::Unbound if reason.detail.contains("sign back") => (
            codes::STATE_NO_BACK_SIGNATURE,
            "add the back-signature: pkgseal key doctor --fix",
        ),
        State::Unbound => (
            codes::STATE_UNBOUND,
            "publish the whole certificate: gpg --armor --export FINGERPRINT",
        ),
    };
    let mut finding = Finding::warning(code, key.fingerprint.to_string(), reason.detail.clone());
    finding.cause.clone_from(&reason.cause);
    Some(finding.hint(hint))
}
