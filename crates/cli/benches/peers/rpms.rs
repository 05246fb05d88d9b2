//! Signatures in .rpm headers: rpmsign and rpmkeys.

use std::io;
use std::process::Command;

use crate::corpus::Corpus;
use crate::keys::Keys;
use crate::measure::{self, as_they_are, installed, median, run};
use crate::table::{Peer, Row};

/// Sign with each key, and verify what we signed.
pub(crate) fn rows(corpus: &Corpus, keys: &Keys) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    if corpus.rpms.is_empty() {
        return Ok(rows);
    }
    for key in &keys.all {
        let dir = corpus.scratch.join("rpms");
        let fresh = || measure::copy_fresh(&corpus.rpms, &dir);
        fresh()?;
        let files = measure::listed(&dir, "rpm")?;

        let mut peers = Vec::new();
        if installed("rpmsign") {
            let time = median(fresh, || {
                run(Command::new("rpmsign")
                    .args(["--addsign", "--define"])
                    .arg(format!("_gpg_name {}", key.fingerprint))
                    .arg("--define")
                    .arg(format!("_gpg_path {}", keys.home().display()))
                    // Debian's rpm looks for gpg2.
                    .args(["--define", "__gpg /usr/bin/gpg"])
                    .args(&files))
            })?;
            peers.push(Peer::new("rpmsign, one run", time));
        }
        let work = format!("sign .rpm, {}", key.name);
        rows.push(Row::measure(work, &files, fresh, || key.sign(), peers)?);

        let mut peers = Vec::new();
        if installed("rpmkeys") {
            let database = keys.path(&format!("rpmdb-{}", key.name));
            let rpmkeys = || {
                let mut rpmkeys = Command::new("rpmkeys");
                rpmkeys.arg("--dbpath").arg(&database);
                rpmkeys
            };
            run(rpmkeys().arg("--import").arg(&key.certificate))?;
            let time = median(as_they_are, || run(rpmkeys().arg("-K").args(&files)))?;
            peers.push(Peer::new("rpmkeys -K, one run", time));
        }
        let work = format!("verify .rpm, {}", key.name);
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
