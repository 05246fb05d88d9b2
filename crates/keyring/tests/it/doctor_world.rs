//! The certificates of distributions, diagnosed: counts, and agreement with
//! sq-keyring-linter where it judges the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use pkgseal_keyring::doctor::{Diagnosis, diagnose};
use pkgseal_keyring::open;
use pkgseal_openpgp::Certificate;
use pkgseal_repo::{Limits, Severity};
use pkgseal_testkit::peers;

const DISTRIBUTIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/vectors/certs/distributions"
);

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn world() -> Option<Vec<(Certificate, Diagnosis)>> {
    let folder = Path::new(DISTRIBUTIONS);
    if !folder.is_dir() {
        println!("SKIP: {} is not there", folder.display());
        return None;
    }
    let loaded = open(folder, &Limits::default()).unwrap();
    let diagnosed = loaded.certificates.iter().map(|certificate| {
        let diagnosis = diagnose(certificate, now()).unwrap();
        (certificate.clone(), diagnosis)
    });
    Some(diagnosed.collect())
}

/// Codes with the number of certificates that have them, by weight.
fn table(world: &[(Certificate, Diagnosis)]) -> BTreeMap<(&'static str, Severity), usize> {
    let mut table = BTreeMap::new();
    for (_, diagnosis) in world {
        let codes: BTreeSet<_> = diagnosis
            .troubles
            .iter()
            .map(|trouble| (trouble.finding.code.id, trouble.finding.severity))
            .collect();
        for code in codes {
            *table.entry(code).or_insert(0) += 1;
        }
    }
    table
}

#[test]
fn every_certificate_is_diagnosed_and_every_trouble_explained() {
    let Some(world) = world() else { return };
    assert!(world.len() > 350, "{}", world.len());
    let table = table(&world);
    for ((code, severity), count) in &table {
        println!("{count:4} {severity:?} {code}");
    }
    for (_, diagnosis) in &world {
        for trouble in &diagnosis.troubles {
            let finding = &trouble.finding;
            assert!(!finding.detail.is_empty());
            let explained = finding.hint.is_some() || finding.severity == Severity::Note;
            assert!(explained, "{finding:?}");
        }
    }
    let found: Vec<_> = table
        .iter()
        .map(|((code, severity), count)| (*code, *severity, *count))
        .collect();
    assert_eq!(found, EXPECTED);
}

/// Of the certificates that distributions publish, on 2026-11-01.
const EXPECTED: &[(&str, Severity, usize)] = &[
    ("doctor.cannot-sign", Severity::Note, 3),
    ("doctor.expired", Severity::Reject, 39),
    ("doctor.half-mended", Severity::Reject, 5),
    ("doctor.no-expiry", Severity::Note, 300),
    ("doctor.no-features", Severity::Note, 7),
    ("doctor.no-key-flags", Severity::Note, 6),
    ("doctor.picture", Severity::Note, 1),
    ("doctor.revoked", Severity::Reject, 2),
    ("doctor.subkey-forgotten", Severity::Note, 2),
    ("doctor.subkey-forgotten", Severity::Reject, 4),
    ("doctor.weak-back-signature", Severity::Warning, 4),
    ("doctor.weak-back-signature", Severity::Reject, 4),
    ("doctor.weak-binding", Severity::Warning, 66),
    ("doctor.weak-key", Severity::Note, 58),
    ("doctor.weak-key", Severity::Reject, 34),
    ("doctor.weak-revocation", Severity::Warning, 3),
    ("doctor.weak-self-signature", Severity::Reject, 155),
];

#[test]
fn the_keyring_linter_of_sequoia_agrees() {
    let Some(world) = world() else { return };
    let Some(linter) = peers::have("sq-keyring-linter") else {
        return;
    };
    // It cannot read OpenPGP v6, nor PQC.
    let world: Vec<_> = world
        .into_iter()
        .filter(|(certificate, _)| certificate.version() == 4)
        .collect();
    let keyring: Vec<u8> = world
        .iter()
        .flat_map(|(certificate, _)| certificate.to_binary())
        .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), keyring).unwrap();
    let Some(linter) = linter.at(now()) else {
        return;
    };
    let run = peers::run(linter.command().arg("-k").arg(file.path()));
    let theirs: BTreeSet<String> = run
        .text
        .lines()
        .map(|line| line.trim().to_uppercase())
        .filter(|line| line.len() == 40)
        .collect();
    assert!(theirs.len() > 100, "{run}");
    // What it looks at: SHA-1, on what is neither expired nor revoked.
    let ours = |diagnosis: &Diagnosis| {
        let has = |id: &str| {
            diagnosis
                .troubles
                .iter()
                .any(|trouble| trouble.finding.code.id == id)
        };
        let expired: Vec<_> = diagnosis
            .troubles
            .iter()
            .filter(|trouble| trouble.finding.code.id == "doctor.subkey-forgotten")
            .map(|trouble| &trouble.part)
            .collect();
        let weak = diagnosis.troubles.iter().any(|trouble| {
            let code = trouble.finding.code.id;
            let weak = [
                "doctor.weak-self-signature",
                "doctor.weak-binding",
                "doctor.weak-back-signature",
            ];
            weak.contains(&code)
                && trouble.finding.detail.contains("SHA-1")
                && !expired.contains(&&trouble.part)
        });
        weak && !has("doctor.expired")
    };
    let named = |diagnosis: &Diagnosis| {
        let findings = diagnosis.troubles.iter().map(|trouble| &trouble.finding);
        findings.into_iter().any(|finding| {
            finding.code.id.starts_with("doctor.weak-") && finding.detail.contains("SHA-1")
        })
    };
    let (mut agreed, mut different) = (0, Vec::new());
    for (certificate, diagnosis) in &world {
        let fingerprint = certificate.fingerprint().to_string();
        let agrees = match theirs.contains(&fingerprint) {
            // Of expired ones it names some, too.
            true => named(diagnosis),
            false => !ours(diagnosis),
        };
        if agrees {
            agreed += 1;
        } else {
            let troubles: Vec<_> = diagnosis
                .troubles
                .iter()
                .map(|trouble| format!("{} {}", trouble.finding.code, trouble.part))
                .collect();
            different.push((fingerprint, troubles));
        }
    }
    println!("{agreed} agree");
    assert!(different.is_empty(), "{different:#?}");
}
