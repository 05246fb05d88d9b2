//! Results for a person. A good result is short; a rejection says what, why, by whose
//! rule, and what to do.

use std::fmt::Write as _;
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use pkgseal_keyring::Loaded;
use pkgseal_openpgp::{
    Certificate, Examination, KeyFacts, KeyState, Mathematics, Profile, SignatureFacts, Signed,
    Status,
};
use pkgseal_repo::{Finding, Outcome, Severity};

use super::escaped;

pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(super) const POOR: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const WRONG: Style = AnsiColor::Red.on_default().bold();

/// A tree can hold a hundred thousand wrong files; nobody reads them all in text. JSON
/// has every one.
const MOST_FINDINGS: usize = 50;
/// As many signatures of one object are listed by name.
const MOST_SIGNATURES: usize = 8;

pub(super) fn verdicts(examinations: &[&Examination], outcome: Outcome) -> String {
    let mut text = String::new();
    for examination in examinations {
        verdict(&mut text, examination);
    }
    if examinations.len() > 1 {
        let count = |wanted| {
            examinations
                .iter()
                .filter(|examination| examination.outcome() == wanted)
                .count()
        };
        let _ = writeln!(
            text,
            "{}: {} accepted, {} rejected, {} undecided",
            word(outcome),
            count(Outcome::Accepted),
            count(Outcome::Rejected),
            count(Outcome::Undecided)
        );
    }
    text
}

fn verdict(text: &mut String, examination: &Examination) {
    let outcome = examination.outcome();
    let _ = writeln!(
        text,
        "{} {} ({}{})",
        word(outcome),
        escaped(&examination.subject),
        kind(examination),
        counts(examination)
    );
    let good: Vec<&SignatureFacts> = examination
        .signatures
        .iter()
        .flat_map(|object| &object.report.signatures)
        .filter(|signature| signature.status == Status::Good)
        .collect();
    signers(text, &good, outcome);
    if matches!(examination.kind, "files" | "sums" | "file") {
        vouched(text, examination);
    }
    findings(text, &examination.report.findings);
}

/// What vouches for which file, where several things may.
fn vouched(text: &mut String, examination: &Examination) {
    let details = examination.details.iter();
    let mut all = details.filter(|detail| detail.name == "vouched");
    for detail in all.by_ref().take(MOST_FINDINGS) {
        let _ = writeln!(text, "  vouched for: {}", escaped(&detail.value));
    }
    let more = all.count();
    if more > 0 {
        let _ = writeln!(text, "  and {more} more files; --json lists them all");
    }
}

/// Good signatures, the same signer once.
fn signers(text: &mut String, good: &[&SignatureFacts], outcome: Outcome) {
    // Beside a rejection nothing should read as if the object were vouched for.
    let label = match outcome {
        Outcome::Accepted => "signed by",
        Outcome::Undecided | Outcome::Rejected => "good signature by",
    };
    let mut lines: Vec<(String, usize)> = Vec::new();
    for signature in good {
        let line = signer(signature);
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, count)) => *count += 1,
            None => lines.push((line, 1)),
        }
    }
    let more = lines.len().saturating_sub(MOST_SIGNATURES);
    for (line, count) in lines.iter().take(MOST_SIGNATURES) {
        let times = if *count > 1 {
            format!(" ({count} signatures)")
        } else {
            String::new()
        };
        let _ = writeln!(text, "  {label} {line}{times}");
    }
    if more > 0 {
        let _ = writeln!(text, "  and by {more} more");
    }
}

fn signer(signature: &SignatureFacts) -> String {
    let certificate = signature
        .certificate
        .as_ref()
        .map_or_else(|| "an unknown certificate".to_owned(), ToString::to_string);
    let user_id = signature
        .user_id
        .as_deref()
        .map(escaped)
        .unwrap_or_default();
    let created = signature
        .created
        .map(|at| format!(", {}", date(at)))
        .unwrap_or_default();
    format!("{certificate} {user_id}{created}")
}

pub(super) fn findings(text: &mut String, findings: &[Finding]) {
    for finding in findings.iter().take(MOST_FINDINGS) {
        let label = match finding.severity {
            Severity::Reject => format!("{WRONG}rejected because{WRONG:#}"),
            Severity::Undecided => format!("{POOR}undecided because{POOR:#}"),
            Severity::Warning => format!("{POOR}warning{POOR:#}"),
            Severity::Note => "note".to_owned(),
        };
        let subject = if finding.subject.is_empty() {
            String::new()
        } else {
            format!("{}: ", escaped(&finding.subject))
        };
        let _ = writeln!(
            text,
            "  {label}: {subject}{} [{}]",
            escaped(&finding.detail),
            finding.code
        );
        if let Some(cause) = &finding.cause {
            let _ = writeln!(text, "    by: {}", escaped(cause));
        }
        if let Some(hint) = &finding.hint {
            let _ = writeln!(text, "    hint: {}", escaped(hint));
        }
    }
    if let Some(more) = findings.len().checked_sub(MOST_FINDINGS)
        && more > 0
    {
        let _ = writeln!(text, "  and {more} more; --json lists them all");
    }
}

/// A kind in words.
fn kind(examination: &Examination) -> &'static str {
    match examination.kind {
        "deb" => "Debian package",
        "rpm" => "RPM package",
        "release" => "apt Release",
        "repomd" => "yum metadata",
        "file" => "signed file",
        "apt" => "apt repository",
        "yum" => "yum repository",
        "certificate" => "certificate",
        "rpm-headers" => "RPM headers",
        "rpm-signatures" => "signatures on RPM headers",
        "maven" => "Maven repository",
        "bundle" => "Maven bundle",
        "files" => "plain folder",
        "sums" => "list of checksums",
        other => other,
    }
}

/// How much was compared: worth telling of trees.
fn counts(examination: &Examination) -> String {
    match (examination.kind, examination.report.files) {
        ("deb" | "rpm" | "release" | "repomd" | "file", _) | (_, 0) => String::new(),
        (_, files) => format!(
            ", {files} files, {} bytes checked",
            examination.report.bytes
        ),
    }
}

fn word(outcome: Outcome) -> String {
    match outcome {
        Outcome::Accepted => format!("{GOOD}accepted{GOOD:#}"),
        Outcome::Undecided => format!("{POOR}undecided{POOR:#}"),
        Outcome::Rejected => format!("{WRONG}rejected{WRONG:#}"),
    }
}

pub(super) fn facts(examinations: &[&Examination]) -> String {
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

/// A key's state in words.
pub(super) fn key_state(state: &KeyState) -> String {
    match state {
        KeyState::Live => "live".to_owned(),
        KeyState::Expired { at, primary: false } => format!("expired on {}", date(*at)),
        KeyState::Expired { at, primary: true } => {
            format!("expired with its primary key on {}", date(*at))
        }
        KeyState::NotYetValid { from } => format!("not valid before {}", date_time(*from)),
        KeyState::Revoked(revocation) => {
            let at = revocation
                .at
                .map(|at| format!(" on {}", date(at)))
                .unwrap_or_default();
            let reason = escaped(&revocation.reason);
            let kind = if revocation.hard {
                "revoked"
            } else {
                "retired"
            };
            if reason.is_empty() {
                format!("{kind}{at}")
            } else {
                format!("{kind}{at}: {reason}")
            }
        }
        KeyState::NotForSigning => "not for signing".to_owned(),
        KeyState::Unbound { reason } => format!("not bound: {}", escaped(reason)),
        KeyState::Weak { reason } => format!("too weak: {}", escaped(reason)),
    }
}

pub(super) fn bundled(written: &Signed) -> String {
    let mut text = String::new();
    verdict(&mut text, &written.examination);
    for output in &written.outputs {
        let _ = writeln!(text, "  wrote {}", escaped(&output.display().to_string()));
    }
    text
}

pub(super) fn signed(signed: &[&Signed]) -> String {
    written("signed", signed)
}

pub(super) fn unsigned(unsigned: &[&Signed]) -> String {
    written("unsigned", unsigned)
}

/// What was done to each, what it says of itself, or why nothing was done.
pub(super) fn worked(verb: &str, refused: &str, done: &[&Signed]) -> String {
    let mut text = String::new();
    for done in done {
        let examination = &done.examination;
        let word = match examination.outcome() {
            Outcome::Accepted => format!("{GOOD}{verb}{GOOD:#}"),
            Outcome::Undecided | Outcome::Rejected => format!("{WRONG}{refused}{WRONG:#}"),
        };
        let subject = escaped(&examination.subject);
        let _ = writeln!(text, "{word} {subject} ({})", kind(examination));
        for detail in &examination.details {
            let _ = writeln!(text, "  {}: {}", detail.name, escaped(&detail.value));
        }
        for output in &done.outputs {
            let _ = writeln!(text, "  wrote {}", escaped(&output.display().to_string()));
        }
        findings(&mut text, &examination.report.findings);
    }
    text
}

/// What was made of a repository, or why nothing was.
pub(super) fn made(verb: &str, done: &Signed) -> String {
    let mut text = String::new();
    match done.examination.outcome() {
        Outcome::Accepted => return written(verb, &[done]),
        Outcome::Undecided | Outcome::Rejected => {
            let subject = escaped(&done.examination.subject);
            let _ = writeln!(
                text,
                "{WRONG}{verb}{WRONG:#} {subject} ({})",
                kind(&done.examination)
            );
        }
    }
    findings(&mut text, &done.examination.report.findings);
    text
}

fn written(verb: &str, done: &[&Signed]) -> String {
    let mut text = String::new();
    for done in done {
        let examination = &done.examination;
        let verb = if done.outputs.is_empty() {
            "unchanged"
        } else {
            verb
        };
        let _ = writeln!(
            text,
            "{GOOD}{verb}{GOOD:#} {} ({})",
            escaped(&examination.subject),
            kind(examination)
        );
        let more = done.outputs.len().saturating_sub(MOST_SIGNATURES);
        for output in done.outputs.iter().take(MOST_SIGNATURES) {
            let _ = writeln!(text, "  wrote {}", escaped(&output.display().to_string()));
        }
        if more > 0 {
            let _ = writeln!(text, "  and {more} more files");
        }
        findings(&mut text, &examination.report.findings);
    }
    text
}

pub(super) fn generated(verb: &str, certificate: &Certificate, files: &[PathBuf]) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{GOOD}{verb}{GOOD:#} {}", certificate.fingerprint());
    for file in files {
        let _ = writeln!(text, "  wrote {}", escaped(&file.display().to_string()));
    }
    let [revocation, key, published] = files else {
        return text;
    };
    let shown = |path: &PathBuf| escaped(&path.display().to_string());
    let _ = writeln!(text, "  publish {}", shown(published));
    let _ = writeln!(
        text,
        "  keep {} where the key is not, for the day it is lost",
        shown(revocation)
    );
    if certificate.has_subkeys() {
        let _ = writeln!(
            text,
            "  next: pkgseal key split {} --offline FILE takes the primary key's secret off",
            shown(key)
        );
    }
    text
}

pub(super) fn keyring(loaded: &Loaded, profile: &Profile, now: Timestamp) -> String {
    let mut text = String::new();
    for certificate in loaded.certificates.iter() {
        self::certificate(&mut text, certificate, profile, now);
    }
    findings(&mut text, &loaded.findings);
    text
}

fn certificate(text: &mut String, certificate: &Certificate, profile: &Profile, now: Timestamp) {
    let _ = writeln!(text, "{}", certificate.fingerprint());
    for user_id in certificate.user_ids(now) {
        let revoked = if user_id.revoked { " (revoked)" } else { "" };
        let _ = writeln!(text, "  user ID  {}{revoked}", escaped(&user_id.text));
    }
    for key in certificate.keys(profile, now) {
        let _ = writeln!(text, "  {}", key_line(&key));
    }
    findings(text, &certificate.lint(profile, now));
}

fn key_line(key: &KeyFacts) -> String {
    let role = if key.primary { "primary" } else { "subkey " };
    let expires = key.expires.map_or_else(
        || "never expires".to_owned(),
        |at| format!("expires {}", date(at)),
    );
    let capabilities = if key.capabilities.is_empty() {
        "nothing".to_owned()
    } else {
        key.capabilities.join("+")
    };
    let state = match &key.state {
        KeyState::Live => "can sign".to_owned(),
        other => key_state(other),
    };
    format!(
        "{role}  {} {:<8} may {capabilities}, made {}, {expires}; {state}",
        key.fingerprint,
        key.algorithm,
        date(key.created)
    )
}

fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

fn date_time(at: Timestamp) -> String {
    at.to_string()
}
