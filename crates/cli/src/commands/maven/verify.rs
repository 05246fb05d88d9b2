//! `pkgseal maven verify`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_maven::tree::{Policy, Unsigned};
use pkgseal_maven::trust::{Allow, Pattern, Rule, Trust};
use pkgseal_repo::Limits;

use super::trust;
use crate::args::maven::{MavenVerify, UnsignedName};
use crate::commands::examine;
use crate::{context, progress, report};

pub(super) fn run(arguments: &MavenVerify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let policy = Policy {
        unsigned: match arguments.unsigned {
            UnsignedName::Reject => Unsigned::Reject,
            UnsignedName::Warn => Unsigned::Warn,
            UnsignedName::Note => Unsigned::Note,
        },
        trust: all(&arguments.trust_file, &limits)?,
    };
    let options = context::check_options(&arguments.common, &limits);
    let bar = progress::for_stderr();
    let examined = examine::each(&arguments.paths, &options, |path| {
        Ok(pkgseal_maven::tree::verify_with(
            path,
            &verifier,
            &policy,
            &options,
            bar.as_ref(),
        )?)
    })?;
    let style = report::Style::verdict(arguments.common.json);
    examine::conclude(&examined, style, &verifier)
}

/// Every trust file together: what one of them allows is allowed.
fn all(paths: &[PathBuf], limits: &Limits) -> Result<Option<Trust>> {
    if paths.is_empty() {
        return Ok(None);
    }
    let mut together = Trust::default();
    for path in paths {
        let trust = trust::read(path, None, limits)?;
        together.rules.extend(trust.rules);
        together.checksums.extend(trust.checksums);
        if !trust.certificates.is_empty() {
            // A KEYS file on the command line is meant for what is verified with it.
            let keys = trust.certificates.iter();
            together.rules.push(Rule {
                pattern: Pattern::everything(),
                allows: keys
                    .map(|certificate| Allow::Key(certificate.fingerprint().to_string()))
                    .collect(),
            });
        }
    }
    Ok(Some(together))
}
