//! `pkgseal keyring package`.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use pkgseal_deb::apt::sources::{SignedBy, read_deb822};
use pkgseal_deb::build::{Build, Upgrade};
use pkgseal_deb::package::SignOptions;
use pkgseal_keyring::{Encoding, Made, mixed_versions, parting};
use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::{Compression, Limits, SafePath};

use super::made;
use crate::args::{KeyringPackage, PackageFormName};
use crate::failure::hinted;
use crate::{commands, context, report};

/// What the package says of rights in its content.
const COPYRIGHT: &str = "\
This package was made by pkgseal.

It holds OpenPGP certificates: public keys, the names of their owners, and the
signatures that bind them. These are facts; no copyright is claimed in them, and
they are in the public domain.
";

pub(super) fn run(arguments: &KeyringPackage, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = match (arguments.moment.time, std::env::var("SOURCE_DATE_EPOCH")) {
        (None, Ok(epoch)) => epoch
            .parse()
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .with_context(|| format!("SOURCE_DATE_EPOCH is no number of seconds: {epoch}"))?,
        _ => context::now(&arguments.moment, clock)?,
    };
    let certificates = made::opened(&arguments.paths, &limits)?;
    let kept = pkgseal_keyring::trim(&certificates, made::extent(arguments.extent))?;
    kept.findings.iter().for_each(report::warn_finding);
    if let Some(empty) = kept.refuses_empty("package") {
        report::warn_finding(&empty);
        return Ok(ExitCode::from(1));
    }
    if let Some(mixed) = mixed_versions(&kept.certificates, "package") {
        let commands = parting(&arguments.paths, Path::new("certificates.gpg"));
        report::warn_finding(&mixed.hint(format!("{commands}, and make a package of each")));
    }
    let build = build(arguments, &kept, now, &limits)?;
    let signers = context::signers(&arguments.secrets, now)?;
    let compression = match arguments.compress {
        PackageFormName::Gz => Compression::Gzip,
        PackageFormName::Xz => Compression::Xz,
        PackageFormName::Zst => Compression::Zstd,
    };
    let options = SignOptions::default();
    let signed = build.write_signed(&arguments.output, compression, &options, &signers, now)?;
    let outcome = report::made("built", &signed, arguments.json)?;
    Ok(commands::status(outcome))
}

/// What a package with a keyring is called, and by whom it is.
pub(in crate::commands) struct Named<'a> {
    pub(in crate::commands) name: &'a str,
    pub(in crate::commands) version: &'a str,
    pub(in crate::commands) maintainer: &'a str,
    pub(in crate::commands) synopsis: Option<&'a str>,
    pub(in crate::commands) homepage: Option<&'a str>,
}

fn build(
    arguments: &KeyringPackage,
    kept: &Made,
    now: Timestamp,
    limits: &Limits,
) -> Result<Build> {
    let name = arguments.name.as_deref().unwrap_or_default();
    let named = Named {
        name,
        version: &arguments.package_version,
        maintainer: &arguments.maintainer,
        synopsis: arguments.synopsis.as_deref(),
        homepage: arguments.homepage.as_deref(),
    };
    let mut installed = Vec::new();
    if let Some(path) = &arguments.sources {
        let keyring = format!("/usr/share/keyrings/{name}.gpg");
        installed.push(sources(path, &keyring, limits)?);
    }
    holding(&named, &kept.certificates, &installed, now)
}

/// A package that installs these certificates, and configuration files beside them.
pub(in crate::commands) fn holding(
    named: &Named<'_>,
    certificates: &Certificates,
    installed: &[(SafePath, Vec<u8>)],
    now: Timestamp,
) -> Result<Build> {
    let name = named.name;
    let synopsis = match named.synopsis {
        Some(text) => text.to_owned(),
        None => format!("OpenPGP certificates of {name}"),
    };
    let keyring = format!("usr/share/keyrings/{name}.gpg");
    let mut description = "These certificates verify what their owners publish:\n".to_owned();
    let mut changes = Vec::new();
    for certificate in certificates.iter() {
        let fingerprint = certificate.fingerprint();
        // Two lines: a description's are to stay below 80 characters.
        description.push_str(&format!("  * {fingerprint}\n"));
        let whose = called(certificate);
        if !whose.is_empty() {
            description.push_str(&format!("    {whose}\n"));
        }
        changes.push(format!("Holds {fingerprint}."));
    }
    let mut build = Build::new(name, named.version, "all", named.maintainer, &synopsis)?
        .field("Section", "misc")?
        .field("Priority", "optional")?
        .field("Multi-Arch", "foreign")?
        .description(&description)?;
    if let Some(homepage) = named.homepage {
        build = build.field("Homepage", homepage)?;
    }
    let content = Encoding::Binary.encode(certificates);
    build = build.file(&SafePath::new(&keyring)?, &content, Upgrade::Replaces)?;
    for (target, text) in installed {
        build = build.file(target, text, Upgrade::Asks)?;
    }
    Ok(build.documented(COPYRIGHT, &changes, now)?)
}

/// The entry to install, which must trust the package's keyring and nothing else.
fn sources(path: &Path, keyring: &str, limits: &Limits) -> Result<(SafePath, Vec<u8>)> {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if !file.ends_with(".sources") || !file.chars().all(fits) || file.starts_with('.') {
        bail!(
            "{}: apt does not read an entry from a file of this name",
            path.display()
        );
    }
    let text = pkgseal_repo::read_file(path, limits.side_file)?;
    let entries = match read_deb822(&text) {
        Ok(entries) => entries,
        Err(finding) => bail!("{}: {}", path.display(), finding.detail),
    };
    let ours = |signed_by: &SignedBy| match signed_by {
        SignedBy::Named { files, .. } => files.as_slice() == [keyring.to_owned()],
        SignedBy::Anyone | SignedBy::Inline(_) => false,
    };
    if entries.is_empty() || !entries.iter().all(|entry| ours(&entry.signed_by)) {
        return Err(hinted(
            format!(
                "{}: an entry does not trust the keyring of this package alone",
                path.display()
            ),
            format!("give each entry the line: Signed-By: {keyring}"),
        ));
    }
    Ok((
        SafePath::new(&format!("etc/apt/sources.list.d/{file}"))?,
        text,
    ))
}

/// Fingerprint and user ID, without what a control file cannot hold.
fn called(certificate: &Certificate) -> String {
    let user_id = certificate.user_id().unwrap_or_default();
    let plain: String = user_id
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(72)
        .collect();
    plain.trim().to_owned()
}
