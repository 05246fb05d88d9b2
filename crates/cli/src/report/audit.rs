//! What everybody makes of keyrings: one table, why, and the numbers.

mod json;
mod table;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use pkgseal_keyring::audit::{Audit, AuditRequest, AuditedCertificate};
use pkgseal_keyring::consumer::{Answer, Opinion};
use pkgseal_repo::{Finding, Outcome, Severity};

use super::{escaped, out};

/// Prints an audit.
pub(crate) fn audit(audit: &Audit, request: &AuditRequest<'_>, as_json: bool) -> Result<()> {
    out(&if as_json {
        json::document(audit, request)?
    } else {
        text(audit, request)
    })
}

pub(super) fn text(audit: &Audit, request: &AuditRequest<'_>) -> String {
    let mut text = table::of(audit, request);
    reasons(&mut text, audit, request);
    files(&mut text, audit);
    numbers(&mut text, audit, request);
    text
}

/// Below the table, why: a paragraph for each certificate that is not simply fine.
fn reasons(text: &mut String, audit: &Audit, request: &AuditRequest<'_>) {
    for certificate in &audit.certificates {
        let why = why(certificate, request);
        if why.is_empty() && certificate.findings.is_empty() {
            continue;
        }
        let user_id = certificate.user_id.as_deref().unwrap_or("no user ID");
        let _ = writeln!(text, "\n{}  {}", certificate.fingerprint, escaped(user_id));
        for place in &certificate.files {
            if let Some(file) = audit.files.get(*place) {
                let _ = writeln!(text, "  in {}", escaped(&file.path.to_string_lossy()));
            }
        }
        for ((answer, words), clients) in why {
            let _ = writeln!(
                text,
                "  {answer}: {}: {}",
                clients.join(", "),
                escaped(&words)
            );
        }
        for finding in &certificate.findings {
            line(text, finding);
        }
    }
}

/// Answers that are no plain yes, with their words, and who gives them.
fn why<'a>(
    certificate: &'a AuditedCertificate,
    request: &'a AuditRequest<'_>,
) -> BTreeMap<(String, String), Vec<&'a str>> {
    let mut why = BTreeMap::<_, Vec<&str>>::new();
    for (judgement, consumer) in certificate.judgements.iter().zip(request.consumers) {
        let keys = judgement.keys.iter().map(|key| &key.opinion);
        for opinion in std::iter::once(&judgement.whole).chain(keys) {
            for said in words(opinion) {
                let clients = why.entry(said).or_default();
                if !clients.contains(&consumer.name()) {
                    clients.push(consumer.name());
                }
            }
        }
    }
    why
}

/// What is said for an answer, and for the end of it.
fn words(opinion: &Opinion) -> Vec<(String, String)> {
    let said = |answer: &str, finding: &Finding| {
        (
            answer.to_owned(),
            format!("{}: {} [{}]", finding.subject, finding.detail, finding.code),
        )
    };
    let now = match opinion.answer {
        Answer::Rejects => Some("no"),
        Answer::Warns => Some("warns"),
        Answer::Accepts | Answer::NotAsked => None,
    };
    let now = now.into_iter().flat_map(|answer| {
        opinion
            .reasons
            .iter()
            .map(move |reason| said(answer, reason))
    });
    let end = opinion.end().into_iter().flat_map(|change| {
        let answer = format!("until {}", change.at.strftime("%Y-%m-%d"));
        change
            .reasons
            .iter()
            .map(move |reason| said(&answer, reason))
            .collect::<Vec<_>>()
    });
    now.chain(end).collect()
}

/// What is wrong with files, and with the way to them.
fn files(text: &mut String, audit: &Audit) {
    let about_files = audit.files.iter().flat_map(|file| &file.findings);
    let mut findings: Vec<&Finding> = about_files.chain(&audit.findings).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in findings {
        let _ = writeln!(text, "\n{}", escaped(&finding.subject));
        line(text, finding);
    }
}

fn line(text: &mut String, finding: &Finding) {
    let weight = match finding.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Undecided => "undecided",
        Severity::Reject => "error",
    };
    let _ = writeln!(
        text,
        "  {weight}: {} [{}]",
        escaped(&finding.detail),
        finding.code
    );
    if let Some(hint) = &finding.hint {
        let _ = writeln!(text, "    {}", escaped(hint));
    }
}

/// How many, for each client, and why.
fn numbers(text: &mut String, audit: &Audit, request: &AuditRequest<'_>) {
    let _ = writeln!(
        text,
        "\n{} certificates in {} files at {}",
        audit.certificates.len(),
        audit.files.len(),
        request.now
    );
    let width = request.consumers.iter().map(|one| one.name().len()).max();
    for (column, consumer) in request.consumers.iter().enumerate() {
        let count = Count::of(audit, column);
        let _ = writeln!(
            text,
            "  {:<width$}  {count}",
            consumer.name(),
            width = width.unwrap_or_default()
        );
    }
    let outcome = match audit.outcome(request) {
        Outcome::Accepted => "ok: everybody asked takes every certificate",
        Outcome::Undecided => "undecided: something could not be read",
        Outcome::Rejected => "not ok: see above who refuses what, or comes to",
    };
    let _ = writeln!(text, "{outcome}");
}

/// How often a client gives which answer.
#[derive(Debug, Default)]
struct Count {
    good: usize,
    ending: usize,
    warned: usize,
    refused: usize,
    codes: BTreeMap<&'static str, usize>,
}

impl Count {
    fn of(audit: &Audit, column: usize) -> Self {
        let mut count = Self::default();
        for certificate in &audit.certificates {
            let Some(judgement) = certificate.judgements.get(column) else {
                continue;
            };
            let whole = &judgement.whole;
            match whole.answer {
                Answer::Rejects | Answer::NotAsked => {
                    count.refused += 1;
                    if let Some(reason) = whole.reasons.first() {
                        *count.codes.entry(reason.code.id).or_default() += 1;
                    }
                }
                _ if whole.until().is_some() => count.ending += 1,
                Answer::Warns => count.warned += 1,
                Answer::Accepts => count.good += 1,
            }
        }
        count
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            good,
            ending,
            warned,
            refused,
            codes,
        } = self;
        write!(
            f,
            "{good} ok, {ending} until a known day, {warned} warned of, {refused} no"
        )?;
        if codes.is_empty() {
            return Ok(());
        }
        let mut codes: Vec<_> = codes.iter().collect();
        codes.sort_by_key(|(code, number)| (std::cmp::Reverse(**number), **code));
        let codes: Vec<_> = codes
            .iter()
            .map(|(code, number)| format!("{number} {code}"))
            .collect();
        write!(f, " ({})", codes.join(", "))
    }
}
