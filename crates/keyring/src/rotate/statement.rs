//! What owners say about their keys, to be signed by both.

use std::fmt::Write as _;

use super::plan::{Plan, Replaces};

/// The statement of a transition: which key replaces which, from when on, and how to check
/// it. Both keys sign it; it names full fingerprints and nothing else identifies a key.
pub fn statement(plan: &Plan, now: jiff::Timestamp) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "Key transition statement\n\nDate: {now}\n");
    let (what, old, new) = match plan.replaces() {
        Replaces::Certificate => (
            "the certificate that signs these repositories is replaced",
            plan.old.certificate.fingerprint(),
            plan.new.certificate.fingerprint(),
        ),
        Replaces::Subkey => (
            "the subkey that signs these repositories is replaced; the certificate stays",
            plan.old.key.clone(),
            plan.new.key.clone(),
        ),
    };
    let _ = writeln!(text, "We announce that {what}:\n");
    for repository in &plan.repositories {
        let place = repository.url.clone().unwrap_or_else(|| {
            let name = repository.path.file_name().unwrap_or_default();
            name.to_string_lossy().replace(char::is_control, "?")
        });
        let _ = writeln!(text, "  {} ({})", place, repository.format.name());
    }
    let _ = writeln!(text, "\nOld: {old}\nNew: {new}");
    if plan.replaces() == Replaces::Subkey {
        let _ = writeln!(text, "Certificate: {}", plan.old.certificate.fingerprint());
    }
    let until = now.checked_add(plan.window).ok();
    if let Some(until) = until {
        let _ = writeln!(
            text,
            "\nThe new key signs alone from {until} on, at the earliest. Until then the old one\n\
             signs, alone or beside the new one. Install both certificates before that day."
        );
    }
    text.push_str(
        "\nThis statement is signed by both keys. It is no reason to trust the new one unless\n\
         the signature by the old one verifies.\n",
    );
    text
}
