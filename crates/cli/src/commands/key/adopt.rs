//! `pkgseal key adopt`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use pkgseal_keyring::{AdoptRequest, SUBKEY_VALIDITY};

use super::generate::validity;
use crate::args::KeyAdopt;
use crate::failure::hinted;
use crate::{context, report};

pub(super) fn run(arguments: &KeyAdopt, clock: SystemTime) -> Result<ExitCode> {
    let now = context::now(&arguments.moment, clock)?;
    let [key] = arguments.secrets.key.as_slice() else {
        return Err(hinted("one key is adopted at a time", "give --key once"));
    };
    let access = &arguments.secrets.access;
    let request = AdoptRequest {
        user_id: arguments.user_id.clone(),
        validity: match arguments.expires {
            Some(lifetime) => validity("--expires", lifetime, now)?,
            None => Some(SUBKEY_VALIDITY),
        },
    };
    let passphrase = context::passphrase(&access.passphrase)?;
    let key = context::with_token_options(key, access);
    let adopted = pkgseal_keyring::adopt(&key, &request, passphrase.as_ref(), now)
        .with_context(|| format!("cannot adopt {key}"))?;
    std::fs::create_dir_all(&arguments.output)
        .with_context(|| format!("cannot create {}", arguments.output.display()))?;
    let files = pkgseal_keyring::write_adopted(&arguments.output, &adopted)?;
    report::generated("adopted", &adopted.certificate, &files, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}
