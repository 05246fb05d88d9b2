//! Signatures in .rpm headers: rpmsign and rpmkeys.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::Lab;
use crate::keys::{Key, Keys};
use crate::measure::{installed, run};
use crate::table::Row;
use crate::ways::{Signing, Way};

/// Sign with each key, and verify what we signed.
pub(crate) fn rows(lab: &Lab) -> io::Result<Vec<Row>> {
    let corpus = lab.corpus()?;
    if corpus.rpms.is_empty() {
        return Ok(Vec::new());
    }
    Signing {
        originals: &corpus.rpms,
        extension: "rpm",
        kind: ".rpm",
        signers: &|key, files| Ok(vec![rpmsign(&lab.keys, key, files)]),
        verifiers: &|key, files| rpmkeys(&lab.keys, key, files),
    }
    .rows(lab)
}

fn rpmsign<'a>(keys: &Keys, key: &'a Key, files: &'a [PathBuf]) -> Way<'a> {
    let home = keys.home().display().to_string();
    Way::of("rpmsign", "rpmsign, one run", move || {
        run(Command::new("rpmsign")
            .args(["--addsign", "--define"])
            .arg(format!("_gpg_name {}", key.fingerprint))
            .arg("--define")
            .arg(format!("_gpg_path {home}"))
            // Debian's rpm looks for gpg2.
            .args(["--define", "__gpg /usr/bin/gpg"])
            .args(files))
    })
}

fn rpmkeys<'a>(keys: &Keys, key: &Key, files: &'a [PathBuf]) -> io::Result<Vec<Way<'a>>> {
    let database = keys.path(&format!("rpmdb-{}", key.name));
    let rpmkeys = move || {
        let mut rpmkeys = Command::new("rpmkeys");
        rpmkeys.arg("--dbpath").arg(&database);
        rpmkeys
    };
    if installed("rpmkeys") {
        run(rpmkeys().arg("--import").arg(&key.certificate))?;
    }
    Ok(vec![Way::of("rpmkeys", "rpmkeys -K, one run", move || {
        run(rpmkeys().arg("-K").args(files))
    })])
}
