//! What consumers that are data make of keys in every state, held against the library
//! behind one of them.

use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;
use openpgp::cert::CertParser;
use openpgp::parse::Parse;
use openpgp::policy::StandardPolicy;
use pkgseal_keyring::consumer::{
    Answer, Consumer, EXPIRED, Judgement, Model, NO_SIGNING_KEY, REVOKED, UNBOUND, WEAK_KEY,
    WEAK_SELF_SIGNATURE,
};
use pkgseal_openpgp::{Certificate, KeyState, Profile};
use pkgseal_testkit::keys;
use sequoia_openpgp as openpgp;

const VECTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/vectors/certs/distributions"
);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn certificate(name: &str) -> Certificate {
    let (mut certificates, errors) = Certificate::parse_all(keys::load(name).certificate());
    assert!(errors.is_empty(), "{name}");
    certificates.remove(0)
}

fn asked(consumer: &str, key: &str, now: &str) -> Judgement {
    Model::named(consumer)
        .unwrap()
        .judge(&certificate(key), at(now))
}

const EARLY: &str = "2025-03-01T00:00:00Z";
const LATE: &str = "2025-09-01T00:00:00Z";

#[test]
fn keys_in_every_state() {
    use Answer::{Accepts, Rejects, Warns};
    for (key, now, [gpg, sequoia, central, gradle]) in [
        ("good", LATE, [Accepts, Accepts, Accepts, Accepts]),
        ("good-rsa4096", LATE, [Accepts, Accepts, Accepts, Accepts]),
        ("primary-signs", LATE, [Accepts, Accepts, Accepts, Accepts]),
        ("expired", EARLY, [Accepts, Accepts, Accepts, Accepts]),
        ("expired", LATE, [Warns, Rejects, Warns, Accepts]),
        ("subkey-expired", LATE, [Warns, Rejects, Warns, Accepts]),
        ("revoked-soft", EARLY, [Accepts, Accepts, Accepts, Accepts]),
        ("revoked-soft", LATE, [Warns, Rejects, Warns, Accepts]),
        ("revoked-hard", EARLY, [Warns, Rejects, Rejects, Accepts]),
        (
            "subkey-revoked-hard",
            LATE,
            [Warns, Rejects, Rejects, Accepts],
        ),
        ("young", EARLY, [Rejects, Rejects, Rejects, Rejects]),
        ("not-signing", LATE, [Rejects, Rejects, Rejects, Rejects]),
        (
            "authentication-only",
            LATE,
            [Rejects, Rejects, Rejects, Rejects],
        ),
        ("no-backsig", LATE, [Rejects, Rejects, Rejects, Accepts]),
        ("unbound-subkey", LATE, [Rejects, Rejects, Rejects, Accepts]),
        ("sha1-binding", LATE, [Accepts, Rejects, Accepts, Accepts]),
        (
            "sha1-subkey-binding",
            LATE,
            [Accepts, Rejects, Accepts, Accepts],
        ),
        ("rsa1024", LATE, [Accepts, Rejects, Accepts, Accepts]),
    ] {
        for (consumer, expected) in [
            ("gpg", gpg),
            ("sequoia", sequoia),
            ("maven-central", central),
            ("gradle", gradle),
        ] {
            let judged = asked(consumer, key, now);
            assert_eq!(
                judged.whole.answer, expected,
                "{consumer} of {key} at {now}: {judged:#?}"
            );
            let explained = judged
                .whole
                .reasons
                .iter()
                .all(|reason| !reason.detail.is_empty());
            assert!(explained, "{consumer} of {key}");
            let plain = matches!(expected, Accepts);
            assert!(
                plain || !judged.whole.reasons.is_empty(),
                "{consumer} of {key}"
            );
        }
    }
}

#[test]
fn reasons_have_codes_of_their_own() {
    for (key, now, code) in [
        ("expired", LATE, EXPIRED),
        ("revoked-soft", LATE, REVOKED),
        ("revoked-hard", EARLY, REVOKED),
        ("no-backsig", LATE, UNBOUND),
        ("sha1-binding", LATE, WEAK_SELF_SIGNATURE),
        ("rsa1024", LATE, WEAK_KEY),
        ("not-signing", LATE, NO_SIGNING_KEY),
    ] {
        let judged = asked("sequoia", key, now);
        let reason = judged.whole.reasons.first().unwrap();
        assert_eq!(reason.code, code, "{key}");
        assert!(
            reason
                .cause
                .as_deref()
                .is_some_and(|cause| cause.starts_with("sequoia")),
            "{key}"
        );
    }
}

#[test]
fn answers_change_on_the_day() {
    // Expiry, to the second.
    let judged = asked("sequoia", "expired", EARLY);
    assert_eq!(judged.whole.until(), Some(at("2025-06-01T00:00:00Z")));
    assert_eq!(judged.whole.end().unwrap().reasons[0].code, EXPIRED);
    let before = asked("sequoia", "expired", "2025-05-31T23:59:59Z");
    let after = asked("sequoia", "expired", "2025-06-01T00:00:00Z");
    assert_eq!(
        (before.whole.answer, after.whole.answer),
        (Answer::Accepts, Answer::Rejects)
    );
    // Who only warns of expired keys never comes to reject one.
    assert_eq!(asked("maven-central", "expired", EARLY).whole.until(), None);
    assert_eq!(asked("gradle", "expired", EARLY).whole.changes, []);
    // A policy of the program's own.
    let judged = asked("sequoia", "dsa2048", EARLY);
    assert_eq!(judged.whole.until(), Some(at("2030-02-01T00:00:00Z")));
    assert_eq!(judged.whole.end().unwrap().reasons[0].code, WEAK_KEY);
    // A soft revocation that is known already, and a key of the future.
    let judged = asked("sequoia", "revoked-soft", EARLY);
    assert_eq!(judged.whole.until(), Some(at("2025-07-01T00:00:00Z")));
    let judged = asked("sequoia", "young", EARLY);
    assert_eq!(judged.whole.until(), None);
    assert_eq!(judged.whole.at(at(LATE)).0, Answer::Accepts);
    // What has ended says nothing of an end.
    assert_eq!(asked("sequoia", "expired", LATE).whole.until(), None);
}

#[test]
fn only_the_key_that_signs_is_asked() {
    let judged = asked("sequoia", "good-rsa4096", LATE);
    let answers: Vec<_> = judged
        .keys
        .iter()
        .map(|key| (key.primary, key.opinion.answer))
        .collect();
    assert_eq!(
        answers,
        [(true, Answer::NotAsked), (false, Answer::Accepts)]
    );
}

#[test]
fn what_is_no_consumer_is_refused() {
    assert!(Model::named("pgp-2.6").is_err());
    let good = "name = \"x\"\nsummary = \"x\"\nchecked = \"x\"\nprofile = \"strict\"\n";
    let states: String = [
        "expired",
        "retired",
        "revoked",
        "unbound",
        "bare",
        "unflagged",
    ]
    .iter()
    .map(|state| format!("[{state}]\nanswer = \"reject\"\nexplain = \"\"\n"))
    .collect();
    assert!(Model::parse("x", &format!("{good}{states}")).is_ok());
    for (head, rest) in [
        (good, ""),
        ("", states.as_str()),
        (
            "profile = \"none\"\nname = \"x\"\nsummary = \"x\"\nchecked = \"x\"\n",
            states.as_str(),
        ),
        (good, "[expired]\nanswer = \"perhaps\"\nexplain = \"\"\n"),
    ] {
        assert!(
            Model::parse("x", &format!("{head}{rest}")).is_err(),
            "{head}{rest}"
        );
    }
    for more in [
        "more = 1\n",
        "[more]\n",
        "[digest.sha1]\nself-signature = \"soon\"\nexplain = \"\"\n",
        "[digest.sha1]\nself-signature = \"always\"\n",
        "[public-key.rsa]\naccept = \"2030-13-01\"\nexplain = \"\"\n",
        "[public-key.rsa]\nminimum-bits = -1\nexplain = \"\"\n",
    ] {
        let text = if more.starts_with('[') {
            format!("{good}{states}{more}")
        } else {
            format!("{good}{more}{states}")
        };
        assert!(Model::parse("x", &text).is_err(), "{more}");
    }
}

/// Whether Sequoia's own standard policy finds a key that may sign.
fn by_the_library(cert: &openpgp::Cert, now: SystemTime) -> bool {
    let policy = StandardPolicy::at(now);
    let Ok(valid) = cert.with_policy(&policy, now) else {
        return false;
    };
    valid.alive().is_ok()
        && !matches!(
            valid.revocation_status(),
            openpgp::types::RevocationStatus::Revoked(_)
        )
        && valid
            .keys()
            .alive()
            .revoked(false)
            .supported()
            .for_signing()
            .next()
            .is_some()
}

/// Whether a self-signature on it is younger than a moment.
fn renewed_since(cert: &openpgp::Cert, now: SystemTime) -> bool {
    let on_user_ids = cert.userids().flat_map(|user_id| user_id.self_signatures());
    cert.keys()
        .flat_map(|key| key.self_signatures())
        .chain(on_user_ids)
        .filter_map(|signature| signature.signature_creation_time())
        .any(|made| made > now)
}

/// Files beneath a folder.
fn files(folder: &Path, into: &mut Vec<std::path::PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// The model of Sequoia's policy, and that policy, about every certificate of
/// distributions at four moments.
#[test]
fn sequoia_says_what_the_model_says() {
    if !Path::new(VECTORS).is_dir() {
        println!("SKIP: {VECTORS} is not there");
        return;
    }
    let mut paths = Vec::new();
    files(Path::new(VECTORS), &mut paths);
    let keyrings = Path::new("/usr/share/keyrings");
    for name in [
        "debian-archive-keyring.gpg",
        "debian-archive-removed-keys.gpg",
        "debian-role-keys.gpg",
    ] {
        let path = keyrings.join(name);
        if path.is_file() {
            paths.push(path);
        } else {
            println!("SKIP: {} is not there", path.display());
        }
    }
    let model = Model::named("sequoia").unwrap();
    let (mut accepted, mut rejected, mut different) = (0, 0, Vec::new());
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let (certificates, _) = Certificate::parse_own(&bytes);
        for certificate in certificates {
            let cert = CertParser::from_bytes(&certificate.to_binary())
                .unwrap()
                .next()
                .unwrap()
                .unwrap();
            for now in [
                "2022-06-01T00:00:00Z",
                "2024-06-01T00:00:00Z",
                "2026-11-01T00:00:00Z",
                "2031-01-01T00:00:00Z",
            ] {
                let real = by_the_library(&cert, SystemTime::from(at(now)));
                let ours = model.judge(&certificate, at(now));
                *if real { &mut accepted } else { &mut rejected } += 1;
                // Of a moment before a certificate was renewed, its owner's later word is
                // taken here where the one of the day is gone.
                let by_later = !real && renewed_since(&cert, SystemTime::from(at(now)));
                // A long user ID leaves room for a collision: SHA-1 on it counts for
                // nothing since 2013 already, which the model does not follow.
                let long = !real
                    && at(now) < at("2023-02-01T00:00:00Z")
                    && cert.userids().any(|one| one.userid().value().len() > 96);
                if real != ours.whole.answer.counts() && !by_later && !long {
                    different.push(format!(
                        "{} {} at {now}: the library {real}, the model {:?} {:?}",
                        path.display(),
                        certificate.fingerprint(),
                        ours.whole.answer,
                        ours.whole.reasons
                    ));
                }
            }
        }
    }
    println!("{accepted} accepted, {rejected} rejected");
    assert!(accepted > 300 && rejected > 300);
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        different.join("\n")
    );
}

/// What others certify decides nothing: read without it, certificates are worth the same.
#[test]
fn certifications_by_others_change_no_key() {
    if !Path::new(VECTORS).is_dir() {
        println!("SKIP: {VECTORS} is not there");
        return;
    }
    let mut paths = Vec::new();
    files(Path::new(VECTORS), &mut paths);
    let (now, profile) = (at("2026-11-01T00:00:00Z"), Profile::strict());
    let (mut certificates, mut smaller) = (0, 0);
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let (all, errors) = Certificate::parse_all(&bytes);
        let (own, own_errors) = Certificate::parse_own(&bytes);
        assert_eq!(errors, own_errors, "{}", path.display());
        assert_eq!(all.len(), own.len(), "{}", path.display());
        for (all, own) in all.iter().zip(&own) {
            certificates += 1;
            smaller += usize::from(own.to_binary().len() < all.to_binary().len());
            assert_eq!(all.fingerprint(), own.fingerprint());
            assert_eq!(
                all.keys(&profile, now),
                own.keys(&profile, now),
                "{}",
                path.display()
            );
            assert_eq!(
                all.lint(&profile, now),
                own.lint(&profile, now),
                "{}",
                path.display()
            );
            assert_eq!(all.moments(), own.moments());
            assert_eq!(all.user_ids(now), own.user_ids(now));
        }
    }
    assert!(
        certificates > 500 && smaller > 40,
        "{certificates}, {smaller}"
    );
}

#[test]
fn moments_at_which_something_changes() {
    let moments = certificate("expired").moments();
    assert!(moments.is_sorted());
    assert!(moments.contains(&at("2025-06-01T00:00:00Z")));
    assert!(
        certificate("revoked-soft")
            .moments()
            .contains(&at("2025-07-01T00:00:00Z"))
    );
    assert!(
        certificate("subkey-revoked-hard")
            .moments()
            .contains(&at("2025-07-01T00:00:00Z"))
    );
    assert!(
        !certificate("good")
            .moments()
            .contains(&at("2025-06-01T00:00:00Z"))
    );
}

#[test]
fn fields_of_a_profile_changed() {
    let strict = Profile::strict();
    let key = |profile: &Profile| certificate("rsa1024").keys(profile, at(LATE)).remove(0);
    let lenient = strict
        .overlaid("mine", "[public-key.rsa]\nminimum-bits = 1024\n")
        .unwrap();
    assert_eq!(lenient.name(), "mine");
    assert!(matches!(key(&strict).state, KeyState::Weak { .. }));
    assert!(!matches!(key(&lenient).state, KeyState::Weak { .. }));
    let cause = key(&strict).reason.unwrap().cause.unwrap();
    assert!(cause.contains("minimum-bits"), "{cause}");
    for text in [
        "nonsense",
        "more = 1",
        "[public-key.rsa]\nminimum-bits = \"many\"",
        "[digest.sha1]\ndata = \"perhaps\"",
        "threshold = -1",
    ] {
        assert!(strict.overlaid("mine", text).is_err(), "{text}");
    }
}
