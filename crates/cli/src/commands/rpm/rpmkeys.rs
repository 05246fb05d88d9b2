//! `pkgseal rpm verify --rpmkeys`: rpmkeys' words, rpmkeys' exit codes.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use pkgseal_openpgp::Certificate;
use pkgseal_repo::Limits;
use pkgseal_rpm::client::{Client, Question, Without};
use pkgseal_rpm::package::Level;
use rayon::prelude::*;

use crate::args::RpmVerify;
use crate::{context, report};

/// rpmkeys exits with the number of packages that failed, up to this.
const MOST: usize = 254;

/// What is printed of one package, and whether it failed.
struct Answer {
    out: String,
    error: String,
    failed: bool,
}

pub(super) fn run(
    arguments: &RpmVerify,
    level: Option<Level>,
    now: Timestamp,
    limits: &Limits,
) -> Result<ExitCode> {
    let client = client(arguments, limits)?;
    let loaded = context::certificates(&arguments.trust.certificates, limits)?;
    let certificates: Vec<Certificate> = loaded.iter().cloned().collect();
    let program = &arguments.program;
    let question = Question {
        certificates: &certificates,
        now,
        level: defined(&program.defines)?.or(level),
        without: Without {
            digests: program.nodigest,
            signatures: program.nosignature,
        },
    };
    let options = context::check_options(&arguments.common, limits);
    let answers: Vec<Answer> = options.pool()?.install(|| {
        let paths = arguments.paths.par_iter();
        paths
            .map(|path| answer(&client, path, &question, limits, program.verbose))
            .collect()
    });
    for answer in &answers {
        report::rpmkeys(&answer.out, &answer.error)?;
    }
    let failed = answers.iter().filter(|answer| answer.failed).count();
    Ok(ExitCode::from(u8::try_from(failed.min(MOST))?))
}

fn answer(
    client: &Client,
    path: &Path,
    question: &Question<'_>,
    limits: &Limits,
    verbose: bool,
) -> Answer {
    let name = path.display().to_string();
    match client.judge(path, question, limits) {
        Ok(verdict) => {
            let (out, error) = client.lines(&name, &verdict, verbose);
            Answer {
                out,
                error,
                failed: !verdict.accepted,
            }
        }
        Err(error) => {
            let cause = std::error::Error::source(&error);
            let why = cause.map_or_else(|| error.to_string(), ToString::to_string);
            // The system's own words, without the number Rust puts behind them.
            let why = why
                .split(" (os error")
                .next()
                .unwrap_or_default()
                .to_owned();
            Answer {
                out: String::new(),
                error: format!("error: {name}: open failed: {why}\n"),
                failed: true,
            }
        }
    }
}

/// The client that is answered for.
fn client(arguments: &RpmVerify, limits: &Limits) -> Result<Client> {
    let profile = arguments.trust.profile.as_str();
    let name = match (arguments.clients.as_slice(), profile) {
        ([name], _) => name,
        ([], "rpm-4.18") => "rpm-4.18",
        ([], _) => "rpm-6",
        _ => bail!("--rpmkeys answers for one client at a time"),
    };
    crate::commands::clients::one(name, limits)
}

/// The level that `--define` sets; the last one counts.
fn defined(defines: &[String]) -> Result<Option<Level>> {
    let mut level = None;
    for define in defines {
        let (name, value) = define
            .trim()
            .split_once(char::is_whitespace)
            .unwrap_or_default();
        if name != "_pkgverify_level" {
            bail!("--define {define}: only _pkgverify_level can be set here");
        }
        let named = Level::named(value.trim());
        level = Some(named.with_context(|| {
            format!("--define {define}: the level is none, digest, signature or all")
        })?);
    }
    Ok(level)
}
