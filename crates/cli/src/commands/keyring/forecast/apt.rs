//! The signed roots of an apt repository.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_deb::apt::client::{
    Answer as Said, Client, CutOff, Keys, RootDates, StandingRoot, standing_roots,
};
use pkgseal_deb::apt::verify_release;
use pkgseal_keyring::forecast::{
    Answer, Cause, Dated, Followed, Scope, State, Subject, Telling, after, causes, follow,
};
use pkgseal_openpgp::{Certificates, Fingerprint, Profile, SignatureFacts, Verifier};
use rayon::prelude::*;

use super::ourselves::follow_us;
use super::{Asked, Part, dates, groups, mend};

/// Whether this consumer reads apt repositories.
pub(super) fn reads(name: &str) -> bool {
    Client::names().any(|known| known == name)
}

/// One signed root, and what is known of its signatures.
struct Suite {
    subject: Subject,
    files: StandingRoot,
    /// Its file that is asked about first.
    path: std::path::PathBuf,
    certificates: Certificates,
    dates: Vec<Dated>,
    said: RootDates,
    /// How it is dated anew.
    refresh: String,
}

pub(super) fn ask(path: &Path, asked: &Asked) -> Result<Part> {
    let mut part = Part::default();
    let mut suites = Vec::new();
    for files in standing_roots(path, &asked.limits)? {
        if let Some(suite) = suite(path, files, asked, &mut part)? {
            suites.push(suite);
        }
    }
    let clients = &asked.apt;
    let mut questions: Vec<(&Suite, Option<&Client>)> = Vec::new();
    for suite in &suites {
        questions.extend(clients.iter().map(|client| (suite, Some(client))));
        if asked.profile.is_some() {
            questions.push((suite, None));
        }
    }
    let followed = questions
        .par_iter()
        .map(|(suite, client)| match (client, &asked.profile) {
            (Some(client), _) => Ok(Some(by_client(suite, client, asked))),
            (None, Some(profile)) => Ok(Some(by_ourselves(suite, profile, asked)?)),
            (None, None) => Ok(None),
        })
        .collect::<Result<Vec<_>>>()?;
    part.followed.extend(followed.into_iter().flatten());
    Ok(part)
}

/// What is known of a root; `None` where it has no known signer.
fn suite(
    repository: &Path,
    files: StandingRoot,
    asked: &Asked,
    part: &mut Part,
) -> Result<Option<Suite>> {
    let name = files
        .folder
        .as_ref()
        .map_or_else(|| ".".to_owned(), ToString::to_string);
    let folder = repository.join(&name);
    let first = if files.inrelease.is_some() {
        "InRelease"
    } else {
        "Release"
    };
    let file = folder.join(first);
    let verifier = Verifier::new(
        asked.certificates.clone(),
        Profile::strict(),
        asked.span.now,
    );
    let examination = verify_release(&file, &verifier, &asked.limits)?;
    let known: Vec<SignatureFacts> = groups::known(&examination);
    let subject = Subject {
        place: repository.display().to_string(),
        name,
        scope: Scope::Published,
    };
    let Some(signers) = groups::signers(&known, &examination, &subject, &mut part.findings) else {
        return Ok(None);
    };
    part.signers.extend(signers.iter().cloned());
    let again = mend::sign(&folder.join("Release"));
    let mut all: Vec<Dated> = known
        .iter()
        .flat_map(|facts| dates::of_signature(facts, &asked.certificates, asked.span.now, &again))
        .collect();
    let said = files.dates();
    let suite = files.folder.as_ref().map(|folder| {
        let folder = folder.as_str();
        folder.strip_prefix("dists/").unwrap_or(folder)
    });
    let refresh = mend::refresh(repository, suite);
    if let Some(date) = said.date {
        let detail = format!("it is dated {date}");
        all.push(dates::dated(date, causes::BEGINS, detail));
    }
    let signers: Vec<Fingerprint> = signers.into_iter().collect();
    Ok(Some(Suite {
        subject,
        files,
        path: file,
        certificates: asked.certificates.only(&signers),
        dates: all,
        said,
        refresh,
    }))
}

/// The first second on which it is no longer valid.
fn valid_until(until: Timestamp, refresh: &str) -> Dated {
    Dated {
        at: after(until, 1),
        cause: Cause {
            code: causes::VALID_UNTIL,
            key: None,
            detail: format!("its Valid-Until is {until}"),
            mend: Some(refresh.to_owned()),
        },
        shows: vec![
            "apt.client.expired".to_owned(),
            "apt.release.expired".to_owned(),
        ],
        telling: Telling::Always,
    }
}

fn by_client(suite: &Suite, client: &Client, asked: &Asked) -> Followed {
    let keys = Keys::certificates(&suite.certificates);
    let mut dates = suite.dates.clone();
    dates.extend(policy(client, suite));
    if let Some(until) = client.valid_until(suite.said) {
        dates.push(valid_until(until, &suite.refresh));
    }
    let say = |at| {
        let verdict = client.judge(&suite.files.question(&keys, at));
        Ok::<_, Infallible>(State {
            answer: match verdict.answer {
                Said::Accepts => Answer::Accepts,
                Said::Warns => Answer::Warns,
                Said::Rejects => Answer::Rejects,
            },
            reasons: verdict.reasons,
        })
    };
    match follow(&suite.subject, client.name(), asked.span, &dates, say) {
        Ok(followed) => followed,
        Err(never) => match never {},
    }
}

/// The days of a client's policy that may matter to a suite.
fn policy(client: &Client, suite: &Suite) -> Vec<Dated> {
    let signers: BTreeSet<String> = suite
        .certificates
        .iter()
        .map(|certificate| certificate.fingerprint().to_string())
        .collect();
    let signers = signers.into_iter().collect::<Vec<_>>().join(", ");
    let again = mend::sign(&suite.path.with_file_name("Release"));
    client
        .cut_offs()
        .into_iter()
        .flat_map(|cut_off| of_cut_off(&cut_off, &signers, &again))
        .collect()
}

/// The day of a cut-off, and the day on which it is warned of.
pub(super) fn of_cut_off(cut_off: &CutOff, signers: &str, again: &str) -> Vec<Dated> {
    let CutOff {
        rule,
        what,
        from,
        warns,
        explain,
    } = cut_off;
    let mend = match rule {
        rule if rule.contains("self-signature") => mend::doctor(signers),
        rule if rule.starts_with("public-key") => mend::rotate(signers),
        _ => again.to_owned(),
    };
    let explain = if explain.is_empty() {
        String::new()
    } else {
        format!(" ({explain})")
    };
    std::iter::once(*from)
        .chain(*warns)
        .map(|at| Dated {
            at,
            cause: Cause {
                code: causes::POLICY,
                key: None,
                detail: format!("policy: {rule}{explain}"),
                mend: Some(mend.clone()),
            },
            shows: vec![what.clone()],
            telling: Telling::WhenItMatters,
        })
        .collect()
}

fn by_ourselves(
    suite: &Suite,
    profile: &Profile,
    asked: &Asked,
) -> Result<Followed, pkgseal_deb::Error> {
    let mut dates = suite.dates.clone();
    if let Some(until) = suite.said.valid_until {
        dates.push(valid_until(until, &suite.refresh));
    }
    let verify = |verifier: &Verifier| verify_release(&suite.path, verifier, &asked.limits);
    let (subject, certificates) = (&suite.subject, &suite.certificates);
    follow_us(subject, certificates, profile, asked.span, &dates, verify)
}
