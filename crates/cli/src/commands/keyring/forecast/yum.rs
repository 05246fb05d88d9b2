//! The signed root of a yum repository, and the packages in it.

use std::convert::Infallible;
use std::path::Path;

use anyhow::Result;
use pkgseal_keyring::forecast::{Answer, Dated, Scope, State, Subject, follow};
use pkgseal_openpgp::{Fingerprint, Profile, Verifier};
use pkgseal_repo::{Root, SafePath};
use pkgseal_rpm::client::MetadataReader;
use pkgseal_rpm::yum::verify_repomd;

use super::ourselves::follow_us;
use super::{Asked, Part, dates, groups, mend, packages};

const REPOMD: &str = "repodata/repomd.xml";

/// Whether this consumer reads yum repositories or the packages in them.
pub(super) fn reads(name: &str) -> bool {
    MetadataReader::names().any(|known| known == name) || packages::reads(name)
}

pub(super) fn ask(path: &Path, asked: &Asked) -> Result<Part> {
    let mut part = Part::default();
    root(path, asked, &mut part)?;
    let found = packages::within(path)?;
    let of_packages = packages::ask(path, &found, asked)?;
    part.followed.extend(of_packages.followed);
    part.findings.extend(of_packages.findings);
    part.signers.extend(of_packages.signers);
    Ok(part)
}

fn root(path: &Path, asked: &Asked, part: &mut Part) -> Result<()> {
    let root = Root::open(path)?;
    let limits = &asked.limits;
    let signature = root.read(&SafePath::new(&format!("{REPOMD}.asc"))?, limits.signature)?;
    let repomd = root.read(&SafePath::new(REPOMD)?, limits.repomd)?;
    // Many repositories sign their packages alone: nothing of this breaks then.
    let (Some(repomd), Some(signature)) = (repomd, signature) else {
        return Ok(());
    };
    let file = path.join(REPOMD);
    let now = asked.span.now;
    let verifier = Verifier::new(asked.certificates.clone(), Profile::strict(), now);
    let examination = verify_repomd(&file, &verifier, limits)?;
    let known = groups::known(&examination);
    let subject = Subject {
        place: path.display().to_string(),
        name: REPOMD.to_owned(),
        scope: Scope::Published,
    };
    let Some(signers) = groups::signers(&known, &examination, &subject, &mut part.findings) else {
        return Ok(());
    };
    part.signers.extend(signers.iter().cloned());
    let signers: Vec<Fingerprint> = signers.into_iter().collect();
    let certificates = asked.certificates.only(&signers);
    let again = mend::sign(&file);
    let dates: Vec<Dated> = known
        .iter()
        .flat_map(|facts| dates::of_signature(facts, &certificates, now, &again))
        .collect();
    for consumer in &asked.consumers {
        let Ok(reader) = MetadataReader::named(consumer.name()) else {
            continue;
        };
        let say = |at| {
            let verdict = reader.judge(&repomd, &signature, &certificates, at);
            Ok::<_, Infallible>(State {
                answer: if verdict.accepted {
                    Answer::Accepts
                } else {
                    Answer::Rejects
                },
                reasons: verdict.reasons,
            })
        };
        match follow(&subject, reader.name(), asked.span, &dates, say) {
            Ok(followed) => part.followed.push(followed),
            Err(never) => match never {},
        }
    }
    if let Some(profile) = &asked.profile {
        let verify = |verifier: &Verifier| verify_repomd(&file, verifier, limits);
        part.followed.push(follow_us(
            &subject,
            &certificates,
            profile,
            asked.span,
            &dates,
            verify,
        )?);
    }
    Ok(())
}
