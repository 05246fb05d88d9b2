//! Results for a program: one document, `"schema": 1`, described in pkgseal-json(5).
//! Fields are added, never renamed or removed, while the schema number stays.

use std::path::PathBuf;

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_keyring::Loaded;
use pkgseal_openpgp::{
    BadKey, Certificate, Detail, Examination, KeyFacts, KeyState, Mathematics, ObjectSignatures,
    Profile, SignatureFacts, Signed, Standing, Status, Verdict, Verifier,
};
use pkgseal_repo::{Finding, Outcome, Severity};
use serde_json::{Map, Value, json};

pub(crate) const SCHEMA: u32 = 1;

pub(super) fn examinations(
    examinations: &[&Examination],
    failed: usize,
    outcome: Outcome,
    verifier: &Verifier,
) -> Result<String> {
    document(&json!({
        "schema": SCHEMA,
        "outcome": word(outcome),
        "profile": verifier.profile().name(),
        "time": verifier.now().to_string(),
        "failed": failed,
        "objects": examinations.iter().map(|one| examination(one)).collect::<Vec<_>>(),
    }))
}

pub(super) fn signed(signed: &[&Signed], failed: usize, outcome: Outcome) -> Result<String> {
    let objects: Vec<Value> = signed
        .iter()
        .map(|done| {
            let mut object = examination(&done.examination);
            if let Value::Object(fields) = &mut object {
                fields.insert("outputs".to_owned(), paths(&done.outputs));
            }
            object
        })
        .collect();
    document(&json!({
        "schema": SCHEMA,
        "outcome": word(outcome),
        "failed": failed,
        "objects": objects,
    }))
}

pub(super) fn generated(certificate: &Certificate, files: &[PathBuf]) -> Result<String> {
    document(&json!({
        "schema": SCHEMA,
        "outcome": word(Outcome::Accepted),
        "fingerprint": certificate.fingerprint().to_string(),
        "outputs": paths(files),
    }))
}

pub(super) fn keyring(loaded: &Loaded, profile: &Profile, now: Timestamp) -> Result<String> {
    let certificates: Vec<Value> = loaded
        .certificates
        .iter()
        .map(|one| certificate(one, profile, now))
        .collect();
    document(&json!({
        "schema": SCHEMA,
        "profile": profile.name(),
        "time": now.to_string(),
        "certificates": certificates,
        "findings": findings(&loaded.findings),
    }))
}

pub(super) fn document(value: &Value) -> Result<String> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(text)
}

fn examination(examination: &Examination) -> Value {
    json!({
        "subject": examination.subject,
        "kind": examination.kind,
        "outcome": word(examination.outcome()),
        "files": examination.report.files,
        "bytes": examination.report.bytes,
        "signatures": examination.signatures.iter().map(object_signatures).collect::<Vec<_>>(),
        "findings": findings(&examination.report.findings),
        "details": examination.details.iter().map(detail).collect::<Vec<_>>(),
    })
}

fn detail(detail: &Detail) -> Value {
    json!({ "name": detail.name, "value": detail.value })
}

fn object_signatures(object: &ObjectSignatures) -> Value {
    let signers: Vec<String> = match &object.report.verdict {
        Verdict::Accepted { signers } => signers.iter().map(ToString::to_string).collect(),
        Verdict::Rejected { .. } => Vec::new(),
    };
    json!({
        "object": object.object,
        "accepted": object.report.is_accepted(),
        "signers": signers,
        "signatures": object.report.signatures.iter().map(signature).collect::<Vec<_>>(),
    })
}

fn signature(facts: &SignatureFacts) -> Value {
    json!({
        "index": facts.index,
        "digest": facts.digest,
        "status": status(&facts.status),
        "standing": standing(facts.standing()),
        "version": facts.version,
        "form": facts.form,
        "public_key_algorithm": facts.public_key_algorithm,
        "digest_algorithm": facts.digest_algorithm,
        "created": facts.created.map(|at| at.to_string()),
        "expires": facts.expires.map(|at| at.to_string()),
        "issuers": facts.issuers,
        "certificate": facts.certificate.as_ref().map(ToString::to_string),
        "key": facts.key.as_ref().map(ToString::to_string),
        "user_id": facts.user_id,
        "mathematics": mathematics(facts.mathematics),
        "when_signed": facts.when_signed.as_ref().map(key_state),
        "now": facts.now.as_ref().map(key_state),
        "reason": facts.reason.as_ref().map(finding),
        "notes": findings(&facts.notes),
    })
}

fn certificate(certificate: &Certificate, profile: &Profile, now: Timestamp) -> Value {
    let user_ids: Vec<Value> = certificate
        .user_ids(now)
        .iter()
        .map(|user_id| {
            json!({
                "text": user_id.text,
                "primary": user_id.primary,
                "revoked": user_id.revoked,
                "self_signature_digest": user_id.self_signature_digest,
            })
        })
        .collect();
    let keys: Vec<Value> = certificate.keys(profile, now).iter().map(key).collect();
    json!({
        "fingerprint": certificate.fingerprint().to_string(),
        "version": certificate.version(),
        "user_ids": user_ids,
        "keys": keys,
        "findings": findings(&certificate.lint(profile, now)),
    })
}

pub(super) fn key(key: &KeyFacts) -> Value {
    json!({
        "fingerprint": key.fingerprint.to_string(),
        "primary": key.primary,
        "algorithm": key.algorithm,
        "created": key.created.to_string(),
        "expires": key.expires.map(|at| at.to_string()),
        "capabilities": key.capabilities,
        "state": key_state(&key.state),
    })
}

pub(super) fn findings(findings: &[Finding]) -> Value {
    findings.iter().map(finding).collect()
}

fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code.id,
        "severity": severity(finding.severity),
        "subject": finding.subject,
        "detail": finding.detail,
        "cause": finding.cause,
        "hint": finding.hint,
    })
}

pub(super) fn paths(paths: &[PathBuf]) -> Value {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect()
}

pub(super) fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Undecided => "undecided",
        Outcome::Rejected => "rejected",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Undecided => "undecided",
        Severity::Reject => "reject",
    }
}

fn mathematics(mathematics: Mathematics) -> &'static str {
    match mathematics {
        Mathematics::Good => "good",
        Mathematics::Bad => "bad",
        Mathematics::PrefixMatches => "prefix-matches",
        Mathematics::PrefixDiffers => "prefix-differs",
        Mathematics::NotChecked => "not-checked",
    }
}

fn status(status: &Status) -> &'static str {
    match status {
        Status::Good => "good",
        Status::Bad => "bad",
        Status::MissingCertificate => "missing-certificate",
        Status::BadKey(BadKey::Expired) => "key-expired",
        Status::BadKey(BadKey::Revoked { hard: true }) => "key-revoked",
        Status::BadKey(BadKey::Revoked { hard: false }) => "key-retired",
        Status::BadKey(BadKey::NotYetValid) => "key-not-yet-valid",
        Status::BadKey(BadKey::NotForSigning) => "key-not-for-signing",
        Status::BadKey(BadKey::Unbound) => "key-unbound",
        Status::WeakAlgorithm => "weak-algorithm",
        Status::NotYetValid => "not-yet-valid",
        Status::Expired => "expired",
        Status::Malformed => "malformed",
        Status::Unsupported => "unsupported",
    }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::ValidAtSigning => "valid-at-signing",
        Standing::SignedInGap => "signed-in-gap",
        Standing::SignedAfterExpiry => "signed-after-expiry",
        Standing::SignedBeforeCreation => "signed-before-creation",
        Standing::Future => "future",
        Standing::RetiredLater => "retired-later",
        Standing::Revoked => "revoked",
        Standing::WeakNow => "weak-now",
        Standing::Weak => "weak",
        Standing::WrongKey => "wrong-key",
        Standing::Pinned => "pinned",
        Standing::Unknown => "unknown",
    }
}

/// `{"state": "expired", "at": …}`: one object, fields by state.
fn key_state(state: &KeyState) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    match state {
        KeyState::Live => put("state", json!("live")),
        KeyState::Expired { at, primary } => {
            put("state", json!("expired"));
            put("at", json!(at.to_string()));
            put("primary", json!(primary));
        }
        KeyState::NotYetValid { from } => {
            put("state", json!("not-yet-valid"));
            put("from", json!(from.to_string()));
        }
        KeyState::Revoked(revocation) => {
            put("state", json!("revoked"));
            put("hard", json!(revocation.hard));
            put("at", json!(revocation.at.map(|at| at.to_string())));
            put("reason", json!(revocation.reason));
        }
        KeyState::NotForSigning => put("state", json!("not-for-signing")),
        KeyState::Unbound { reason } => {
            put("state", json!("unbound"));
            put("reason", json!(reason));
        }
        KeyState::Weak { reason } => {
            put("state", json!("weak"));
            put("reason", json!(reason));
        }
    }
    Value::Object(fields)
}
