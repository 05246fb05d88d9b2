//! `pkgseal keyring list`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Result, bail};
use pkgseal_repo::Limits;

use crate::args::KeyringList;
use crate::{context, report};

pub(super) fn run(arguments: &KeyringList, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let profile = context::profile(&arguments.profile, &limits)?;
    let loaded = pkgseal_keyring::open_all(&arguments.paths, &limits)?;
    report::keyring(&loaded, &profile, now, arguments.json)?;
    if loaded.certificates.is_empty() {
        bail!("no usable certificate found");
    }
    Ok(ExitCode::SUCCESS)
}
