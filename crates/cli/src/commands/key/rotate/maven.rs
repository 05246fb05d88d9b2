//! Maven: what was released is never signed anew, and new releases are signed by whoever
//! releases.

use anyhow::Result;
use pkgseal_keyring::rotate::{Holding, Repository, Step};

use super::held::Held;
use super::predict;
use super::sight::{Asked, Seen};
use crate::consumers;

/// What each client makes of releases to come. Who has the new certificate alone took the
/// old one out of a KEYS file that keeps it, so nobody counts that has.
pub(super) fn seen(
    asked: &Asked<'_>,
    repository: &Repository,
    after: Option<Step>,
) -> Result<Vec<Seen>> {
    let key = match asked.plan.signing(after, repository.format) {
        Holding::Old => &asked.plan.old.key,
        Holding::Both | Holding::New => &asked.plan.new.key,
    };
    let mut all = Vec::new();
    for name in &repository.clients {
        let consumer = consumers::one(name)?;
        for holding in [Holding::Old, Holding::Both] {
            let held = Held::of(asked.plan, holding);
            let (answer, why) = predict::signature(&*consumer, &held, key, asked.now);
            all.push(Seen {
                repository: "releases to come".to_owned(),
                client: name.clone(),
                holding,
                answer,
                why,
                hint: None,
            });
        }
    }
    Ok(all)
}
