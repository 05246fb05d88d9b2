//! `pkgseal files verify`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_maven::plain::{self, Policy};
use pkgseal_repo::{Limits, Severity};

use crate::args::files::FilesVerify;
use crate::args::maven::UnsignedName;
use crate::commands::examine;
use crate::{context, progress, report};

pub(super) fn run(arguments: &FilesVerify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let policy = Policy {
        unsigned: weight(arguments.unsigned),
        missing: weight(arguments.missing),
    };
    let options = context::check_options(&arguments.common, &limits);
    let bar = progress::for_stderr();
    let examined = examine::each(&arguments.paths, &options, |path| {
        let verify = if path.is_dir() {
            plain::verify_with
        } else {
            plain::verify_list
        };
        Ok(verify(path, &verifier, policy, &options, bar.as_ref())?)
    })?;
    let style = report::Style::verdict(arguments.common.json);
    examine::conclude(&examined, style, &verifier)
}

fn weight(name: UnsignedName) -> Severity {
    match name {
        UnsignedName::Reject => Severity::Reject,
        UnsignedName::Warn => Severity::Warning,
        UnsignedName::Note => Severity::Note,
    }
}
