//! `pkgseal apt refresh`.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use pkgseal_deb::apt::RefreshOptions;
use pkgseal_openpgp::{Certificates, Verifier};
use pkgseal_repo::{Limits, Outcome};

use crate::args::AptRefresh;
use crate::{context, failure, progress, report};

pub(super) fn run(arguments: &AptRefresh, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let signers = context::signers(&arguments.secrets, now)?;
    let mut verifier = context::optional_verifier(&arguments.trust, now, &limits)?;
    if arguments.trust.certificates.keyring.is_empty() {
        let own = signers.iter().map(|signer| signer.certificate().clone());
        verifier = Verifier::new(Certificates::new(own), verifier.profile().clone(), now);
    }
    let refresh = RefreshOptions {
        suites: arguments.suites.clone(),
        valid_for: arguments.valid_for,
        if_older_than: arguments.if_older_than,
        signed_by: None,
        wait: Duration::try_from(arguments.wait).context("--wait")?,
    };
    let options = context::check_options(&arguments.common, &limits);
    let bar = progress::for_stderr();
    let mut done = Vec::new();
    for path in &arguments.paths {
        let refreshed = pkgseal_deb::apt::refresh(
            path,
            &verifier,
            &signers,
            now,
            &refresh,
            &options,
            bar.as_ref(),
        );
        match refreshed {
            Ok(signed) => done.push(signed),
            Err(error) => {
                let error = anyhow::Error::new(error);
                failure::report(&error.context(format!("{} was not refreshed", path.display())));
            }
        }
    }
    let failed = arguments.paths.len() - done.len();
    let mut outcome = report::signed(
        &done.iter().collect::<Vec<_>>(),
        failed,
        arguments.common.json,
    )?;
    if failed > 0 {
        outcome = Outcome::Undecided;
    }
    Ok(crate::commands::status(outcome))
}
