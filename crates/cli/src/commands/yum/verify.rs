//! `pkgseal yum verify`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;
use pkgseal_rpm::yum::{self, Level, TreeRequest};

use crate::args::{YumLevelName, YumVerify};
use crate::commands::examine;
use crate::{context, progress, report};

pub(super) fn run(arguments: &YumVerify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let options = context::check_options(&arguments.common, &limits);
    let request = TreeRequest {
        level: level(arguments.level),
    };
    let bar = progress::for_stderr();
    let examined = examine::each(&arguments.paths, &options, |path| {
        let found = yum::verify_tree_with(path, &verifier, &request, &options, bar.as_ref())?;
        Ok(found)
    })?;
    let style = report::Style::verdict(arguments.common.json);
    examine::conclude(&examined, style, &verifier)
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
