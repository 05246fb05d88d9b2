//! `pkgseal maven sign`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use pkgseal_keyring::{KeySource, MavenVariables};
use pkgseal_maven::Selection;
use pkgseal_maven::tree::{Existing, Metadata, SignOptions};
use pkgseal_openpgp::Signer;
use pkgseal_repo::{DigestAlgorithm, Limits};

use crate::args::OptionalSecrets;
use crate::args::maven::{ChecksumName, KeptName, MavenSign};
use crate::failure::hinted;
use crate::{commands, context, progress, report};

pub(super) fn run(arguments: &MavenSign, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let wanted = wanted(arguments)?;
    let signers = signers(arguments, now)?;
    let destination = context::destination(arguments.output.as_deref());
    let options = context::check_options(&arguments.common, &limits);
    let bar = progress::for_stderr();
    let signed = pkgseal_maven::tree::sign_with(
        &arguments.path,
        &signers,
        now,
        &destination,
        &wanted,
        &options,
        bar.as_ref(),
    )
    .with_context(|| format!("{} was not signed", arguments.path.display()))?;
    let outcome = report::signed(&[&signed], 0, arguments.common.json)?;
    Ok(commands::status(outcome))
}

fn wanted(arguments: &MavenSign) -> Result<SignOptions> {
    let coordinates = arguments
        .coordinates
        .iter()
        .map(|text| {
            Selection::parse(text).ok_or_else(|| {
                hinted(
                    format!("--coordinates {text} names no artifact"),
                    "write group:artifact:version, or \
                     group:artifact:extension[:classifier]:version for one file",
                )
            })
        })
        .collect::<Result<_>>()?;
    Ok(SignOptions {
        existing: match arguments.existing {
            KeptName::Keep => Existing::Keep,
            KeptName::Replace => Existing::Replace,
        },
        metadata: if arguments.metadata {
            Metadata::Sign
        } else {
            Metadata::Leave
        },
        checksums: arguments.checksums.iter().map(algorithm).collect(),
        coordinates,
    })
}

fn algorithm(name: &ChecksumName) -> DigestAlgorithm {
    match name {
        ChecksumName::Md5 => DigestAlgorithm::Md5,
        ChecksumName::Sha1 => DigestAlgorithm::Sha1,
        ChecksumName::Sha256 => DigestAlgorithm::Sha256,
        ChecksumName::Sha512 => DigestAlgorithm::Sha512,
    }
}

/// `--key` files, else the key in Maven's variables.
fn signers(arguments: &MavenSign, now: Timestamp) -> Result<Vec<Signer>> {
    let OptionalSecrets { key, access } = &arguments.secrets;
    let passphrase = context::passphrase(&access.passphrase)?;
    let variables = MavenVariables::read(|name| std::env::var_os(name));
    if key.is_empty() {
        if !variables.has_key() {
            return Err(hinted(
                "no key to sign with",
                "name one with --key, or set MAVEN_GPG_KEY",
            ));
        }
        return Ok(vec![variables.signer(passphrase.as_ref(), now)?]);
    }
    match key.as_slice() {
        [KeySource::File(path)] => {
            let opened = variables.signer_in(path, passphrase.as_ref(), now);
            Ok(vec![opened.with_context(|| {
                format!("cannot sign with {}", path.display())
            })?])
        }
        // One variable cannot speak of several keys, and other sources name the key in full.
        several => context::open_keys(several, access, now),
    }
}
