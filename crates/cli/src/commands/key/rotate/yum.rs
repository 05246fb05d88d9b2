//! yum: one signature over repomd.xml, and one on every package.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use pkgseal_keyring::consumer::Consumer;
use pkgseal_keyring::rotate::{
    Answer, Format, Holding, Replaces, Repository, ResignPackages, Step,
};
use pkgseal_openpgp::{
    Armor, Certificates, Fingerprint, Object, Profile, Signed, Signer, Verifier,
};
use pkgseal_repo::{Root, SafePath, Severity};
use pkgseal_rpm::client::{Client, MetadataReader, Question, Without};
use pkgseal_rpm::lint::{self, Target};
use pkgseal_rpm::package::{Existing, SignOptions, VerifyOptions, verify_with};
use pkgseal_rpm::yum::{Packages, PublishOptions, RepositoryOptions, Signatures, sign_repository};
use rayon::prelude::*;

use super::apt::good;
use super::held::Held;
use super::predict;
use super::sight::{Asked, Seen};
use crate::consumers;

const REPOMD: &str = "repodata/repomd.xml";

/// repomd.xml and its signature, and the packages by who signed them.
#[derive(Clone)]
pub(super) struct Metadata {
    text: Vec<u8>,
    signature: Option<Vec<u8>>,
    pub(super) signers: BTreeSet<Fingerprint>,
    /// One package of each, and how many there are.
    packages: BTreeMap<BTreeSet<Fingerprint>, (PathBuf, usize)>,
}

impl Metadata {
    /// With another signature.
    pub(super) fn signed(
        &self,
        asked: &Asked<'_>,
        repository: &Repository,
        signers: &[Signer],
    ) -> Result<Self> {
        let mut signature = Vec::new();
        for signer in signers {
            let signer = std::slice::from_ref(signer);
            signature.extend(Signer::detached(
                signer,
                &self.text,
                Armor::Armored,
                asked.now,
            )?);
        }
        let mut made = self.clone();
        made.signers = signers.iter().map(Signer::key).collect();
        made.signature = Some(signature);
        if repository.packages == ResignPackages::Resign {
            // Judged by what is known of the key: they are signed as they are published.
            made.packages.clear();
        }
        Ok(made)
    }
}

/// What stands there.
pub(super) fn metadata(asked: &Asked<'_>, repository: &Repository) -> Result<Metadata> {
    let root = Root::open(&repository.path)?;
    let limits = &asked.options.limits;
    let path = SafePath::new(REPOMD)?;
    let text = root
        .read(&path, limits.repomd)?
        .with_context(|| format!("{}: there is no {REPOMD}", repository.path.display()))?;
    let signature = root.read(&path.with_suffix(".asc")?, limits.signature)?;
    let verifier = acquaintance(asked, asked.plan.held(Holding::Both));
    let signers = signature.as_ref().map(|signature| {
        let judged = verifier.detached_bytes(Object::Repository, text.clone(), signature);
        good(&judged.accept().1)
    });
    Ok(Metadata {
        packages: packages(asked, &root, &verifier)?,
        text,
        signature,
        signers: signers.unwrap_or_default(),
    })
}

fn acquaintance(asked: &Asked<'_>, certificates: Certificates) -> Verifier {
    Verifier::new(certificates, Profile::strict(), asked.now)
}

/// Packages by the keys whose signatures on them hold, one read each.
fn packages(
    asked: &Asked<'_>,
    root: &Root,
    verifier: &Verifier,
) -> Result<BTreeMap<BTreeSet<Fingerprint>, (PathBuf, usize)>> {
    let mut paths = Vec::new();
    for (path, _) in root.walk(None)? {
        let path = path?;
        if path.as_str().ends_with(".rpm") && !path.as_str().starts_with(".pkgseal/") {
            paths.push(root.path().join(path.as_str()));
        }
    }
    paths.sort();
    let progress = asked.progress;
    progress.begin("reading packages", paths.len() as u64, None);
    let limits = &asked.options.limits;
    let read = |path: &PathBuf| -> Result<BTreeSet<Fingerprint>> {
        let judged = verify_with(path, verifier, limits, VerifyOptions::default())?;
        progress.file();
        let reports = judged.signatures.iter();
        Ok(reports.flat_map(|object| good(&object.report)).collect())
    };
    let pool = asked.options.pool()?;
    let read: Vec<_> = pool.install(|| paths.par_iter().map(read).collect());
    progress.end();
    let mut groups = BTreeMap::new();
    for (path, signers) in paths.into_iter().zip(read) {
        let group = groups.entry(signers?).or_insert((path, 0));
        group.1 += 1;
    }
    Ok(groups)
}

/// What each client makes of it.
pub(super) fn seen(
    asked: &Asked<'_>,
    repository: &Repository,
    metadata: &Metadata,
    after: Option<Step>,
) -> Result<Vec<Seen>> {
    let mut all = Vec::new();
    for name in &repository.clients {
        let consumer = consumers::one(name)?;
        for held in Held::all(asked.plan) {
            let imported = imported(asked, name, held.holding);
            let seen = |what: String, (answer, why): (Answer, Vec<String>)| Seen {
                repository: what,
                client: name.clone(),
                holding: held.holding,
                answer,
                why,
                hint: None,
            };
            let rpm = Client::names().any(|known| known == name);
            if !rpm {
                let answer = reads(asked, &*consumer, &held, metadata)?;
                all.push(seen(REPOMD.to_owned(), answer));
            }
            for (signers, (path, count)) in &metadata.packages {
                let what = format!("{count} packages signed by {}", names(signers));
                let answer = if rpm {
                    installs(asked, name, &imported, path)?
                } else {
                    // Every signature of a package needs its key.
                    signers
                        .iter()
                        .map(|key| predict::signature(&*consumer, &imported, key, asked.now))
                        .max_by_key(|(answer, _)| *answer)
                        .unwrap_or((Answer::Rejects, vec!["it is not signed".to_owned()]))
                };
                let mut one = seen(what, answer);
                if held.holding == Holding::New && after == Some(Step::Drop) {
                    one.hint = Some(format!(
                        "sign the packages anew first: pkgseal yum sign --packages all --existing \
                         replace --key NEW-KEY {}; or end here, and leave the old certificate \
                         in the keyrings",
                        repository.path.display()
                    ));
                }
                all.push(one);
            }
            let key = match asked.plan.signing(after, Format::Yum) {
                Holding::Old => &asked.plan.old.key,
                Holding::Both | Holding::New => &asked.plan.new.key,
            };
            let answer = predict::signature(&*consumer, &imported, key, asked.now);
            let mut one = seen("packages to come".to_owned(), answer);
            if one.answer == Answer::Rejects && stays(asked, name, held.holding) {
                one.hint = Some(
                    "take another certificate rather than another subkey: clients of this kind \
                     never update one they have"
                        .to_owned(),
                );
            }
            all.push(one);
        }
    }
    Ok(all)
}

/// Whether a client of this kind keeps the copy of a certificate that it has: rpm before 6
/// does not update one.
fn stays(asked: &Asked<'_>, name: &str, holding: Holding) -> bool {
    let updates = ["rpm-6", "dnf-fedora"].contains(&name);
    asked.plan.replaces() == Replaces::Subkey && !updates && holding == Holding::Both
}

/// What is in rpm's own keyring.
fn imported(asked: &Asked<'_>, name: &str, holding: Holding) -> Held {
    if stays(asked, name, holding) {
        Held {
            holding,
            certificates: asked.plan.held(Holding::Old),
        }
    } else {
        Held::of(asked.plan, holding)
    }
}

/// What dnf or zypper makes of repomd.xml.
fn reads(
    asked: &Asked<'_>,
    consumer: &dyn Consumer,
    held: &Held,
    metadata: &Metadata,
) -> Result<(Answer, Vec<String>)> {
    let Some(signature) = &metadata.signature else {
        return Ok((Answer::Rejects, vec!["repomd.xml is not signed".to_owned()]));
    };
    let mut why = Vec::new();
    let system = consumer.name().split_once('-').map(|(_, system)| system);
    if let Some(target) = system.and_then(|system| Target::named(system).ok()) {
        let found = lint::repomd(
            &metadata.text,
            signature,
            &[target],
            &asked.plan.held(Holding::Both),
            asked.now,
        );
        let minded = found.report.findings.into_iter();
        let minded = minded.filter(|finding| finding.severity >= Severity::Undecided);
        why.extend(minded.map(|finding| match finding.cause {
            Some(cause) => format!("{} ({cause})", finding.detail),
            None => finding.detail,
        }));
    }
    let reader = MetadataReader::named(consumer.name())?;
    let verdict = reader.judge(&metadata.text, signature, &held.certificates, asked.now);
    if !verdict.accepted {
        let known = metadata
            .signers
            .iter()
            .any(|key| held.with_key(key).is_some());
        if known {
            why.extend(verdict.reasons.into_iter().map(|reason| reason.detail));
        } else {
            why.push(format!(
                "repomd.xml is signed by {}, which it does not have",
                names(&metadata.signers)
            ));
        }
        why.push(
            "where gpgkey= names a file that holds what is missing by now, it asks to import it"
                .to_owned(),
        );
    }
    if !why.is_empty() {
        return Ok((Answer::Rejects, why));
    }
    // What it takes today it may complain of.
    let best = metadata
        .signers
        .iter()
        .filter(|key| held.with_key(key).is_some())
        .map(|key| predict::signature(consumer, held, key, asked.now))
        .min_by_key(|(answer, _)| *answer);
    Ok(match best {
        Some((Answer::Warns, why)) => (Answer::Warns, why),
        _ => (Answer::Accepts, Vec::new()),
    })
}

/// What an rpm makes of a package.
fn installs(
    asked: &Asked<'_>,
    name: &str,
    imported: &Held,
    path: &std::path::Path,
) -> Result<(Answer, Vec<String>)> {
    let client = Client::named(name)?;
    let certificates: Vec<_> = imported.certificates.iter().cloned().collect();
    let question = Question {
        certificates: &certificates,
        now: asked.now,
        level: Some(pkgseal_rpm::package::Level::Signature),
        without: Without::default(),
    };
    let verdict = client.judge(path, &question, &asked.options.limits)?;
    if verdict.accepted {
        return Ok((Answer::Accepts, Vec::new()));
    }
    let bad = |item: &&pkgseal_rpm::client::Item| {
        item.result != pkgseal_rpm::client::Verified::Ok
            && item.result != pkgseal_rpm::client::Verified::NotFound
    };
    let items = verdict.items.iter().filter(bad);
    let mut why: Vec<String> = items
        .map(|item| format!("{}: {:?}", item.description, item.result))
        .chain(verdict.unreadable)
        .collect();
    why.dedup();
    Ok((Answer::Rejects, why))
}

fn names(keys: &BTreeSet<Fingerprint>) -> String {
    let keys: Vec<_> = keys.iter().map(Fingerprint::as_str).collect();
    if keys.is_empty() {
        "nobody that the plan knows".to_owned()
    } else {
        keys.join(" and ")
    }
}

/// Signs repomd.xml anew, and packages where the plan says so.
pub(super) fn publish(
    asked: &Asked<'_>,
    repository: &Repository,
    signers: &[Signer],
    step: Step,
) -> Result<Signed> {
    let resign = repository.packages == ResignPackages::Resign && step == Step::HandOver;
    let options = RepositoryOptions {
        packages: if resign {
            Packages::Missing
        } else {
            Packages::None
        },
        sign: SignOptions {
            existing: if resign {
                Existing::Replace
            } else {
                Existing::Keep
            },
            ..SignOptions::default()
        },
        ..RepositoryOptions::default()
    };
    let publish = PublishOptions {
        signatures: if signers.len() > 1 {
            Signatures::Several
        } else {
            Signatures::One
        },
        ..PublishOptions::default()
    };
    sign_repository(
        &repository.path,
        signers,
        asked.now,
        &options,
        &publish,
        asked.options,
        asked.progress,
    )
    .with_context(|| format!("{} cannot be signed anew", repository.path.display()))
}
