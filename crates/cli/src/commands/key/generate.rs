//! `pkgseal key generate`.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use pkgseal_keyring::{Algorithm, GenerateRequest};

use crate::args::{KeyAlgorithm, KeyGenerate};
use crate::{context, report};

/// Seconds in a day.
const DAY: u64 = 86_400;

pub(super) fn run(arguments: &KeyGenerate, clock: SystemTime) -> Result<ExitCode> {
    let now = context::now(&arguments.moment, clock)?;
    let mut request = GenerateRequest::new(&arguments.user_id, algorithm(arguments.algorithm));
    if let Some(days) = arguments.expires {
        request.primary_validity = Some(Duration::from_secs(u64::from(days) * DAY));
    }
    if let Some(days) = arguments.subkey_expires {
        request.subkey_validity = Some(Duration::from_secs(u64::from(days) * DAY));
    }
    if let Some(source) = context::passphrase(&arguments.passphrase)? {
        request.passphrase = Some(source.read()?);
    }
    let generated = pkgseal_keyring::generate(&request, now)?;
    std::fs::create_dir_all(&arguments.output)
        .with_context(|| format!("cannot create {}", arguments.output.display()))?;
    let files = pkgseal_keyring::write_generated(&arguments.output, &generated)?;
    report::generated(&generated, &files, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

fn algorithm(name: KeyAlgorithm) -> Algorithm {
    match name {
        KeyAlgorithm::Ed25519 => Algorithm::Ed25519,
        KeyAlgorithm::Rsa3072 => Algorithm::Rsa3072,
        KeyAlgorithm::Rsa4096 => Algorithm::Rsa4096,
        KeyAlgorithm::Nistp256 => Algorithm::NistP256,
        KeyAlgorithm::Nistp384 => Algorithm::NistP384,
        KeyAlgorithm::Nistp521 => Algorithm::NistP521,
        KeyAlgorithm::Ed25519V6 => Algorithm::Ed25519V6,
        KeyAlgorithm::Ed448 => Algorithm::Ed448,
        KeyAlgorithm::Mldsa65Ed25519 => Algorithm::MlDsa65Ed25519,
        KeyAlgorithm::Mldsa87Ed448 => Algorithm::MlDsa87Ed448,
    }
}
