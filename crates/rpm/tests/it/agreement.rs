//! What the real rpmkeys say of hundreds of generated packages, what our models of them
//! say, and what we say. The result stands in `CLIENTS.md`; to write it anew, run this
//! with `PKGSEAL_WRITE_CLIENTS=1`.

mod case;
mod cases;
mod run;
mod table;

use pkgseal_openpgp::{Certificates, Profile, Verifier};
use pkgseal_repo::{Outcome, Severity};
use pkgseal_rpm::client::{Client, ClientVerdict, Question};
use pkgseal_rpm::package::{self, VerifyOptions};
use pkgseal_testkit::agreement::{self, hold_current};

use crate::common::limits;
use case::Case;
use run::{Real, Said};

/// A folder with the package of every case.
pub(crate) struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new(cases: &[Case]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (number, case) in cases.iter().enumerate() {
            std::fs::write(folder.path().join(name(number)), &case.package).unwrap();
        }
        Self { folder }
    }

    fn path(&self, number: usize) -> std::path::PathBuf {
        self.folder.path().join(name(number))
    }
}

/// What the package of a case is called.
pub(crate) fn name(number: usize) -> String {
    format!("case-{number:04}.rpm")
}

fn model(client: &Client, files: &Files, number: usize, case: &Case) -> ClientVerdict {
    let certificates = case.certificates();
    let question = Question {
        certificates: &certificates,
        now: case.now(),
        level: Some(case.level),
        without: case.without,
    };
    client
        .judge(&files.path(number), &question, &limits())
        .unwrap()
}

fn models(client: &Client, files: &Files, cases: &[Case]) -> Vec<ClientVerdict> {
    let numbered = cases.iter().enumerate();
    numbered
        .map(|(number, case)| model(client, files, number, case))
        .collect()
}

/// Our own verdict on a case.
fn ours(files: &Files, number: usize, case: &Case) -> agreement::Case {
    let certificates = Certificates::new(case.certificates());
    let verifier = Verifier::new(certificates, Profile::strict(), case.now());
    let options = VerifyOptions {
        level: case.asked(),
        ..VerifyOptions::default()
    };
    let found = package::verify_with(&files.path(number), &verifier, &limits(), options).unwrap();
    let accepted = found.outcome() == Outcome::Accepted;
    let rejects = found.report.findings.iter();
    let codes = rejects
        .filter(|finding| finding.severity == Severity::Reject)
        .map(|finding| finding.code.id);
    agreement::Case::new(case.group, &case.name, accepted, codes)
}

/// What our model prints of a case.
fn says(client: &Client, number: usize, verdict: &ClientVerdict) -> Said {
    let print = |verbose| run::plain(&client.lines(&name(number), verdict, verbose).0);
    Said {
        accepted: verdict.accepted,
        verbose: print(true),
        short: print(false),
    }
}

#[test]
fn models_agree_with_the_real_programs() {
    let cases = cases::all();
    assert!(cases.len() >= 200, "{}", cases.len());
    let files = Files::new(&cases);
    let mut wrong = Vec::new();
    for (name, real) in [
        ("rpm-4.18", Real::installed()),
        ("rpm-4.20", Real::trixie()),
    ] {
        let Some(real) = real else {
            continue;
        };
        let client = Client::named(name).unwrap();
        let real = real.judge(&cases, &files);
        for (number, verdict) in models(&client, &files, &cases).iter().enumerate() {
            let (case, real) = (&cases[number], &real[number]);
            let said = says(&client, number, verdict);
            if said != *real {
                wrong.push(format!(
                    "{name} | {} | {}:\n  model {said:?}\n  real  {real:?}",
                    case.group, case.name
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

/// Whatever clients say: what is signed is what is there.
#[test]
fn we_never_accept_what_was_changed() {
    let cases = cases::all();
    let files = Files::new(&cases);
    let changes = [
        "a letter of the summary",
        "a payload byte",
        "payload cut short",
        "no payload",
        "bytes behind the payload",
    ];
    let mut seen = 0;
    for (number, case) in cases.iter().enumerate() {
        let (_, change) = case.name.split_once(": ").unwrap_or_default();
        if case.group == "damage" && changes.iter().any(|known| change.starts_with(known)) {
            seen += 1;
            let ours = ours(&files, number, case);
            assert!(!ours.accepted, "{}", case.name);
        }
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn the_table_is_current() {
    let cases = cases::all();
    let files = Files::new(&cases);
    let numbered = || cases.iter().enumerate();
    let ours: Vec<_> = numbered()
        .map(|(number, case)| ours(&files, number, case))
        .collect();
    let columns: Vec<_> = Client::names()
        .map(|name| {
            let client = Client::named(name).unwrap();
            let verdicts = models(&client, &files, &cases);
            table::column(&client, &verdicts)
        })
        .collect();
    let text = table::text(&ours, &columns);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/CLIENTS.md");
    hold_current(path, &text, "PKGSEAL_WRITE_CLIENTS");
}
