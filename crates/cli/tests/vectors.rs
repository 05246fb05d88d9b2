//! Every vector of `testdata/vectors` through the built command: one test for each.
//!
//! `cargo nextest run -p pkgseal --test vectors rpm/duplicate` runs some of them.

use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};
use pkgseal_testkit::vectors::{self, Expect, Vector};
use serde_json::Value;

fn main() -> ExitCode {
    let trials = vectors::all()
        .into_iter()
        .map(|vector| {
            let name = format!("{}/{}", vector.format, vector.name);
            Trial::test(name, move || judge(&vector))
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn judge(vector: &Vector) -> Result<(), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
    if vector.strict {
        command.args(["rpm", "verify", "--strict"]);
    } else {
        command.arg("verify");
    }
    command.args(["--json", "--time", &vector.time]);
    for certificate in &vector.certificates {
        command.arg("--keyring").arg(certificate);
    }
    if let Some(object) = vector.object.as_ref().filter(|_| !vector.strict) {
        command.args(["--as", object]);
    }
    if let Some(profile) = &vector.profile {
        command.args(["--profile", profile]);
    }
    let output = command.arg(&vector.subject).output()?;
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let wrong = |what: String| {
        Err(Failed::from(format!(
            "{what}\nexpected: {}\nbecause:  {}\n{stdout}{stderr}",
            vector.expect, vector.why
        )))
    };
    if output.status.code() != Some(vector.expect.exit_status()) {
        return wrong(format!("ended with {}", output.status));
    }
    if vector.expect == Expect::Undecided {
        return Ok(());
    }
    let document: Value = match serde_json::from_str(&stdout) {
        Ok(document) => document,
        Err(error) => return wrong(format!("standard output is not JSON: {error}")),
    };
    if document.get("schema") != Some(&Value::from(1)) {
        return wrong("no schema 1".to_owned());
    }
    if let Expect::Rejected(code) = &vector.expect {
        let rejecting = rejecting_codes(&document);
        if !rejecting.iter().any(|found| found == code) {
            return wrong(format!("rejected for {rejecting:?}"));
        }
    }
    Ok(())
}

/// Codes of all findings that reject.
fn rejecting_codes(document: &Value) -> Vec<&str> {
    document
        .get("objects")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|object| object.get("findings")?.as_array())
        .flatten()
        .filter(|finding| finding.get("severity").and_then(Value::as_str) == Some("reject"))
        .filter_map(|finding| finding.get("code")?.as_str())
        .collect()
}
