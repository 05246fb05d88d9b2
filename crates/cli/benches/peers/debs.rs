//! Signatures inside .deb files: debsigs and debsig-verify.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::corpus::Corpus;
use crate::keys::{Key, Keys};
use crate::measure::{self, as_they_are, for_each, installed, median};
use crate::table::{Peer, Row};

/// Sign with each key, and verify what we signed.
pub(crate) fn rows(corpus: &Corpus, keys: &Keys) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for key in &keys.all {
        let dir = corpus.scratch.join("debs");
        let fresh = || measure::copy_fresh(&corpus.debs, &dir);
        fresh()?;
        let files = measure::listed(&dir, "deb")?;

        let mut peers = Vec::new();
        if installed("debsigs") {
            let debsigs = || {
                let mut debsigs = Command::new("debsigs");
                debsigs.env("GNUPGHOME", keys.home()).args([
                    "--sign=origin",
                    "-k",
                    &key.fingerprint,
                ]);
                debsigs
            };
            let time = median(fresh, || for_each(&files, debsigs))?;
            peers.push(Peer::new("debsigs", time));
        }
        let work = format!("sign .deb, {}", key.name);
        rows.push(Row::measure(work, &files, fresh, || key.sign(), peers)?);

        let mut peers = Vec::new();
        if installed("debsig-verify") {
            let (policies, keyrings) = policy(keys, key)?;
            let verify = || {
                let mut verify = Command::new("debsig-verify");
                verify.arg("-q").arg("--policies-dir").arg(&policies);
                verify.arg("--keyrings-dir").arg(&keyrings);
                verify
            };
            let time = median(as_they_are, || for_each(&files, verify))?;
            peers.push(Peer::new("debsig-verify", time));
        }
        let work = format!("verify .deb, {}", key.name);
        rows.push(Row::measure(
            work,
            &files,
            as_they_are,
            || key.verify(),
            peers,
        )?);
    }
    Ok(rows)
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
