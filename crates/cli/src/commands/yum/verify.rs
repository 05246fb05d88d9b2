//! `pkgseal yum verify`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;
use pkgseal_rpm::yum::{self, Freshness, Level, Memory, TreeRequest};

use crate::args::{YumLevelName, YumVerify};
use crate::commands::examine;
use crate::failure::hinted;
use crate::{context, progress, report};

pub(super) fn run(arguments: &YumVerify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let options = context::check_options(&arguments.common, &limits);
    let request = TreeRequest {
        level: level(arguments.level),
        freshness: Freshness {
            max_age: arguments.freshness.max_age,
            clock_skew: arguments.freshness.clock_skew,
        },
        memory: memory(arguments)?,
    };
    let bar = progress::for_stderr();
    let examined = examine::each(&arguments.paths, &options, |path| {
        let found = yum::verify_tree_with(path, &verifier, &request, &options, bar.as_ref())?;
        if let (Some(state), Some(mut memory), Some(generation)) = (
            &arguments.freshness.state,
            request.memory.clone(),
            found.generation,
        ) {
            memory.remember(generation, now);
            memory.save(state)?;
        }
        Ok(found.examination)
    })?;
    let style = report::Style::verdict(arguments.common.json);
    examine::conclude(&examined, style, &verifier)
}

/// What the state file remembers.
fn memory(arguments: &YumVerify) -> Result<Option<Memory>> {
    let Some(state) = &arguments.freshness.state else {
        return Ok(None);
    };
    if arguments.paths.len() > 1 {
        return Err(hinted(
            "a state file remembers one repository, and several are named",
            "verify each with a --state of its own",
        ));
    }
    Ok(Some(Memory::load(state)?))
}

pub(super) fn level(name: YumLevelName) -> Level {
    match name {
        YumLevelName::Signatures => Level::Signatures,
        YumLevelName::Indices => Level::Indices,
        YumLevelName::Existence => Level::Existence,
        YumLevelName::Content => Level::Content,
        YumLevelName::Packages => Level::Packages,
    }
}
