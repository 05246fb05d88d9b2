//! What was changed in a key.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_keyring::lifecycle::{Changed, Revocable, Step, Written};
use pkgseal_repo::Outcome;
use serde_json::{Value, json};

use super::{escaped, json as document, text};

pub(super) fn text(verb: &str, changed: &Changed, written: &Written) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}{verb}{:#} {}",
        text::GOOD,
        text::GOOD,
        changed.after.fingerprint()
    );
    for step in &changed.steps {
        let _ = writeln!(text, "  {}", self::step(step));
    }
    text::findings(&mut text, &changed.findings);
    let certificate = &written.certificate;
    for path in &written.secret {
        let _ = writeln!(text, "  wrote {} (secret)", path_text(path));
    }
    let _ = writeln!(text, "  wrote {}", path_text(certificate));
    if changed.before == changed.after {
        return text;
    }
    let _ = writeln!(
        text,
        "  publish {}: nobody knows of the change before",
        path_text(certificate)
    );
    let _ = writeln!(
        text,
        "  next: pkgseal keyring list {}",
        path_text(certificate)
    );
    text
}

fn step(step: &Step) -> String {
    match step {
        Step::Expiry {
            key,
            primary,
            from,
            to,
        } => format!(
            "{} {key}: expires {} (was: {})",
            if *primary { "primary key" } else { "subkey" },
            moment(*to),
            moment(*from)
        ),
        Step::Added {
            key,
            algorithm,
            expires,
        } => format!(
            "new signing subkey {key}: {algorithm}, expires {}",
            moment(*expires)
        ),
        Step::Revoked { what, hard } => {
            let what = match what {
                Revocable::Key => "the whole certificate".to_owned(),
                Revocable::Subkey(key) => format!("subkey {key}"),
                Revocable::UserId(text) => format!("user ID {}", escaped(text)),
            };
            let how = if *hard {
                "hard: also what it signed before"
            } else {
                "soft: from now on"
            };
            format!("revoked {what} ({how})")
        }
        Step::Protected { parts, locked } => {
            let how = if *locked {
                "protected by the new passphrase"
            } else {
                "without a passphrase now: whoever reads the file can sign"
            };
            format!("{parts} secret parts {how}")
        }
        Step::Joined { keys } => {
            let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
            format!("secret parts taken over: {}", keys.join(", "))
        }
        Step::Renewed { part, follows } => {
            format!("{part}: self-signature of {follows} made anew")
        }
        Step::Merged => "what was published is in the key file too".to_owned(),
        Step::Parted { offline } => format!(
            "the primary key's secret is in {} only: keep it offline",
            path_text(offline)
        ),
    }
}

fn moment(moment: Option<Timestamp>) -> String {
    moment.map_or_else(|| "never".to_owned(), |moment| moment.to_string())
}

fn path_text(path: &std::path::Path) -> String {
    escaped(&path.display().to_string())
}

pub(super) fn json(changed: &Changed, written: &Written) -> Result<String> {
    let Written {
        secret,
        certificate,
    } = written;
    let outputs: Vec<PathBuf> = secret.iter().chain([certificate]).cloned().collect();
    document::document(&json!({
        "schema": document::SCHEMA,
        "outcome": document::word(Outcome::Accepted),
        "fingerprint": changed.after.fingerprint().to_string(),
        "changes": changed.steps.iter().map(step_json).collect::<Vec<_>>(),
        "findings": document::findings(&changed.findings),
        "outputs": document::paths(&outputs),
        "publish": (changed.before != changed.after)
            .then(|| certificate.display().to_string()),
    }))
}

fn step_json(step: &Step) -> Value {
    let moment = |moment: &Option<Timestamp>| moment.map(|moment| moment.to_string());
    match step {
        Step::Expiry {
            key,
            primary,
            from,
            to,
        } => json!({
            "change": "expiry",
            "key": key.to_string(),
            "primary": primary,
            "from": moment(from),
            "to": moment(to),
        }),
        Step::Added {
            key,
            algorithm,
            expires,
        } => json!({
            "change": "added",
            "key": key.to_string(),
            "algorithm": algorithm,
            "expires": moment(expires),
        }),
        Step::Revoked { what, hard } => {
            let (part, name) = match what {
                Revocable::Key => ("certificate", None),
                Revocable::Subkey(key) => ("subkey", Some(key.to_string())),
                Revocable::UserId(text) => ("user-id", Some(text.clone())),
            };
            json!({ "change": "revoked", "part": part, "name": name, "hard": hard })
        }
        Step::Protected { parts, locked } => {
            json!({ "change": "protected", "parts": parts, "locked": locked })
        }
        Step::Joined { keys } => json!({
            "change": "joined",
            "keys": keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }),
        Step::Renewed { part, follows } => json!({
            "change": "renewed",
            "part": part,
            "follows": follows.to_string(),
        }),
        Step::Merged => json!({ "change": "merged" }),
        Step::Parted { offline } => {
            json!({ "change": "parted", "offline": offline.display().to_string() })
        }
    }
}
