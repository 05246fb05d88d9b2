//! `pkgseal key generate`.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, anyhow};
use jiff::Timestamp;
use pkgseal_keyring::{Algorithm, Layout, Purpose};
use pkgseal_repo::Lifetime;

use crate::args::{KeyAlgorithm, KeyGenerate, PurposeName};
use crate::failure::hinted;
use crate::{context, report};

pub(super) fn run(arguments: &KeyGenerate, clock: SystemTime) -> Result<ExitCode> {
    let now = context::now(&arguments.moment, clock)?;
    let mut request = purpose(arguments.purpose)
        .request(&arguments.user_id, arguments.algorithm.map(algorithm))?;
    if let Some(lifetime) = arguments.expires {
        request.primary_validity = validity("--expires", lifetime, now)?;
        // What is left unsaid follows: no subkey outlives its primary key.
        if let (Some(primary), None) = (request.primary_validity, arguments.subkey_expires) {
            request.subkey_validity = request.subkey_validity.map(|subkey| subkey.min(primary));
        }
    }
    if let Some(lifetime) = arguments.subkey_expires {
        if request.layout == Layout::One {
            return Err(hinted(
                "--subkey-expires: a key for this purpose has no signing subkey",
                "give the key itself an expiry with --expires",
            ));
        }
        request.subkey_validity = validity("--subkey-expires", lifetime, now)?;
    }
    if let Some(source) = context::passphrase(&arguments.passphrase)? {
        request.passphrase = Some(source.read_new()?);
    }
    let generated = pkgseal_keyring::generate(&request, now)?;
    std::fs::create_dir_all(&arguments.output)
        .with_context(|| format!("cannot create {}", arguments.output.display()))?;
    let files = pkgseal_keyring::write_generated(&arguments.output, &generated)?;
    report::generated("generated", &generated.certificate, &files, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

/// How long a key lives that is made now; `None` for ever.
pub(super) fn validity(
    option: &str,
    lifetime: Lifetime,
    now: Timestamp,
) -> Result<Option<Duration>> {
    let end = lifetime
        .end(now)
        .map_err(|reason| anyhow!("{option}: {reason}"))?;
    end.map(|end| {
        Duration::try_from(end.duration_since(now))
            .map_err(|_| anyhow!("{option}: {end} is not after now ({now})"))
    })
    .transpose()
}

fn purpose(name: PurposeName) -> Purpose {
    match name {
        PurposeName::Distro => Purpose::Distribution,
        PurposeName::Maven => Purpose::Maven,
        PurposeName::Rfc9580 => Purpose::Rfc9580,
        PurposeName::Pqc => Purpose::PostQuantum,
    }
}

pub(super) fn algorithm(name: KeyAlgorithm) -> Algorithm {
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
