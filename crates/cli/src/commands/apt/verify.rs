//! `pkgseal apt verify`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use pkgseal_deb::apt::client::ask_clients;
use pkgseal_deb::apt::{self, Expectation, Freshness, Level, Pattern, Scope, TreeRequest};
use pkgseal_openpgp::Examination;
use pkgseal_repo::Limits;

use super::clients;
use crate::args::{AptVerify, LevelName};
use crate::commands::examine;
use crate::{context, progress, report};

pub(super) fn run(arguments: &AptVerify, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let clients = crate::commands::clients::named(&arguments.clients, &limits)?;
    let keys = clients::keys(&arguments.trust, &verifier, &limits)?;
    let options = context::check_options(&arguments.common, &limits);
    let request = request(arguments, &limits)?;
    let bar = progress::for_stderr();
    let examined = examine::each(&arguments.paths, &options, |path| {
        let mut examination =
            apt::verify_tree_with(path, &verifier, &request, &options, bar.as_ref())?;
        for root in ask_clients(path, &verifier, &keys, &clients, &limits)? {
            if is_asked_for(&arguments.scope.wanted_suites, &root.folder, &examination) {
                examination.report.findings.extend(root.findings());
            }
        }
        Ok(examination)
    })?;
    let style = report::Style::verdict(arguments.common.json);
    examine::conclude(&examined, style, &verifier)
}

/// What the options ask.
fn request(arguments: &AptVerify, limits: &Limits) -> Result<TreeRequest> {
    let (expect, freshness) = (&arguments.expect, &arguments.freshness);
    let mut expectations = vec![Expectation {
        about: None,
        suite: expect.expect_suite.clone(),
        codename: expect.expect_codename.clone(),
        origin: expect.expect_origin.clone(),
        label: expect.expect_label.clone(),
        components: expect.expect_components.clone(),
        freshness: Freshness {
            max_age: freshness.max_age,
            clock_skew: freshness.clock_skew,
            min_valid_time: freshness.min_valid_time,
            max_valid_time: freshness.max_valid_time,
        },
    }];
    if let Some(path) = &expect.policy {
        let bytes = pkgseal_repo::read_file(path, limits.side_file)?;
        let text =
            String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))?;
        let policy = apt::parse_policy(&text)
            .map_err(|what| anyhow::anyhow!("{}: {}", path.display(), what.trim_end()))?;
        expectations.extend(policy);
    }
    let scope = &arguments.scope;
    Ok(TreeRequest {
        level: match arguments.level {
            LevelName::Signatures => Level::Signatures,
            LevelName::Indices => Level::Indices,
            LevelName::Existence => Level::Existence,
            LevelName::Content => Level::Content,
            LevelName::Control => Level::Control,
        },
        scope: Scope {
            suites: scope.wanted_suites.iter().map(Pattern::new).collect(),
            components: scope.wanted_components.clone(),
            architectures: scope.wanted_architectures.clone(),
        },
        expectations,
    })
}

/// Whether a suite's folder is one that `--suite` asked for: by its name, or because its
/// signatures were judged.
fn is_asked_for(suites: &[String], folder: &str, examination: &Examination) -> bool {
    let name = folder.strip_prefix("dists/").unwrap_or(folder);
    let below = format!("{folder}/");
    suites.is_empty()
        || suites.iter().any(|suite| Pattern::new(suite).matches(name))
        || examination
            .signatures
            .iter()
            .any(|judged| judged.object.starts_with(&below))
}
