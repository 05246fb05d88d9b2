//! `pkgseal rpm verify`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;
use pkgseal_rpm::package::{Level, Reading, VerifyOptions, verify_with};

use crate::args::{PackageLevelName, RpmVerify};
use crate::commands::examine;
use crate::{context, report};

pub(super) fn run(arguments: &RpmVerify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let asked = options(arguments);
    let verifier = if asked.level.demands_signatures() {
        context::verifier(&arguments.trust, now, &limits)?
    } else {
        context::optional_verifier(&arguments.trust, now, &limits)?
    };
    let options = context::check_options(&arguments.common, &limits);
    let style = report::Style::verdict(arguments.common.json);
    let examined = examine::each(&arguments.paths, &options, |path| {
        Ok(verify_with(path, &verifier, &limits, asked)?)
    })?;
    examine::conclude(&examined, style, &verifier)
}

fn options(arguments: &RpmVerify) -> VerifyOptions {
    VerifyOptions {
        level: match arguments.package_level {
            PackageLevelName::None => Level::None,
            PackageLevelName::Digest => Level::Digest,
            PackageLevelName::Signature => Level::Signature,
            PackageLevelName::All => Level::All,
        },
        reading: if arguments.strict {
            Reading::Strict
        } else {
            Reading::Tolerant
        },
    }
}
