//! `pkgseal keyring audit`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use jiff::SignedDuration;
use pkgseal_keyring::audit::{AuditRequest, audit};
use pkgseal_repo::Limits;

use crate::args::KeyringAudit;
use crate::commands::status;
use crate::{consumers, context, report};

pub(super) fn run(arguments: &KeyringAudit, clock: SystemTime) -> Result<ExitCode> {
    let consumers = consumers::named(&arguments.clients)?;
    let request = AuditRequest {
        consumers: &consumers,
        now: context::now(&arguments.moment, clock)?,
        within: arguments.within.unwrap_or(SignedDuration::ZERO),
        limits: Limits::default(),
    };
    let audit = audit(&arguments.paths, &request)?;
    report::audit(&audit, &request, arguments.json)?;
    Ok(status(audit.outcome(&request)))
}
