//! Detached signatures beside files: gpg, gpgv, sq and sqv.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::corpus::Corpus;
use crate::keys::Keys;
use crate::measure::{self, as_they_are, for_each, installed, median, run};
use crate::table::{Peer, Row};

const FILES: usize = 300;

/// Sign 300 files with each key, and verify what we signed.
pub(crate) fn rows(corpus: &Corpus, keys: &Keys) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let originals = originals(corpus)?;
    for key in &keys.all {
        let dir = corpus.scratch.join("files");
        let fresh = || measure::copy_fresh(&originals, &dir);
        fresh()?;
        let files = measure::listed(&dir, "jar")?;

        let mut peers = Vec::new();
        if installed("gpg") {
            let gpg = || {
                let mut gpg = keys.gpg();
                gpg.args(["--passphrase", "", "--armor", "--local-user"]);
                gpg.args([&key.fingerprint, "--detach-sign"]);
                gpg
            };
            let time = median(fresh, || for_each(&files, gpg))?;
            peers.push(Peer::new("gpg", time));
        }
        if installed("sq") {
            let time = median(fresh, || {
                files.iter().try_for_each(|file| {
                    run(Command::new("sq")
                        .args(["sign", "--detached", "--signer-key"])
                        .arg(&key.secret)
                        .arg("--output")
                        .arg(signature(file))
                        .arg(file))
                })
            })?;
            peers.push(Peer::new("sq", time));
        }
        let work = format!("sign a file, {}", key.name);
        rows.push(Row::measure(work, &files, fresh, || key.sign(), peers)?);

        let mut peers = Vec::new();
        if installed("gpgv") {
            let time = median(as_they_are, || {
                files.iter().try_for_each(|file| {
                    run(Command::new("gpgv")
                        .arg("--keyring")
                        .arg(&key.keyring)
                        .arg(signature(file))
                        .arg(file))
                })
            })?;
            peers.push(Peer::new("gpgv", time));
        }
        if installed("sqv") {
            let time = median(as_they_are, || {
                files.iter().try_for_each(|file| {
                    run(Command::new("sqv")
                        .arg("--keyring")
                        .arg(&key.keyring)
                        .arg(signature(file))
                        .arg(file))
                })
            })?;
            peers.push(Peer::new("sqv", time));
        }
        let work = format!("verify a file, {}", key.name);
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

fn signature(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".asc");
    name.into()
}

/// Contents of packages behind the magic number of a jar: plain files of real sizes, which
/// nothing takes for packages.
fn originals(corpus: &Corpus) -> io::Result<Vec<PathBuf>> {
    let dir = corpus.scratch.join("originals");
    std::fs::create_dir_all(&dir)?;
    corpus
        .debs
        .iter()
        .chain(&corpus.rpms)
        .take(FILES)
        .enumerate()
        .map(|(number, package)| {
            let file = dir.join(format!("artifact-{number:03}.jar"));
            let content = [b"PK\x03\x04".to_vec(), std::fs::read(package)?].concat();
            std::fs::write(&file, content)?;
            Ok(file)
        })
        .collect()
}
