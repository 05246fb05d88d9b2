//! A rotation as text and as JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_keyring::rotate::{Answer, Holding, Plan, Replaces, Step};
use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::{Finding, Outcome, Severity};
use serde_json::{Value, json};

use super::sight::Seen;
use crate::report::{self, escaped};

/// What one repository looks like.
pub(super) struct Shown {
    pub(super) path: String,
    pub(super) format: &'static str,
    pub(super) signers: Vec<(String, BTreeSet<Fingerprint>)>,
    pub(super) seen: Vec<Seen>,
}

/// A plan, and what is known of it at a moment.
pub(super) struct View<'a> {
    pub(super) file: &'a std::path::Path,
    pub(super) plan: &'a Plan,
    pub(super) now: Timestamp,
    /// The step that `shown` is the outcome of; `None` is as things stand.
    pub(super) after: Option<Step>,
    pub(super) shown: Vec<Shown>,
    pub(super) findings: Vec<Finding>,
    /// Files that were written.
    pub(super) outputs: Vec<std::path::PathBuf>,
}

impl View<'_> {
    pub(super) fn outcome(&self) -> Outcome {
        match self.findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Reject) => Outcome::Rejected,
            Some(Severity::Undecided) => Outcome::Undecided,
            _ => Outcome::Accepted,
        }
    }

    /// When the next step may be done.
    fn next(&self) -> Option<(Step, Option<Timestamp>)> {
        let next = self.plan.next()?;
        Some((next, self.plan.earliest(next)))
    }

    fn text(&self) -> String {
        let plan = self.plan;
        let mut text = String::new();
        let what = match plan.replaces() {
            Replaces::Certificate => "certificate",
            Replaces::Subkey => "signing subkey",
        };
        let _ = writeln!(
            text,
            "{}: replaces a {what}",
            escaped(&self.file.display().to_string())
        );
        for (name, party) in [("old", &plan.old), ("new", &plan.new)] {
            let facts = party.facts(self.now);
            let algorithm = facts.map(|facts| facts.algorithm).unwrap_or_default();
            let until = match party.expires(self.now) {
                Some(expires) => format!("expires {expires}"),
                None => "never expires".to_owned(),
            };
            let fingerprint = party.certificate.fingerprint();
            let _ = write!(text, "  {name} {fingerprint}");
            if fingerprint != party.key {
                let _ = write!(text, ", signs with {}", party.key);
            }
            let _ = writeln!(text, ", {algorithm}, {until}");
        }
        for done in &plan.done {
            let when = match done.ended {
                Some(ended) => format!("done {ended}"),
                None => format!("begun {} and not ended", done.begun),
            };
            let _ = write!(text, "  {}: {when}", done.step);
            if !done.stranded.is_empty() {
                let _ = write!(text, ", gave up {}", escaped(&done.stranded.join(", ")));
            }
            text.push('\n');
        }
        match self.next() {
            None => text.push_str("  every step is done\n"),
            Some((next, Some(earliest))) if earliest <= self.now => {
                let _ = writeln!(text, "  next: {next}, from now on");
            }
            Some((next, Some(earliest))) => {
                let _ = writeln!(text, "  next: {next}, not before {earliest}");
            }
            Some((next, None)) => {
                let _ = writeln!(text, "  next: {next}");
            }
        }
        let counted = plan.counted(self.after, self.now);
        let after = match self.after {
            Some(step) => format!("after {step}"),
            None => "today".to_owned(),
        };
        for shown in &self.shown {
            let _ = writeln!(
                text,
                "\n{} ({}), {after}",
                escaped(&shown.path),
                shown.format
            );
            for (name, signers) in &shown.signers {
                let _ = writeln!(
                    text,
                    "  {} is signed by {}",
                    escaped(name),
                    self.parties(signers)
                );
            }
            self.table(&mut text, shown, &counted);
        }
        if !self.outputs.is_empty() {
            text.push('\n');
        }
        for path in &self.outputs {
            let _ = writeln!(text, "wrote {}", escaped(&path.display().to_string()));
        }
        if !self.findings.is_empty() {
            text.push('\n');
        }
        text.push_str(&report::findings_text(&self.findings));
        text
    }

    fn parties(&self, signers: &BTreeSet<Fingerprint>) -> String {
        let known = |key| signers.contains(key);
        match (known(&self.plan.old.key), known(&self.plan.new.key)) {
            (true, true) => "old and new".to_owned(),
            (true, false) => "old".to_owned(),
            (false, true) => "new".to_owned(),
            (false, false) => "neither".to_owned(),
        }
    }

    /// Clients down, keyrings across.
    fn table(&self, text: &mut String, shown: &Shown, counted: &[Holding]) {
        let mut rows: Vec<(&str, &str)> = Vec::new();
        for seen in &shown.seen {
            let row = (seen.repository.as_str(), seen.client.as_str());
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        let mut about = "";
        for (repository, client) in rows {
            if repository != about {
                about = repository;
                let heads = Holding::ALL.map(|holding| {
                    if counted.contains(&holding) {
                        format!("{holding}*")
                    } else {
                        holding.to_string()
                    }
                });
                let [old, both, new] = heads;
                let _ = writeln!(text, "  {}", escaped(about));
                let _ = writeln!(text, "    {:<16}{old:<10}{both:<10}{new}", "");
            }
            let answer = |holding| {
                let found = shown.seen.iter().find(|seen| {
                    seen.repository == repository
                        && seen.client == client
                        && seen.holding == holding
                });
                found.map_or("", |seen| seen.answer.name())
            };
            let line = format!(
                "    {:<16}{:<10}{:<10}{}",
                escaped(client),
                answer(Holding::Old),
                answer(Holding::Both),
                answer(Holding::New)
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }

    fn json(&self) -> Value {
        let plan = self.plan;
        let party = |party: &pkgseal_keyring::rotate::Party| {
            json!({
                "certificate": party.certificate.fingerprint().to_string(),
                "key": party.key.to_string(),
                "expires": party.expires(self.now).map(|at| at.to_string()),
            })
        };
        let counted = plan.counted(self.after, self.now);
        json!({
            "schema": report::SCHEMA,
            "plan": self.file.display().to_string(),
            "time": self.now.to_string(),
            "outcome": report::outcome_word(self.outcome()),
            "old": party(&plan.old),
            "new": party(&plan.new),
            "stage": plan.stage().map(Step::name),
            "interrupted": plan.interrupted().map(Step::name),
            "next": self.next().map(|(step, earliest)| json!({
                "step": step.name(),
                "earliest": earliest.map(|at| at.to_string()),
            })),
            "window_ends": plan.window_ends().map(|at| at.to_string()),
            "counted": counted.iter().map(|holding| holding.name()).collect::<Vec<_>>(),
            "after": self.after.map(Step::name),
            "repositories": self.shown.iter().map(|shown| json!({
                "path": shown.path,
                "format": shown.format,
                "signers": shown.signers.iter().map(|(name, signers)| json!({
                    "root": name,
                    "keys": signers.iter().map(ToString::to_string).collect::<Vec<_>>(),
                })).collect::<Vec<_>>(),
                "clients": shown.seen.iter().map(|seen| client(seen, &counted)).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "outputs": self.outputs.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            "findings": report::findings_json(&self.findings),
        })
    }

    /// Prints it.
    pub(super) fn print(&self, as_json: bool) -> Result<Outcome> {
        if as_json {
            report::json_document(&self.json())?;
        } else {
            report::block(&self.text())?;
        }
        Ok(self.outcome())
    }
}

fn client(seen: &Seen, counted: &[Holding]) -> Value {
    json!({
        "client": seen.client,
        "keyring": seen.holding.name(),
        "counted": counted.contains(&seen.holding),
        "subject": seen.repository,
        "answer": seen.answer.name(),
        "reasons": if seen.answer == Answer::Accepts { &[][..] } else { &seen.why },
    })
}
