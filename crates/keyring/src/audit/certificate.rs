//! The state of a certificate and of its keys, whoever asks.

use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, KeyFacts, KeyState, Profile, codes as openpgp_codes};
use pkgseal_repo::{Code, Finding};

use super::codes;
use crate::open::file::quoted;

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
    file: &Path,
    now: Timestamp,
) -> (State, Vec<KeyFacts>, Vec<Finding>) {
    let profile = Profile::strict();
    let keys = certificate.keys(&profile, now);
    let file = quoted(file);
    let mut findings = Vec::new();
    if certificate.is_bare() {
        findings.push(
            Finding::warning(
                codes::STATE_BARE,
                certificate.fingerprint().to_string(),
                "it is nothing but keys",
            )
            .hint(format!(
                "publish the whole certificate: gpg --armor --export {}",
                certificate.fingerprint()
            )),
        );
    }
    let mut best = State::NoSigningKey;
    for key in &keys {
        let Some(state) = of_key(key) else { continue };
        best = best.min(state);
        findings.extend(said(key, state, &file));
    }
    if best == State::NoSigningKey {
        let detail = "no key in it is meant to sign";
        let subject = certificate.fingerprint().to_string();
        findings.push(
            Finding::warning(codes::STATE_NO_SIGNING_KEY, subject, detail)
                .hint("its holder adds a signing subkey: pkgseal key subkey add KEY"),
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
fn said(key: &KeyFacts, state: State, file: &str) -> Option<Finding> {
    let reason = key.reason.as_ref()?;
    let request = || format!("ask its holder: pkgseal key doctor --request - {file}");
    let without = || format!("pkgseal keyring filter --drop revoked --output NEW.gpg {file}");
    let (code, hint): (Code, String) = match state {
        State::Live | State::NoSigningKey => return None,
        State::NotYetValid => (
            codes::STATE_FUTURE,
            "check the clocks here and of the machine that made it: date -u".to_owned(),
        ),
        State::Expired => (
            codes::STATE_EXPIRED,
            "get it anew from its holder, who extends it: pkgseal key extend --expires 2y KEY"
                .to_owned(),
        ),
        State::Retired => (codes::STATE_RETIRED, without()),
        State::Revoked => (codes::STATE_REVOKED, without()),
        State::WeakBinding => (codes::STATE_WEAK_BINDING, request()),
        State::WeakKey => (
            codes::STATE_WEAK_KEY,
            "its holder makes a new key, and plans the change: pkgseal key rotate plan".to_owned(),
        ),
        State::Unbound if reason.detail.contains("sign back") => {
            (codes::STATE_NO_BACK_SIGNATURE, request())
        }
        State::Unbound => (codes::STATE_UNBOUND, request()),
    };
    let mut finding = Finding::warning(code, key.fingerprint.to_string(), reason.detail.clone());
    finding.cause.clone_from(&reason.cause);
    Some(finding.hint(hint))
}
