//! Detached signatures beside files: gpg, gpgv, sq and sqv.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Lab;
use crate::keys::Key;
use crate::measure::run;
use crate::table::Row;
use crate::ways::{Signing, Way};

const FILES: usize = 300;

/// Sign 300 files with each key, and verify what we signed.
pub(crate) fn rows(lab: &Lab) -> io::Result<Vec<Row>> {
    Signing {
        originals: &originals(lab)?,
        extension: "jar",
        kind: "a file",
        signers: &|key, files| Ok(signers(lab, key, files)),
        verifiers: &|key, files| Ok(verifiers(key, files)),
    }
    .rows(lab)
}

fn signers<'a>(lab: &Lab, key: &'a Key, files: &'a [PathBuf]) -> Vec<Way<'a>> {
    let home = lab.keys.home().to_owned();
    vec![
        Way::each("gpg", files, move || {
            let mut gpg = crate::keys::gpg(&home);
            gpg.args(["--passphrase", "", "--armor", "--local-user"]);
            gpg.args([&key.fingerprint, "--detach-sign"]);
            gpg
        }),
        Way::of("sq", "sq", || {
            files.iter().try_for_each(|file| {
                run(Command::new("sq")
                    .args(["sign", "--detached", "--signer-key"])
                    .arg(&key.secret)
                    .arg("--output")
                    .arg(signature(file))
                    .arg(file))
            })
        }),
    ]
}

fn verifiers<'a>(key: &'a Key, files: &'a [PathBuf]) -> Vec<Way<'a>> {
    let way = |program| {
        Way::of(program, program, move || {
            files.iter().try_for_each(|file| {
                run(Command::new(program)
                    .arg("--keyring")
                    .arg(&key.keyring)
                    .arg(signature(file))
                    .arg(file))
            })
        })
    };
    vec![way("gpgv"), way("sqv")]
}

fn signature(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".asc");
    name.into()
}

/// Contents of packages behind the magic number of a jar: plain files of real sizes, which
/// nothing takes for packages.
fn originals(lab: &Lab) -> io::Result<Vec<PathBuf>> {
    let dir = lab.scratch.join("originals");
    std::fs::create_dir_all(&dir)?;
    let corpus = lab.corpus()?;
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
