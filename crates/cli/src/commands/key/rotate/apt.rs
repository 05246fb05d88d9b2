//! apt: both keys sign in one block, and every root is judged by the models of apt.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use pkgseal_deb::apt::client::{
    Answer as Says, Client, KeyFile, Keys, StandingRoot, standing_roots,
};
use pkgseal_deb::apt::{RefreshDraft, RefreshOptions, Release, draft_refresh};
use pkgseal_keyring::rotate::{Answer, Holding, Repository};
use pkgseal_openpgp::{
    Fingerprint, Mathematics, Object, Profile, SignatureReport, Signer, Verified, Verifier,
};
use pkgseal_repo::{Limits, Severity};

use super::held::Held;
use super::sight::{Asked, Seen};
use crate::failure::hinted;

/// A suite as clients find it.
pub(super) struct Suite {
    /// `dists/stable`, or `.`.
    pub(super) name: String,
    root: StandingRoot,
    /// The keys whose signatures hold.
    pub(super) signers: BTreeSet<Fingerprint>,
    /// Whom clients without a Signed-By of their own ask for, and until when: what the
    /// Release says that they have.
    remembered: Option<(Vec<String>, Timestamp)>,
    components: Vec<String>,
}

impl Suite {
    /// The suite and its components as a sources entry names them.
    pub(super) fn entry(&self) -> Option<(String, Vec<String>)> {
        let folder = self.root.folder.as_ref()?.as_str();
        let suite = folder.strip_prefix("dists/").unwrap_or(folder);
        (!self.components.is_empty()).then(|| (suite.to_owned(), self.components.clone()))
    }
}

/// The suites as they stand.
pub(super) fn suites(asked: &Asked<'_>, repository: &Repository) -> Result<Vec<Suite>> {
    let limits = &asked.options.limits;
    let roots = standing_roots(&repository.path, limits)?;
    let verifier = verifier(asked);
    Ok(roots
        .into_iter()
        .map(|root| suite(root, &verifier, limits))
        .collect())
}

fn verifier(asked: &Asked<'_>) -> Verifier {
    let both = asked.plan.held(Holding::Both);
    Verifier::new(both, Profile::strict(), asked.now)
}

fn suite(root: StandingRoot, verifier: &Verifier, limits: &Limits) -> Suite {
    let name = root
        .folder
        .as_ref()
        .map_or_else(|| ".".to_owned(), ToString::to_string);
    let (text, report) = judged(&root, verifier);
    let release = text.and_then(|text| Release::parse(text, &name, limits).ok());
    let components = release.as_ref().and_then(|release| {
        let words = release.get().field("Components")?;
        Some(words.split_whitespace().map(str::to_owned).collect())
    });
    let remembered = release.and_then(|release| {
        let release = release.get();
        let until = release.valid_until?;
        let words = release.field("Signed-By")?;
        let fingerprints = words.split([',', ' ', '\n', '\t']);
        let fingerprints = fingerprints.filter(|word| !word.is_empty());
        Some((fingerprints.map(str::to_owned).collect(), until))
    });
    Suite {
        name,
        signers: report.as_ref().map(good).unwrap_or_default(),
        root,
        remembered,
        components: components.unwrap_or_default(),
    }
}

/// The text and what is said of its signatures, of the file that clients read first.
fn judged(
    root: &StandingRoot,
    verifier: &Verifier,
) -> (Option<Verified<Vec<u8>>>, Option<SignatureReport>) {
    let judged = match (&root.inrelease, &root.release, &root.signature) {
        (Some(inrelease), _, _) => verifier.cleartext(Object::Repository, inrelease),
        (None, Some(release), Some(signature)) => {
            verifier.detached_bytes(Object::Repository, release.clone(), signature)
        }
        _ => return (None, None),
    };
    let (text, report) = judged.accept();
    (text, Some(report))
}

/// The keys whose signatures hold.
pub(super) fn good(report: &SignatureReport) -> BTreeSet<Fingerprint> {
    report
        .signatures
        .iter()
        .filter(|facts| facts.mathematics == Mathematics::Good)
        .filter_map(|facts| facts.key.clone())
        .collect()
}

/// What each client makes of each suite.
pub(super) fn seen(
    asked: &Asked<'_>,
    repository: &Repository,
    suites: &[Suite],
) -> Result<Vec<Seen>> {
    let clients: Vec<Client> = repository
        .clients
        .iter()
        .map(|name| Ok(Client::named(name)?))
        .collect::<Result<_>>()?;
    let mut all = Vec::new();
    for held in Held::all(asked.plan) {
        let keys = || {
            Keys::files(vec![KeyFile {
                name: "keyring.gpg".to_owned(),
                content: Some(held.binary()),
            }])
        };
        for suite in suites {
            for client in &clients {
                all.push(one(
                    asked,
                    suite,
                    client,
                    &held,
                    &keys(),
                    suite.name.clone(),
                ));
                // Who goes by the Release it has, and by no Signed-By of its own.
                if let Some((pins, until)) = &suite.remembered
                    && held.holding == Holding::Both
                    && asked.now < *until
                {
                    let name = format!("{}, where the Release before is remembered", suite.name);
                    let pinned = keys().only(pins.clone());
                    all.push(one(asked, suite, client, &held, &pinned, name));
                }
            }
        }
    }
    Ok(all)
}

fn one(
    asked: &Asked<'_>,
    suite: &Suite,
    client: &Client,
    held: &Held,
    keys: &Keys,
    name: String,
) -> Seen {
    let verdict = client.judge(&suite.root.question(keys, asked.now));
    let grave = match verdict.answer {
        Says::Rejects => Severity::Undecided,
        Says::Accepts | Says::Warns => Severity::Warning,
    };
    let mut why: Vec<String> = verdict
        .reasons
        .iter()
        // A keyring that hides its certificates is a note there, and the reason here.
        .filter(|reason| {
            reason.severity >= grave
                || (verdict.answer == Says::Rejects && reason.code.id == "apt.client.key-file")
        })
        .map(|reason| reason.detail.clone())
        .collect();
    why.dedup();
    Seen {
        repository: name,
        client: client.name().to_owned(),
        holding: held.holding,
        answer: match verdict.answer {
            Says::Accepts => Answer::Accepts,
            Says::Warns => Answer::Warns,
            Says::Rejects => Answer::Rejects,
        },
        why,
        hint: None,
    }
}

/// Every suite signed by these, not yet visible.
pub(super) fn draft(
    asked: &Asked<'_>,
    repository: &Repository,
    signers: &[Signer],
) -> Result<RefreshDraft> {
    let mut certificates: Vec<_> = signers
        .iter()
        .map(|signer| signer.certificate().fingerprint())
        .collect();
    certificates.dedup();
    let options = RefreshOptions {
        signed_by: Some(certificates),
        ..RefreshOptions::default()
    };
    let draft = |verifier: &Verifier| {
        draft_refresh(
            &repository.path,
            verifier,
            signers,
            asked.now,
            &options,
            asked.options,
        )
    };
    let drafted = match draft(&verifier(asked)) {
        // Signed by both, and the old key has died since: the new one speaks for the text.
        Err(pkgseal_deb::Error::Refused { .. }) => {
            let new = asked.plan.held(Holding::New);
            let verifier = Verifier::new(new, Profile::strict(), asked.now);
            draft(&verifier).or_else(|_| draft(&self::verifier(asked)))
        }
        other => other,
    };
    drafted.with_context(|| format!("{} cannot be signed anew", repository.path.display()))
}

/// The suites of a draft, as clients would find them. What they remember is of the suites
/// that stand there.
pub(super) fn drafted(
    asked: &Asked<'_>,
    draft: &RefreshDraft,
    standing: &[Suite],
) -> Result<Vec<Suite>> {
    let verifier = verifier(asked);
    let limits = &asked.options.limits;
    let mut suites = Vec::new();
    for drafted in draft.suites() {
        let root = StandingRoot {
            folder: drafted.directory.cloned(),
            inrelease: Some(drafted.inrelease.to_vec()),
            release: Some(drafted.release.to_vec()),
            signature: Some(drafted.signature.to_vec()),
        };
        let made = suite(root, &verifier, limits);
        if let Some((pins, _)) = &made.remembered
            && let Some(long) = pins.iter().find(|pin| pin.len() != 40)
        {
            return Err(hinted(
                format!(
                    "{}: its Release says Signed-By, and apt knows no fingerprint such as {long}",
                    made.name
                ),
                "publish it without Signed-By first, and wait until its Valid-Until is over",
            ));
        }
        let before = standing.iter().find(|known| known.name == made.name);
        suites.push(Suite {
            remembered: before.and_then(|known| known.remembered.clone()),
            ..made
        });
    }
    Ok(suites)
}

/// Until when somebody remembers that others may sign.
pub(super) fn pinned_until(draft: &RefreshDraft) -> Option<Timestamp> {
    draft.suites().filter_map(|suite| suite.pinned_until).max()
}
