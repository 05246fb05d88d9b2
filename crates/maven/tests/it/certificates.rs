//! The table of real publishers' certificates, and that it is current.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use pkgseal_openpgp::{Certificate, Certificates, KeyState, Profile, codes};

/// The day the table is about.
const TODAY: &str = "2025-09-01T00:00:00Z";

const PROFILES: [&str; 4] = ["strict", "maven-central", "maven-legacy", "gradle"];

/// Profiles that let a signature after expiry pass with a warning; what they make of a real
/// one is tested where profiles are.
const LAPSES_PASS: [&str; 2] = ["maven-central", "gradle"];

/// What stands in the cache: certificates, and what is none and why.
fn certificates() -> Option<(Certificates, Vec<String>)> {
    let path = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/vectors/maven/local-repo/pgpkeys-cache"
    ));
    if !path.is_dir() {
        println!("SKIP: the certificates of real publishers are not here");
        return None;
    }
    let mut files = crate::contents(&path);
    // Those that the plugin keeps outside its cache.
    let beside = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates"));
    files.extend(crate::contents(beside));
    files.retain(|(name, _)| name.ends_with(".asc"));
    let mut all = Vec::new();
    let mut refused = Vec::new();
    for (name, bytes) in files {
        let (found, errors) = Certificate::parse_all(&bytes);
        all.extend(found);
        refused.extend(errors.into_iter().map(|error| {
            let fingerprint = error
                .fingerprint
                .map(|fingerprint| format!("`{fingerprint}` in "));
            format!(
                "{}`{name}`: {}",
                fingerprint.unwrap_or_default(),
                error.reason
            )
        }));
    }
    Some((Certificates::new(all), refused))
}

/// What a profile makes of a signature of that moment, in a word, and why.
fn verdict(certificate: &Certificate, name: &str, at: Timestamp) -> (&'static str, Option<String>) {
    let profile = Profile::named(name).unwrap();
    let keys = certificate.keys(&profile, at);
    let any = |wanted: fn(&KeyState) -> bool| keys.iter().find(|key| wanted(&key.state));
    if any(|state| *state == KeyState::Live).is_some() {
        return ("good", None);
    }
    let lints = certificate.lint(&profile, at);
    let cannot = lints
        .iter()
        .find(|finding| finding.code == codes::CERTIFICATE_CANNOT_SIGN);
    let cause = cannot.and_then(|finding| finding.cause.clone());
    let words = |state: &KeyState| match state {
        KeyState::Expired { at, .. } => format!("expired at {at}"),
        KeyState::Revoked(revocation) => {
            let kind = if revocation.hard { "hard" } else { "soft" };
            format!("revoked ({kind}): {:?}", revocation.reason)
        }
        KeyState::Unbound { reason } | KeyState::Weak { reason } => reason.clone(),
        KeyState::NotForSigning => "no key of it may sign".to_owned(),
        KeyState::NotYetValid { from } => format!("made at {from}"),
        KeyState::Live => String::new(),
    };
    let (word, key) = if let Some(key) = any(|state| matches!(state, KeyState::Revoked(_))) {
        ("revoked", Some(key))
    } else if let Some(key) = any(|state| matches!(state, KeyState::Weak { .. })) {
        ("weak key", Some(key))
    } else if let Some(key) = any(|state| matches!(state, KeyState::Expired { .. })) {
        let passes = LAPSES_PASS.contains(&name);
        (
            if passes { "expired, passes" } else { "expired" },
            Some(key),
        )
    } else if let Some(key) = any(|state| matches!(state, KeyState::Unbound { .. })) {
        let bare = certificate.is_bare();
        match (bare, name) {
            (true, "gradle") => ("pinned", Some(key)),
            _ if cause.is_some() => ("weak binding", Some(key)),
            _ => ("unbound", Some(key)),
        }
    } else {
        ("cannot sign", keys.first())
    };
    let why = key.map(|key| words(&key.state));
    let why = why.map(|why| match cause {
        Some(cause) => format!("{why}; {cause}"),
        None => why,
    });
    (word, why)
}

/// The day after the newest key that could ever sign was made.
fn young(certificate: &Certificate) -> Timestamp {
    let profile = Profile::named("maven-legacy").unwrap();
    let today: Timestamp = TODAY.parse().unwrap();
    let keys = certificate.keys(&profile, today);
    let signing = keys.iter().filter(|key| key.capabilities.contains(&"sign"));
    let made = signing.map(|key| key.created).max();
    let made = made
        .or_else(|| keys.iter().map(|key| key.created).max())
        .unwrap();
    made + SignedDuration::from_hours(24)
}

fn table(certificates: &Certificates, refused: &[String]) -> String {
    let today: Timestamp = TODAY.parse().unwrap();
    let mut text = format!(
        "# Real publishers' certificates under each profile\n\n\
         The {} certificates that the tests of pgpverify-maven-plugin keep (three of them outside\n\
         its cache of keys, here in tests/certificates), and what each profile makes of a signature\n\
         by them: one made the day after the signing key was made, and one made\n\
         on {}. `good` is accepted; `expired, passes` and `pinned` are accepted with a warning;\n\
         everything else is rejected, and explained below the table with the line of the profile that\n\
         decided. A test keeps this file current.\n\n\
         | certificate | {} |\n|---|{}\n",
        certificates.len(),
        today.strftime("%Y-%m-%d"),
        PROFILES.join(" | "),
        "---|".repeat(PROFILES.len()),
    );
    let mut reasons = String::new();
    let mut counts: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    for certificate in certificates.iter() {
        let fingerprint = certificate.fingerprint();
        let young = young(certificate);
        let mut cells = Vec::new();
        let mut told: Vec<(String, Vec<&str>)> = Vec::new();
        for name in PROFILES {
            let both = [young, today].map(|at| verdict(certificate, name, at));
            for (when, (word, why)) in both.iter().enumerate() {
                if matches!(*word, "good" | "expired, passes" | "pinned") {
                    *counts.entry((name, when)).or_default() += 1;
                }
                if let (Some(why), false) = (why, *word == "good") {
                    // The cited line begins with the profile's name.
                    match told.iter_mut().find(|(known, _)| known == why) {
                        Some((_, names)) if names.contains(&name) => {}
                        Some((_, names)) => names.push(name),
                        None => told.push((why.clone(), vec![name])),
                    }
                }
            }
            let [(new, _), (now, _)] = both;
            cells.push(match new == now {
                true => new.to_owned(),
                false => format!("{new} / {now}"),
            });
        }
        let _ = writeln!(text, "| `{fingerprint}` | {} |", cells.join(" | "));
        if !told.is_empty() {
            let _ = writeln!(reasons, "\n`{fingerprint}`");
            for (why, names) in told {
                let _ = writeln!(reasons, "- {}: {why}", names.join(", "));
            }
        }
    }
    let _ = write!(text, "| **accepted, new / today** |");
    for name in PROFILES {
        let count = |when| counts.get(&(name, when)).copied().unwrap_or(0);
        let _ = write!(text, " {} / {} |", count(0), count(1));
    }
    let _ = write!(text, "\n\n## Reasons\n{reasons}");
    if !refused.is_empty() {
        let _ = writeln!(text, "\n## No certificates\n");
        for line in refused {
            let _ = writeln!(text, "- {line}");
        }
    }
    text
}

#[test]
fn the_table_of_certificates_is_current() {
    let Some((certificates, refused)) = certificates() else {
        return;
    };
    assert_eq!(certificates.len(), 82);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/CERTIFICATES.md");
    let table = table(&certificates, &refused);
    pkgseal_testkit::agreement::hold_current(path, &table, "PKGSEAL_WRITE_TABLE");
}

/// Each rejection in the table says why.
#[test]
fn no_certificate_is_rejected_without_a_reason() {
    let Some((certificates, _)) = certificates() else {
        return;
    };
    let today: Timestamp = TODAY.parse().unwrap();
    for certificate in certificates.iter() {
        for name in PROFILES {
            for at in [young(certificate), today] {
                let (word, why) = verdict(certificate, name, at);
                assert_eq!(
                    word == "good",
                    why.is_none(),
                    "{}",
                    certificate.fingerprint()
                );
                assert!(why.is_none_or(|why| !why.is_empty()));
            }
        }
    }
}
