//! Forecasts beside the real programs, with their clocks moved: every answer that is
//! foretold is asked for a minute before and a minute after each date that is named, and on
//! days on which nothing is foretold.
//!
//! A minute, because a program takes its time to start, and its clock runs meanwhile. rpm
//! and sqv tolerate signatures of five and of thirty minutes ahead; no date named here is
//! nearer to the time of a signature.

mod apt;
mod rpm;
mod yum;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::run::pkgseal;

/// The day on which it is foretold: the day after everything was signed.
const NOW: &str = "2025-03-02T00:00:00Z";

/// Days on which nothing happens, asked about too.
const PLAIN: &[&str] = &[
    "2025-04-01T00:00:00Z",
    "2025-12-24T00:00:00Z",
    "2028-03-01T00:00:00Z",
    "2031-01-01T00:00:00Z",
];

const ACCEPTS: &str = "accepts";
const WARNS: &str = "warns";
const REJECTS: &str = "rejects";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What is foretold of one subject for one consumer.
#[derive(Debug)]
struct Foretold {
    present: String,
    changes: BTreeMap<Timestamp, &'static str>,
}

impl Foretold {
    /// Reads it from JSON.
    fn of(document: &Value, scope: &str, consumer: &str) -> Self {
        let ours = |subject: &Value| subject["scope"] == scope;
        let present = document["present"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| ours(&one["subject"]) && one["consumer"] == consumer)
            .unwrap_or_else(|| panic!("{consumer} was not asked: {document:#}"));
        let mut changes = BTreeMap::new();
        for event in document["events"].as_array().unwrap() {
            let consumers = event["consumers"].as_array().unwrap();
            let asked = consumers.iter().any(|one| one["name"] == consumer);
            if !ours(&event["subject"]) || !asked || event["already"] == true {
                continue;
            }
            let to = match event["happens"].as_str().unwrap() {
                "breaks" => REJECTS,
                "warns" => WARNS,
                _ => ACCEPTS,
            };
            changes.insert(at(event["at"].as_str().unwrap()), to);
        }
        Self {
            present: present["answer"].as_str().unwrap().to_owned(),
            changes,
        }
    }

    fn at(&self, moment: Timestamp) -> &str {
        let last = self.changes.range(..=moment).next_back();
        last.map_or(&self.present, |(_, to)| to)
    }
}

fn forecast(paths: &[&Path], keyring: &Path, consumers: &[&str]) -> Value {
    let clients = consumers.iter().flat_map(|name| ["--client", name]);
    let run = pkgseal(["keyring", "forecast", "--json", "--time", NOW, "--keyring"])
        .arg(keyring)
        .args(clients)
        .args(paths)
        .run()
        .expect(0);
    serde_json::from_str(&run.stdout).unwrap()
}

/// A minute before and after each change that is foretold to anybody, and the plain days.
fn moments<'a>(all: impl Iterator<Item = &'a Foretold>) -> BTreeSet<Timestamp> {
    let minute = SignedDuration::from_mins(1);
    let named: BTreeSet<Timestamp> = all.flat_map(|one| one.changes.keys().copied()).collect();
    let around = named
        .iter()
        .flat_map(|date| [*date - minute, *date + minute]);
    around.chain(PLAIN.iter().map(|day| at(day))).collect()
}

/// What is not as foretold.
fn differ(
    name: &str,
    moment: Timestamp,
    foretold: &Foretold,
    real: &str,
    words: &str,
) -> Option<String> {
    let expected = foretold.at(moment);
    (expected != real).then(|| format!("{name} at {moment}: foretold {expected}, {real}: {words}"))
}

fn assert_none(differences: &[String]) {
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
