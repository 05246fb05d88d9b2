//! Packages with signatures of their own: one of each fate is asked about.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use pkgseal_keyring::forecast::{Answer, Dated, Followed, State, causes, follow};
use pkgseal_openpgp::{Certificate, Examination, Fingerprint, Profile, Verifier};
use pkgseal_repo::{Finding, Root};
use pkgseal_rpm::client::{Client, CutOff, Question, Without};
use rayon::prelude::*;

use super::groups::{self, Examined, Group};
use super::{Asked, Part, dates, mend};

/// Whether this consumer reads packages.
pub(super) fn reads(name: &str) -> bool {
    Client::names().any(|known| known == name)
}

/// Whether a file is a package.
pub(super) fn is_one(path: &Path) -> bool {
    let mut head = [0; 8];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && (pkgseal_rpm::package::recognise(&head) || head.starts_with(b"!<arch>\n"))
}

/// The packages beneath a folder, by name; sorted.
pub(super) fn within(path: &Path) -> Result<Vec<PathBuf>> {
    let root = Root::open(path)?;
    let mut found = Vec::new();
    for (below, _) in root.walk(None)? {
        let Ok(below) = below else { continue };
        if below.as_str().ends_with(".rpm") || below.as_str().ends_with(".deb") {
            found.push(path.join(below.as_str()));
        }
    }
    found.sort();
    Ok(found)
}

pub(super) fn ask(place: &Path, packages: &[PathBuf], asked: &Asked) -> Result<Part> {
    let now = asked.span.now;
    let verifier = Verifier::new(asked.certificates.clone(), Profile::strict(), now);
    let examined = packages
        .par_iter()
        .map(|path| {
            let size = std::fs::metadata(path)
                .with_context(|| format!("cannot read {}", path.display()))?
                .len();
            let examination = examine(path, &verifier, asked)?;
            Ok(Examined {
                path,
                size,
                examination,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let strangers = |count: usize, who: &str, first: &Path| {
        format!(
            "{count} packages are signed by {who}, of whom no certificate is at hand; the first is {}",
            first.display()
        )
    };
    groups::follow_each(place, "packages", examined, asked, strangers, of_group)
}

fn is_rpm(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "rpm")
}

fn examine(path: &Path, verifier: &Verifier, asked: &Asked) -> Result<Examination> {
    Ok(if is_rpm(path) {
        pkgseal_rpm::package::verify(path, verifier, &asked.limits)?
    } else {
        pkgseal_deb::package::verify(path, verifier, &asked.limits)?
    })
}

fn of_group(group: &Group, asked: &Asked) -> Result<Vec<Followed>> {
    let signers = group.signers();
    let certificates = group.certificates(asked);
    let dates = group.dates(asked);
    let imported: Vec<Certificate> = certificates.iter().cloned().collect();
    let mut followed = Vec::new();
    for consumer in &asked.consumers {
        let Ok(client) = Client::named(consumer.name()) else {
            continue;
        };
        let mut dates = dates.clone();
        dates.extend(
            client
                .cut_offs()
                .iter()
                .map(|cut_off| policy(cut_off, &signers)),
        );
        if !is_rpm(&group.example) {
            continue;
        }
        let say = |at| {
            let question = Question {
                certificates: &imported,
                now: at,
                level: None,
                without: Without::default(),
            };
            let verdict = client.judge(&group.example, &question, &asked.limits)?;
            Ok::<_, anyhow::Error>(said(&client, &group.example, &verdict))
        };
        followed.push(follow(
            &group.subject,
            client.name(),
            asked.span,
            &dates,
            say,
        )?);
    }
    followed.extend(group.ourselves(asked, &dates, |path, verifier| {
        examine(path, verifier, asked)
    })?);
    Ok(followed)
}

fn policy(cut_off: &CutOff, signers: &[Fingerprint]) -> Dated {
    let detail = format!("policy: {} ({})", cut_off.rule, cut_off.explain);
    let mut date = dates::dated(cut_off.from, causes::POLICY, detail);
    let signers: Vec<&str> = signers.iter().map(Fingerprint::as_str).collect();
    date.cause.mend = Some(mend::rotate(&signers.join(", ")));
    date
}

/// An rpm's verdict; its reason is the line it prints.
fn said(client: &Client, path: &Path, verdict: &pkgseal_rpm::client::ClientVerdict) -> State {
    if verdict.accepted {
        return State {
            answer: Answer::Accepts,
            reasons: Vec::new(),
        };
    }
    let (lines, error) = client.lines(&path.display().to_string(), verdict, true);
    let bad = lines
        .lines()
        .chain(error.lines())
        .filter(|line| !line.trim_end().ends_with(": OK"))
        .map(str::trim)
        .filter(|line| !line.ends_with(".rpm:"))
        .collect::<Vec<_>>()
        .join("; ");
    let finding = Finding::reject(causes::OTHER, path.display().to_string(), bad);
    State {
        answer: Answer::Rejects,
        reasons: vec![finding.because(format!("client {}", client.name()))],
    }
}
