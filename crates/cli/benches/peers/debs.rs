//! Signatures inside .deb files: debsigs and debsig-verify.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::Lab;
use crate::keys::{Key, Keys};
use crate::table::Row;
use crate::ways::{Signing, Way};

/// Sign with each key, and verify what we signed.
pub(crate) fn rows(lab: &Lab) -> io::Result<Vec<Row>> {
    let keys = &lab.keys;
    Signing {
        originals: &lab.corpus()?.debs,
        extension: "deb",
        kind: ".deb",
        signers: &|key, files| {
            let (home, fingerprint) = (keys.home().to_owned(), key.fingerprint.clone());
            Ok(vec![Way::each("debsigs", files, move || {
                let mut debsigs = Command::new("debsigs");
                debsigs.env("GNUPGHOME", &home);
                debsigs.args(["--sign=origin", "-k", &fingerprint]);
                debsigs
            })])
        },
        verifiers: &|key, files| {
            let (policies, keyrings) = policy(keys, key)?;
            Ok(vec![Way::each("debsig-verify", files, move || {
                let mut verify = Command::new("debsig-verify");
                verify.arg("-q").arg("--policies-dir").arg(&policies);
                verify.arg("--keyrings-dir").arg(&keyrings);
                verify
            })])
        },
    }
    .rows(lab)
}

/// What debsig-verify needs to accept this key's `origin` signature.
fn policy(keys: &Keys, key: &Key) -> io::Result<(PathBuf, PathBuf)> {
    let id = key.fingerprint.get(24..).unwrap_or_default();
    let policies = keys.path("policies");
    let keyrings = keys.path("keyrings");
    std::fs::create_dir_all(policies.join(id))?;
    std::fs::create_dir_all(keyrings.join(id))?;
    std::fs::copy(&key.keyring, keyrings.join(id).join("bench.gpg"))?;
    std::fs::write(
        policies.join(id).join("bench.pol"),
        format!(
            r#"<?xml version="1.0"?>
<!DOCTYPE Policy SYSTEM "https://www.debian.org/debsig/1.0/policy.dtd">
<Policy xmlns="https://www.debian.org/debsig/1.0/">
  <Origin Name="bench" id="{id}" Description="benchmark"/>
  <Selection><Required Type="origin" File="bench.gpg" id="{id}"/></Selection>
  <Verification MinOptional="0"><Required Type="origin" File="bench.gpg" id="{id}"/></Verification>
</Policy>
"#
        ),
    )?;
    Ok((policies, keyrings))
}
