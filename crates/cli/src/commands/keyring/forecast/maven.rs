//! Files with detached signatures beside them: Maven repositories and plain folders.

use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_keyring::consumer::{Consumer as _, EXPIRED, Model, REVOKED};
use pkgseal_keyring::forecast::{Answer, Followed, State, follow};
use pkgseal_maven::artifact;
use pkgseal_openpgp::{Certificates, KeyState, Profile, Verifier};
use pkgseal_repo::{Finding, Root};
use rayon::prelude::*;

use super::groups::{self, Examined, Group};
use super::ourselves;
use super::{Asked, Part};

/// Whether this consumer judges files by the signature beside them.
pub(super) fn reads(name: &str) -> bool {
    Model::names().any(|known| known == name)
}

/// Whether there is a file with a signature beside it.
pub(super) fn is_signed(path: &Path) -> Result<bool> {
    Ok(!signed(path)?.is_empty())
}

/// Files that have an .asc beside them; sorted.
fn signed(path: &Path) -> Result<Vec<PathBuf>> {
    let root = Root::open(path)?;
    let mut names = Vec::new();
    for (below, size) in root.walk(None)? {
        if let Ok(below) = below {
            names.push((below.as_str().to_owned(), size));
        }
    }
    names.sort();
    let has = |name: &str| {
        let found = names.binary_search_by(|(known, _)| known.as_str().cmp(name));
        found.is_ok()
    };
    Ok(names
        .iter()
        .filter(|(name, _)| has(&format!("{name}.asc")))
        .map(|(name, _)| path.join(name))
        .collect())
}

pub(super) fn ask(place: &Path, asked: &Asked) -> Result<Part> {
    let now = asked.span.now;
    let verifier = Verifier::new(asked.certificates.clone(), Profile::strict(), now);
    let files = signed(place)?;
    let examined = files
        .par_iter()
        .map(|path| {
            Ok(Examined {
                path,
                size: std::fs::metadata(path).map_or(u64::MAX, |found| found.len()),
                examination: artifact::verify(path, &verifier, &asked.limits)?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let strangers = |count: usize, who: &str, _: &Path| {
        format!("{count} files are signed by {who}, of whom no certificate is at hand")
    };
    groups::follow_each(place, "files", examined, asked, strangers, of_group)
}

fn of_group(group: &Group, asked: &Asked) -> Result<Vec<Followed>> {
    let certificates = group.certificates(asked);
    let dates = group.dates(asked);
    let mut followed = Vec::new();
    for model in &asked.models {
        let name = model.name();
        let say = |at| by_model(group, model, &certificates, at, asked);
        followed.push(follow(&group.subject, name, asked.span, &dates, say)?);
    }
    followed.extend(group.ourselves(asked, &dates, |path, verifier| {
        Ok(artifact::verify(path, verifier, &asked.limits)?)
    })?);
    Ok(followed)
}

/// By the profile that is in force then; gpg warns of keys that are no longer alive.
fn by_model(
    group: &Group,
    model: &Model,
    certificates: &Certificates,
    at: Timestamp,
    asked: &Asked,
) -> Result<State> {
    let Some(profile) = model.profile(at) else {
        return Ok(State {
            answer: Answer::Rejects,
            reasons: Vec::new(),
        });
    };
    let verifier = Verifier::new(certificates.clone(), profile, at);
    let examination = artifact::verify(&group.example, &verifier, &asked.limits)?;
    let known = groups::known(&examination);
    let mut state = ourselves::said(examination);
    if state.answer == Answer::Accepts && model.name() == "gpg" {
        let dead = known.iter().find_map(|facts| match facts.now {
            Some(KeyState::Expired { at, .. }) => Some((EXPIRED, format!("expired at {at}"))),
            Some(KeyState::Revoked(_)) => Some((REVOKED, "is revoked".to_owned())),
            _ => None,
        });
        if let Some((code, what)) = dead {
            let detail = format!("gpg says that the key {what}, and exits with 0");
            let subject = group.example.display().to_string();
            state.answer = Answer::Warns;
            state.reasons = vec![Finding::warning(code, subject, detail)];
        }
    }
    Ok(state)
}
