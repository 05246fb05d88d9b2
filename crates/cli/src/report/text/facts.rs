//! Every fact, no verdict.

use std::fmt::Write as _;

use pkgseal_openpgp::{Examination, Mathematics, SignatureFacts};
use pkgseal_repo::Finding;

use super::{date_time, key_state, kind};
use crate::report::escaped;

pub(in crate::report) fn facts(examinations: &[&Examination]) -> String {
    let mut text = String::new();
    for examination in examinations {
        let _ = writeln!(
            text,
            "{} ({})",
            escaped(&examination.subject),
            kind(examination)
        );
        for detail in &examination.details {
            let name = format!("{}:", detail.name);
            let _ = writeln!(text, "  {name:<14} {}", escaped(&detail.value));
        }
        for object in &examination.signatures {
            for signature in &object.report.signatures {
                fact(&mut text, &object.object, signature);
            }
        }
        let structure: Vec<Finding> = examination
            .report
            .findings
            .iter()
            .filter(|finding| !finding.code.id.starts_with("signature."))
            .cloned()
            .collect();
        for finding in &structure {
            let _ = writeln!(
                text,
                "  {}: {} [{}]",
                escaped(&finding.subject),
                escaped(&finding.detail),
                finding.code
            );
        }
    }
    text
}

fn fact(text: &mut String, object: &str, signature: &SignatureFacts) {
    let _ = writeln!(
        text,
        "  signature {} of {}",
        signature.index + 1,
        escaped(object)
    );
    let mut field = |name: &str, value: String| {
        let _ = writeln!(text, "    {name:<13} {value}");
    };
    field(
        "form:",
        format!(
            "OpenPGP v{}, {}",
            signature.version,
            escaped(&signature.form)
        ),
    );
    field(
        "algorithms:",
        format!(
            "{}, {}",
            signature.public_key_algorithm, signature.digest_algorithm
        ),
    );
    field(
        "created:",
        signature
            .created
            .map_or_else(|| "not stated".to_owned(), date_time),
    );
    if let Some(expires) = signature.expires {
        field("expires:", date_time(expires));
    }
    for issuer in &signature.issuers {
        field("issuer:", escaped(issuer));
    }
    if let Some(certificate) = &signature.certificate {
        let user_id = signature
            .user_id
            .as_deref()
            .map(escaped)
            .unwrap_or_default();
        field("certificate:", format!("{certificate} {user_id}"));
    }
    if let Some(key) = &signature.key {
        field("key:", key.to_string());
    }
    field(
        "mathematics:",
        mathematics(signature.mathematics).to_owned(),
    );
    if signature.certificate.is_some() {
        field("standing:", signature.standing().to_string());
    }
    if let Some(state) = &signature.when_signed {
        field("when signed:", key_state(state));
    }
    if let Some(state) = &signature.now {
        field("now:", key_state(state));
    }
}

fn mathematics(mathematics: Mathematics) -> &'static str {
    match mathematics {
        Mathematics::Good => "good",
        Mathematics::Bad => "bad: the content is not what was signed",
        Mathematics::PrefixMatches => "not checked (no certificate); the digest prefix matches",
        Mathematics::PrefixDiffers => "the digest prefix differs: the content was changed",
        Mathematics::NotChecked => "not checked",
    }
}
