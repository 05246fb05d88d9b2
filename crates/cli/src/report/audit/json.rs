//! An audit for a program; described in pkgseal-json(5).

use anyhow::Result;
use pkgseal_keyring::Form;
use pkgseal_keyring::audit::{Audit, AuditRequest, AuditedCertificate, AuditedFile};
use pkgseal_keyring::consumer::{Answer, Change, Judgement, Opinion};
use serde_json::{Value, json};

use crate::report::json::{SCHEMA, document as written, findings, key, word};

pub(super) fn document(audit: &Audit, request: &AuditRequest<'_>) -> Result<String> {
    let clients: Vec<Value> = request
        .consumers
        .iter()
        .map(|one| {
            json!({
                "name": one.name(),
                "summary": one.summary(),
                "checked": one.checked(),
            })
        })
        .collect();
    let certificates: Vec<Value> = audit
        .certificates
        .iter()
        .map(|one| certificate(one, audit, request))
        .collect();
    written(&json!({
        "schema": SCHEMA,
        "outcome": word(audit.outcome(request)),
        "time": request.now.to_string(),
        "within_seconds": request.within.as_secs(),
        "clients": clients,
        "files": audit.files.iter().map(|one| file(one, request)).collect::<Vec<_>>(),
        "certificates": certificates,
        "findings": findings(&audit.findings),
    }))
}

fn file(file: &AuditedFile, request: &AuditRequest<'_>) -> Value {
    let clients: Vec<Value> = request
        .consumers
        .iter()
        .zip(&file.readings)
        .filter(|(_, reading)| !reading.reasons.is_empty())
        .map(|(consumer, reading)| {
            json!({
                "client": consumer.name(),
                "finds": reading.found.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "reasons": findings(&reading.reasons),
            })
        })
        .collect();
    json!({
        "path": file.path.to_string_lossy(),
        "form": file.form.map(form),
        "certificates": file.certificates,
        "findings": findings(&file.findings),
        "clients": clients,
    })
}

fn form(form: Form) -> &'static str {
    match form {
        Form::Armored => "armored",
        Form::Binary => "binary",
        Form::Inline => "inline",
    }
}

fn certificate(
    certificate: &AuditedCertificate,
    audit: &Audit,
    request: &AuditRequest<'_>,
) -> Value {
    let files = certificate.files.iter();
    let files: Vec<_> = files
        .filter_map(|place| audit.files.get(*place))
        .map(|file| file.path.to_string_lossy())
        .collect();
    let clients: Vec<Value> = request
        .consumers
        .iter()
        .zip(&certificate.judgements)
        .map(|(consumer, judgement)| of_client(consumer.name(), judgement))
        .collect();
    json!({
        "fingerprint": certificate.fingerprint.to_string(),
        "user_id": certificate.user_id,
        "files": files,
        "state": certificate.state.word(),
        "keys": certificate.keys.iter().map(key).collect::<Vec<_>>(),
        "findings": findings(&certificate.findings),
        "clients": clients,
    })
}

fn of_client(client: &str, judgement: &Judgement) -> Value {
    let keys: Vec<Value> = judgement
        .keys
        .iter()
        .map(|key| {
            let mut said = opinion(&key.opinion);
            put(&mut said, "fingerprint", json!(key.key.to_string()));
            put(&mut said, "primary", json!(key.primary));
            said
        })
        .collect();
    let mut said = opinion(&judgement.whole);
    put(&mut said, "client", json!(client));
    put(&mut said, "keys", json!(keys));
    said
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value);
    }
}

fn opinion(opinion: &Opinion) -> Value {
    json!({
        "answer": answer(opinion.answer),
        "until": opinion.until().map(|at| at.to_string()),
        "reasons": findings(&opinion.reasons),
        "changes": opinion.changes.iter().map(change).collect::<Vec<_>>(),
    })
}

fn change(change: &Change) -> Value {
    json!({
        "at": change.at.to_string(),
        "to": answer(change.to),
        "reasons": findings(&change.reasons),
    })
}

fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::NotAsked => "not-asked",
        Answer::Accepts => "accepts",
        Answer::Warns => "warns",
        Answer::Rejects => "rejects",
    }
}
