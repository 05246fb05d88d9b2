//! `pkgseal rpm verify`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_openpgp::Certificate;
use pkgseal_repo::Limits;
use pkgseal_rpm::client::{ClientOnPackage, Question, Without};
use pkgseal_rpm::package::{Level, Reading, VerifyOptions, verify_with};

use super::rpmkeys;
use crate::args::{PackageLevelName, RpmVerify};
use crate::commands::examine;
use crate::{context, report};

pub(super) fn run(arguments: &RpmVerify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let level = arguments.package_level.map(level);
    if arguments.program.rpmkeys {
        return rpmkeys::run(arguments, level, now, &limits);
    }
    let asked = VerifyOptions {
        level: level.unwrap_or_default(),
        reading: if arguments.strict {
            Reading::Strict
        } else {
            Reading::Tolerant
        },
    };
    let verifier = if asked.level.demands_signatures() {
        context::verifier(&arguments.trust, now, &limits)?
    } else {
        context::optional_verifier(&arguments.trust, now, &limits)?
    };
    let clients: Vec<pkgseal_rpm::client::Client> =
        crate::commands::clients::named(&arguments.clients, &limits)?;
    let certificates: Vec<Certificate> = verifier.certificates().iter().cloned().collect();
    let question = Question {
        certificates: &certificates,
        now,
        level,
        without: Without::default(),
    };
    let options = context::check_options(&arguments.common, &limits);
    let style = report::Style::verdict(arguments.common.json);
    let examined = examine::each(&arguments.paths, &options, |path| {
        let mut ours = verify_with(path, &verifier, &limits, asked)?;
        let mut said = Vec::new();
        for client in &clients {
            let verdict = client.judge(path, &question, &limits)?;
            let beside = ClientOnPackage {
                ours: &ours,
                client: &verdict,
            };
            said.extend(beside.findings());
        }
        ours.report.findings.extend(said);
        Ok(ours)
    })?;
    examine::conclude(&examined, style, &verifier)
}

fn level(name: PackageLevelName) -> Level {
    match name {
        PackageLevelName::None => Level::None,
        PackageLevelName::Digest => Level::Digest,
        PackageLevelName::Signature => Level::Signature,
        PackageLevelName::All => Level::All,
    }
}
