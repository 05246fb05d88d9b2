//! What clients see of a repository: as it stands, and as a step would leave it.

use std::collections::BTreeSet;

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_keyring::rotate::{Answer, Format, Holding, Plan, Repository, Sighting, Step};
use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::{CheckOptions, Progress};

use super::{apt, maven, yum};

/// What one client makes of one thing.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) repository: String,
    pub(super) client: String,
    pub(super) holding: Holding,
    pub(super) answer: Answer,
    pub(super) why: Vec<String>,
    pub(super) hint: Option<String>,
}

/// A repository as clients find it.
pub(super) enum Standing {
    Apt(Vec<apt::Suite>),
    Yum(yum::Metadata),
    Maven,
}

/// With what clients are asked.
pub(super) struct Asked<'a> {
    pub(super) plan: &'a Plan,
    pub(super) now: Timestamp,
    pub(super) options: &'a CheckOptions,
    pub(super) progress: &'a dyn Progress,
}

impl Asked<'_> {
    /// What stands there.
    pub(super) fn standing(&self, repository: &Repository) -> Result<Standing> {
        Ok(match repository.format {
            Format::Apt => Standing::Apt(apt::suites(self, repository)?),
            Format::Yum => Standing::Yum(yum::metadata(self, repository)?),
            Format::Maven => Standing::Maven,
        })
    }

    /// What each client makes of it, once a step is done; `None` is today.
    pub(super) fn seen(
        &self,
        repository: &Repository,
        standing: &Standing,
        after: Option<Step>,
    ) -> Result<Vec<Seen>> {
        match standing {
            Standing::Apt(suites) => apt::seen(self, repository, suites),
            Standing::Yum(metadata) => yum::seen(self, repository, metadata, after),
            Standing::Maven => maven::seen(self, repository, after),
        }
    }
}

impl Standing {
    /// The keys that have signed what clients read first, whichever they are: `None` for a
    /// root without a signature that holds.
    pub(super) fn signers(&self) -> Vec<(String, BTreeSet<Fingerprint>)> {
        match self {
            Self::Apt(suites) => suites
                .iter()
                .map(|suite| (suite.name.clone(), suite.signers.clone()))
                .collect(),
            Self::Yum(metadata) => vec![("repodata".to_owned(), metadata.signers.clone())],
            Self::Maven => Vec::new(),
        }
    }
}

/// Before and after, side by side. What a client had before the step is what keyrings held
/// then, at most.
pub(super) fn sightings(
    plan: &Plan,
    repository: &Repository,
    before: &[Seen],
    after: Vec<Seen>,
) -> Vec<Sighting> {
    let published = plan.published(None);
    let place = repository.path.display();
    after
        .into_iter()
        .map(|seen| {
            let had = seen.holding.min(published);
            let known = before.iter().find(|known| {
                known.repository == seen.repository
                    && known.client == seen.client
                    && known.holding == had
            });
            Sighting {
                repository: format!("{place}: {}", seen.repository),
                client: seen.client,
                holding: seen.holding,
                before: known.map_or(Answer::Accepts, |known| known.answer),
                after: seen.answer,
                why: seen.why,
                hint: seen.hint,
            }
        })
        .collect()
}
