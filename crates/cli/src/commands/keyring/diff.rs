//! `pkgseal keyring diff`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_keyring::diff;
use pkgseal_repo::Limits;

use super::made;
use crate::args::KeyringDiff;
use crate::{commands, context, report};

pub(super) fn run(arguments: &KeyringDiff, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let profile = context::profile(&arguments.profile, &limits)?;
    let old = made::opened(&[&arguments.old], &limits)?;
    let new = made::opened(&[&arguments.new], &limits)?;
    let changes = diff::diff(&old, &new, &profile, now)?;
    report::changes(&changes, &profile, now, arguments.json)?;
    Ok(commands::status(diff::outcome(&changes)))
}
