//! `pkgseal yum verify`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_repo::Limits;
use pkgseal_rpm::yum::{self, Freshness, Generation, Level, Memory, Metalink, TreeRequest};

use crate::args::{YumFreshnessOptions, YumLevelName, YumVerify};
use crate::commands::examine;
use crate::failure::hinted;
use crate::{context, progress, report};

pub(super) fn run(arguments: &YumVerify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let options = context::check_options(&arguments.common, &limits);
    let state = State::open(&arguments.freshness, &arguments.paths)?;
    let mut request = request(arguments.level, &arguments.freshness, &state);
    if let Some(path) = &arguments.metalink {
        request.metalink = Some(Metalink::read(path, &limits)?);
    }
    let bar = progress::for_stderr();
    let examined = examine::each(&arguments.paths, &options, |path| {
        let found = yum::verify_tree_with(path, &verifier, &request, &options, bar.as_ref())?;
        state.keep(found.generation, now)?;
        Ok(found.examination)
    })?;
    let style = report::Style::verdict(arguments.common.json);
    examine::conclude(&examined, style, &verifier)
}

/// What the options ask.
pub(super) fn request(
    level: YumLevelName,
    freshness: &YumFreshnessOptions,
    state: &State,
) -> TreeRequest {
    TreeRequest {
        level: match level {
            YumLevelName::Signatures => Level::Signatures,
            YumLevelName::Indices => Level::Indices,
            YumLevelName::Existence => Level::Existence,
            YumLevelName::Content => Level::Content,
            YumLevelName::Packages => Level::Packages,
        },
        freshness: Freshness {
            max_age: freshness.max_age,
            clock_skew: freshness.clock_skew,
        },
        memory: state.0.as_ref().map(|(_, memory)| memory.clone()),
        metalink: None,
    }
}

/// The file that `--state` names, and what it remembers.
pub(super) struct State(Option<(PathBuf, Memory)>);

impl State {
    pub(super) fn open(freshness: &YumFreshnessOptions, paths: &[PathBuf]) -> Result<Self> {
        let Some(path) = &freshness.state else {
            return Ok(Self(None));
        };
        if paths.len() > 1 {
            return Err(hinted(
                "a state file remembers one repository, and several are named",
                "verify each with a --state of its own",
            ));
        }
        Ok(Self(Some((path.clone(), Memory::load(path)?))))
    }

    /// Remembers what was accepted.
    pub(super) fn keep(&self, generation: Option<Generation>, now: Timestamp) -> Result<()> {
        if let (Some((path, memory)), Some(generation)) = (&self.0, generation) {
            let mut memory = memory.clone();
            memory.remember(generation, now);
            memory.save(path)?;
        }
        Ok(())
    }
}
