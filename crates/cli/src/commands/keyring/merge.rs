//! `pkgseal keyring merge`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use pkgseal_keyring::Revocations;
use pkgseal_openpgp::Certificates;
use pkgseal_repo::Limits;

use super::made;
use crate::args::KeyringMerge;
use crate::report;

pub(super) fn run(arguments: &KeyringMerge) -> Result<ExitCode> {
    let limits = Limits::default();
    let written = &arguments.written;
    let mut inputs = Vec::new();
    let mut revocations = Vec::new();
    for path in &written.paths {
        let name = path.display().to_string();
        match alone(path, &limits)? {
            Some(found) => revocations.push((name, found)),
            None => inputs.push((name, made::opened(&[path], &limits)?)),
        }
    }
    let known = Certificates::new(inputs.iter().flat_map(|(_, some)| some.iter().cloned()));
    for (name, found) in revocations {
        let revoked = found.apply(&name, &known)?;
        revoked.findings.iter().for_each(report::warn_finding);
        inputs.push((name, revoked.certificates));
    }
    let merged = pkgseal_keyring::merge(&inputs, made::extent(written.extent))?;
    made::write(&merged, written)
}

/// The revocations that a file holds and nothing else.
fn alone(path: &Path, limits: &Limits) -> Result<Option<Revocations>> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = pkgseal_repo::read_file(path, limits.certificates)?;
    Ok(Revocations::read(&bytes))
}
