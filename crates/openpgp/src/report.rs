//! Facts about signatures, and the verdict a profile made of them.

use jiff::Timestamp;
use pkgseal_repo::{Code, Finding, Severity};

use crate::Fingerprint;

/// Why a revoked key is revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When the revocation was made.
    pub at: Option<Timestamp>,
    /// Hard (compromised, or no reason given): rejects whatever the key ever signed.
    /// Soft (superseded, retired): rejects what it signed afterwards.
    pub hard: bool,
    /// The reason as the owner wrote it; raw.
    pub reason: String,
}

/// The state of the signing key, its certificate included, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Alive, bound, allowed to sign, of accepted strength.
    Live,
    /// It (or its primary key) had expired.
    Expired {
        /// Since when.
        at: Timestamp,
        /// Whether the primary key's expiry did it.
        primary: bool,
    },
    /// It did not exist yet.
    NotYetValid {
        /// From when it is valid.
        from: Timestamp,
    },
    /// It (or its primary key) is revoked.
    Revoked(Revocation),
    /// Its self-signature does not allow signing data.
    NotForSigning,
    /// No binding signature that counts: none, a broken one, no back-signature, or
    /// only ones the profile finds too weak (the reason says which).
    Unbound {
        /// Why.
        reason: String,
    },
    /// Its algorithm or size is below the profile.
    Weak {
        /// The algorithm with its size and the profile line.
        reason: String,
    },
}

/// Which trouble with the key decided a [`Status::BadKey`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadKey {
    /// Expired: at signing, or now where the profile asks.
    Expired,
    /// Revoked, hard or soft.
    Revoked {
        /// See [`Revocation::hard`].
        hard: bool,
    },
    /// Not yet valid when it signed.
    NotYetValid,
    /// Not allowed to sign.
    NotForSigning,
    /// Not bound to its certificate.
    Unbound,
}

/// Whether the cryptographic check held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mathematics {
    /// The signature is by that key over those bytes.
    Good,
    /// It is not.
    Bad,
    /// Without the certificate only the 16-bit digest prefix was compared: it matches.
    PrefixMatches,
    /// Without the certificate: the digest prefix differs, so the bytes differ.
    PrefixDiffers,
    /// Not computed.
    NotChecked,
}

/// The judgement of one signature. Nothing here means "good" by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Good at signing time, and now where the profile asks.
    Good,
    /// The bytes are not what was signed.
    Bad,
    /// No certificate at hand for it.
    MissingCertificate,
    /// The mathematics holds, but the key was or is not fit.
    BadKey(BadKey),
    /// A digest or public-key algorithm below the profile.
    WeakAlgorithm,
    /// Created in the future.
    NotYetValid,
    /// The signature itself has expired.
    Expired,
    /// Not a well-formed signature of the expected kind.
    Malformed,
    /// An algorithm or version unknown here, or unknown to the backend.
    Unsupported,
}

/// Everything known of one signature packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureFacts {
    /// Position in its block, from 0.
    pub index: usize,
    /// The digest it signs, in lower-case hexadecimal: of the content and of everything
    /// the signature itself vouches for, its time included. Who makes the same signature
    /// look different, which takes no key, cannot change it: with the key's fingerprint
    /// it tells whether a signature was seen before.
    pub digest: Option<String>,
    /// OpenPGP signature version (3, 4, 6).
    pub version: u8,
    /// `binary`, `text` or what else it is.
    pub form: String,
    /// For example `RSA4096`, `Ed25519`, `ML-DSA-65+Ed25519`.
    pub public_key_algorithm: String,
    /// For example `SHA-512`.
    pub digest_algorithm: String,
    /// When it says it was made.
    pub created: Option<Timestamp>,
    /// When it says it expires.
    pub expires: Option<Timestamp>,
    /// Who it says made it: full fingerprints, or key IDs where it gives no more. Hints.
    pub issuers: Vec<String>,
    /// The certificate it was checked against.
    pub certificate: Option<Fingerprint>,
    /// The (sub)key in it.
    pub key: Option<Fingerprint>,
    /// The certificate's primary user ID; raw.
    pub user_id: Option<String>,
    /// Whether the cryptographic check held.
    pub mathematics: Mathematics,
    /// The key's state when it signed.
    pub when_signed: Option<KeyState>,
    /// The key's state at the verifier's now.
    pub now: Option<KeyState>,
    /// The judgement.
    pub status: Status,
    /// Why it is not good: code and words; empty when good.
    pub reason: Option<Finding>,
    /// Worth knowing though good: RSA below 3072, expired since, soft-revoked later.
    pub notes: Vec<Finding>,
}

/// How a signature stands in the history of its key: what people mean when they ask
/// whether it was valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The key was alive, bound and allowed to sign.
    ValidAtSigning,
    /// The key had expired by the self-signature in force then; a later one covers it.
    SignedInGap,
    /// The key had expired, and no self-signature at hand says otherwise.
    SignedAfterExpiry,
    /// The signature is older than its key.
    SignedBeforeCreation,
    /// The signature is of the future.
    Future,
    /// The key was retired after it signed.
    RetiredLater,
    /// The key is revoked for that time.
    Revoked,
    /// Its algorithms were good enough then, and are not today.
    WeakNow,
    /// Its algorithms do not count at all.
    Weak,
    /// The key may not sign, or is not bound to its certificate.
    WrongKey,
    /// A bare key: nothing of its history is known.
    Pinned,
    /// Not a signature by any known key over these bytes.
    Unknown,
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ValidAtSigning => "signed while valid",
            Self::SignedInGap => "valid only by a later extension",
            Self::SignedAfterExpiry => "signed after expiry",
            Self::SignedBeforeCreation => "signed before the key was made",
            Self::Future => "signed in the future",
            Self::RetiredLater => "signed while valid, key retired since",
            Self::Revoked => "revoked",
            Self::WeakNow => "weak today",
            Self::Weak => "too weak",
            Self::WrongKey => "not a signing key",
            Self::Pinned => "pinned key, history unknown",
            Self::Unknown => "not known to be signed",
        })
    }
}

impl SignatureFacts {
    /// How it stands in the history of its key, whatever the profile made of that.
    pub fn standing(&self) -> Standing {
        use crate::codes;
        let says = |code| {
            let reason = self.reason.iter().chain(&self.notes);
            reason.into_iter().any(|finding| finding.code == code)
        };
        match self.status {
            Status::Good | Status::BadKey(_) => {}
            Status::WeakAlgorithm => return Standing::Weak,
            Status::NotYetValid => return Standing::Future,
            Status::Expired => return Standing::ValidAtSigning,
            Status::Bad | Status::MissingCertificate | Status::Malformed | Status::Unsupported => {
                return Standing::Unknown;
            }
        }
        match &self.when_signed {
            Some(KeyState::Revoked(_)) => return Standing::Revoked,
            Some(KeyState::NotYetValid { .. }) => return Standing::SignedBeforeCreation,
            Some(KeyState::NotForSigning) => return Standing::WrongKey,
            Some(KeyState::Expired { .. }) if says(codes::KEY_EXTENDED_LATER) => {
                return Standing::SignedInGap;
            }
            Some(KeyState::Expired { .. }) => return Standing::SignedAfterExpiry,
            Some(KeyState::Unbound { .. }) if says(codes::KEY_PINNED) => return Standing::Pinned,
            Some(KeyState::Unbound { .. }) => return Standing::WrongKey,
            Some(KeyState::Weak { .. }) => return Standing::Weak,
            Some(KeyState::Live) | None => {}
        }
        if says(codes::KEY_REVOKED_SOFT) {
            Standing::RetiredLater
        } else if says(codes::WEAK_NOW) {
            Standing::WeakNow
        } else {
            Standing::ValidAtSigning
        }
    }
}

/// What the profile decided about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Enough good signatures by distinct certificates, and no rejecting one.
    Accepted {
        /// Distinct certificates with a good signature.
        signers: Vec<Fingerprint>,
    },
    /// Rejected; each reason names the rule and the profile line it came from.
    Rejected {
        /// At least one.
        reasons: Vec<Finding>,
    },
}

/// Facts for every signature, in order, and the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureReport {
    /// One for each signature packet found.
    pub signatures: Vec<SignatureFacts>,
    /// What the profile made of them.
    pub verdict: Verdict,
    /// The name of that profile.
    pub profile: String,
}

impl SignatureReport {
    /// A rejection before any signature could be judged (no signature at all, malformed
    /// block).
    pub fn rejected(profile: &str, code: Code, detail: impl Into<String>) -> Self {
        Self {
            signatures: Vec::new(),
            verdict: Verdict::Rejected {
                reasons: vec![Finding::reject(code, "", detail)],
            },
            profile: profile.to_owned(),
        }
    }

    /// Whether the verdict accepts.
    pub fn is_accepted(&self) -> bool {
        matches!(self.verdict, Verdict::Accepted { .. })
    }

    /// The signers of an accepting verdict.
    pub fn accepted_signers(&self) -> Option<&[Fingerprint]> {
        match &self.verdict {
            Verdict::Accepted { signers } => Some(signers),
            Verdict::Rejected { .. } => None,
        }
    }

    /// The verdict's reasons and the signatures' notes as findings about `object`. Of an
    /// accepting verdict also what was wrong with the signatures it did without: a note
    /// where this side lacks something (a certificate, an algorithm), else a warning.
    pub fn findings(&self, object: &str) -> Vec<Finding> {
        let about = |finding: &Finding| Finding {
            subject: object.to_owned(),
            ..finding.clone()
        };
        let mut findings = Vec::new();
        match &self.verdict {
            Verdict::Rejected { reasons } => findings.extend(reasons.iter().map(about)),
            Verdict::Accepted { .. } => {
                findings.extend(self.signatures.iter().filter_map(|signature| {
                    let severity = match signature.status {
                        Status::MissingCertificate | Status::Unsupported => Severity::Note,
                        Status::Good
                        | Status::Bad
                        | Status::BadKey(_)
                        | Status::WeakAlgorithm
                        | Status::NotYetValid
                        | Status::Expired
                        | Status::Malformed => Severity::Warning,
                    };
                    let reason = signature.reason.as_ref().map(about)?;
                    Some(Finding { severity, ..reason })
                }));
            }
        }
        for signature in &self.signatures {
            findings.extend(signature.notes.iter().map(about));
        }
        findings
    }
}
