//! What people and clients get: the statement, the announcement, client configuration.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use pkgseal_deb::apt::sources::{Enabled, Form, Kit, SignedBy, Source, SourceType};
use pkgseal_keyring::Encoding;
use pkgseal_keyring::rotate::{Format, Holding, Plan, Repository, Step, statement};
use pkgseal_openpgp::{Certificate, Certificates, Signer, cleartext};
use pkgseal_repo::{Finding, Severity, StagedSet};
use pkgseal_rpm::yum::repo_file::{KeyPlace, Place, RepoKit};

use super::keyrings::staged;
use super::sight::Standing;

/// The folder of what users get, beside the plan.
pub(super) fn folder(plan: &Path) -> PathBuf {
    plan.with_extension("d")
}

/// Writes everything as it should be once a step is done. The statement is signed at the
/// announcement, by both.
pub(super) fn write(
    file: &Path,
    plan: &Plan,
    standing: &[Standing],
    step: Step,
    signers: &[Signer],
    packages: &[(String, Vec<u8>)],
    now: Timestamp,
) -> Result<(Vec<PathBuf>, Vec<Finding>)> {
    let folder = folder(file);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let mut findings = Vec::new();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let certificates = plan.held(plan.published(Some(step)));
    for (name, encoding) in [
        ("keyring.gpg", Encoding::Binary),
        ("keyring.asc", Encoding::Armored),
    ] {
        files.push((name.to_owned(), encoding.encode(&certificates)));
    }
    if step == Step::Announce {
        let text = statement(plan, now);
        let signed = cleartext::sign(signers, text.as_bytes(), now)?;
        files.push(("transition.txt.asc".to_owned(), signed));
    }
    for (repository, standing) in plan.repositories.iter().zip(standing) {
        match configuration(repository, standing, &certificates) {
            Ok(more) => files.extend(more),
            // The step is done all the same: whoever runs it writes that entry by hand.
            Err(mut finding) => {
                finding.severity = Severity::Warning;
                findings.push(*finding);
            }
        }
    }
    if plan
        .repositories
        .iter()
        .any(|one| one.format == Format::Maven)
    {
        let both = plan.held(Holding::Both);
        let keys = pkgseal_maven::trust::keys::write(&both.by_version());
        files.push(("KEYS".to_owned(), keys));
    }
    files.extend(packages.iter().cloned());
    let package = packages.first().map(|(file, _)| file.clone());
    let package = package.or_else(|| packaged(&folder));
    files.push((
        "ANNOUNCEMENT.md".to_owned(),
        announcement(plan, step, package.as_deref(), now).into_bytes(),
    ));
    files.push(("check.sh".to_owned(), check(plan).into_bytes()));
    let mut set = StagedSet::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        // Whoever publishes the folder sees what changed, and nothing else.
        if std::fs::read(&path).is_ok_and(|known| known == bytes) {
            continue;
        }
        set.push(staged(&path, &bytes)?);
    }
    Ok((set.commit()?, findings))
}

/// What clients install from one repository, where it is said where they find it.
fn configuration(
    repository: &Repository,
    standing: &Standing,
    certificates: &Certificates,
) -> std::result::Result<Vec<(String, Vec<u8>)>, Box<Finding>> {
    let Some(url) = &repository.url else {
        return Ok(Vec::new());
    };
    let name = repository.path.file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    match standing {
        Standing::Apt(suites) => {
            let suites: Vec<_> = suites.iter().filter_map(|suite| suite.entry()).collect();
            let Some((_, components)) = suites.first() else {
                return Ok(Vec::new());
            };
            let source = Source {
                types: vec![SourceType::Deb],
                uris: vec![url.clone()],
                suites: suites.iter().map(|(suite, _)| suite.clone()).collect(),
                components: components.clone(),
                architectures: Vec::new(),
                signed_by: SignedBy::Anyone,
                enabled: Enabled::Yes,
            };
            let kit = Kit::new(&name, source, certificates)?;
            let mut files = kit.files(Form::Deb822)?;
            files.extend(kit.files(Form::OneLine)?);
            Ok(files)
        }
        Standing::Yum(_) => {
            let place = Place::Base(vec![url.clone()]);
            let keys = KeyPlace::Installed;
            RepoKit::new(&name, &name, place, &keys, certificates)?.files()
        }
        Standing::Maven => Ok(Vec::new()),
    }
}

/// The package that an earlier step left.
fn packaged(folder: &Path) -> Option<String> {
    let names = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with("_all.deb")).max()
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// The announcement, with what to do on each system.
fn announcement(plan: &Plan, step: Step, package: Option<&str>, now: Timestamp) -> String {
    let mut text = String::from("# Our signing key changes\n\n");
    let old = plan.old.certificate.fingerprint();
    let new = plan.new.certificate.fingerprint();
    let announced = plan.ended(Step::Announce).unwrap_or(now);
    let from = announced.checked_add(plan.window).unwrap_or(announced);
    let _ = writeln!(
        text,
        "| | certificate | signing key |\n|---|---|---|\n| old | `{old}` | `{}` |\n| new | `{new}` | `{}` |\n",
        plan.old.key, plan.new.key
    );
    let handed_over = plan.ended(Step::HandOver).is_some() || step >= Step::HandOver;
    if handed_over {
        let _ = writeln!(
            text,
            "The new key signs alone. Who has the old certificate only sees errors until the new one is installed as below.\n"
        );
    } else {
        let _ = writeln!(
            text,
            "From **{}** on, at the earliest, the new key signs alone. Install both certificates before that day; nothing else changes until then.\n",
            day(from)
        );
    }
    text.push_str(
        "`transition.txt.asc` says so too, signed by both keys. Verify it with the old certificate before you trust the new one:\n\n```\ngpg --verify transition.txt.asc\n```\n\n`check.sh` tells whether a machine is ready.\n",
    );
    for repository in &plan.repositories {
        let name = repository.path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().replace(char::is_control, "?");
        let place = repository.url.as_deref().unwrap_or(&name);
        let _ = writeln!(text, "\n## {place}\n");
        match repository.format {
            Format::Apt => {
                let _ = writeln!(
                    text,
                    "Debian 12 and later, Ubuntu 22.04 and later: replace your entry in `/etc/apt/sources.list.d/` by `{name}.sources`, which holds the certificates.\n\nOlder ones: replace the file that your entry names after `signed-by=` by `keyring.gpg`.\n\nThen run `apt-get update`. A warning about a second signature that cannot be checked is no error."
                );
                if let Some((package, _)) = package.and_then(|file| file.split_once('_')) {
                    let _ = writeln!(
                        text,
                        "\nWhere `{package}` is installed, and your entry says `Signed-By: /usr/share/keyrings/{package}.gpg`, its next version brings the certificates: `apt-get update && apt-get install --only-upgrade {package}`."
                    );
                }
            }
            Format::Yum => {
                let _ = writeln!(
                    text,
                    "Fedora, RHEL and their rebuilds, SUSE: metadata has one signature, so the new certificate has to be there before the key changes. Put `RPM-GPG-KEY-{name}` into `/etc/pki/rpm-gpg/`, and run:\n\n```\nrpm --import /etc/pki/rpm-gpg/RPM-GPG-KEY-{name}\n```\n\nWhere `gpgkey=` names a file on our server, dnf and zypper ask to import what is new in it when the key changes: run them once by hand, or with `--assumeyes`, after comparing the fingerprint. Unattended runs fail until then."
                );
                if plan.old.certificate.fingerprint() == plan.new.certificate.fingerprint() {
                    let _ = writeln!(
                        text,
                        "\nrpm before 6 does not update a certificate that it has. Remove it first: `rpm -e --allmatches gpg-pubkey-{}`.",
                        short(&plan.old.certificate)
                    );
                }
                let _ = writeln!(
                    text,
                    "\nPackages that were signed by the old key stay so: keep both certificates."
                );
            }
            Format::Maven => {
                let _ = writeln!(
                    text,
                    "What is released stays as it is, signed by the old key: keep that certificate. New releases are signed by the new one from {} on. Add it to what you trust, from `KEYS`:\n\n- keysmap of pgpverify-maven-plugin: `GROUP = 0x{old}, 0x{new}`\n- Gradle: `<trusted-key id=\"{}\" group=\"GROUP\"/>` beside the old one in `gradle/verification-metadata.xml`",
                    day(from),
                    plan.new.key
                );
            }
        }
    }
    text
}

/// The last eight digits: what rpm calls a certificate.
fn short(certificate: &Certificate) -> String {
    let fingerprint = certificate.fingerprint();
    let digits = fingerprint.as_str().to_ascii_lowercase();
    digits
        .get(digits.len().saturating_sub(8)..)
        .unwrap_or_default()
        .to_owned()
}

/// A script that tells whether a machine has the new key. It changes nothing.
fn check(plan: &Plan) -> String {
    let new = &plan.new.key;
    let certificate = plan.new.certificate.fingerprint();
    let version = short(&plan.new.certificate);
    format!(
        r#"#!/bin/sh
# Tells whether this machine has the new signing key. Changes nothing.
# Exit status: 0 it has, 1 it has not.
certificate={certificate}
key={new}
ready=1
has() {{ gpg --show-keys --with-colons "$@" 2>/dev/null | grep -q "^fpr:.*:$key:"; }}
if command -v gpg >/dev/null; then
    for file in /etc/apt/keyrings/* /etc/apt/trusted.gpg.d/* /usr/share/keyrings/*; do
        if [ -f "$file" ] && has "$file"; then
            echo "apt: $file has it"
            ready=0
        fi
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] || continue
        if sed -n '/BEGIN PGP PUBLIC/,/END PGP PUBLIC/{{s/^ //;s/^\.$//;p;}}' "$file" | has; then
            echo "apt: $file has it"
            ready=0
        fi
    done
fi
if command -v rpm >/dev/null && rpm -q gpg-pubkey --qf '%{{VERSION}}\n' 2>/dev/null \
    | grep -qi -e '^{version}$' -e "^$certificate$"; then
    echo "rpm: it is imported"
    ready=0
fi
[ "$ready" = 0 ] || echo "the new certificate $certificate is not installed"
exit "$ready"
"#
    )
}
