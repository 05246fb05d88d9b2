//! Every dependency's licence stands in `.cargo/deny.toml`, also where cargo-deny is absent.

use std::collections::BTreeMap;

use serde::Deserialize;
use spdx::{Expression, ParseMode};

#[derive(Deserialize)]
struct Deny {
    licenses: Licences,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

fn allowed(expression: &str, list: &[&String]) -> bool {
    // Older crates write MIT/Apache-2.0, which the lax mode reads as OR.
    Expression::parse_mode(expression, ParseMode::LAX)
        .expect("a licence expression")
        .evaluate(|wanted| list.iter().any(|allowed| **allowed == wanted.to_string()))
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let deny = std::fs::read_to_string(format!("{top}/.cargo/deny.toml")).expect("deny.toml");
    let deny: Deny = toml::from_str(&deny).expect("deny.toml");
    let exceptions: BTreeMap<&str, &Exception> = deny
        .licenses
        .exceptions
        .iter()
        .map(|exception| (exception.name.as_str(), exception))
        .collect();

    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(format!("{top}/Cargo.toml"))
        .other_options(["--locked".to_owned()])
        .exec()
        .expect("cargo metadata");
    let refused: Vec<String> = metadata
        .packages
        .iter()
        .filter(|package| {
            let more = exceptions
                .get(package.name.as_str())
                .map_or(&[] as &[String], |exception| exception.allow.as_slice());
            let list: Vec<&String> = deny.licenses.allow.iter().chain(more).collect();
            !package
                .license
                .as_deref()
                .is_some_and(|licence| allowed(licence, &list))
        })
        .map(|package| format!("{}: {:?}", package.name, package.license))
        .collect();
    assert!(
        refused.is_empty(),
        "not in .cargo/deny.toml:\n{}",
        refused.join("\n")
    );
}

#[test]
fn a_licence_outside_the_list_is_refused() {
    let mit = "MIT".to_owned();
    assert!(allowed("MIT/Apache-2.0", &[&mit]));
    assert!(!allowed("MIT AND GPL-3.0-only", &[&mit]));
    assert!(!allowed("AGPL-3.0-only", &[&mit]));
}
