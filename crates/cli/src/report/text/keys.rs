//! Keys that were made, and the certificates of a keyring.

use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::Timestamp;
use pkgseal_keyring::Loaded;
use pkgseal_openpgp::{Certificate, KeyFacts, KeyState, Profile};

use super::{GOOD, date, findings, key_state};
use crate::report::escaped;

pub(in crate::report) fn generated(
    verb: &str,
    certificate: &Certificate,
    files: &[PathBuf],
) -> String {
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

pub(in crate::report) fn keyring(loaded: &Loaded, profile: &Profile, now: Timestamp) -> String {
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
