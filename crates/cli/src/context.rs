//! What the arguments mean: moments, profiles, certificates, signers.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use pkgseal_keyring::{Descriptor, KeySource, LastTry, Passphrase, Pkcs11Key};
use pkgseal_openpgp::{Certificates, Fingerprint, Profile, Signer, Verifier};
use pkgseal_repo::{CheckOptions, Compression, Destination, Limits};
use pkgseal_rpm::lint::Target;

use crate::args::{
    Common, FormName, KeyAccess, Keyring, Moment, OptionalSecrets, PassphraseSource, Secrets,
    Targets, Trust,
};
use crate::failure::hinted;
use crate::report;

/// Now: what `--time` says, else the clock.
pub(crate) fn now(moment: &Moment, clock: SystemTime) -> Result<Timestamp> {
    match moment.time {
        Some(time) => Ok(time),
        None => {
            let now = Timestamp::try_from(clock).context("the system clock is out of range")?;
            // OpenPGP counts whole seconds.
            Ok(Timestamp::from_second(now.as_second())?)
        }
    }
}

/// A profile by name or file.
pub(crate) fn profile(name: &str, limits: &Limits) -> Result<Profile> {
    let is_file = name.contains('/') || name.ends_with(".toml");
    if !is_file {
        return Profile::named(name).map_err(|error| {
            hinted(
                error.to_string(),
                "list the built-in profiles with: pkgseal profile list",
            )
        });
    }
    let bytes = pkgseal_repo::read_file(Path::new(name), limits.side_file)?;
    let text = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
    Ok(Profile::parse(name, &text)?)
}

/// The judge that `--keyring`, `--profile`, `--signer` and `--threshold` describe.
pub(crate) fn verifier(trust: &Trust, now: Timestamp, limits: &Limits) -> Result<Verifier> {
    if trust.certificates.keyring.is_empty() {
        return Err(hinted(
            "no keyring given: without certificates nothing can be verified",
            "name one with --keyring, for example \
             --keyring /usr/share/keyrings/debian-archive-keyring.gpg",
        ));
    }
    let verifier = optional_verifier(trust, now, limits)?;
    if verifier.certificates().is_empty() {
        bail!(
            "no usable certificate in {}",
            joined(&trust.certificates.keyring)
        );
    }
    Ok(verifier)
}

/// As [`verifier`], with no certificates where no keyring is given.
pub(crate) fn optional_verifier(
    trust: &Trust,
    now: Timestamp,
    limits: &Limits,
) -> Result<Verifier> {
    let mut profile = profile(&trust.profile, limits)?;
    if let Some(threshold) = trust.threshold {
        if threshold == 0 {
            bail!("--threshold 0 would accept what nobody signed");
        }
        profile = profile.threshold(threshold);
    }
    if !trust.signers.is_empty() {
        profile = profile.allowing(fingerprints("--signer", &trust.signers)?);
    }
    let certificates = certificates(&trust.certificates, limits)?;
    Ok(Verifier::new(certificates, profile, now))
}

/// The certificates that `--keyring` names; none where it is not given.
pub(crate) fn certificates(keyring: &Keyring, limits: &Limits) -> Result<Certificates> {
    if keyring.keyring.is_empty() {
        return Ok(Certificates::default());
    }
    let loaded = pkgseal_keyring::open_all(&keyring.keyring, limits)?;
    loaded.findings.iter().for_each(report::warn_finding);
    Ok(loaded.certificates)
}

/// The targets that `--target` names: all of them where none is named.
pub(crate) fn targets(targets: &Targets, limits: &Limits) -> Result<Vec<Target>> {
    if targets.targets.is_empty() {
        return Ok(Target::names()
            .map(Target::named)
            .collect::<Result<_, _>>()?);
    }
    let one = |name: &String| -> Result<Target> {
        if !name.contains('/') && !name.ends_with(".toml") {
            return Ok(Target::named(name)?);
        }
        let bytes = pkgseal_repo::read_file(Path::new(name), limits.side_file)?;
        let text = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
        Ok(Target::parse(name, &text)?)
    };
    targets.targets.iter().map(one).collect()
}

/// Where `--output` sends what is written.
pub(crate) fn destination(output: Option<&Path>) -> Destination {
    output.map_or(Destination::Beside, |directory| {
        Destination::Directory(directory.to_owned())
    })
}

/// What an option names, as full fingerprints.
pub(crate) fn fingerprints(option: &str, texts: &[String]) -> Result<Vec<Fingerprint>> {
    texts
        .iter()
        .map(|text| {
            Fingerprint::parse(text).ok_or_else(|| {
                hinted(
                    format!("{option} {text} is no full fingerprint (40 or 64 hexadecimal digits)"),
                    "a key ID identifies nobody; list full fingerprints with: \
                     pkgseal keyring list KEYRING",
                )
            })
        })
        .collect()
}

/// The signers that `--key` names, unlocked.
pub(crate) fn signers(secrets: &Secrets, now: Timestamp) -> Result<Vec<Signer>> {
    open_keys(&secrets.key, &secrets.access, now)
}

/// As [`signers`]; none is fine.
pub(crate) fn optional_signers(secrets: &OptionalSecrets, now: Timestamp) -> Result<Vec<Signer>> {
    open_keys(&secrets.key, &secrets.access, now)
}

/// The signer of each key, unlocked.
pub(crate) fn open_keys(
    keys: &[KeySource],
    access: &KeyAccess,
    now: Timestamp,
) -> Result<Vec<Signer>> {
    let passphrase = passphrase(&access.passphrase)?;
    let certificates = key_certificates(access)?;
    keys.iter()
        .map(|key| {
            let key = &with_token_options(key, access);
            pkgseal_keyring::open_source(key, &certificates, passphrase.as_ref(), now)
                .with_context(|| format!("cannot sign with {key}"))
        })
        .collect()
}

/// A key on a token, with what the options say of tokens.
pub(crate) fn with_token_options(key: &KeySource, access: &KeyAccess) -> KeySource {
    let KeySource::Pkcs11(key) = key else {
        return key.clone();
    };
    let mut key = Pkcs11Key::clone(key);
    if let Some(module) = &access.pkcs11_module {
        key = key.or_module(module.clone());
    }
    if access.last_pin_try {
        key = key.last_try(LastTry::Spend);
    }
    KeySource::Pkcs11(Box::new(key))
}

/// The public certificates that `--certificate` names.
pub(crate) fn key_certificates(access: &KeyAccess) -> Result<Certificates> {
    if access.certificate.is_empty() {
        return Ok(Certificates::default());
    }
    let loaded = pkgseal_keyring::open_all(&access.certificate, &Limits::default())?;
    loaded.findings.iter().for_each(report::warn_finding);
    Ok(loaded.certificates)
}

/// The passphrase source the options name.
pub(crate) fn passphrase(source: &PassphraseSource) -> Result<Option<Passphrase>> {
    if let Some(path) = &source.passphrase_file {
        return Ok(Some(Passphrase::File(path.clone())));
    }
    if let Some(fd) = source.passphrase_fd {
        return Ok(Some(Passphrase::Fd(Descriptor::new(fd))));
    }
    if source.passphrase_pinentry {
        return Ok(Some(Passphrase::Pinentry));
    }
    let Some(name) = source.passphrase_credential.clone() else {
        return Ok(None);
    };
    let Some(directory) = std::env::var_os("CREDENTIALS_DIRECTORY") else {
        return Err(hinted(
            format!("no credential {name}: CREDENTIALS_DIRECTORY is not set"),
            "run under a systemd unit with LoadCredential= or LoadCredentialEncrypted=",
        ));
    };
    Ok(Some(Passphrase::Credential {
        directory: directory.into(),
        name,
    }))
}

/// How trees are checked.
pub(crate) fn check_options(common: &Common, limits: &Limits) -> CheckOptions {
    CheckOptions {
        jobs: common.jobs.unwrap_or(0),
        limits: limits.clone(),
    }
}

fn joined(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

/// What changes when other keys are to sign. The files are not read for it, and nobody is
/// asked: where nothing changed, no key is opened.
pub(crate) fn keys_as_they_stand(keys: &[KeySource]) -> Result<Vec<String>> {
    keys.iter()
        .map(|key| {
            let Some(path) = key.file() else {
                return Ok(key.to_string());
            };
            let found = std::fs::metadata(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            Ok(format!(
                "{}:{}:{}:{}.{:09}",
                found.dev(),
                found.ino(),
                found.len(),
                found.mtime(),
                found.mtime_nsec()
            ))
        })
        .collect()
}

/// The form of an index.
pub(crate) fn compression(name: FormName) -> Compression {
    match name {
        FormName::None => Compression::None,
        FormName::Gz => Compression::Gzip,
        FormName::Bz2 => Compression::Bzip2,
        FormName::Xz => Compression::Xz,
        FormName::Zst => Compression::Zstd,
    }
}
