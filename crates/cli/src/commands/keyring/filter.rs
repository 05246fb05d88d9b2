//! `pkgseal keyring filter`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_keyring::{Drop, Filter, State, UserIdPattern};
use pkgseal_repo::Limits;

use super::made;
use crate::args::{DropName, KeyringFilter, StateName};
use crate::context;

pub(super) fn run(arguments: &KeyringFilter, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let profile = context::profile(&arguments.profile, &limits)?;
    let whole = arguments.user_ids.iter().cloned().map(UserIdPattern::Is);
    let domains = arguments.domains.iter().cloned();
    let filter = Filter {
        fingerprints: context::fingerprints("--certificate", &arguments.certificates)?,
        user_ids: whole.chain(domains.map(UserIdPattern::Domain)).collect(),
        versions: arguments.versions.clone(),
        state: match arguments.only {
            StateName::Any => State::Any,
            StateName::Live => State::Live,
            StateName::CanSign => State::CanSign,
        },
        drop: arguments
            .drop
            .iter()
            .map(|part| match part {
                DropName::Expired => Drop::Expired,
                DropName::Revoked => Drop::Revoked,
                DropName::Encryption => Drop::Encryption,
                DropName::UserIds => Drop::UserIds,
            })
            .collect(),
        extent: made::extent(arguments.written.extent),
    };
    let certificates = made::opened(&arguments.written.paths, &limits)?;
    let filtered = pkgseal_keyring::filter(&certificates, &filter, &profile, now)?;
    made::write(&filtered, &arguments.written)
}
