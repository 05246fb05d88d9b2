//! What the real apts say of hundreds of generated roots, what our models of them say,
//! and what we say. The result stands in `CLIENTS.md`; to write it anew, run this with
//! `PKGSEAL_WRITE_CLIENTS=1`.

mod case;
mod cases;
mod run;
mod table;

use pkgseal_deb::apt::client::{
    Answer, Client, ClientVerdict, KeyFile as ClientKeyFile, Keys, Question,
};
use pkgseal_openpgp::{Certificate, Certificates, Profile, Verifier};
use pkgseal_repo::{Limits, Outcome, Severity};
use pkgseal_testkit::agreement::{self, hold_current};
use pkgseal_testkit::keys;

use case::{Case, KeyFile};
use run::{Done, Real};

fn model(client: &Client, case: &Case) -> ClientVerdict {
    let keys = match &case.key_file {
        KeyFile::Named(extension, content) => Keys::files(vec![ClientKeyFile {
            name: format!("key.{extension}"),
            content: content.clone(),
        }]),
        KeyFile::Inline(block) => Keys::inline(block.clone()),
    };
    client.judge(&Question {
        inrelease: case.inrelease.as_deref(),
        release: case.release.as_deref(),
        signature: case.signature.as_deref(),
        suite: (!case.flat).then_some("stable"),
        keys: &keys.only(case.pins.clone()),
        now: keys::time(case.now),
    })
}

/// Our own verdict on a case.
fn ours(case: &Case) -> agreement::Case {
    let folder = tempfile::tempdir().unwrap();
    let mut path = None;
    for (name, bytes) in [
        ("Release.gpg", &case.signature),
        ("Release", &case.release),
        ("InRelease", &case.inrelease),
    ] {
        if let Some(bytes) = bytes {
            std::fs::write(folder.path().join(name), bytes).unwrap();
            path = Some(folder.path().join(name));
        }
    }
    let Some(path) = path else {
        return agreement::Case::new(case.group, &case.name, false, ["apt.release.missing"]);
    };
    let bytes = match &case.key_file {
        KeyFile::Named(_, content) => content.clone().unwrap_or_default(),
        KeyFile::Inline(block) => block.clone(),
    };
    let certificates = Certificates::new(Certificate::parse_all(&bytes).0);
    let mut profile = Profile::strict();
    if !case.pins.is_empty() {
        let pins = case
            .pins
            .iter()
            .filter_map(|pin| pkgseal_openpgp::Fingerprint::parse(pin.trim_end_matches('!')));
        profile = profile.allowing(pins.collect());
    }
    let verifier = Verifier::new(certificates, profile, keys::time(case.now));
    let found = pkgseal_deb::apt::verify_release(&path, &verifier, &Limits::default()).unwrap();
    let accepted = found.outcome() == Outcome::Accepted;
    let rejects = found.report.findings.iter();
    let codes = rejects
        .filter(|finding| finding.severity == Severity::Reject)
        .map(|finding| finding.code.id);
    agreement::Case::new(case.group, &case.name, accepted, codes)
}

/// Where a model and its client differ, in words.
fn disagreements(cases: &[Case], models: &[ClientVerdict], real: &[Done]) -> Vec<String> {
    let mut wrong = Vec::new();
    for ((case, model), real) in cases.iter().zip(models).zip(real) {
        let real_answer = match (real.accepted, real.warned) {
            (false, _) => Answer::Rejects,
            (true, true) => Answer::Warns,
            (true, false) => Answer::Accepts,
        };
        if model.answer != real_answer {
            let reasons: Vec<_> = model
                .reasons
                .iter()
                .map(|reason| format!("{}: {}", reason.code, reason.detail))
                .collect();
            wrong.push(format!(
                "{} | {}: the model {:?} ({}), the client {real_answer:?} ({})",
                case.group,
                case.name,
                model.answer,
                reasons.join("; "),
                real.words
            ));
        }
    }
    wrong
}

#[test]
fn models_agree_with_the_real_clients() {
    let cases = cases::all();
    assert!(cases.len() >= 200);
    let mut wrong = Vec::new();
    for (name, real) in [("bookworm", Real::bookworm()), ("trixie", Real::trixie())] {
        let Some(real) = real else {
            continue;
        };
        let client = Client::named(name).unwrap();
        let models: Vec<_> = cases.iter().map(|case| model(&client, case)).collect();
        let of = disagreements(&cases, &models, &real.judge(&cases));
        wrong.extend(of.into_iter().map(|words| format!("{name} | {words}")));
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Many sources in one run say what each of them says in a run of its own.
#[test]
fn one_run_says_what_many_runs_say() {
    let sample: Vec<_> = cases::all().into_iter().step_by(29).collect();
    let alone: Vec<_> = sample.iter().cloned().map(Case::alone).collect();
    for real in [Real::bookworm(), Real::trixie()].into_iter().flatten() {
        let verdicts = |done: Vec<Done>| -> Vec<_> {
            done.into_iter()
                .map(|done| (done.accepted, done.warned))
                .collect()
        };
        assert_eq!(verdicts(real.judge(&sample)), verdicts(real.judge(&alone)));
    }
}

#[test]
fn the_table_is_current() {
    let cases = cases::all();
    let ours: Vec<_> = cases.iter().map(ours).collect();
    let columns: Vec<_> = ["bookworm", "trixie"]
        .into_iter()
        .map(|name| {
            let client = Client::named(name).unwrap();
            let models: Vec<_> = cases.iter().map(|case| model(&client, case)).collect();
            table::column(&client, &models)
        })
        .collect();
    let text = table::text(&ours, &columns);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/CLIENTS.md");
    hold_current(path, &text, "PKGSEAL_WRITE_CLIENTS");
}
