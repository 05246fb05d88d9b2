//! `pkgseal deb verify`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Result, bail};
use pkgseal_deb::policy::{self, Level, List, Policies};
use pkgseal_repo::Limits;

use crate::args::{DebVerify, DebsigVerify, PolicyPlaces};
use crate::commands::examine;
use crate::{context, failure, report};

/// debsig-verify's own exit code for what it cannot decide.
const INTERNAL: u8 = 14;

pub(super) fn run(arguments: &DebVerify, clock: SystemTime) -> Result<ExitCode> {
    if arguments.program.debsig_verify {
        return Ok(as_debsig_verify(arguments, clock).unwrap_or_else(|error| {
            failure::report(&error);
            ExitCode::from(INTERNAL)
        }));
    }
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let options = context::check_options(&arguments.common, &limits);
    let style = report::Style::verdict(arguments.common.json);
    if arguments.policy.are_named() {
        let verifier = context::optional_verifier(&arguments.trust, now, &limits)?;
        let policies = policies(&arguments.policy);
        let examined = examine::each(&arguments.paths, &options, |path| {
            let profile = verifier.profile();
            Ok(policy::verify(path, &policies, profile, now, &limits)?)
        })?;
        return examine::conclude(&examined, style, &verifier);
    }
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let examined = examine::each(&arguments.paths, &options, |path| {
        Ok(pkgseal_deb::package::verify(path, &verifier, &limits)?)
    })?;
    examine::conclude(&examined, style, &verifier)
}

fn policies(places: &PolicyPlaces) -> Policies {
    let default = Policies::default();
    Policies {
        policies: places.policies_dir.clone().unwrap_or(default.policies),
        keyrings: places.keyrings_dir.clone().unwrap_or(default.keyrings),
        only: places.use_policy.clone(),
    }
}

fn as_debsig_verify(arguments: &DebVerify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let [path] = arguments.paths.as_slice() else {
        bail!("debsig-verify judges one package at a time");
    };
    let profile = context::profile(&arguments.trust.profile, &limits)?;
    let mut policies = policies(&arguments.policy);
    if let Some(root) = &arguments.program.root {
        policies = policies.beneath(root);
    }
    let list = if arguments.program.list_policies {
        List::Policies
    } else {
        List::Verify
    };
    let answer = policy::debsig_verify(path, &policies, list, &profile, now, &limits)?;
    let level = level(&arguments.program);
    for line in answer.lines.iter().filter(|line| line.level >= level) {
        report::debsig(&line.text)?;
    }
    Ok(ExitCode::from(answer.status))
}

/// Lines from this level on are printed; the loudest option decides.
fn level(program: &DebsigVerify) -> Level {
    match program {
        DebsigVerify { debug: true, .. } => Level::Debug,
        DebsigVerify { verbose: true, .. } => Level::Verbose,
        DebsigVerify { quiet: true, .. } => Level::Error,
        _ => Level::Info,
    }
}
